"""The room's address plate."""

from django.urls import path

from refamp.lobby import api, views

app_name = "lobby"
urlpatterns = [
    path("healthz", api.healthz, name="healthz"),
    path("readyz", api.readyz, name="readyz"),
    path("", views.home, name="home"),
    path("inicio/", views.more_page, name="more"),
    path("painel/", views.dashboard_page, name="dashboard"),
    path("painel/governacao/", views.desk_page, name="desk"),
    path("painel/plataforma/", views.platform_page, name="platform"),
    path("procurar/", views.search_page, name="search"),
    path("privacidade/", views.privacy, name="privacy"),
    path("acessibilidade/", views.accessibility, name="accessibility"),
]

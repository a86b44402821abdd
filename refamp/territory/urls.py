"""The room's address plate."""

from django.urls import path

from refamp.territory import views

app_name = "territory"
urlpatterns = [
    path("", views.municipalities, name="municipalities"),
    path("<str:code>/", views.municipality, name="municipality"),
]

"""The room's address plate."""

from django.urls import path

from refamp.lobby import views

app_name = "lobby"
urlpatterns = [path("", views.home, name="home")]

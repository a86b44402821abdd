"""The room's address plate."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []

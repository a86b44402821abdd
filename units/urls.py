"""The room's address plate, theme by theme."""

from django.urls import URLPattern

app_name = "units"

bodies: list[URLPattern] = []
meetings: list[URLPattern] = []
votes: list[URLPattern] = []
plans: list[URLPattern] = []

urlpatterns = [*bodies, *meetings, *votes, *plans]

"""The room's address plate."""

from django.urls import path

from refamp.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("historia/<str:object_type>/<str:object_id>/", views.history, name="history"),
]

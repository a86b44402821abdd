"""The record in the admin: to look at."""

from django.contrib import admin

from refamp.audit.models import Event, Seal
from refamp.base.admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_label", "action", "object_type", "object_label"]
    list_filter = ["object_type"]
    search_fields = ["object_id", "actor_label", "action"]


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ["id", "event_id", "digest", "at"]

"""Meetings, agendas, attendance and minutes in the admin: to read. Of a calendar address only whose it is."""

from django.contrib import admin

from refamp.base.admin import ReadOnlyAdmin
from units.models import (
    AgendaItem,
    Attendance,
    CalendarFeed,
    Meeting,
    MeetingDocument,
    MeetingFile,
    Minutes,
    MinutesAmendment,
)


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    list_display = ("title", "unit", "number", "year", "starts_at", "state", "call", "is_urgent")
    list_filter = ("unit", "state", "year")
    list_select_related = ("unit",)
    search_fields = ("title", "place")


@admin.register(AgendaItem)
class AgendaItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "meeting", "kind", "is_late")
    list_filter = ("kind", "is_late")
    list_select_related = ("meeting__unit",)
    search_fields = ("title",)


@admin.register(MeetingDocument)
class MeetingDocumentAdmin(ReadOnlyAdmin):
    list_display = ("title", "meeting", "file_name", "size", "is_late", "added_at", "withdrawn_at")
    list_filter = ("is_late",)
    list_select_related = ("meeting__unit",)
    search_fields = ("title", "file_name", "sha256")


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "mandate", "substitute", "presence", "arrived_at")
    search_fields = ("mandate__person__name", "substitute__person__name", "meeting__title")
    list_filter = ("presence",)
    list_select_related = (
        "meeting__unit", "mandate__person", "mandate__unit", "substitute__person", "substitute__unit",
    )  # fmt: skip


@admin.register(Minutes)
class MinutesAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "state", "author", "approved_by", "published_at", "sha256")
    search_fields = ("meeting__title", "text")
    list_filter = ("state",)
    list_select_related = ("meeting__unit", "author", "approved_by")


@admin.register(MinutesAmendment)
class MinutesAmendmentAdmin(ReadOnlyAdmin):
    list_display = ("minutes", "author", "state", "proposed_at")
    search_fields = ("minutes__meeting__title", "author__name", "proposal")
    list_filter = ("state",)
    list_select_related = ("minutes__meeting__unit", "author")


@admin.register(MeetingFile)
class MeetingFileAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "kind", "language", "pages", "made_at", "sha256")
    search_fields = ("meeting__title", "sha256")
    list_filter = ("kind", "language")
    list_select_related = ("meeting__unit",)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    list_display = ("person", "created_at", "revoked_at")
    search_fields = ("person__name", "person__email")
    list_select_related = ("person",)
    exclude = ("token_hash",)

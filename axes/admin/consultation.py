"""The tables of consultations, to look at. Changes go through the pages: every one is recorded there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from axes.models import (
    CodeAssignment,
    Consultation,
    FreeText,
    Invitee,
    Mention,
    Phase,
    PublishedFigure,
    Quota,
    Respondent,
    Topic,
)
from refamp.base.admin import ReadOnlyAdmin


@admin.register(Consultation)
class ConsultationAdmin(ReadOnlyAdmin):
    list_display = ("title", "framework", "state", "published_at", "is_demonstration")
    list_filter = ("state", "is_demonstration")
    list_select_related = ("framework",)
    search_fields = ("title",)


@admin.register(Phase)
class PhaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "consultation", "opens_on", "closes_on", "state")
    list_filter = ("state",)
    list_select_related = ("consultation",)


@admin.register(Quota)
class QuotaAdmin(ReadOnlyAdmin):
    list_display = ("consultation", "municipality", "group", "expected")
    list_filter = ("group",)
    list_select_related = ("consultation", "municipality")


@admin.register(Topic)
class TopicAdmin(ReadOnlyAdmin):
    list_display = ("code", "label", "consultation", "scales", "order")
    list_select_related = ("consultation",)
    search_fields = ("code", "label")


@admin.register(PublishedFigure)
class PublishedFigureAdmin(ReadOnlyAdmin):
    list_display = ("topic", "scale", "as_printed", "share", "count")
    list_select_related = ("topic",)


@admin.register(Invitee)
class InviteeAdmin(ReadOnlyAdmin):
    """Addresses are masked: they serve to invite and for nothing else."""

    list_display = ("public_id", "consultation", "municipality", "group", "masked", "has_answered", "erase_on")
    list_filter = ("has_answered", "group")
    list_select_related = ("consultation", "municipality")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            "public_id", "consultation", "municipality", "group", "masked", "invited_at", "reminded_at", "has_answered",
            "erase_on", "erased_at",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.get_fields(request, obj))

    @admin.display(description=_("e-mail"))
    def masked(self, invitee: Invitee) -> str:
        name, at, domain = invitee.email.partition("@")
        return f"{name[:1]}…{at}{domain}" if at else ""


@admin.register(Respondent)
class RespondentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "consultation", "municipality", "group", "channel", "withdrawn_at")
    list_filter = ("channel", "group")
    list_select_related = ("consultation", "municipality")
    search_fields = ("reference",)


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    list_display = ("respondent", "topic", "scale")
    list_filter = ("scale",)
    list_select_related = ("respondent", "topic")


@admin.register(FreeText)
class FreeTextAdmin(ReadOnlyAdmin):
    """Without who wrote it: coders may be here too."""

    list_display = ("public_id", "scale", "state", "settled_at")
    list_filter = ("state", "scale")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["public_id", "scale", "text", "state", "settled_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)


@admin.register(CodeAssignment)
class CodeAssignmentAdmin(ReadOnlyAdmin):
    """Without what was chosen: coders work apart."""

    list_display = ("text", "role", "coder", "done_at")
    list_filter = ("role",)
    list_select_related = ("text", "coder")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["role", "coder", "done_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.get_fields(request, obj))

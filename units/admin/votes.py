"""Deliberations, votes, positions and tasks in the admin: to read. Sums of a secret ballot show once it is closed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from refamp.base.admin import ReadOnlyAdmin
from units.choices import CLOSED_DELIBERATION
from units.models import Deliberation, FollowUp, MunicipalPosition, RegisterNumber, SecretBallot, Vote


@admin.register(Deliberation)
class DeliberationAdmin(ReadOnlyAdmin):
    list_display = ("title", "unit", "year", "number", "state", "rule", "legal_effect", "is_secret", "closed_at")
    list_filter = ("unit", "state", "rule", "legal_effect", "is_secret", "year")
    list_select_related = ("unit",)
    search_fields = ("title", "text")


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("deliberation", "municipality", "value", "mandate", "cast_at")
    search_fields = ("deliberation__title", "municipality__name")
    list_filter = ("value",)
    list_select_related = ("deliberation", "municipality", "mandate__person", "mandate__unit")


@admin.register(SecretBallot)
class SecretBallotAdmin(ReadOnlyAdmin):
    list_display = ("deliberation", "votes_for", "votes_against", "abstentions")
    search_fields = ("deliberation__title",)
    list_select_related = ("deliberation",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Nobody watches the sums grow: who looked after each vote would know what it was."""
        return super().get_queryset(request).filter(deliberation__state__in=sorted(CLOSED_DELIBERATION))


@admin.register(MunicipalPosition)
class MunicipalPositionAdmin(ReadOnlyAdmin):
    list_display = ("deliberation", "municipality", "stance", "author", "updated_at")
    search_fields = ("deliberation__title", "municipality__name", "author__name")
    list_filter = ("stance",)
    list_select_related = ("deliberation", "municipality", "author")


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ("task", "deliberation", "owner", "due_on", "state")
    list_filter = ("state",)
    list_select_related = ("deliberation", "owner")
    search_fields = ("task",)


@admin.register(RegisterNumber)
class RegisterNumberAdmin(ReadOnlyAdmin):
    list_display = ("unit", "year", "last")
    search_fields = ("unit__name", "unit__code")
    list_select_related = ("unit",)

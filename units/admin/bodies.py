"""Bodies, mandates, compositions and partners in the admin: to read. Changes go through the pages and their actions."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from refamp.base.admin import ReadOnlyAdmin
from units.models import BodyRule, Composition, CompositionSeat, Mandate, Partner, Partnership, Unit


class Rows(admin.TabularInline):
    """Rows under a row, to read."""

    model: type[Model]
    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)


class RuleRows(Rows):
    model = BodyRule


class SeatRows(Rows):
    model = CompositionSeat


class PartnershipRows(Rows):
    model = Partnership


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "kind", "state", "members_min", "members_max", "is_transitory")
    list_filter = ("kind", "state")
    search_fields = ("code", "name")
    inlines = (RuleRows,)


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ("person", "unit", "municipality", "partner", "position", "starts_on", "ends_on", "end_reason")
    list_filter = ("unit", "position", "end_reason", "municipality")
    list_select_related = ("person", "unit", "municipality", "partner")
    search_fields = ("person__name", "person__email")


@admin.register(Composition)
class CompositionAdmin(ReadOnlyAdmin):
    list_display = ("unit", "starts_on", "is_agreed", "proposed_by", "created_at")
    search_fields = ("unit__name", "unit__code")
    list_filter = ("unit", "is_agreed")
    list_select_related = ("unit", "proposed_by")
    inlines = (SeatRows,)


@admin.register(Partner)
class PartnerAdmin(ReadOnlyAdmin):
    list_display = ("name", "acronym", "kind", "roles", "municipality", "started_on", "ended_on")
    list_filter = ("kind", "municipality")
    list_select_related = ("municipality",)
    search_fields = ("name", "acronym")
    inlines = (PartnershipRows,)


@admin.register(Partnership)
class PartnershipAdmin(ReadOnlyAdmin):
    list_display = ("partner", "unit", "roles", "starts_on", "ends_on")
    list_filter = ("unit",)
    list_select_related = ("partner", "unit")
    search_fields = ("partner__name",)

"""The referential and the local plans in the admin: to read. Changes go through the pages and their actions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from axes.models import (
    ActionLine,
    CrossReference,
    Erratum,
    FocusHeading,
    Framework,
    LocalPlan,
    LocalPlanPriority,
    Node,
    OperationalResponse,
    PriorityAxis,
    ProblemArea,
    StrategicAction,
    StructuringIdea,
)
from refamp.base.admin import ReadOnlyAdmin


@admin.register(Framework)
class FrameworkAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "state", "document_date", "in_force_since", "superseded_at")
    list_filter = ("state",)
    search_fields = ("code", "title")


@admin.register(
    Node,
    StructuringIdea,
    PriorityAxis,
    ProblemArea,
    FocusHeading,
    OperationalResponse,
    StrategicAction,
    ActionLine,
)
class NodeAdmin(ReadOnlyAdmin):
    list_display = ("code", "wording", "kind", "focus", "parent", "code_is_printed", "framework")
    list_filter = ("framework", "kind", "focus", "code_is_printed")
    list_select_related = ("parent", "framework")
    search_fields = ("code", "wording")


@admin.register(CrossReference)
class CrossReferenceAdmin(ReadOnlyAdmin):
    list_display = ("source", "kind", "target", "origin", "note")
    list_filter = ("kind", "origin")
    list_select_related = ("source", "target")
    search_fields = ("source__code", "target__code", "note")


@admin.register(Erratum)
class ErratumAdmin(ReadOnlyAdmin):
    list_display = ("printed", "reading", "place", "node", "framework")
    list_select_related = ("node", "framework")
    search_fields = ("printed", "reading")


class PriorityInline(admin.TabularInline):
    model = LocalPlanPriority
    extra = 0
    can_delete = False
    readonly_fields = ("order", "wording", "problem_area")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("problem_area")


@admin.register(LocalPlan)
class LocalPlanAdmin(ReadOnlyAdmin):
    list_display = ("title", "municipality", "kind", "starts_on", "ends_on", "published_at")
    list_filter = ("kind", "municipality")
    list_select_related = ("municipality",)
    search_fields = ("title",)
    inlines = (PriorityInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Without the file's path: the document is downloaded from its page."""
        return [name for name in super().get_readonly_fields(request, obj) if name != "document"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)

"""Plans, actions, amendments, versions and programmes, to look at."""

from django.contrib import admin

from refamp.base.admin import ReadOnlyAdmin
from units.models import (
    Action,
    ActionPlan,
    BudgetLine,
    Milestone,
    PlanAmendment,
    PlanVersion,
    Programme,
    Progress,
    Risk,
    StatusOverride,
)


@admin.register(Programme)
class ProgrammeAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "unit", "starts_on", "ends_on")
    list_select_related = ("unit",)
    list_filter = ("unit",)
    search_fields = ("code", "name")


@admin.register(ActionPlan)
class ActionPlanAdmin(ReadOnlyAdmin):
    list_display = ("title", "unit", "year", "state", "submitted_at")
    list_select_related = ("unit",)
    list_filter = ("state", "year", "unit")
    search_fields = ("title",)


@admin.register(Action)
class ActionAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "plan", "scope", "state", "ends_on")
    list_select_related = ("plan",)
    list_filter = ("state", "scope", "plan__year", "plan__unit")
    search_fields = ("code", "title")


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ("title", "action", "due_on", "weight", "progress", "best_progress")
    list_select_related = ("action",)
    search_fields = ("title", "action__title")


@admin.register(BudgetLine)
class BudgetLineAdmin(ReadOnlyAdmin):
    list_display = ("action", "year", "source", "amount")
    search_fields = ("action__code", "action__title", "source")
    list_select_related = ("action",)
    list_filter = ("year", "source")


@admin.register(Risk)
class RiskAdmin(ReadOnlyAdmin):
    list_display = ("description", "action", "likelihood", "impact")
    search_fields = ("description", "action__code", "action__title")
    list_select_related = ("action",)
    list_filter = ("likelihood", "impact")


@admin.register(StatusOverride)
class StatusOverrideAdmin(ReadOnlyAdmin):
    list_display = ("action", "status", "until", "created_by", "withdrawn_at")
    search_fields = ("action__code", "action__title", "reason")
    list_select_related = ("action", "created_by")
    list_filter = ("status",)


@admin.register(PlanAmendment)
class PlanAmendmentAdmin(ReadOnlyAdmin):
    list_display = ("plan", "number", "state", "created_by", "created_at")
    search_fields = ("plan__title", "reason")
    list_select_related = ("plan", "created_by")
    list_filter = ("state",)


@admin.register(PlanVersion)
class PlanVersionAdmin(ReadOnlyAdmin):
    list_display = ("plan", "number", "sha256", "approved_at")
    search_fields = ("plan__title", "sha256")
    list_select_related = ("plan",)


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    list_display = ("level", "action", "plan", "lineage", "year", "done", "whole", "actions")
    search_fields = ("action__title", "plan__title")
    list_select_related = ("action", "plan")
    list_filter = ("level", "year")

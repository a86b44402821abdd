"""How plans, actions and programmes look to other systems."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from refamp.base.api.schema import ReferenceSerializer
from units.choices import LONGEST_TEXT, ActionScope, ActionStatus, BudgetSource, Level
from units.models import Action, ActionPlan, Programme, Unit

MISSING = [("missing", "missing")]


class MilestoneSerializer(serializers.Serializer):
    id = serializers.UUIDField(required=False, allow_null=True)
    title = serializers.CharField(max_length=250)
    due_on = serializers.DateField()
    weight = serializers.DecimalField(max_digits=6, decimal_places=2, default=Decimal("1.00"))
    progress = serializers.IntegerField(read_only=True, help_text="In percent.")
    best_progress = serializers.IntegerField(read_only=True, help_text="The highest it ever was.")
    done_on = serializers.DateField(read_only=True, allow_null=True)


class BudgetSerializer(serializers.Serializer):
    year = serializers.IntegerField(min_value=2000, max_value=2200)
    source = serializers.ChoiceField(choices=BudgetSource.choices)  # type: ignore[assignment]
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, help_text="In euro.")


class RiskSerializer(serializers.Serializer):
    description = serializers.CharField(max_length=300)
    likelihood = serializers.ChoiceField(choices=Level.choices)
    impact = serializers.ChoiceField(choices=Level.choices)
    mitigation = serializers.CharField(allow_blank=True, default="", max_length=5000)


class PlanSerializer(serializers.ModelSerializer):
    """A unit's plan for a year."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    actions = serializers.IntegerField(source="action_count", read_only=True, help_text="How many it holds.")
    budget = serializers.DecimalField(
        source="budget_total", max_digits=16, decimal_places=2, read_only=True, allow_null=True, help_text="In euro."
    )
    progress = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        read_only=True,
        allow_null=True,
        help_text="In percent, by the actions' weights.",
    )
    progress_weight = serializers.DecimalField(
        source="whole", max_digits=16, decimal_places=4, read_only=True, allow_null=True, help_text="Σ weights."
    )
    status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True, help_text="Why no progress.")
    versions = serializers.IntegerField(read_only=True, help_text="How many were approved.")
    deliberation = ReferenceField(
        id="id", label="title", to="deliberations", help_text="What approved the last version."
    )
    budget_status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True)

    class Meta:
        model = ActionPlan
        fields = (
            *("id", "unit", "year", "title", "summary", "state", "opinion", "opinion_is_favourable"),
            *("return_reason", "submitted_at", "actions", "budget", "budget_status", "progress", "progress_weight"),
            *("status", "versions", "deliberation", "updated_at"),
        )
        read_only_fields = fields


class PlanWriteSerializer(serializers.Serializer):
    unit = serializers.SlugRelatedField(slug_field="code", queryset=Unit.objects.all())
    year = serializers.IntegerField(min_value=2014, max_value=2100)
    title = serializers.CharField(max_length=250)
    summary = serializers.CharField(allow_blank=True, default="", max_length=LONGEST_TEXT)


class ActionSerializer(serializers.ModelSerializer):
    """What is done, by whom, until when, and how far it is."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    plan = ReferenceField(id="plan__public_id", label="plan__title", to="plans", allow_null=False)
    unit = ReferenceField(id="plan__unit__code", label="plan__unit__name", to="units", allow_null=False)
    year = serializers.IntegerField(source="plan.year", read_only=True)
    serves = ReferenceSerializer(many=True, read_only=True)
    municipalities = ReferenceSerializer(many=True, read_only=True)
    lead = ReferenceField(id="lead__code", label="lead__name", to="municipalities")
    partners = ReferenceSerializer(many=True, read_only=True)
    programme = ReferenceField(id="programme__code", label="programme__name", to="programmes")
    carried_from = ReferenceField(id="carried_from__public_id", label="carried_from__title", to="actions")
    merged_into = ReferenceField(id="merged_into__public_id", label="merged_into__title", to="actions")
    status = serializers.ChoiceField(choices=ActionStatus.choices, read_only=True)
    derived_status = serializers.ChoiceField(choices=ActionStatus.choices, source="derived", read_only=True)
    progress = serializers.DecimalField(
        max_digits=5, decimal_places=2, read_only=True, allow_null=True, help_text="In percent, by milestones' weights."
    )
    progress_status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True)
    people_status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True)
    budget_total = serializers.DecimalField(
        max_digits=16, decimal_places=2, read_only=True, allow_null=True, help_text="In euro."
    )
    budget_status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True)
    budget = BudgetSerializer(many=True, read_only=True)
    milestones = MilestoneSerializer(many=True, read_only=True)
    risks = RiskSerializer(many=True, read_only=True)

    class Meta:
        model = Action
        fields = (
            *("id", "key", "plan", "unit", "year", "code", "title", "description", "scope", "serves"),
            *("municipalities", "lead", "partners", "programme", "target_group", "people_expected", "people_status"),
            *("starts_on", "ends_on", "weight", "state", "state_reason", "merged_into", "carried_from", "status"),
            *("derived_status", "progress", "progress_status", "last_report_on", "budget_total", "budget_status"),
            *("budget", "milestones", "risks", "updated_at"),
        )
        read_only_fields = fields


class ActionWriteSerializer(serializers.Serializer):
    """What it serves by codes of the edition in force, municipalities by code, partners by id."""

    plan = serializers.UUIDField(help_text="The id of a draft.")
    code = serializers.CharField(max_length=20, allow_blank=True, default="")
    title = serializers.CharField(max_length=250)
    description = serializers.CharField(allow_blank=True, default="", max_length=LONGEST_TEXT)
    scope = serializers.ChoiceField(choices=ActionScope.choices)
    serves = serializers.ListField(child=serializers.CharField(max_length=20), allow_empty=False, max_length=60)
    municipalities = serializers.ListField(child=serializers.CharField(max_length=6), default=list, max_length=60)
    lead = serializers.CharField(max_length=6, allow_null=True, default=None)
    partners = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=200)
    programme = serializers.CharField(max_length=20, allow_null=True, default=None)
    target_group = serializers.CharField(max_length=250, allow_blank=True, default="")
    people_expected = serializers.IntegerField(min_value=0, max_value=2_147_483_647, allow_null=True, default=None)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    weight = serializers.DecimalField(max_digits=6, decimal_places=2, default=Decimal("1.00"))
    milestones = MilestoneSerializer(many=True, default=list)
    budget = BudgetSerializer(many=True, default=list)
    risks = RiskSerializer(many=True, default=list)


class ProgrammeSerializer(serializers.ModelSerializer):
    """A project of several years that groups actions of several plans."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    actions = serializers.IntegerField(source="action_count", read_only=True, help_text="That the caller may see.")
    budget = serializers.DecimalField(
        source="budget_total", max_digits=16, decimal_places=2, read_only=True, allow_null=True, help_text="In euro."
    )

    budget_status = serializers.ChoiceField(choices=MISSING, read_only=True, allow_null=True)

    class Meta:
        model = Programme
        fields = (
            *("code", "id", "name", "purpose", "unit", "starts_on", "ends_on", "actions", "budget", "budget_status"),
            "updated_at",
        )
        read_only_fields = fields


def plain(value: Any) -> Any:
    """What a write serializer read, as the content of a plan keeps it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)

"""How bodies, mandates and partners look to other systems."""

from typing import Any

from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from refamp.territory.models import Municipality
from units.choices import DecisionRule, PartnerRole
from units.models import Mandate, Partner, Unit


class DecisionRuleSerializer(serializers.Serializer):
    """A rule by which a body may decide, and on what legal ground."""

    rule = serializers.ChoiceField(choices=DecisionRule.choices)
    legal_basis = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Counts unless another is chosen.")


class UnitSerializer(serializers.ModelSerializer):
    """A body of governance, and whether its composition keeps its limits."""

    axis = ReferenceField(id="axis_code", label="axis_wording", to="axes")
    problem_areas = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How many problem areas its axis covers; null where it has no axis."
    )
    problem_areas_status = serializers.ChoiceField(
        choices=[("not_applicable", "not_applicable")],
        read_only=True,
        allow_null=True,
        help_text="Why there is no number.",
    )
    seats = serializers.IntegerField(read_only=True, help_text="How many sit in it today, substitutes apart.")
    decision_rules = DecisionRuleSerializer(many=True, read_only=True)

    class Meta:
        model = Unit
        fields = (
            "code",
            "kind",
            "name",
            "state",
            "axis",
            "problem_areas",
            "problem_areas_status",
            "members_min",
            "members_max",
            "seats",
            "is_transitory",
            "founding_act",
            "has_casting_vote",
            "secret_on_persons",
            "notice_days",
            "notice_unit",
            "notice_basis",
            "amendment_days",
            "second_call_quorum",
            "default_effect",
            "binding_basis",
            "report_stale_days",
            "decision_rules",
            "updated_at",
        )
        read_only_fields = fields


class MandateSerializer(serializers.ModelSerializer):
    """Somebody who sits in a body, for a municipality or a partner."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    person = serializers.CharField(source="person.name", read_only=True)
    municipality = ReferenceField(id="municipality__code", label="municipality__name", to="municipalities")
    partner = ReferenceField(id="partner__public_id", label="partner__name", to="partners")
    hours_month = serializers.DecimalField(
        max_digits=5, decimal_places=1, read_only=True, allow_null=True, help_text="Hours a month that were agreed."
    )
    status = serializers.ChoiceField(
        choices=[("missing", "missing")], read_only=True, allow_null=True, help_text="Why there are no hours."
    )

    class Meta:
        model = Mandate
        fields = (
            "id",
            "unit",
            "person",
            "municipality",
            "partner",
            "position",
            "is_seat",
            "starts_on",
            "ends_on",
            "end_reason",
            "hours_month",
            "status",
            "act",
            "updated_at",
        )
        read_only_fields = fields


class PartnershipSerializer(serializers.Serializer):
    """With which unit a partner works, in which role."""

    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=PartnerRole.choices))
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    purpose = serializers.CharField()


class PartnerSerializer(serializers.ModelSerializer):
    """A body that works with the units."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    municipality = ReferenceField(id="municipality__code", label="municipality__name", to="municipalities")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=PartnerRole.choices), read_only=True)
    partnerships = PartnershipSerializer(many=True, read_only=True)

    class Meta:
        model = Partner
        fields = (
            "id",
            "name",
            "acronym",
            "kind",
            "roles",
            "municipality",
            "website",
            "note",
            "started_on",
            "ended_on",
            "partnerships",
            "updated_at",
        )
        read_only_fields = fields


class PartnerWriteSerializer(serializers.ModelSerializer):
    municipality = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Municipality.objects.filter(valid_to__isnull=True),
        allow_null=True,
        required=False,
        help_text="Its code.",
    )
    roles = serializers.ListField(child=serializers.ChoiceField(choices=PartnerRole.choices), min_length=1)

    class Meta:
        model = Partner
        fields = (
            "name",
            "acronym",
            "kind",
            "roles",
            "municipality",
            "website",
            "note",
            "started_on",
            "ended_on",
        )
        # The action refuses these in words, with the constraint behind it.
        validators: list[Any] = []

"""How deliberations look to other systems."""

from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from units.models import Deliberation


class VoteSerializer(serializers.Serializer):
    """A municipality's vote. Empty where it stated a conflict of interest; `absent` is not an abstention."""

    municipality = ReferenceField(
        id="municipality__code", label="municipality__name", to="municipalities", allow_null=False
    )
    value = serializers.CharField(help_text="for, against, abstain, absent; empty with a conflict of interest.")
    declaration = serializers.CharField()
    has_conflict = serializers.BooleanField(help_text="Stated a conflict of interest and did not vote.")


class DeliberationSerializer(serializers.ModelSerializer):
    """What a body voted on, with its votes by municipality unless the ballot was secret."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    meeting = ReferenceField(
        id="item__meeting__public_id", label="item__meeting__title", to="meetings", allow_null=False
    )
    plan = ReferenceField(id="plan__public_id", label="plan__title", to="plans")
    framework = ReferenceField(id="framework__code", label="framework__title", to="frameworks")
    status = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="`not_applicable` where there are no totals, for nothing was counted.",
    )
    effective_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="From when it takes effect: the approval of the meeting's summary or else of its minutes "
        "(CPA, art. 34, no. 6).",
    )
    effective_at_status = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="`missing` until minutes or summary are approved, `not_applicable` where it did not pass.",
    )
    votes = VoteSerializer(
        many=True, read_only=True, help_text="Empty before the vote is closed and of a secret ballot."
    )

    class Meta:
        model = Deliberation
        fields = (
            "id",
            "unit",
            "year",
            "number",
            "title",
            "text",
            "state",
            "rule",
            "legal_effect",
            "legal_effect_basis",
            "is_secret",
            "subject_kind",
            "plan",
            "framework",
            "meeting",
            "votes_for",
            "votes_against",
            "abstentions",
            "present",
            "seats",
            "quorum",
            "status",
            "casting_vote",
            "opened_at",
            "closed_at",
            "effective_at",
            "effective_at_status",
            "metropolitan_answer",
            "metropolitan_reference",
            "metropolitan_at",
            "votes",
            "updated_at",
        )
        read_only_fields = fields

"""The shapes of consultations and their results in the REST API."""

from typing import Any

from rest_framework import serializers

from axes.choices import ConsultationState, Group, PhaseState, Scale
from axes.models import Consultation, Phase, Topic
from axes.models.results import Representativeness
from refamp.base.api.columns import ReferenceField

SHARE: dict[str, Any] = {"max_digits": 5, "decimal_places": 2, "allow_null": True}


class PhaseSerializer(serializers.ModelSerializer):
    """A stretch of a consultation. `closed_at`: when its results were frozen."""

    state = serializers.ChoiceField(PhaseState.choices)

    class Meta:
        model = Phase
        fields = ["name", "state", "opens_on", "closes_on", "closed_at"]


class ConsultationSerializer(serializers.ModelSerializer):
    """A consultation. Without a login: those whose results are published."""

    id = serializers.UUIDField(source="public_id")
    framework = ReferenceField(id="framework__code", label="framework__title", to="frameworks")
    state = serializers.ChoiceField(ConsultationState.choices)
    target_groups = serializers.ListField(child=serializers.ChoiceField(Group.choices))
    minimum_cell = serializers.IntegerField(help_text="k: counts from 1 to k - 1 are not shown.")
    frame_size = serializers.IntegerField(
        allow_null=True, help_text="How many people could have been asked, where known (finite-population correction)."
    )
    provenance = serializers.CharField(help_text="Where the answers come from, for example that they are fictitious.")

    class Meta:
        model = Consultation
        fields = [
            "id",
            "title",
            "description",
            "provenance",
            "is_demonstration",
            "framework",
            "state",
            "target_groups",
            "minimum_cell",
            "frame_size",
            "published_at",
            "updated_at",
        ]


class ConsultationDetailSerializer(ConsultationSerializer):
    """A consultation with its phases."""

    phases = PhaseSerializer(many=True)

    class Meta(ConsultationSerializer.Meta):
        fields = [*ConsultationSerializer.Meta.fields, "phases"]


class TopicSerializer(serializers.ModelSerializer):
    """An entry of a consultation's code book and the node of the referential that it stands for."""

    id = serializers.CharField(source="code")
    node = ReferenceField(id="node__code", label="node__wording", to=None)
    node_kind = serializers.CharField(source="node.kind")
    scales = serializers.ListField(
        child=serializers.ChoiceField(Scale.choices),
        help_text="Where it was asked; at the other scale there is no data.",
    )

    class Meta:
        model = Topic
        fields = ["id", "label", "node", "node_kind", "scales", "order", "note"]


class RepresentativenessSerializer(serializers.Serializer):
    """How many respondents of one stratum named a topic at a scale.

    Everybody: group and municipality null. Where `suppressed`, what is null is hidden, so that nobody is recognised; a
    count that remains follows from others that are shown. Nobody in a stratum: `respondents` 0 and no share. The
    interval is the 95 % Wilson interval, as if the respondents were a random sample.
    """

    topic = ReferenceField(id="topic__code", label="topic__label", to=None)
    topic_code = serializers.CharField()
    scale = serializers.ChoiceField(Scale.choices)
    group = serializers.ChoiceField(Group.choices, allow_null=True)
    municipality = ReferenceField(
        id="municipality__code", label="municipality__name", to="municipalities", allow_null=True
    )
    dimension = serializers.ChoiceField(Representativeness.Dimension.choices, help_text="Which kind of stratum it is.")
    mentions = serializers.IntegerField(allow_null=True, min_value=0)
    respondents = serializers.IntegerField(allow_null=True, min_value=0)
    share = serializers.DecimalField(**SHARE, help_text="In percent, rounded half-even from the exact fraction.")
    ci_low = serializers.DecimalField(**SHARE, help_text="In percent.")
    ci_high = serializers.DecimalField(**SHARE, help_text="In percent.")
    suppressed = serializers.BooleanField()
    published_count = serializers.IntegerField(allow_null=True, help_text="As printed by the source.")
    published_share = serializers.CharField(allow_null=True, help_text="Exactly as printed by the source.")
    agrees = serializers.BooleanField(
        allow_null=True, help_text="Whether the printed share is the computed one at the printed number of decimals."
    )

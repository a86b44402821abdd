"""How local plans look to other systems, and what these may write."""

from typing import Any

from rest_framework import serializers

from axes.models import LocalPlan, Node
from axes.queries.framework import problem_areas_for_plans
from refamp.base.api.columns import ReferenceField
from refamp.territory.models import Municipality


class PrioritySerializer(serializers.Serializer):
    """A priority in the plan's own words, tied to a problem area where it fits one."""

    order = serializers.IntegerField(read_only=True)
    wording = serializers.CharField(max_length=500)
    problem_area = ReferenceField(id="problem_area__code", label="problem_area__wording", to="problem-areas")


class LocalPlanSerializer(serializers.ModelSerializer):
    """A municipality's social diagnosis, development plan or yearly plan."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    municipality = ReferenceField(id="municipality__code", label="municipality__name", to="municipalities")
    document_name = serializers.CharField(read_only=True, help_text="Empty where no document was sent.")
    document_url = serializers.URLField(read_only=True, allow_null=True, help_text="Where to download it.")
    is_published = serializers.BooleanField(read_only=True)
    priorities = PrioritySerializer(many=True, read_only=True)

    class Meta:
        model = LocalPlan
        fields = (
            "id",
            "municipality",
            "kind",
            "title",
            "starts_on",
            "ends_on",
            "link",
            "document_name",
            "document_url",
            "is_published",
            "published_at",
            "priorities",
            "updated_at",
        )
        read_only_fields = fields


class PriorityWriteSerializer(serializers.Serializer):
    wording = serializers.CharField(max_length=500)
    problem_area = serializers.SlugRelatedField(
        slug_field="code", queryset=Node.objects.none(), allow_null=True, default=None, help_text="Its code."
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["problem_area"].queryset = problem_areas_for_plans()  # type: ignore[attr-defined]  # of a related field
        return fields


class LocalPlanWriteSerializer(serializers.ModelSerializer):
    """What is written; the list of priorities takes the place of the one that was there."""

    municipality = serializers.SlugRelatedField(
        slug_field="code", queryset=Municipality.objects.filter(valid_to__isnull=True), help_text="Its code."
    )
    priorities = PriorityWriteSerializer(many=True, required=False, help_text="At most 60, in order.")
    is_published = serializers.BooleanField(required=False)

    class Meta:
        model = LocalPlan
        fields = ("municipality", "kind", "title", "starts_on", "ends_on", "link", "priorities", "is_published")
        # The action refuses these in words, with the constraint behind it.
        validators: list[Any] = []

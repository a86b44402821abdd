"""How editions and their nodes look to other systems."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from axes.models import (
    ActionLine,
    FocusHeading,
    Framework,
    OperationalResponse,
    PriorityAxis,
    ProblemArea,
    StrategicAction,
    StructuringIdea,
)
from refamp.base.api.columns import ReferenceField


class FrameworkSerializer(serializers.ModelSerializer):
    """An edition of the referential."""

    based_on = ReferenceField(id="based_on__code", label="based_on__title", to="frameworks")
    founding_note = serializers.CharField(
        read_only=True, help_text="What is to be said wherever this edition is shown; empty where there is nothing."
    )

    class Meta:
        model = Framework
        fields = (
            "code",
            "title",
            "state",
            "document_date",
            "source",
            "founding_note",
            "based_on",
            "in_force_since",
            "superseded_at",
            "updated_at",
        )
        read_only_fields = fields


class NodeReferenceSerializer(serializers.Serializer):
    """Another node of the same edition."""

    id = serializers.CharField(help_text="Its code.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the API, not the title of a form
    url = serializers.URLField(allow_null=True, help_text="Null for kinds without an address of their own.")
    kind = serializers.CharField(help_text="The kind of node; two nodes of different kinds can share a code.")


class CrossReferenceSerializer(NodeReferenceSerializer):
    """A cross-reference, to or from this node."""

    relation = serializers.CharField(help_text="How the one speaks of the other.")
    direction = serializers.ChoiceField(choices=["to", "from"], help_text="`to`: this node refers to the other.")
    origin = serializers.ChoiceField(choices=["printed", "read"], help_text="Printed in the document, or our reading.")
    note = serializers.CharField()


class NodeSerializer(serializers.ModelSerializer):
    """What all nodes have. The parents stand in `path`, from the top."""

    framework = ReferenceField(id="framework__code", label="framework__title", to="frameworks")
    parent = ReferenceField(id="parent__code", label="parent__wording", to=None, allow_null=True)  # type: ignore[assignment]
    path = NodeReferenceSerializer(many=True, read_only=True)
    references = CrossReferenceSerializer(many=True, read_only=True)
    lineage = serializers.UUIDField(read_only=True, help_text="The same in every edition that holds this node.")

    class Meta:
        fields: tuple[str, ...] = (
            "code",
            "code_is_printed",
            "wording",
            "framework",
            "parent",
            "path",
            "order",
            "note",
            "references",
            "lineage",
            "updated_at",
        )
        read_only_fields: tuple[str, ...] = fields


WITH_FOCUS = ("code", "code_is_printed", "wording", "focus", *NodeSerializer.Meta.fields[3:])


class StructuringIdeaSerializer(NodeSerializer):
    """A structuring idea with the statements under it."""

    statements = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(NodeSerializer.Meta):
        model = StructuringIdea
        fields = (*NodeSerializer.Meta.fields, "statements")
        read_only_fields = fields


class PriorityAxisSerializer(NodeSerializer):
    class Meta(NodeSerializer.Meta):
        model = PriorityAxis


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "1.1",
            value={
                "code": "1.1",
                "code_is_printed": True,
                "wording": "SÉNIORES",
                "framework": {
                    "id": "2014",
                    "label": "Referencial Estratégico para a Ação Social na Área Metropolitana do Porto",
                    "url": "http://localhost:8000/api/v1/frameworks/2014/",
                },
                "parent": {"id": "EP1", "label": "Saúde e Bem-Estar", "url": "http://localhost:8000/api/v1/axes/EP1/"},
                "path": [
                    {
                        "id": "EP1",
                        "label": "Saúde e Bem-Estar",
                        "url": "http://localhost:8000/api/v1/axes/EP1/",
                        "kind": "priority_axis",
                    }
                ],
                "order": 1,
                "note": "",
                "references": [
                    {
                        "id": "EP3",
                        "label": "Inclusão Social",
                        "url": "http://localhost:8000/api/v1/axes/EP3/",
                        "kind": "priority_axis",
                        "relation": "also_serves",
                        "direction": "to",
                        "origin": "printed",
                        "note": "O documento não diz quais das respostas.",
                    }
                ],
                "lineage": "6f1a2f9e-8a1c-4a5e-9a44-0d7c1c2f8f10",
                "updated_at": "2026-11-24T21:56:54Z",
            },
        )
    ]
)
class ProblemAreaSerializer(NodeSerializer):
    class Meta(NodeSerializer.Meta):
        model = ProblemArea


class FocusHeadingSerializer(NodeSerializer):
    class Meta(NodeSerializer.Meta):
        model = FocusHeading
        fields = WITH_FOCUS
        read_only_fields = fields


class OperationalResponseSerializer(NodeSerializer):
    """`focus` is that of its heading; null where the document gives none (axis 4)."""

    class Meta(NodeSerializer.Meta):
        model = OperationalResponse
        fields = WITH_FOCUS
        read_only_fields = fields


class StrategicActionSerializer(NodeSerializer):
    class Meta(NodeSerializer.Meta):
        model = StrategicAction


class ActionLineSerializer(NodeSerializer):
    class Meta(NodeSerializer.Meta):
        model = ActionLine


class ChangedNodeSerializer(serializers.Serializer):
    """One side of a change."""

    kind = serializers.CharField()
    code = serializers.CharField()
    wording = serializers.CharField()
    parent = serializers.CharField(allow_null=True, help_text="The parent's code.")  # type: ignore[assignment]
    lineage = serializers.UUIDField()


class RenamedSerializer(serializers.Serializer):
    before = ChangedNodeSerializer()
    after = ChangedNodeSerializer()
    fields_changed = serializers.ListField(child=serializers.CharField())


class MovedSerializer(serializers.Serializer):
    before = ChangedNodeSerializer()
    after = ChangedNodeSerializer()


class SplitSerializer(serializers.Serializer):
    before = ChangedNodeSerializer()
    after = ChangedNodeSerializer(many=True)


class DifferenceSerializer(serializers.Serializer):
    """What changed from one edition to another; each change stands once."""

    old = serializers.CharField()
    new = serializers.CharField()
    count = serializers.IntegerField()
    added = ChangedNodeSerializer(many=True)
    dropped = ChangedNodeSerializer(many=True)
    renamed = RenamedSerializer(many=True)
    moved = MovedSerializer(many=True)
    split = SplitSerializer(many=True)

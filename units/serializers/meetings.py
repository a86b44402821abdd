"""How meetings look to other systems."""

from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from units.models import Meeting


class DecidedSerializer(serializers.Serializer):
    """A deliberation."""

    id = serializers.UUIDField()
    label = serializers.CharField()
    url = serializers.URLField()


class AgendaItemSerializer(serializers.Serializer):
    """A point of the agenda, in its place."""

    code = serializers.CharField(help_text="Its number in the agenda, such as 2.1.")
    title = serializers.CharField()
    kind = serializers.CharField(help_text="information, discussion, decision.")
    is_late = serializers.BooleanField(help_text="Added after the notice.")
    urgency_votes = serializers.IntegerField(
        allow_null=True, help_text="How many members recognised that a late point must be decided; null until then."
    )
    deliberation = DecidedSerializer(allow_null=True, help_text="What was decided, once the vote is closed.")


class DocumentSerializer(serializers.Serializer):
    """A document: what it is, and where its file is for those who may read it."""

    title = serializers.CharField()
    file_name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    is_late = serializers.BooleanField(help_text="Added after the notice.")
    is_public = serializers.BooleanField(help_text="Whether everybody may read it, or those who sit in the body.")
    url = serializers.URLField(help_text="The file.")
    point = serializers.CharField(help_text="The number of its point; empty where it is of the meeting as a whole.")


class MeetingSerializer(serializers.ModelSerializer):
    """A meeting that was convened, with its agenda."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = ReferenceField(id="unit__code", label="unit__name", to="units", allow_null=False)
    agenda = AgendaItemSerializer(many=True, read_only=True)
    documents = DocumentSerializer(
        many=True, read_only=True, help_text="The public ones; for those who see the body's papers, all."
    )
    seats = serializers.IntegerField(read_only=True, allow_null=True, help_text="Null until the meeting is closed.")
    present = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="In person and remotely. Null until the meeting is closed."
    )
    attendance_status = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="`not_collected` until the meeting is closed, `not_applicable` if cancelled.",
    )
    minutes_sha256 = serializers.CharField(
        read_only=True, allow_null=True, help_text="Of the published minutes' text; null until then."
    )
    minutes_url = serializers.URLField(read_only=True, allow_null=True, help_text="The published minutes (PDF/A).")
    ics_url = serializers.URLField(
        read_only=True, allow_null=True, help_text="The meeting as a calendar entry; null of a draft."
    )

    class Meta:
        model = Meeting
        fields = (
            "id",
            "unit",
            "number",
            "year",
            "title",
            "starts_at",
            "ends_at",
            "second_call_at",
            "place",
            "state",
            "call",
            "is_extraordinary",
            "is_urgent",
            "urgency_reason",
            "convened_at",
            "opened_at",
            "closed_at",
            "summary_approved_at",
            "cancel_reason",
            "agenda",
            "documents",
            "seats",
            "present",
            "attendance_status",
            "minutes_sha256",
            "minutes_url",
            "ics_url",
            "updated_at",
        )
        read_only_fields = fields

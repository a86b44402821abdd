"""How the milestones of an action look to other systems, and what a report on one says."""

from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from units.formulas.plans import DONE
from units.models import Milestone


class OwnMilestoneSerializer(serializers.ModelSerializer):
    """A step of an action, with its weight in the action and how far it is."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    action = ReferenceField(id="action__public_id", label="action__title", to="actions", allow_null=False)
    progress = serializers.IntegerField(read_only=True, help_text="In percent.")
    best_progress = serializers.IntegerField(read_only=True, help_text="The highest it ever was.")

    class Meta:
        model = Milestone
        fields = ("id", "action", "order", "title", "due_on", "weight", "progress", "best_progress", "done_on")
        read_only_fields = fields


class ReportSerializer(serializers.Serializer):
    """A report: how far, as of which day. Where progress falls, `note` says why."""

    progress = serializers.IntegerField(min_value=0, max_value=int(DONE), help_text="In percent.")
    on = serializers.DateField(required=False, help_text="The day it is of; today if not said, never one to come.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)

"""The milestones of an action: what a town hall's own system says of how far each is."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404

from refamp.base.api.columns import Row
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import WriteViewSet
from refamp.base.doors import everyone
from units.actions.progress import report_milestone
from units.models import Action, Milestone
from units.queries.bodies import has_mandate, mandates_of
from units.rules import writes_plan
from units.serializers.milestones import OwnMilestoneSerializer, ReportSerializer


class MilestoneViewSet(WriteViewSet):
    """The milestones of one action. Change one to report on it: how far it is, as of which day, and why if it fell.

    Reports are made by members of the plan's unit while the plan is approved and not closed; while it is a draft its
    milestones are written with the action.
    """

    read_rule = everyone
    write_rule = has_mandate
    scope = "units"
    model = Milestone
    serializer_class = OwnMilestoneSerializer
    write_serializer_class = ReportSerializer
    ordering = ("order",)
    ordering_fields = {"order": Order("order", never_null=True), "due_on": Order("due_on", never_null=True)}
    http_method_names = ("get", "head", "options", "patch")

    def queryset_for(self, user: Any) -> QuerySet:
        """Of the action of the address; 404 where this caller may not see it."""
        try:
            action = Action.objects.visible_to(user).get(public_id=self.kwargs["action_id"])
        except (Action.DoesNotExist, ValidationError, ValueError) as error:
            raise Http404 from error
        return Milestone.objects.filter(action=action).select_related("action__plan")

    def may_change(self, user: Any, obj: Any) -> bool:
        return writes_plan(mandates_of(user), obj.action.plan.unit_id)

    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> Milestone:
        return report_milestone(
            actor=self.request.user,
            milestone=obj,
            progress=data.get("progress", obj.progress),
            on=data.get("on"),
            note=data.get("note", ""),
            version=version,
        )

    def answer_written(self, obj: Any, *, status: int = 200) -> Any:
        """By the reading's own query: a milestone's address is its action's, too."""
        self.action = "retrieve"
        return self.answer_object(Milestone.objects.filter(pk=obj.pk), status=status, conditions=False)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Nothing beside what the query gives."""


def register(router: Router) -> None:
    router.register(r"actions/(?P<action_id>[^/]+)/milestones", MilestoneViewSet, "action-milestones")

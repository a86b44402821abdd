"""Local plans for other systems: read by everybody once published, written for one's own municipality."""

from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.urls import reverse

from axes.actions.local_plans import add_local_plan, edit_local_plan, publish_local_plan
from axes.filters.local_plans import LocalPlanFilter
from axes.models import LocalPlan, LocalPlanPriority
from axes.queries.local_plans import PlanData
from axes.rules import may_edit_local_plan, may_write_local_plans
from axes.serializers.local_plans import LocalPlanSerializer, LocalPlanWriteSerializer
from axes.tasks.local_plans import KIND
from refamp.base.api.columns import Row
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import WriteViewSet
from refamp.base.doors import everyone
from refamp.base.sql import Fold
from refamp.jobs.api import ImportViewSet

IS_PUBLISHED = ExpressionWrapper(Q(published_at__isnull=False), output_field=BooleanField())


class LocalPlanViewSet(WriteViewSet):
    """Local plans. An unpublished one is its municipality's and the coordination unit's."""

    read_rule = everyone
    write_rule = may_write_local_plans
    scope = "axes"
    model = LocalPlan
    serializer_class = LocalPlanSerializer
    write_serializer_class = LocalPlanWriteSerializer
    filterset_class = LocalPlanFilter
    ordering = ("-starts_on",)
    ordering_fields = {
        "starts_on": "starts_on",
        "municipality": "municipality__code",
        "title": Order(Fold("title"), never_null=True),
        "updated_at": "updated_at",
    }
    search_fields = ("title", "municipality__name")
    columns = {"is_published": IS_PUBLISHED, "priorities": None, "document_url": None}
    http_method_names = ("get", "head", "options", "post", "patch")

    def queryset_for(self, user: Any) -> QuerySet:
        return LocalPlan.objects.visible_to(user)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Priorities by one query; the document's address where there is a document."""
        priorities: dict[Any, list[Row]] = {}
        if self.wants("priorities"):
            found = (
                LocalPlanPriority.objects.filter(plan__in=keys).select_related("problem_area").order_by("order", "id")
            )
            for each in found:
                area = each.problem_area
                priorities.setdefault(each.plan_id, []).append(
                    {
                        "order": each.order,
                        "wording": each.wording,
                        "problem_area": self.reference(area.code, area.wording, "problem-areas") if area else None,
                    }
                )
        names: dict[Any, Any] = {}
        if self.wants("document_url"):
            with_document = LocalPlan.objects.filter(pk__in=keys).exclude(document="")
            names = dict(with_document.values_list("pk", "public_id"))
        for row, key in zip(rows, keys, strict=True):
            if self.wants("priorities"):
                row["priorities"] = priorities.get(key, [])
            if self.wants("document_url"):
                public_id = names.get(key)
                row["document_url"] = (
                    self.origin + reverse("axes:local_plan_document", args=[public_id]) if public_id else None
                )

    def may_change(self, user: Any, obj: Any) -> bool:
        return may_edit_local_plan(user, obj)

    def create_object(self, data: dict[str, Any]) -> LocalPlan:
        published = data.pop("is_published", False)
        plan = add_local_plan(actor=self.request.user, data=plan_data(data))
        return publish_local_plan(actor=self.request.user, plan=plan, published=True) if published else plan

    @transaction.atomic
    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> LocalPlan:
        published = data.pop("is_published", None)
        names = ("municipality", "kind", "title", "starts_on", "ends_on", "link")
        present = {name: getattr(obj, name) for name in names}
        if "priorities" not in data:
            rows = obj.priorities.select_related("problem_area").order_by("order")
            data["priorities"] = [{"wording": row.wording, "problem_area": row.problem_area} for row in rows]
        new = plan_data(present | data)
        plan = edit_local_plan(actor=self.request.user, plan=obj, version=version, data=new)
        if published is not None:
            plan = publish_local_plan(actor=self.request.user, plan=plan, published=published)
        return plan


class LocalPlanImportViewSet(ImportViewSet):
    """Files of local plans: sent, checked, confirmed, undone. Its sender and the coordination unit see one."""

    read_rule = may_write_local_plans
    write_rule = may_write_local_plans
    scope = "axes"
    kind = KIND

    def target(self) -> str:
        """The key of the municipality where the token acts for one: the worker keeps to it, too."""
        place = getattr(self.request.user, "acts_only_for", None)
        return "" if place is None else str(place)


def plan_data(data: dict[str, Any]) -> PlanData:
    """What was sent, in the shape of the action."""
    priorities = [(each["wording"], each.get("problem_area")) for each in data.pop("priorities", [])]
    return PlanData(**data, priorities=priorities)


def register(router: Router) -> None:
    router.register("local-plans/imports", LocalPlanImportViewSet, "local-plan-imports")
    router.register("local-plans", LocalPlanViewSet)

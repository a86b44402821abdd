"""Plans, actions and programmes for other systems."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Case, CharField, Count, Exists, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from axes.choices import NodeKind
from refamp.base.api.columns import Row
from refamp.base.api.formats import MEDIA_TYPES
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet, WriteViewSet
from refamp.base.doors import everyone
from refamp.base.errors import Refused
from refamp.base.sql import Fold
from units.actions.plan_drafts import draft_plan, edit_plan, save_action
from units.choices import EDITABLE_PLAN
from units.exchange.plans import workbook
from units.filters.plans import ActionOfPlanFilter, PlanFilter, ProgrammeFilter
from units.formulas.plans import percent
from units.models import (
    Action,
    ActionNode,
    ActionPartner,
    ActionPlace,
    ActionPlan,
    BudgetLine,
    Milestone,
    PlanVersion,
    Programme,
    Risk,
)
from units.queries.action_status import with_status
from units.queries.bodies import has_mandate, mandates_of
from units.queries.plan_content import actions_with_all, content_of, content_of_action, served_nodes
from units.queries.plans import plans
from units.queries.programmes import programmes
from units.queries.reasons import told
from units.rules import writes_plan
from units.serializers.plans import (
    ActionSerializer,
    ActionWriteSerializer,
    PlanSerializer,
    PlanWriteSerializer,
    ProgrammeSerializer,
    plain,
)

# Under which address a node that an action may serve is found.
NODE_DOORS = {NodeKind.OPERATIONAL_RESPONSE: "operational-responses", NodeKind.ACTION_LINE: "action-lines"}


def missing(field: str) -> Case:
    """Why a figure is not there."""
    return Case(
        When(**{f"{field}__isnull": True}, then=Value("missing")), default=None, output_field=CharField(null=True)
    )


class PlanViewSet(WriteViewSet):
    """The units' annual plans. Approved ones are for everybody, the others for those who write or decide on them."""

    read_rule = everyone
    write_rule = has_mandate
    scope = "units"
    model = ActionPlan
    serializer_class = PlanSerializer
    write_serializer_class = PlanWriteSerializer
    filterset_class = PlanFilter
    ordering = ("-year", "unit")
    ordering_fields: ClassVar[dict[str, Any]] = {
        "year": "year",
        "unit": "unit__code",
        "title": Order(Fold("title"), never_null=True),
        "state": "state",
        "updated_at": "updated_at",
    }
    search_fields = ("title", "summary", "unit__name")
    columns: ClassVar[dict[str, Any]] = {
        "progress": None,
        "deliberation": None,
        "return_reason": None,
        "status": missing("whole"),
        "budget_status": missing("budget_total"),
        "versions": Coalesce(
            Subquery(
                PlanVersion.objects.filter(plan=OuterRef("pk"))
                .order_by()
                .values("plan")
                .annotate(n=Count("pk"))
                .values("n")
            ),
            0,
        ),
    }

    def queryset_for(self, user: Any) -> QuerySet:
        return plans(user)

    @property
    def offered_formats(self) -> Sequence[str]:  # type: ignore[override]
        return ("xlsx",) if self.action == "workbook" else super().offered_formats

    @extend_schema(responses={(200, MEDIA_TYPES["xlsx"]): OpenApiTypes.BINARY})
    @action(detail=True)
    def workbook(self, _request: Request, **_kwargs: Any) -> HttpResponse:
        """The plan and its actions as one workbook, which `imports/` takes back unchanged."""
        plan = self.get_object()
        name = f"plano-{plan.unit.code}-{plan.year}.xlsx"
        with workbook(content_of(plan)) as file:
            made = file.read()
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(made, content_type=MEDIA_TYPES["xlsx"], headers=headers)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        if self.wants("deliberation"):
            decided = self.decided(keys)
            for row, key in zip(rows, keys, strict=True):
                row["deliberation"] = decided.get(key)
        if not (self.wants("progress") or self.wants("return_reason")):
            return
        found = plans(self.request.user).filter(pk__in=keys)
        figures = {
            key: (percent(done, whole), told(facts, words))
            for key, done, whole, facts, words in found.values_list(
                "pk", "done", "whole", "return_facts", "return_reason"
            )
        }
        for row, key in zip(rows, keys, strict=True):
            progress, reason = figures.get(key, (None, ""))
            if self.wants("progress"):
                row["progress"] = progress
            if self.wants("return_reason"):
                row["return_reason"] = reason

    def decided(self, keys: list[Any]) -> dict[Any, Any]:
        """By which deliberation the version in force was approved."""
        found = PlanVersion.objects.filter(plan__in=keys).order_by("plan", "number")
        rows = found.values_list("plan", "deliberation__public_id", "deliberation__title")
        return {key: self.reference(str(identifier), title, "deliberations") for key, identifier, title in rows}

    def may_change(self, user: Any, obj: Any) -> bool:
        return writes_plan(mandates_of(user), obj.unit_id)

    def create_object(self, data: dict[str, Any]) -> ActionPlan:
        return draft_plan(actor=self.request.user, **data)

    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> ActionPlan:
        if data.get("unit", obj.unit) != obj.unit or data.get("year", obj.year) != obj.year:
            raise Refused(_("A plan keeps its unit and its year."), code="kept", field="year")
        return edit_plan(
            actor=self.request.user,
            plan=obj,
            version=version,
            title=data.get("title", obj.title),
            summary=data.get("summary", obj.summary),
        )

    def answer_written(self, obj: Any, *, status: int = 200) -> Any:
        return answer_of(self, plans(self.request.user).filter(pk=obj.pk), obj, status)


def answer_of(door: Any, queryset: QuerySet, obj: Any, status: int) -> Any:
    """The object as a reading would show it: its figures come with the reading's query."""
    door.action = "retrieve"
    identifier = str(getattr(obj, door.lookup_field))
    door.kwargs = {**door.kwargs, door.lookup_field: identifier}
    response = door.answer_object(queryset, status=status, conditions=False)
    if status == 201:  # noqa: PLR2004 - Created
        response["Location"] = door.address(door.basename, identifier)
    return response


class ActionViewSet(WriteViewSet):
    """The actions of plans, with status and progress as derived today."""

    read_rule = everyone
    write_rule = has_mandate
    scope = "units"
    model = Action
    serializer_class = ActionSerializer
    write_serializer_class = ActionWriteSerializer
    filterset_class = ActionOfPlanFilter
    ordering = ("-year", "unit", "code")
    ordering_fields: ClassVar[dict[str, Any]] = {
        "year": "plan__year",
        "unit": "plan__unit__code",
        "code": "code",
        "title": Order(Fold("title"), never_null=True),
        "starts_on": "starts_on",
        "ends_on": "ends_on",
        "updated_at": "updated_at",
    }
    search_fields = ("title", "description", "target_group")
    columns: ClassVar[dict[str, Any]] = {
        "serves": None,
        "municipalities": None,
        "partners": None,
        "budget": None,
        "milestones": None,
        "risks": None,
        "progress": None,
        "carried_from": None,
        "budget_total": Subquery(
            BudgetLine.objects.filter(action=OuterRef("pk"))
            .order_by()
            .values("action")
            .annotate(total=Sum("amount"))
            .values("total")
        ),
        "budget_status": Case(
            When(Exists(BudgetLine.objects.filter(action=OuterRef("pk"))), then=None),
            default=Value("missing"),
            output_field=CharField(null=True),
        ),
        "people_status": missing("people_expected"),
        "progress_status": missing("whole"),
    }
    export_columns = (
        *("id", "key", "plan_id", "plan_label", "unit_id", "unit_label", "year", "code", "title", "description"),
        *("scope", "serves", "municipalities", "lead_id", "lead_label", "partners", "programme_id"),
        *("programme_label", "target_group", "people_expected", "people_status", "starts_on", "ends_on", "weight"),
        *("state", "state_reason", "merged_into_id", "merged_into_label", "status", "derived_status", "progress"),
        *("progress_status", "last_report_on", "budget_total", "budget_status", "updated_at"),
    )

    def queryset_for(self, user: Any) -> QuerySet:
        return with_status(Action.objects.visible_to(user))

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """What an action is tied to: one query per kind of thing, whatever the number of rows."""
        found: dict[str, dict[Any, list[Any]]] = {}
        for name, load in self.loads().items():
            if self.wants(name):
                found[name] = {}
                for key, value in load(keys):
                    found[name].setdefault(key, []).append(value)
        progress = self.progress(keys) if self.wants("progress") else {}
        carried = self.carried(keys) if self.wants("carried_from") else {}
        for row, key in zip(rows, keys, strict=True):
            for name, values in found.items():
                row[name] = values.get(key, [])
            if self.wants("progress"):
                row["progress"] = progress.get(key)
            if self.wants("carried_from"):
                row["carried_from"] = carried.get(key)

    def loads(self) -> dict[str, Any]:
        return {
            "serves": self.nodes,
            "municipalities": self.places,
            "partners": self.partners,
            "budget": lambda keys: parts(BudgetLine, keys, ("year", "source", "amount"), ("year", "source")),
            "milestones": lambda keys: parts(
                Milestone,
                keys,
                ("public_id", "title", "due_on", "weight", "progress", "best_progress", "done_on"),
                ("order", "pk"),
            ),
            "risks": lambda keys: parts(Risk, keys, ("description", "likelihood", "impact", "mitigation"), ("pk",)),
        }

    def nodes(self, keys: list[Any]) -> Any:
        found = ActionNode.objects.filter(action__in=keys).order_by("node__kind", "node__code")
        names = ("action", "node__kind", "node__code", "node__wording", "node__framework__code")
        for key, kind, code, wording, _edition in found.values_list(*names):
            yield key, self.reference(code, wording, NODE_DOORS[NodeKind(kind)])

    def places(self, keys: list[Any]) -> Any:
        found = ActionPlace.objects.filter(action__in=keys).order_by("municipality__code")
        for key, code, name in found.values_list("action", "municipality__code", "municipality__name"):
            yield key, self.reference(code, name, "municipalities")

    def partners(self, keys: list[Any]) -> Any:
        found = ActionPartner.objects.filter(action__in=keys).order_by("partner__name")
        for key, identifier, name in found.values_list("action", "partner__public_id", "partner__name"):
            yield key, self.reference(str(identifier), name, "partners")

    def progress(self, keys: list[Any]) -> dict[Any, Any]:
        sums = with_status(Action.objects.filter(pk__in=keys)).values_list("pk", "done", "whole")
        return {key: percent(done, whole) for key, done, whole in sums}

    def carried(self, keys: list[Any]) -> dict[Any, Any]:
        found = Action.objects.filter(pk__in=keys, carried_from__in=Action.objects.visible_to(self.request.user))
        rows = found.values_list("pk", "carried_from__public_id", "carried_from__title")
        return {key: self.reference(str(identifier), title, "actions") for key, identifier, title in rows}

    def may_change(self, user: Any, obj: Any) -> bool:
        return writes_plan(mandates_of(user), obj.plan.unit_id) and obj.plan.state in EDITABLE_PLAN

    def create_object(self, data: dict[str, Any]) -> Action:
        plan = ActionPlan.objects.visible_to(self.request.user).filter(public_id=data.pop("plan")).first()
        if plan is None:
            raise Refused(_("There is no such plan."), code="unknown_plan", field="plan")
        return save_action(actor=self.request.user, plan=plan, content=content_from(data))

    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> Action:
        if str(data.pop("plan", obj.plan.public_id)) != str(obj.plan.public_id):
            raise Refused(_("An action keeps its plan; carry it over instead."), code="kept", field="plan")
        present = content_of_action(actions_with_all(Action.objects.filter(pk=obj.pk)).get())
        content = present | content_from(data, whole=False)
        return save_action(actor=self.request.user, plan=obj.plan, action=obj, content=content, version=version)

    def answer_written(self, obj: Any, *, status: int = 200) -> Any:
        return answer_of(self, self.queryset_for(self.request.user).filter(pk=obj.pk), obj, status)


def parts(model: Any, keys: list[Any], names: tuple[str, ...], order: tuple[str, ...]) -> Any:
    for row in model.objects.filter(action__in=keys).order_by("action", *order).values("action", *names):
        key = row.pop("action")
        if "public_id" in row:
            yield key, {"id": str(row.pop("public_id")), **row}
        else:
            yield key, row


def content_from(data: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """What came in, as the content of a plan says it. `whole`: all is there, with what was left out by default."""
    content: dict[str, Any] = plain(data)
    if "serves" in content:
        by_code = {node.code: node for node in served_nodes()}
        unknown = [code for code in content["serves"] if code not in by_code]
        if unknown:
            raise Refused(
                _("Only operational responses and action lines of the edition in force."),
                code="unknown_node",
                field="serves",
            )
        content["serves"] = [{"lineage": str(by_code[code].lineage)} for code in content["serves"]]
    if "partners" in content:
        content["partners"] = [{"id": key} for key in content["partners"]]
    if "milestones" in content:
        content["milestones"] = [{"id": None, **each} for each in content["milestones"]]
    if whole:
        content["carried_from"] = None
    return content


class ProgrammeViewSet(ReadViewSet):
    """Projects of several years that group actions of several plans."""

    read_rule = everyone
    scope = "units"
    model = Programme
    serializer_class = ProgrammeSerializer
    filterset_class = ProgrammeFilter
    lookup_field = "code"
    ordering = ("code",)
    ordering_fields: ClassVar[dict[str, Any]] = {
        "code": "code",
        "name": Order(Fold("name"), never_null=True),
        "starts_on": "starts_on",
        "updated_at": "updated_at",
    }
    columns: ClassVar[dict[str, Any]] = {"budget_status": missing("budget_total")}
    search_fields = ("code", "name", "purpose")

    def queryset_for(self, user: Any) -> QuerySet:
        return programmes(user)


def register(router: Router) -> None:
    router.register("plans", PlanViewSet)
    router.register("actions", ActionViewSet)
    router.register("programmes", ProgrammeViewSet)

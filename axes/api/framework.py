"""The referential for other systems: editions, the seven kinds of node, and the difference of two editions."""

from typing import Any
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request

from axes.choices import NodeKind
from axes.filters.framework import ChildFilter, FocusFilter, FrameworkFilter, NodeFilter
from axes.formulas.difference import Said
from axes.models import (
    ActionLine,
    CrossReference,
    FocusHeading,
    Framework,
    Node,
    OperationalResponse,
    PriorityAxis,
    ProblemArea,
    StrategicAction,
    StructuringIdea,
)
from axes.queries.framework import difference_of, said, tree_of
from axes.serializers.framework import (
    ActionLineSerializer,
    DifferenceSerializer,
    FocusHeadingSerializer,
    FrameworkSerializer,
    OperationalResponseSerializer,
    PriorityAxisSerializer,
    ProblemAreaSerializer,
    StrategicActionSerializer,
    StructuringIdeaSerializer,
)
from refamp.base.api.columns import Row
from refamp.base.api.conditional import conditional, digest
from refamp.base.api.errors import BadParameters
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet
from refamp.base.doors import everyone
from refamp.base.sql import Fold

# The doors of those kinds that have one.
PREFIXES: dict[str, str] = {
    NodeKind.STRUCTURING_IDEA: "structuring-ideas",
    NodeKind.PRIORITY_AXIS: "axes",
    NodeKind.PROBLEM_AREA: "problem-areas",
    NodeKind.FOCUS_HEADING: "focus-headings",
    NodeKind.OPERATIONAL_RESPONSE: "operational-responses",
    NodeKind.STRATEGIC_ACTION: "strategic-actions",
    NodeKind.ACTION_LINE: "action-lines",
}
EDITION = OpenApiParameter("framework", str, description="Code of the edition; by default the one in force.")


class FrameworkViewSet(ReadViewSet):
    """The editions: those in force or superseded for everybody, those in consultation for whoever logged in."""

    read_rule = everyone
    scope = "axes"
    serializer_class = FrameworkSerializer
    filterset_class = FrameworkFilter
    lookup_field = "code"
    ordering = ("-made",)
    ordering_fields = {
        "made": Order("id", never_null=True),
        "code": "code",
        "in_force_since": "in_force_since",
        "updated_at": "updated_at",
    }
    search_fields = ("code", "title")

    def queryset_for(self, user: Any) -> QuerySet:
        return Framework.objects.visible_to(user)

    @extend_schema(
        parameters=[OpenApiParameter("with", str, required=True, description="Code of the older edition.")],
        responses=DifferenceSerializer,
    )
    @action(detail=True, extra_parameters=("with",), serializer_class=DifferenceSerializer, filterset_class=None)
    def difference(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """What this edition changed against another: added, dropped, renamed, moved, split."""
        new = self.get_object()
        asked = request.query_params.get("with", "")
        old = self.queryset_for(request.user).filter(code=asked).first()
        if old is None:
            raise BadParameters([("with", "unknown", _("There is no such edition."))])
        found = difference_of(old, new)
        parents = {each.lineage: each.code for edition in (old, new) for each in said(tree_of(edition))}

        def side(each: Said) -> Row:
            return {
                "kind": each.kind,
                "code": each.code,
                "wording": each.wording,
                "parent": parents.get(each.parent) if each.parent else None,
                "lineage": each.lineage,
            }

        response = self.answer(
            {
                "old": old.code,
                "new": new.code,
                "count": found.count,
                "added": [side(each) for each in found.added],
                "dropped": [side(each) for each in found.dropped],
                "renamed": [
                    {"before": side(b), "after": side(a), "fields_changed": list(fields)}
                    for b, a, fields in found.renamed
                ],
                "moved": [{"before": side(b), "after": side(a)} for b, a in found.moved],
                "split": [{"before": side(b), "after": [side(part) for part in parts]} for b, parts in found.split],
            }
        )
        return conditional(request._request, response, f"{new.version}.{digest(response.content)}")


class NodeViewSet(ReadViewSet, abstract=True):
    """The nodes of one kind in one edition (`framework`, by default the one in force)."""

    read_rule = everyone
    scope = "axes"
    filterset_class = NodeFilter
    lookup_field = "code"
    ordering = ("code",)
    ordering_fields = {
        "code": "code",
        "order": "order",
        "wording": Order(Fold("wording"), never_null=True),
        "updated_at": "updated_at",
    }
    search_fields = ("code", "wording")
    columns = {"path": None, "references": None, "statements": None}
    extra_parameters = ("framework",)
    model: type[Node]

    def queryset_for(self, user: Any) -> QuerySet:
        nodes = self.model.objects.visible_to(user)
        code = self.request.query_params.get("framework")
        if code is None:
            return nodes.filter(framework__state="in_force")
        edition = Framework.objects.visible_to(user).filter(code=code).first()
        if edition is None:
            if self.is_detail:
                raise Http404
            raise BadParameters([("framework", "unknown", _("There is no such edition."))])
        return nodes.filter(framework=edition)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Parents, cross-references and, for ideas, their statements: one query each, whatever the number of rows."""
        ancestors = self.ancestors(keys) if self.wants("path") or self.wants("parent") else {}
        references = self.cross_references(keys) if self.wants("references") else {}
        ideas = self.model is StructuringIdea and self.wants("statements")
        statements = self.statements(keys) if ideas else {}
        for row, key in zip(rows, keys, strict=True):
            path = ancestors.get(key, [])
            if "parent" in row and row["parent"] is not None and path:
                row["parent"] = {name: value for name, value in path[-1].items() if name != "kind"}
            if self.wants("path"):
                row["path"] = path
            if self.wants("references"):
                row["references"] = references.get(key, [])
            if ideas:
                row["statements"] = statements.get(key, [])

    def node_reference(self, kind: str, code: str, wording: str) -> Row:
        url = self.address(PREFIXES.get(kind), code)
        edition = self.request.query_params.get("framework")
        if url and edition is not None:
            url += f"?framework={quote(edition)}"
        return {"id": code, "label": wording, "url": url, "kind": kind}

    def ancestors(self, keys: list[Any]) -> dict[Any, list[Row]]:
        steps = ("parent", "parent__parent", "parent__parent__parent")
        paths = [f"{step}__{name}" for step in steps for name in ("kind", "code", "wording")]
        found: dict[Any, list[Row]] = {}
        for key, *values in Node.objects.filter(pk__in=keys).values_list("pk", *paths):
            above = [values[start : start + 3] for start in range(0, len(values), 3)]
            found[key] = [self.node_reference(*each) for each in reversed(above) if each[0] is not None]
        return found

    def cross_references(self, keys: list[Any]) -> dict[Any, list[Row]]:
        wanted = set(keys)
        found: dict[Any, list[Row]] = {}
        rows = (
            CrossReference.objects.filter(Q(source__in=keys) | Q(target__in=keys))
            .select_related("source", "target")
            .order_by("source__kind", "source__code", "target__kind", "target__code", "id")
        )
        for each in rows:
            for here, other, direction in (
                (each.source_id, each.target, "to"),
                (each.target_id, each.source, "from"),
            ):
                if here in wanted:
                    found.setdefault(here, []).append(
                        self.node_reference(other.kind, other.code, other.wording)
                        | {"relation": each.kind, "direction": direction, "origin": each.origin, "note": each.note}
                    )
        return found

    def statements(self, keys: list[Any]) -> dict[Any, list[str]]:
        found: dict[Any, list[str]] = {}
        rows = Node.objects.filter(parent__in=keys, kind=NodeKind.IDEA_STATEMENT).order_by("order", "id")
        for parent, wording in rows.values_list("parent", "wording"):
            found.setdefault(parent, []).append(wording)
        return found


with_edition = extend_schema_view(retrieve=extend_schema(parameters=[EDITION]))


@with_edition
class StructuringIdeaViewSet(NodeViewSet):
    """The five structuring ideas."""

    model = StructuringIdea
    serializer_class = StructuringIdeaSerializer


@with_edition
class PriorityAxisViewSet(NodeViewSet):
    """The priority axes."""

    model = PriorityAxis
    serializer_class = PriorityAxisSerializer


@with_edition
class ProblemAreaViewSet(NodeViewSet):
    """The problem areas of the axes."""

    model = ProblemArea
    serializer_class = ProblemAreaSerializer
    filterset_class = ChildFilter


@with_edition
class FocusHeadingViewSet(NodeViewSet):
    """The printed headings under which responses stand."""

    model = FocusHeading
    serializer_class = FocusHeadingSerializer
    filterset_class = FocusFilter


@with_edition
class OperationalResponseViewSet(NodeViewSet):
    """The operational responses."""

    model = OperationalResponse
    serializer_class = OperationalResponseSerializer
    filterset_class = FocusFilter


@with_edition
class StrategicActionViewSet(NodeViewSet):
    """The strategic actions."""

    model = StrategicAction
    serializer_class = StrategicActionSerializer


@with_edition
class ActionLineViewSet(NodeViewSet):
    """The lines of the strategic actions."""

    model = ActionLine
    serializer_class = ActionLineSerializer
    filterset_class = ChildFilter


def register(router: Router) -> None:
    router.register("frameworks", FrameworkViewSet)
    router.register("structuring-ideas", StructuringIdeaViewSet)
    router.register("axes", PriorityAxisViewSet)
    router.register("problem-areas", ProblemAreaViewSet)
    router.register("focus-headings", FocusHeadingViewSet)
    router.register("operational-responses", OperationalResponseViewSet)
    router.register("strategic-actions", StrategicActionViewSet)
    router.register("action-lines", ActionLineViewSet)

"""Bodies, mandates and partners for other systems."""

from typing import Any, ClassVar

from django.db.models import Case, CharField, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from refamp.base.api.columns import Row
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet, WriteViewSet
from refamp.base.doors import everyone
from refamp.base.sql import Fold
from units.actions.partners import add_partner, change_partner
from units.choices import Position, UnitState
from units.filters.bodies import MandateFilter, PartnerFilter, UnitFilter
from units.models import BodyRule, Mandate, Partner, Partnership, Unit
from units.queries.bodies import in_force_on, keeps_partners_of, visible_mandates
from units.serializers.bodies import MandateSerializer, PartnerSerializer, PartnerWriteSerializer, UnitSerializer

IN_FORCE = Node.objects.filter(framework__state=FrameworkState.IN_FORCE)


class UnitViewSet(ReadViewSet):
    """The bodies of governance: the strategic units, the coordination unit, the Council, the technical team."""

    read_rule = everyone
    scope = "units"
    model = Unit
    serializer_class = UnitSerializer
    filterset_class = UnitFilter
    lookup_field = "code"
    ordering = ("code",)
    ordering_fields: ClassVar[dict[str, Any]] = {
        "code": "code",
        "name": Order(Fold("name"), never_null=True),
        "kind": "kind",
        "updated_at": "updated_at",
    }
    search_fields = ("code", "name")
    columns: ClassVar[dict[str, Any]] = {
        "problem_areas": None,
        "problem_areas_status": Case(
            When(axis_lineage__isnull=True, then=Value("not_applicable")),
            default=None,
            output_field=CharField(null=True),
        ),
        "seats": None,
        "decision_rules": None,
    }

    def queryset_for(self, _user: Any) -> QuerySet:
        axis = IN_FORCE.filter(kind=NodeKind.PRIORITY_AXIS, lineage=OuterRef("axis_lineage"))
        return Unit.objects.annotate(
            axis_code=Subquery(axis.values("code")[:1]), axis_wording=Subquery(axis.values("wording")[:1])
        )

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Problem areas, who sits and the decision rules: one query each, whatever the number of rows."""
        areas: dict[Any, int] = {}
        if self.wants("problem_areas"):
            lineages = dict(Unit.objects.filter(pk__in=keys).values_list("pk", "axis_lineage"))
            found = IN_FORCE.filter(kind=NodeKind.PROBLEM_AREA, parent__lineage__in=[v for v in lineages.values() if v])
            counts = dict(found.values_list("parent__lineage").annotate(n=Count("pk")).order_by("parent__lineage"))
            areas = {key: counts.get(lineage, 0) for key, lineage in lineages.items() if lineage}
        seats: dict[Any, int] = {}
        if self.wants("seats"):
            held = Mandate.objects.filter(in_force_on(timezone.localdate()), unit__in=keys).exclude(
                Q(position=Position.SUBSTITUTE) | Q(unit__state=UnitState.DISSOLVED)
            )
            seats = dict(held.values_list("unit").annotate(n=Count("pk")).order_by("unit"))
        rules: dict[Any, list[Row]] = {}
        if self.wants("decision_rules"):
            for rule in BodyRule.objects.filter(unit__in=keys).order_by("id"):
                rules.setdefault(rule.unit_id, []).append(
                    {"rule": rule.rule, "legal_basis": rule.legal_basis, "is_default": rule.is_default}
                )
        for row, key in zip(rows, keys, strict=True):
            if self.wants("problem_areas"):
                row["problem_areas"] = areas.get(key)
            if self.wants("seats"):
                row["seats"] = seats.get(key, 0)
            if self.wants("decision_rules"):
                row["decision_rules"] = rules.get(key, [])


class MandateViewSet(ReadViewSet):
    """Who sits where today. Who has a mandate, or runs the platform, reads past and coming ones too."""

    read_rule = everyone
    scope = "units"
    model = Mandate
    serializer_class = MandateSerializer
    filterset_class = MandateFilter
    ordering = ("unit",)
    ordering_fields: ClassVar[dict[str, Any]] = {
        "unit": "unit__code",
        "starts_on": "starts_on",
        "municipality": "municipality__code",
        "updated_at": "updated_at",
    }
    search_fields = ("person__name", "unit__name", "municipality__name")
    columns: ClassVar[dict[str, Any]] = {
        "status": Case(
            When(hours_month__isnull=True, then=Value("missing")), default=None, output_field=CharField(null=True)
        )
    }

    def queryset_for(self, user: Any) -> QuerySet:
        return visible_mandates(user)


class PartnerViewSet(WriteViewSet):
    """The area's partners, of the kinds and in the roles that the referential names."""

    read_rule = everyone
    write_rule = keeps_partners_of
    scope = "units"
    model = Partner
    serializer_class = PartnerSerializer
    write_serializer_class = PartnerWriteSerializer
    filterset_class = PartnerFilter
    ordering = ("name",)
    ordering_fields: ClassVar[dict[str, Any]] = {
        "name": Order(Fold("name"), never_null=True),
        "kind": "kind",
        "started_on": "started_on",
        "updated_at": "updated_at",
    }
    search_fields = ("name", "acronym")
    columns: ClassVar[dict[str, Any]] = {"partnerships": None}
    http_method_names = ("get", "head", "options", "post", "patch")

    def queryset_for(self, _user: Any) -> QuerySet:
        return Partner.objects.all()

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        if not self.wants("partnerships"):
            return
        found: dict[Any, list[Row]] = {}
        for each in Partnership.objects.filter(partner__in=keys).select_related("unit").order_by("starts_on", "id"):
            found.setdefault(each.partner_id, []).append(
                {
                    "unit": self.reference(each.unit.code, each.unit.name, "units"),
                    "roles": each.roles,
                    "starts_on": each.starts_on,
                    "ends_on": each.ends_on,
                    "purpose": each.purpose,
                }
            )
        for row, key in zip(rows, keys, strict=True):
            row["partnerships"] = found.get(key, [])

    def may_change(self, user: Any, _obj: Any) -> bool:
        return keeps_partners_of(user)

    def create_object(self, data: dict[str, Any]) -> Partner:
        return add_partner(actor=self.request.user, data=data)

    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> Partner:
        return change_partner(actor=self.request.user, partner=obj, version=version, data=data)


def register(router: Router) -> None:
    router.register("units", UnitViewSet)
    router.register("mandates", MandateViewSet)
    router.register("partners", PartnerViewSet)

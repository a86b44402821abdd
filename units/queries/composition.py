"""Each body with who sits in it, its composition against each rule, and what the referential says of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Q, QuerySet, TextChoices, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from axes.choices import FrameworkState, NodeKind
from axes.models import CrossReference, Node
from axes.queries.framework import ACCENTS
from refamp.base.sql import Fold
from refamp.territory.models import Municipality
from units.choices import Position, UnitKind, UnitState
from units.formulas.bodies import gini, rounded, size_for
from units.models import Composition, Mandate, Partner, Unit
from units.queries.bodies import mandates_in_force, present_municipalities, standing
from units.rules import CHAIRS


class Origin(TextChoices):
    """Where a rule of composition comes from."""

    DOCUMENT = "document", _("the document")
    LAW = "law", _("the law")
    READING = "reading", _("our reading")
    BODY = "body", _("the body's own limits")


@dataclass(frozen=True)
class Seat:
    """Somebody who sits, or is proposed to."""

    name: str
    municipality: Municipality | None
    partner: Partner | None
    position: str
    hours_month: Decimal | None
    is_agreed: bool = True

    @property
    def is_substitute(self) -> bool:
        return self.position == Position.SUBSTITUTE

    @property
    def position_label(self) -> str | Promise:
        return Position(self.position).label

    @property
    def said(self) -> str:
        stands_for = self.municipality or self.partner
        return f"{self.name} ({stands_for})" if stands_for else self.name


@dataclass(frozen=True)
class Check:
    """A rule of composition, whether it is met, and who or what breaks it."""

    code: str
    rule: str | Promise
    origin: Origin
    is_met: bool
    breakers: tuple[str, ...] = ()
    detail: str | Promise = ""


@dataclass
class Body:
    """A unit with who sits in it on a day, the axis it serves, and its composition against each rule."""

    unit: Unit
    axis: Node | None
    problem_areas: list[Node]
    mandates: list[Mandate]
    checks: list[Check] = field(default_factory=list)
    # The municipalities that each have a seat, where the body is the Council.
    places: list[Municipality] = field(default_factory=list)

    @property
    def seats(self) -> list[Mandate]:
        return [mandate for mandate in self.mandates if mandate.position != Position.SUBSTITUTE]

    @property
    def substitutes(self) -> list[Mandate]:
        return [mandate for mandate in self.mandates if mandate.position == Position.SUBSTITUTE]

    @property
    def most(self) -> int:
        """How many may sit: no more than its limit, and than its problem areas ask for."""
        return min(self.unit.members_max, self.size[1]) if self.size else self.unit.members_max

    @property
    def seats_left(self) -> int:
        return max(0, self.most - len(self.seats))

    @property
    def broken(self) -> list[Check]:
        return [check for check in self.checks if not check.is_met]

    @property
    def broken_rules(self) -> list[Check]:
        """Those that are more than our reading of a text."""
        return [check for check in self.broken if check.origin != Origin.READING]

    @property
    def accent(self) -> str:
        return ACCENTS.get(self.axis.code, "") if self.axis else ""

    @property
    def size(self) -> tuple[int, int] | None:
        """How many its problem areas ask for, by our reading."""
        return size_for(len(self.problem_areas)) if self.unit.kind == UnitKind.STRATEGIC and self.axis else None


def seat_of(mandate: Mandate) -> Seat:
    return Seat(
        mandate.person.name,
        mandate.municipality,
        mandate.partner,
        mandate.position,
        mandate.hours_month,
        mandate.deliberation_id is not None,
    )


def proposed_seats(composition: Composition) -> list[Seat]:
    found = composition.seats.select_related("person", "municipality", "partner").order_by("pk")
    return [Seat(s.person.name, s.municipality, s.partner, s.position, s.hours_month) for s in found]


def bodies_on(day: date, **only: Any) -> list[Body]:
    """The bodies that stand, each with who sits in it and what its rules say, by four queries whatever their number.

    One that is asked for by its code or key is there even if it was dissolved: without people or rules to keep.
    """
    asked = standing() if not {"code", "pk"} & set(only) else Unit.objects.all()
    units = list(asked.filter(**only))
    mandates: dict[int, list[Mandate]] = {}
    sitting = mandates_in_force(day=day).filter(unit__in=units).exclude(unit__state=UnitState.DISSOLVED)
    for mandate in in_seating_order(sitting):
        mandates.setdefault(mandate.unit_id, []).append(mandate)
    axes, areas = axes_and_areas()
    # Only the Council has a seat for each.
    places = list(present_municipalities()) if any(unit.kind == UnitKind.COUNCIL for unit in units) else []
    found = []
    for unit in sorted(units, key=lambda unit: (KIND_ORDER[UnitKind(unit.kind)], unit.code)):
        axis = axes.get(unit.axis_lineage) if unit.axis_lineage else None
        body = Body(unit, axis, areas.get(axis.pk, []) if axis else [], mandates.get(unit.pk, []), places=places)
        if unit.state != UnitState.DISSOLVED:
            body.checks = checks_of(body, [seat_of(mandate) for mandate in body.mandates], places)
        found.append(body)
    return found


KIND_ORDER = {
    UnitKind.COUNCIL: 0,
    UnitKind.COORDINATION: 1,
    UnitKind.STRATEGIC: 2,
    UnitKind.TECHNICAL_TEAM: 3,
}


def in_seating_order(mandates: QuerySet[Mandate]) -> QuerySet[Mandate]:
    """Who chairs first, then by municipality, then by name; substitutes last."""
    order = [When(position=position, then=place) for place, position in enumerate(Position.values)]
    return mandates.annotate(place=Case(*order, default=99)).order_by(
        "place", Fold("municipality__name"), Fold("person__name"), "pk"
    )


def axes_and_areas() -> tuple[dict[UUID, Node], dict[int, list[Node]]]:
    """The axes of the edition in force by lineage, and their problem areas by the axis's key; one query."""
    nodes = Node.objects.filter(
        framework__state=FrameworkState.IN_FORCE, kind__in=[NodeKind.PRIORITY_AXIS, NodeKind.PROBLEM_AREA]
    ).select_related("framework")
    axes: dict[UUID, Node] = {}
    areas: dict[int, list[Node]] = {}
    for node in nodes.order_by("order", "id"):
        if node.kind == NodeKind.PRIORITY_AXIS:
            axes[node.lineage] = node
        elif node.parent_id is not None:
            areas.setdefault(node.parent_id, []).append(node)
    return axes, areas


def checks_of(body: Body, seats: Sequence[Seat], places: Sequence[Municipality]) -> list[Check]:
    """Each rule of a body's kind against who sits (or is proposed) in it."""
    sitting = [seat for seat in seats if not seat.is_substitute]
    kind = body.unit.kind
    if kind == UnitKind.COUNCIL:
        return council_checks(sitting, places)
    found = size_checks(body, len(sitting))
    if kind == UnitKind.STRATEGIC:
        found += strategic_checks(sitting)
    elif kind == UnitKind.COORDINATION:
        found += coordination_checks(body.unit, sitting)
    found.append(
        Check(
            "chaired",
            _("Somebody coordinates it"),
            Origin.READING,
            any(seat.position in CHAIRS for seat in sitting),
        )
    )
    return found


def size_checks(body: Body, number: int) -> list[Check]:
    unit = body.unit
    origin = Origin.DOCUMENT if unit.kind == UnitKind.STRATEGIC else Origin.BODY
    found = [
        Check(
            "fewest",
            ngettext_lazy("At least %(number)s member", "At least %(number)s members", unit.members_min)
            % {"number": unit.members_min},
            origin,
            number >= unit.members_min,
            detail=_("%(number)s sit") % {"number": number},
        ),
        Check(
            "most",
            _("At most %(number)s members") % {"number": unit.members_max},
            origin,
            number <= unit.members_max,
            detail=_("%(number)s sit") % {"number": number},
        ),
    ]
    if body.size is not None:
        low, high = body.size
        asked = str(low) if low == high else _("%(low)s or %(high)s") % {"low": low, "high": high}
        found.append(
            Check(
                "sized",
                _("Sized to the problem areas of its axis: %(areas)s ask for %(asked)s members")
                % {"areas": len(body.problem_areas), "asked": asked},
                Origin.READING,
                low <= number <= high,
                detail=_("too small") if number < low else _("too large") if number > high else "",
            )
        )
    return found


def strategic_checks(sitting: Sequence[Seat]) -> list[Check]:
    strangers = tuple(seat.said for seat in sitting if seat.municipality is None)
    places = [seat.municipality for seat in sitting if seat.municipality]
    twice = tuple(sorted({str(place) for place in places if places.count(place) > 1}))
    by_act = tuple(seat.said for seat in sitting if not seat.is_agreed)
    return [
        Check(
            "municipal",
            _("Made of representatives of municipalities"),
            Origin.DOCUMENT,
            not strangers,
            strangers,
        ),
        Check("agreed", _("Agreed by the seventeen, by deliberation"), Origin.DOCUMENT, not by_act, by_act),
        Check("shared", _("No municipality sits in it twice"), Origin.READING, not twice, twice),
    ]


def coordination_checks(unit: Unit, sitting: Sequence[Seat]) -> list[Check]:
    today = timezone.localdate()
    gone = tuple(seat.said for seat in sitting if seat.partner and (seat.partner.ended_on or today) < today)
    lacking = [
        str(label)
        for label, present in (
            (_("the area's technical team"), any(not s.municipality and not s.partner for s in sitting)),
            (_("municipalities"), any(s.municipality for s in sitting)),
            (_("partners of running projects"), any(s.partner for s in sitting)),
        )
        if not present
    ]
    return [
        Check(
            "three_parts",
            _("At first made of the area's technical team, municipalities and partners of running projects"),
            Origin.DOCUMENT,
            not unit.is_transitory or not lacking,
            tuple(lacking),
            _("nobody yet of") if lacking else "",
        ),
        Check(
            "effective",
            _("Its effective composition is agreed by the seventeen"),
            Origin.DOCUMENT,
            not unit.is_transitory,
            detail=_("transitory composition") if unit.is_transitory else "",
        ),
        Check(
            "partners_stay",
            _("Who sits for a partner sits for one that still is"),
            Origin.READING,
            not gone,
            gone,
        ),
    ]


def council_checks(sitting: Sequence[Seat], places: Sequence[Municipality]) -> list[Check]:
    held = [seat.municipality.pk for seat in sitting if seat.municipality]
    empty = tuple(str(place) for place in places if place.pk not in held)
    twice = tuple(str(place) for place in places if held.count(place.pk) > 1)
    return [
        Check(
            "every_municipality",
            _("Each of the %(number)s municipalities sits in it") % {"number": len(places)},
            Origin.READING,
            not empty,
            empty,
            _("nobody sits for") if empty else "",
        ),
        Check("one_each", _("One seat per municipality"), Origin.READING, not twice, twice),
        Check(
            "president",
            _("It has a president"),
            Origin.LAW,
            any(seat.position == Position.PRESIDENT for seat in sitting),
            detail=_("Administrative Procedure Code, article 21"),
        ),
        Check(
            "secretary",
            _("It has a secretary"),
            Origin.LAW,
            any(seat.position == Position.SECRETARY for seat in sitting),
            detail=_("Administrative Procedure Code, article 21"),
        ),
    ]


def sitting_nowhere(bodies: Iterable[Body], places: Iterable[Municipality]) -> list[Municipality]:
    """Municipalities without a seat in any body but the Council."""
    held = {
        mandate.municipality_id
        for body in bodies
        if body.unit.kind != UnitKind.COUNCIL
        for mandate in body.seats
        if mandate.municipality_id
    }
    return [place for place in places if place.pk not in held]


@dataclass(frozen=True)
class WithIt:
    """What a proposed composition would make of the whole: who would sit nowhere, and the Gini of seats before, after.

    None where there is no seat to share.
    """

    nowhere: list[Municipality]
    gini_before: Decimal | None
    gini_after: Decimal | None


def with_composition(
    bodies: Sequence[Body], body: Body, seats: Sequence[Seat], places: Sequence[Municipality]
) -> WithIt:
    """The seats of every body but the Council, with those of one body as proposed; no query."""

    def shared(own: Iterable[Seat]) -> dict[int, int]:
        held = {place.pk: 0 for place in places}
        others = (
            seat_of(mandate)
            for each in bodies
            if each.unit.pk != body.unit.pk and each.unit.kind != UnitKind.COUNCIL
            for mandate in each.mandates
        )
        for seat in (*others, *own):
            if seat.municipality and seat.municipality.pk in held and not seat.is_substitute:
                held[seat.municipality.pk] += 1
        return held

    before, after = shared(map(seat_of, body.mandates)), shared(seats)
    return WithIt(
        [place for place in places if not after[place.pk]],
        rounded(gini(list(before.values())), 3),
        rounded(gini(list(after.values())), 3),
    )


def out_of_rule(day: date | None = None) -> list[Body]:
    """The bodies that break a rule of the document, of the law or of their own."""
    return [body for body in bodies_on(day or timezone.localdate()) if body.broken_rules]


# What the referential says of a body ----------------------------------------------------------------------------------

BODY_NODES = {
    UnitKind.STRATEGIC: "3.3.1",
    UnitKind.COORDINATION: "3.3.2",
    UnitKind.COUNCIL: "3.3.3",
    UnitKind.TECHNICAL_TEAM: "3.3.2",
}


@dataclass(frozen=True)
class Function:
    """A function that the document gives a body, and what it answers or upholds."""

    node: Node
    serves: list[Node]


def functions_of(unit: Unit) -> list[Function]:
    """The functions of a body in the edition in force, each with what it answers; what the body itself upholds last."""
    if unit.kind not in {UnitKind.COORDINATION, UnitKind.COUNCIL}:
        return []
    edition = Node.objects.filter(framework__state=FrameworkState.IN_FORCE)
    head = edition.filter(kind=NodeKind.GOVERNING_BODY, code=BODY_NODES[UnitKind(unit.kind)])
    nodes = list(
        edition.filter(Q(pk__in=head) | Q(parent__in=head, kind=NodeKind.BODY_FUNCTION))
        .select_related("framework")
        .order_by("order", "id")
    )
    serves: dict[int, list[Node]] = {}
    for reference in (
        CrossReference.objects.filter(source__in=nodes)
        .select_related("target__framework")
        .order_by("target__order", "id")
    ):
        serves.setdefault(reference.source_id, []).append(reference.target)
    nodes.sort(key=lambda node: node.kind == NodeKind.GOVERNING_BODY)
    return [
        Function(node, serves.get(node.pk, []))
        for node in nodes
        if node.kind == NodeKind.BODY_FUNCTION or serves.get(node.pk)
    ]

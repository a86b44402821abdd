"""How evenly the effort is shared over the seventeen: seats, hours, actions led, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Q, Sum

from refamp.territory.models import Municipality
from units.choices import UNCOUNTED_ACTION, ActionScope, BudgetSource, Position, UnitKind, UnitState
from units.formulas.bodies import Amount, gini, lorenz, rounded
from units.models import Action, ActionPlace, BudgetLine
from units.queries.bodies import mandates_in_force, present_municipalities


@dataclass
class Effort:
    """What a municipality gives: seats, hours a month, actions it leads and money in a year. Money is euro, exact.

    `hours` is None where a seat of theirs does not say how many.
    """

    place: Municipality
    seats: int = 0
    hours: Decimal | None = Decimal(0)
    actions: int = 0
    money: Fraction = Fraction(0)

    @property
    def euro(self) -> Decimal | None:
        return rounded(self.money, 2)


@dataclass(frozen=True)
class Spread:
    """How evenly one kind of effort is shared: its total, its Gini coefficient, its Lorenz curve."""

    total: Decimal | int | None
    gini: Decimal | None
    points: list[tuple[Decimal | None, Decimal | None]]
    known: int


def spread_of(values: Sequence[Amount | None]) -> Spread:
    known = [value for value in values if value is not None]
    curve = lorenz(known)
    total = sum((Fraction(value) for value in known), Fraction(0))
    return Spread(
        total=rounded(total, 2) if total.denominator != 1 else int(total),
        gini=rounded(gini(known), 3),
        points=[(rounded(x * 100, 2), rounded(y * 100, 2)) for x, y in curve] if curve else [],
        known=len(known),
    )


def efforts(day: date, year: int) -> list[Effort]:
    """What each of the seventeen gives, the Council apart: there each has its one seat.

    Money is the municipal budget of the actions of approved plans in the year. Plans do not say which municipality
    pays what, so an action's municipal money is read in equal parts: among the municipalities that take part in it, or
    among the seventeen where it is the area's.
    """
    places = list(present_municipalities())
    found = {place.pk: Effort(place) for place in places}
    mandates = mandates_in_force(day=day).exclude(
        Q(unit__kind=UnitKind.COUNCIL) | Q(unit__state=UnitState.DISSOLVED) | Q(position=Position.SUBSTITUTE)
    )
    for key, hours in mandates.filter(municipality__in=found).values_list("municipality_id", "hours_month"):
        effort = found[key]
        effort.seats += 1
        effort.hours = None if hours is None or effort.hours is None else effort.hours + hours
    running = Action.objects.approved().filter(plan__year=year).exclude(state__in=sorted(UNCOUNTED_ACTION))
    for key, number in running.filter(lead__in=found).values_list("lead").annotate(n=Count("pk")).order_by("lead"):
        found[key].actions = number
    sums = (
        BudgetLine.objects.filter(action__in=running, year=year, source=BudgetSource.MUNICIPAL)
        .values_list("action", "action__scope")
        .annotate(total=Sum("amount"))
        .order_by("action")
    )
    rows = list(sums)
    parts: dict[int, list[int]] = {}
    for action, place in ActionPlace.objects.filter(action__in=[row[0] for row in rows]).values_list(
        "action_id", "municipality_id"
    ):
        if place in found:
            parts.setdefault(action, []).append(place)
    for action, scope, total in rows:
        shared = list(found) if scope == ActionScope.SUPRAMUNICIPAL else parts.get(action) or list(found)
        for key in shared:
            found[key].money += Fraction(total) / len(shared)
    return list(found.values())

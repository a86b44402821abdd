"""Bodies: who sits where, on which day; what each rule of composition says; how the effort is shared."""

from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from units.choices import Position, UnitKind, UnitState
from units.models import Mandate, Unit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser

CACHE = "_mandates_by_day"


def in_force_on(day: date) -> Q:
    """Mandates whose first and last day hold this one between them."""
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def mandates_of(user: "Person", day: date | None = None) -> frozenset[tuple[int, str, int | None]]:
    """(unit key, position, municipality key) of each mandate in force on a day, today if none is named.

    One query, kept on the user object, so once per request. Nobody who is not logged in or not active has any; a token
    made for one municipality carries only the mandates that stand for it.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    day = day or timezone.localdate()
    kept: dict[date, frozenset[tuple[int, str, int | None]]] = user.__dict__.setdefault(CACHE, {})
    if day not in kept:
        held = Mandate.objects.filter(in_force_on(day), person=user).exclude(unit__state=UnitState.DISSOLVED)
        if user.acts_only_for is not None:
            held = held.filter(municipality=user.acts_only_for)
        kept[day] = frozenset(held.order_by().values_list("unit_id", "position", "municipality_id"))
    return kept[day]


def forget_mandates(user: "Person") -> None:
    """What was kept on this object no longer holds: a mandate of theirs has just begun or ended."""
    user.__dict__.pop(CACHE, None)


def mandates_in_force(unit: Unit | None = None, day: date | None = None) -> QuerySet[Mandate]:
    """Everybody who sits on a day, substitutes included, with whom they stand for."""
    found = Mandate.objects.filter(in_force_on(day or timezone.localdate())).select_related(
        "unit", "person", "municipality", "partner"
    )
    return found if unit is None else found.filter(unit=unit)


def seats_of(unit: Unit, day: date | None = None) -> QuerySet[Mandate]:
    """Who holds a seat on a day: everybody but the substitutes."""
    return mandates_in_force(unit, day).exclude(position=Position.SUBSTITUTE)


def standing() -> QuerySet[Unit]:
    """The bodies that were not dissolved."""
    return Unit.objects.exclude(state=UnitState.DISSOLVED)


def council() -> Unit | None:
    """The Council of Councillors; None before the founding set-up."""
    return standing().filter(kind=UnitKind.COUNCIL).first()


def coordination_unit() -> Unit | None:
    """The coordination unit; None before the founding set-up."""
    return standing().filter(kind=UnitKind.COORDINATION).first()

"""Bodies: who sits where, on which day; what each rule of composition says; how the effort is shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import Max, Prefetch, Q, QuerySet
from django.utils import timezone

from refamp.accounts.rules import is_coordination
from refamp.territory.models import Municipality
from units.choices import (
    CLOSED_DELIBERATION,
    PRESENT,
    DeliberationState,
    MeetingState,
    Position,
    UnitKind,
    UnitState,
)
from units.models import Attendance, Composition, Deliberation, Mandate, Meeting, Partner, Partnership, Unit
from units.rules import (
    chairs,
    edits_bodies,
    is_secretariat,
    keeps_council,
    keeps_partners,
    keeps_unit,
    names_councillors,
    proposes_compositions,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser

CACHE = "_mandates_by_day"
KEYS = "_body_keys"
FOUNDING_GOVERNANCE = Path(__file__).resolve().parent.parent / "data" / "governance-2014.json"


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
    user.__dict__.pop(KEYS, None)


def mandates_in_force(unit: Unit | None = None, day: date | None = None) -> QuerySet[Mandate]:
    """Everybody who sits on a day, substitutes included, with whom they stand for."""
    found = Mandate.objects.filter(in_force_on(day or timezone.localdate())).select_related(
        "unit", "person", "municipality", "partner", "deliberation"
    )
    return found if unit is None else found.filter(unit=unit)


def seats_of(unit: Unit, day: date | None = None) -> QuerySet[Mandate]:
    """Who holds a seat on a day: everybody but the substitutes."""
    return mandates_in_force(unit, day).exclude(position=Position.SUBSTITUTE)


def in_session_on_or_after(unit: Unit, day: date) -> Meeting | None:
    """A meeting of a body that is in session on this day or later: under it, nobody's seat changes."""
    open_now = Meeting.objects.filter(unit=unit, state=MeetingState.IN_SESSION).order_by("-starts_at").first()
    if open_now is None:
        return None
    # Called for one day and gone past midnight, or held on second call: both days are the meeting's.
    return open_now if day <= max(timezone.localdate(open_now.starts_at), timezone.localdate()) else None


def last_used(mandates: Sequence[int]) -> date | None:
    """The last day on which one of these mandates (by key) took part in a meeting, in its seat or in another's."""
    last = Attendance.objects.filter(
        Q(mandate__in=mandates) | Q(substitute__in=mandates),
        presence__in=sorted(PRESENT),
        meeting__state__in=[MeetingState.IN_SESSION, MeetingState.CLOSED],
    ).aggregate(last=Max("meeting__starts_at"))["last"]
    return timezone.localdate(last) if last else None


def standing() -> QuerySet[Unit]:
    """The bodies that were not dissolved."""
    return Unit.objects.exclude(state=UnitState.DISSOLVED)


def council() -> Unit | None:
    """The Council of Councillors; None before the founding set-up."""
    return standing().filter(kind=UnitKind.COUNCIL).first()


def coordination_unit() -> Unit | None:
    """The coordination unit; None before the founding set-up."""
    return standing().filter(kind=UnitKind.COORDINATION).first()


def present_municipalities() -> QuerySet[Municipality]:
    """The seventeen of today, in alphabetical order."""
    return Municipality.objects.filter(valid_to__isnull=True)


# Who may --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """The keys of the two bodies that rules ask for."""

    council: int | None
    coordination: int | None


def body_keys() -> Keys:
    rows = standing().filter(kind__in=[UnitKind.COUNCIL, UnitKind.COORDINATION]).values_list("kind", "pk")
    by_kind = dict(rows)
    return Keys(by_kind.get(UnitKind.COUNCIL), by_kind.get(UnitKind.COORDINATION))


def keys_for(user: "Person") -> Keys:
    """The same, read once per request."""
    kept: Keys = user.__dict__.get(KEYS) or body_keys()
    user.__dict__[KEYS] = kept
    return kept


def keeps_council_of(user: "Person", _unit: Unit | None = None) -> bool:
    if not mandates_of(user):
        return False
    keys = keys_for(user)
    return keeps_council(mandates_of(user), council=keys.council, coordination=keys.coordination)


def names_councillors_for(user: "Person") -> bool:
    held = mandates_of(user)
    if not held:
        return False
    keys = keys_for(user)
    return names_councillors(held, council=keys.council, coordination=keys.coordination)


def ends_mandates_in(user: "Person", unit: Unit) -> bool:
    """Note down who left a body: who chairs it and the coordination unit's secretariat; in the Council, its own."""
    held = mandates_of(user)
    if not held:
        return False
    if unit.kind == UnitKind.COUNCIL:
        return names_councillors_for(user)
    coordination = keys_for(user).coordination
    return chairs(held, unit.pk) or (coordination is not None and is_secretariat(held, coordination))


def keeps_unit_of(user: "Person", unit: Unit) -> bool:
    """Keep a body's partnerships and what it decides."""
    held = mandates_of(user)
    if not held:
        return False
    keys = keys_for(user)
    if unit.pk == keys.council:
        return keeps_council(held, council=keys.council, coordination=keys.coordination)
    return keeps_unit(held, unit.pk, coordination=keys.coordination)


def edits_bodies_of(user: "Person") -> bool:
    held = mandates_of(user)
    return bool(held) and edits_bodies(held, coordination=keys_for(user).coordination)


def proposes_compositions_for(user: "Person") -> bool:
    held = mandates_of(user)
    if not held:
        return False
    keys = keys_for(user)
    if proposes_compositions(held, council=keys.council, coordination=keys.coordination, is_vacant=False):
        return True
    vacant = keys.coordination is None or not mandates_in_force().filter(unit=keys.coordination).exists()
    return proposes_compositions(held, council=keys.council, coordination=keys.coordination, is_vacant=vacant)


def has_mandate(user: "Person") -> bool:
    """Who sits in a body today; of which plan they write, the actions say."""
    return bool(mandates_of(user))


def keeps_partners_of(user: "Person") -> bool:
    held = mandates_of(user)
    coordination = keys_for(user).coordination if held else None
    return keeps_partners(user, held, coordination=coordination)


def may_found(unit: Unit) -> bool:
    """Whether a body can still be named by an act: never constituted, and no Council sits.

    The coordination unit comes first: once the Council sits, only a deliberation names people.
    """
    if unit.kind not in {UnitKind.COUNCIL, UnitKind.COORDINATION} or unit.state != UnitState.PROPOSED:
        return False
    return not council_sits()


def named_before(unit: Unit) -> Unit | None:
    """The body that has to be entered before this one: before the Council, the coordination unit."""
    if unit.kind != UnitKind.COUNCIL:
        return None
    return Unit.objects.filter(kind=UnitKind.COORDINATION, state=UnitState.PROPOSED).first()


def council_sits() -> bool:
    """Whether the Council was ever constituted."""
    return Unit.objects.filter(kind=UnitKind.COUNCIL).exclude(state=UnitState.PROPOSED).exists()


# Proposed compositions ------------------------------------------------------------------------------------------------


def standing_deliberation(composition: Composition) -> Deliberation | None:
    """The deliberation that holds a proposal: on an agenda, being voted, or awaiting the Metropolitan Council."""
    return (
        composition.deliberations.exclude(
            state__in=[
                DeliberationState.WITHDRAWN,
                DeliberationState.NO_QUORUM,
                DeliberationState.POSTPONED,
                DeliberationState.FAILED,
            ]
        )
        .select_related("item__meeting")
        .order_by("-pk")
        .first()
    )


def compositions(user: "Person") -> QuerySet[Composition]:
    """Decided ones are for everybody, as are those on the agenda of a meeting; open ones for who has a mandate."""
    found = Composition.objects.select_related("unit", "proposed_by").order_by("-pk")
    if is_coordination(user) or mandates_of(user):
        return found
    return found.filter(Q(is_agreed__isnull=False) | Q(deliberations__state__in=sorted(CLOSED_DELIBERATION))).distinct()


# Of somebody ----------------------------------------------------------------------------------------------------------


def bodies_of(user: "Person") -> list[Mandate]:
    """A person's own mandates in force, with their bodies."""
    if not user.is_authenticated:
        return []
    return list(
        mandates_in_force()
        .filter(person=user)
        .exclude(unit__state=UnitState.DISSOLVED)
        .order_by("unit__kind", "unit__code")
    )


def partners_listed() -> QuerySet[Partner]:
    """Partners with where they have their seat and in which units they work."""
    return Partner.objects.select_related("municipality").prefetch_related(
        Prefetch("partnerships", Partnership.objects.select_related("unit").order_by("unit__code", "starts_on"))
    )


def visible_mandates(user: "Person") -> QuerySet[Mandate]:
    """Those in force are for everybody; past and coming ones for who has a mandate or runs the platform."""
    if is_coordination(user) or mandates_of(user):
        return Mandate.objects.all()
    return Mandate.objects.filter(in_force_on(timezone.localdate()))

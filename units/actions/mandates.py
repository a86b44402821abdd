"""Who sits where: mandates begin by an act or a deliberation, and end on a day and for a reason; none is deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.actions import create_account
from refamp.accounts.models import User
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused, Stale
from units.choices import EndReason, Position, UnitKind, UnitState
from units.models import Deliberation, Mandate, Unit
from units.queries.bodies import council, forget_mandates, keeps_council_of, keeps_unit_of, present_municipalities
from units.queries.seating import Seated
from units.rules import may_end_mandate

ONE_DAY = timedelta(days=1)
REPEATABLE = {Position.MEMBER, Position.SUBSTITUTE}


def locked_unit(unit: Unit, version: int | None = None) -> Unit:
    """The body, locked: whoever changes who sits in it waits here."""
    found = Unit.objects.select_for_update().get(pk=unit.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def locked_mandate(mandate: Mandate, version: int | None = None) -> Mandate:
    """A mandate, locked after its body."""
    locked_unit(mandate.unit)
    found = (
        Mandate.objects.select_for_update(of=("self",))
        .select_related("unit", "person", "municipality")
        .get(pk=mandate.pk)
    )
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def label_of(mandate: Mandate) -> str:
    """How the record names a mandate: never by the person's name, which must remain erasable."""
    stands_for = mandate.municipality or mandate.partner
    return " · ".join(str(part) for part in (mandate.unit.code, stands_for, mandate.get_position_display()) if part)


def account_of(actor: User | None, seat: Seated) -> User:
    """The account with this address; where there is none, one that cannot log in until its password is chosen."""
    email = seat.email.strip().lower()
    found = User.objects.filter(email=email).first()
    if found is not None:
        if found.erased_at is not None or not found.is_active:
            raise Refused(
                _("The account %(email)s is not active: make it active first.") % {"email": email}, code="inactive"
            )
        return found
    return create_account(actor=actor, email=email, name=seat.name)


def check_seats(unit: Unit, seats: Sequence[Seated]) -> None:
    """What no composition may be. What is only unwise (size, balance) is said on the page and left to the seventeen."""
    if not seats:
        raise Refused(_("Name at least one person."), code="empty")
    for seat in seats:
        check_person(seat)
    emails = [seat.email.strip().lower() for seat in seats]
    twice = sorted({email for email in emails if emails.count(email) > 1})
    if twice:
        raise Refused(_("Named twice: %(who)s.") % {"who": ", ".join(twice)}, code="twice")
    for position in Position:
        if position not in REPEATABLE and sum(seat.position == position for seat in seats) > 1:
            raise Refused(_("There can be only one %(position)s.") % {"position": position.label}, code="one_of_a_kind")
    if unit.kind == UnitKind.COUNCIL:
        check_council(seats)
    elif unit.kind == UnitKind.STRATEGIC:
        strangers = [seat.name for seat in seats if seat.municipality is None]
        if strangers:
            raise Refused(
                _("A strategic unit is made of representatives of municipalities: %(who)s.")
                % {"who": ", ".join(strangers)},
                code="not_a_municipality",
            )


def check_person(seat: Seated) -> None:
    """A name, an address that can be written to, and one thing to stand for."""
    if not seat.name.strip():
        raise Refused(_("Each person has a name."), code="no_name")
    try:
        validate_email(seat.email.strip())
    except ValidationError as error:
        raise Refused(_("“%(email)s” is not an e-mail address.") % {"email": seat.email}, code="email") from error
    if seat.municipality and seat.partner:
        raise Refused(_("A mandate stands for a municipality or for a partner, not for both."), code="stands_for_two")


def check_council(seats: Sequence[Seated]) -> None:
    """Every municipality sits, each once; a substitute stands for one too."""
    present = {place.pk: place for place in present_municipalities()}
    sitting = [seat.municipality.pk if seat.municipality else None for seat in seats if not is_substitute(seat)]
    if None in sitting or any(seat.municipality is None for seat in seats):
        raise Refused(_("A seat of the Council is a municipality's."), code="not_a_municipality")
    missing = [str(place) for key, place in present.items() if key not in sitting]
    if missing:
        raise Refused(_("No councillor yet for: %(places)s.") % {"places": ", ".join(missing)}, code="missing")
    twice = [str(place) for key, place in present.items() if sitting.count(key) > 1]
    if twice:
        raise Refused(_("More than one councillor for: %(places)s.") % {"places": ", ".join(twice)}, code="two_seats")


def is_substitute(seat: Seated) -> bool:
    return seat.position == Position.SUBSTITUTE


def begin_mandates(
    *,
    actor: User | None,
    unit: Unit,
    seats: Iterable[Seated],
    starts_on: date,
    act: str = "",
    deliberation: Deliberation | None = None,
) -> list[Mandate]:
    """Seat people from a day on, in the caller's transaction, which holds the body's lock."""
    made = []
    for seat in seats:
        person = account_of(actor, seat)
        mandate = Mandate(
            unit=unit,
            person=person,
            municipality=seat.municipality,
            partner=seat.partner,
            position=seat.position,
            is_seat=unit.kind == UnitKind.COUNCIL and not is_substitute(seat),
            starts_on=starts_on,
            hours_month=seat.hours_month,
            act=act,
            deliberation=deliberation,
        )
        write(mandate)
        forget_mandates(person)
        record(
            actor=actor,
            action="mandate.begun",
            obj=mandate,
            after={
                "unit": unit.code,
                "person": CHANGED,
                "municipality": seat.municipality and seat.municipality.code,
                "partner": seat.partner and seat.partner.name,
                "position": seat.position,
                "from": starts_on,
                "hours_month": seat.hours_month,
            },
            reason=act or str(deliberation or ""),
            label=label_of(mandate),
        )
        made.append(mandate)
    return made


def write(mandate: Mandate) -> None:
    """Save a mandate; what the database refuses is said in words."""
    try:
        with transaction.atomic():
            mandate.save(force_insert=True)
    except IntegrityError as error:
        for name, message in (
            (
                "no_overlapping_mandates_of_a_person_in_a_unit",
                _("%(who)s already has a mandate in this unit in these days."),
            ),
            (
                "one_sitting_councillor_per_municipality",
                _("%(who)s: this municipality already has a sitting councillor in these days."),
            ),
        ):
            if name in str(error):
                raise Refused(message % {"who": mandate.person.name}, code="overlap") from error
        raise


def unended(unit: Unit, day: date) -> Any:
    """The mandates of a body that would still be in force on a day or begin later."""
    return Mandate.objects.filter(unit=unit).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def close(mandate: Mandate, *, actor: User | None, last: date, reason: str, act: str) -> Mandate:
    """Give a mandate its last day, with its record, in the caller's transaction."""
    before = {"ends_on": mandate.ends_on, "end_reason": mandate.end_reason}
    mandate.ends_on, mandate.end_reason, mandate.end_act = last, reason, act
    mandate.version += 1
    mandate.save(update_fields=["ends_on", "end_reason", "end_act", "version", "updated_at"])
    forget_mandates(mandate.person)
    record(
        actor=actor,
        action="mandate.ended",
        obj=mandate,
        before=before,
        after={"ends_on": last, "end_reason": reason},
        reason=act,
        label=label_of(mandate),
    )
    return mandate


def end_all(*, actor: User | None, unit: Unit, first_day_after: date, reason: str, act: str) -> list[Mandate]:
    """End everybody's mandate in a body the day before another one begins."""
    ended = []
    for mandate in unended(unit, first_day_after).select_related("unit", "person", "municipality", "partner"):
        if mandate.starts_on >= first_day_after:
            raise Refused(
                _("A mandate that begins on or after that day is already recorded (%(day)s).")
                % {"day": mandate.starts_on.isoformat()},
                code="later_mandate",
            )
        ended.append(close(mandate, actor=actor, last=first_day_after - ONE_DAY, reason=reason, act=act))
    return ended


# The Council ----------------------------------------------------------------------------------------------------------


def check_keeps_council(actor: User | None, unit: Unit) -> None:
    if actor is not None and not keeps_council_of(actor, unit):
        raise NotAllowed


@dataclass(frozen=True)
class Elected:
    """What one election did."""

    ended: list[Mandate]
    begun: list[Mandate]


@transaction.atomic
def hold_election(*, actor: User | None, day: date, act: str, seats: Sequence[Seated]) -> Elected:
    """Change the whole Council in one step: old mandates end the day before, reason election; new ones begin.

    Raises Refused where a municipality has no councillor or two, or where something later is already recorded.
    """
    present = council()
    if present is None or present.state != UnitState.CONSTITUTED:
        raise Refused(_("The first Council is entered at set-up."), code="not_constituted")
    unit = locked_unit(present)
    check_keeps_council(actor, unit)
    if not act.strip():
        raise Refused(_("Say which act names them."), code="act", field="act")
    check_seats(unit, seats)
    ended = end_all(actor=actor, unit=unit, first_day_after=day, reason=EndReason.ELECTION, act=act.strip())
    begun = begin_mandates(actor=actor, unit=unit, seats=seats, starts_on=day, act=act.strip())
    record(
        actor=actor,
        action="council.elected",
        obj=unit,
        before={"mandates": len(ended)},
        after={"mandates": len(begun), "from": day},
        reason=act.strip(),
    )
    return Elected(ended, begun)


@transaction.atomic
def undo_election(*, actor: User | None, begun: Sequence[str], ended: Sequence[str]) -> int:
    """Take an election back as if it had not been entered, while nobody has yet acted by the new mandates."""
    unit = locked_unit(council_or_refuse())
    check_keeps_council(actor, unit)
    new = Mandate.objects.select_for_update(of=("self",)).filter(public_id__in=begun, unit=unit)
    if new.filter(ends_on__isnull=False).exists():
        raise Refused(_("One of the new mandates has ended since: it cannot be undone."), code="moved_on")
    for mandate in new.select_related("unit", "municipality", "partner"):
        record(actor=actor, action="mandate.undone", obj=mandate, label=label_of(mandate))
    try:
        with transaction.atomic(), pgtrigger.ignore("units.Mandate:mandates_are_ended_never_deleted"):
            count, _kinds = new.delete()
    except ProtectedError as error:
        raise Refused(_("Somebody has already acted by one of the new mandates."), code="in_use") from error
    old = Mandate.objects.select_for_update(of=("self",)).filter(public_id__in=ended, unit=unit)
    for mandate in old.select_related("unit", "person", "municipality", "partner"):
        before = {"ends_on": mandate.ends_on, "end_reason": mandate.end_reason}
        mandate.ends_on, mandate.end_reason, mandate.end_act = None, "", ""
        mandate.version += 1
        mandate.save(update_fields=["ends_on", "end_reason", "end_act", "version", "updated_at"])
        record(actor=actor, action="mandate.reopened", obj=mandate, before=before, label=label_of(mandate))
    return count


def council_or_refuse() -> Unit:
    found = council()
    if found is None:
        raise Refused(_("There is no Council yet."), code="no_council")
    return found


@transaction.atomic
def replace_councillor(
    *, actor: User | None, mandate: Mandate, by: Seated, day: date, act: str, reason: str, version: int | None = None
) -> Mandate:
    """A municipality names another councillor: the old mandate ends the day before the new one begins.

    A substitute who takes the seat stops being one on that day.
    """
    old = locked_mandate(mandate, version)
    check_keeps_council(actor, old.unit)
    check_council_seat(old)
    if reason not in {EndReason.REPLACED, EndReason.RESIGNATION}:
        raise Refused(_("Say why: replaced or resigned."), code="reason", field="reason")
    check_act_and_day(act, day, old)
    check_person(by)
    taking = Seated(by.name, by.email, municipality=old.municipality, hours_month=old.hours_month)
    person = account_of(actor, taking)
    if person.pk == old.person_id:
        raise Refused(_("This person already holds the seat."), code="same_person")
    close(old, actor=actor, last=day - ONE_DAY, reason=reason, act=act.strip())
    for other in (
        unended(old.unit, day)
        .filter(person=person, position=Position.SUBSTITUTE)
        .select_related("unit", "person", "municipality", "partner")
    ):
        check_act_and_day(act, day, other)
        close(other, actor=actor, last=day - ONE_DAY, reason=EndReason.REPLACED, act=act.strip())
    return begin_mandates(actor=actor, unit=old.unit, seats=[taking], starts_on=day, act=act.strip())[0]


@transaction.atomic
def add_substitute(*, actor: User | None, unit: Unit, seat: Seated, day: date, act: str) -> Mandate:
    """Somebody who takes a municipality's seat in the Council when its councillor cannot come."""
    found = locked_unit(unit)
    check_keeps_council(actor, found)
    if found.kind != UnitKind.COUNCIL:
        raise Refused(_("Only the Council has substitutes named one by one."), code="wrong_kind")
    if seat.municipality is None:
        raise Refused(_("A seat of the Council is a municipality's."), code="not_a_municipality", field="municipality")
    if not act.strip():
        raise Refused(_("Say which act names them."), code="act", field="act")
    check_person(seat)
    made = Seated(seat.name, seat.email, municipality=seat.municipality, position=Position.SUBSTITUTE)
    return begin_mandates(actor=actor, unit=found, seats=[made], starts_on=day, act=act.strip())[0]


def check_council_seat(mandate: Mandate) -> None:
    if not mandate.is_seat:
        raise Refused(_("Elsewhere than in the Council, a deliberation changes who sits."), code="wrong_kind")


def check_act_and_day(act: str, day: date, mandate: Mandate) -> None:
    if not act.strip():
        raise Refused(_("Say which act it was."), code="act", field="act")
    if mandate.ends_on is not None:
        raise Refused(_("This mandate has its last day already."), code="ended")
    if day <= mandate.starts_on:
        raise Refused(_("A mandate lasts at least its first day."), code="day", field="day")


@transaction.atomic
def give_position(
    *, actor: User | None, mandate: Mandate, position: str, day: date, act: str, version: int | None = None
) -> Mandate:
    """The Council elects a president, vice-president or secretary among its members, or one lays it down.

    The mandate of before ends the day before; the same person sits on in the new position.
    """
    old = locked_mandate(mandate, version)
    check_keeps_council(actor, old.unit)
    check_council_seat(old)
    if position not in {Position.PRESIDENT, Position.VICE_PRESIDENT, Position.SECRETARY, Position.MEMBER}:
        raise Refused(_("The Council has no such position."), code="position", field="position")
    if position == old.position:
        raise Refused(_("This person already has this position."), code="same", field="position")
    check_act_and_day(act, day, old)
    if position != Position.MEMBER and unended(old.unit, day).filter(position=position).exists():
        raise Refused(
            _("There can be only one %(position)s.") % {"position": Position(position).label},
            code="one_of_a_kind",
            field="position",
        )
    close(old, actor=actor, last=day - ONE_DAY, reason=EndReason.REPLACED, act=act.strip())
    taking = Seated(
        old.person.name, old.person.email, municipality=old.municipality, position=position, hours_month=old.hours_month
    )
    return begin_mandates(actor=actor, unit=old.unit, seats=[taking], starts_on=day, act=act.strip())[0]


@transaction.atomic
def end_mandate(
    *, actor: User, mandate: Mandate, last: date, reason: str, act: str, version: int | None = None
) -> Mandate:
    """A resignation, or the end of a term: this day is the last one. The seat stays empty until somebody is named."""
    found = locked_mandate(mandate, version)
    is_own = found.person_id == actor.pk
    if not may_end_mandate(actor, is_own=is_own, keeps=keeps_unit_of(actor, found.unit)):
        raise NotAllowed
    if reason not in {EndReason.RESIGNATION, EndReason.TERM}:
        raise Refused(_("Say why: resigned, or end of term."), code="reason", field="reason")
    if is_own and reason != EndReason.RESIGNATION:
        raise Refused(_("One's own mandate ends by resignation."), code="reason", field="reason")
    if is_own and last < timezone.localdate():
        raise Refused(_("A resignation holds from today on."), code="day", field="day")
    if not act.strip():
        raise Refused(_("Say which act it was."), code="act", field="act")
    if found.ends_on is not None:
        raise Refused(_("This mandate has its last day already."), code="ended")
    if last < found.starts_on:
        raise Refused(_("The last day cannot come before the first."), code="day", field="day")
    return close(found, actor=actor, last=last, reason=reason, act=act.strip())

"""Who sits where: mandates begin by an act or a deliberation, and end on a day and for a reason; none is deleted.

**Meetings.** Who sits in a body does not change under a meeting: while one is in session (and so while something is
being voted) changes count from the next day, and no mandate ends before a day on which it took part in a meeting.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.actions import create_account
from refamp.accounts.models import User
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused, Stale
from units.actions.letters import tell, welcome
from units.choices import EndReason, Position, UnitKind
from units.models import Deliberation, Mandate, Unit
from units.queries.bodies import (
    ends_mandates_in,
    forget_mandates,
    in_session_on_or_after,
    last_used,
    present_municipalities,
)
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


def check_not_oneself(actor: User | None, people: Iterable[User]) -> None:
    """Nobody enters a mandate by which they themselves come to sit, or gives themselves a position."""
    if actor is not None and any(person.pk == actor.pk for person in people):
        raise Refused(
            _("Nobody names themselves: somebody else who keeps the Council enters it."), code="oneself", field="email"
        )


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
    """Seat people from a day on, in the caller's transaction, which holds the body's lock.

    Whoever cannot log in yet is written to, with how to choose a password.
    """
    check_no_meeting(unit, starts_on)
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
        if not person.has_usable_password() and not person.is_demonstration:
            welcome(mandate)
        made.append(mandate)
    return made


def check_no_meeting(unit: Unit, day: date) -> None:
    """Refuse a change of who sits, from this day on, under a meeting of the body that is in session."""
    held = in_session_on_or_after(unit, day)
    if held is not None:
        raise Refused(
            _("A meeting of this body is in session: who sits in it changes from the next day on."),
            code="in_session",
            field="day",
        )


def check_unused(mandates: Iterable[Mandate], last: date) -> None:
    """Refuse an end before a day on which one of these mandates took part in a meeting."""
    used = last_used([mandate.pk for mandate in mandates])
    if used is not None and used > last:
        raise Refused(
            _("There was a meeting on %(day)s in which it took part: a mandate cannot have ended before.")
            % {"day": f"{used:%d/%m/%Y}"},
            code="used",
            field="day",
        )


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
    check_no_meeting(unit, first_day_after)
    ended = []
    present = list(unended(unit, first_day_after).select_related("unit", "person", "municipality", "partner"))
    check_unused(present, first_day_after - ONE_DAY)
    for mandate in present:
        if mandate.starts_on >= first_day_after:
            raise Refused(
                _("A mandate that begins on or after that day is already recorded (%(day)s).")
                % {"day": mandate.starts_on.isoformat()},
                code="later_mandate",
            )
        ended.append(close(mandate, actor=actor, last=first_day_after - ONE_DAY, reason=reason, act=act))
    return ended


@transaction.atomic
def end_mandate(
    *, actor: User, mandate: Mandate, last: date, reason: str, act: str, version: int | None = None
) -> Mandate:
    """A resignation, or the end of a term: this day is the last one. The seat stays empty until somebody is named."""
    found = locked_mandate(mandate, version)
    is_own = found.person_id == actor.pk
    if not may_end_mandate(actor, is_own=is_own, keeps=ends_mandates_in(actor, found.unit)):
        raise NotAllowed
    if reason not in {EndReason.RESIGNATION, EndReason.TERM}:
        raise Refused(_("Say why: resigned, or end of term."), code="reason", field="reason")
    if is_own and reason != EndReason.RESIGNATION:
        raise Refused(_("One's own mandate ends by resignation."), code="reason", field="reason")
    if is_own and last < timezone.localdate():
        raise Refused(_("A resignation holds from today on."), code="day", field="last")
    if not act.strip():
        raise Refused(_("Say which act it was."), code="act", field="act")
    if found.ends_on is not None:
        raise Refused(_("This mandate has its last day already."), code="ended")
    if last < found.starts_on:
        raise Refused(_("The last day cannot come before the first."), code="day", field="last")
    check_no_meeting(found.unit, last + ONE_DAY)
    check_unused([found], last)
    ended = close(found, actor=actor, last=last, reason=reason, act=act.strip())
    tell(actor, ended.unit, [ended.person], ended=ended)
    return ended

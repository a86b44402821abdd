"""Who is there: recorded by the secretariat, seat by seat; and said ahead by whoever cannot come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.actions.mandates import label_of
from units.actions.meetings import locked_meeting
from units.choices import PRESENT, MeetingState, Presence
from units.formulas.meetings import Quorum
from units.models import Attendance, Mandate, Meeting
from units.queries.meetings import (
    chairs_in,
    chairs_meetings_of,
    keeps_meetings_of,
    quorum_from,
    seats_in,
    stands_in,
    substitutes_in,
)

RECORDED = {MeetingState.CONVENED, MeetingState.IN_SESSION}


@dataclass(frozen=True)
class Taken:
    """How one seat is taken: presence None is not recorded; `substitute` is who took it in its holder's stead."""

    seat: Mandate
    presence: str | None
    substitute: Mandate | None = None


@transaction.atomic
def record_attendance(
    *, actor: User | None, meeting: Meeting, taken: Sequence[Taken], at: datetime | None = None
) -> Quorum:
    """Record how the seats named are taken; the others stay as they are. Answers how the quorum stands now."""
    found = locked_meeting(meeting)
    if actor is not None and not (keeps_meetings_of(actor, found.unit_id) or chairs_meetings_of(actor, found.unit_id)):
        raise NotAllowed
    write(actor, found, taken, at or timezone.now())
    return quorum_from(found, chairs_in(found))


@transaction.atomic
def excuse_oneself(*, actor: User, meeting: Meeting, comes: bool = False) -> Meeting:
    """A member says that they cannot come, or (`comes`) that they can after all, until the meeting is opened."""
    found = locked_meeting(meeting)
    if found.state != MeetingState.CONVENED:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    seat = seats_in(found).filter(person=actor).first()
    if seat is None:
        raise NotAllowed
    write(actor, found, [Taken(seat, None if comes else Presence.EXCUSED)], timezone.now())
    return found


def write(actor: User | None, meeting: Meeting, taken: Sequence[Taken], now: datetime) -> None:
    """Check and keep, and record what changed."""
    if meeting.state not in RECORDED:
        raise Refused(_("Attendance is recorded from the convening until the meeting is closed."), code="wrong_state")
    seats = {seat.pk: seat for seat in seats_in(meeting)}
    spare = {one.pk: one for one in substitutes_in(meeting)}
    before = {row.mandate_id: row for row in meeting.attendance.select_for_update()}
    used: set[int] = set()
    changes: dict[str, list[str]] = {"before": [], "after": []}
    for one in taken:
        if one.seat.pk not in seats:
            raise Refused(_("This person holds no seat on the day of the meeting."), code="no_seat")
        substitute = one.substitute
        if substitute is not None:
            check_substitute(one, spare)
            check_may_seat(actor, meeting, one, before.get(one.seat.pk))
            if substitute.pk in used:
                raise Refused(
                    _("%(name)s cannot take two seats.") % {"name": substitute.person},
                    code="two_seats",
                    field="substitute",
                )
            used.add(substitute.pk)
        row = before.get(one.seat.pk)
        old = (row.presence, row.substitute_id) if row else (None, None)
        new = (one.presence, substitute.pk if substitute else None)
        if old == new:
            continue
        keep(meeting, one, row, now)
        label = label_of(one.seat)
        changes["before"].append(f"{label}: {old[0] or '–'}")
        changes["after"].append(f"{label}: {new[0] or '–'}" + (" (substitute)" if substitute else ""))
    others = Attendance.objects.filter(meeting=meeting, substitute__in=used).values_list("substitute", flat=True)
    if len(others) > len(set(others)):
        raise Refused(_("A substitute cannot take two seats."), code="two_seats")
    if changes["after"]:
        record(
            actor=actor,
            action="meeting.attendance",
            obj=meeting,
            before={"seats": changes["before"]},
            after={"seats": changes["after"]},
        )


def check_substitute(one: Taken, spare: dict[int, Mandate]) -> None:
    substitute = one.substitute
    if substitute is None:
        return
    if one.presence not in PRESENT:
        raise Refused(
            _("A substitute takes a seat by being there: say whether in person or remotely."), code="substitute_absent"
        )
    if substitute.pk not in spare or not stands_in(substitute, one.seat):
        raise Refused(_("%(name)s is no substitute for this seat.") % {"name": substitute.person}, code="no_substitute")


def check_may_seat(actor: User | None, meeting: Meeting, one: Taken, row: Attendance | None) -> None:
    """Nobody puts themselves in another's seat; who became a substitute after the convening is seated by the chair."""
    substitute = one.substitute
    if actor is None or substitute is None or (row is not None and row.substitute_id == substitute.pk):
        return
    if substitute.person_id == actor.pk:
        raise Refused(
            _("Nobody takes another's seat by their own hand: somebody else records it."),
            code="oneself",
            field="substitute",
        )
    is_late = meeting.convened_at is not None and substitute.updated_at > meeting.convened_at
    if is_late and not chairs_meetings_of(actor, meeting.unit_id):
        raise Refused(
            _("%(name)s became a substitute after the convening: the chair records it.") % {"name": substitute.person},
            code="late_substitute",
            field="substitute",
        )


def keep(meeting: Meeting, one: Taken, row: Attendance | None, now: datetime) -> None:
    """One seat's row; the hour of arrival is the first moment at which it was taken."""
    if one.presence is None:
        if row is not None:
            row.delete()
        return
    here = one.presence in PRESENT
    if row is None:
        row = Attendance(meeting=meeting, mandate=one.seat)
    row.presence, row.substitute = one.presence, one.substitute
    row.arrived_at = (row.arrived_at or now) if here else None
    row.save()

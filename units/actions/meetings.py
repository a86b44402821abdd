"""Meetings: prepared, convened with an invitation to each member, called a second time, cancelled, opened, closed.

Locks: the meeting's row first (a number is given under the body's row, taken after it).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from units.actions.notices import mail_everybody
from units.choices import MEETING_MOVES, DeliberationState, MeetingState, NoticeUnit, Presence, UnitState
from units.formulas.meetings import BETWEEN_CALLS
from units.models import Attendance, Deliberation, Mandate, Meeting, Unit
from units.queries.meetings import (
    chairs_in,
    chairs_meetings_of,
    code_of,
    has_notice,
    invited,
    keeps_meetings_of,
    quorum_from,
)

FACTS = ("title", "starts_at", "ends_at", "second_call_at", "place", "remote_link", "is_extraordinary")
# A meeting can be opened a little before its hour, when everybody is there.
EARLY = timedelta(minutes=30)


def locked_meeting(meeting: Meeting, version: int | None = None) -> Meeting:
    found = Meeting.objects.select_for_update(of=("self",)).select_related("unit").get(pk=meeting.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def kept_meeting(actor: User | None, meeting: Meeting, version: int | None = None) -> Meeting:
    """A meeting, locked, for who may prepare it."""
    found = locked_meeting(meeting, version)
    if actor is not None and not keeps_meetings_of(actor, found.unit_id):
        raise NotAllowed
    return found


def move(meeting: Meeting, state: MeetingState, actor: User | None) -> str:
    """Move through the table of states; answers the state before. The right is the table's."""
    part = check_move(MEETING_MOVES, meeting.state, state)
    allowed = {"chair": chairs_meetings_of, "secretariat": keeps_meetings_of}[part]
    if actor is not None and not allowed(actor, meeting.unit_id):
        raise NotAllowed
    before, meeting.state = meeting.state, state
    return before


def keep(meeting: Meeting, *fields: str) -> None:
    meeting.version += 1
    meeting.save(update_fields=[*fields, "version", "updated_at"])


def told(meeting: Meeting, *names: str) -> dict[str, Any]:
    return {name: getattr(meeting, name) for name in names or FACTS}


# In preparation -------------------------------------------------------------------------------------------------------


def check_facts(data: Mapping[str, Any]) -> None:
    """Refuse, in words and by field, what the database would refuse too."""
    # One line each: what is typed must not look like other lines of the notice.
    if any(line in data[name].strip() for name in ("title", "place") for line in "\r\n\x0b\x0c\x85\u2028\u2029"):
        raise Refused(_("A title and a place are one line each."), code="lines", field="title")
    if not data["title"].strip() or not data["place"].strip():
        raise Refused(_("A meeting has a title and a place."), code="facts", field="title")
    if data["ends_at"] <= data["starts_at"]:
        raise Refused(_("It cannot end before it begins."), code="dates", field="ends_at")
    second = data.get("second_call_at")
    if second is not None and second - data["starts_at"] < BETWEEN_CALLS:
        raise Refused(
            _("The second call comes at least 24 hours after the first."), code="second_call", field="second_call_at"
        )


@transaction.atomic
def prepare_meeting(*, actor: User | None, unit: Unit, data: Mapping[str, Any]) -> Meeting:
    """Begin a meeting: `data` holds title, starts_at, ends_at, place; the other FACTS where there are.

    Only who sees the body's papers sees it until it is convened. `actor` None is the platform itself (demonstration).
    """
    if actor is not None and not keeps_meetings_of(actor, unit.pk):
        raise NotAllowed
    if unit.state != UnitState.CONSTITUTED:
        raise Refused(_("A body meets once it is constituted."), code="not_constituted", field="unit")
    check_facts(data)
    facts = {name: data[name] for name in FACTS if name in data}
    made = Meeting.objects.create(
        unit=unit, year=timezone.localtime(data["starts_at"]).year, created_by=actor, **facts
    )  # fmt: skip
    record(actor=actor, action="meeting.prepared", obj=made, after={"unit": unit.code, **told(made)})
    return made


@transaction.atomic
def change_meeting(
    *, actor: User | None, meeting: Meeting, version: int | None, data: Mapping[str, Any], at: datetime | None = None
) -> Meeting:
    """Change when and where. Of a convened meeting everybody gets the new invitation, and the notice counts again."""
    found = kept_meeting(actor, meeting, version)
    if found.state not in {MeetingState.DRAFT, MeetingState.CONVENED}:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    check_facts({**told(found), **data})
    before = told(found)
    for name in FACTS:
        if name in data:
            setattr(found, name, data[name])
    changed = [name for name in FACTS if before[name] != getattr(found, name)]
    if not changed:
        return found
    if found.state == MeetingState.CONVENED:
        if "is_extraordinary" in changed:
            raise Refused(
                _("What was called stays ordinary or extraordinary: cancel it and convene another."),
                code="kind",
                field="is_extraordinary",
            )
        if timezone.localtime(found.starts_at).year != found.year:
            raise Refused(
                _("A convened meeting keeps its year: cancel it and convene another."), code="year", field="starts_at"
            )
        if "starts_at" in changed and found.starts_at < before["starts_at"]:
            check_notice(found, at or timezone.now())
        found.ics_sequence += 1
    else:
        found.year = timezone.localtime(found.starts_at).year
    keep(found, *FACTS, "year", "ics_sequence")
    record(
        actor=actor,
        action="meeting.changed",
        obj=found,
        before={name: before[name] for name in changed},
        after={name: getattr(found, name) for name in changed},
    )
    if found.state == MeetingState.CONVENED:
        mail_everybody(found, "changed")
    return found


def check_notice(meeting: Meeting, at: datetime) -> None:
    """The notice of the body's rule, unless the meeting is urgent."""
    if meeting.is_urgent or has_notice(meeting, at):
        return
    words = (
        _("This body is called %(days)s whole working days ahead. Choose a later day, or say why it is urgent.")
        if meeting.unit.notice_unit == NoticeUnit.WORKING_DAYS
        else _("This body is called %(days)s days ahead. Choose a later day, or say why it is urgent.")
    )
    raise Refused(
        words % {"days": meeting.unit.notice_days},
        code="notice",
        field="urgency_reason",
    )


# Convening ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def convene_meeting(
    *,
    actor: User | None,
    meeting: Meeting,
    version: int | None,
    urgency_reason: str = "",
    at: datetime | None = None,
) -> Meeting:
    """Call the meeting: it gets its number, and each member an invitation with a calendar entry.

    Shorter than the body's notice only with a reason. `at`: the platform's own moment (demonstration).
    """
    found = kept_meeting(actor, meeting, version)
    now = at or timezone.now()
    before = move(found, MeetingState.CONVENED, actor)
    if found.starts_at <= now:
        raise Refused(_("The hour has gone by: choose another."), code="past", field=None)
    if not found.items.exists():
        raise Refused(_("Write the agenda first: a meeting is called with what it is about."), code="no_agenda")
    is_short = not has_notice(found, now)
    found.is_urgent, found.urgency_reason = is_short and bool(urgency_reason.strip()), urgency_reason.strip()
    if not found.is_urgent:
        found.urgency_reason = ""
    check_notice(found, now)
    guests = invited(found)
    if not guests:
        raise Refused(_("Nobody sits in this body on that day."), code="nobody")
    unit = Unit.objects.select_for_update().get(pk=found.unit_id)
    last = Meeting.objects.filter(unit=unit, year=found.year).aggregate(last=Max("number"))["last"] or 0
    found.number, found.convened_at = last + 1, now
    keep(found, "state", "number", "convened_at", "is_urgent", "urgency_reason")
    record(
        actor=actor,
        action="meeting.convened",
        obj=found,
        before={"state": before},
        after={"state": found.state, "number": found.number, "starts_at": found.starts_at, "invited": len(guests)},
        reason=found.urgency_reason,
    )
    mail_everybody(found, "convened")
    return found


@transaction.atomic
def send_again(*, actor: User | None, meeting: Meeting, version: int | None = None) -> Meeting:
    """Mail the invitation once more, to whoever sits there now, with the agenda as it stands."""
    found = kept_meeting(actor, meeting, version)
    if found.state != MeetingState.CONVENED:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    found.ics_sequence += 1
    keep(found, "ics_sequence")
    count = mail_everybody(found, "changed")
    record(actor=actor, action="meeting.invited_again", obj=found, after={"invited": count})
    return found


@transaction.atomic
def call_second_time(
    *, actor: User | None, meeting: Meeting, version: int | None, at: datetime | None = None
) -> Meeting:
    """The first call had no quorum: the meeting takes place on second call, with that call's quorum."""
    found = kept_meeting(actor, meeting, version)
    now = at or timezone.now()
    if found.state != MeetingState.CONVENED or found.call != 1:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    if found.second_call_at is None:
        raise Refused(
            _("No second call was announced: say when it is under “Change when and where”, then call again."),
            code="no_second_call",
        )
    if now < found.starts_at:
        raise Refused(_("Wait for the hour of the first call."), code="too_early")
    chairs = chairs_in(found)
    standing = quorum_from(found, chairs)
    if standing.is_met:
        raise Refused(_("There is a quorum: open the meeting."), code="quorum_met")
    found.call, found.ics_sequence = 2, found.ics_sequence + 1
    found.first_call = {
        "present": standing.present,
        "seats": standing.seats,
        "needed": standing.needed,
        "names": [stands_for(chair.mandate) for chair in chairs if chair.is_present],
    }
    keep(found, "call", "ics_sequence", "first_call")
    # Who did not come to the first call may come to the second.
    found.attendance.exclude(presence=Presence.EXCUSED).delete()
    record(
        actor=actor,
        action="meeting.second_call",
        obj=found,
        before={"call": 1, "present": standing.present, "needed": standing.needed},
        after={"call": 2, "second_call_at": found.second_call_at},
    )
    mail_everybody(found, "second_call")
    return found


def stands_for(seat: Mandate) -> str:
    """Whom a seat is for, without its holder's name, which must remain erasable."""
    return str(seat.municipality or seat.partner or seat.get_position_display())


@transaction.atomic
def cancel_meeting(*, actor: User | None, meeting: Meeting, version: int | None, reason: str) -> Meeting:
    """Cancel, with a reason; who was invited is told, and calendars take it out."""
    found = kept_meeting(actor, meeting, version)
    before = move(found, MeetingState.CANCELLED, actor)
    if not reason.strip():
        raise Refused(_("Say why it was cancelled."), code="reason", field="reason")
    found.cancel_reason = reason.strip()
    was_convened = found.convened_at is not None
    if was_convened:
        found.ics_sequence += 1
    keep(found, "state", "cancel_reason", "ics_sequence")
    record(
        actor=actor,
        action="meeting.cancelled",
        obj=found,
        before={"state": before},
        after={"state": found.state},
        reason=found.cancel_reason,
    )
    if was_convened:
        mail_everybody(found, "cancelled")
    return found


# In session -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_meeting(*, actor: User | None, meeting: Meeting, version: int | None, at: datetime | None = None) -> Meeting:
    """The chair opens the meeting once there is a quorum for its call."""
    found = locked_meeting(meeting, version)
    now = at or timezone.now()
    before = move(found, MeetingState.IN_SESSION, actor)
    begins = found.second_call_at if found.call == 2 and found.second_call_at else found.starts_at  # noqa: PLR2004
    if now < begins - EARLY:
        raise Refused(_("It is too early: this meeting begins later."), code="too_early")
    # Whoever changes who sits holds the body's row, and asks under it whether a meeting is in session.
    Unit.objects.select_for_update().get(pk=found.unit_id)
    standing = quorum_from(found, chairs_in(found))
    if not standing.is_met:
        raise Refused(
            _("There is no quorum: %(present)s of %(seats)s seats are present, %(needed)s are needed.")
            % {"present": standing.present, "seats": standing.seats, "needed": standing.needed},
            code="no_quorum",
        )
    found.opened_at, found.presided_by = now, actor
    keep(found, "state", "opened_at", "presided_by")
    record(
        actor=actor,
        action="meeting.opened",
        obj=found,
        before={"state": before},
        after={
            "state": found.state,
            "call": found.call,
            "present": standing.present,
            "seats": standing.seats,
            "needed": standing.needed,
            # Called at shorter notice, it is regular only where everybody came (CPA, art. 28).
            **({"short_notice": True, "all_present": not standing.absent} if found.is_urgent else {}),
        },
    )
    return found


@transaction.atomic
def close_meeting(*, actor: User | None, meeting: Meeting, version: int | None, at: datetime | None = None) -> Meeting:
    """The chair closes it; who was not recorded was absent. From here nobody changes agenda or attendance."""
    found = locked_meeting(meeting, version)
    # Asked while the meeting is open: of a closed one, the seats are those recorded.
    chairs = chairs_in(found)
    before = move(found, MeetingState.CLOSED, actor)
    voting = Deliberation.objects.filter(item__meeting=found, state=DeliberationState.VOTING).select_related("item")
    for deliberation in voting:
        raise Refused(
            _("Point %(code)s is still being voted: close the vote first.") % {"code": code_of(deliberation.item)},
            code="voting",
        )
    seats = {chair.mandate.pk for chair in chairs}
    found.attendance.exclude(mandate__in=seats).delete()
    Attendance.objects.bulk_create(
        Attendance(meeting=found, mandate=chair.mandate, presence=Presence.ABSENT)
        for chair in chairs
        if chair.record is None
    )
    found.closed_at = at or timezone.now()
    keep(found, "state", "closed_at")
    record(
        actor=actor,
        action="meeting.closed",
        obj=found,
        before={"state": before},
        after={"state": found.state, "present": sum(chair.is_present for chair in chairs), "seats": len(seats)},
    )
    return found

"""A meeting from its preparation to its closing: notice, invitations, calls, quorum."""

import base64
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from icalendar import Calendar

from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.jobs.actions import send_waiting_mail
from refamp.jobs.models import Email
from tests.factories import MandateFactory, UserFactory
from tests.units.meeting import closed, come, convened, facts, fresh, held, opened, room
from tests.units.voting import proposal
from units.actions.meetings import (
    call_second_time,
    cancel_meeting,
    change_meeting,
    close_meeting,
    convene_meeting,
    open_meeting,
    prepare_meeting,
    send_again,
)
from units.actions.votes import open_voting
from units.choices import MEETING_MOVES, MeetingState, Position, Presence
from units.models import Attendance, Meeting

pytestmark = pytest.mark.django_db


def attached(email: Email):
    part = email.attachments[0]
    return part, Calendar.from_ical(base64.b64decode(part["content"]))


# Notice ---------------------------------------------------------------------------------------------------------------


def test_a_meeting_is_called_with_its_notice():
    here = convened(room())
    assert (here.meeting.state, here.meeting.number, here.meeting.is_urgent) == ("convened", 1, False)
    assert Email.objects.count() == 5


def test_a_shorter_notice_needs_a_reason():
    here = room()
    soon = facts(1)
    change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data=soon)
    with pytest.raises(Refused) as refusal:
        convene_meeting(actor=here.secretary, meeting=here.meeting, version=None)
    assert refusal.value.code == "notice"
    found = convene_meeting(actor=here.secretary, meeting=here.meeting, version=None, urgency_reason="Prazo do aviso")
    assert (found.is_urgent, found.urgency_reason) == (True, "Prazo do aviso")
    assert "Prazo do aviso" in Email.objects.first().body


def test_a_reason_that_was_not_needed_is_not_kept():
    here = room()
    found = convene_meeting(actor=here.secretary, meeting=here.meeting, version=None, urgency_reason="Não era preciso")
    assert (found.is_urgent, found.urgency_reason) == (False, "")


def test_nobody_is_called_to_the_past_or_without_an_agenda():
    here = room()
    Meeting.objects.filter(pk=here.meeting.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(Refused, match=r"gone by|passou"):
        convene_meeting(actor=here.secretary, meeting=here.meeting, version=None, urgency_reason="x")
    empty = prepare_meeting(actor=here.secretary, unit=here.unit, data=facts())
    with pytest.raises(Refused) as refusal:
        convene_meeting(actor=here.secretary, meeting=empty, version=None)
    assert refusal.value.code == "no_agenda"


def test_the_second_call_comes_a_day_later():
    here = room()
    early = facts()
    early["second_call_at"] = early["starts_at"] + timedelta(hours=1)
    with pytest.raises(Refused) as refusal:
        prepare_meeting(actor=here.secretary, unit=here.unit, data=early)
    assert refusal.value.field == "second_call_at"


def test_numbers_follow_each_other_by_body_and_year():
    here = convened(room())
    second = prepare_meeting(actor=here.secretary, unit=here.unit, data=facts())
    second.items.create(order=1, title="Ponto")
    third = prepare_meeting(actor=here.secretary, unit=here.unit, data=facts())
    cancel_meeting(actor=here.secretary, meeting=third, version=None, reason="Engano")
    assert convene_meeting(actor=here.secretary, meeting=second, version=None).number == 2
    assert fresh(third).number is None


# Invitations ----------------------------------------------------------------------------------------------------------


def test_each_member_gets_the_agenda_and_a_calendar_entry():
    here = room()
    place = here.places[0]
    substitute = UserFactory(name="Sónia Suplente", language="en")
    MandateFactory(unit=here.unit, person=substitute, position=Position.SUBSTITUTE, municipality=place)
    convened(here)
    assert Email.objects.count() == 6
    email = Email.objects.get(to=here.president.email)
    assert "2. Rede de transporte" in email.body
    assert "https://sala.example.pt/1" in email.body
    part, calendar = attached(email)
    assert (part["name"], part["type"]) == ("reuniao.ics", "text/calendar; method=REQUEST")
    event = calendar.walk("VEVENT")[0]
    assert event["DTSTART"].dt == here.meeting.starts_at
    assert event["SEQUENCE"] == 0
    assert "You are called to" in Email.objects.get(to=substitute.email).body


@pytest.mark.django_db(transaction=True)
def test_the_message_that_goes_out_is_one_that_calendars_understand():
    here = convened(room(3))
    send_waiting_mail()
    message = mail.outbox[0].message()
    parts = {part.get_content_type(): part for part in message.walk()}
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    assert parts["text/calendar"].get_content_charset() == "utf-8"
    assert Calendar.from_ical(parts["text/calendar"].get_payload(decode=True)).walk("VEVENT")
    assert here.meeting.number == 1


def test_a_change_goes_out_with_a_higher_sequence():
    here = convened(room())
    uid = attached(Email.objects.first())[1].walk("VEVENT")[0]["UID"]
    Email.objects.all().delete()
    later = facts(9)
    change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data=later)
    event = attached(Email.objects.first())[1].walk("VEVENT")[0]
    assert (event["UID"], event["SEQUENCE"], event["DTSTART"].dt) == (uid, 1, later["starts_at"])
    Email.objects.all().delete()
    send_again(actor=here.secretary, meeting=here.meeting)
    assert attached(Email.objects.first())[1].walk("VEVENT")[0]["SEQUENCE"] == 2


def test_a_convened_meeting_is_not_brought_forward_without_notice():
    here = convened(room())
    with pytest.raises(Refused) as refusal:
        change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data=facts(1))
    assert refusal.value.code == "notice"


def test_a_cancelled_meeting_is_taken_back():
    here = convened(room())
    Email.objects.all().delete()
    cancel_meeting(actor=here.secretary, meeting=here.meeting, version=None, reason="Luto municipal")
    email = Email.objects.first()
    part, calendar = attached(email)
    assert (part["type"], calendar["METHOD"]) == ("text/calendar; method=CANCEL", "CANCEL")
    assert calendar.walk("VEVENT")[0]["SEQUENCE"] == 1
    assert "Luto municipal" in email.body


def test_a_draft_is_cancelled_in_silence():
    here = room()
    cancel_meeting(actor=here.secretary, meeting=here.meeting, version=None, reason="Engano")
    assert Email.objects.count() == 0


# Quorum and calls -----------------------------------------------------------------------------------------------------


def test_it_opens_with_more_than_half_and_not_before_its_hour():
    here = convened(room())
    standing = come(here, 0, 1)
    assert (standing.present, standing.needed, standing.is_met) == (2, 3, False)
    begins = here.meeting.starts_at
    with pytest.raises(Refused) as refusal:
        open_meeting(actor=here.president, meeting=here.meeting, version=None, at=begins)
    assert refusal.value.code == "no_quorum"
    come(here, 2, presence=Presence.REMOTE)
    with pytest.raises(Refused) as refusal:
        open_meeting(actor=here.president, meeting=here.meeting, version=None, at=begins - timedelta(hours=2))
    assert refusal.value.code == "too_early"
    assert open_meeting(actor=here.president, meeting=here.meeting, version=None, at=begins).state == "in_session"


def test_without_a_quorum_it_takes_place_on_second_call():
    here = convened(room(6))
    come(here, 0, 1)
    begins = here.meeting.starts_at
    with pytest.raises(Refused) as refusal:
        call_second_time(actor=here.secretary, meeting=here.meeting, version=None, at=begins - timedelta(minutes=1))
    assert refusal.value.code == "too_early"
    Email.objects.all().delete()
    found = call_second_time(actor=here.secretary, meeting=here.meeting, version=None, at=begins)
    assert found.call == 2
    event = attached(Email.objects.first())[1].walk("VEVENT")[0]
    assert (event["SEQUENCE"], event["DTSTART"].dt) == (1, found.second_call_at)
    assert not Attendance.objects.filter(meeting=found).exists()
    standing = come(here, 0, 1)
    assert (standing.needed, standing.is_met) == (2, True)
    with pytest.raises(Refused):
        open_meeting(actor=here.president, meeting=found, version=None, at=begins)
    assert (
        open_meeting(actor=here.president, meeting=found, version=None, at=found.second_call_at).state == "in_session"
    )


def test_there_is_no_second_call_where_there_is_a_quorum():
    here = convened(room())
    come(here, 0, 1, 2)
    with pytest.raises(Refused) as refusal:
        call_second_time(actor=here.secretary, meeting=here.meeting, version=None, at=here.meeting.starts_at)
    assert refusal.value.code == "quorum_met"


def test_whoever_was_not_recorded_was_absent():
    here = held()
    found = dict(Attendance.objects.filter(meeting=here.meeting).values_list("mandate", "presence"))
    assert [found[seat.pk] for seat in here.seats] == ["in_person"] * 3 + ["absent"] * 2


def test_it_does_not_close_while_something_is_being_voted():
    here = opened(convened(room()))
    deliberation = proposal(here)
    open_voting(actor=here.president, deliberation=deliberation)
    with pytest.raises(Refused) as refusal:
        close_meeting(actor=here.president, meeting=here.meeting, version=None)
    assert refusal.value.code == "voting"


# Who ------------------------------------------------------------------------------------------------------------------

PARTS = {"secretariat": {"secretary", "president"}, "chair": {"president"}}


@pytest.mark.parametrize("who", ["president", "member", "secretary", "stranger"])
@pytest.mark.parametrize(("old", "new"), [(old, new) for old in MeetingState for new in MeetingState])
def test_every_move_is_the_table_s(old, new, who):
    here = room(3)
    steps = {MeetingState.DRAFT: room, MeetingState.CONVENED: convened, MeetingState.IN_SESSION: opened}
    if old != MeetingState.DRAFT:
        convened(here)
    if old == MeetingState.CANCELLED:
        cancel_meeting(actor=here.secretary, meeting=here.meeting, version=None, reason="Engano")
    elif old in {MeetingState.IN_SESSION, MeetingState.CLOSED}:
        opened(here)
        if old == MeetingState.CLOSED:
            closed(here)
    elif old == MeetingState.CONVENED and new == MeetingState.IN_SESSION:
        come(here, 0, 1)
    assert steps
    stranger = UserFactory()
    actor = {"president": here.president, "member": here.people[2], "secretary": here.secretary, "stranger": stranger}[
        who
    ]
    at = here.meeting.starts_at
    attempts = {
        MeetingState.CONVENED: lambda: convene_meeting(actor=actor, meeting=here.meeting, version=None),
        MeetingState.CANCELLED: lambda: cancel_meeting(actor=actor, meeting=here.meeting, version=None, reason="x"),
        MeetingState.IN_SESSION: lambda: open_meeting(actor=actor, meeting=here.meeting, version=None, at=at),
        MeetingState.CLOSED: lambda: close_meeting(actor=actor, meeting=here.meeting, version=None, at=at),
    }
    if new not in attempts:
        assert all(new not in moves for moves in MEETING_MOVES.values())
        return
    part = MEETING_MOVES.get(old, {}).get(new)
    allowed = part is not None and who in PARTS[part]
    if allowed:
        assert attempts[new]().state == new
    else:
        with pytest.raises((NotAllowed, Refused)), transaction.atomic():
            attempts[new]()
        assert fresh(here.meeting).state == old


def test_a_stale_page_convenes_nothing():
    here = room()
    version = here.meeting.version
    change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data=facts(7))
    with pytest.raises(Stale):
        convene_meeting(actor=here.secretary, meeting=here.meeting, version=version)


def test_every_step_is_in_the_record():
    here = held()
    found = Event.objects.filter(object_id=str(here.meeting.public_id)).order_by("id").values_list("action", flat=True)
    assert list(found) == [
        "meeting.prepared",
        "meeting.item_added",
        "meeting.item_added",
        "meeting.convened",
        "meeting.attendance",
        "meeting.opened",
        "meeting.closed",
    ]


# The database ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE units_meeting SET ends_at = starts_at", "meeting_ends_after_it_begins"),
        ("UPDATE units_meeting SET call = 3", "meeting_call_is_first_or_second"),
        ("UPDATE units_meeting SET call = 2, second_call_at = NULL", "second_call_has_its_hour"),
        ("UPDATE units_meeting SET second_call_at = starts_at", "second_call_comes_after_the_first"),
        ("UPDATE units_meeting SET number = NULL", "convened_meeting_has_its_number"),
        ("UPDATE units_meeting SET state = 'cancelled'", "cancelled_meeting_says_why"),
        ("UPDATE units_meeting SET is_urgent = true, urgency_reason = ''", "urgent_meeting_says_why"),
        ("UPDATE units_meeting SET state = 'nonsense'", "meeting_state_is_known"),
        ("DELETE FROM units_meeting", "never_deleted"),
    ],
)
def test_the_database_keeps_a_convened_meeting_true(sql, name):
    convened(room())
    with pytest.raises(Exception, match=name) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert refusal.type.__mro__


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE units_meeting SET title = 'Outra'", "held_meeting_keeps_its_facts"),
        ("UPDATE units_meeting SET state = 'draft'", "held_meeting_keeps_its_facts"),
        ("UPDATE units_attendance SET presence = 'remote'", "attendance_of_a_held_meeting_stays"),
        ("DELETE FROM units_attendance", "attendance_of_a_held_meeting_stays"),
        ("UPDATE units_agendaitem SET outcome = 'Outra coisa'", "agenda_of_a_held_meeting_stays"),
        ("DELETE FROM units_agendaitem", "agenda_of_a_held_meeting_stays"),
    ],
)
def test_the_database_keeps_a_held_meeting_as_it_was(sql, name):
    held()
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert refusal.value.__cause__.diag.constraint_name == name

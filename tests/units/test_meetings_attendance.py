"""Who is there: seats, substitutes, excuses."""

from datetime import timedelta

import pytest
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused
from tests.factories import MandateFactory, UserFactory
from tests.units.meeting import come, convened, held, room
from units.actions.attendance import Taken, excuse_oneself, record_attendance
from units.choices import Position, Presence
from units.models import Attendance, Mandate
from units.queries.meetings import attended, chairs_in, present_seats, quorum_of_meeting

pytestmark = pytest.mark.django_db


def substitute(here, number: int):
    """Named before the meeting was convened."""
    made = MandateFactory(
        unit=here.unit, person=UserFactory(), position=Position.SUBSTITUTE, municipality=here.places[number]
    )
    Mandate.objects.filter(pk=made.pk).update(updated_at=timezone.now() - timedelta(days=9000))
    made.refresh_from_db()
    return made


def take(here, number: int, presence=Presence.IN_PERSON, by=None, actor=None):
    taken = [Taken(here.seats[number], presence, by)]
    return record_attendance(actor=actor or here.secretary, meeting=here.meeting, taken=taken)


def test_remote_presence_counts_and_an_excuse_does_not():
    here = convened(room())
    take(here, 0)
    take(here, 1, Presence.REMOTE)
    assert take(here, 2, Presence.EXCUSED).present == 2
    assert set(present_seats(here.meeting).values_list("mandate", flat=True)) == {here.seats[0].pk, here.seats[1].pk}


def test_a_substitute_takes_the_seat_of_their_own_municipality():
    here = convened(room())
    found = substitute(here, 0)
    assert take(here, 0, by=found).present == 1
    assert attended(found.person, here.meeting)
    assert not attended(here.people[0], here.meeting)
    chair = next(one for one in chairs_in(here.meeting) if one.mandate == here.seats[0])
    assert (chair.sitting, chair.substitutes) == (found, [found])
    with pytest.raises(Refused) as refusal:
        take(here, 1, by=found)
    assert refusal.value.code == "no_substitute"


def test_a_substitute_is_there_or_takes_no_seat():
    here = convened(room())
    found = substitute(here, 0)
    with pytest.raises(Refused) as refusal:
        take(here, 0, Presence.ABSENT, by=found)
    assert refusal.value.code == "substitute_absent"


def test_another_seat_is_no_substitute():
    here = convened(room())
    with pytest.raises(Refused) as refusal:
        take(here, 0, by=here.seats[1])
    assert refusal.value.code == "no_substitute"


def test_nobody_takes_two_seats():
    here = convened(room())
    other = MandateFactory(unit=here.coordination, municipality=here.places[0])
    found = substitute(here, 0)
    with pytest.raises(Refused) as refusal:
        take(here, 0, by=other)
    assert refusal.value.code == "no_substitute"
    twice = [Taken(here.seats[0], "remote", found), Taken(here.seats[0], "in_person", found)]
    with pytest.raises(Refused) as refusal:
        record_attendance(actor=here.secretary, meeting=here.meeting, taken=twice)
    assert refusal.value.code == "two_seats"


def test_the_hour_of_arrival_is_the_first():
    here = convened(room())
    take(here, 0, Presence.REMOTE)
    first = Attendance.objects.get().arrived_at
    take(here, 0, Presence.IN_PERSON)
    assert Attendance.objects.get().arrived_at == first
    take(here, 0, None)
    assert not Attendance.objects.exists()


def test_a_member_says_ahead_that_they_cannot_come():
    here = convened(room())
    excuse_oneself(actor=here.people[2], meeting=here.meeting)
    assert Attendance.objects.get().presence == Presence.EXCUSED
    excuse_oneself(actor=here.people[2], meeting=here.meeting, comes=True)
    assert not Attendance.objects.exists()
    with pytest.raises(NotAllowed):
        excuse_oneself(actor=UserFactory(), meeting=here.meeting)


def test_only_the_secretariat_and_the_chair_record():
    here = convened(room())
    for who in (here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            take(here, 0, actor=who)
    take(here, 0, actor=here.president)


def test_attendance_is_recorded_between_the_notice_and_the_end():
    draft = room()
    with pytest.raises(Refused) as refusal:
        come(draft, 0)
    assert refusal.value.code == "wrong_state"


def test_a_held_meeting_keeps_its_seats_when_people_change():
    here = held()
    seat = here.seats[0]
    seat.ends_on = seat.starts_on
    seat.end_reason = "resignation"
    seat.save()
    standing = quorum_of_meeting(here.meeting)
    assert (standing.seats, standing.present) == (5, 3)
    with pytest.raises(Refused):
        come(here, 3)


def test_who_no_longer_sits_does_not_count():
    here = convened(room())
    come(here, 0, 1, 2)
    seat = here.seats[0]
    seat.ends_on = timezone.localdate()
    seat.end_reason = "resignation"
    seat.save()
    standing = quorum_of_meeting(here.meeting)
    assert (standing.seats, standing.present, standing.needed) == (4, 2, 3)

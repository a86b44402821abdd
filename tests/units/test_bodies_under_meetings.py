"""Who sits does not change under a meeting: mandates that end, elections and replacements while one is in session."""

from datetime import timedelta

import pytest
from django.utils import timezone

from refamp.base.errors import Refused
from tests.factories import MandateFactory, MeetingFactory
from tests.units.bodies import ACT, councillors, proposal
from tests.units.test_bodies_mandates import closed
from tests.units.voting import Chamber, attend, chamber, vote
from tests.units.voting import proposal as on_agenda
from units.actions.compositions import decide_composition, propose_composition
from units.actions.council import give_position, hold_election, replace_councillor, undo_election
from units.actions.mandates import end_mandate
from units.actions.votes import close_voting, open_voting
from units.choices import EndReason, MeetingState, Position, UnitState
from units.models import Mandate, Meeting, Unit
from units.queries.bodies import seats_of
from units.queries.seating import Seated

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ONE_DAY = timedelta(days=1)


@pytest.fixture
def here() -> Chamber:
    made = chamber(4)
    Unit.objects.filter(pk__in=[made.unit.pk, made.coordination.pk]).update(state=UnitState.CONSTITUTED)
    made.unit.refresh_from_db()
    return made


def elect(here: Chamber, day=TODAY):
    return hold_election(actor=here.secretary, day=day, act=ACT, seats=councillors(here.places))


def test_an_election_while_a_vote_is_open_counts_from_the_next_day_and_the_vote_is_closed_by_who_opened_it(here):
    found = open_voting(actor=here.president, deliberation=on_agenda(here))
    vote(here, found, "ff")
    with pytest.raises(Refused) as refusal:
        elect(here)
    assert refusal.value.code == "in_session"
    elect(here, TODAY + ONE_DAY)
    vote(here, found, "--fa")
    found = close_voting(actor=here.president, deliberation=found)
    assert (found.state, found.votes_for, found.votes_against, found.seats, found.present) == ("passed", 3, 1, 4, 4)
    assert {m.person.name for m in seats_of(here.unit, TODAY + ONE_DAY)} == {s.name for s in councillors(here.places)}


def test_a_councillor_is_not_replaced_under_an_open_vote_by_a_substitute_either(here):
    substitute = MandateFactory(unit=here.unit, municipality=here.places[1], position=Position.SUBSTITUTE)
    open_voting(actor=here.president, deliberation=on_agenda(here))
    facts = {
        "actor": here.secretary,
        "mandate": here.seats[1],
        "by": Seated(substitute.person.name, substitute.person.email),
        "act": ACT,
        "reason": EndReason.RESIGNATION,
    }
    with pytest.raises(Refused) as refusal:
        replace_councillor(day=TODAY, **facts)
    assert refusal.value.code == "in_session"
    new = replace_councillor(day=TODAY + ONE_DAY, **facts)
    substitute.refresh_from_db()
    assert (new.person, substitute.ends_on) == (substitute.person, TODAY)


def test_a_president_who_resigns_in_mid_meeting_chairs_it_to_its_end(here):
    found = open_voting(actor=here.president, deliberation=on_agenda(here))
    facts = {"mandate": here.seats[0], "reason": EndReason.RESIGNATION, "act": "Carta"}
    with pytest.raises(Refused) as refusal:
        end_mandate(actor=here.secretary, last=TODAY - ONE_DAY, **facts)
    assert refusal.value.code == "in_session"
    end_mandate(actor=here.president, last=TODAY, **facts)
    vote(here, found, "fff")
    assert close_voting(actor=here.president, deliberation=found).state == "passed"
    assert not seats_of(here.unit, TODAY + ONE_DAY).filter(position=Position.PRESIDENT).exists()


def test_a_position_is_not_given_under_a_meeting(here):
    with pytest.raises(Refused) as refusal:
        give_position(actor=here.secretary, mandate=here.seats[2], position=Position.SECRETARY, day=TODAY, act=ACT)
    assert refusal.value.code == "in_session"


def test_a_mandate_cannot_have_ended_before_a_meeting_in_which_it_took_part(here):
    Meeting.objects.filter(pk=here.meeting.pk).update(state=MeetingState.CLOSED)
    facts = {"reason": EndReason.TERM, "act": "Carta"}
    with pytest.raises(Refused) as refusal:
        end_mandate(actor=here.secretary, mandate=here.seats[1], last=TODAY - ONE_DAY, **facts)
    assert refusal.value.code == "used"
    with pytest.raises(Refused) as refusal:
        elect(here)
    assert refusal.value.code == "used"
    end_mandate(actor=here.secretary, mandate=here.seats[1], last=TODAY, **facts)


def test_a_mandate_that_was_absent_may_have_ended_before_a_meeting(here):
    attend(here, 3, "absent")
    Meeting.objects.filter(pk=here.meeting.pk).update(state=MeetingState.CLOSED)
    ended = end_mandate(
        actor=here.secretary, mandate=here.seats[3], last=TODAY - ONE_DAY, reason=EndReason.TERM, act="Carta"
    )
    assert ended.ends_on == TODAY - ONE_DAY


def test_an_election_is_not_undone_under_a_meeting_of_those_whom_it_named(here):
    Meeting.objects.filter(pk=here.meeting.pk).update(state=MeetingState.CLOSED)
    done = elect(here, TODAY + ONE_DAY)
    begun, ended = [str(m.public_id) for m in done.begun], done.before
    session = MeetingFactory(
        unit=here.unit, state=MeetingState.IN_SESSION, starts_at=timezone.now() + timedelta(days=1),
        ends_at=timezone.now() + timedelta(days=1, hours=1),
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        undo_election(actor=here.secretary, begun=begun, ended=ended)
    assert refusal.value.code == "in_session"
    Meeting.objects.filter(pk=session.pk).update(state=MeetingState.CLOSED)
    assert undo_election(actor=here.secretary, begun=begun, ended=ended) == 4


def test_undoing_an_election_gives_back_the_last_days_that_were_already_recorded(here):
    Meeting.objects.filter(pk=here.meeting.pk).update(state=MeetingState.CLOSED)
    last = TODAY + timedelta(days=30)
    end_mandate(actor=here.secretary, mandate=here.seats[2], last=last, reason=EndReason.TERM, act="Carta")
    before = set(Mandate.objects.values_list("pk", "ends_on", "end_reason", "end_act"))
    done = elect(here, TODAY + ONE_DAY)
    assert Mandate.objects.get(pk=here.seats[2].pk).ends_on == TODAY
    undo_election(actor=here.secretary, begun=[str(m.public_id) for m in done.begun], ended=done.before)
    assert set(Mandate.objects.values_list("pk", "ends_on", "end_reason", "end_act")) == before


def test_who_sits_in_a_unit_keeps_the_day_on_which_another_composition_was_agreed(here):
    unit = here.coordination
    made = propose_composition(actor=here.secretary, unit=unit, data=proposal(here.places[:3], on=TODAY))
    world = type("World", (), {"council": here.unit})
    decide_composition(closed(made, world))
    assert {m.person for m in seats_of(unit, TODAY)} == {here.secretary}
    assert {m.starts_on for m in seats_of(unit, TODAY + ONE_DAY)} == {TODAY + ONE_DAY}


def test_on_the_day_on_which_the_mandates_begin_the_council_elects_its_president(here):
    Meeting.objects.filter(pk=here.meeting.pk).update(state=MeetingState.CLOSED)
    done = elect(here, TODAY + ONE_DAY)
    first = done.begun[0]
    made = give_position(
        actor=here.secretary, mandate=first, position=Position.PRESIDENT, day=TODAY + ONE_DAY, act="Ata n.º 1"
    )
    assert (made.pk, made.position, made.starts_on) == (first.pk, "president", TODAY + ONE_DAY)
    assert made.act == f"{ACT}\nAta n.º 1"
    assert seats_of(here.unit, TODAY + ONE_DAY).filter(position=Position.PRESIDENT).count() == 1

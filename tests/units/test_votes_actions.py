"""Deliberations from the agenda to the register: who may, what each step refuses, what it leaves behind."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from axes.choices import FrameworkState
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import FrameworkFactory, MandateFactory, UserFactory
from tests.units.voting import attend, chamber, proposal, vote
from units.actions import votes as actions
from units.actions.concertation import record_position
from units.actions.votes import (
    cast_vote,
    close_voting,
    open_voting,
    record_metropolitan_answer,
    withdraw_deliberation,
)
from units.choices import (
    DELIBERATION_MOVES,
    DecisionRule,
    DeliberationState,
    LegalEffect,
    MeetingState,
    MetropolitanAnswer,
    Position,
    Presence,
    SubjectKind,
)
from units.models import Deliberation, RegisterNumber, SecretBallot, Vote
from units.queries.votes import recomputed, seats_at, standing_of

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def closed(here, votes, **facts):
    """A deliberation opened, voted so, closed."""
    casting = facts.pop("casting_vote", "")
    found = open_voting(actor=here.president, deliberation=proposal(here, **facts))
    vote(here, found, votes)
    return close_voting(actor=here.president, deliberation=found, casting_vote=casting)


def test_a_vote_goes_from_the_agenda_to_the_register():
    here = chamber(5)
    found = closed(here, "ffao-")
    assert (found.state, found.number, found.year) == (DeliberationState.PASSED, 1, TODAY().year)
    assert (found.votes_for, found.votes_against, found.abstentions) == (2, 1, 1)
    assert (found.seats, found.present, found.quorum) == (5, 5, 3)
    assert recomputed(found).passed
    events = Event.objects.filter(object_id=str(found.public_id)).order_by("id").values_list("action", flat=True)
    assert list(events) == ["deliberation.proposed", "deliberation.opened", *["vote.cast"] * 4, "deliberation.passed"]


def test_who_was_not_there_is_absent_and_who_was_there_and_silent_has_no_vote():
    here = chamber(5, present=4)
    found = closed(here, "ffo-")
    votes = {row.municipality.name: row.value for row in found.votes.select_related("municipality")}
    assert votes == {"Município 00": "for", "Município 01": "for", "Município 02": "abstain", "Município 04": "absent"}


@pytest.mark.parametrize(
    ("rule", "votes", "state"),
    [
        (DecisionRule.SIMPLE_MAJORITY, "ffaoo", "passed"),
        (DecisionRule.SIMPLE_MAJORITY, "faaoo", "failed"),
        (DecisionRule.TWO_THIRDS_CAST, "ffaoo", "passed"),
        (DecisionRule.TWO_THIRDS_CAST, "fffaa", "failed"),
        (DecisionRule.TWO_THIRDS_ALL, "fffoo", "failed"),
        (DecisionRule.TWO_THIRDS_ALL, "ffffo", "passed"),
        (DecisionRule.CONSENSUS, "fffff", "passed"),
        (DecisionRule.CONSENSUS, "ffff-", "failed"),
    ],
)
def test_each_rule_decides(rule, votes, state):
    assert closed(chamber(5), votes, rule=rule).state == state


def test_without_quorum_nothing_is_decided_and_no_number_is_given():
    here = chamber(5, present=2)
    found = closed(here, "ff")
    assert (found.state, found.number, found.year) == (DeliberationState.NO_QUORUM, None, None)
    assert not RegisterNumber.objects.exists()


def test_the_second_call_asks_for_a_third():
    here = chamber(6, present=2)
    type(here.meeting).objects.filter(pk=here.meeting.pk).update(call=2, second_call_at=timezone.now() + timedelta(1))
    assert closed(here, "ff").state == DeliberationState.PASSED


def test_numbers_are_consecutive_per_body_and_year():
    here = chamber(3)
    assert [closed(here, votes).number for votes in ("fff", "aaa", "f--")] == [1, 2, 3]


# Who may --------------------------------------------------------------------------------------------------------------


def test_the_secretariat_proposes_and_others_do_not():
    here = chamber(3)
    assert proposal(here).proposed_by == here.secretary
    assert proposal(here, actor=here.president).proposed_by == here.president
    for nobody in (here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            proposal(here, actor=nobody)


def test_only_a_chair_opens_and_closes():
    here = chamber(3)
    found = proposal(here)
    for nobody in (here.secretary, here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            open_voting(actor=nobody, deliberation=found)
    open_voting(actor=here.president, deliberation=found)
    for nobody in (here.secretary, here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            close_voting(actor=nobody, deliberation=found)
    assert close_voting(actor=here.vice, deliberation=found).state == DeliberationState.FAILED


def test_whoever_proposed_it_does_not_close_it():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, actor=here.president))
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "author"
    vote(here, found, "fff")
    assert close_voting(actor=here.vice, deliberation=found).state == DeliberationState.PASSED


def test_only_the_sitting_councillor_votes_for_a_municipality():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    for nobody in (here.secretary, here.people[1], UserFactory()):
        with pytest.raises(NotAllowed):
            cast_vote(actor=nobody, deliberation=found, municipality=here.places[0], value="for")
    assert not Vote.objects.exists()


def test_a_substitute_recorded_in_the_attendance_votes_instead():
    here = chamber(3)
    stand_in = UserFactory()
    mandate = MandateFactory(unit=here.unit, person=stand_in, position=Position.SUBSTITUTE, municipality=here.places[2])
    found = open_voting(actor=here.president, deliberation=proposal(here))
    with pytest.raises(NotAllowed):
        cast_vote(actor=stand_in, deliberation=found, municipality=here.places[2], value="for")
    attend(here, 2, Presence.REMOTE, substitute=mandate)
    with pytest.raises(Refused) as refusal:
        cast_vote(actor=here.people[2], deliberation=found, municipality=here.places[2], value="for")
    assert refusal.value.code == "not_present"
    assert cast_vote(actor=stand_in, deliberation=found, municipality=here.places[2], value="for").mandate == mandate


def test_who_is_not_recorded_as_present_does_not_vote():
    here = chamber(3, present=2)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    for presence in (None, Presence.EXCUSED, Presence.ABSENT):
        if presence:
            attend(here, 2, presence)
        with pytest.raises(Refused) as refusal:
            cast_vote(actor=here.people[2], deliberation=found, municipality=here.places[2], value="for")
        assert refusal.value.code == "not_present"
    attend(here, 2, Presence.REMOTE)
    assert cast_vote(actor=here.people[2], deliberation=found, municipality=here.places[2], value="for").value == "for"


# Voting ---------------------------------------------------------------------------------------------------------------


def test_a_vote_can_be_changed_until_voting_closes():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "fff")
    changed = cast_vote(
        actor=here.people[0],
        deliberation=found,
        municipality=here.places[0],
        value="against",
        declaration=" Porque sim. ",
    )
    assert (changed.value, changed.declaration, changed.version) == ("against", "Porque sim.", 2)
    assert found.votes.count() == 3
    close_voting(actor=here.president, deliberation=found)
    with pytest.raises(Refused) as refusal:
        cast_vote(actor=here.people[0], deliberation=found, municipality=here.places[0], value="for")
    assert refusal.value.code == "not_open"


def test_the_same_vote_again_writes_nothing():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "f")
    before = Event.objects.count()
    vote(here, found, "f")
    assert (Event.objects.count(), found.votes.get().version) == (before, 1)


def test_who_states_a_conflict_of_interest_does_not_vote_nor_count_as_present():
    here = chamber(5, present=3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    stated = cast_vote(
        actor=here.people[2],
        deliberation=found,
        municipality=here.places[2],
        value="for",
        conflict="Presido à entidade promotora.",
    )
    assert (stated.value, stated.conflict) == ("", "Presido à entidade promotora.")
    vote(here, found, "ff")
    # Three were there, two without a conflict: too few of five.
    assert close_voting(actor=here.president, deliberation=found).state == DeliberationState.NO_QUORUM
    event = Event.objects.filter(action="vote.cast", after__conflict="changed").get()
    assert "Presido" not in str(event.after)


def test_a_conflict_can_be_taken_back_while_voting_is_open():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    cast_vote(actor=here.people[0], deliberation=found, municipality=here.places[0], value="", conflict="Parentesco.")
    again = cast_vote(actor=here.people[0], deliberation=found, municipality=here.places[0], value="for")
    assert (again.value, again.conflict) == ("for", "")


@pytest.mark.parametrize("value", ["absent", "", "maybe"])
def test_one_votes_for_against_or_abstains(value):
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    with pytest.raises(Refused) as refusal:
        cast_vote(actor=here.people[0], deliberation=found, municipality=here.places[0], value=value)
    assert refusal.value.code == "value"


def test_voting_opens_only_in_session():
    here = chamber(3, state=MeetingState.CONVENED)
    with pytest.raises(Refused) as refusal:
        open_voting(actor=here.president, deliberation=proposal(here))
    assert refusal.value.code == "not_in_session"


def test_the_casting_vote_is_asked_for_and_given():
    here = chamber(4, has_casting_vote=True)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "ffaa")
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "tie"
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found, casting_vote="against")
    assert refusal.value.code == "own_vote"
    done = close_voting(actor=here.president, deliberation=found, casting_vote="for")
    assert (done.state, done.casting_vote) == (DeliberationState.PASSED, "for")
    assert recomputed(done).passed


def test_a_president_may_leave_the_tie_and_it_does_not_pass():
    here = chamber(4, has_casting_vote=True)
    assert closed(here, "ffaa", casting_vote="abstain").state == DeliberationState.FAILED


@pytest.mark.parametrize(("votes", "has", "code"), [("fffa", True, "no_tie"), ("ffaa", False, "no_casting_vote")])
def test_a_casting_vote_is_refused_where_there_is_none(votes, has, code):
    here = chamber(4, has_casting_vote=has)
    with pytest.raises(Refused) as refusal:
        closed(here, votes, casting_vote="for")
    assert refusal.value.code == code
    assert Deliberation.objects.get().state == DeliberationState.VOTING


# Secret ballots -------------------------------------------------------------------------------------------------------


def test_a_secret_ballot_keeps_who_voted_and_the_sums_only():
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here, is_secret=True))
    vote(here, found, "fafof")
    assert set(found.votes.values_list("value", "declaration", "cast_at")) == {("", "", found.opened_at)}
    ballot = SecretBallot.objects.get()
    assert (ballot.votes_for, ballot.votes_against, ballot.abstentions) == (3, 1, 1)
    done = close_voting(actor=here.president, deliberation=found)
    assert (done.state, done.votes_for, done.votes_against, done.abstentions) == ("passed", 3, 1, 1)
    assert recomputed(done).passed


def test_a_secret_vote_is_final_and_has_no_declaration():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, is_secret=True))
    vote(here, found, "f")
    with pytest.raises(Refused) as refusal:
        vote(here, found, "a")
    assert refusal.value.code == "final"
    with pytest.raises(Refused) as refusal:
        cast_vote(
            actor=here.people[1], deliberation=found, municipality=here.places[1], value="for", declaration="Voto sim."
        )
    assert refusal.value.code == "secret"
    assert SecretBallot.objects.get().votes_for == 1


def test_the_database_refuses_to_keep_what_was_voted_in_secret():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, is_secret=True))
    with pytest.raises(IntegrityError, match="secret ballot"), transaction.atomic():
        Vote.objects.create(deliberation=found, municipality=here.places[0], value="for")


# Withdrawn, answered --------------------------------------------------------------------------------------------------


def test_the_secretariat_withdraws_from_the_agenda_and_the_chair_during_the_vote():
    here = chamber(3)
    first, second = proposal(here), open_voting(actor=here.president, deliberation=proposal(here))
    with pytest.raises(Refused) as refusal:
        withdraw_deliberation(actor=here.secretary, deliberation=first, reason=" ")
    assert refusal.value.code == "reason"
    assert (
        withdraw_deliberation(actor=here.secretary, deliberation=first, reason="Falta o parecer.").state == "withdrawn"
    )
    with pytest.raises(NotAllowed):
        withdraw_deliberation(actor=here.secretary, deliberation=second, reason="Já não é preciso.")
    assert withdraw_deliberation(actor=here.president, deliberation=second, reason="Já não é preciso.").number is None


def test_a_proposal_waits_for_the_metropolitan_council_and_is_answered_once():
    here = chamber(3)
    found = closed(here, "fff", legal_effect=LegalEffect.PROPOSAL)
    assert found.metropolitan_answer == MetropolitanAnswer.AWAITED
    wanted = {"answer": "accepted", "reference": "Deliberação CmP 14", "on": TODAY()}
    with pytest.raises(NotAllowed):
        record_metropolitan_answer(actor=here.people[2], deliberation=found, **wanted)
    with pytest.raises(Refused) as refusal:
        record_metropolitan_answer(actor=here.secretary, deliberation=found, **wanted)
    assert refusal.value.code == "author"
    for change, code in (
        ({"answer": "awaited"}, "answer"),
        ({"reference": " "}, "reference"),
        ({"on": date(2020, 1, 1)}, "dates"),
        ({"on": TODAY() + timedelta(1)}, "dates"),
    ):
        with pytest.raises(Refused) as refusal:
            record_metropolitan_answer(actor=here.president, deliberation=found, **wanted | change)
        assert refusal.value.code == code
    done = record_metropolitan_answer(actor=here.president, deliberation=found, **wanted)
    assert (done.metropolitan_answer, done.metropolitan_reference) == ("accepted", "Deliberação CmP 14")
    with pytest.raises(Refused) as refusal:
        record_metropolitan_answer(actor=here.president, deliberation=done, **wanted | {"answer": "rejected"})
    assert refusal.value.code == "not_awaited"
    with pytest.raises(DatabaseError), transaction.atomic():
        Deliberation.objects.filter(pk=done.pk).update(metropolitan_answer="rejected")


@pytest.mark.parametrize("effect", [LegalEffect.BINDING, LegalEffect.OPINION])
def test_only_a_proposal_awaits_an_answer(effect):
    here = chamber(3)
    found = closed(here, "fff", legal_effect=effect)
    assert found.metropolitan_answer == ""
    with pytest.raises(Refused) as refusal:
        record_metropolitan_answer(
            actor=here.president, deliberation=found, answer="accepted", reference="x", on=TODAY()
        )
    assert refusal.value.code == "not_awaited"


# What it decides on ---------------------------------------------------------------------------------------------------


def test_an_edition_that_passed_is_in_force_in_the_same_transaction():
    here = chamber(3)
    old = FrameworkFactory(state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    new = FrameworkFactory(state=FrameworkState.DRAFT)
    found = closed(here, "fff", subject_kind=SubjectKind.FRAMEWORK, framework=new)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (FrameworkState.SUPERSEDED, FrameworkState.IN_FORCE)
    assert Event.objects.filter(action="framework.put_in_force", reason=str(found)).exists()


def test_an_edition_proposed_to_the_metropolitan_council_waits_for_its_answer():
    here = chamber(3)
    new = FrameworkFactory(state=FrameworkState.DRAFT)
    found = closed(here, "fff", subject_kind=SubjectKind.FRAMEWORK, framework=new, legal_effect=LegalEffect.PROPOSAL)
    new.refresh_from_db()
    assert new.state == FrameworkState.DRAFT
    record_metropolitan_answer(actor=here.president, deliberation=found, answer="accepted", reference="x", on=TODAY())
    new.refresh_from_db()
    assert new.state == FrameworkState.IN_FORCE


@pytest.mark.parametrize("votes", ["aaa", "ffa"])
def test_what_did_not_pass_changes_nothing(votes):
    here = chamber(3)
    new = FrameworkFactory(state=FrameworkState.DRAFT)
    found = closed(here, votes, subject_kind=SubjectKind.FRAMEWORK, framework=new, rule=DecisionRule.CONSENSUS)
    new.refresh_from_db()
    assert (found.state, new.state) == (DeliberationState.FAILED, FrameworkState.DRAFT)


def test_a_subject_that_refuses_leaves_voting_open_and_no_gap(monkeypatch):
    here = chamber(3)
    told = []

    def handler(deliberation, outcome):
        told.append((deliberation.number, outcome and outcome.result))
        if len(told) == 1:
            raise Refused("Ainda não.", code="not_yet")

    monkeypatch.setitem(actions.HANDLERS, "funding.application", handler)
    found = open_voting(
        actor=here.president,
        deliberation=proposal(here, subject_kind=SubjectKind.OTHER_ROOM, subject_handler="funding.application"),
    )
    vote(here, found, "fff")
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "not_yet"
    found.refresh_from_db()
    assert (found.state, found.number, RegisterNumber.objects.count()) == (DeliberationState.VOTING, None, 0)
    assert close_voting(actor=here.president, deliberation=found).number == 1
    assert told == [(1, "passed"), (1, "passed")]


def test_what_nobody_knows_how_to_decide_is_not_put_on_an_agenda():
    here = chamber(3)
    with pytest.raises(Refused) as refusal:
        proposal(here, subject_kind=SubjectKind.OTHER_ROOM, subject_handler="nobody.knows")
    assert refusal.value.code == "no_handler"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"title": " "}, "text"),
        ({"text": ""}, "text"),
        ({"rule": "acclamation"}, "rule"),
        ({"legal_effect": "decree"}, "effect"),
    ],
)
def test_a_proposal_says_what_by_which_rule_and_with_which_effect(facts, code):
    with pytest.raises(Refused) as refusal:
        proposal(chamber(3), **facts)
    assert refusal.value.code == code


def test_an_opinion_decides_no_edition():
    here = chamber(3)
    with pytest.raises(Refused) as refusal:
        proposal(
            here, subject_kind=SubjectKind.FRAMEWORK, framework=FrameworkFactory(), legal_effect=LegalEffect.OPINION
        )
    assert refusal.value.code == "effect"


# States and the database ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", list(DeliberationState))
@pytest.mark.parametrize("step", ["voting", "close", "withdrawn"])
@pytest.mark.parametrize("who", ["president", "secretary", "member", "nobody"])
def test_every_step_from_every_state_for_everybody(old, step, who):
    """What the table does not hold is refused, and what it holds is done by whom it names."""
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    Deliberation.objects.filter(pk=found.pk).update(
        state=old, number=7, year=2020, closed_at=timezone.now(), votes_for=None if old in {"draft", "voting"} else 1
    )
    person = {
        "president": here.president,
        "secretary": here.secretary,
        "member": here.people[2],
        "nobody": UserFactory(),
    }[who]
    act = {
        "voting": lambda: open_voting(actor=person, deliberation=found),
        "close": lambda: close_voting(actor=person, deliberation=found),
        "withdrawn": lambda: withdraw_deliberation(actor=person, deliberation=found, reason="Porque sim."),
    }[step]
    wanted = {"voting": "voting", "close": "failed", "withdrawn": "withdrawn"}[step]
    part = DELIBERATION_MOVES.get(old, {}).get(wanted)
    allowed = {"chair": {"president"}, "secretariat": {"president", "secretary"}, None: set()}[part]
    if who in allowed:
        assert act().state == wanted
    else:
        with pytest.raises(Refused if part is None else NotAllowed):
            act()
        found.refresh_from_db()
        assert found.state == old


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Outro"},
        {"text": "Outro"},
        {"state": "failed"},
        {"number": 9},
        {"votes_for": 0},
        {"rule": "consensus"},
        {"legal_effect": "opinion"},
        {"is_secret": True},
        {"present": 1},
        {"casting_vote": "for"},
    ],
)
def test_the_database_keeps_a_closed_deliberation_as_it_was(change):
    found = closed(chamber(3), "fff")
    with pytest.raises(DatabaseError, match="update"), transaction.atomic():
        Deliberation.objects.filter(pk=found.pk).update(**change)


def test_the_database_keeps_the_votes_of_a_closed_deliberation():
    found = closed(chamber(3, present=2), "ff")
    for sql in (
        "UPDATE units_vote SET value = 'against' WHERE deliberation_id = %s",
        "DELETE FROM units_vote WHERE deliberation_id = %s",
        (
            "INSERT INTO units_vote (deliberation_id, municipality_id, value, declaration, conflict, cast_at, version)"
            " SELECT %s, id, 'for', '', '', now(), 1 FROM territory_municipality LIMIT 1"
        ),
    ):
        with (
            pytest.raises(IntegrityError, match="Votes change only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, [found.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        Deliberation.objects.filter(pk=found.pk).delete()


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        ({"value": "perhaps"}, "vote_value_is_known"),
        ({"value": "for", "conflict": "Parentesco"}, "who_states_a_conflict_does_not_vote"),
    ],
)
def test_the_database_refuses_votes_that_cannot_be(row, constraint):
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Vote.objects.create(deliberation=found, municipality=here.places[0], **row)


def test_the_database_refuses_a_second_vote_of_a_municipality():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "f")
    with pytest.raises(IntegrityError, match="one_vote_per_municipality"), transaction.atomic():
        Vote.objects.create(deliberation=found, municipality=here.places[0], value="against")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"rule": "acclamation"}, "deliberation_rule_is_known"),
        ({"state": "lost"}, "deliberation_state_is_known"),
        ({"legal_effect": "decree"}, "deliberation_effect_is_known"),
        ({"state": "passed"}, "closed_deliberation_has_number_and_totals"),
        ({"subject_kind": "plan"}, "deliberation_holds_what_it_decides_on"),
    ],
)
def test_the_database_refuses_deliberations_that_cannot_be(change, constraint):
    found = proposal(chamber(3))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Deliberation.objects.filter(pk=found.pk).update(**change)


def test_a_stale_step_is_refused():
    here = chamber(3)
    found = proposal(here)
    open_voting(actor=here.president, deliberation=found, version=found.version)
    with pytest.raises(Stale):
        close_voting(actor=here.president, deliberation=found, version=found.version)


# Concertation ---------------------------------------------------------------------------------------------------------


def test_a_municipality_says_where_it_stands_ahead_of_the_meeting():
    here = chamber(4, state=MeetingState.CONVENED)
    found = proposal(here)
    said = {"deliberation": found, "municipality": here.places[2]}
    made = record_position(actor=here.people[2], stance="with_changes", proposed_change="Até 2028.", **said)
    assert (made.stance, made.author) == ("with_changes", here.people[2])
    changed = record_position(actor=here.people[2], stance="in_favour", version=1, **said)
    assert (changed.pk, changed.stance, changed.proposed_change, changed.version) == (made.pk, "in_favour", "", 2)
    with pytest.raises(Stale):
        record_position(actor=here.people[2], stance="against", version=1, **said)
    with pytest.raises(Refused) as refusal:
        record_position(actor=here.secretary, stance="against", **said)
    assert refusal.value.code == "own_position"
    other = {"deliberation": found, "municipality": here.places[3]}
    assert record_position(actor=here.secretary, stance="against", **other).author == here.secretary
    assert record_position(actor=here.people[3], stance="in_favour", **other).author == here.people[3]
    with pytest.raises(NotAllowed):
        record_position(actor=here.people[3], stance="against", **said)
    with pytest.raises(Refused) as refusal:
        record_position(actor=here.people[2], stance="maybe", **said)
    assert refusal.value.code == "stance"


def test_positions_end_where_voting_begins():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    with pytest.raises(Refused) as refusal:
        record_position(actor=here.people[2], deliberation=found, municipality=here.places[2], stance="in_favour")
    assert refusal.value.code == "wrong_state"


def test_the_count_as_it_stands_is_the_count_as_it_closes():
    here = chamber(5, present=4)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "ffa-")
    now = standing_of(found, seats_at(found), found.votes.all())
    done = close_voting(actor=here.president, deliberation=found)
    assert (now.counts.votes_for, now.counts.votes_against, now.present, now.seats, now.outcome.result, now.voted) == (
        done.votes_for, done.votes_against, done.present, done.seats, done.state, 3
    )  # fmt: skip

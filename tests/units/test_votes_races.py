"""Two people who act at once leave one outcome: real connections, real locks."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from refamp.base.errors import Refused
from tests.units.voting import chamber, proposal, vote
from units.actions.votes import cast_vote, close_voting, open_voting, record_metropolitan_answer, withdraw_deliberation
from units.choices import DeliberationState, LegalEffect
from units.models import Deliberation, RegisterNumber

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do all of these at the same moment, each over its own connection: "done" or the code of the refusal."""
    ended = ["" for _ in acts]
    gate = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=20)
            act()
            ended[place] = "done"
        except Refused as refusal:
            ended[place] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return ended


def test_two_chairs_who_close_at_once_leave_one_outcome():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "fff")
    ended = at_once(
        lambda: close_voting(actor=here.president, deliberation=found),
        lambda: close_voting(actor=here.vice, deliberation=found),
    )
    assert sorted(ended) == ["done", "not_open"]
    found.refresh_from_db()
    assert (found.state, found.number, RegisterNumber.objects.get().last) == (DeliberationState.PASSED, 1, 1)


def test_closing_and_withdrawing_at_once_leave_one_outcome():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "fff")
    ended = at_once(
        lambda: close_voting(actor=here.president, deliberation=found),
        lambda: withdraw_deliberation(actor=here.vice, deliberation=found, reason="Engano."),
    )
    assert sorted(ended) in (["done", "not_open"], ["done", "wrong_state"])
    found.refresh_from_db()
    assert (found.state == DeliberationState.PASSED) == (found.number is not None)


def test_numbers_have_no_gaps_when_eight_close_at_once():
    here = chamber(3)
    opened = [open_voting(actor=here.president, deliberation=proposal(here)) for _ in range(8)]
    for found in opened:
        vote(here, found, "fff")
    ended = at_once(*(lambda one=one: close_voting(actor=here.president, deliberation=one) for one in opened))
    assert ended == ["done"] * 8
    assert sorted(Deliberation.objects.values_list("number", flat=True)) == list(range(1, 9))


def test_a_vote_cast_while_the_chair_closes_is_counted_or_refused():
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "fff")
    ended = at_once(
        lambda: close_voting(actor=here.president, deliberation=found),
        lambda: cast_vote(actor=here.people[3], deliberation=found, municipality=here.places[3], value="against"),
        lambda: cast_vote(actor=here.people[4], deliberation=found, municipality=here.places[4], value="against"),
    )
    found.refresh_from_db()
    assert ended[0] == "done"
    assert (found.votes_for, found.votes_against) == (3, ended[1:].count("done"))
    assert found.votes.filter(value="against").count() == found.votes_against


def test_a_secret_ballot_loses_no_vote_when_everybody_votes_at_once():
    here = chamber(8)
    found = open_voting(actor=here.president, deliberation=proposal(here, is_secret=True))
    ended = at_once(
        *(
            lambda n=n: cast_vote(
                actor=here.people[n],
                deliberation=found,
                municipality=here.places[n],
                value="against" if n in {2, 4, 6} else "for",
            )
            for n in range(8)
        )
    )
    assert ended == ["done"] * 8
    done = close_voting(actor=here.president, deliberation=found)
    assert (done.votes_for, done.votes_against, done.state) == (5, 3, DeliberationState.PASSED)


def test_the_same_person_voting_twice_at_once_has_one_vote():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    act = [
        lambda value=value: cast_vote(
            actor=here.people[0], deliberation=found, municipality=here.places[0], value=value
        )
        for value in ("for", "against")
    ]
    assert at_once(*act) == ["done", "done"]
    assert found.votes.count() == 1


def test_two_answers_of_the_metropolitan_council_at_once_leave_one():
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, legal_effect=LegalEffect.PROPOSAL))
    vote(here, found, "fff")
    close_voting(actor=here.president, deliberation=found)
    day = timezone.localdate()
    ended = at_once(
        *(
            lambda answer=answer: record_metropolitan_answer(
                actor=here.president, deliberation=found, answer=answer, reference="CmP 3", on=day
            )
            for answer in ("accepted", "rejected")
        )
    )
    assert sorted(ended) == ["done", "not_awaited"]

"""Secret ballots: what they leave behind, what a chair can learn, and what a tie leads to."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from refamp.audit.models import Event
from refamp.base.errors import Refused
from tests.factories import MeetingFactory
from tests.units.voting import attend, chamber, proposal, vote
from units.actions.votes import cast_vote, close_voting, open_voting, withdraw_deliberation
from units.choices import DeliberationState, MeetingState, Presence
from units.models import Deliberation, SecretBallot, Vote
from units.queries.votes import recomputed

pytestmark = pytest.mark.django_db
# What differs from one run to the next without saying anything of a vote.
ACCIDENTAL = {"id", "public_id", "opened_at", "closed_at", "cast_at", "updated_at", "proposed_at", "at", "request_id"}


def opened(here, **facts):
    return open_voting(actor=here.president, deliberation=proposal(here, is_secret=True, **facts))


def table(name, order):
    """Every column of every row in the order in which the server keeps them, but for what is accidental."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {name} ORDER BY {order}")
        columns = [column.name for column in cursor.description]
        return [
            {column: str(value) for column, value in zip(columns, row, strict=True) if column not in ACCIDENTAL}
            for row in cursor.fetchall()
        ]


@pytest.mark.parametrize("end", ["closed", "withdrawn", "open"])
def test_two_ballots_that_differ_only_in_who_voted_what_leave_the_same_traces(end, caplog):
    """The same rows, in the same physical order, with the same moments, record and statements."""
    here = chamber(4)

    def left_behind(votes):
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            found = opened(here)
            vote(here, found, votes)
            if end == "closed":
                close_voting(actor=here.president, deliberation=found)
            elif end == "withdrawn":
                withdraw_deliberation(actor=here.president, deliberation=found, reason="Engano.")
            found.refresh_from_db()
            moments = {cast == found.opened_at for cast in found.votes.values_list("cast_at", flat=True)}
            tables = [table("units_vote", "ctid"), table("units_deliberation", "ctid"), table("audit_event", "id")]
            sums = [] if end == "open" else table("units_secretballot", "ctid")
            said = [query["sql"][:40] for query in asked.captured_queries if "ballot" in query["sql"]]
            transaction.set_rollback(True)
        keys = {"deliberation_id", "item_id", "object_id", "after", "before", "hash"}
        rows = [[{k: v for k, v in row.items() if k not in keys} for row in part] for part in [*tables, sums]]
        words = [str(row.get("before", "")) + str(row.get("after", "")) for row in tables[2]]
        return moments, rows, [word for word in words if "vote" in word or "value" in word], said

    first, second = left_behind("ffaf"), left_behind("afff")
    assert first == second
    assert first[0] == {True}
    assert not [line for line in caplog.messages if "against" in line]


def test_the_statement_that_adds_a_vote_names_every_sum_whatever_was_voted():
    here = chamber(3)
    found = opened(here)
    shapes = set()
    for number, value in enumerate(("for", "against", "abstain")):
        with CaptureQueriesContext(connection) as asked:
            cast_vote(actor=here.people[number], deliberation=found, municipality=here.places[number], value=value)
        update = next(q["sql"] for q in asked.captured_queries if q["sql"].startswith('UPDATE "units_secretballot"'))
        shapes.add(update.replace("+ 1)", "+ 0)"))
    assert len(shapes) == 1


def test_no_refusal_tells_the_chair_how_an_open_secret_vote_stands():
    here = chamber(4, has_casting_vote=True)
    found = opened(here)
    codes = []
    for letter in ("-", "f", "-a", "--f", "---a"):
        vote(here, found, letter)
        with pytest.raises(Refused) as refusal:
            close_voting(actor=here.president, deliberation=found, casting_vote="for")
        codes.append(refusal.value.code)
    assert codes == ["no_casting_vote"] * 5


def test_it_closes_when_everybody_present_has_voted():
    here = chamber(5)
    found = opened(here)
    vote(here, found, "ffaf")
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "still_voting"
    attend(here, 4, Presence.ABSENT)
    assert close_voting(actor=here.president, deliberation=found).state == DeliberationState.PASSED


def test_the_sums_of_one_or_two_votes_are_never_told():
    here = chamber(3, present=2)
    found = opened(here)
    vote(here, found, "ff")
    with pytest.raises(Refused) as refusal:
        close_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "too_few"


def test_what_decides_nothing_tells_nothing(client):
    here = chamber(5)
    withdrawn = opened(here)
    vote(here, withdrawn, "ffa")
    withdraw_deliberation(actor=here.president, deliberation=withdrawn, reason="Engano.")
    short = opened(here)
    vote(here, short, "fa")
    for number in (2, 3, 4):
        attend(here, number, Presence.ABSENT)
    done = close_voting(actor=here.president, deliberation=short)
    assert (done.state, done.votes_for, done.number) == (DeliberationState.NO_QUORUM, None, None)
    assert recomputed(done).result == "no_quorum"
    assert not SecretBallot.objects.exists()
    answer = client.get(f"/api/v1/deliberations/{done.public_id}/").json()
    assert (answer["votes_for"], answer["status"], answer["votes"]) == (None, "not_applicable", [])
    for path in ("/deliberacoes/", f"/deliberacoes/{done.public_id}/", "/deliberacoes/registo.pdf"):
        assert client.get(path).status_code == 200


def test_a_conflict_of_interest_is_taken_back_and_the_vote_counts_once():
    here = chamber(4)
    found = opened(here)
    vote(here, found, "ffa")
    mine = {"actor": here.people[3], "deliberation": found, "municipality": here.places[3]}
    cast_vote(value="", conflict="Presido à entidade.", **mine)
    assert SecretBallot.objects.get().votes_for == 2
    cast_vote(value="for", **mine)
    assert (SecretBallot.objects.get().votes_for, found.votes.filter(conflict="").count()) == (3, 4)
    for value, conflict in (("against", ""), ("", "Outra vez.")):
        with pytest.raises(Refused) as refusal:
            cast_vote(value=value, conflict=conflict, **mine)
        assert refusal.value.code == "final"


# Ties -----------------------------------------------------------------------------------------------------------------


def test_a_tie_is_voted_on_again_at_once_and_conflicts_stay():
    here = chamber(5, has_casting_vote=True)
    found = opened(here)
    vote(here, found, "ffaa")
    cast_vote(actor=here.people[4], deliberation=found, municipality=here.places[4], value="", conflict="Sou parte.")
    again = close_voting(actor=here.president, deliberation=found)
    assert (again.state, again.ballots, again.is_secret) == (DeliberationState.VOTING, 2, True)
    assert [vote.conflict for vote in again.votes.all()] == ["Sou parte."]
    assert SecretBallot.objects.get().votes_for == 0
    tie = Event.objects.get(action="deliberation.tied").after
    assert (tie["votes_for"], tie["votes_against"]) == (2, 2)
    vote(here, found, "fffa")
    done = close_voting(actor=here.president, deliberation=found)
    assert (done.state, done.votes_for, done.number) == (DeliberationState.PASSED, 3, 1)


def test_whoever_closes_twice_does_not_close_the_second_ballot():
    here = chamber(4)
    found = opened(here)
    vote(here, found, "ffaa")
    found.refresh_from_db()
    close_voting(actor=here.president, deliberation=found, version=found.version)
    with pytest.raises(Refused):
        close_voting(actor=here.president, deliberation=found, version=found.version)
    assert Deliberation.objects.get().state == DeliberationState.VOTING


def test_two_ties_put_it_off_and_a_tie_in_the_next_meeting_leads_to_a_vote_by_name():
    here = chamber(4)
    found = opened(here)
    for _turn in range(2):
        vote(here, found, "ffaa")
        found = close_voting(actor=here.president, deliberation=found)
    assert (found.state, found.number, found.votes_for) == (DeliberationState.POSTPONED, None, 2)
    here.meeting = MeetingFactory(
        unit=here.unit, state=MeetingState.IN_SESSION, starts_at=here.meeting.starts_at + timedelta(hours=1)
    )
    for number in range(4):
        attend(here, number)
    following = opened(here)
    vote(here, following, "ffaa")
    by_name = close_voting(actor=here.president, deliberation=following)
    assert (by_name.state, by_name.is_secret, by_name.ballots) == (DeliberationState.VOTING, False, 2)
    assert not SecretBallot.objects.filter(deliberation=by_name).exists()
    vote(here, following, "fffa")
    done = close_voting(actor=here.president, deliberation=following)
    assert (done.state, done.number) == (DeliberationState.PASSED, 1)
    assert Vote.objects.filter(deliberation=done, value="for").count() == 3


def test_what_was_put_off_is_public_without_a_number_and_says_so(client, client_of):
    here = chamber(4)
    found = opened(here)
    vote(here, found, "ffaa")
    chair = client_of(here.president)
    found.refresh_from_db()
    address = f"/deliberacoes/{found.public_id}/"
    first = chair.post(f"{address}fechar/", {"version": found.version}, follow=True)
    assert "Empate em segredo" in first.content.decode()
    vote(here, found, "ffaa")
    found.refresh_from_db()
    chair.post(f"{address}fechar/", {"version": found.version})
    assert "adiada para a reunião seguinte" in client.get(address).content.decode()

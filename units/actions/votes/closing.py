"""The vote closes: outcome, number in the register, and what it decides on, in one transaction."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import Refused
from units.actions.votes.ballots import CASTABLE, destroy_ballot
from units.actions.votes.subjects import (
    check_not_author,
    check_part,
    keep,
    locked_deliberation,
    moment,
    tell_subject,
)
from units.choices import DELIBERATION_MOVES, DeliberationState, LegalEffect, MetropolitanAnswer, VoteValue
from units.models import Deliberation, RegisterNumber, SecretBallot, Unit, Vote
from units.queries.votes import (
    Seat,
    Standing,
    casting_vote_counts,
    quorum_needed,
    seats_at,
    standing_of,
    was_put_off,
)

# Of one or two secret votes, the sums would say who voted what, at least to the other.
FEWEST_IN_SECRET = 3


@transaction.atomic
def close_voting(
    *,
    actor: User | None,
    deliberation: Deliberation,
    casting_vote: str = "",
    version: int | None = None,
    at: datetime | None = None,
) -> Deliberation:
    """Close the vote, by the chair: outcome, number and what it decides on, in one transaction.

    Of a tie that a casting vote may break, the chair says how: for, against, or `abstain` for not using it. A tie in a
    secret ballot has none: it is voted on again at once, and what ties again is put off to the next meeting, where a
    tie leads to a vote by name (CPA, art. 33, nos. 2 and 3; Lei 75/2013, art. 55, no. 4).
    """
    found = locked_deliberation(deliberation, version)
    if found.state != DeliberationState.VOTING:
        raise Refused(_("Voting is not open."), code="not_open")
    check_part(actor, found, DELIBERATION_MOVES[DeliberationState.VOTING][DeliberationState.PASSED])
    check_not_author(actor, found)
    seats = seats_at(found)
    votes = list(found.votes.all())
    now = standing_of(found, seats, votes)
    if now is None:
        raise Refused(_("Nobody has a seat in this body."), code="no_seats")
    decided = now.outcome.result != DeliberationState.NO_QUORUM
    is_tie = now.is_tie and decided
    check_casting_vote(actor, found, casting_vote, votes, is_tie=is_tie)
    if found.is_secret and decided:
        check_secret_count(now)
    if found.is_secret and is_tie and found.ballots == 1:
        return vote_again(actor, found, now)
    found.casting_vote = casting_vote
    now = standing_of(found, seats, votes)
    assert now is not None  # noqa: S101 - the seats are the same
    note_absences(found, seats, votes)
    closed = moment(actor, at)
    state = DeliberationState.POSTPONED if found.is_secret and is_tie else DeliberationState(now.outcome.result)
    numbered = state in {DeliberationState.PASSED, DeliberationState.FAILED}
    # What decided nothing tells no secret either.
    told = decided or not found.is_secret
    if not told:
        destroy_ballot(found)
    year = timezone.localtime(closed).year
    waits = now.outcome.passed and found.legal_effect == LegalEffect.PROPOSAL
    keep(
        found,
        state=state,
        year=year if numbered else None,
        number=next_number(found.unit, year) if numbered else None,
        votes_for=now.counts.votes_for if told else None,
        votes_against=now.counts.votes_against if told else None,
        abstentions=now.counts.abstentions if told else None,
        seats=now.seats,
        present=now.present,
        quorum=quorum_needed(found, now.seats),
        casting_vote=casting_vote,
        closed_at=closed,
        metropolitan_answer=MetropolitanAnswer.AWAITED if waits else "",
    )
    record(
        actor=actor,
        action=f"deliberation.{found.state}",
        obj=found,
        before={"state": DeliberationState.VOTING},
        after={
            "state": found.state,
            "number": found.number,
            "year": found.year,
            "votes_for": found.votes_for,
            "votes_against": found.votes_against,
            "abstentions": found.abstentions,
            "present": found.present,
            "seats": found.seats,
            "why": now.outcome.why,
        },
    )
    tell_subject(found, now.outcome)
    return found


def check_secret_count(now: Standing) -> None:
    """A secret vote closes when everybody has voted, and not over one or two: the sums would say who voted what."""
    if now.voted < now.present:
        raise Refused(
            _(
                "In a secret ballot everybody who is present votes before it closes. Still missing: %(missing)s. "
                "Note down in the attendance who has left."
            )
            % {"missing": now.present - now.voted},
            code="still_voting",
        )
    if now.counts.total < FEWEST_IN_SECRET:
        raise Refused(
            _("Of so few secret votes the sums would say who voted what: withdraw it, or put it to a vote by name."),
            code="too_few",
        )


def note_absences(deliberation: Deliberation, seats: list[Seat], votes: list[Vote]) -> None:
    """Seats that nobody took are absent, which is not an abstention; who was there and did not vote has no vote."""
    voted = {vote.municipality_id for vote in votes}
    Vote.objects.bulk_create(
        Vote(
            deliberation=deliberation,
            municipality=seat.municipality,
            value=VoteValue.ABSENT,
            cast_at=deliberation.opened_at or timezone.now(),
        )
        for seat in seats
        if not seat.is_present and seat.municipality.pk not in voted
    )


def vote_again(actor: User | None, deliberation: Deliberation, tie: Standing) -> Deliberation:
    """After a tie in secret: the votes are forgotten, conflicts of interest stay, and the vote stays open.

    In secret once more; by name where the same was put off for its ties in an earlier meeting.
    """
    by_name = was_put_off(deliberation)
    deliberation.votes.filter(conflict="").delete()
    destroy_ballot(deliberation)
    if not by_name:
        SecretBallot.objects.create(deliberation=deliberation)
    keep(deliberation, ballots=deliberation.ballots + 1, is_secret=not by_name)
    record(
        actor=actor,
        action="deliberation.tied",
        obj=deliberation,
        after={
            "votes_for": tie.counts.votes_for,
            "votes_against": tie.counts.votes_against,
            "abstentions": tie.counts.abstentions,
            "ballots": deliberation.ballots,
            "is_secret": deliberation.is_secret,
        },
    )
    return deliberation


def check_casting_vote(
    actor: User | None, deliberation: Deliberation, casting_vote: str, votes: list[Vote], *, is_tie: bool
) -> None:
    """Refuse a casting vote where there is none to give, and a tie about which the president said nothing.

    A body without casting votes, and a secret ballot, refuse it whatever the count is: the refusal tells nothing of it.
    """
    may_break = casting_vote_counts(deliberation)
    if casting_vote and not may_break:
        raise Refused(_("In this body no casting vote breaks this tie."), code="no_casting_vote", field="casting_vote")
    asked = is_tie and may_break
    if not casting_vote:
        if asked:
            raise Refused(_("It is a tie: say how the casting vote breaks it."), code="tie", field="casting_vote")
        return
    if casting_vote not in CASTABLE:
        raise Refused(_("Unknown vote."), code="casting_vote", field="casting_vote")
    if not is_tie:
        raise Refused(_("There is no tie to break."), code="no_tie", field="casting_vote")
    if actor is None:
        return
    own = next((vote for vote in votes if vote.mandate and vote.mandate.person_id == actor.pk), None)
    if own is not None and casting_vote != VoteValue.ABSTAIN:
        if own.conflict:
            raise Refused(
                _("Who states a conflict of interest has no casting vote."), code="conflict", field="casting_vote"
            )
        if own.value in {VoteValue.FOR, VoteValue.AGAINST} and own.value != casting_vote:
            raise Refused(_("A casting vote goes the way of one's own vote."), code="own_vote", field="casting_vote")


def next_number(unit: Unit, year: int) -> int:
    """The next number of a body's register: its row is locked until the commit, so none is skipped or given twice."""
    RegisterNumber.objects.get_or_create(unit=unit, year=year)
    row = RegisterNumber.objects.select_for_update().get(unit=unit, year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last

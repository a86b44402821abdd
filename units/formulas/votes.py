"""Whether a vote passed: quorum, majorities, ties. Pure arithmetic over counts.

Legal reading, for bodies whose own rules say nothing else:

- Quorum: more than half of the members with a vote, present or taking part remotely (CPA, DL 4/2015, art. 29, no. 1;
  Lei 75/2013, art. 54, no. 1); on second call a third (art. 29, no. 3), never fewer than two in a body of three (no.
  4). Whoever states a conflict of interest leaves the room (CPA, art. 31; Lei 75/2013, art. 55, no. 6): the caller
  does not count them among those present.
- Abstentions count neither for nor against: "não contando as abstenções para o apuramento da maioria" (Lei 75/2013,
  art. 54, no. 2). Votes cast are therefore those for and against.
- Simple majority: more for than against. A tie does not pass, unless the body gives its president a casting vote (CPA,
  art. 33; Lei 75/2013, art. 54, no. 2), which never breaks the tie of a secret ballot (CPA, art. 33, no. 1).
- Absolute majority of those present: more than half of them in favour (CPA, art. 32, no. 1), so that an abstention, and
  whoever is present and does not vote, weighs like a vote against. Half for and half against is a tie there too.
- Two thirds of all, and consensus, are of the seats of the body (the seventeen), whoever is in the room: an absence or
  a conflict of interest does not lower them.
"""

from dataclasses import dataclass

from units.choices import DecisionRule, OutcomeReason, SecondCallQuorum, VoteValue

PASSED, FAILED, NO_QUORUM = "passed", "failed", "no_quorum"
SMALLEST_BODY = 3


@dataclass(frozen=True)
class Counts:
    """How many municipalities voted for, against, and abstained."""

    votes_for: int = 0
    votes_against: int = 0
    abstentions: int = 0

    @property
    def cast(self) -> int:
        return self.votes_for + self.votes_against

    @property
    def total(self) -> int:
        return self.cast + self.abstentions


@dataclass(frozen=True)
class Outcome:
    """`result` is passed, failed or no_quorum; `threshold` the votes in favour that are needed; `why` a code."""

    result: str
    threshold: int
    quorum: int
    why: OutcomeReason

    @property
    def passed(self) -> bool:
        return self.result == PASSED


def quorum_of(seats: int, *, call: int = 1, second_call: str = SecondCallQuorum.HALF) -> int:
    """How many must be present for a body of so many seats to decide."""
    half = seats // 2 + 1
    if call == 1 or second_call != SecondCallQuorum.THIRD:
        return half
    return min(half, 2) if seats <= SMALLEST_BODY else -(-seats // 3)


def threshold_of(rule: str, seats: int, present: int, votes: Counts) -> int:
    """How many votes in favour the rule asks for; only consensus and two thirds of all seats stand still."""
    if rule == DecisionRule.CONSENSUS:
        return seats
    if rule == DecisionRule.TWO_THIRDS_ALL:
        return -(-2 * seats // 3)
    if rule == DecisionRule.TWO_THIRDS_CAST:
        return max(1, -(-2 * votes.cast // 3))
    if rule == DecisionRule.SIMPLE_MAJORITY:
        return votes.votes_against + 1
    if rule == DecisionRule.ABSOLUTE_MAJORITY:
        return present // 2 + 1
    raise ValueError(rule)


def is_tie(rule: str, present: int, votes: Counts) -> bool:
    """Whether a casting vote would be asked for: where it would make the majority, and not where nobody took sides.

    Under an absolute majority, that is where half of those present voted for and half against.
    """
    if votes.votes_for != votes.votes_against or not votes.cast:
        return False
    return rule == DecisionRule.SIMPLE_MAJORITY or (rule == DecisionRule.ABSOLUTE_MAJORITY and votes.cast == present)


def outcome(  # noqa: PLR0911 - one way out per reason
    rule: str,
    seats: int,
    present: int,
    votes: Counts,
    *,
    casting_vote: str = "",
    president_has_casting_vote: bool = False,
    quorum: int | None = None,
) -> Outcome:
    """What so many votes of so many seats mean under a rule.

    `present` counts the seats in the room or remote, without those who stated a conflict of interest. `casting_vote` is
    how the president breaks a tie ("" or an abstention: not at all). Raises ValueError for counts that cannot be.
    """
    if min(seats, present, votes.votes_for, votes.votes_against, votes.abstentions) < 0 or seats == 0:
        raise ValueError("a count below zero, or a body without seats")
    if present > seats or votes.total > present:
        raise ValueError("more votes than people, or more people than seats")
    needed = quorum_of(seats) if quorum is None else quorum
    threshold = threshold_of(rule, seats, present, votes)
    if present < needed:
        return Outcome(NO_QUORUM, threshold, needed, OutcomeReason.NO_QUORUM)
    if votes.votes_for >= threshold:
        return Outcome(PASSED, threshold, needed, OutcomeReason.REACHED)
    if is_tie(rule, present, votes):
        if president_has_casting_vote and casting_vote == VoteValue.FOR:
            return Outcome(PASSED, threshold, needed, OutcomeReason.CASTING_FOR)
        if president_has_casting_vote and casting_vote == VoteValue.AGAINST:
            return Outcome(FAILED, threshold, needed, OutcomeReason.CASTING_AGAINST)
        return Outcome(FAILED, threshold, needed, OutcomeReason.TIE)
    if not votes.cast:
        return Outcome(FAILED, threshold, needed, OutcomeReason.NOBODY_TOOK_SIDES)
    return Outcome(FAILED, threshold, needed, OutcomeReason.NOT_REACHED)

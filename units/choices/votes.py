"""Deliberations, votes and what follows."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# What every export holds in one cell, with room to spare.
LONGEST_TEXT = 30_000
LONGEST_BASIS = 1_000


class DecisionRule(TextChoices):
    CONSENSUS = "consensus", _("consensus of all seats")
    SIMPLE_MAJORITY = "simple_majority", _("simple majority")
    ABSOLUTE_MAJORITY = "absolute_majority", _("absolute majority of those present")
    TWO_THIRDS_CAST = "two_thirds_cast", _("two thirds of the votes cast")
    TWO_THIRDS_ALL = "two_thirds_all", _("two thirds of all seats")


class LegalEffect(TextChoices):
    BINDING = "binding", _("binding here")
    PROPOSAL = "proposal", _("proposal to the Metropolitan Council")
    OPINION = "opinion", _("opinion")


class VoteValue(TextChoices):
    FOR = "for", _("for")
    AGAINST = "against", _("against")
    ABSTAIN = "abstain", _("abstention")
    ABSENT = "absent", _("absent")


class DeliberationState(TextChoices):
    DRAFT = "draft", _("on the agenda")
    VOTING = "voting", _("being voted")
    PASSED = "passed", _("passed")
    FAILED = "failed", _("not passed")
    NO_QUORUM = "no_quorum", _("no quorum")
    POSTPONED = "postponed", _("put off to the next meeting")
    WITHDRAWN = "withdrawn", _("withdrawn")


DELIBERATION_MOVES = {
    DeliberationState.DRAFT: {DeliberationState.VOTING: "chair", DeliberationState.WITHDRAWN: "secretariat"},
    DeliberationState.VOTING: {
        DeliberationState.PASSED: "chair",
        DeliberationState.FAILED: "chair",
        DeliberationState.NO_QUORUM: "chair",
        DeliberationState.POSTPONED: "chair",
        DeliberationState.WITHDRAWN: "chair",
    },
}


CLOSED_DELIBERATION = {
    DeliberationState.PASSED,
    DeliberationState.FAILED,
    DeliberationState.NO_QUORUM,
    DeliberationState.POSTPONED,
}


class MetropolitanAnswer(TextChoices):
    """What the Metropolitan Council said of a proposal; empty where it is not asked."""

    AWAITED = "awaited", _("awaiting the Metropolitan Council")
    ACCEPTED = "accepted", _("accepted by the Metropolitan Council")
    REJECTED = "rejected", _("rejected by the Metropolitan Council")


class OutcomeReason(TextChoices):
    """Why a vote ended as it did."""

    REACHED = "reached", _("the rule is met")
    CASTING_FOR = "casting_for", _("a tie, decided in favour by the casting vote")
    CASTING_AGAINST = "casting_against", _("a tie, decided against by the casting vote")
    TIE = "tie", _("a tie does not pass")
    NOBODY_TOOK_SIDES = "nobody_took_sides", _("nobody voted for or against")
    NOT_REACHED = "not_reached", _("the votes in favour are too few for the rule")
    NO_QUORUM = "no_quorum", _("too few were present to decide")


class SubjectKind(TextChoices):
    """What a deliberation decides on. Higher rooms register a handler for theirs."""

    TEXT = "text", _("a text")
    FRAMEWORK = "framework", _("an edition of the referential")
    COMPOSITION = "composition", _("the composition of a unit")
    PLAN = "plan", _("an annual plan")
    AMENDMENT = "amendment", _("an amendment to a plan")
    DISSOLUTION = "dissolution", _("the end of a unit")
    OTHER_ROOM = "other_room", _("a matter of another room")


class Stance(TextChoices):
    IN_FAVOUR = "in_favour", _("in favour")
    WITH_CHANGES = "with_changes", _("in favour, with changes")
    AGAINST = "against", _("against")
    UNDECIDED = "undecided", _("undecided")


class FollowUpState(TextChoices):
    OPEN = "open", _("to do")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


FOLLOW_UP_MOVES = {
    FollowUpState.OPEN: {FollowUpState.DONE: "owner", FollowUpState.DROPPED: "secretariat"},
    FollowUpState.DONE: {FollowUpState.OPEN: "secretariat"},
}


# What the record calls what happens to deliberations.
VOTE_EVENTS = {
    "deliberation.proposed": _("deliberation proposed"),
    "deliberation.withdrawn": _("deliberation withdrawn"),
    "deliberation.opened": _("voting opened"),
    "deliberation.passed": _("deliberation passed"),
    "deliberation.failed": _("deliberation failed"),
    "deliberation.no_quorum": _("no quorum"),
    "deliberation.tied": _("a tie in secret, voted on again"),
    "deliberation.postponed": _("deliberation put off"),
    "deliberation.answered": _("answer of the Metropolitan Council"),
    "vote.cast": _("vote cast"),
    "vote.changed": _("vote changed"),
    "position.recorded": _("position recorded"),
    "position.changed": _("position changed"),
    "follow_up.added": _("follow-up task added"),
    "follow_up.changed": _("follow-up task changed"),
    "follow_up.done": _("follow-up task done"),
    "follow_up.dropped": _("follow-up task dropped"),
    "follow_up.open": _("follow-up task taken up again"),
}

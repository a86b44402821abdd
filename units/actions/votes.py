"""Deliberations: proposed at a point of an agenda, voted, closed; and what they decide on, by registered handlers.

**Locks.** The deliberation's row first, then the register's, then what it decides on: two chairs who close at once
leave one outcome, and a vote is either counted or refused.

**Secret ballot.** `Vote` keeps that a municipality voted, without what and without the moment; `SecretBallot` keeps
sums alone. Neither the record, nor a log, nor a page says more, and sums are shown only when voting is closed, so
that nobody can watch them grow. A vote in a secret ballot is final: nothing remembers what to take back. What this
does not protect against: a unanimous result says what everybody voted; whoever can read the database's own files, its
write-ahead log or a backup taken between two votes can put two states of the sums beside each other; whoever looks
over a shoulder.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.framework import put_in_force
from axes.choices import FRAMEWORK_MOVES, FrameworkState
from axes.models import Framework
from refamp.accounts.models import User
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from refamp.territory.models import Municipality
from units.choices import (
    DELIBERATION_MOVES,
    DeliberationState,
    ItemKind,
    LegalEffect,
    MeetingState,
    MetropolitanAnswer,
    SubjectKind,
    VoteValue,
)
from units.models import (
    ActionPlan,
    AgendaItem,
    Composition,
    Deliberation,
    Mandate,
    Meeting,
    PlanAmendment,
    RegisterNumber,
    SecretBallot,
    Unit,
    Vote,
)
from units.queries.bodies import keeps_unit_of
from units.queries.votes import (
    answer_of,
    casting_vote_counts,
    chairs_unit,
    is_author_of,
    keeps_deliberations_of,
    quorum_needed,
    seats_at,
    standing_of,
    voter_of,
)

# What a closed deliberation does to its subject, by kind (higher rooms: by the name of their handler). It is called in
# the closing transaction with the deliberation and the computed outcome; again, with None, when a proposal is answered
# or a deliberation withdrawn. `queries.votes.answer_of(deliberation)` says what it means.
Handler = Callable[[Deliberation, Any], None]
HANDLERS: dict[str, Handler] = {}

OPEN_MEETING = {MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION}
CASTABLE = {VoteValue.FOR, VoteValue.AGAINST, VoteValue.ABSTAIN}
SUMS = {VoteValue.FOR: "votes_for", VoteValue.AGAINST: "votes_against", VoteValue.ABSTAIN: "abstentions"}


def register_handler(kind: str, handler: Handler) -> None:
    """Say what a deliberation on this kind of subject does when it closes; from `AppConfig.ready()`."""
    HANDLERS[kind] = handler


def handler_of(deliberation: Deliberation) -> Handler | None:
    """None for a mere text. Raises Refused where nobody knows what to do with the subject: nothing is decided then."""
    if deliberation.subject_kind == SubjectKind.TEXT:
        return None
    other = deliberation.subject_kind == SubjectKind.OTHER_ROOM
    handler = HANDLERS.get(deliberation.subject_handler if other else deliberation.subject_kind)
    if handler is None:
        raise Refused(_("The platform does not know what to do with what this decides on."), code="no_handler")
    return handler


def locked_deliberation(deliberation: Deliberation, version: int | None = None) -> Deliberation:
    """The deliberation, locked; `version` given and not the present one is refused."""
    found = (
        Deliberation.objects.select_for_update(of=("self",))
        .select_related("unit", "item__meeting", "plan", "amendment__plan", "composition", "framework", "dissolves")
        .get(pk=deliberation.pk)
    )
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


# On the agenda --------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose_deliberation(
    *,
    actor: User | None,
    item: AgendaItem,
    title: str,
    text: str,
    rule: str,
    legal_effect: str,
    subject_kind: str = SubjectKind.TEXT,
    subject_handler: str = "",
    plan: ActionPlan | None = None,
    amendment: PlanAmendment | None = None,
    composition: Composition | None = None,
    framework: Framework | None = None,
    dissolves: Unit | None = None,
    is_secret: bool | None = None,
    at: datetime | None = None,
) -> Deliberation:
    """Put something to decide at a point of an agenda. `is_secret` None: as the body's rules say.

    A decision about persons is secret wherever the body's rules ask for it, whatever is passed. `actor` None is the
    platform itself (demonstration), `at` its own moment.
    """
    found = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__unit").get(pk=item.pk)
    unit = found.meeting.unit
    if actor is not None and not (keeps_unit_of(actor, unit) or keeps_deliberations_of(actor, unit.pk)):
        raise NotAllowed
    check_proposal(found, unit, rule, legal_effect, subject_kind)
    if not title.strip() or not text.strip():
        raise Refused(_("Say what is to be decided, in a title and a text."), code="text", field="text")
    must_be_secret = unit.secret_on_persons and subject_kind == SubjectKind.COMPOSITION
    made = Deliberation(
        unit=unit,
        item=found,
        title=title.strip()[:300],
        text=text,
        rule=rule,
        legal_effect=legal_effect,
        is_secret=must_be_secret or bool(is_secret),
        subject_kind=subject_kind,
        subject_handler=subject_handler,
        plan=plan,
        amendment=amendment,
        composition=composition,
        framework=framework,
        dissolves=dissolves,
        proposed_by=actor,
        proposed_at=moment(actor, at),
    )
    handler_of(made)
    if framework is not None:
        check_move(FRAMEWORK_MOVES, framework.state, FrameworkState.IN_FORCE)
    made.save()
    record(
        actor=actor,
        action="deliberation.proposed",
        obj=made,
        after={
            "item": str(found),
            "rule": rule,
            "legal_effect": legal_effect,
            "subject_kind": subject_kind,
            "is_secret": made.is_secret,
        },
    )
    return made


def check_proposal(item: AgendaItem, unit: Unit, rule: str, legal_effect: str, subject_kind: str) -> None:
    if item.meeting.state not in OPEN_MEETING:
        raise Refused(_("This meeting takes no more points."), code="wrong_state", field="item")
    if item.kind != ItemKind.DECISION:
        raise Refused(_("This point is not for decision."), code="not_for_decision", field="item")
    if Deliberation.objects.filter(item=item).exists():
        raise Refused(_("This point already has its deliberation."), code="exists", field="item")
    if not unit.decision_rules.filter(rule=rule).exists():
        raise Refused(_("This body has no such rule."), code="rule", field="rule")
    if legal_effect not in LegalEffect.values:
        raise Refused(_("Unknown effect."), code="effect", field="legal_effect")
    if legal_effect == LegalEffect.OPINION and subject_kind not in {SubjectKind.TEXT, SubjectKind.OTHER_ROOM}:
        raise Refused(_("An opinion decides nothing: choose another effect."), code="effect", field="legal_effect")


@transaction.atomic
def withdraw_deliberation(
    *, actor: User | None, deliberation: Deliberation, reason: str, version: int | None = None
) -> Deliberation:
    """Take a deliberation back, with a reason: from the agenda by the secretariat, during the vote by the chair.

    It gets no number, and what it was to decide on goes back to where it stood.
    """
    found = locked_deliberation(deliberation, version)
    part = check_move(DELIBERATION_MOVES, found.state, DeliberationState.WITHDRAWN)
    check_part(actor, found, part)
    if not reason.strip():
        raise Refused(_("Say why."), code="reason", field="reason")
    before = found.state
    keep(found, state=DeliberationState.WITHDRAWN, closed_at=timezone.now())
    record(
        actor=actor,
        action="deliberation.withdrawn",
        obj=found,
        before={"state": before},
        after={"state": found.state},
        reason=reason.strip(),
    )
    tell_subject(found, None)
    return found


def check_part(actor: User | None, deliberation: Deliberation, part: str) -> None:
    """Raise NotAllowed for who has not the part that the table of moves names. None is the platform itself."""
    if actor is None:
        return
    allowed = (
        chairs_unit(actor, deliberation.unit_id)
        if part == "chair"
        else keeps_deliberations_of(actor, deliberation.unit_id)
    )
    if not allowed:
        raise NotAllowed


def check_not_author(actor: User | None, deliberation: Deliberation) -> None:
    """Whoever approves is never the author: another chair announces what becomes of one's own proposal."""
    if actor is not None and is_author_of(actor, deliberation):
        raise Refused(_("You proposed or wrote what is decided here: somebody else takes this step."), code="author")


def keep(deliberation: Deliberation, **values: Any) -> None:
    for name, value in values.items():
        setattr(deliberation, name, value)
    deliberation.version += 1
    deliberation.save(update_fields=[*values, "version", "updated_at"])


def tell_subject(deliberation: Deliberation, outcome: Any) -> None:
    handler = handler_of(deliberation)
    if handler is not None:
        handler(deliberation, outcome)


# Voting ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_voting(
    *, actor: User | None, deliberation: Deliberation, version: int | None = None, at: datetime | None = None
) -> Deliberation:
    """Open the vote, by the chair, while the meeting is in session. `at`: the platform's own moment (demonstration)."""
    found = locked_deliberation(deliberation, version)
    check_part(actor, found, check_move(DELIBERATION_MOVES, found.state, DeliberationState.VOTING))
    # Locked, so that nobody closes the meeting while its vote opens.
    meeting = Meeting.objects.select_for_update().get(pk=found.item.meeting_id)
    if meeting.state != MeetingState.IN_SESSION:
        raise Refused(_("Open the meeting first: a vote takes place in session."), code="not_in_session")
    if found.item.is_late and found.item.urgency_votes is None:
        raise Refused(
            _("This point came after the notice: two thirds of the members must first recognise its urgency."),
            code="not_urgent",
        )
    handler_of(found)
    keep(found, state=DeliberationState.VOTING, opened_at=moment(actor, at))
    if found.is_secret:
        SecretBallot.objects.get_or_create(deliberation=found)
    record(
        actor=actor,
        action="deliberation.opened",
        obj=found,
        before={"state": DeliberationState.DRAFT},
        after={"state": found.state, "is_secret": found.is_secret},
    )
    return found


def moment(actor: User | None, at: datetime | None) -> datetime:
    """Only the platform itself says when: what a person does happens now."""
    return at if actor is None and at is not None else timezone.now()


@transaction.atomic
def cast_vote(  # noqa: C901 - open and secret ballots differ at each step, and are read better side by side
    *,
    actor: User | None,
    deliberation: Deliberation,
    municipality: Municipality,
    value: str,
    declaration: str = "",
    conflict: str = "",
) -> Vote:
    """A municipality's vote, or, with `conflict`, the statement of a conflict of interest that keeps it from voting.

    By who sits for it in this meeting: the councillor recorded as present (in the room or remote) or the substitute
    recorded in their stead. Open votes can be changed until voting closes; in a secret ballot the vote is final.
    """
    found = locked_deliberation(deliberation)
    if found.state != DeliberationState.VOTING:
        raise Refused(_("Voting is not open."), code="not_open")
    mandate = casting_mandate(actor, found, municipality)
    declaration, conflict = declaration.strip(), conflict.strip()
    if conflict:
        value = ""
    elif value not in CASTABLE:
        raise Refused(_("Vote for, against, or abstain."), code="value", field="value")
    # In secret, neither a declaration nor a moment that could tie a vote to the sums.
    kept = "" if found.is_secret else value
    at = found.opened_at or timezone.now()
    if not found.is_secret:
        at = timezone.now() if actor is not None else at
    elif declaration:
        raise Refused(_("A secret ballot has no declarations."), code="secret", field="declaration")
    wanted = {"value": kept, "declaration": declaration, "conflict": conflict, "mandate": mandate}
    vote = Vote.objects.filter(deliberation=found, municipality=municipality).first()
    if vote is None:
        vote = Vote.objects.create(deliberation=found, municipality=municipality, cast_at=at, **wanted)
        action, before = "vote.cast", {}
    else:
        action, before = "vote.changed", {"value": vote.value, "conflict": CHANGED if vote.conflict else ""}
        if found.is_secret:
            raise Refused(_("A vote in a secret ballot is final."), code="final")
        if all(getattr(vote, name) == text for name, text in wanted.items()):
            return vote
        for name, text in wanted.items():
            setattr(vote, name, text)
        vote.cast_at = at
        vote.version += 1
        vote.save(update_fields=[*wanted, "cast_at", "version"])
    if found.is_secret and value:
        SecretBallot.objects.filter(deliberation=found).update(
            **{SUMS[VoteValue(value)]: F(SUMS[VoteValue(value)]) + 1}
        )
    record(
        actor=actor,
        action=action,
        obj=found,
        before={name: text for name, text in before.items() if text},
        after={"municipality": municipality.name}
        | ({} if found.is_secret else {"value": kept})
        | ({"conflict": CHANGED} if conflict else {})
        | ({"declaration": CHANGED} if declaration else {}),
    )
    return vote


def casting_mandate(actor: User | None, deliberation: Deliberation, municipality: Municipality) -> Mandate:
    """The mandate with which this municipality votes, locked seats apart: who may cast is who is recorded as there."""
    seat = next((seat for seat in seats_at(deliberation) if seat.municipality.pk == municipality.pk), None)
    if seat is None:
        raise Refused(_("This municipality has no seat in this body."), code="no_seat")
    if actor is None:
        if not seat.voters:
            raise Refused(_("This municipality is not recorded as present."), code="not_present")
        return seat.voters[0]
    mandate = voter_of(actor, seat)
    if mandate is not None:
        return mandate
    if any(holder.person_id == actor.pk for holder in seat.holders):
        raise Refused(
            _("A substitute has taken your seat in this meeting.")
            if seat.voters
            else _("You are not recorded as present: ask the chair to record it."),
            code="not_present",
        )
    raise NotAllowed


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

    Of a tie that a casting vote may break, the chair says how: for, against, or `abstain` for not using it.
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
    check_casting_vote(actor, found, casting_vote, votes, is_tie=now.is_tie and now.present >= now.outcome.quorum)
    found.casting_vote = casting_vote
    now = standing_of(found, seats, votes)
    assert now is not None  # noqa: S101 - the seats are the same
    # Seats that nobody took are absent, which is not an abstention; who was there and did not vote has no vote.
    voted = {vote.municipality_id for vote in votes}
    Vote.objects.bulk_create(
        Vote(
            deliberation=found,
            municipality=seat.municipality,
            value=VoteValue.ABSENT,
            cast_at=found.opened_at or timezone.now(),
        )
        for seat in seats
        if not seat.is_present and seat.municipality.pk not in voted
    )
    closed = moment(actor, at)
    decided = now.outcome.result != DeliberationState.NO_QUORUM
    year = timezone.localtime(closed).year
    waits = now.outcome.passed and found.legal_effect == LegalEffect.PROPOSAL
    keep(
        found,
        state=now.outcome.result,
        year=year if decided else None,
        number=next_number(found.unit, year) if decided else None,
        votes_for=now.counts.votes_for,
        votes_against=now.counts.votes_against,
        abstentions=now.counts.abstentions,
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


def check_casting_vote(
    actor: User | None, deliberation: Deliberation, casting_vote: str, votes: list[Vote], *, is_tie: bool
) -> None:
    """Refuse a casting vote where there is none to give, and a tie about which the president said nothing."""
    asked = is_tie and casting_vote_counts(deliberation)
    if not casting_vote:
        if asked:
            raise Refused(_("It is a tie: say how the casting vote breaks it."), code="tie", field="casting_vote")
        return
    if casting_vote not in CASTABLE:
        raise Refused(_("Unknown vote."), code="casting_vote", field="casting_vote")
    if not is_tie:
        raise Refused(_("There is no tie to break."), code="no_tie", field="casting_vote")
    if not asked:
        raise Refused(_("In this body no casting vote breaks this tie."), code="no_casting_vote", field="casting_vote")
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


# The Metropolitan Council ---------------------------------------------------------------------------------------------


@transaction.atomic
def record_metropolitan_answer(
    *,
    actor: User | None,
    deliberation: Deliberation,
    answer: str,
    reference: str,
    on: date,
    version: int | None = None,
) -> Deliberation:
    """What the Metropolitan Council said of a proposal, once: what it decides on moves in the same transaction."""
    found = locked_deliberation(deliberation, version)
    if actor is not None and not keeps_deliberations_of(actor, found.unit_id):
        raise NotAllowed
    if found.metropolitan_answer != MetropolitanAnswer.AWAITED:
        raise Refused(_("No answer is awaited."), code="not_awaited")
    if answer not in {MetropolitanAnswer.ACCEPTED, MetropolitanAnswer.REJECTED}:
        raise Refused(_("Accepted or rejected."), code="answer", field="answer")
    check_not_author(actor, found)
    if not reference.strip():
        raise Refused(_("Name the act of the Metropolitan Council."), code="reference", field="reference")
    if found.closed_at and on < timezone.localdate(found.closed_at):
        raise Refused(_("The answer cannot come before the proposal."), code="dates", field="on")
    if on > timezone.localdate():
        raise Refused(_("That day has not come yet."), code="dates", field="on")
    keep(found, metropolitan_answer=answer, metropolitan_reference=reference.strip()[:200], metropolitan_at=on)
    record(
        actor=actor,
        action="deliberation.answered",
        obj=found,
        before={"metropolitan_answer": MetropolitanAnswer.AWAITED},
        after={"metropolitan_answer": answer, "on": on},
        reason=found.metropolitan_reference,
    )
    tell_subject(found, None)
    return found


def decide_framework(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: an edition of the referential that the seventeen agreed on is in force, the old one superseded."""
    if deliberation.framework is not None and answer_of(deliberation) == "approved":
        put_in_force(actor=None, framework=deliberation.framework, act=str(deliberation))

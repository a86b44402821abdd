"""The vote while it is open: opened by the chair, cast by each municipality, kept by name or in secret.

**Secret ballot.** `Vote` keeps that a municipality voted, without what and without the moment; `SecretBallot` keeps
sums alone. Neither the record, nor a log, nor a page, nor what a step refuses says more, and sums are shown only when
voting is closed, so that nobody can watch them grow. Where nothing is decided (withdrawn, no quorum) they are never
shown. A vote in a secret ballot is final: nothing remembers what to take back. What this does not protect against: a
unanimous result says what everybody voted; whoever can read the database's own files, its write-ahead log or a backup
taken between two votes can put two states of the sums beside each other; whoever looks over a shoulder.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused
from refamp.base.states import check_move
from refamp.territory.models import Municipality
from units.actions.votes.subjects import check_part, handler_of, keep, locked_deliberation, moment
from units.choices import DELIBERATION_MOVES, LONGEST_TEXT, DeliberationState, MeetingState, VoteValue
from units.models import Deliberation, Mandate, Meeting, SecretBallot, Vote
from units.queries.decisions import content_of_parts, parts_of
from units.queries.votes import may_abstain, seats_at, voter_of

CASTABLE = {VoteValue.FOR, VoteValue.AGAINST, VoteValue.ABSTAIN}
SUMS = {VoteValue.FOR: "votes_for", VoteValue.AGAINST: "votes_against", VoteValue.ABSTAIN: "abstentions"}


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
    put = content_of_parts(parts_of(found))
    keep(found, state=DeliberationState.VOTING, opened_at=moment(actor, at), put_to_vote=put)
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


@transaction.atomic
def cast_vote(  # noqa: C901, PLR0912 - open and secret ballots differ at each step, and are read better side by side
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
    recorded in their stead. Open votes can be changed until voting closes; in a secret ballot the vote is final,
    and only a conflict of interest can be taken back.
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
    elif value == VoteValue.ABSTAIN and not may_abstain(found):
        raise Refused(_("Nobody abstains from an opinion (CPA, art. 30)."), code="abstention", field="value")
    if len(declaration) > LONGEST_TEXT or len(conflict) > LONGEST_TEXT:
        raise Refused(_("This is too long."), code="too_long", field="declaration" if declaration else "conflict")
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
        if found.is_secret and not vote.conflict:
            raise Refused(_("A vote in a secret ballot is final."), code="final")
        if all(getattr(vote, name) == text for name, text in wanted.items()):
            return vote
        for name, text in wanted.items():
            setattr(vote, name, text)
        vote.cast_at = at
        vote.version += 1
        vote.save(update_fields=[*wanted, "cast_at", "version"])
    if found.is_secret and value:
        # The same statement whatever was voted, but for its numbers: the server's statistics keep statements.
        SecretBallot.objects.filter(deliberation=found).update(
            **{name: F(name) + int(VoteValue(value) == each) for each, name in SUMS.items()}
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


def destroy_ballot(deliberation: Deliberation) -> None:
    """Sums that decide nothing are never shown: forgotten, while the vote is still open."""
    if deliberation.state == DeliberationState.VOTING and deliberation.is_secret:
        SecretBallot.objects.filter(deliberation=deliberation).delete()

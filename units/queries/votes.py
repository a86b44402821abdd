"""Deliberations: who sees them, who votes, how the count stands, what is asked and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from refamp.accounts.models import User
from refamp.accounts.rules import is_auditor, is_coordination
from refamp.territory.models import Municipality
from units.choices import (
    CLOSED_DELIBERATION,
    PRESENT,
    DeliberationState,
    LegalEffect,
    MetropolitanAnswer,
    Presence,
    VoteValue,
)
from units.formulas.votes import Counts, Outcome, is_tie, outcome, quorum_of
from units.models import Attendance, Composition, Deliberation, FollowUp, Mandate, PlanAmendment, Vote
from units.queries.bodies import Keys, in_force_on, keys_for, mandates_of, seats_of
from units.rules import chairs, is_secretariat, keeps_council, sits_in, speaks_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    Person = User | AnonymousUser

OPEN_STATES = [DeliberationState.DRAFT, DeliberationState.VOTING]


# Which ones -----------------------------------------------------------------------------------------------------------


def deliberations(user: "Person") -> QuerySet[Deliberation]:
    """Closed ones are public. What is on an agenda or being voted is for who sees the papers of the body.

    That is who sits in it, in the coordination unit, or in the unit whose plan or composition it is; and who runs or
    audits the platform.
    """
    found = Deliberation.objects.select_related("unit", "item__meeting")
    if is_coordination(user) or is_auditor(user):
        return found
    closed = Q(state__in=sorted(CLOSED_DELIBERATION))
    held = mandates_of(user)
    if not held:
        return found.filter(closed)
    coordination = keys_for(user).coordination
    if coordination is not None and sits_in(held, coordination):
        return found
    units = {unit for unit, _position, _place in held}
    return found.filter(
        closed
        | Q(unit__in=units)
        | Q(plan__unit__in=units)
        | Q(amendment__plan__unit__in=units)
        | Q(composition__unit__in=units)
        | Q(dissolves__in=units)
    )


def register() -> QuerySet[Deliberation]:
    """The register: what was decided and has its number, newest first."""
    return (
        Deliberation.objects.filter(number__isnull=False)
        .select_related("unit", "item__meeting")
        .order_by("-year", "unit__code", "-number")
    )


def open_votings(meeting_id: int | None = None) -> QuerySet[Deliberation]:
    """What is being voted, in one meeting or anywhere."""
    found = Deliberation.objects.filter(state=DeliberationState.VOTING).select_related("unit", "item__meeting")
    return found if meeting_id is None else found.filter(item__meeting=meeting_id)


def ahead(user: "Person") -> list[Deliberation]:
    """What the bodies that somebody sits in are going to decide or are deciding, the nearest meeting first."""
    units = {unit for unit, _position, _place in mandates_of(user)}
    if not units:
        return []
    return list(
        Deliberation.objects.filter(unit__in=units, state__in=OPEN_STATES)
        .select_related("unit", "item__meeting")
        .order_by("item__meeting__starts_at", "item__order", "pk")
    )


# Who may --------------------------------------------------------------------------------------------------------------


def chairs_unit(user: "Person", unit_id: int) -> bool:
    return chairs(mandates_of(user), unit_id)


def keeps_deliberations_of(user: "Person", unit_id: int, keys: Keys | None = None) -> bool:
    """The secretariat of a body, and the coordination unit: propose, withdraw, follow up, record answers."""
    keys = keys or keys_for(user)
    held = mandates_of(user)
    if unit_id == keys.council:
        return keeps_council(held, council=keys.council, coordination=keys.coordination)
    return is_secretariat(held, unit_id) or (keys.coordination is not None and sits_in(held, keys.coordination))


def is_author_of(user: "Person", deliberation: Deliberation) -> bool:
    """Whether this person proposed the deliberation, wrote what it decides on, or comes to sit by it."""
    if not user.is_authenticated:
        return False
    authors = {deliberation.proposed_by_id}
    plan = deliberation.plan or (deliberation.amendment.plan if deliberation.amendment else None)
    if plan is not None:
        authors |= {plan.created_by_id, plan.submitted_by_id, *plan.authors.values_list("pk", flat=True)}
    if deliberation.amendment is not None:
        authors |= amendment_authors(deliberation.amendment)
    if deliberation.composition:
        authors.add(deliberation.composition.proposed_by_id)
    if deliberation.framework:
        authors.add(deliberation.framework.created_by_id)
    if user.pk in authors:
        return True
    return bool(
        deliberation.composition_id
        and Composition.objects.filter(pk=deliberation.composition_id)
        .filter(Q(writers=user.pk) | Q(seats__person=user.pk))
        .exists()
    )


def amendment_authors(amendment: PlanAmendment) -> set[int]:
    """Everybody who wrote in an amendment."""
    return {amendment.created_by_id, *amendment.authors.values_list("pk", flat=True)}


def opens_papers(user: "Person", deliberation: Deliberation) -> bool:
    """Whether somebody sees what is inside of the plan that is decided on: of what passed, everybody.

    Else who decides on it, the coordination unit, the plan's own unit, and who runs or audits the platform: what came
    back is the unit's draft again.
    """
    if deliberation.state == DeliberationState.PASSED or is_coordination(user) or is_auditor(user):
        return True
    held = mandates_of(user)
    if not held:
        return False
    plan = deliberation.plan or (deliberation.amendment.plan if deliberation.amendment else None)
    units = {deliberation.unit_id, keys_for(user).coordination, plan.unit_id if plan else None}
    return any(unit in units for unit, _position, _place in held)


def places_spoken_for(user: "Person", unit_id: int) -> set[int]:
    """Keys of the municipalities for which somebody sits in a body, as a substitute too."""
    return speaks_for(mandates_of(user), unit_id)


# Seats and votes ------------------------------------------------------------------------------------------------------


@dataclass
class Seat:
    """A municipality's place in a body on the day of a meeting.

    `holders` sit for it; `voters` may cast its vote: a holder recorded as present, or the substitute recorded in their
    stead. `presence` is None where nobody has recorded it.
    """

    municipality: Municipality
    holders: list[Mandate] = field(default_factory=list)
    voters: list[Mandate] = field(default_factory=list)
    presence: str | None = None

    @property
    def is_present(self) -> bool:
        return bool(self.voters)

    @property
    def is_remote(self) -> bool:
        return self.presence == Presence.REMOTE


def day_of(deliberation: Deliberation) -> date:
    return timezone.localdate(deliberation.item.meeting.starts_at)


def seats_at(deliberation: Deliberation) -> list[Seat]:
    """The municipalities with a seat in the body on the day of the meeting, by name; two queries.

    Partners and the technical team sit in some bodies without a municipality: they have no vote.
    """
    attendance = {
        row.mandate_id: row
        for row in Attendance.objects.filter(meeting=deliberation.item.meeting_id).select_related("substitute__person")
    }
    found: dict[int, Seat] = {}
    for mandate in seats_of(deliberation.unit, day_of(deliberation)).filter(municipality__isnull=False):
        place = mandate.municipality
        if place is None:
            continue
        seat = found.setdefault(place.pk, Seat(place))
        seat.holders.append(mandate)
        row = attendance.get(mandate.pk)
        if row is None:
            continue
        if row.presence in PRESENT:
            seat.voters.append(row.substitute or mandate)
            seat.presence = row.presence
        elif seat.presence is None:
            seat.presence = row.presence
    return sorted(found.values(), key=lambda seat: seat.municipality.name)


def voter_of(user: "Person", seat: Seat) -> Mandate | None:
    """With which mandate this person casts a municipality's vote; None where they do not."""
    if not user.is_authenticated:
        return None
    return next((mandate for mandate in seat.voters if mandate.person_id == user.pk), None)


def counts_of(deliberation: Deliberation, votes: Iterable[Vote] | None = None) -> Counts:
    """The count as it stands; of a closed deliberation as it was announced."""
    if deliberation.votes_for is not None:
        return Counts(deliberation.votes_for, deliberation.votes_against or 0, deliberation.abstentions or 0)
    if deliberation.is_secret:
        ballot = getattr(deliberation, "ballot", None)
        return Counts(ballot.votes_for, ballot.votes_against, ballot.abstentions) if ballot else Counts()
    cast = [vote.value for vote in (deliberation.votes.all() if votes is None else votes)]
    return Counts(cast.count(VoteValue.FOR), cast.count(VoteValue.AGAINST), cast.count(VoteValue.ABSTAIN))


def quorum_needed(deliberation: Deliberation, seats: int) -> int:
    return quorum_of(seats, call=deliberation.item.meeting.call, second_call=deliberation.unit.second_call_quorum)


@dataclass(frozen=True)
class Standing:
    """How a vote stands: seats, who is there to vote, the count, and what it would mean if voting closed now."""

    seats: int
    present: int
    voted: int
    counts: Counts
    outcome: Outcome
    is_tie: bool


def standing_of(deliberation: Deliberation, seats: list[Seat], votes: Iterable[Vote]) -> Standing | None:
    """None where a body has no seats on that day. Those who stated a conflict of interest are not counted as present.

    Of a closed deliberation, what was kept at its closing: it stays as it was announced, whatever becomes of the body.
    """
    kept = recomputed(deliberation)
    if kept is not None:
        counts = counts_of(deliberation)
        return Standing(
            seats=deliberation.seats or 0,
            present=deliberation.present or 0,
            voted=counts.total,
            counts=counts,
            outcome=kept,
            is_tie=is_tie(deliberation.rule, deliberation.present or 0, counts),
        )
    if not seats:
        return None
    votes = list(votes)
    out = {vote.municipality_id for vote in votes if vote.conflict}
    present = sum(1 for seat in seats if seat.is_present and seat.municipality.pk not in out)
    counts = counts_of(deliberation, votes)
    # A vote cast before its owner was recorded as gone still counts: whoever voted was there.
    present = min(len(seats), max(present, counts.total))
    found = outcome(
        deliberation.rule,
        len(seats),
        present,
        counts,
        casting_vote=deliberation.casting_vote,
        president_has_casting_vote=casting_vote_counts(deliberation),
        quorum=quorum_needed(deliberation, len(seats)),
    )
    return Standing(
        seats=len(seats),
        present=present,
        voted=sum(1 for vote in votes if vote.value != VoteValue.ABSENT and not vote.conflict),
        counts=counts,
        outcome=found,
        is_tie=is_tie(deliberation.rule, present, counts),
    )


def casting_vote_counts(deliberation: Deliberation) -> bool:
    """The body gives it to its president, and the ballot is not secret."""
    return deliberation.unit.has_casting_vote and not deliberation.is_secret


def may_abstain(deliberation: Deliberation) -> bool:
    """Whoever is asked for an opinion gives one: where the law is silent, nobody abstains from it (CPA, art. 30)."""
    return deliberation.legal_effect != LegalEffect.OPINION


def was_put_off(deliberation: Deliberation) -> bool:
    """Whether the same was put off in an earlier meeting of the body, because its secret ballots were tied."""
    subject = {
        name: getattr(deliberation, f"{name}_id")
        for name in ("plan", "amendment", "composition", "framework", "dissolves")
    }
    same = {name: key for name, key in subject.items() if key is not None} or {"title": deliberation.title}
    return (
        Deliberation.objects.filter(
            unit=deliberation.unit_id,
            state=DeliberationState.POSTPONED,
            subject_kind=deliberation.subject_kind,
            item__meeting__starts_at__lt=deliberation.item.meeting.starts_at,
            **same,
        )
        .exclude(pk=deliberation.pk)
        .exists()
    )


def recomputed(deliberation: Deliberation) -> Outcome | None:
    """The outcome of a closed deliberation from what was kept; None where it did not come to a count."""
    if deliberation.state not in CLOSED_DELIBERATION or deliberation.seats is None:
        return None
    return outcome(
        deliberation.rule,
        deliberation.seats,
        deliberation.present or 0,
        counts_of(deliberation),
        casting_vote=deliberation.casting_vote,
        president_has_casting_vote=bool(deliberation.casting_vote),
        quorum=deliberation.quorum,
    )


# What it means --------------------------------------------------------------------------------------------------------


def answer_of(deliberation: Deliberation) -> str:
    """What a closed deliberation means for its subject: approved, refused, awaiting, or undecided.

    A proposal to the Metropolitan Council awaits its answer; an opinion decides nothing.
    """
    if deliberation.state == DeliberationState.FAILED:
        return "refused"
    if deliberation.state != DeliberationState.PASSED or deliberation.legal_effect == LegalEffect.OPINION:
        return "undecided"
    if deliberation.legal_effect == LegalEffect.PROPOSAL:
        return {
            MetropolitanAnswer.ACCEPTED: "approved",
            MetropolitanAnswer.REJECTED: "refused",
        }.get(MetropolitanAnswer(deliberation.metropolitan_answer or "awaited"), "awaiting")
    return "approved"


# Follow-ups -----------------------------------------------------------------------------------------------------------


def sees_follow_ups(user: "Person") -> bool:
    """Who has a mandate, and who runs or audits the platform; others see their own tasks."""
    return is_coordination(user) or is_auditor(user) or bool(mandates_of(user))


def follow_ups(user: "Person") -> QuerySet[FollowUp]:
    """Tasks that follow from deliberations, with their deliberation and owner."""
    found = FollowUp.objects.select_related("deliberation__unit", "owner")
    if sees_follow_ups(user):
        return found
    return found.filter(owner=user.pk) if user.is_authenticated else found.none()


def overdue(found: QuerySet[FollowUp], day: date | None = None) -> QuerySet[FollowUp]:
    return found.filter(state="open", due_on__lt=day or timezone.localdate())


def people_for_tasks() -> QuerySet[User]:
    """Who can be given a task: whoever has a mandate in force, in whatever body."""
    today = timezone.localdate()
    held = Mandate.objects.filter(in_force_on(today), person=OuterRef("pk"))
    return User.objects.filter(Exists(held), is_active=True).order_by("name", "pk")

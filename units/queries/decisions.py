"""What stands behind a decision: what is asked, what it costs, what it means for a place, what came of the last."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, TextField
from django.db.models.functions import Cast, JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from refamp.territory.models import Municipality
from units.choices import (
    CLOSED_DELIBERATION,
    ActionScope,
    ActionState,
    BudgetSource,
    DeliberationState,
    FollowUpState,
    Stance,
    SubjectKind,
    VoteValue,
)
from units.formulas.bodies import rounded
from units.models import (
    Action,
    ActionPlace,
    ActionPlan,
    BudgetLine,
    Deliberation,
    FollowUp,
    MunicipalPosition,
    PlanVersion,
    Vote,
)
from units.queries.bodies import present_municipalities
from units.queries.votes import Seat

Said = str | Promise

TONES = {VoteValue.FOR: "good", VoteValue.AGAINST: "bad", VoteValue.ABSTAIN: "warn", VoteValue.ABSENT: "soft"}
STANCE_TONES = {
    Stance.IN_FAVOUR: "good",
    Stance.WITH_CHANGES: "warn",
    Stance.AGAINST: "bad",
    Stance.UNDECIDED: "soft",
}
VOTE_WORDS: dict[str, Said] = {
    VoteValue.FOR: _("in favour"),
    VoteValue.AGAINST: _("against"),
    VoteValue.ABSTAIN: _("abstention"),
    VoteValue.ABSENT: _("absent"),
}


# How the seventeen stand ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A municipality's line in the table of votes, and its tile. `position` is what it said ahead of the meeting."""

    seat: Seat
    vote: Vote | None
    word: Said
    tone: str
    position: MunicipalPosition | None
    stance_tone: str


def lines_of(
    deliberation: Deliberation, seats: list[Seat], votes: Iterable[Vote], positions: Iterable[MunicipalPosition]
) -> list[Line]:
    """One line per municipality with a seat, in order."""
    cast = {vote.municipality_id: vote for vote in votes}
    said = {position.municipality_id: position for position in positions}
    found = []
    for seat in seats:
        vote, position = cast.get(seat.municipality.pk), said.get(seat.municipality.pk)
        word, tone = shown_vote(deliberation, seat, vote)
        stance_tone = STANCE_TONES[Stance(position.stance)] if position else "none"
        found.append(Line(seat, vote, word, tone, position, stance_tone))
    return found


def shown_vote(deliberation: Deliberation, seat: Seat, vote: Vote | None) -> tuple[Said, str]:
    """How a municipality's part in a vote is called, and the tone of its tile."""
    if vote is not None and vote.conflict:
        return _("conflict of interest"), "out"
    if vote is not None and vote.value:
        return VOTE_WORDS[vote.value], TONES[VoteValue(vote.value)]
    if vote is not None:
        return _("voted"), "good"
    if deliberation.state in CLOSED_DELIBERATION:
        return (_("did not vote"), "none") if seat.is_present else (_("absent"), "soft")
    if deliberation.state == DeliberationState.VOTING:
        return (_("yet to vote"), "none") if seat.is_present else (_("not present"), "soft")
    return _("not voted on"), "none"


# What is decided ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """An action as a decision weighs it. `places` are municipality codes; empty where it is the area's."""

    code: str
    title: str
    scope: str
    people: int | None
    lead: str | None
    places: tuple[str, ...]
    budget: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True)
class Weighed:
    """What a plan or an amendment comes to. Money in euro; None where nothing says it; `funded` in percent."""

    actions: int
    supramunicipal: int
    cost: Decimal | None
    funded: Decimal | None
    people: int | None
    without_people: int


@dataclass(frozen=True)
class Share:
    """What it means for one municipality: actions that take place there, people expected in them, its share."""

    actions: list[Part]
    leads: int
    people: int | None
    share: Decimal | None


def weighed(parts: list[Part]) -> Weighed:
    lines = [line for part in parts for line in part.budget]
    cost = sum((amount for _source, amount in lines), Decimal(0)) if lines else None
    unfunded = sum((amount for source, amount in lines if source == BudgetSource.UNFUNDED), Decimal(0))
    known = [part.people for part in parts if part.people is not None]
    return Weighed(
        actions=len(parts),
        supramunicipal=sum(part.scope == ActionScope.SUPRAMUNICIPAL for part in parts),
        cost=cost,
        funded=rounded(Fraction(cost - unfunded) / Fraction(cost) * 100, 2) if cost else None,
        people=sum(known) if known else None,
        without_people=len(parts) - len(known),
    )


def share_of(parts: list[Part], place: str, area: int) -> Share:
    """Municipal money is read in equal parts: among the places of an action, or among all `area` of them.

    Plans do not say which municipality pays what.
    """
    here = [part for part in parts if place in part.places or part.scope == ActionScope.SUPRAMUNICIPAL]
    money, any_money = Fraction(0), False
    for part in here:
        paying = len(part.places) if part.places else area
        for source, amount in part.budget:
            if source == BudgetSource.MUNICIPAL and paying:
                money += Fraction(amount) / paying
                any_money = True
    known = [part.people for part in here if part.people is not None]
    return Share(
        actions=here,
        leads=sum(part.lead == place for part in here),
        people=sum(known) if known else None,
        share=rounded(money, 2) if any_money else None,
    )


def parts_of_content(content: Mapping[str, Any]) -> list[Part]:
    """From a version or an amendment, as they are kept."""
    return [
        Part(
            code=action.get("code", ""),
            title=action["title"],
            scope=action["scope"],
            people=action.get("people_expected"),
            lead=action.get("lead"),
            places=tuple(action.get("municipalities") or ()),
            budget=tuple((line["source"], Decimal(line["amount"])) for line in action.get("budget") or ()),
        )
        for action in content.get("actions", [])
    ]


def parts_of_plan(plan: ActionPlan) -> list[Part]:
    """From a plan as it stands; one query."""
    places = ActionPlace.objects.filter(action=OuterRef("pk")).order_by("municipality__code")
    money = BudgetLine.objects.filter(action=OuterRef("pk")).order_by("year", "source")
    rows = (
        Action.objects.filter(plan=plan)
        .exclude(state__in=[ActionState.CANCELLED, ActionState.MERGED])
        .annotate(
            codes=ArraySubquery(places.values("municipality__code")),
            # As text: a number in JSON would no longer be exact.
            money=ArraySubquery(money.values(line=JSONObject(source="source", amount=Cast("amount", TextField())))),
        )
        .order_by("code", "pk")
        .values_list("code", "title", "scope", "people_expected", "lead__code", "codes", "money")
    )
    return [
        Part(
            code=code,
            title=title,
            scope=scope,
            people=people,
            lead=lead,
            places=tuple(codes),
            budget=tuple((line["source"], Decimal(line["amount"])) for line in lines),
        )
        for code, title, scope, people, lead, codes, lines in rows
    ]


def content_of_parts(parts: list[Part]) -> dict[str, Any] | None:
    """What `parts_of_content` reads: kept with a deliberation when its vote opens."""
    if not parts:
        return None
    return {
        "actions": [
            {
                "code": part.code,
                "title": part.title,
                "scope": part.scope,
                "people_expected": part.people,
                "lead": part.lead,
                "municipalities": list(part.places),
                "budget": [{"source": source, "amount": str(amount)} for source, amount in part.budget],
            }
            for part in parts
        ]
    }


def parts_of(deliberation: Deliberation) -> list[Part]:
    """The actions that a deliberation decides on: from the vote's opening on, as they were then.

    Of votes before that was kept: the version that it made, else nothing, for the plan has gone on since.
    """
    if deliberation.put_to_vote is not None:
        return parts_of_content(deliberation.put_to_vote)
    if deliberation.subject_kind == SubjectKind.AMENDMENT and deliberation.amendment:
        return parts_of_content(deliberation.amendment.content)
    if deliberation.subject_kind != SubjectKind.PLAN or deliberation.plan is None:
        return []
    if deliberation.state == DeliberationState.PASSED:
        kept = PlanVersion.objects.filter(deliberation=deliberation).values_list("content", flat=True).first()
        if kept is not None:
            return parts_of_content(json.loads(kept))
    before = {DeliberationState.DRAFT, DeliberationState.VOTING}
    return parts_of_plan(deliberation.plan) if deliberation.state in before else []


def place_named(key: int) -> Municipality | None:
    return present_municipalities().filter(pk=key).first()


# What came before and after -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Before:
    """The last decision of the same kind, and whether it was done: its tasks, and the actions of its plan."""

    deliberation: Deliberation
    tasks: int
    tasks_done: int
    actions: int
    actions_done: int


def decided_before(deliberation: Deliberation) -> Before | None:
    """The latest deliberation that the same body closed on the same kind of thing, of the same unit if one's."""
    unit = None
    if deliberation.plan or deliberation.amendment:
        plan = deliberation.plan or deliberation.amendment.plan  # type: ignore[union-attr]  # one of them is there
        unit = plan.unit_id
    found = Deliberation.objects.filter(
        unit=deliberation.unit_id, state__in=[DeliberationState.PASSED, DeliberationState.FAILED]
    ).exclude(pk=deliberation.pk)
    if deliberation.closed_at:
        found = found.filter(closed_at__lt=deliberation.closed_at)
    same = Q(subject_kind=deliberation.subject_kind)
    if unit is not None:
        same = Q(plan__unit=unit) | Q(amendment__plan__unit=unit)
    elif deliberation.subject_kind in {SubjectKind.TEXT, SubjectKind.OTHER_ROOM}:
        same &= Q(title=deliberation.title)
    elif deliberation.composition:
        same &= Q(composition__unit=deliberation.composition.unit_id)
    elif deliberation.dissolves_id:
        same &= Q(dissolves=deliberation.dissolves_id)
    last = (
        found.filter(same)
        .select_related("unit", "plan", "amendment__plan")
        .annotate(
            tasks=Count("follow_ups", filter=~Q(follow_ups__state=FollowUpState.DROPPED)),
            tasks_done=Count("follow_ups", filter=Q(follow_ups__state=FollowUpState.DONE)),
        )
        .order_by("-closed_at", "-pk")
        .first()
    )
    if last is None:
        return None
    counts = {"all": 0, "done": 0}
    plan = last.plan or (last.amendment.plan if last.amendment else None)
    if plan is not None:
        counts = plan.actions.exclude(state__in=[ActionState.CANCELLED, ActionState.MERGED]).aggregate(
            all=Count("pk"), done=Count("pk", filter=Q(state=ActionState.DONE))
        )
    return Before(last, last.tasks, last.tasks_done, counts["all"], counts["done"])


@dataclass(frozen=True)
class Step:
    """A step of a decision's way, for its timeline. `at` None: on no recorded day."""

    at: datetime | None
    text: Said


def way_of(deliberation: Deliberation) -> list[Step]:
    """How it came here: submitted, weighed, proposed, voted, answered; no query."""
    plan = deliberation.plan
    steps: list[Step] = []
    if plan is not None and plan.submitted_at:
        steps.append(Step(plan.submitted_at, _("Submitted by its unit")))
    steps.append(Step(deliberation.proposed_at, _("Put on the agenda")))
    if deliberation.opened_at:
        steps.append(Step(deliberation.opened_at, _("Voting opened")))
    ended: dict[str, Said] = {
        DeliberationState.PASSED: _("Voted and passed"),
        DeliberationState.FAILED: _("Voted and failed"),
        DeliberationState.NO_QUORUM: _("Closed without quorum"),
        DeliberationState.POSTPONED: _("Put off to the next meeting after two ties"),
        DeliberationState.WITHDRAWN: _("Withdrawn"),
    }
    if deliberation.closed_at and deliberation.state in ended:
        steps.append(Step(deliberation.closed_at, ended[deliberation.state]))
    return sorted(steps, key=lambda step: (step.at is None, step.at))


def tasks_of(deliberation: Deliberation) -> list[FollowUp]:
    return list(deliberation.follow_ups.select_related("owner").order_by("due_on", "pk"))

"""What is still open in a unit: what its end would stop, cancel or leave unfinished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from units.choices import (
    DECIDED_AMENDMENT,
    DeliberationState,
    MeetingState,
    MetropolitanAnswer,
    PlanAmendmentState,
    PlanState,
)
from units.models import ActionPlan, Composition, Deliberation, Mandate, Meeting, Partnership, PlanAmendment, Unit

BEFORE_COUNCIL = {PlanState.BEFORE_COUNCIL, PlanState.AWAITING_METROPOLITAN}
RUNNING = {PlanState.APPROVED, PlanState.UNDER_WAY}
AMENDMENT_BEFORE = {PlanAmendmentState.BEFORE_COUNCIL, PlanAmendmentState.AWAITING_METROPOLITAN}
OVER = [DeliberationState.WITHDRAWN, DeliberationState.NO_QUORUM, DeliberationState.FAILED]


@dataclass(frozen=True)
class Open:
    """What of a unit's has not come to its end. `before_council` names what waits for a decision of its own."""

    mandates: Sequence[Mandate]
    meetings: Sequence[Meeting]
    running: Sequence[ActionPlan]
    drafts: Sequence[ActionPlan]
    amendments: Sequence[str]
    compositions: Sequence[str]
    partners: Sequence[str]
    before_council: Sequence[str]


def open_things(unit: Unit) -> Open:
    """By four queries, whatever their number."""
    today = timezone.localdate()
    mandates = (
        Mandate.objects.filter(unit=unit)
        .select_related("unit", "person", "municipality", "partner")
        .order_by("starts_on", "pk")
    )
    meetings = Meeting.objects.filter(unit=unit, state__in=[MeetingState.DRAFT, MeetingState.CONVENED])
    plans = list(
        ActionPlan.objects.filter(unit=unit).exclude(state=PlanState.CLOSED).select_related("unit").order_by("year")
    )
    partners, amendments, proposals = by_name(unit)
    waiting = [(f"{row['title']} ({row['year']}) · {row['number']}", row["state"]) for row in amendments]
    proposed = [(f"{unit} · {date.fromisoformat(row['day']):%d/%m/%Y}", row["held"]) for row in proposals]
    return Open(
        mandates=[mandate for mandate in mandates if mandate.ends_on is None or mandate.ends_on > today],
        meetings=list(meetings.select_related("unit").order_by("starts_at", "pk")),
        running=[plan for plan in plans if plan.state in RUNNING],
        drafts=[plan for plan in plans if plan.state not in RUNNING | BEFORE_COUNCIL],
        amendments=[label for label, state in waiting if state not in AMENDMENT_BEFORE],
        compositions=[label for label, held in proposed if not held],
        partners=partners,
        before_council=[
            *(str(plan) for plan in plans if plan.state in BEFORE_COUNCIL),
            *(label for label, state in waiting if state in AMENDMENT_BEFORE),
            *(label for label, held in proposed if held),
        ],
    )


def by_name(unit: Unit) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
    """(partners, amendments not decided, compositions not decided) of a unit, by one query."""
    partners = Partnership.objects.filter(unit=OuterRef("pk"), ends_on__isnull=True).order_by("partner__name")
    amendments = (
        PlanAmendment.objects.filter(plan__unit=OuterRef("pk"))
        .exclude(state__in=DECIDED_AMENDMENT)
        .order_by("plan__year", "number")
    )
    held = Deliberation.objects.filter(composition=OuterRef("pk")).exclude(state__in=OVER)
    proposals = Composition.objects.filter(unit=OuterRef("pk"), is_agreed__isnull=True).order_by("pk")
    return (
        Unit.objects.filter(pk=unit.pk)
        .values_list(
            ArraySubquery(partners.values("partner__name")),
            ArraySubquery(
                amendments.values(
                    row=JSONObject(title="plan__title", year="plan__year", number="number", state="state")
                )
            ),
            ArraySubquery(proposals.values(row=JSONObject(day="starts_on", held=Exists(held)))),
        )
        .get()
    )


def open_dissolution(unit: Unit, among: QuerySet[Deliberation] | None = None) -> Deliberation | None:
    """The deliberation that may end a unit or has ended it: on an agenda, being voted, awaiting, passed."""
    found = Deliberation.objects.all() if among is None else among
    return (
        found.filter(dissolves=unit)
        .exclude(state__in=OVER)
        .exclude(metropolitan_answer=MetropolitanAnswer.REJECTED)
        .select_related("unit", "item__meeting")
        .order_by("-pk")
        .first()
    )

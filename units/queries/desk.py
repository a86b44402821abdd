"""What waits for somebody in the units, and what the coordination unit looks at in the morning."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Window
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from units.choices import DeliberationState, FollowUpState, ItemKind, MeetingState, PlanState, UnitKind, UnitState
from units.models import Action, ActionPlan, Deliberation, FollowUp, Mandate, Meeting, MunicipalPosition, Unit, Vote
from units.queries.action_status import actions_late_on
from units.queries.composition import Body, out_of_rule
from units.queries.meetings import coming, meetings
from units.queries.plans import plans_by_state
from units.queries.votes import follow_ups, overdue
from units.rules import founds

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

FEW = 8
Held = frozenset[tuple[int, str, int | None]]


@dataclass(frozen=True)
class Task:
    """Something to do: what, on which thing, at which address, until when."""

    text: str | Promise
    detail: str
    url_name: str
    url_args: tuple[Any, ...]
    due: date | None = None
    # `due` is the day itself, not the last one.
    is_day: bool = False
    query: str = ""


def tasks_of(user: "User", seats: list[Mandate]) -> list[Task]:
    """What waits for a person in the units: meetings, votes, plans and opinions, tasks that follow from decisions.

    `seats` are their mandates in force (`queries.bodies.bodies_of`).
    """
    found = [
        Task(_("Task of a deliberation"), task.task, "units:deliberation", (task.deliberation.public_id,), task.due_on)
        for task in FollowUp.objects.filter(owner=user, state=FollowUpState.OPEN)
        .select_related("deliberation")
        .order_by("due_on")[:FEW]
    ]
    if not seats:
        return found
    held = frozenset((seat.unit_id, str(seat.position), seat.municipality_id) for seat in seats)
    coordination = next((seat.unit_id for seat in seats if seat.unit.kind == UnitKind.COORDINATION), None)
    return [
        *found,
        *decisions_waiting(held),
        *meetings_waiting(held),
        *late_waiting(held, coordination),
        *plans_waiting(held, coordination),
    ]


def founding_tasks(user: "User") -> list[Task]:
    """On a new platform, which bodies are entered first, and in which order: for who may enter them."""
    if not founds(user):
        return []
    kinds = {UnitKind.COORDINATION, UnitKind.COUNCIL}
    found = {unit.kind: unit for unit in Unit.objects.filter(kind__in=kinds, state=UnitState.PROPOSED)}
    if UnitKind.COUNCIL not in found:
        return []
    first = found.get(UnitKind.COORDINATION)
    step = Task(_("Enter its first composition"), first.name, "units:unit_first", (first.code,)) if first else None
    council = found[UnitKind.COUNCIL]
    last = Task(_("Enter the first Council"), council.name, "units:council", ())
    return [step, last] if step else [last]


def decisions_waiting(held: Held) -> list[Task]:
    """What a municipality that somebody sits for has not voted on, or not said ahead of the meeting where it stands."""
    seats = {(unit, place) for unit, _position, place in held if place is not None}
    if not seats:
        return []
    ahead = Q(state=DeliberationState.DRAFT, item__meeting__state=MeetingState.CONVENED)
    asked = (
        Deliberation.objects.filter(
            Q(state=DeliberationState.VOTING) | ahead, unit__in={unit for unit, _place in seats}
        )
        .select_related("item__meeting")
        .annotate(
            voted=places_of(Vote.objects.filter(deliberation=OuterRef("pk"))),
            said=places_of(MunicipalPosition.objects.filter(deliberation=OuterRef("pk"))),
        )
        .order_by("item__meeting__starts_at", "item__order", "pk")
    )
    found = []
    for one in asked:
        is_open = one.state == DeliberationState.VOTING
        if {place for unit, place in seats if unit == one.unit_id} <= set(one.voted if is_open else one.said):
            continue
        text = _("Being voted now") if is_open else _("Say where your municipality stands")
        page = "units:deliberation" if is_open else "units:councillor_file"
        due = None if is_open else timezone.localdate(one.item.meeting.starts_at)
        found.append(Task(text, one.title, page, (one.public_id,), due))
    return found[:FEW]


def places_of(rows: QuerySet) -> ArraySubquery:
    return ArraySubquery(rows.order_by().values("municipality"))


def meetings_waiting(held: Held) -> list[Task]:
    """The next meetings of the bodies where somebody sits, with how much is to be decided there."""
    units = {unit for unit, _position, _place in held}
    decisions = Count("items", filter=Q(items__kind=ItemKind.DECISION))
    found = (
        coming(Meeting.objects.filter(unit__in=units))
        .exclude(state=MeetingState.DRAFT)
        .select_related("unit")
        .annotate(decisions=decisions)[:FEW]
    )
    return [
        Task(
            _("In session now") if meeting.state == MeetingState.IN_SESSION else _("Next meeting"),
            ngettext("%(unit)s: %(number)s point to decide", "%(unit)s: %(number)s points to decide", meeting.decisions)
            % {"unit": meeting.unit.name, "number": meeting.decisions},
            "units:meeting",
            (meeting.public_id,),
            timezone.localdate(meeting.starts_at),
            is_day=True,
        )
        for meeting in found
    ]


def late_waiting(held: Held, coordination: int | None) -> list[Task]:
    """How many actions of one's units are behind, body by body; the coordination unit hears of all of them."""
    units = {unit for unit, _position, _place in held}
    late = actions_late_on()
    if coordination not in units:
        late = late.filter(plan__unit__in=units)
    rows = (
        late.order_by()
        .values("plan__unit__code", "plan__unit__name")
        .annotate(number=Count("pk"))
        .order_by("plan__unit__code")
    )
    return [
        Task(
            _("Actions late"),
            f"{row['plan__unit__name']}: {row['number']}",
            "units:actions",
            (),
            query=f"?unit={row['plan__unit__code']}&late=true",
        )
        for row in rows
    ]


def plans_waiting(held: Held, coordination: int | None) -> list[Task]:
    """Plans of one's own units that are drafted or came back; plans that want one's opinion, or an agenda."""
    units = {unit for unit, _position, _place in held}
    wanted = Q(unit__in=units, state__in=[PlanState.DRAFT, PlanState.RETURNED])
    if coordination in units:
        wanted |= Q(state__in=[PlanState.SUBMITTED, PlanState.OPINION_GIVEN]) & ~Q(unit__kind=UnitKind.COORDINATION)
    words = {
        PlanState.DRAFT: _("Plan to finish and submit"),
        PlanState.RETURNED: _("Plan that came back"),
        PlanState.SUBMITTED: _("Plan that wants an opinion"),
        PlanState.OPINION_GIVEN: _("Plan to put before the Council"),
    }
    found = ActionPlan.objects.filter(wanted).select_related("unit").order_by("-year", "unit__code")[:FEW]
    return [Task(words[PlanState(plan.state)], str(plan), "units:plan", (plan.public_id,)) for plan in found]


@dataclass(frozen=True)
class Desk:
    """The morning's view of governance: the first of each list, whose rows carry how long it is (`total`)."""

    out_of_rule: list[Body]
    meetings: list[Meeting]
    plans: list[tuple[PlanState, int]]
    late: list[Action]
    overdue: list[FollowUp]


def desk(user: "User | AnonymousUser") -> Desk:
    states = plans_by_state()
    late = actions_late_on().select_related("plan__unit").order_by("ends_on", "pk")
    tasks = overdue(follow_ups(user)).order_by("due_on", "pk")
    return Desk(
        out_of_rule=out_of_rule(),
        meetings=first_of(coming(meetings(user))),
        plans=[(state, states[state.value]) for state in PlanState if states.get(state.value)],
        late=first_of(late),
        overdue=first_of(tasks),
    )


def first_of(found: QuerySet) -> list[Any]:
    """The first few of a list; each row's `total` says how many there are."""
    return list(found.annotate(total=Window(Count("pk")))[:FEW])

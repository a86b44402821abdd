"""What waits for somebody in the units, and what the coordination unit looks at in the morning."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Window
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from units.choices import DeliberationState, FollowUpState, PlanState, UnitKind
from units.models import Action, ActionPlan, Deliberation, FollowUp, Meeting
from units.queries.action_status import actions_late_on
from units.queries.bodies import body_keys, mandates_of
from units.queries.composition import Body, out_of_rule
from units.queries.meetings import coming, meetings
from units.queries.plans import plans_by_state
from units.queries.votes import follow_ups, overdue

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

FEW = 8


@dataclass(frozen=True)
class Task:
    """Something to do: what, on which thing, at which address, until when."""

    text: str | Promise
    detail: str
    url_name: str
    url_args: tuple[Any, ...]
    due: date | None = None


def tasks_of(user: "User") -> list[Task]:
    """What waits for a person in the units: votes, plans and opinions, tasks that follow from decisions."""
    held = mandates_of(user)
    found = [
        Task(_("Task of a deliberation"), task.task, "units:deliberation", (task.deliberation.public_id,), task.due_on)
        for task in FollowUp.objects.filter(owner=user, state=FollowUpState.OPEN)
        .select_related("deliberation")
        .order_by("due_on")[:FEW]
    ]
    if not held:
        return found
    return [*found, *votes_waiting(held), *plans_waiting(held)]


def votes_waiting(held: frozenset[tuple[int, str, int | None]]) -> list[Task]:
    """What is being voted in a body where somebody sits for a municipality that has not voted yet."""
    seats = {(unit, place) for unit, _position, place in held if place is not None}
    if not seats:
        return []
    open_now = (
        Deliberation.objects.filter(state=DeliberationState.VOTING, unit__in={unit for unit, _place in seats})
        .prefetch_related("votes")
        .order_by("opened_at")[:FEW]
    )
    return [
        Task(_("Being voted now"), deliberation.title, "units:deliberation", (deliberation.public_id,))
        for deliberation in open_now
        if {place for unit, place in seats if unit == deliberation.unit_id}
        - {vote.municipality_id for vote in deliberation.votes.all()}
    ]


def plans_waiting(held: frozenset[tuple[int, str, int | None]]) -> list[Task]:
    """Plans of one's own units that are drafted or came back; plans that want one's opinion, or an agenda."""
    keys = body_keys()
    units = {unit for unit, _position, _place in held}
    wanted = Q(unit__in=units, state__in=[PlanState.DRAFT, PlanState.RETURNED])
    if keys.coordination in units:
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

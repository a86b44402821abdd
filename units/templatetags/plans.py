"""How pages show the states of plans and actions, and how far they are."""

from decimal import Decimal
from typing import Any

from django import template

from units.choices import ActionStatus, PlanAmendmentState, PlanState
from units.formulas.plans import percent
from units.models import ActionPlan, PlanAmendment
from units.queries.plan_content import path_of
from units.queries.reasons import told

register = template.Library()

TONES = {
    PlanState.APPROVED: "good",
    PlanState.UNDER_WAY: "good",
    PlanState.RETURNED: "bad",
    PlanState.BEFORE_COUNCIL: "warn",
    PlanState.AWAITING_METROPOLITAN: "warn",
    PlanAmendmentState.REJECTED: "bad",
}
STATUS_TONES = {
    ActionStatus.ON_TIME: "good",
    ActionStatus.COMPLETED: "good",
    ActionStatus.LATE: "warn",
    ActionStatus.REGRESSED: "bad",
}


@register.filter
def state_tone(state: str) -> str:
    """The tone of a plan's or amendment's state; a word always stands beside it."""
    return {str(key): tone for key, tone in TONES.items()}.get(str(state), "soft")


@register.filter
def why_returned(plan: ActionPlan) -> str:
    return told(plan.return_facts, plan.return_reason)


@register.filter
def why_decided(amendment: PlanAmendment) -> str:
    return told(amendment.decision_facts, amendment.decision_note)


@register.filter
def status_tone(status: str) -> str:
    return {str(key): tone for key, tone in STATUS_TONES.items()}.get(str(status), "soft")


@register.filter
def status_label(status: str) -> str:
    return str(ActionStatus(status).label)


@register.filter
def progress_of(thing: Any) -> Decimal | None:
    """Percent with two decimals of anything that carries `done` and `whole`; None is no data."""
    return percent(thing.done, thing.whole)


@register.filter
def above(node: Any) -> str:
    """Where a node stands, in one line: "EP1 › 1.1 SÉNIORES"."""
    path = path_of(node)
    return " › ".join([*(each.code for each in path[:-1]), *(f"{each.code} {each.wording}" for each in path[-1:])])


@register.filter
def cell(cells: Any, key: Any) -> Any:
    """A cell of the matrix by its column."""
    return cells[key]

"""A plan's way along its table of moves: handed in, weighed, returned, carried out, closed."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from units.actions.plan_content import check_length, faults_of
from units.choices import (
    PLAN_MOVES,
    PlanState,
)
from units.models import ActionPlan
from units.queries.bodies import mandates_of
from units.queries.plan_content import actions_with_all, content_of_action, known_for
from units.queries.plans import bodies
from units.rules import brings_to_council, reviews_plan, writes_plan


def locked_plan(plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """The plan, locked; `version` given and not the present one is refused."""
    found = ActionPlan.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=plan.pk).first()
    if found is None:
        raise Refused(_("Somebody else has removed this plan."), code="gone")
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_part(actor: User, plan: ActionPlan, part: str) -> None:
    """Raise NotAllowed for who has not the part that the table of moves names; "deliberation" is nobody's."""
    if part == "deliberation":
        raise Refused(_("Only a deliberation decides this."), code="needs_deliberation")
    held, known = mandates_of(actor), bodies()
    allowed = {
        "unit": writes_plan(held, plan.unit_id),
        "reviewer": reviews_plan(
            held,
            plan.unit_id,
            coordination=known.coordination,
            strategic=known.strategic,
            is_author=is_author(actor, plan),
        ),
        "secretariat": brings_to_council(held, council=known.council, coordination=known.coordination),
    }
    if not allowed[part]:
        raise NotAllowed


def is_author(actor: User, plan: ActionPlan) -> bool:
    return actor.pk in {plan.created_by_id, plan.submitted_by_id} or plan.authors.filter(pk=actor.pk).exists()


def put(plan: ActionPlan, state: str, *, actor: User | None, reason: str = "", **values: Any) -> ActionPlan:
    """Write a state that was checked, with its record."""
    before = {"state": plan.state} | {name: getattr(plan, name) for name in values}
    plan.state = state
    for name, value in values.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.save(update_fields=["state", *values, "version", "updated_at"])
    record(actor=actor, action=f"plan.{state}", obj=plan, before=before, after={"state": state} | values, reason=reason)
    return plan


@transaction.atomic
def move_plan(*, actor: User, plan: ActionPlan, state: str, version: int | None = None, **values: Any) -> ActionPlan:
    """Move a plan along its table, by who has the part in it. What a deliberation does is refused here."""
    found = locked_plan(plan, version)
    check_part(actor, found, check_move(PLAN_MOVES, found.state, state))
    if state == PlanState.SUBMITTED:
        check_complete(found)
        values |= {"submitted_by": actor, "submitted_at": timezone.now()}
        values |= {"opinion": "", "opinion_is_favourable": None, "opinion_by": None}
    if state == PlanState.OPINION_GIVEN:
        check_opinion(values.get("opinion", ""))
        values["opinion_by"] = actor
    if state == PlanState.RETURNED:
        if not values.get("return_reason"):
            raise Refused(_("Say why."), code="reason", field="return_reason")
        check_length(values["return_reason"], "return_reason")
        values["return_facts"] = None
    if state == PlanState.BEFORE_COUNCIL and "item" not in values:
        raise Refused(_("Say at which point of which agenda."), code="item", field="item")
    values.pop("item", None)
    return put(found, state, actor=actor, **values)


def check_opinion(opinion: str) -> None:
    """An opinion has words, and not without end."""
    if not opinion.strip():
        raise Refused(_("An opinion has words."), code="opinion", field="opinion")
    check_length(opinion, "opinion")


def check_complete(plan: ActionPlan) -> None:
    """Refuse to submit a plan that says too little to be decided on."""
    actions = list(actions_with_all(plan.actions.all()))
    if not actions:
        raise Refused(_("The plan has no action yet."), code="no_actions")
    known = known_for(plan)
    for action in actions:
        for fault in faults_of(content_of_action(action), known, complete=True):
            raise Refused(
                gettext("%(action)s: %(fault)s") % {"action": action, "fault": fault.message}, code=fault.code
            )


def submit_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """Hand a draft in: from now on nobody writes in it."""
    return move_plan(actor=actor, plan=plan, state=PlanState.SUBMITTED, version=version)


def take_back_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """Make a draft again of what was submitted or returned."""
    return move_plan(actor=actor, plan=plan, state=PlanState.DRAFT, version=version)


def give_opinion(
    *, actor: User, plan: ActionPlan, opinion: str, favourable: bool, version: int | None = None
) -> ActionPlan:
    """Say what the reviewing unit thinks, favourable or not. Never by somebody who wrote in the plan."""
    return move_plan(
        actor=actor,
        plan=plan,
        state=PlanState.OPINION_GIVEN,
        version=version,
        opinion=opinion,
        opinion_is_favourable=favourable,
    )


def return_plan(*, actor: User, plan: ActionPlan, reason: str, version: int | None = None) -> ActionPlan:
    """Send a submitted plan back to its unit, with reasons."""
    return move_plan(actor=actor, plan=plan, state=PlanState.RETURNED, version=version, return_reason=reason)


def start_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    return move_plan(actor=actor, plan=plan, state=PlanState.UNDER_WAY, version=version)


def close_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """End a plan's year: from now on nothing is reported on it. Unfinished actions may still be carried over."""
    return move_plan(actor=actor, plan=plan, state=PlanState.CLOSED, version=version)

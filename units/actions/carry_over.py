"""What is not done goes on in a later plan: proposed in its draft, carried over once the Council approves that.

Until then the action is run and reported on where it stands: a plan that is refused, or a copy that is taken out of a
draft, changes nothing. What is carried over is known by its key, its link, and milestones' ids made from the old ones.
"""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.base.states import check_move
from units.actions.progress import hold_plans, locked_action, set_state
from units.choices import ACTION_MOVES, APPROVED_PLAN, ActionState, PlanState
from units.formulas.plans import DONE, carried_id, in_year, mean_of
from units.models import Action, ActionPlan, BudgetLine, Deliberation, Milestone
from units.queries.plan_content import free_code, present_nodes

CENT = Decimal("0.01")


@transaction.atomic
def carry_over(*, actor: User, action: Action, plan: ActionPlan, version: int | None = None) -> Action:
    """Propose an unfinished action for the unit's plan of a later year, a draft, with its key and a link back.

    The copy has what is not done, with its progress: milestones due before that year on the same day of it, the money
    of earlier years in proportion to what is not done. What it served is found in the edition in force by lineage.
    """
    target = ActionPlan.objects.select_for_update().get(pk=plan.pk)
    found = locked_action(actor, action, version)
    check_move(ACTION_MOVES, found.state, ActionState.CARRIED_OVER)
    if found.plan.state not in APPROVED_PLAN:
        raise Refused(_("Only actions of an approved plan are carried over."), code="not_approved")
    if target.unit_id != found.plan.unit_id or target.year <= found.plan.year:
        raise Refused(_("An action is carried over to a later plan of its unit."), code="target", field="plan")
    if target.state != PlanState.DRAFT:
        raise Refused(_("The plan it goes to must be a draft."), code="not_draft", field="plan")
    if Action.objects.filter(carried_from=found).exists():
        raise Refused(_("This action already stands in a later plan."), code="twice", field="plan")
    copy = copied(found, target)
    target.authors.add(actor)
    told = {"plan": str(target), "code": copy.code}
    record(actor=actor, action="action.carry_over_proposed", obj=found, after=told)
    record(actor=actor, action="action.added", obj=copy, after={"carried_from": f"{found.plan} · {found}", **told})
    return copy


def copied(action: Action, plan: ActionPlan) -> Action:
    """The action as the draft begins with it."""
    nodes = list(present_nodes(action))
    if not nodes:
        raise Refused(_("Nothing that it served is in the edition in force."), code="nodes")
    copy = Action.objects.create(
        plan=plan,
        key=action.key,
        code=free_code(plan, action.code),
        title=action.title,
        description=action.description,
        scope=action.scope,
        lead=action.lead,
        programme=action.programme,
        target_group=action.target_group,
        people_expected=action.people_expected,
        starts_on=action.starts_on,
        ends_on=max(action.ends_on, date(plan.year, 12, 31)),
        weight=action.weight,
        state=action.state,
        last_report_on=action.last_report_on,
        carried_from=action,
    )
    copy.nodes.set(nodes)
    copy.municipalities.set(action.municipalities.all())
    copy.partners.set(action.partners.all())
    milestones = list(action.milestones.order_by("order"))
    for order, milestone in enumerate((each for each in milestones if each.progress < DONE), 1):
        Milestone.objects.create(
            action=copy,
            public_id=carried_id(milestone.public_id, plan.pk),
            order=order,
            title=milestone.title,
            due_on=in_year(milestone.due_on, plan.year),
            weight=milestone.weight,
            progress=milestone.progress,
            best_progress=milestone.best_progress,
        )
    copy_money(action.budget.all(), copy, milestones)
    for risk in action.risks.all():
        copy.risks.create(
            description=risk.description,
            likelihood=risk.likelihood,
            impact=risk.impact,
            mitigation=risk.mitigation,
        )
    return copy


def copy_money(lines: Iterable[BudgetLine], copy: Action, milestones: Iterable[Milestone]) -> None:
    """What is left of each source: lines of the years to come as they are, of earlier ones the share not done."""
    done, whole = mean_of((milestone.weight, milestone.progress) for milestone in milestones)
    share = 1 - done / (whole * DONE) if whole else Decimal(1)
    sums: dict[tuple[int, str], Decimal] = {}
    for line in lines:
        key = (max(line.year, copy.plan.year), line.source)
        left = line.amount if line.year >= copy.plan.year else (line.amount * share).quantize(CENT, ROUND_HALF_EVEN)
        sums[key] = sums.get(key, Decimal(0)) + left
    for (year, source), amount in sorted(sums.items()):
        if amount:
            BudgetLine.objects.create(action=copy, year=year, source=source, amount=amount, brought=amount)


def settle_carried(plan: ActionPlan, deliberation: Deliberation) -> None:
    """The plan was approved: what its actions came from stands as carried over, and its latest reports come along.

    Called in the transaction that approves. What was finished meanwhile is finished in both; what was stopped stays.
    """
    copies = list(plan.actions.filter(carried_from__isnull=False).order_by("pk"))
    if not copies:
        return
    hold_plans(*Action.objects.filter(carried_to__in=copies))
    sources = Action.objects.select_for_update(of=("self",)).filter(carried_to__in=copies).order_by("pk")
    found = {source.pk: source for source in sources}
    for copy in copies:
        source = found[copy.carried_from_id]
        if source.state not in {ActionState.PLANNED, ActionState.UNDER_WAY, ActionState.DONE}:
            continue
        bring_reports(source, copy)
        if source.state == ActionState.DONE:
            continue
        before = source.state
        check_move(ACTION_MOVES, before, ActionState.CARRIED_OVER)
        set_state(source, ActionState.CARRIED_OVER)
        record(
            actor=None,
            action="action.carried_over",
            obj=source,
            before={"state": before},
            after={"state": ActionState.CARRIED_OVER, "plan": str(plan), "code": copy.code},
            reason=str(deliberation),
        )


def bring_reports(source: Action, copy: Action) -> None:
    """How far the milestones are now, into the copies of them that the plan kept."""
    copies: dict[Any, Milestone] = {each.public_id: each for each in copy.milestones.select_for_update()}
    for milestone in source.milestones.all():
        own = copies.get(carried_id(milestone.public_id, copy.plan_id))
        if own is None:
            continue
        own.progress, own.done_on = milestone.progress, milestone.done_on
        own.best_progress = max(own.best_progress, milestone.best_progress)
        own.version += 1
        own.save(update_fields=["progress", "best_progress", "done_on", "version"])
    done = bool(copies) and all(each.progress == DONE for each in copies.values())
    state = source.state if source.state != ActionState.DONE or done else ActionState.UNDER_WAY
    set_state(copy, state, last_report_on=source.last_report_on)

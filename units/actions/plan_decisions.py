"""A plan before the Council: put on its agenda, decided by its deliberation, kept as a version."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.base.errors import Refused
from refamp.base.states import check_move
from units.actions.carry_over import settle_carried
from units.actions.plans import locked_plan, move_plan, put
from units.actions.progress import recompute_progress
from units.actions.votes import propose_deliberation
from units.choices import (
    PLAN_MOVES,
    LegalEffect,
    PlanState,
    SubjectKind,
)
from units.formulas.plans import canonical, digest
from units.models import ActionPlan, AgendaItem, Deliberation, PlanVersion
from units.queries.plan_content import content_of
from units.queries.plans import next_number
from units.queries.reasons import reasons_of
from units.queries.votes import answer_of


@transaction.atomic
def put_before_council(
    *,
    actor: User,
    plan: ActionPlan,
    item: AgendaItem,
    rule: str,
    legal_effect: str,
    legal_effect_basis: str = "",
    title: str = "",
    text: str = "",
    version: int | None = None,
) -> Deliberation:
    """Put a plan on the Council's agenda as something to decide. The plan stands before the Council from now on."""
    if legal_effect == LegalEffect.OPINION:
        raise Refused(_("A plan is decided, here or by the Metropolitan Council."), code="effect", field="legal_effect")
    found = move_plan(actor=actor, plan=plan, state=PlanState.BEFORE_COUNCIL, version=version, item=item)
    return propose_deliberation(
        actor=actor,
        item=item,
        title=title or gettext("Approval of %(plan)s") % {"plan": found},
        text=text or found.summary or str(found),
        rule=rule,
        legal_effect=legal_effect,
        legal_effect_basis=legal_effect_basis,
        subject_kind=SubjectKind.PLAN,
        plan=found,
    )


def decide_plan(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: what the Council decided on a plan becomes its state, in the closing transaction."""
    plan = locked_plan(deliberation.plan)
    answer, label = answer_of(deliberation), str(deliberation)
    states = {
        "approved": PlanState.APPROVED,
        "refused": PlanState.RETURNED,
        "awaiting": PlanState.AWAITING_METROPOLITAN,
        "undecided": PlanState.OPINION_GIVEN,
    }
    state = states[answer]
    check_move(PLAN_MOVES, plan.state, state)
    # Why it once came back stays in its history; on an approved plan it would read as if it still held.
    values: dict[str, Any] = {}
    if answer == "refused":
        values = {"return_reason": "", "return_facts": reasons_of(deliberation)}
    elif answer == "approved":
        values = {"return_reason": "", "return_facts": None}
    put(plan, state, actor=None, reason=label, **values)
    if answer == "approved":
        make_version(plan, deliberation)
        settle_carried(plan, deliberation)
        recompute_progress(year=plan.year)


def make_version(plan: ActionPlan, deliberation: Deliberation, amendment: Any = None) -> PlanVersion:
    """Keep what was approved, byte for byte."""
    text = canonical(content_of(plan))
    return PlanVersion.objects.create(
        plan=plan,
        number=next_number(plan.versions.all()),
        content=text,
        sha256=digest(text),
        amendment=amendment,
        deliberation=deliberation,
    )

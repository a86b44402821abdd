"""A plan's way: who may move it from where to where."""

import pytest
from django.db import transaction

from refamp.base.errors import NotAllowed, Refused
from tests.factories import ActionFactory, ActionPlanFactory, MandateFactory
from tests.units.planning import agenda_item, content, decide, deliberation, world
from units.actions.plan_decisions import put_before_council
from units.actions.plan_drafts import draft_plan, save_action
from units.actions.plans import give_opinion, move_plan, return_plan, submit_plan, take_back_plan
from units.choices import PLAN_MOVES, DeliberationState, LegalEffect, MetropolitanAnswer, PlanState
from units.models import ActionPlan, Deliberation

pytestmark = pytest.mark.django_db

PEOPLE = ("member", "colleague", "other_member", "reviewer", "president", "councillor", "outsider")
PARTS = {
    "unit": {"member", "colleague"},
    "reviewer": {"reviewer"},
    "secretariat": {"president", "reviewer"},
    "deliberation": set(),
}
PAIRS = [(old, new) for old in PlanState for new in PlanState]


def standing(world, state):
    plan = ActionPlanFactory(
        unit=world.unit, state=state, created_by=world.member, return_reason="x" if state == "returned" else ""
    )
    ActionFactory(plan=plan, nodes=[world.response])
    return plan


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_pair_of_states_moves_only_for_who_has_the_part(old, new):
    here = world()
    plan = standing(here, old)
    part = PLAN_MOVES.get(old, {}).get(new)
    values = {"opinion": "Favorável", "return_reason": "Falta orçamento"}
    for name in PEOPLE:
        step = transaction.savepoint()
        given = values if new in {"opinion_given", "returned"} else {}
        given |= {"item": agenda_item(here.council)} if new == "before_council" else {}
        try:
            move_plan(actor=getattr(here, name), plan=plan, state=new, **given)
            outcome = "moved"
        except NotAllowed:
            outcome = "not allowed"
        except Refused as refusal:
            outcome = refusal.code
        moved = ActionPlan.objects.get(pk=plan.pk).state
        transaction.savepoint_rollback(step)
        if part is None:
            assert (outcome, moved) == ("wrong_state", old)
        elif part == "deliberation":
            assert (outcome, moved) == ("needs_deliberation", old)
        elif name in PARTS[part]:
            assert (outcome, moved) == ("moved", new)
        else:
            assert (outcome, moved) == ("not allowed", old)


def drafted(here, **changes):
    plan = draft_plan(actor=here.member, unit=here.unit, year=2026, title="Plano")
    save_action(actor=here.member, plan=plan, content=content(here.response, year=2026, **changes))
    return plan


def test_a_plan_goes_from_draft_to_the_vote_that_approves_it():
    here = world()
    plan = submit_plan(actor=here.member, plan=drafted(here))
    plan = give_opinion(actor=here.reviewer, plan=plan, opinion="Favorável", favourable=True)
    found = put_before_council(
        actor=here.president, plan=plan, item=agenda_item(here.council), rule="simple_majority", legal_effect="binding"
    )
    assert (found.subject_kind, found.plan_id) == ("plan", plan.pk)
    decide(found)
    plan.refresh_from_db()
    assert plan.state == PlanState.APPROVED
    assert [version.number for version in plan.versions.all()] == [1]


@pytest.mark.parametrize(
    ("closed", "effect", "state"),
    [
        (DeliberationState.PASSED, LegalEffect.BINDING, PlanState.APPROVED),
        (DeliberationState.PASSED, LegalEffect.PROPOSAL, PlanState.AWAITING_METROPOLITAN),
        (DeliberationState.FAILED, LegalEffect.BINDING, PlanState.RETURNED),
        (DeliberationState.FAILED, LegalEffect.PROPOSAL, PlanState.RETURNED),
        (DeliberationState.NO_QUORUM, LegalEffect.BINDING, PlanState.OPINION_GIVEN),
        (DeliberationState.WITHDRAWN, LegalEffect.BINDING, PlanState.OPINION_GIVEN),
    ],
)
def test_what_the_council_decides_is_where_the_plan_stands(closed, effect, state):
    here = world()
    plan = standing(here, PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=plan, effect=effect), closed)
    plan.refresh_from_db()
    assert plan.state == state
    assert plan.versions.count() == (state == PlanState.APPROVED)
    assert bool(plan.return_facts) == (state == PlanState.RETURNED)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(MetropolitanAnswer.ACCEPTED, PlanState.APPROVED), (MetropolitanAnswer.REJECTED, PlanState.RETURNED)],
)
def test_a_proposal_waits_for_the_metropolitan_council(answer, state):
    here = world()
    plan = standing(here, PlanState.BEFORE_COUNCIL)
    found = deliberation(here, plan=plan, effect=LegalEffect.PROPOSAL)
    decide(found)
    decide(found, answer=answer)
    plan.refresh_from_db()
    assert plan.state == state


def test_whoever_wrote_in_a_plan_gives_no_opinion_on_it():
    here = world()
    MandateFactory(unit=here.coordination, person=here.colleague)
    plan = drafted(here)
    save_action(actor=here.colleague, plan=plan, content=content(here.line, year=2026))
    plan = submit_plan(actor=here.member, plan=plan)
    with pytest.raises(NotAllowed):
        give_opinion(actor=here.colleague, plan=plan, opinion="Favorável", favourable=True)
    with pytest.raises(NotAllowed):
        return_plan(actor=here.colleague, plan=plan, reason="Não")


def test_the_strategic_units_give_the_opinion_on_the_plan_of_the_coordination_unit():
    here = world()
    plan = ActionPlanFactory(unit=here.coordination, state=PlanState.SUBMITTED, created_by=here.reviewer)
    colleague = MandateFactory(unit=here.coordination).person
    with pytest.raises(NotAllowed):
        give_opinion(actor=colleague, plan=plan, opinion="Favorável", favourable=True)
    assert give_opinion(actor=here.member, plan=plan, opinion="Favorável", favourable=True).opinion_by == here.member


def test_an_account_role_without_a_mandate_does_nothing(coordination, unit_member):
    here = world()
    for person in (coordination, unit_member):
        with pytest.raises(NotAllowed):
            draft_plan(actor=person, unit=here.unit, year=2026, title="Plano")
        with pytest.raises(NotAllowed):
            give_opinion(actor=person, plan=standing_once(here), opinion="Sim", favourable=True)


def standing_once(here):
    return ActionPlan.objects.filter(unit=here.unit).first() or standing(here, PlanState.SUBMITTED)


def test_a_plan_that_says_too_little_is_not_submitted():
    here = world()
    plan = draft_plan(actor=here.member, unit=here.unit, year=2026, title="Plano")
    with pytest.raises(Refused) as refusal:
        submit_plan(actor=here.member, plan=plan)
    assert refusal.value.code == "no_actions"
    save_action(actor=here.member, plan=plan, content=content(here.response, year=2026, milestones=[]))
    with pytest.raises(Refused) as refusal:
        submit_plan(actor=here.member, plan=plan)
    assert refusal.value.code == "missing"


def test_a_plan_is_decided_and_not_only_opined_on():
    here = world()
    with pytest.raises(Refused) as refusal:
        put_before_council(
            actor=here.president,
            plan=standing(here, PlanState.OPINION_GIVEN),
            item=agenda_item(here.council),
            rule="simple_majority",
            legal_effect="opinion",
        )
    assert refusal.value.code == "effect"
    assert Deliberation.objects.count() == 0


def test_a_returned_plan_is_taken_up_again_and_submitted_anew():
    here = world()
    plan = submit_plan(actor=here.member, plan=drafted(here))
    plan = return_plan(actor=here.reviewer, plan=plan, reason="Falta orçamento")
    plan = take_back_plan(actor=here.member, plan=plan)
    plan = submit_plan(actor=here.colleague, plan=plan)
    assert (plan.state, plan.submitted_by, plan.opinion) == (PlanState.SUBMITTED, here.colleague, "")


@pytest.mark.parametrize("state", list(PlanState))
def test_who_sees_a_plan_in_each_state(state):
    here = world()
    plan = standing(here, state)
    public = {PlanState.APPROVED, PlanState.UNDER_WAY, PlanState.CLOSED}
    seen = {name for name in PEOPLE if ActionPlan.objects.visible_to(getattr(here, name)).filter(pk=plan.pk).exists()}
    expected = {"member", "colleague"}
    if state != PlanState.DRAFT:
        expected |= {"reviewer"}
    if state in {PlanState.BEFORE_COUNCIL, PlanState.AWAITING_METROPOLITAN}:
        expected |= {"president", "councillor"}
    assert seen == (set(PEOPLE) if state in public else expected)

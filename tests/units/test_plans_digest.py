"""What plans tell people in their digest: who waits for what, what is late, and nothing to anybody else."""

from datetime import timedelta

import pgtrigger
import pytest
from django.urls import reverse
from django.utils import timezone

from refamp.accounts.models import User
from tests.factories import ActionFactory, ActionPlanFactory, MilestoneFactory
from tests.units.planning import YEAR, content, world
from units.actions.plan_drafts import draft_plan, save_action
from units.actions.plans import give_opinion, return_plan, submit_plan
from units.choices import PlanState
from units.queries.plan_digest import plan_lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return world()


def told(day=None):
    """(person's name, what happened) of every line."""
    people = dict(User.objects.values_list("pk", "name"))
    lines = list(plan_lines(day=day or timezone.localdate(), people=list(people)))
    return sorted((people[line.person], line.key.partition(":")[0]) for line in lines)


def handed_in(here):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano")
    save_action(actor=here.member, plan=plan, content=content(here.response))
    return submit_plan(actor=here.member, plan=plan)


def test_each_step_of_a_plan_tells_who_takes_the_next_one(here):
    plan = handed_in(here)
    assert told() == [("reviewer", "plan.submitted")]
    plan.authors.add(here.reviewer)
    assert told() == [], "not who wrote in it"
    returned = came_back(here)
    assert told() == [("colleague", "plan.returned"), ("member", "plan.returned")]
    assert {line.path for line in plan_lines(day=timezone.localdate(), people=[here.member.pk])} == {
        reverse("units:plan", args=[returned.public_id])
    }


def came_back(here):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR + 1, title="Outro")
    save_action(actor=here.member, plan=plan, content=content(here.response, year=YEAR + 1))
    plan = submit_plan(actor=here.member, plan=plan)
    return return_plan(actor=here.reviewer, plan=plan, reason="Falta a verba")


def test_a_plan_with_its_opinion_waits_for_who_brings_it(here):
    plan = handed_in(here)
    give_opinion(actor=here.reviewer, plan=plan, opinion="Bem", favourable=True)
    assert told() == [("president", "plan.opinion_given"), ("reviewer", "plan.opinion_given")]


def test_overdue_milestones_are_told_to_the_unit_once_per_action_and_not_again_when_done(here):
    today = timezone.localdate()
    plan = ActionPlanFactory(unit=here.unit, state=PlanState.UNDER_WAY)
    action = ActionFactory(plan=plan, nodes=[here.response], milestones=0, last_report_on=today, state="under_way")
    late = [MilestoneFactory(action=action, due_on=today - timedelta(days=days)) for days in (3, 9)]
    MilestoneFactory(action=action, due_on=today + timedelta(days=3))
    assert told() == [("colleague", "action.overdue"), ("member", "action.overdue")]
    (line,) = plan_lines(day=today, people=[here.member.pk])
    assert line.due == today - timedelta(days=9)
    assert "2" in line.text
    for milestone in late:
        type(milestone).objects.filter(pk=milestone.pk).update(progress=100, best_progress=100, done_on=today)
    assert told() == []
    silent = today + timedelta(days=plan.unit.report_stale_days + 1)
    with pgtrigger.ignore():
        type(late[0]).objects.filter(action=action).update(due_on=silent)
    assert told(silent) == [("colleague", "action.silent"), ("member", "action.silent")]
    type(plan).objects.filter(pk=plan.pk).update(state=PlanState.CLOSED)
    assert told(silent) == []


def test_the_digest_costs_the_same_for_one_plan_and_for_three(here, django_assert_num_queries):
    people = list(User.objects.values_list("pk", flat=True))
    for year in range(3):
        plan = ActionPlanFactory(unit=here.unit, state=PlanState.APPROVED, year=YEAR - year)
        ActionFactory(plan=plan, nodes=[here.response], last_report_on=timezone.localdate() - timedelta(days=999))
        if year != 1:
            with django_assert_num_queries(6):
                assert list(plan_lines(day=timezone.localdate(), people=people))

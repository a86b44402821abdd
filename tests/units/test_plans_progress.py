"""Reports, the roll-up kept beside them, status in the database, carry-over, cancel and merge."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from axes.choices import NodeKind
from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    BudgetLineFactory,
    MilestoneFactory,
    NodeFactory,
    ProgrammeFactory,
    StatusOverrideFactory,
)
from tests.units.planning import YEAR, decide, deliberation, world
from units.actions.carry_over import carry_over
from units.actions.plan_drafts import remove_action
from units.actions.plans import take_back_plan
from units.actions.progress import (
    check_progress,
    move_action,
    override_status,
    recompute_progress,
    report_milestone,
    withdraw_override,
)
from units.choices import ActionState, ActionStatus, DeliberationState, PlanState
from units.formulas.plans import percent
from units.models import Action, ActionPlan, Milestone, Progress
from units.queries.action_status import actions_late_on, status_on, why_of, with_status
from units.queries.plan_content import actions_with_all
from units.queries.programmes import programme_actions, programme_money, programmes, weighed_once
from units.queries.progress import progress_of_nodes, progress_rows, rolled_up, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return world()


@pytest.fixture
def plan(here):
    return ActionPlanFactory(unit=here.unit, state=PlanState.APPROVED)


def report(here, action, *values):
    for milestone, value in zip(action.milestones.order_by("order"), values, strict=True):
        report_milestone(actor=here.member, milestone=milestone, progress=value, note="porque sim")


def of(node, year=YEAR):
    return shown(progress_of_nodes(year).get(node.lineage))


def test_progress_rises_from_the_milestone_to_the_axis_with_its_weights(here, plan):
    first = ActionFactory(plan=plan, nodes=[here.response], weight=3)
    second = ActionFactory(plan=plan, nodes=[here.other_response, here.line], weight=1)
    recompute_progress()
    report(here, first, 100, 0)
    report(here, second, 100, 100)
    assert of(here.response) == Decimal("50.00")
    assert of(here.other_response) == Decimal("100.00")
    assert of(here.area) == of(here.axis) == Decimal("62.50")
    assert of(here.line) == Decimal("100.00")
    assert shown(progress_of_nodes(YEAR)[None]) == Decimal("62.50")
    row = Progress.objects.get(level="plan", plan=plan)
    assert (row.done, row.whole, row.actions) == (250, 4, 2)
    assert check_progress() == []


def test_an_action_counts_once_in_an_area_that_it_serves_twice(here, plan):
    ActionFactory(plan=plan, nodes=[here.response, here.other_response])
    recompute_progress()
    assert progress_of_nodes(YEAR)[here.area.lineage].actions == 1


def test_drafts_do_not_reach_the_roll_up(here):
    ActionFactory(plan=ActionPlanFactory(unit=here.unit), nodes=[here.response])
    recompute_progress()
    assert Progress.objects.count() == 0


def test_years_are_kept_apart(here, plan):
    ActionFactory(plan=plan, nodes=[here.response])
    old = ActionPlanFactory(unit=here.unit, state=PlanState.CLOSED, year=YEAR - 1)
    MilestoneFactory(
        action=ActionFactory(plan=old, nodes=[here.response], milestones=0),
        progress=100, best_progress=100, done_on=date(YEAR - 1, 5, 1),
    )  # fmt: skip
    recompute_progress()
    assert (of(here.response), of(here.response, YEAR - 1)) == (Decimal("0.00"), Decimal("100.00"))


@pytest.mark.parametrize("other_actions", [1, 40])
def test_one_report_costs_the_same_however_many_actions_there_are(here, plan, other_actions, django_assert_num_queries):
    action = ActionFactory(plan=plan, nodes=[here.response])
    for _ in range(other_actions):
        ActionFactory(plan=plan, nodes=[here.response])
    recompute_progress()
    milestone = action.milestones.first()
    with django_assert_num_queries(15):
        report_milestone(actor=here.member, milestone=milestone, progress=30)
    assert check_progress() == []


def test_reports_of_two_people_and_a_recomputation_in_any_order_agree(here, plan):
    some = [
        ActionFactory(plan=plan, nodes=[here.response], weight=Decimal(n) / 7 + 1, milestones=3) for n in range(1, 6)
    ]
    recompute_progress()
    for turn, value in enumerate((7, 33, 66, 21, 99, 100, 13)):
        action = some[turn % 5]
        report_milestone(
            actor=here.colleague, milestone=action.milestones.all()[turn % 3], progress=value, note="medido"
        )
        if turn == 3:
            recompute_progress(year=YEAR)
    assert check_progress() == []


def test_the_command_proves_and_repairs_what_is_kept(here, plan, capsys):
    ActionFactory(plan=plan, nodes=[here.response])
    recompute_progress()
    call_command("recompute_progress", "--check")
    Progress.objects.filter(level="plan").update(done=7)
    with pytest.raises(CommandError):
        call_command("recompute_progress", "--check")
    call_command("recompute_progress")
    call_command("recompute_progress", "--check")


def test_progress_is_reported_by_members_on_approved_plans(here, plan):
    milestone = ActionFactory(plan=plan, nodes=[here.response]).milestones.first()
    for stranger in (here.other_member, here.reviewer, here.councillor, here.outsider):
        with pytest.raises(NotAllowed):
            report_milestone(actor=stranger, milestone=milestone, progress=10)
    with pytest.raises(Stale):
        report_milestone(actor=here.member, milestone=milestone, progress=10, version=7)
    draft = ActionFactory(plan=ActionPlanFactory(unit=here.unit, year=YEAR + 1), nodes=[here.response])
    with pytest.raises(Refused) as refusal:
        report_milestone(actor=here.member, milestone=draft.milestones.first(), progress=10)
    assert refusal.value.code == "not_approved"


@pytest.mark.parametrize(
    ("progress", "on", "code"), [(101, None, "range"), (-1, None, "range"), (10, timedelta(days=1), "future")]
)
def test_a_report_that_cannot_be_is_refused(here, plan, progress, on, code):
    milestone = ActionFactory(plan=plan, nodes=[here.response]).milestones.first()
    with pytest.raises(Refused) as refusal:
        report_milestone(
            actor=here.member, milestone=milestone, progress=progress, on=timezone.localdate() + on if on else None
        )
    assert refusal.value.code == code


def test_going_back_needs_a_reason_and_shows_as_going_back(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response])
    milestone = action.milestones.first()
    report_milestone(actor=here.member, milestone=milestone, progress=60)
    with pytest.raises(Refused) as refusal:
        report_milestone(actor=here.member, milestone=milestone, progress=40)
    assert refusal.value.code == "reason"
    report_milestone(actor=here.member, milestone=milestone, progress=40, note="Saiu um parceiro")
    milestone.refresh_from_db()
    assert (milestone.progress, milestone.best_progress) == (40, 60)
    assert with_status(Action.objects.all()).get().status == ActionStatus.REGRESSED


def test_an_action_begins_with_its_first_progress_and_goes_on_when_a_finished_milestone_goes_back(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response], milestones=1)
    milestone = action.milestones.first()
    report_milestone(actor=here.member, milestone=milestone, progress=100)
    action = move_action(actor=here.member, action=action, state=ActionState.DONE)
    report_milestone(actor=here.member, milestone=milestone, progress=90, note="Falta a vistoria")
    action.refresh_from_db()
    milestone.refresh_from_db()
    assert (action.state, milestone.done_on) == (ActionState.UNDER_WAY, None)


def test_an_action_is_not_done_before_its_milestones(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response], state=ActionState.UNDER_WAY)
    with pytest.raises(Refused) as refusal:
        move_action(actor=here.member, action=action, state=ActionState.DONE)
    assert refusal.value.code == "milestones"


def test_the_status_of_the_database_is_that_of_the_formula(here, plan):
    today = timezone.localdate()
    for state in (ActionState.PLANNED, ActionState.UNDER_WAY, ActionState.DONE, ActionState.CARRIED_OVER):
        for due, progress, best in ((-1, 0, 0), (-1, 50, 50), (0, 50, 70), (1, 0, 0), (-1, 100, 100), (5, 20, 20)):
            for reported in (None, 0, 179, 180, 181):
                action = ActionFactory(
                    plan=plan, nodes=[here.response], milestones=0, state=state,
                    last_report_on=None if reported is None else today - timedelta(days=reported),
                )  # fmt: skip
                MilestoneFactory(
                    action=action, due_on=today + timedelta(days=due), progress=progress, best_progress=best,
                    done_on=today if progress == 100 else None,
                )  # fmt: skip
                if reported == 179 and due == 0:
                    StatusOverrideFactory(action=action, until=today, status="on_time")
                if reported == 180 and due == 0:
                    StatusOverrideFactory(action=action, until=today - timedelta(days=1), status="late")
    found = list(with_status(Action.objects.select_related("plan__unit").prefetch_related("milestones", "overrides")))
    assert len(found) == 120
    assert {action.pk: action.status for action in found} == {action.pk: str(status_on(action)) for action in found}
    assert {action.status for action in found} >= {"late", "regressed", "completed", "not_started", "on_time"}
    late = {action.pk for action in found if action.status in {"late", "regressed"}}
    assert {action.pk for action in actions_late_on()} == late


def test_an_override_holds_until_its_day_and_can_be_withdrawn(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response], milestones=0)
    today = timezone.localdate()
    MilestoneFactory(action=action, due_on=today - timedelta(days=3))
    override_status(actor=here.member, action=action, status="on_time", reason="Adiado por acordo", until=today)
    assert with_status(Action.objects.all()).get().status == ActionStatus.ON_TIME
    assert with_status(Action.objects.all(), today + timedelta(days=1)).get().status == ActionStatus.LATE
    override_status(actor=here.member, action=action, status="stopped", reason="Suspensa", until=today)
    assert with_status(Action.objects.all()).get().status == ActionStatus.STOPPED
    withdraw_override(actor=here.colleague, action=action)
    assert with_status(Action.objects.all()).get().status == ActionStatus.LATE
    assert action.overrides.count() == 2


def test_cancelled_and_merged_actions_say_why_and_leave_the_roll_up(here, plan):
    first, second, third = (ActionFactory(plan=plan, nodes=[here.response]) for _ in range(3))
    recompute_progress()
    report(here, first, 100, 100)
    with pytest.raises(Refused) as refusal:
        move_action(actor=here.member, action=second, state=ActionState.CANCELLED)
    assert refusal.value.code == "reason"
    move_action(actor=here.member, action=second, state=ActionState.CANCELLED, reason="Sem financiamento")
    assert of(here.response) == Decimal("50.00")
    with pytest.raises(Refused) as refusal:
        move_action(actor=here.member, action=third, state=ActionState.MERGED, reason="Igual", into=second)
    assert refusal.value.code == "target"
    move_action(actor=here.member, action=third, state=ActionState.MERGED, reason="Igual", into=first)
    assert of(here.response) == Decimal("100.00")
    third.refresh_from_db()
    assert (third.merged_into, third.state_reason) == (first, "Igual")
    assert check_progress() == []


def approved(here, plan):
    """The plan as the Council approves it, in one transaction."""
    decided(here, plan, DeliberationState.PASSED)


def decided(here, plan, state):
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=plan), state)
    plan.refresh_from_db()


def test_an_unfinished_action_is_proposed_for_the_next_plan_and_goes_on_until_that_is_approved(here, plan):
    action = ActionFactory(
        plan=plan, nodes=[here.response], code="A07", milestones=0, starts_on=date(YEAR, 1, 1),
        ends_on=date(YEAR + 1, 3, 31), state=ActionState.UNDER_WAY,
    )  # fmt: skip
    for order, (due, progress) in enumerate(
        ((date(YEAR, 2, 1), 100), (date(YEAR, 11, 15), 40), (date(YEAR + 1, 3, 1), 0))
    ):
        MilestoneFactory(action=action, order=order, due_on=due, progress=progress, best_progress=progress,
                         done_on=due if progress == 100 else None)  # fmt: skip
    BudgetLineFactory(action=action, year=YEAR, source="municipal", amount="1000.01")
    BudgetLineFactory(action=action, year=YEAR + 1, source="municipal", amount="200.00")
    BudgetLineFactory(action=action, year=YEAR + 1, source="european", amount="50.00")
    recompute_progress()
    following = ActionPlanFactory(unit=here.unit, year=YEAR + 1)
    copy = carry_over(actor=here.member, action=action, plan=following)
    action.refresh_from_db()
    assert (copy.key, copy.code, copy.carried_from, action.carried_to) == (action.key, "A07", action, copy)
    assert action.state == ActionState.UNDER_WAY, "a draft may be refused: until then it goes on here"
    assert list(copy.milestones.values_list("progress", "due_on")) == [
        (40, date(YEAR + 1, 11, 15)), (0, date(YEAR + 1, 3, 1)),
    ]  # fmt: skip
    assert list(copy.nodes.all()) == [here.response]
    # 160 of 300 are not done: 533.34 of what was of this year, and what was of the next as it is.
    assert list(copy.budget.order_by("source").values_list("year", "source", "amount")) == [
        (YEAR + 1, "european", Decimal("50.00")), (YEAR + 1, "municipal", Decimal("733.34")),
    ]  # fmt: skip
    with pytest.raises(Refused) as refusal:
        carry_over(actor=here.member, action=action, plan=ActionPlanFactory(unit=here.unit, year=YEAR + 2))
    assert refusal.value.code == "twice"
    report(here, action, 100, 80, 0)
    assert of(here.response, YEAR + 1) is None, "a draft counts nowhere"
    copy.milestones.filter(progress=40).update(title="Reescrito no rascunho")
    approved(here, following)
    action.refresh_from_db()
    copy.refresh_from_db()
    assert (action.state, copy.state) == (ActionState.CARRIED_OVER, ActionState.UNDER_WAY)
    assert list(copy.milestones.values_list("progress", "best_progress")) == [(80, 80), (0, 0)]
    assert copy.last_report_on == action.last_report_on
    assert check_progress() == []
    assert (of(here.response), of(here.response, YEAR + 1)) == (Decimal("60.00"), Decimal("40.00"))


def test_what_was_finished_while_the_next_plan_was_decided_is_finished_in_both(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response])
    following = ActionPlanFactory(unit=here.unit, year=YEAR + 1)
    copy = carry_over(actor=here.member, action=action, plan=following)
    recompute_progress()
    report(here, action, 100, 100)
    move_action(actor=here.member, action=action, state=ActionState.DONE)
    approved(here, following)
    action.refresh_from_db()
    copy.refresh_from_db()
    assert (action.state, copy.state) == (ActionState.DONE, ActionState.DONE)
    assert check_progress() == []


def test_where_the_next_plan_is_refused_or_dropped_nothing_has_happened_to_the_action(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response])
    following = ActionPlanFactory(unit=here.unit, year=YEAR + 1)
    copy = carry_over(actor=here.member, action=action, plan=following)
    decided(here, following, DeliberationState.FAILED)
    action.refresh_from_db()
    assert action.state == ActionState.PLANNED
    report(here, action, 10, 10)
    following.refresh_from_db()
    take_back_plan(actor=here.member, plan=following)
    remove_action(actor=here.member, action=copy)
    action = Action.objects.get(pk=action.pk)
    assert (action.state, hasattr(action, "carried_to")) == (ActionState.UNDER_WAY, False)


def test_a_programme_counts_what_was_carried_over_once(here, plan):
    programme = ProgrammeFactory(unit=here.unit)
    action = ActionFactory(plan=plan, nodes=[here.response], programme=programme)
    BudgetLineFactory(action=action, year=YEAR, source="municipal", amount="1000.00")
    recompute_progress()
    report(here, action, 100, 50)
    following = ActionPlanFactory(unit=here.unit, year=YEAR + 1)
    copy = carry_over(actor=here.member, action=action, plan=following)
    copy.budget.update(amount="300.00")
    approved(here, following)
    money = programme_money(here.outsider, programme)
    assert money.rows == [(YEAR, "municípios", Decimal(1000)), (YEAR + 1, "municípios", Decimal(50))]
    assert programmes(here.outsider).get().budget_total == money.total == Decimal("1050.00")
    assert percent(*weighed_once(list(programme_actions(here.outsider, programme)))) == Decimal("75.00")


def test_what_was_carried_over_finds_its_response_in_the_edition_in_force_by_lineage(here, plan):
    older = NodeFactory(kind=NodeKind.OPERATIONAL_RESPONSE, lineage=here.response.lineage)
    action = ActionFactory(plan=plan, nodes=[older])
    copy = carry_over(actor=here.member, action=action, plan=ActionPlanFactory(unit=here.unit, year=YEAR + 1))
    assert list(copy.nodes.all()) == [here.response]
    gone = ActionFactory(plan=plan, nodes=[NodeFactory(kind=NodeKind.ACTION_LINE)])
    with pytest.raises(Refused) as refusal:
        carry_over(actor=here.member, action=gone, plan=copy.plan)
    assert refusal.value.code == "nodes"


def test_an_action_is_carried_only_to_a_later_draft_of_its_unit(here, plan):
    action = ActionFactory(plan=plan, nodes=[here.response])
    for target, code in (
        (ActionPlanFactory(unit=here.other_unit, year=YEAR + 1), "target"),
        (ActionPlanFactory(unit=here.unit, year=YEAR - 1), "target"),
        (ActionPlanFactory(unit=here.unit, year=YEAR + 1, state=PlanState.SUBMITTED), "not_draft"),
    ):
        with pytest.raises(Refused) as refusal:
            carry_over(actor=here.member, action=action, plan=target)
        assert refusal.value.code == code


def test_no_progress_is_no_data(here):
    assert shown(None) is None
    assert percent(None, None) is None
    assert Milestone.objects.count() == 0


def test_two_actions_are_not_merged_into_each_other(here, plan):
    one, other = ActionFactory(plan=plan, nodes=[here.response]), ActionFactory(plan=plan, nodes=[here.response])
    move_action(actor=here.member, action=one, state=ActionState.MERGED, reason="A mesma", into=other)
    with pytest.raises(Refused) as refusal:
        move_action(actor=here.member, action=other, state=ActionState.MERGED, reason="A mesma", into=one)
    assert refusal.value.code == "target"


def test_nothing_is_merged_into_an_action_of_a_closed_plan(here, plan):
    old = ActionPlanFactory(unit=here.unit, state=PlanState.CLOSED, year=YEAR - 1)
    one, closed = ActionFactory(plan=plan, nodes=[here.response]), ActionFactory(plan=old, nodes=[here.response])
    with pytest.raises(Refused) as refusal:
        move_action(actor=here.member, action=one, state=ActionState.MERGED, reason="A mesma", into=closed)
    assert refusal.value.code == "target"


def test_an_action_says_why_it_is_late(here, plan):
    today = timezone.localdate()
    action = ActionFactory(plan=plan, nodes=[here.response], milestones=0, last_report_on=today)
    MilestoneFactory(action=action, title="Feito", due_on=today - timedelta(days=9), progress=100, best_progress=100,
                     done_on=today)  # fmt: skip
    assert why_of(action, today) is None, "nothing is left to do"
    MilestoneFactory(action=action, title="Por fazer", due_on=today, progress=10, best_progress=40)
    action = actions_with_all(Action.objects.filter(pk=action.pk)).get()
    fallen = why_of(action, today)
    assert [m.title for m in fallen.fallen] == ["Por fazer"]
    assert (fallen.overdue, fallen.silent_days) == ([], None)
    allowed = action.plan.unit.report_stale_days
    assert why_of(action, today + timedelta(days=allowed)).silent_days is None
    late = why_of(action, today + timedelta(days=allowed + 1))
    assert ([m.title for m in late.overdue], late.silent_days) == (["Por fazer"], allowed + 1)


def test_the_roll_up_shows_its_weights_at_every_level_up_to_the_referential(here, plan):
    half = ActionFactory(plan=plan, nodes=[here.response, here.other_response], milestones=0, weight=3)
    MilestoneFactory(action=half, progress=50, best_progress=50)
    none = ActionFactory(plan=plan, nodes=[here.line], milestones=0, weight=1)
    MilestoneFactory(action=none, progress=0, best_progress=0)
    recompute_progress()
    lines = {line.node.code if line.node else "": line for line in rolled_up(YEAR)}
    told = {code: (line.percent, line.figure.whole, line.figure.actions) for code, line in lines.items() if line.figure}
    assert told == {
        "": (Decimal("37.50"), Decimal(4), 2),
        "EP1": (Decimal("50.00"), Decimal(3), 1),
        "1.1": (Decimal("50.00"), Decimal(3), 1),
        "1.1.1": (Decimal("50.00"), Decimal(3), 1),
        "1.1.2": (Decimal("50.00"), Decimal(3), 1),
        "AE1": (Decimal("0.00"), Decimal(1), 1),
        "AE1.1": (Decimal("0.00"), Decimal(1), 1),
    }
    assert [line.depth for line in rolled_up(YEAR)] == [0, 1, 2, 3, 3, 1, 2]
    rows = list(progress_rows(rolled_up(YEAR - 1), YEAR - 1))
    assert {(row["progress"], row["status"], row["weight"], row["actions"]) for row in rows} == {
        (None, "missing", None, 0)
    }

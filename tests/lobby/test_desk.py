"""The dashboard's part on governance: each number is that of the list behind its link, whoever looks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    DeliberationFactory,
    FollowUpFactory,
    MeetingFactory,
    MilestoneFactory,
    UnitFactory,
)
from units.choices import MeetingState, PlanState
from units.queries.desk import FEW

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def late_action(plan):
    action = ActionFactory(
        plan=plan, milestones=0, starts_on=TODAY - timedelta(days=60), ends_on=TODAY + timedelta(days=9)
    )
    MilestoneFactory(action=action, due_on=TODAY - timedelta(days=3), progress=10, best_progress=10)
    return action


def busy(number):
    """So many of everything that the dashboard speaks of, and one that it does not."""
    for place in range(number):
        unit = UnitFactory()
        plan = ActionPlanFactory(unit=unit, year=TODAY.year, state=PlanState.UNDER_WAY)
        late_action(plan)
        soon = timezone.now() + timedelta(days=3 + place)
        MeetingFactory(unit=unit, starts_at=soon, ends_at=soon + timedelta(hours=2), state=MeetingState.CONVENED)
        decided = DeliberationFactory(unit=unit)
        FollowUpFactory(deliberation=decided, due_on=TODAY - timedelta(days=2))
        FollowUpFactory(deliberation=decided, due_on=TODAY + timedelta(days=2))
    closed = ActionPlanFactory(year=TODAY.year - 1, state=PlanState.CLOSED)
    late_action(closed)
    late_action(ActionPlanFactory(year=TODAY.year + 1, state=PlanState.DRAFT))


def test_each_number_is_that_of_the_list_behind_it(client_of):
    busy(FEW + 2)
    client = client_of("coordination")
    desk = client.get("/painel/governacao/").context["desk"]
    assert (len(desk.meetings), len(desk.late), len(desk.overdue)) == (FEW, FEW, FEW)
    assert desk.late[0].total == len(client.get("/acoes/?late=true").context["actions"]) == FEW + 2
    assert desk.overdue[0].total == len(client.get("/seguimento/?overdue=true").context["tasks"]) == FEW + 2
    assert desk.meetings[0].total == len(client.get("/reunioes/").context["coming"])
    broken = client.get("/unidades/?rules=broken").context["bodies"]
    assert [body.unit.code for body in desk.out_of_rule] == [body.unit.code for body in broken]
    for state, number in desk.plans:
        assert number == len(client.get("/planos/", {"state": state.value}).context["plans"]), state
    page = client.get("/painel/governacao/", headers={"HX-Request": "true"}).content.decode()
    for link in ("/acoes/?late=true", "/seguimento/?overdue=true", "/reunioes/", "/unidades/?rules=broken"):
        assert f'href="{link}"' in page
    assert "<main" not in page
    assert "<main" in client.get("/painel/governacao/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    ("address", "queries"), [("/painel/", 12), ("/painel/governacao/", 11), ("/painel/plataforma/", 9)]
)
def test_the_dashboard_asks_as_many_questions_at_one_as_at_three(
    address, queries, number, client_of, django_assert_num_queries
):
    busy(number)
    client = client_of("coordination")
    client.get(address)
    with django_assert_num_queries(queries):
        client.get(address)


def test_the_dashboard_loads_its_parts_and_says_where_they_are_without_scripts(client_of):
    page = client_of("coordination").get("/painel/").content.decode()
    for address in ("/painel/governacao/", "/painel/plataforma/"):
        assert f'hx-get="{address}"' in page
        assert f'href="{address}"' in page

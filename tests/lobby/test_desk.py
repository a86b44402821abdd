"""The dashboard's part on governance: each number is that of the list behind its link, whoever looks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from refamp.accounts.choices import Role
from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    AgendaItemFactory,
    AssignmentFactory,
    DeliberationFactory,
    FollowUpFactory,
    MandateFactory,
    MeetingFactory,
    MilestoneFactory,
    MunicipalityFactory,
    UnitFactory,
)
from units.actions.concertation import record_position
from units.choices import ItemKind, MeetingState, PlanState, Position
from units.queries.bodies import mandates_of
from units.queries.desk import FEW, decisions_waiting

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


def councillor_of(unit, place):
    return MandateFactory(unit=unit, municipality=place, position=Position.MEMBER).person


@pytest.mark.parametrize("number", [1, 3])
def test_home_tells_a_councillor_what_waits_within_twelve_questions(number, client_of, django_assert_num_queries):
    unit, place = UnitFactory(), MunicipalityFactory()
    person = councillor_of(unit, place)
    AssignmentFactory(user=person, role=Role.COUNCILLOR, municipality=place)
    for turn in range(number):
        soon = timezone.now() + timedelta(days=3 + turn)
        meeting = MeetingFactory(
            unit=unit, starts_at=soon, ends_at=soon + timedelta(hours=2), state=MeetingState.CONVENED
        )
        item = AgendaItemFactory(meeting=meeting, kind=ItemKind.DECISION)
        DeliberationFactory(unit=unit, item=item, title=f"Carta {turn}")
        late_action(ActionPlanFactory(unit=unit, year=TODAY.year - turn, state=PlanState.UNDER_WAY))
        FollowUpFactory(owner=person)
    client = client_of(person)
    client.get("/")
    with django_assert_num_queries(12):
        page = client.get("/")
    waiting = [(str(one.text), one.is_day) for one in page.context["waiting"]]
    assert waiting.count(("Próxima reunião", True)) == number
    assert waiting.count(("Diga a posição do seu município", False)) == number
    [late] = [one for one in page.context["waiting"] if "late=true" in one.url]
    assert late.detail == f"{unit.name}: {number}"
    assert len(client.get(late.url).context["actions"]) == number
    ahead = [one for one in page.context["waiting"] if str(one.text) == "Diga a posição do seu município"]
    assert ahead[0].url.endswith("/ficha/")
    assert client.get(ahead[0].url).status_code == 200


def test_who_has_said_it_is_not_asked_again(client_of):
    unit, place = UnitFactory(), MunicipalityFactory()
    person = councillor_of(unit, place)
    soon = timezone.now() + timedelta(days=3)
    meeting = MeetingFactory(unit=unit, starts_at=soon, ends_at=soon + timedelta(hours=2), state=MeetingState.CONVENED)
    one = DeliberationFactory(unit=unit, item=AgendaItemFactory(meeting=meeting, kind=ItemKind.DECISION))
    assert [str(task.text) for task in decisions_waiting(mandates_of(person))] == ["Diga a posição do seu município"]
    record_position(actor=person, deliberation=one, municipality=place, stance="in_favour")
    assert decisions_waiting(mandates_of(person)) == []

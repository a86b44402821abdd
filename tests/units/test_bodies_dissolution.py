"""The end of a unit: named before it, decided by the seventeen, done in the closing transaction, readable after."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email
from tests.factories import (
    ActionPlanFactory,
    CompositionFactory,
    MandateFactory,
    MeetingFactory,
    PartnershipFactory,
)
from tests.units.bodies import founded
from tests.units.planning import agenda_item
from units.actions.dissolutions import decide_dissolution, put_dissolution_before_council
from units.actions.votes import cast_vote, close_voting, open_voting
from units.choices import EndReason, MeetingState, PlanState, Position, UnitKind, UnitState
from units.models import Attendance, Deliberation, Meeting, Unit
from units.queries.bodies import mandates_of
from units.queries.composition import bodies_on
from units.queries.dissolutions import open_things

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def world():
    made = founded()
    unit = made.strategic[0]
    Unit.objects.filter(pk=unit.pk).update(state=UnitState.CONSTITUTED)
    unit.refresh_from_db()
    return made


def put(world, unit=None, **facts):
    facts = {"reason": "O eixo deixou de existir.", "rule": "simple_majority", "legal_effect": "binding"} | facts
    item = facts.pop("item", None) or agenda_item(world.council)
    actor = facts.pop("actor", world.coordinator)
    return put_dissolution_before_council(actor=actor, unit=unit or world.strategic[0], item=item, **facts)


def closed(found, state="passed"):
    Deliberation.objects.filter(pk=found.pk).update(
        state=state,
        number=found.pk,
        year=TODAY.year,
        closed_at=timezone.now(),
        votes_for=3,
        votes_against=0,
        abstentions=0,
    )
    found.refresh_from_db()
    return found


def test_what_is_open_in_a_unit_stands_in_the_text_that_is_voted(world):
    unit = world.strategic[0]
    MandateFactory(unit=unit, municipality=world.places[0], position=Position.COORDINATOR)
    ActionPlanFactory(unit=unit, year=2026, title="Plano a correr", state=PlanState.UNDER_WAY)
    ActionPlanFactory(unit=unit, year=2027, title="Plano em rascunho")
    ActionPlanFactory(unit=unit, year=2025, title="Plano fechado", state=PlanState.CLOSED)
    MeetingFactory(unit=unit, title="Reunião por fazer", state=MeetingState.DRAFT)
    MeetingFactory(unit=unit, title="Reunião feita", state=MeetingState.CLOSED)
    PartnershipFactory(unit=unit)
    made = put(world)
    for said in ("O eixo deixou de existir.", "Plano a correr", "Plano em rascunho", "Reunião por fazer", "Parceiro"):
        assert said in made.text, said
    assert "Plano fechado" not in made.text
    assert "Reunião feita" not in made.text
    assert str(world.places[0]) in made.text
    assert Event.objects.filter(action="unit.before_council").count() == 1


def test_only_the_coordination_unit_puts_it_before_the_council_once_with_a_reason_and_never_as_an_opinion(world):
    with pytest.raises(NotAllowed):
        put(world, actor=world.outsider)
    with pytest.raises(NotAllowed):
        put(world, actor=world.president)
    for facts, code in (
        ({"reason": " "}, "reason"),
        ({"legal_effect": "opinion"}, "effect"),
        ({"item": agenda_item(world.strategic[1])}, "body"),
        ({"unit": world.council}, "wrong_kind"),
        ({"unit": world.coordination}, "wrong_kind"),
    ):
        with pytest.raises(Refused) as refusal:
            put(world, **facts)
        assert refusal.value.code == code
    put(world)
    with pytest.raises(Refused) as refusal:
        put(world)
    assert refusal.value.code == "on_agenda"


def test_what_is_itself_before_the_council_is_decided_first(world):
    plan = ActionPlanFactory(unit=world.strategic[0], state=PlanState.BEFORE_COUNCIL)
    with pytest.raises(Refused) as refusal:
        put(world)
    assert (refusal.value.code, plan.title in str(refusal.value.message)) == ("before_council", True)


def test_once_passed_mandates_end_meetings_are_cancelled_and_plans_close_in_one_step(world):
    unit = world.strategic[0]
    sitting = MandateFactory(unit=unit, municipality=world.places[0])
    coming = MandateFactory(unit=unit, municipality=world.places[1], starts_on=TODAY + timedelta(days=9))
    plans = [ActionPlanFactory(unit=unit, year=2025 + n, state=s) for n, s in enumerate(["approved", "under_way"])]
    draft = ActionPlanFactory(unit=unit, year=2029)
    held = MeetingFactory(unit=unit, state=MeetingState.CLOSED)
    ahead = MeetingFactory(
        unit=unit,
        state=MeetingState.CONVENED,
        number=7,
        convened_at=timezone.now(),
        starts_at=timezone.now() + timedelta(days=5),
        ends_at=timezone.now() + timedelta(days=5, hours=1),
    )
    partnership = PartnershipFactory(unit=unit)
    found = closed(put(world))
    decide_dissolution(found)
    for row in (unit, sitting, coming, *plans, draft, held, ahead, partnership):
        row.refresh_from_db()
    assert unit.state == UnitState.DISSOLVED
    assert (sitting.ends_on, sitting.end_reason, sitting.end_act) == (TODAY, EndReason.DISSOLVED, str(found))
    assert (coming.ends_on, coming.end_reason) == (coming.starts_on, EndReason.DISSOLVED)
    assert [plan.state for plan in plans] == [PlanState.CLOSED] * 2
    assert draft.state == PlanState.DRAFT
    assert (held.state, ahead.state, ahead.cancel_reason) == ("closed", "cancelled", str(found))
    assert Email.objects.filter(to=sitting.person.email).exists(), "who was invited is told"
    assert partnership.ends_on == TODAY
    assert mandates_of(sitting.person) == frozenset()
    assert unit.code not in {body.unit.code for body in bodies_on(TODAY)}


@pytest.mark.parametrize("state", ["failed", "no_quorum", "withdrawn"])
def test_a_unit_whose_end_did_not_pass_goes_on_and_may_be_put_again(world, state):
    MandateFactory(unit=world.strategic[0], municipality=world.places[0])
    found = put(world)
    decide_dissolution(closed(found, state))
    world.strategic[0].refresh_from_db()
    assert world.strategic[0].state == UnitState.CONSTITUTED
    assert open_things(world.strategic[0]).mandates
    assert put(world).pk != found.pk


def test_a_proposal_to_the_metropolitan_council_ends_the_unit_only_when_it_is_accepted(world):
    found = closed(put(world, legal_effect="proposal"))
    decide_dissolution(found)
    world.strategic[0].refresh_from_db()
    assert world.strategic[0].state == UnitState.CONSTITUTED
    Deliberation.objects.filter(pk=found.pk).update(
        metropolitan_answer="accepted", metropolitan_reference="CM 1", metropolitan_at=TODAY
    )
    found.refresh_from_db()
    decide_dissolution(found)
    world.strategic[0].refresh_from_db()
    assert world.strategic[0].state == UnitState.DISSOLVED


def test_while_a_meeting_of_the_unit_is_in_session_the_vote_on_its_end_does_not_close(world):
    unit = world.strategic[0]
    found = put(world)
    Meeting.objects.filter(pk=found.item.meeting_id).update(
        state=MeetingState.IN_SESSION, convened_at=timezone.now(), opened_at=timezone.now()
    )
    for mandate in world.council.mandates.all():
        Attendance.objects.create(meeting=found.item.meeting, mandate=mandate, presence="in_person")
    found = open_voting(actor=world.president, deliberation=found)
    session = MeetingFactory(unit=unit, state=MeetingState.IN_SESSION)
    for mandate in world.council.mandates.all():
        cast_vote(actor=mandate.person, deliberation=found, municipality=mandate.municipality, value="for")
    with pytest.raises(Refused) as refusal:
        close_voting(actor=world.president, deliberation=found)
    assert refusal.value.code == "in_session"
    found.refresh_from_db()
    assert (found.state, found.number) == ("voting", None)
    Meeting.objects.filter(pk=session.pk).update(state=MeetingState.CLOSED)
    close_voting(actor=world.president, deliberation=found)
    unit.refresh_from_db()
    found.refresh_from_db()
    assert (found.state, unit.state) == ("passed", "dissolved")


def test_a_dissolved_unit_stays_readable_and_offers_no_step(client_of, api_of, world):
    unit = world.strategic[0]
    MandateFactory(unit=unit, municipality=world.places[0])
    CompositionFactory(unit=unit, is_agreed=True)
    found = closed(put(world))
    decide_dissolution(found)
    for who in (None, world.coordinator):
        page = client_of(who).get(reverse("units:unit", args=[unit.code]))
        assert page.status_code == 200
        assert reverse("units:deliberation", args=[found.public_id]) in page.text
        for step in ("units:composition_propose", "units:unit_edit", "units:unit_dissolve"):
            assert reverse(step, args=[unit.code]) not in page.text
    client = client_of(world.coordinator)
    assert client.get(reverse("units:unit_dissolve", args=[unit.code])).status_code == 403
    assert client.get(reverse("units:composition_propose", args=[unit.code])).status_code == 403
    listed = client_of(None).get(reverse("units:units"))
    assert reverse("units:unit", args=[unit.code]) in listed.text
    rows = api_of(None).get("/api/v1/units/?state=dissolved").json()["results"]
    assert [(row["code"], row["seats"]) for row in rows] == [(unit.code, 0)]
    assert client.get(reverse("units:unit_propose", args=["EP1"])).status_code == 200, "its axis may get another"


def test_it_is_put_before_the_council_on_a_page_that_names_what_is_open(client_of, world):
    client, unit = client_of(world.coordinator), world.strategic[0]
    ActionPlanFactory(unit=unit, title="Plano por acabar")
    address = reverse("units:unit_dissolve", args=[unit.code])
    assert "Nenhuma ordem do dia tem um ponto livre para decisão" in client.get(address).text
    item = agenda_item(world.council)
    page = client.get(address)
    assert "Plano por acabar" in page.text
    data = {
        "version": unit.version,
        "reason": "",
        "item": item.pk,
        "rule": "simple_majority",
        "legal_effect": "binding",
    }
    assert client.post(address, data).context["form"].errors["reason"]
    answer = client.post(address, data | {"reason": "Fundida com outra."})
    assert answer.status_code == 302
    found = Deliberation.objects.get(dissolves=unit)
    assert answer.url == reverse("units:deliberation", args=[found.public_id])
    assert "Fundida com outra." in client.get(answer.url).text
    assert client.get(reverse("units:councillor_file", args=[found.public_id])).status_code == 200
    assert client_of(None).get(answer.url).status_code == 404, "not public before it is decided"
    assert (
        reverse("units:deliberation", args=[found.public_id])
        not in client_of(None).get(reverse("units:unit", args=[unit.code])).text
    )


def test_the_pages_cost_at_most_twelve_queries(client_of, world, django_assert_max_num_queries):
    put(world)
    client = client_of(world.coordinator)
    for name in ("units:unit_dissolve", "units:unit"):
        client.get(reverse(name, args=["UE1"]))
        with django_assert_max_num_queries(12):
            assert client.get(reverse(name, args=["UE1"])).status_code == 200


def test_the_technical_team_can_be_dissolved_too_and_a_unit_that_was_never_constituted(world):
    assert world.team.kind == UnitKind.TECHNICAL_TEAM
    for unit in (world.team, world.strategic[1]):
        found = closed(put(world, unit=unit))
        decide_dissolution(found)
        unit.refresh_from_db()
        assert unit.state == UnitState.DISSOLVED

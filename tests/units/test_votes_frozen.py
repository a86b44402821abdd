"""What surrounds a closed deliberation stays as it was: by raw SQL, by a plan that goes on, by whoever reads it."""

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from refamp.base.errors import Refused
from tests.factories import ActionFactory, ActionPlanFactory, MandateFactory, MeetingFactory, UnitFactory, UserFactory
from tests.units.voting import chamber, proposal, vote
from units.actions.concertation import record_position
from units.actions.votes import cast_vote, close_voting, open_voting, record_metropolitan_answer
from units.choices import ItemKind, LegalEffect, MeetingState, PlanState, SubjectKind
from units.models import Action, ActionPlan, Vote
from units.queries.decisions import parts_of, weighed
from units.queries.reasons import told

pytestmark = pytest.mark.django_db

FORGED = {
    "a position after the vote": (
        "INSERT INTO units_municipalposition (public_id, deliberation_id, municipality_id, stance, comment,"
        " proposed_change, author_id, updated_at, version) SELECT gen_random_uuid(), d.id, v.municipality_id,"
        " 'against', 'x', 'x', v.id, now(), 1 FROM units_deliberation d, (SELECT municipality_id, m.person_id AS id"
        " FROM units_mandate m WHERE municipality_id IS NOT NULL LIMIT 1) v"
    ),
    "another position": "UPDATE units_municipalposition SET stance = 'against'",
    "no position": "DELETE FROM units_municipalposition",
    "an answer to what failed": (
        "UPDATE units_deliberation SET metropolitan_answer = 'accepted', metropolitan_reference = 'x' "
        "WHERE state = 'failed'"
    ),
    "another address": "UPDATE units_deliberation SET public_id = gen_random_uuid()",
    "another moment": "UPDATE units_deliberation SET proposed_at = now() - interval '1 year'",
    "another proposer": (
        "UPDATE units_deliberation SET proposed_by_id ="
        " (SELECT id FROM accounts_user WHERE id <> proposed_by_id LIMIT 1)"
    ),
    "what was put to the vote": "UPDATE units_deliberation SET put_to_vote = '{}'",
    "an emptied register": "UPDATE units_registernumber SET last = 0",
    "no register": "DELETE FROM units_registernumber",
    "a number left out": "UPDATE units_registernumber SET last = last + 2",
}


@pytest.mark.parametrize("sql", FORGED.values(), ids=FORGED)
def test_raw_sql_cannot_change_what_surrounds_a_closed_deliberation(sql):
    here = chamber(3)
    found = proposal(here)
    record_position(actor=here.people[2], deliberation=found, municipality=here.places[2], stance="in_favour")
    open_voting(actor=here.president, deliberation=found)
    vote(here, found, "aaa")
    close_voting(actor=here.president, deliberation=found)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_nobody_abstains_from_an_opinion(client_of):
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, legal_effect=LegalEffect.OPINION))
    mine = {"actor": here.people[2], "deliberation": found, "municipality": here.places[2]}
    with pytest.raises(Refused) as refusal:
        cast_vote(value="abstain", **mine)
    assert refusal.value.code == "abstention"
    text = client_of(here.people[2]).get(reverse("units:councillor_file", args=[found.public_id])).content.decode()
    assert 'value="against"' in text
    assert 'value="abstain"' not in text
    with pytest.raises(DatabaseError), transaction.atomic():
        Vote.objects.create(deliberation=found, municipality=here.places[2], value="abstain")


def returned(here):
    """A plan of three actions that the Council refused, and its deliberation."""
    plan = ActionPlanFactory(state=PlanState.BEFORE_COUNCIL, opinion="PARECER INTERNO", opinion_is_favourable=True)
    for number in range(3):
        ActionFactory(plan=plan, title=f"Ação {number}", scope="supramunicipal")
    found = proposal(here, subject_kind=SubjectKind.PLAN, plan=plan)
    record_position(
        actor=here.people[2],
        deliberation=found,
        municipality=here.places[2],
        stance="with_changes",
        proposed_change="Até 2028.",
    )
    open_voting(actor=here.president, deliberation=found)
    cast_vote(
        actor=here.people[2],
        deliberation=found,
        municipality=here.places[2],
        value="against",
        declaration="Falta orçamento.",
    )
    return plan, close_voting(actor=here.president, deliberation=found)


def test_what_was_voted_on_stays_as_it_was_whatever_becomes_of_the_plan(client, client_of):
    here = chamber(3)
    plan, found = returned(here)
    voted = weighed(parts_of(found))
    with pgtrigger.ignore():
        Action.objects.filter(plan=plan, title="Ação 0").delete()
    found.refresh_from_db()
    assert (voted.actions, weighed(parts_of(found))) == (3, voted)
    assert client.get(reverse("units:plan", args=[plan.public_id])).status_code == 404
    public = client.get(reverse("units:deliberation", args=[found.public_id]))
    assert (public.status_code, public.context["weighed"]) == (200, None)
    outsider = UserFactory()
    MandateFactory(person=outsider, unit=UnitFactory(), municipality=here.places[0])
    for who, sees in ((outsider, False), (here.people[1], True)):
        answer = client_of(who).get(reverse("units:councillor_file", args=[found.public_id]))
        text = answer.content.decode()
        assert (answer.status_code, "Ação 1" in text, "PARECER INTERNO" in text) == (200, sees, sees)


def test_why_a_plan_came_back_is_told_in_the_readers_language(client_of):
    here = chamber(3)
    with translation.override("en"):
        plan, _found = returned(here)
    plan.refresh_from_db()
    assert plan.return_reason == ""
    with translation.override("pt-pt"):
        lines = told(plan.return_facts).splitlines()
    assert lines == [
        "Não aprovado: 1/2026 Rede de transporte a pedido".replace("2026", str(timezone.localdate().year)),
        "Município 02: Falta orçamento.",
        "Município 02: Até 2028.",
    ]
    with translation.override("en"):
        assert told(plan.return_facts).startswith("Not approved: 1/")
    assert told(None, "Como dantes.") == "Como dantes."
    member = UserFactory()
    MandateFactory(person=member, unit=plan.unit)
    browser = client_of(member)
    assert "Falta orçamento." in browser.get(reverse("units:plan", args=[plan.public_id])).content.decode()
    api = browser.get(f"/api/v1/plans/{plan.public_id}/", headers={"Accept-Language": "en"}).json()
    assert api["return_reason"].startswith("Not approved: 1/")


def test_a_rejection_names_the_act_of_the_metropolitan_council():
    here = chamber(3)
    plan = ActionPlanFactory(state=PlanState.BEFORE_COUNCIL)
    ActionFactory(plan=plan)
    found = proposal(here, subject_kind=SubjectKind.PLAN, plan=plan, legal_effect=LegalEffect.PROPOSAL)
    open_voting(actor=here.president, deliberation=found)
    vote(here, found, "fff")
    close_voting(actor=here.president, deliberation=found)
    record_metropolitan_answer(
        actor=here.president,
        deliberation=found,
        answer="rejected",
        reference="CmP 7",
        on=timezone.localdate(),
    )
    back = ActionPlan.objects.get()
    assert (back.state, back.return_facts["code"]) == (PlanState.RETURNED, "rejected")
    with translation.override("en"):
        assert told(back.return_facts) == "Rejected by the Metropolitan Council: CmP 7"


def test_a_draft_agenda_does_not_tell_a_stranger_that_it_is_there(client_of):
    here = chamber(3, state=MeetingState.CONVENED)
    hidden = MeetingFactory(unit=here.unit, state=MeetingState.DRAFT, convened_at=None)
    item = hidden.items.create(order=1, title="Segredo", kind=ItemKind.DECISION)
    assert client_of(UserFactory()).get(reverse("units:deliberation_propose", args=[item.public_id])).status_code == 404


def test_a_text_fits_every_export():
    here = chamber(3)
    with pytest.raises(Refused) as refusal:
        proposal(here, text="x" * 30_001)
    assert refusal.value.code == "too_long"

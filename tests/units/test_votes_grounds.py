"""What binds says on what ground; what does not is a proposal or an opinion."""

import csv
import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from refamp.base.errors import Refused
from tests.units.voting import chamber, point, proposal, vote
from units.actions.votes import close_voting, open_voting
from units.choices import LegalEffect
from units.models import Deliberation
from units.queries.minutes import decided

pytestmark = pytest.mark.django_db

GROUND = "Delegação de competências de 3 de março."


def test_what_binds_without_a_ground_is_refused():
    here = chamber(3)
    with pytest.raises(Refused) as refusal:
        proposal(here, legal_effect_basis="  ")
    assert (refusal.value.code, refusal.value.field) == ("no_basis", "legal_effect_basis")


@pytest.mark.parametrize("effect", [LegalEffect.PROPOSAL, LegalEffect.OPINION])
def test_what_does_not_bind_needs_none(effect):
    assert proposal(chamber(3), legal_effect=effect, legal_effect_basis="").legal_effect_basis == ""


def test_a_ground_that_no_cell_holds_is_refused():
    with pytest.raises(Refused) as refusal:
        proposal(chamber(3), legal_effect_basis="x" * 1001)
    assert refusal.value.code == "too_long"


def test_the_database_refuses_what_binds_on_nothing():
    found = proposal(chamber(3))
    with pytest.raises(IntegrityError, match="what_binds_says_on_what_ground"), transaction.atomic():
        Deliberation.objects.filter(pk=found.pk).update(legal_effect_basis="")


def test_the_form_starts_with_the_effect_of_the_body_and_asks_for_the_ground(client):
    here = chamber(3, default_effect=LegalEffect.PROPOSAL)
    client.force_login(here.secretary)
    address = reverse("units:deliberation_propose", args=[point(here).public_id])
    assert client.get(address).context["form"].initial["legal_effect"] == LegalEffect.PROPOSAL
    data = {"title": "Carta", "text": "Aprova-se.", "rule": "consensus", "legal_effect": "binding"}
    said = client.post(address, data)
    assert said.status_code == 200
    assert "legal_effect_basis" in said.context["form"].errors
    assert client.post(address, data | {"legal_effect_basis": GROUND}).status_code == 302
    assert Deliberation.objects.get().legal_effect_basis == GROUND


def test_page_register_and_files_say_the_ground(client):
    here = chamber(3)
    found = open_voting(actor=here.president, deliberation=proposal(here, legal_effect_basis=GROUND))
    vote(here, found, "fff")
    close_voting(actor=here.president, deliberation=found)
    assert GROUND in client.get(reverse("units:deliberation", args=[found.public_id])).content.decode()
    assert GROUND in client.get(reverse("units:deliberations")).content.decode()
    made = b"".join(client.get(reverse("units:deliberations_csv")).streaming_content).decode()
    assert next(csv.DictReader(io.StringIO(made)))["legal_effect_basis"] == GROUND
    said = client.get(f"/api/v1/deliberations/{found.public_id}/").json()
    assert said["legal_effect_basis"] == GROUND


def test_who_is_present_and_has_not_voted_is_named_before_closing_and_in_the_minutes(client):
    here = chamber(4)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "ff--")
    client.force_login(here.president)
    asked = client.get(reverse("units:deliberation_close", args=[found.public_id])).content.decode()
    assert "Município 02 e Município 03" in asked
    close_voting(actor=here.president, deliberation=found)
    found.refresh_from_db()
    assert any("Município 02, Município 03" in line for line in decided(found))

"""From when a deliberation takes effect: once the minutes, or their summary at the meeting's end, are approved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused
from tests.units.meeting import closed, fresh
from tests.units.voting import chamber, proposal, vote
from units.actions.effect import approve_summary
from units.actions.minutes import approve_minutes, draft_minutes, open_to_amendments
from units.actions.votes import close_voting, open_voting
from units.models import Deliberation, Meeting
from units.queries.effect import with_effect

pytestmark = pytest.mark.django_db


def decided(here, votes: str = "fff") -> Deliberation:
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, votes)
    return close_voting(actor=here.president, deliberation=found)


def effect_of(found: Deliberation):
    return with_effect(Deliberation.objects.filter(pk=found.pk)).get().effective_at


def page(client, found: Deliberation) -> str:
    return client.get(reverse("units:deliberation", args=[found.public_id])).content.decode()


def test_it_takes_effect_with_the_summary_that_the_body_approves_at_the_end(client):
    here = chamber(3)
    found = decided(here)
    assert effect_of(found) is None
    assert "Ainda não produz efeitos" in page(client, found)
    meeting = approve_summary(actor=here.secretary, meeting=here.meeting, version=None)
    assert effect_of(found) == meeting.summary_approved_at
    assert "Produz efeitos desde" in page(client, found)


def test_else_with_the_minutes():
    here = chamber(3)
    found = decided(here)
    here.meeting = fresh(here.meeting)
    closed(here)
    minutes = draft_minutes(actor=here.secretary, meeting=here.meeting)
    open_to_amendments(actor=here.secretary, minutes=minutes, version=None)
    assert effect_of(found) is None
    minutes = approve_minutes(actor=here.president, minutes=minutes, version=None)
    assert effect_of(found) == minutes.approved_at


def test_what_is_voted_after_the_summary_is_not_in_it():
    here = chamber(3)
    before = decided(here)
    approve_summary(actor=here.president, meeting=here.meeting, version=None)
    after = decided(here)
    assert effect_of(before) is not None
    assert effect_of(after) is None


def test_what_did_not_pass_takes_no_effect():
    here = chamber(3)
    found = decided(here, "aaa")
    approve_summary(actor=here.president, meeting=here.meeting, version=None)
    assert effect_of(found) is None


def test_the_summary_comes_after_the_votes_and_before_the_closing_once():
    here = chamber(3)

    def refused(code: str) -> None:
        with pytest.raises(Refused) as refusal:
            approve_summary(actor=here.president, meeting=here.meeting, version=None)
        assert refusal.value.code == code

    refused("nothing_decided")
    found = open_voting(actor=here.president, deliberation=proposal(here))
    refused("voting")
    vote(here, found, "fff")
    close_voting(actor=here.president, deliberation=found)
    with pytest.raises(NotAllowed):
        approve_summary(actor=here.people[2], meeting=here.meeting, version=None)
    approve_summary(actor=here.president, meeting=here.meeting, version=None)
    refused("exists")
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=here.meeting.pk).update(summary_approved_at=timezone.now() + timedelta(days=1))


def test_of_a_closed_meeting_no_summary_is_approved_any_more():
    here = chamber(3)
    decided(here)
    here.meeting = fresh(here.meeting)
    closed(here)
    with pytest.raises(Refused) as refusal:
        approve_summary(actor=here.president, meeting=here.meeting, version=None)
    assert refusal.value.code == "wrong_state"
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=here.meeting.pk).update(summary_approved_at=timezone.now())


def test_register_files_and_api_say_from_when(client):
    here = chamber(3)
    found = decided(here)
    address = reverse("api:deliberations-detail", args=[found.public_id])
    told = client.get(address).json()
    assert (told["effective_at"], told["effective_at_status"]) == (None, "missing")
    assert "ainda não" in client.get(reverse("units:deliberations")).content.decode()
    meeting = approve_summary(actor=here.president, meeting=here.meeting, version=None)
    told = client.get(address).json()
    assert told["effective_at"] is not None
    assert told["effective_at_status"] is None
    lines = b"".join(client.get(reverse("units:deliberations_csv"))).decode().splitlines()
    assert "effective_at" in lines[0]
    assert meeting.summary_approved_at.strftime("%Y-%m-%d") in lines[1]
    assert client.get(reverse("units:deliberations_pdf")).content.startswith(b"%PDF")


def test_the_meeting_asks_for_the_summary_while_it_is_open(client):
    here = chamber(3)
    client.force_login(here.president)
    address = reverse("units:meeting_step", args=[here.meeting.public_id, "minuta"])
    shown = reverse("units:meeting", args=[here.meeting.public_id])
    assert address not in client.get(shown).content.decode()
    decided(here)
    assert address in client.get(shown).content.decode()
    client.post(address, {"version": fresh(here.meeting).version})
    assert fresh(here.meeting).summary_approved_at
    assert address not in client.get(shown).content.decode()

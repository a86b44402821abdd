"""Answering through a link: once, without account or script, and so that nobody can tell afterwards whose it is."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from axes.actions.answers import withdraw_respondent
from axes.actions.consultation import close_consultation
from axes.actions.invitations import (
    answer_invitation,
    erase_contacts,
    hash_of,
    invite_people,
    send_invitations,
    token_of,
)
from axes.choices import Channel, ConsultationState, Group, PhaseState, Scale
from axes.models import Consultation, FreeText, Invitee, Mention, Respondent, Topic
from axes.queries.counting import wrong_counts
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email
from tests.factories import ConsultationFactory, InviteeFactory, MunicipalityFactory, PhaseFactory, TopicFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


@pytest.fixture
def consultation() -> Consultation:
    made = ConsultationFactory(title="O que fazer em conjunto")
    PhaseFactory(consultation=made, state=PhaseState.OPEN)
    TopicFactory(consultation=made, code="1.1", label="Seniores")
    TopicFactory(consultation=made, code="AE1", label="Articular", scales=[Scale.METROPOLITAN])
    return made


@pytest.fixture
def invitee(consultation: Consultation, coordination: Any) -> Invitee:
    people = [("Ana@Example.org", MunicipalityFactory(code="1312", name="Porto"), Group.PARTNER)]
    return invite_people(actor=coordination, consultation=consultation, people=people)[0]


def link(invitee: Invitee) -> str:
    return reverse("axes:answer", args=[token_of(invitee)])


def filled(**more: Any) -> dict[str, Any]:
    seniors = str(Topic.objects.get(code="1.1").public_id)
    return {"topics_metropolitan": [seniors], "text_metropolitan": "", "text_municipal": "Muitos vivem sós.", **more}


def test_people_are_invited_and_reminded_by_mail_and_only_the_hash_is_kept(
    consultation: Consultation, invitee: Invitee, coordination: Any
) -> None:
    assert invitee.token_hash == hash_of(token_of(invitee))
    assert send_invitations(actor=coordination, consultation=consultation) == 1
    assert send_invitations(actor=coordination, consultation=consultation) == 0
    mail = Email.objects.get()
    assert mail.to == "ana@example.org"
    assert link(invitee) in mail.body
    assert "{" not in mail.body
    assert send_invitations(actor=coordination, consultation=consultation, remind=True) == 1
    assert link(invitee) in Email.objects.order_by("-id")[0].body
    assert send_invitations(actor=coordination, consultation=consultation, remind=True) == 0


def test_filling_in_looking_once_more_and_sending_leaves_a_nameless_respondent(
    client: Client, consultation: Consultation, invitee: Invitee
) -> None:
    page = client.get(link(invitee))
    assert page.status_code == 200
    assert (page.headers["Referrer-Policy"], page.headers["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
    assert "no-store" in page.headers["Cache-Control"]
    review = client.post(link(invitee), filled(rever="1"))
    assert "Muitos vivem sós." in review.content.decode()
    assert not Respondent.objects.exists()
    assert "Muitos vivem sós." in client.post(link(invitee), filled(voltar="1")).content.decode()
    receipt = client.post(link(invitee), filled(enviar="1"))
    respondent = Respondent.objects.get()
    assert respondent.reference in receipt.content.decode()
    assert (respondent.municipality.code, respondent.group, respondent.channel) == ("1312", Group.PARTNER, Channel.LINK)
    assert list(Mention.objects.values_list("topic__code", "scale")) == [("1.1", "metropolitan")]
    assert list(FreeText.objects.values_list("scale", "text")) == [("municipal", "Muitos vivem sós.")]
    invitee.refresh_from_db()
    assert invitee.has_answered
    event = Event.objects.get(action="respondent.recorded")
    assert (event.actor_id, event.request_id, str(invitee.public_id) in str(event.after)) == (None, "-", False)
    assert client.get(link(invitee)).status_code == 410
    assert client.post(link(invitee), filled(enviar="1")).status_code == 410
    assert Respondent.objects.count() == 1


def test_a_browser_without_cookies_that_sends_no_referrer_may_answer(invitee: Invitee) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link(invitee), filled(enviar="1"), headers={"origin": "null"}).status_code == 200
    assert Respondent.objects.count() == 1


def test_a_topic_that_was_not_asked_is_refused_on_the_form(client: Client, invitee: Invitee) -> None:
    articulate = str(Topic.objects.get(code="AE1").public_id)
    page = client.post(link(invitee), filled(topics_municipal=[articulate], enviar="1"))
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not Respondent.objects.exists()


def test_wrong_and_late_links_are_explained_and_guessing_is_limited(
    client: Client, consultation: Consultation, invitee: Invitee
) -> None:
    assert client.get(reverse("axes:answer", args=["0" * 64])).status_code == 404
    assert client.get(reverse("axes:answer", args=["abc"])).status_code == 404
    for _guess in range(28):
        client.get(reverse("axes:answer", args=["1" * 64]))
    limited = client.get(reverse("axes:answer", args=["2" * 64]))
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "600")
    assert client.get(link(invitee)).status_code == 200
    consultation.phases.update(state=PhaseState.CLOSED)
    assert client.get(link(invitee)).status_code == 410
    Consultation.objects.update(state=ConsultationState.CLOSED)
    closed = client.post(link(invitee), filled(enviar="1"))
    assert closed.status_code == 410
    assert not Respondent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_link_used_twice_at_once_counts_once(consultation: Consultation, invitee: Invitee) -> None:
    start, said = threading.Barrier(4), []

    def answer() -> None:
        topic = Topic.objects.get(code="1.1")
        start.wait()
        try:
            answer_invitation(token=token_of(invitee), mentions=[(topic, Scale.MUNICIPAL)])
            said.append("taken")
        except Refused as refusal:
            said.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["link_used", "link_used", "link_used", "taken"]
    assert Respondent.objects.count() == 1


def test_addresses_die_on_their_day_and_with_them_the_consultation(
    consultation: Consultation, invitee: Invitee, coordination: Any
) -> None:
    last = consultation.phases.get().closes_on
    assert invitee.erase_on == last + timedelta(days=30)
    close_consultation(actor=coordination, consultation=consultation)
    invitee.refresh_from_db()
    assert invitee.erase_on == timezone.localdate() + timedelta(days=30)
    assert erase_contacts(today=invitee.erase_on - timedelta(days=1)) == 0
    assert erase_contacts(today=invitee.erase_on) == 1
    assert erase_contacts(today=invitee.erase_on) == 0
    invitee.refresh_from_db()
    assert (invitee.email, invitee.erased_at is not None) == ("", True)
    assert not Event.objects.filter(after__icontains="ana@example.org").exists()


def test_a_list_is_pasted_or_sent_and_its_wrong_lines_named(client_of: ClientOf, consultation: Consultation) -> None:
    client = client_of("coordination")
    MunicipalityFactory(code="1312", name="Porto")
    url = reverse("axes:invitations", args=[consultation.public_id])
    wrong = client.post(
        url, {"people": "ana@example.org;Porto;tecnico\nsem-arroba;Porto;eleito\nb@example.org;Lisboa;eleito"}
    )
    assert wrong.status_code == 200
    assert not Invitee.objects.exists()
    good = (
        "email\tmunicipio\tgrupo\nana@example.org\t1312\tTécnica\nrui@example.org\tporto\tparceiros\n"
        "ana@example.org\t1312\ttecnico"
    )
    assert client.post(url, {"people": good}).status_code == 302
    assert set(Invitee.objects.values_list("email", "group")) == {
        ("ana@example.org", "technician"),
        ("rui@example.org", "partner"),
    }
    sent = reverse("axes:invitations_send", args=[consultation.public_id])
    client.post(sent)
    assert Email.objects.count() == 2
    invitee = Invitee.objects.get(email="rui@example.org")
    client.post(reverse("axes:invitee_remove", args=[consultation.public_id, invitee.public_id]))
    assert Client().get(link(invitee)).status_code == 404
    assert "ana@example.org" in client.get(url).content.decode()


# Entry by technicians


def test_a_technician_enters_one_after_the_other_for_their_own_municipality_only(
    client_of: ClientOf, consultation: Consultation, municipality: Any, other_municipality: Any, technician: Any
) -> None:
    client = client_of("technician")
    url = reverse("axes:entry", args=[consultation.public_id])
    sent = filled(channel="focus_group", municipality=municipality.code, group="elected", reference="")
    response = client.post(url, sent)
    assert response.status_code == 302
    assert "channel=focus_group&group=elected" in response.headers["Location"]
    respondent = Respondent.objects.get()
    assert (respondent.municipality, respondent.entered_by, respondent.channel) == (
        municipality,
        technician,
        Channel.FOCUS_GROUP,
    )
    assert client.get(response.headers["Location"]).status_code == 200
    elsewhere = client.post(url, sent | {"municipality": other_municipality.code})
    assert elsewhere.status_code == 200
    assert elsewhere.context["form"].errors
    assert Respondent.objects.count() == 1
    mine = client.get(reverse("axes:entries", args=[consultation.public_id]))
    assert respondent.reference in mine.content.decode()
    assert client.post(url, sent | {"reference": respondent.reference}).context["form"].errors


def test_ones_own_entry_can_be_withdrawn_and_nobody_elses(
    client_of: ClientOf, consultation: Consultation, municipality: Any, technician: Any, person: Any
) -> None:
    client = client_of("technician")
    client.post(
        reverse("axes:entry", args=[consultation.public_id]),
        filled(channel="interview", municipality=municipality.code, group="", reference="e1"),
    )
    respondent = Respondent.objects.get()
    url = reverse("axes:respondent_withdraw", args=[consultation.public_id, respondent.public_id])
    colleague = person("technician", municipality)
    assert client_of(colleague).post(url).status_code == 404
    with pytest.raises(NotAllowed):
        withdraw_respondent(actor=colleague, respondent=respondent)
    assert client.get(url).status_code == 200
    client.post(url, {"reason": "enganei-me"})
    respondent.refresh_from_db()
    assert respondent.withdrawn_at is not None
    with pytest.raises(Refused):
        withdraw_respondent(actor=technician, respondent=respondent)
    assert client.post(url).status_code == 404
    from axes.actions.results import fold_tallies  # noqa: PLC0415

    fold_tallies(consultation=consultation)
    assert wrong_counts(consultation) == []


# What the database itself holds


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "INSERT INTO axes_mention SELECT id + 9, scale, respondent_id, topic_id FROM axes_mention",
            "one_mention",
        ),
        ("UPDATE axes_mention SET scale = 'regional'", "mention_scale_is_known"),
        ("UPDATE axes_topic SET scales = '{metropolitan}'", "A scale at which a topic was named stays"),
        ("UPDATE axes_respondent SET \"group\" = 'elected'", "group_and_municipality_are_frozen"),
        ("UPDATE axes_respondent SET municipality_id = NULL", "group_and_municipality_are_frozen"),
        ("UPDATE axes_respondent SET channel = 'fax'", "respondent_channel_is_known"),
        ("UPDATE axes_invitee SET erased_at = now()", "erased_invitee_has_no_address"),
        ("UPDATE axes_invitee SET \"group\" = 'x'", "invitee_group_is_known"),
        ("UPDATE axes_consultation SET minimum_cell = 2", "smallest_cell_is_at_least_three"),
        ("UPDATE axes_consultation SET state = 'x'", "consultation_state_is_known"),
        ("UPDATE axes_consultation SET target_groups = '{x}'", "target_groups_are_known"),
        ("UPDATE axes_phase SET closes_on = opens_on - 1", "phase_closes_after_it_opens"),
        ("UPDATE axes_phase SET state = 'x'", "phase_state_is_known"),
        ("UPDATE axes_topic SET scales = '{}'", "topic_scales_are_known"),
        ("UPDATE axes_topic SET code = 'x'", "one_topic_per_code"),
        ("UPDATE axes_freetext SET scale = 'metropolitan', state = 'x'", "text_state_is_known"),
    ],
)
def test_the_database_refuses_what_no_form_would_send(
    consultation: Consultation, invitee: Invitee, statement: str, constraint: str
) -> None:
    answer_invitation(
        token=token_of(invitee),
        mentions=[(Topic.objects.get(code="1.1"), Scale.MUNICIPAL)],
        texts={Scale.MUNICIPAL: "x"},
    )
    InviteeFactory(consultation=consultation)
    with pytest.raises(Exception, match=constraint) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(refused.value, IntegrityError) or "frozen" in constraint

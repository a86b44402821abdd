"""Running a consultation through its pages, and who may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from axes.actions.consultation import edit_consultation
from axes.actions.quota import set_quota
from axes.choices import ConsultationState, Group, NodeKind, PhaseState, Scale
from axes.models import Consultation, Phase, Quota, Release, Topic
from refamp.audit.models import Event
from refamp.base.errors import Refused
from tests.factories import (
    ConsultationFactory,
    FrameworkFactory,
    MunicipalityFactory,
    NodeFactory,
    PhaseFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


def at(name: str, consultation: Consultation, *more: Any) -> str:
    return reverse(f"axes:{name}", args=[consultation.public_id, *more])


def actions_on(consultation: Consultation) -> list[str]:
    """What the record says was done to it, oldest first."""
    events = Event.objects.filter(object_type="axes.Consultation", object_id=str(consultation.public_id))
    return list(events.order_by("id").values_list("action", flat=True))


def test_a_consultation_goes_from_its_first_page_to_published_results(client_of: ClientOf) -> None:
    client = client_of("coordination")
    framework = FrameworkFactory()
    axis = NodeFactory(framework=framework, kind=NodeKind.PRIORITY_AXIS, code="EP1")
    NodeFactory(framework=framework, kind=NodeKind.PROBLEM_AREA, code="1.1", parent=axis, wording="Seniores")
    NodeFactory(framework=framework, kind=NodeKind.STRATEGIC_ACTION, code="AE1", wording="Articular")
    today = timezone.localdate()
    response = client.post(
        reverse("axes:consultation_new"),
        {
            "title": "Auscultação de 2027",
            "framework": framework.pk,
            "description": "",
            "target_groups": Group.values,
            "minimum_cell": 5,
            "frame_size": "",
            "provenance": "",
            "phase_name": "Primeira",
            "opens_on": today.isoformat(),
            "closes_on": (today + timedelta(days=10)).isoformat(),
        },
    )
    consultation = Consultation.objects.get()
    assert response.headers["Location"] == at("code_book", consultation)
    assert consultation.state == ConsultationState.DRAFT

    refused = client.post(at("consultation_step", consultation, "abrir"), follow=True)
    assert "messages" in refused.content.decode()
    consultation.refresh_from_db()
    assert consultation.state == ConsultationState.DRAFT

    client.post(at("code_book_propose", consultation))
    assert list(consultation.topics.values_list("code", "scales")) == [
        ("1.1", ["metropolitan", "municipal"]),
        ("AE1", ["metropolitan"]),
    ]
    client.post(at("consultation_step", consultation, "abrir"))
    consultation.refresh_from_db()
    phase = consultation.phases.get()
    assert (consultation.state, phase.state) == (ConsultationState.OPEN, PhaseState.OPEN)

    client.post(at("phase_step", consultation, phase.public_id, "fechar"))
    phase.refresh_from_db()
    assert phase.state == PhaseState.CLOSED
    assert Release.objects.get().phase == phase

    client.post(at("consultation_step", consultation, "fechar"))
    client.post(at("consultation_step", consultation, "publicar"))
    consultation.refresh_from_db()
    assert (consultation.state, consultation.published_at is not None) == (ConsultationState.CLOSED, True)
    assert actions_on(consultation) == [
        "consultation.created",
        "consultation.phase_added",
        "consultation.code_book_proposed",
        "consultation.opened",
        "consultation.phase_opened",
        "results.frozen",
        "consultation.phase_closed",
        "consultation.closed",
        "consultation.published",
    ]


def test_the_quota_plan_is_filled_in_as_a_grid_and_a_stale_one_is_refused(client_of: ClientOf) -> None:
    client = client_of("coordination")
    consultation = ConsultationFactory()
    porto, maia = MunicipalityFactory(code="1312", name="Porto"), MunicipalityFactory(code="1306", name="Maia")
    cells = {f"q-{place.code}-{group}": "" for place in (porto, maia) for group in Group.values}
    sent = cells | {"version": consultation.version, "q-1312-elected": "3", "q-1306-partner": "0"}
    assert client.post(at("quota", consultation), sent).status_code == 302
    assert set(Quota.objects.values_list("municipality__code", "group", "expected")) == {
        ("1312", "elected", 3),
        ("1306", "partner", 0),
    }
    stale = client.post(at("quota", consultation), sent | {"q-1312-elected": "9"})
    assert stale.status_code == 200
    assert [(row["saved"], row["yours"]) for row in stale.context["stale"]] == [(3, 9)]
    again = client.post(
        at("quota", consultation), sent | {"q-1312-elected": "9", "version": stale.context["form"].data["version"]}
    )
    assert again.status_code == 302
    assert Quota.objects.get(municipality=porto).expected == 9
    client.post(at("quota", consultation), cells | {"version": Consultation.objects.get().version})
    assert not Quota.objects.exists()
    assert client.post(at("quota", consultation), sent | {"q-1312-elected": "-1"}).status_code == 200


def test_two_people_who_change_the_facts_see_both_versions(client_of: ClientOf) -> None:
    client = client_of("coordination")
    consultation = ConsultationFactory(title="Antes")
    facts = {"target_groups": ["elected"], "minimum_cell": 5, "description": "", "provenance": "", "frame_size": ""}
    first = client.post(at("consultation_edit", consultation), facts | {"title": "Primeiro", "version": 1})
    assert first.status_code == 302
    second = client.post(at("consultation_edit", consultation), facts | {"title": "Segundo", "version": 1})
    assert second.status_code == 200
    assert [(row["saved"], row["yours"]) for row in second.context["stale"]] == [("Primeiro", "Segundo")]
    assert Consultation.objects.get().title == "Primeiro"
    assert (
        client.post(at("consultation_edit", consultation), facts | {"title": "Segundo", "version": 2}).status_code
        == 302
    )
    assert Consultation.objects.get().title == "Segundo"


def test_topics_are_added_changed_ordered_copied_and_taken_out(client_of: ClientOf) -> None:
    client = client_of("coordination")
    old = ConsultationFactory()
    topic = TopicFactory(consultation=old, code="9.9", label="De outrora")
    new = ConsultationFactory(framework=old.framework)
    client.post(at("code_book_copy", new), {"source": str(old.public_id)})
    assert list(new.topics.values_list("code", "label", "node")) == [("9.9", "De outrora", topic.node_id)]
    new.refresh_from_db()
    data = {"code": "8.8", "label": "Novo", "node": str(topic.node.public_id), "scales": ["municipal"], "note": ""}
    assert client.post(at("topic_add", new), data | {"version": new.version}).status_code == 302
    twice = client.post(at("topic_add", new), data | {"version": new.version + 1})
    assert twice.status_code == 200
    assert twice.context["form"].errors
    added = new.topics.get(code="8.8")
    client.post(at("topic_move", new, added.public_id), {"para": "acima"})
    assert list(new.topics.values_list("code", flat=True)) == ["8.8", "9.9"]
    version = Consultation.objects.get(pk=new.pk).version
    client.post(
        at("topic_edit", new, added.public_id),
        data | {"label": "Outro", "scales": ["metropolitan"], "version": version},
    )
    added.refresh_from_db()
    assert (added.label, added.scales) == ("Outro", [Scale.METROPOLITAN])
    assert client.get(at("topic_remove", new, added.public_id)).status_code == 200
    client.post(at("topic_remove", new, added.public_id))
    assert not Topic.objects.filter(pk=added.pk).exists()


def test_only_one_phase_is_open_and_dates_are_in_order(client_of: ClientOf) -> None:
    client = client_of("coordination")
    consultation = ConsultationFactory()
    first, second = PhaseFactory(consultation=consultation), PhaseFactory(consultation=consultation)
    for phase in (first, second):
        client.post(at("phase_step", consultation, phase.public_id, "abrir"))
    assert set(Phase.objects.values_list("pk", "state")) == {(first.pk, "open"), (second.pk, "planned")}
    wrong = client.post(
        at("phase_add", consultation), {"name": "X", "opens_on": "2027-02-02", "closes_on": "2027-01-01"}
    )
    assert wrong.status_code == 200
    assert Phase.objects.count() == 2
    client.post(at("phase_step", consultation, second.public_id, "retirar"))
    assert Phase.objects.count() == 1


@pytest.mark.parametrize(
    "who", ["technician", "unit_member", "councillor", "evaluator", "partner", "auditor", "local_network"]
)
def test_others_read_what_is_open_and_change_nothing(client_of: ClientOf, who: str) -> None:
    client = client_of(who)
    consultation, draft = ConsultationFactory(), ConsultationFactory(state=ConsultationState.DRAFT)
    topic = TopicFactory(consultation=consultation)
    phase = PhaseFactory(consultation=consultation)
    for name in ("consultation", "code_book", "quota"):
        assert client.get(at(name, consultation)).status_code == 200
        assert client.get(at(name, draft)).status_code == 404
    assert draft.title not in client.get(reverse("axes:consultations")).content.decode()
    for url in (
        reverse("axes:consultation_new"),
        at("consultation_edit", consultation),
        at("consultation_step", consultation, "fechar"),
        at("phase_step", consultation, phase.public_id, "abrir"),
        at("phase_add", consultation),
        at("code_book_propose", consultation),
        at("topic_add", consultation),
        at("topic_remove", consultation, topic.public_id),
        at("invitations", consultation),
        at("invitations_send", consultation),
        at("answers_csv", consultation),
        at("consultation_history", consultation),
        at("coding", consultation),
    ):
        assert client.post(url).status_code in {403, 405}, url
        assert client.get(url).status_code in {403, 405}, url
    assert client.post(at("quota", consultation), {"version": 1}).status_code == 404
    consultation.refresh_from_db()
    assert consultation.version == 1


def test_nobody_sees_only_published_consultations(client: Client) -> None:
    hidden, published = ConsultationFactory(), ConsultationFactory(published_at=timezone.now())
    listed = client.get(reverse("axes:consultations")).content.decode()
    assert (published.title in listed, hidden.title in listed) == (True, False)
    assert client.get(at("consultation", published)).status_code == 200
    assert client.get(at("consultation", hidden)).status_code == 404
    assert client.get(at("quota", published)).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(client_of: ClientOf, count: int) -> None:
    for _number in range(count):
        consultation = ConsultationFactory()
        PhaseFactory(consultation=consultation)
        PhaseFactory(consultation=consultation)
    client = client_of("coordination")
    client.get(reverse("axes:consultations"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("axes:consultations")).status_code == 200
    assert len(queries) == LIST_QUERIES


LIST_QUERIES = 6


def test_quota_plan_and_target_groups_do_not_part(coordination: Any) -> None:
    consultation = ConsultationFactory(target_groups=[Group.ELECTED, Group.DIRECTOR])
    place = MunicipalityFactory()
    with pytest.raises(Refused) as refused:
        set_quota(actor=coordination, consultation=consultation, version=1, cells={(place, Group.PARTNER): 3})
    assert refused.value.code == "not_a_target"
    planned = set_quota(actor=coordination, consultation=consultation, version=1, cells={(place, Group.DIRECTOR): 3})
    with pytest.raises(Refused) as refused:
        edit_consultation(
            actor=coordination, consultation=planned, version=2, changes={"target_groups": [Group.ELECTED]}
        )
    assert (refused.value.code, refused.value.field) == ("planned", "target_groups")
    wider = {"target_groups": [Group.DIRECTOR, Group.PARTNER]}
    edit_consultation(actor=coordination, consultation=planned, version=2, changes=wider)

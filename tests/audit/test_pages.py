"""The record on screen and for machines."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import translation

from refamp.audit.actions import name_actions, record, seal_everything
from refamp.audit.choices import ACTION_NAMES, CHANGED
from refamp.audit.models import Event
from refamp.audit.queries import changes_in_words
from tests.factories import ConsultationFactory, MunicipalityFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return MunicipalityFactory(name="Espinho")


def rename(place, actor=None, count=1):
    return [
        record(actor=actor, action="place.renamed", obj=place, before={"name": "Antes"}, after={"name": f"Depois {n}"})
        for n in range(count)
    ]


@pytest.mark.parametrize("who", ["auditor", "coordination"])
def test_auditors_and_the_coordination_unit_read_before_and_after(client_of, place, technician, who):
    rename(place, technician)
    page = client_of(who).get(reverse("audit:events")).content.decode()
    assert "Teresa Técnica" in page
    assert "Antes" in page
    assert "Depois 0" in page


@pytest.mark.parametrize("who", ["technician", "councillor", "partner"])
def test_others_may_not_read_the_record(client_of, api_of, place, who):
    rename(place)
    (event,) = Event.objects.all()
    for url in (reverse("audit:events"), reverse("audit:history", args=[event.object_type, event.object_id])):
        assert client_of(who).get(url).status_code == 403
    assert api_of(who).get("/api/v1/audit-events/").status_code == 403
    assert api_of(None).get("/api/v1/audit-events/").status_code in {401, 403}


def test_filters_narrow_by_who_action_object_and_day(client_of, place, technician):
    rename(place, technician)
    record(actor=None, action="other.thing", obj=MunicipalityFactory(name="Maia"))
    url = reverse("audit:events")
    client = client_of("auditor")

    def shown(**query):
        return [event.action for event in client.get(url, query).context["events"]]

    assert shown() == ["other.thing", "place.renamed"]
    assert shown(who="tecnica") == ["place.renamed"]
    assert shown(action="other.") == ["other.thing"]
    assert shown(text="espinho") == ["place.renamed"]
    assert shown(object_type="territory.Municipality") == ["other.thing", "place.renamed"]
    assert shown(since="2999-01-01") == []
    assert shown(until="2999-01-01") == ["other.thing", "place.renamed"]
    assert shown(since="nonsense") == ["other.thing", "place.renamed"]


def test_pages_follow_a_key_and_cost_the_same_at_the_end(client_of, place, django_assert_num_queries):
    rename(place, count=120)
    client = client_of("auditor")
    url = reverse("audit:events")
    first = client.get(url).context["page"]
    second = client.get(url, {"cursor": first.older}).context["page"]
    third = client.get(url, {"cursor": second.older}).context["page"]
    assert [len(p.rows) for p in (first, second, third)] == [50, 50, 20]
    assert (first.newer, third.older) == (None, None)
    again = client.get(url, {"cursor": third.newer}).context["page"]
    assert [e.pk for e in again.rows] == [e.pk for e in second.rows]
    assert client.get(url, {"cursor": "o' OR 1=1"}).context["page"].rows == first.rows


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(client_of, place, technician, count, django_assert_num_queries):
    rename(place, technician, count)
    client = client_of("auditor")
    url = reverse("audit:events")
    client.get(url)
    with django_assert_num_queries(7):
        client.get(url)


def test_the_page_says_how_far_the_record_can_be_trusted(client_of, place):
    rename(place)
    seal_everything()
    page = client_of("auditor").get(reverse("audit:events"))
    assert page.context["by_grants"] is False
    assert page.context["head"].digest in page.content.decode()


def test_the_export_holds_the_whole_filter_and_no_formula(client_of, place):
    rename(place, count=60)
    record(actor=None, action="x.y", obj=place, reason="=1+1")
    answer = client_of("auditor").get(reverse("audit:events"), {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == 61
    assert rows[0]["reason"] == "'=1+1"
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_object_shows_its_own_history_with_actions_in_words(client_of, place, monkeypatch):
    monkeypatch.setattr("refamp.audit.choices.ACTION_NAMES", ACTION_NAMES)
    name_actions({"place.renamed": "Mudou de nome"})
    rename(place)
    rename(MunicipalityFactory())
    event = Event.objects.order_by("pk").first()
    page = client_of("auditor").get(reverse("audit:history", args=[event.object_type, event.object_id]))
    del ACTION_NAMES["place.renamed"]
    assert [e.pk for e in page.context["events"]] == [event.pk]
    assert "Mudou de nome" in page.content.decode()


def test_machines_read_events_newest_first_with_filters(api_of, place, technician):
    rename(place, technician)
    record(actor=None, action="other.thing", obj=place)
    seal_everything()
    rename(place)
    api = api_of("auditor")
    found = api.get("/api/v1/audit-events/").json()["results"]
    assert [(e["action"], e["sealed"]) for e in found] == [
        ("place.renamed", False),
        ("other.thing", True),
        ("place.renamed", True),
    ]
    assert found[2]["before"] == {"name": "Antes"}
    assert found[2]["actor"] == "Teresa Técnica"
    assert len(api.get("/api/v1/audit-events/?action=other.").json()["results"]) == 1
    one = api.get(f"/api/v1/audit-events/{found[1]['id']}/").json()
    assert one["object_label"] == "Espinho"
    assert api.post("/api/v1/audit-events/", {}).status_code in {403, 405}


def test_the_admin_shows_and_changes_nothing(client_of, place):
    rename(place)
    event = Event.objects.get()
    client = client_of("coordination")
    assert client.get("/admin/audit/event/").status_code == 200
    assert client.get(f"/admin/audit/event/{event.pk}/change/").status_code == 200
    assert client.post(f"/admin/audit/event/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/audit/event/add/").status_code == 403


def test_a_history_speaks_the_language_of_the_page(client_of):
    """Names of fields, choices, moments, yes and no: nothing of the code's English stands on a Portuguese page."""
    consultation = ConsultationFactory()
    record(
        actor=None,
        action="consultation.edited",
        obj=consultation,
        before={"state": "draft", "is_demonstration": False, "target_groups": ["elected"], "published_at": None},
        after={
            "state": "open",
            "is_demonstration": True,
            "target_groups": ["elected", "director"],
            "published_at": "2026-03-12T14:05:00Z",
            "phase": "Inquérito",
            "frame_size": 2400,
            "description": CHANGED,
            "unheard_of": {"a": 1},
        },
    )
    page = client_of("auditor").get(
        reverse("audit:history", args=["axes.Consultation", consultation.public_id]),
        headers={"accept-language": "pt-pt"},
    )
    with translation.override("pt-pt"):
        rows = {row["field"]: (row["before"], row["after"]) for row in changes_in_words(page.context["events"][0])}
    assert rows == {
        "estado": ("em preparação", "aberta"),
        "demonstração": ("não", "sim"),
        "grupos-alvo": ("eleitos", "eleitos, dirigentes"),
        "resultados publicados em": (None, "12\u00a0mar.\u00a02026, 14:05"),
        "fase": (None, "Inquérito"),
        "pessoas no universo": (None, "2\u00a0400"),
        "descrição": (None, "alterado, não guardado aqui"),
        "unheard of": (None, "a: 1"),
    }
    shown = page.content.decode()
    assert "em preparação" in shown
    assert "draft" not in shown

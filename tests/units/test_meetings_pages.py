"""Pages of meetings: who sees what, one step at a time, and how much each page asks of the database."""

import re

import pytest
from django.urls import reverse
from icalendar import Calendar

from tests.factories import MandateFactory, UserFactory
from tests.units.meeting import convened, facts, fresh, held, opened, pdf, room
from units.actions.agenda import add_item
from units.actions.calendars import make_calendar_address
from units.actions.documents import add_document, withdraw_document
from units.actions.meetings import cancel_meeting
from units.actions.minutes import draft_minutes
from units.models import Attendance, CalendarFeed, Meeting, Minutes

pytestmark = pytest.mark.django_db
MOST = 12


def to(name: str, here, *more) -> str:
    return reverse(f"units:{name}", args=[here.meeting.public_id, *more])


@pytest.fixture
def asked(client_of, django_assert_max_num_queries):
    """Open a page as somebody, with the number of queries a page may ask."""

    def get(url, who=None, status=200):
        client = client_of(who)
        client.get("/acessibilidade/")
        with django_assert_max_num_queries(MOST):
            answer = client.get(url)
        assert answer.status_code == status, answer.status_code
        return answer.content.decode() if not answer.streaming else ""

    return get


def test_the_list_shows_convened_meetings_to_everybody_and_drafts_to_their_body(asked):
    here = room(3)
    url = reverse("units:meetings")
    assert here.meeting.title not in asked(url)
    assert here.meeting.title not in asked(url, UserFactory())
    assert here.meeting.title in asked(url, here.people[2])
    convened(here)
    assert here.meeting.title in asked(url)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_however_long_it_is(count, client_of, django_assert_num_queries):
    here = convened(room(3))
    for _more in range(count - 1):
        other = Meeting.objects.create(unit=here.unit, year=2026, **facts())
        add_item(actor=None, meeting=other, title="A", kind="discussion")
    client = client_of(here.secretary)
    client.get(reverse("units:meetings"))
    with django_assert_num_queries(10):
        client.get(reverse("units:meetings"))


def test_drafts_are_no_page_for_strangers(asked):
    here = room(3)
    asked(to("meeting", here), status=404)
    asked(to("meeting", here), UserFactory(), status=404)
    assert "Informações" in asked(to("meeting", here), here.people[2])


def test_the_public_sees_the_agenda_and_none_of_the_papers(asked):
    here = room(3)
    add_item(actor=here.secretary, meeting=here.meeting, title="Assunto", kind="discussion", text="texto reservado")
    add_document(actor=here.secretary, meeting=here.meeting, item=None, title="Parecer", file=pdf(), name="p.pdf")
    convened(here)
    public = asked(to("meeting", here))
    assert "Assunto" in public
    assert "texto reservado" not in public
    assert "sala.example.pt" not in public
    assert "Parecer" not in public
    member = asked(to("meeting", here), here.people[2])
    assert "texto reservado" in member
    assert "sala.example.pt" in member


@pytest.mark.parametrize("name", ["meeting", "attendance", "papers"])
def test_pages_of_a_convened_meeting_ask_little(name, asked):
    here = convened(room(17))
    for who in (here.president, here.secretary, here.people[2]):
        asked(to(name, here), who)


@pytest.mark.parametrize("name", ["meeting", "attendance", "papers", "minutes"])
def test_pages_of_a_held_meeting_ask_little(name, asked):
    here = held()
    draft_minutes(actor=here.secretary, meeting=here.meeting)
    for who in (here.president, here.secretary, here.people[2]):
        asked(to(name, here), who)


def test_documents_are_attachments_for_those_who_see_the_papers(client_of):
    here = convened(room(3))
    found = add_document(actor=here.secretary, meeting=here.meeting, item=None, title="P", file=pdf(), name="p.pdf")
    url = to("document", here, found.public_id)
    assert client_of(UserFactory()).get(url).status_code == 404
    assert client_of(None).get(url).headers["Location"].startswith("/conta/login/")
    answer = client_of(here.people[2]).get(url)
    assert answer.getvalue() == pdf().read()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="p.pdf"'
    assert answer.headers["Content-Security-Policy"] == "sandbox"


def test_from_preparation_to_published_minutes_in_the_browser(client_of):
    here = room(3)
    secretary, president = client_of(here.secretary), client_of(here.president)
    assert secretary.post(to("convene", here), {"version": fresh(here.meeting).version}).status_code == 302
    assert fresh(here.meeting).state == "convened"
    Meeting.objects.filter(pk=here.meeting.pk).update(starts_at=facts(0)["starts_at"])
    seats = {}
    for seat in here.seats:
        seats |= {f"{seat.public_id}-presence": "in_person", f"{seat.public_id}-was": "|"}
    live = secretary.post(to("attendance", here), seats, headers={"HX-Request": "true"})
    assert 'id="quorum"' in live.content.decode()
    assert Attendance.objects.count() == 3
    president.post(to("meeting_step", here, "abrir"), {"version": fresh(here.meeting).version})
    assert fresh(here.meeting).state == "in_session"
    item = here.meeting.items.order_by("pk")[0]
    secretary.post(to("item_edit", here, item.public_id), {"version": item.version, "outcome": "Foi dito."})
    president.post(to("meeting_step", here, "encerrar"), {"version": fresh(here.meeting).version})
    assert secretary.post(to("minutes", here)).status_code == 302
    minutes = Minutes.objects.get()
    assert "Foi dito." in minutes.text
    secretary.post(to("minutes_write", here), {"version": minutes.version, "text": "Texto final."})
    secretary.post(to("minutes_step", here, "abrir-a-alteracoes"), {"version": Minutes.objects.get().version})
    approval = {"version": Minutes.objects.get().version, "approved_in": str(here.meeting.public_id)}
    approval |= {"votes_for": 3, "votes_against": 0, "abstentions": 0}
    assert secretary.get(to("minutes_approve", here)).status_code == 403
    assert president.post(to("minutes_approve", here), approval).status_code == 302
    secretary.post(to("minutes_step", here, "publicar"), {"version": Minutes.objects.get().version})
    assert Minutes.objects.get().state == "published"
    public = client_of(None)
    assert "Texto final." in public.get(to("minutes", here)).content.decode()
    assert public.get(to("minutes_text", here)).getvalue() == b"Texto final."
    assert public.get(to("minutes_pdf", here)).getvalue().startswith(b"%PDF-")


def test_what_nobody_changed_on_the_page_is_not_written(client_of):
    here = opened(convened(room(3)))
    seat = here.seats[0]
    client = client_of(here.secretary)
    client.post(to("attendance", here), {f"{seat.public_id}-presence": "", f"{seat.public_id}-was": "|"})
    assert Attendance.objects.get(mandate=seat).presence == "in_person"


def test_a_stale_form_shows_both_versions(client_of):
    here = held()
    minutes = draft_minutes(actor=here.secretary, meeting=here.meeting)
    client = client_of(here.secretary)
    client.post(to("minutes_write", here), {"version": minutes.version, "text": "Primeira"})
    page = client.post(to("minutes_write", here), {"version": minutes.version, "text": "Segunda"}).content.decode()
    assert "Primeira" in page
    assert "Segunda" in page
    assert Minutes.objects.get().text == "Primeira"


def test_a_point_for_decision_leads_to_what_is_proposed_at_it(client_of, asked):
    """Nothing linked to the form: an ordinary text could reach a vote only by typing its address."""
    here = convened(room(3))
    point = here.meeting.items.get(title="Rede de transporte")
    form = reverse("units:deliberation_propose", args=[point.public_id])
    page = asked(to("meeting", here), here.secretary)
    assert page.count(f'href="{form}"') == 2  # at the point, and as the next step
    assert form not in asked(to("meeting", here), here.people[2])
    assert form not in asked(to("meeting", here))
    client = client_of(here.secretary)
    sent = {"title": "Rede", "text": "O Conselho decide.", "rule": "simple_majority", "legal_effect": "proposal"}
    assert client.post(form, sent).status_code == 302
    assert form not in client.get(to("meeting", here)).content.decode()


def test_points_are_moved_by_their_buttons(client_of):
    here = room(3)
    second = here.meeting.items.order_by("pk")[1]
    answer = client_of(here.secretary).post(to("item_move", here, second.public_id), {"to": "up"})
    assert answer.headers["Location"].endswith(f"#ponto-{second.public_id}")
    assert here.meeting.items.order_by("order")[0] == second


def test_the_dossier_is_made_on_request_and_then_downloaded(client_of):
    here = convened(room(3))
    client = client_of(here.people[2])
    assert client.get(to("dossier", here, "dossier")).status_code == 302
    assert client.post(to("dossier", here, "dossier")).headers["Location"] == to("dossier", here, "dossier")
    answer = client.get(to("dossier", here, "dossier"))
    assert answer.getvalue().startswith(b"%PDF-")
    assert client_of(UserFactory()).get(to("dossier", here, "dossier")).status_code == 403


# Calendars ------------------------------------------------------------------------------------------------------------


def events(content: bytes) -> list[str]:
    return [str(event["SUMMARY"]) for event in Calendar.from_ical(content).walk("VEVENT")]


def test_a_secret_address_shows_one_s_own_meetings_until_it_is_revoked(client_of):
    here = convened(room(3))
    client = client_of(here.people[2])
    client.post(reverse("units:calendar"), {"do": "make"})
    page = client.get(reverse("units:calendar")).content.decode()
    feed = CalendarFeed.objects.get()
    token = re.search(r"/reunioes/calendario/([\w-]+)\.ics", page)[1]
    assert token not in feed.token_hash
    assert token not in client.get(reverse("units:calendar")).content.decode()  # shown once
    url = reverse("units:calendar_feed", args=[token])
    answer = client_of(None).get(url)
    assert len(events(answer.content)) == 1
    assert b"sala.example.pt" in answer.content.replace(b"\r\n ", b"")
    assert answer.headers["Cache-Control"] == "private, no-store"
    client.post(reverse("units:calendar"), {"do": "revoke"})
    assert client_of(None).get(url).status_code == 404


def test_a_new_address_takes_the_place_of_the_one_before(client_of):
    here = convened(room(3))
    _first, old = make_calendar_address(actor=here.people[2])
    _second, new = make_calendar_address(actor=here.people[2])
    assert client_of(None).get(reverse("units:calendar_feed", args=[old])).status_code == 404
    assert client_of(None).get(reverse("units:calendar_feed", args=[new])).status_code == 200


def test_who_no_longer_sits_or_is_active_reads_nothing(client_of):
    here = convened(room(3))
    outsider = UserFactory()
    _feed, token = make_calendar_address(actor=outsider)
    url = reverse("units:calendar_feed", args=[token])
    assert events(client_of(None).get(url).content) == []
    MandateFactory(unit=here.unit, person=outsider, position="substitute", municipality=here.places[0])
    assert len(events(client_of(None).get(url).content)) == 1
    outsider.is_active = False
    outsider.save()
    assert client_of(None).get(url).status_code == 404


def test_a_body_s_calendar_is_public_and_says_less(client_of):
    here = convened(room(3))
    url = reverse("units:unit_calendar", args=[here.unit.code])
    content = client_of(None).get(url).content
    assert len(events(content)) == 1
    assert b"sala.example.pt" not in content.replace(b"\r\n ", b"")
    cancel_meeting(actor=here.secretary, meeting=here.meeting, version=None, reason="Luto")
    event = Calendar.from_ical(client_of(None).get(url).content).walk("VEVENT")[0]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


def test_drafts_stand_in_no_calendar(client_of):
    here = room(3)
    assert events(client_of(None).get(reverse("units:unit_calendar", args=[here.unit.code])).content) == []
    assert client_of(here.secretary).get(to("meeting_ics", here)).status_code == 404


def test_the_public_reads_a_public_document_and_no_other(client_of, asked):
    here = convened(room(3))
    add = {"actor": here.secretary, "meeting": here.meeting, "item": None, "file": pdf(), "name": "p.pdf"}
    shown = add_document(title="Para todos", is_public=True, **add)
    hidden = add_document(title="Só do órgão", **add)
    page = asked(to("meeting", here))
    assert "Para todos" in page
    assert "Só do órgão" not in page
    public = client_of(None)
    assert public.get(to("document", here, shown.public_id)).getvalue() == pdf().read()
    assert public.get(to("document", here, hidden.public_id)).status_code == 302
    secretary = client_of(here.secretary)
    assert client_of(here.people[2]).post(to("document_show", here, hidden.public_id)).status_code == 403
    secretary.post(to("document_show", here, hidden.public_id), {"public": "yes"})
    assert public.get(to("document", here, hidden.public_id)).getvalue() == pdf().read()
    secretary.post(to("document_show", here, hidden.public_id), {"public": "no"})
    assert public.get(to("document", here, hidden.public_id)).status_code == 302


def test_a_public_document_of_a_draft_waits_for_the_notice(client_of):
    here = room(3)
    found = add_document(
        actor=here.secretary, meeting=here.meeting, item=None, title="P", file=pdf(), name="p.pdf", is_public=True
    )
    assert client_of(UserFactory()).get(to("document", here, found.public_id)).status_code == 404


def test_a_withdrawn_document_is_gone_for_everybody(client_of):
    here = convened(room(3))
    found = add_document(
        actor=here.secretary, meeting=here.meeting, item=None, title="P", file=pdf(), name="p.pdf", is_public=True
    )
    withdraw_document(actor=here.secretary, document=found, reason="Engano")
    url = to("document", here, found.public_id)
    assert client_of(here.secretary).get(url).status_code == 404
    assert client_of(None).get(url).status_code == 302


def test_the_urgency_of_a_late_point_is_recognised_in_the_browser(client_of):
    here = opened(convened(room(3)))
    item = add_item(actor=here.secretary, meeting=here.meeting, title="Urgente", kind="decision")
    president, url = client_of(here.president), to("item_urgency", here, item.public_id)
    assert url in president.get(to("meeting", here)).content.decode()
    assert client_of(here.secretary).get(url).status_code == 403
    assert "Dois terços dos membros" in president.post(url, {"in_favour": 1}).content.decode()
    assert "não podem ser mais" in president.post(url, {"in_favour": 4}).content.decode()
    assert president.post(url, {"in_favour": 2}).status_code == 302
    assert url not in president.get(to("meeting", here)).content.decode()


def test_a_meeting_ahead_lacks_no_quorum_yet(client):
    here = convened(room(5))
    client.force_login(here.president)
    shown = client.get(reverse("units:meeting", args=[here.meeting.public_id])).content.decode()
    assert "sem quórum" not in shown
    assert "precisos 3 de 5 quando começar" in shown

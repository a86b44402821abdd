"""Meetings for other systems: what everybody reads, what members read besides, every format, how little it asks."""

import csv
import io

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from tests.factories import MandateFactory, UnitFactory
from tests.units.meeting import closed, come, convened, facts, fresh, opened, pdf, room
from tests.units.voting import proposal, vote
from units.actions.agenda import add_item
from units.actions.documents import add_document, withdraw_document
from units.actions.meetings import cancel_meeting, convene_meeting, prepare_meeting
from units.actions.minutes import approve_minutes, draft_minutes, open_to_amendments, publish_minutes
from units.actions.votes import close_voting, open_voting

pytestmark = pytest.mark.django_db
URL = "/api/v1/meetings/"


def paper(here, title: str, **more) -> None:
    return add_document(
        actor=here.secretary, meeting=here.meeting, item=None, title=title, file=pdf(), name=f"{title}.pdf", **more
    )


def only(api, **asked) -> dict:
    rows = api.get(URL, asked).json()["results"]
    assert len(rows) == 1, rows
    return rows[0]


def test_everybody_reads_what_was_convened_and_drafts_are_for_their_body(api_of):
    here = room(3)
    public, member = api_of(None), api_of(here.people[2])
    assert public.get(URL).json()["results"] == []
    assert public.get(f"{URL}{here.meeting.public_id}/").status_code == 404
    assert only(member)["ics_url"] is None
    convened(here)
    row = only(public)
    assert (row["unit"]["id"], row["number"], row["state"]) == ("CV", 1, "convened")
    assert row == public.get(f"{URL}{here.meeting.public_id}/").json()
    assert [(point["code"], point["title"], point["kind"]) for point in row["agenda"]] == [
        ("1", "Informações", "information"),
        ("2", "Rede de transporte", "decision"),
    ]
    cancel_meeting(actor=here.secretary, meeting=fresh(here.meeting), version=None, reason="Temporal")
    row = only(public)
    assert (row["state"], row["cancel_reason"], row["attendance_status"]) == ("cancelled", "Temporal", "not_applicable")


def test_the_public_is_told_of_public_documents_and_members_of_all(api_of):
    here = room(3)
    paper(here, "Para todos", is_public=True)
    paper(here, "Do órgão")
    withdraw_document(actor=here.secretary, document=paper(here, "Engano", is_public=True))
    convened(here)
    (shown,) = only(api_of(None))["documents"]
    assert (shown["title"], shown["is_public"], shown["point"], len(shown["sha256"])) == ("Para todos", True, "", 64)
    assert shown["url"].startswith("http://testserver/reunioes/")
    assert [each["title"] for each in only(api_of(here.people[2]))["documents"]] == ["Para todos", "Do órgão"]
    other = MandateFactory(unit=UnitFactory())
    assert [each["title"] for each in only(api_of(other.person))["documents"]] == ["Para todos"]


def test_what_is_for_members_alone_is_in_no_format(api_of):
    here = room(3)
    add_item(actor=here.secretary, meeting=here.meeting, title="Assunto", kind="discussion", text="texto reservado")
    paper(here, "Reservado")
    convened(here)
    for asked in ({}, {"format": "csv"}, {"search": "reservado"}, {"fields": "documents,agenda"}):
        answer = api_of(None).get(URL, asked)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"eservado" not in said
        assert b"sala.example.pt" not in said


def test_it_says_what_was_decided_and_how_many_came(api_of):
    here = opened(convened(room()))
    found = proposal(here)
    assert only(api_of(None))["agenda"][1]["deliberation"] is None
    open_voting(actor=here.president, deliberation=found)
    vote(here, found, "ffa--")
    close_voting(actor=here.president, deliberation=found)
    row = only(api_of(None))
    assert (row["seats"], row["present"], row["attendance_status"]) == (None, None, "not_collected")
    here.meeting = fresh(here.meeting)
    closed(here)
    row = only(api_of(None))
    assert (row["seats"], row["present"], row["attendance_status"]) == (5, 3, None)
    decided = next(point["deliberation"] for point in row["agenda"] if point["deliberation"])
    assert (decided["id"], decided["label"]) == (str(found.public_id), found.title)
    deliberation = api_of(None).get(decided["url"]).json()
    assert deliberation["meeting"]["id"] == str(here.meeting.public_id)
    assert api_of(None).get(deliberation["meeting"]["url"]).json()["id"] == str(here.meeting.public_id)


def test_published_minutes_are_named_with_their_digest(api_of):
    here = closed(opened(convened(room())))
    minutes = draft_minutes(actor=here.secretary, meeting=here.meeting)
    minutes = open_to_amendments(actor=here.secretary, minutes=minutes, version=None)
    minutes = approve_minutes(actor=here.president, minutes=minutes, version=None)
    assert only(api_of(None))["minutes_url"] is None
    minutes = publish_minutes(actor=here.secretary, minutes=minutes, version=None)
    row = only(api_of(None))
    assert row["minutes_sha256"] == minutes.sha256
    assert api_of(None).get(row["minutes_url"]).getvalue().startswith(b"%PDF-")


def another(here, days: int, **changes):
    made = prepare_meeting(actor=None, unit=here.unit, data=facts(days, **changes))
    add_item(actor=None, meeting=made, title="Ponto", kind="information")
    return convene_meeting(actor=None, meeting=made, version=None)


def test_filters_search_and_order_and_nothing_unknown(api_of):
    here = convened(room(3))
    another(here, 9, title="Extraordinária sobre a água", is_extraordinary=True)
    api = api_of(None)
    year = timezone.localtime(here.meeting.starts_at).year

    def titles(**asked):
        answer = api.get(URL, asked).json()
        return [row["title"] for row in answer["results"]]

    both = ["Extraordinária sobre a água", "Reunião ordinária de novembro"]
    assert titles() == both
    assert titles(ordering="starts_at") == both[::-1]
    assert titles(search="agua") == both[:1]
    assert titles(is_extraordinary="true") == both[:1]
    assert titles(unit="CV", state="convened") == both
    assert titles(state="closed") == []
    assert set(titles(year=year)) <= set(both)
    assert titles(year=2015) == []
    for wrong in ({"nonsense": "1"}, {"state": "x"}, {"unit": "XX"}, {"year": "x"}, {"ordering": "place"}):
        assert api.get(URL, wrong).status_code == 400, wrong


def test_csv_and_xlsx_hold_every_row_and_keep_ids(api_of):
    here = convened(room(3))
    another(here, 9, title="=1+1")
    api = api_of(None)
    text = b"".join(api.get(URL, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["title"] for row in rows] == ["'=1+1", "Reunião ordinária de novembro"]
    assert {row["unit_id"] for row in rows} == {"CV"}
    assert {row["id"] for row in rows} == {row["id"] for row in api.get(URL).json()["results"]}
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(api.get(URL, {"format": "xlsx"}).streaming_content)))
    assert len(sheet.get_sheet_by_index(0).to_python()) == 3


def test_a_mirror_asks_only_for_what_changed(api_of):
    here = convened(room(3))
    api, url = api_of(None), f"{URL}{here.meeting.public_id}/"
    for address in (url, URL):
        tag = api.get(address).headers["ETag"]
        assert api.get(address, headers={"If-None-Match": tag}).status_code == 304
    tag = api.get(url).headers["ETag"]
    paper(here, "Novo", is_public=True)
    assert api.get(url, headers={"If-None-Match": tag}).status_code == 200
    tag = api.get(url).headers["ETag"]
    come(here, 0)
    assert api.post(url, {}).status_code in {403, 405}


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("who", "queries"), [("nobody", 6), ("member", 11)])
def test_the_list_asks_the_same_however_long_it_is(number, who, queries, api_of, django_assert_num_queries):
    here = room(3)
    paper(here, "Para todos", is_public=True)
    closed(opened(convened(here)))
    for days in range(1, number):
        another(here, 10 + days)
    api = api_of(None if who == "nobody" else here.people[2])
    api.get(URL)
    with django_assert_num_queries(queries):
        assert len(api.get(URL).json()["results"]) == number

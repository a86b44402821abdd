"""Lists: every row once, in order, in every format; nothing unknown accepted."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from refamp.base.export import plain_text
from refamp.base.text import fold
from refamp.territory.models import Parish
from tests.factories import MunicipalityFactory, ParishFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.base.api_doors")]
URL = "/api/v1/places/"
DAYS = [None, date(2013, 9, 29), date(2025, 10, 12)]
slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def places():
    """Twelve parishes of two municipalities, with ties and nulls in every column."""
    here, there = MunicipalityFactory(name="Água Longa", area_km2="10.50"), MunicipalityFactory(name="Ébano")
    names = ["ção", "Cao", "águeda", "Zé", "ção", "b", "=1+1", "@x", "-1", "'=a", 'Avô; e, "aspas"', "linha\nnova"]
    for number, name in enumerate(names):
        ParishFactory(
            code=f"{number:06d}",
            name=name,
            municipality=here if number % 3 else there,
            valid_from=DAYS[number % 3],
            valid_to=DAYS[2] if number % 4 == 0 else None,
        )
    return Parish.objects.order_by("code")


def walk(client, query, *, backwards=False):
    """All rows, page after page, as a client would read them."""
    url, rows, pages = f"{URL}?{query}", [], 0
    while url:
        body = client.get(url).json()
        assert "results" in body, body
        rows = body["results"] + rows if backwards else rows + body["results"]
        url = body["previous" if backwards else "next"]
        pages += 1
        assert pages < 50
    return rows


def expected(asked):
    """The order that the API promises, worked out in Python: nulls last whichever the direction, then id."""
    columns = {
        "code": lambda p: p.code,
        "name": lambda p: fold(p.name) if "\n" not in p.name else p.name,
        "valid_from": lambda p: p.valid_from,
        "valid_to": lambda p: p.valid_to,
        "municipality": lambda p: p.municipality.code,
    }
    rows = sorted(Parish.objects.select_related("municipality"), key=lambda p: p.pk)
    for name in reversed(asked.split(",")):
        value = columns[name.removeprefix("-")]
        have = sorted((p for p in rows if value(p) is not None), key=value, reverse=name.startswith("-"))
        if name.startswith("-"):
            # Python's reverse keeps equal ones in order, as the database's second key does.
            have = sorted((p for p in rows if value(p) is not None), key=value, reverse=True)
        rows = have + [p for p in rows if value(p) is None]
    return [p.code for p in rows]


terms = st.permutations(["code", "name", "valid_from", "valid_to", "municipality"]).flatmap(
    lambda names: st.integers(1, len(names)).flatmap(
        lambda n: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names[:n]))
    )
)


@given(ordering=terms.map(",".join), limit=st.integers(1, 13))
@slow
def test_walking_a_list_gives_each_row_once_in_the_order_asked_for(client, places, ordering, limit):
    codes = [row["code"] for row in walk(client, f"ordering={ordering}&limit={limit}")]
    assert codes == expected(ordering)


@given(ordering=terms.map(",".join), limit=st.integers(1, 13))
@slow
def test_walking_back_gives_the_same_rows(client, places, ordering, limit):
    url, last = f"{URL}?ordering={ordering}&limit={limit}", None
    while url:
        last, url = url, client.get(url).json()["next"]
    cursor = parse_qs(urlsplit(last).query).get("cursor")
    query = f"ordering={ordering}&limit={limit}" + (f"&cursor={cursor[0]}" if cursor else "")
    assert [row["code"] for row in walk(client, query, backwards=True)] == expected(ordering)


def test_a_thousand_equal_keys_do_not_loop(client):
    place = MunicipalityFactory()
    Parish.objects.bulk_create(
        Parish(code=f"{n:06d}", name="igual", municipality=place, valid_from=None) for n in range(1100)
    )
    rows = walk(client, "ordering=valid_from,name&limit=500")
    assert len({row["code"] for row in rows}) == len(rows) == 1100


def test_a_row_added_meanwhile_disturbs_nothing(client, places):
    first = client.get(f"{URL}?limit=5").json()
    ParishFactory(
        code="00000", name="antes", municipality=places[0].municipality, valid_to=date(2020, 1, 1), valid_from=None
    )
    rest = client.get(first["next"]).json()["results"]
    assert [row["code"] for row in rest] == [f"{n:06d}" for n in range(5, 10)]


def test_links_and_count(client, places):
    answer = client.get(f"{URL}?limit=5&count=exact")
    body = answer.json()
    assert body["count"] == 12
    assert body["previous"] is None
    assert answer["Link"] == f'<{body["next"]}>; rel="next"'
    middle = client.get(body["next"])
    assert middle["Link"] == f'<{middle.json()["next"]}>; rel="next", <{middle.json()["previous"]}>; rel="prev"'
    assert middle.json()["count"] == 12
    assert "count" not in client.get(URL).json()


def test_a_row_is_what_the_serializer_declares(client, places):
    row = client.get(f"{URL}?limit=2").json()["results"][1]
    assert row == {
        "code": "000001",
        "name": "Cao",
        "municipality": {
            "id": places[1].municipality.code,
            "label": "Água Longa",
            "url": f"http://testserver/api/v1/municipalities/{places[1].municipality.code}/",
        },
        "area": "10.50",
        "valid_from": "2013-09-29",
        "valid_to": None,
        "letters": 3,
    }


def test_only_the_fields_asked_for(client, places):
    rows = client.get(f"{URL}?fields=name,code&limit=1").json()["results"]
    assert rows == [{"code": "000000", "name": "ção"}]
    assert client.get(f"{URL}000000/?fields=letters").json() == {"letters": 0}


def test_search_forgives_accents_and_case_and_wants_every_word(client, places):
    def found(text):
        return [row["code"] for row in client.get(URL, {"search": text}).json()["results"]]

    assert found("CAO") == ["000000", "000001", "000004"]
    assert found("agua longa cao") == ["000001", "000004"]
    assert found("100%") == []
    assert found("_") == []


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("limi=1", "limi", "unknown"),
        ("limit=0", "limit", "invalid"),
        ("limit=1001", "limit", "invalid"),
        ("limit=-1", "limit", "invalid"),
        ("limit=1e2", "limit", "invalid"),
        ("limit=²", "limit", "invalid"),
        ("limit=99999999999999999999999", "limit", "invalid"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("count=yes", "count", "invalid"),
        ("ordering=boundary", "ordering", "unknown"),
        ("ordering=", "ordering", "unknown"),
        ("ordering=--code", "ordering", "unknown"),
        ("ordering=municipality__boundary", "ordering", "unknown"),
        ("fields=boundary", "fields", "unknown"),
        ("fields=", "fields", "unknown"),
        ("cursor=x", "cursor", "invalid"),
        ("since=2021-02-30", "since", "invalid"),
        ("place=one", "place", "invalid"),
        ("search=%00", "search", "invalid"),
        ("municipality=a%00b", "municipality", "invalid"),
        ("ended=2021-01-01", "ended", "unknown"),
    ],
)
def test_what_cannot_be_used_is_said(client, places, query, name, code):
    answer = client.get(f"{URL}?{query}", headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "errors"} <= body.keys()
    assert (body["errors"][0]["pointer"], body["errors"][0]["code"]) == (f"#/query/{name}", code)


def test_a_cursor_only_works_for_the_list_order_it_was_written_for(client, places):
    cursor = parse_qs(urlsplit(client.get(f"{URL}?limit=2").json()["next"]).query)["cursor"][0]
    assert client.get(URL, {"cursor": cursor, "ordering": "code"}).status_code == 200
    assert client.get(URL, {"cursor": cursor, "ordering": "-code"}).status_code == 400
    assert client.get(URL, {"cursor": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}).status_code == 400
    assert client.get(URL, {"cursor": "a" + cursor}).status_code == 400


def test_a_range_filter_has_two_parameters(client, places):
    rows = client.get(f"{URL}?ended_after=2025-01-01&ended_before=2025-12-31").json()["results"]
    assert [row["code"] for row in rows] == ["000000", "000004", "000008"]


def flattened(rows):
    for row in rows:
        flat = {}
        for name, value in row.items():
            if isinstance(value, dict):
                flat |= {f"{name}_id": value["id"], f"{name}_label": value["label"]}
            else:
                flat[name] = value
        yield {name: "" if value is None else str(value) for name, value in flat.items()}


def plain(cell):
    return plain_text(str(cell))


def test_every_format_says_the_same_row_by_row(client, places):
    """A page of JSON walked to its end equals CSV, XLSX and GeoJSON, which answer the whole filter at once."""
    query = "ordering=-name&municipality=" + places[1].municipality.code
    rows = walk(client, query + "&limit=3")
    assert len(rows) == 8
    answer = client.get(f"{URL}?{query}&format=csv&limit=2")
    assert answer["Content-Type"].startswith("text/csv; charset=utf-8")
    text = b"".join(answer.streaming_content).decode()
    assert text.count("\r\n") == len(rows) + 1
    from_csv = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [{k: plain(v) for k, v in row.items()} for row in from_csv] == list(flattened(rows))
    sheet = b"".join(client.get(f"{URL}?{query}&format=xlsx").streaming_content)
    header, *cells = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert header == list(from_csv[0])
    for cell_row, row in zip(cells, flattened(rows), strict=True):
        for name, cell in zip(header, cell_row, strict=True):
            if name in {"area", "letters"}:
                assert Decimal(str(cell)) == Decimal(row[name])
            else:
                assert plain(cell) == row[name]
    answer = client.get(f"{URL}?{query}&format=geojson")
    assert answer["Content-Type"] == "application/geo+json"
    collection = json.loads(b"".join(answer.streaming_content))
    assert collection["type"] == "FeatureCollection"
    assert [feature["properties"] for feature in collection["features"]] == rows
    assert {feature["geometry"] for feature in collection["features"]} == {None}


def test_a_spreadsheet_would_run_none_of_the_cells(client, places):
    text = b"".join(client.get(f"{URL}?format=csv&fields=name").streaming_content).decode()
    names = [row["name"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert names == [
        "ção",
        "Cao",
        "águeda",
        "Zé",
        "ção",
        "b",
        "'=1+1",
        "'@x",
        "-1",
        "''=a",
        'Avô; e, "aspas"',
        "linha\nnova",
    ]


def test_an_empty_list_is_a_whole_document_in_every_format(client, db):
    assert client.get(URL).json() == {"next": None, "previous": None, "results": []}
    assert b"".join(client.get(f"{URL}?format=csv&fields=code").streaming_content) == b"code\r\n"
    geo = json.loads(b"".join(client.get(f"{URL}?format=geojson").streaming_content))
    assert geo == {"type": "FeatureCollection", "features": []}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html, application/geo+json;q=0.9, */*;q=0.1", "application/geo+json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/*", "text/csv"),
    ],
)
def test_the_format_is_chosen_by_accept(client, places, accept, media):
    assert client.get(URL, headers={"accept": accept})["Content-Type"].split(";")[0] == media


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", "text/html"), ("format=pdf", "*/*"), ("", "image/*;q=1, x"), ("", "application/json;q=0")],
)
def test_a_format_that_is_not_offered_is_406(client, query, accept):
    answer = client.get(f"{URL}?{query}", headers={"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_a_stream_carries_no_entity_tag(client, places):
    assert "ETag" not in client.get(f"{URL}?format=csv")


def test_a_list_answers_304_until_a_row_changes(client, places):
    tag = client.get(URL)["ETag"]
    assert tag.startswith('"')
    assert client.get(URL, headers={"if-none-match": tag}).status_code == 304
    # A proxy that compresses weakens the tag, or marks it.
    assert client.get(URL, headers={"if-none-match": f"W/{tag}"}).status_code == 304
    assert client.get(URL, headers={"if-none-match": tag[:-1] + '-gzip"'}).status_code == 304
    assert client.get(URL, headers={"if-none-match": tag, "accept-language": "en"}).status_code == 304
    Parish.objects.filter(code="000003").update(name="outro")
    changed = client.get(URL, headers={"if-none-match": tag})
    assert (changed.status_code, changed["ETag"] != tag) == (200, True)


def test_a_list_of_one_and_of_three_takes_one_query(client, django_assert_num_queries):
    ParishFactory()
    with django_assert_num_queries(1):
        assert len(client.get(URL).json()["results"]) == 1
    ParishFactory.create_batch(2)
    with django_assert_num_queries(1):
        assert len(client.get(URL).json()["results"]) == 3


text = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.one_of(
    text,
    st.sampled_from(
        ["limit", "cursor", "count", "fields", "ordering", "search", "format", "since", "place", "ended_after"]
    ),
)
values = st.one_of(
    text,
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.sampled_from(["\0", "null", "[]", "%", "csv"]),
)


@given(query=st.dictionaries(names, st.one_of(values, st.lists(values, max_size=2)), max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_is_answered_with_our_fault(client, places, query):
    answer = client.get(URL, query)
    assert answer.status_code in {200, 400, 406, 429}
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"


@given(code=text.filter(lambda t: "/" not in t))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_code_is_answered_with_our_fault(client, places, code):
    assert client.get(f"{URL}{quote(code)}/").status_code in {200, 404, 308, 429}

"""What leaves the platform: the same figures everywhere, and nothing hidden that could be worked out from any of it."""

import csv
import html
import io
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import translation
from python_calamine import CalamineWorkbook

from axes.actions.answers import record_answers
from axes.actions.code_book import edit_topic
from axes.actions.phases import close_phase, open_phase
from axes.choices import Channel, Group, PhaseState, Scale
from axes.models import Consultation, Phase, PublishedFigure, Release
from axes.queries.figures import figures_of
from axes.queries.results import results_for
from refamp.base.errors import Refused
from refamp.territory.models import Municipality
from tests.axes.attack import attack_releases
from tests.factories import ConsultationFactory, FrameworkFactory, MunicipalityFactory, PhaseFactory, TopicFactory

pytestmark = pytest.mark.django_db
Cells = dict[tuple, int | None]
NOW = "2026-01-01T00:00Z"


@pytest.fixture
def places(db: None) -> list[Municipality]:
    return [MunicipalityFactory(code=f"80{n:02d}", name=f"Lugar {n}") for n in range(6)]


def answer(consultation, phase, number, place, group, named):  # noqa: PLR0917 - plain in its calls
    record_answers(
        actor=None, consultation=consultation, phase=phase, channel=Channel.INTERVIEW, reference=f"r{number}",
        municipality=place, group=group, mentions=named,
    )  # fmt: skip


def fill(consultation: Consultation, phase: Phase, places, topics, numbers: range) -> None:
    """Unequal answers: the last municipality has few, the second topic is rarely named, the third never."""
    groups = list(Group.values)
    for number in numbers:
        place = places[4] if number % 17 == 0 else places[number % 4]
        named = [(topics[0], Scale.METROPOLITAN)] if number % 3 else []
        named += [(topics[0], Scale.MUNICIPAL)] if number % 2 else []
        named += [(topics[1], Scale.METROPOLITAN)] if number % 11 == 1 else []
        answer(consultation, phase, number, place, groups[number % 7 % 4], named)


@pytest.fixture
def answered(places):
    """A consultation with 60 answers whose first phase is closed and whose results are published."""
    consultation = ConsultationFactory(published_at="2026-01-01T00:00Z")
    topics = [TopicFactory(consultation=consultation, code=f"t{n}", order=n) for n in range(3)]
    phase = PhaseFactory(consultation=consultation, state=PhaseState.OPEN)
    fill(consultation, phase, places, topics, range(60))
    close_phase(actor=None, phase=phase)
    return consultation, topics


def address(consultation: Consultation) -> str:
    return f"/api/v1/consultations/{consultation.public_id}/representativeness/"


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def json_rows(client: Client, consultation: Consultation) -> list[dict]:
    rows, url = [], address(consultation) + "?limit=37"
    while url:
        page = client.get(url).json()
        rows += page["results"]
        url = page["next"]
    return rows


def csv_rows(client: Client, consultation: Consultation) -> list[dict]:
    return list(csv.DictReader(io.StringIO(body(client.get(address(consultation) + "?format=csv")).decode())))


def xlsx_rows(client: Client, consultation: Consultation) -> list[dict]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(body(client.get(address(consultation) + "?format=xlsx"))))
    head, *rows = book.get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def cells_of(rows: list[dict]) -> Cells:
    """Everything that rows of the API say, as counts by stratum; what is nowhere told is None."""
    cells: Cells = {}
    for row in rows:
        place = row["municipality"]["id"] if row.get("municipality") else row.get("municipality_id") or None
        group = row["group"] or None
        dimension = "municipality" if place else "group" if group else "all"
        number = {name: None if row[name] in (None, "") else int(row[name]) for name in ("mentions", "respondents")}
        cells[dimension, place or group, (row["topic_code"], row["scale"])] = number["mentions"]
        known = cells.get((dimension, place or group, None))
        cells[dimension, place or group, None] = known if number["respondents"] is None else number["respondents"]
    return cells


def page_cells(client: Client, consultation: Consultation, topics) -> Cells:
    """What the tables of the page say, for every topic that can be chosen."""
    cells: Cells = {}
    codes = {place.name: place.code for place in Municipality.objects.all()}
    with translation.override("en"):
        labels = {str(label): value for value, label in Group.choices}
    count = re.compile(
        r'<td class="num">\s*(?:<span[^>]*>([^<]*)</span>|(\d+))\s*/\s*(?:<span[^>]*>[^<]*</span>|(\d+))\s*</td>'
    )
    for topic in topics:
        for scale in topic.scales:
            page = client.get(
                f"/auscultacoes/{consultation.public_id}/resultados/?tema={topic.code}&escala={scale}",
                headers={"accept-language": "en"},
            ).content.decode()
            for table, names in (("by-municipality", codes), ("by-group", labels)):
                part = page[page.index(f'<table id="{table}"') :]
                for row in re.findall(r"<tr[^>]*>.*?</tr>", part[: part.index("</table>")], re.DOTALL)[1:]:
                    name = html.unescape(re.search(r'<th scope="row">([^<]*)', row).group(1))
                    key = names.get(name) or names[name[0].lower() + name[1:]]
                    hidden, mentions, respondents = count.search(row).groups()
                    dimension = table.removeprefix("by-")
                    cells[dimension, key, (topic.code, scale)] = None if hidden else int(mentions)
                    cells[dimension, key, None] = int(respondents) if respondents else None
    return cells


def test_json_csv_xlsx_and_page_say_the_same_to_the_last_digit(answered):
    consultation, topics = answered
    client = Client()
    rows = json_rows(client, consultation)
    assert len(rows) == 3 * 2 * (1 + Municipality.objects.count() + 4)
    for one, as_csv, as_xlsx in zip(rows, csv_rows(client, consultation), xlsx_rows(client, consultation), strict=True):
        for name in ("share", "ci_low", "ci_high"):
            assert as_csv[name] == (one[name] or "")
            assert as_xlsx[name] == ("" if one[name] is None else float(one[name]))
        for name in ("mentions", "respondents"):
            assert as_csv[name] == ("" if one[name] is None else str(one[name]))
            assert as_xlsx[name] == ("" if one[name] is None else one[name])
    cells = cells_of(rows)
    shown = page_cells(client, consultation, topics)
    assert shown == {cell: cells[cell] for cell in shown}
    assert len(shown) == len(cells) - 1 - 6


def test_rows_are_counted_and_hidden_as_the_rule_says(answered):
    """Against an independent count of what `fill` did."""
    consultation, _topics = answered
    rows = {
        (r["topic_code"], r["scale"], r["group"], (r["municipality"] or {}).get("id")): r
        for r in json_rows(Client(), consultation)
    }
    everybody = rows["t0", "metropolitan", None, None]
    assert (everybody["mentions"], everybody["respondents"], everybody["share"]) == (40, 60, "66.67")
    few = rows["t0", "metropolitan", None, "8004"]  # 0, 17, 34, 51: four respondents
    assert (few["mentions"], few["respondents"], few["share"], few["suppressed"]) == (None, None, None, True)
    never = rows["t2", "municipal", None, "8002"]
    assert (never["mentions"], never["share"], never["suppressed"]) == (0, "0.00", False)
    absent = next(r for r in rows.values() if r["respondents"] == 0)
    assert (absent["mentions"], absent["share"], absent["suppressed"]) == (0, None, False)
    assert all(r["mentions"] is None or r["mentions"] == 0 or r["mentions"] >= 5 for r in rows.values())


def test_a_linear_programme_over_every_anonymous_output_pins_nothing(answered, places):
    """Before and after one respondent more, and after enough for a second release."""
    consultation, topics = answered
    client = Client()
    before = cells_of(json_rows(client, consultation))
    for cells in (before, cells_of(csv_rows(client, consultation)), cells_of(xlsx_rows(client, consultation))):
        assert cells == before
        assert attack_releases([cells]).pinned() == {}

    second = PhaseFactory(consultation=consultation, opens_on="2026-02-01", closes_on="2026-02-28")
    open_phase(actor=None, phase=second)
    answer(consultation, second, 900, places[4], Group.PARTNER, [(topics[1], Scale.METROPOLITAN)])
    assert cells_of(json_rows(client, consultation)) == before, "what came in is not shown"
    close_phase(actor=None, phase=second)
    assert Release.objects.get(phase=second).is_withheld
    assert cells_of(json_rows(client, consultation)) == before, "one more would tell what they said"
    page = client.get(f"/auscultacoes/{consultation.public_id}/resultados/", headers={"accept-language": "en"})
    assert "are not shown: they differ" in page.content.decode()

    third = PhaseFactory(consultation=consultation, opens_on="2026-03-01", closes_on="2026-03-31")
    open_phase(actor=None, phase=third)
    fill(consultation, third, places, topics, range(100, 130))
    close_phase(actor=None, phase=third)
    after = cells_of(json_rows(client, consultation))
    assert after["all", None, None] == 91
    assert attack_releases([before, after]).pinned() == {}


def test_everybody_but_the_coordination_unit_sees_the_frozen_results(answered, places, client_of):
    consultation, topics = answered
    open_phase(actor=None, phase=PhaseFactory(consultation=consultation))
    for number in range(200, 210):
        answer(consultation, None, number, places[0], Group.ELECTED, [(topics[0], Scale.MUNICIPAL)])
    live = json_rows(client_of("coordination"), consultation)
    assert not any(row["suppressed"] for row in live)
    frozen = json_rows(Client(), consultation)
    assert frozen == json_rows(client_of("technician"), consultation)
    assert frozen[0]["respondents"] == 60


def test_live_results_show_answers_once_they_are_counted_and_say_when_some_are_not(answered, places, client_of):
    consultation, topics = answered
    client = client_of("coordination")
    url = f"/auscultacoes/{consultation.public_id}/resultados/"
    assert "not counted here yet" not in client.get(url, headers={"accept-language": "en"}).content.decode()
    open_phase(actor=None, phase=PhaseFactory(consultation=consultation))
    answer(consultation, None, 300, places[0], Group.ELECTED, [(topics[0], Scale.MUNICIPAL)])
    assert "not counted here yet" in client.get(url, headers={"accept-language": "en"}).content.decode()


def test_what_was_not_asked_when_results_were_frozen_has_no_data_in_them(answered, places):
    """A topic, a scale, a group or a municipality that came later is not a zero."""
    consultation, topics = answered
    client = Client()
    url = f"/api/v1/consultations/{consultation.public_id}/representativeness/"
    before = client.get(url, {"limit": 1000}).json()["results"]
    page = client.get(f"/auscultacoes/{consultation.public_id}/resultados/").content.decode()
    late = TopicFactory(consultation=consultation, code="tardio", order=99)
    MunicipalityFactory(code="8099", name="Lugar novo")
    assert client.get(url, {"limit": 1000}).json()["results"] == before
    assert client.get(url, {"topic": "tardio"}).json()["results"] == []
    again = client.get(f"/auscultacoes/{consultation.public_id}/resultados/").content.decode()
    assert page.count("t0 ") == again.count("t0 ") > 0  # with its blank: a form's random token may hold the letters
    figures = figures_of(consultation.framework, AnonymousUser())
    assert {cell.status for cell in figures.of_node[late.node_id][0].cells.values()} == {"not_asked"}
    assert figures.of_node[topics[0].node_id][0].metropolitan.share is not None
    with pytest.raises(Refused, match=r"."):
        edit_topic(
            actor=None, topic=topics[2], version=consultation.version, node=topics[2].node, code="t2", label="x",
            scales=[Scale.METROPOLITAN],
        )  # fmt: skip


def test_a_consultation_that_is_not_published_is_not_there(answered):
    consultation, _topics = answered
    Consultation.objects.filter(pk=consultation.pk).update(published_at=None)
    client = Client()
    assert client.get(address(consultation)).status_code == 404
    assert client.get(f"/api/v1/consultations/{consultation.public_id}/topics/").status_code == 404
    assert client.get(f"/auscultacoes/{consultation.public_id}/resultados/").status_code == 404
    assert client.get("/api/v1/consultations/not-an-id/representativeness/").status_code == 404


@pytest.mark.parametrize(
    "query", ["scale=both", "group=mayor", "municipality=0000", "topic=9", "ordering=share", "limit=0", "cursor=x"]
)
def test_what_the_address_cannot_mean_is_a_400(answered, query):
    assert Client().get(f"{address(answered[0])}?{query}").status_code == 400


def test_filters_choose_rows_and_the_count_obeys_them(answered):
    consultation, _topics = answered
    page = (
        Client()
        .get(f"{address(consultation)}?dimension=group&scale=municipal&topic=t0&count=exact&fields=group,share")
        .json()
    )
    assert page["count"] == 4
    assert [set(row) for row in page["results"]] == [{"group", "share"}] * 4


def test_pages_go_on_and_back(answered):
    consultation, _topics = answered
    client = Client()
    first = client.get(address(consultation) + "?limit=10")
    second = client.get(first.json()["next"]).json()
    assert client.get(second["previous"]).json()["results"] == first.json()["results"]
    assert 'rel="next"' in first["Link"]
    assert client.get(address(consultation) + "?limit=10", headers={"if-none-match": first["ETag"]}).status_code == 304


def test_printed_figures_stand_beside_what_is_computed(answered):
    consultation, topics = answered
    PublishedFigure.objects.create(
        topic=topics[0], scale=Scale.METROPOLITAN, share="66.70", count=40, as_printed="66.70% (40)"
    )
    PublishedFigure.objects.create(topic=topics[0], scale=Scale.MUNICIPAL, share="50", count=30, as_printed="50% (30)")
    rows = Client().get(address(consultation) + "?dimension=all&topic=t0").json()["results"]
    assert [(r["share"], r["published_share"], r["published_count"], r["agrees"]) for r in rows] == [
        ("66.67", "66.70", 40, False),
        ("50.00", "50", 30, True),
    ]


def test_the_finite_population_correction_is_for_everybody_and_for_a_frame_that_can_be_right(answered):
    consultation, _topics = answered
    anonymous = Client()
    wide = anonymous.get(address(consultation) + "?dimension=all&topic=t0").json()["results"][0]
    Consultation.objects.filter(pk=consultation.pk).update(frame_size=60)
    point = anonymous.get(address(consultation) + "?dimension=all&topic=t0").json()["results"][0]
    assert (point["ci_low"], point["ci_high"]) == ("66.67", "66.67")
    Consultation.objects.filter(pk=consultation.pk).update(frame_size=59)
    wrong = anonymous.get(address(consultation) + "?dimension=all&topic=t0").json()["results"][0]
    assert (wrong["ci_low"], wrong["ci_high"]) == (wide["ci_low"], wide["ci_high"])


def test_the_page_costs_the_same_queries_for_few_and_many_topics(answered, client_of, django_assert_num_queries):
    consultation, _topics = answered
    url = f"/auscultacoes/{consultation.public_id}/resultados/"
    with django_assert_num_queries(8):
        Client().get(url)
    TopicFactory.create_batch(3, consultation=consultation)
    with django_assert_num_queries(8):
        Client().get(url)


def test_shares_are_exact_decimals(answered, coordination):
    consultation, _topics = answered
    rows = results_for(consultation, coordination).rows
    assert all(isinstance(row.share, Decimal) for row in rows if row.respondents)


@pytest.mark.parametrize("count", [1, 3])
def test_topics_and_consultations_point_at_their_edition_and_nodes(count, client, django_assert_num_queries):
    consultation = ConsultationFactory(
        published_at="2026-01-01T00:00Z",
        framework=FrameworkFactory(code="2031", state="superseded", in_force_since=NOW, superseded_at=NOW),
    )
    topics = [TopicFactory(consultation=consultation, code=f"4.1{n}", order=n) for n in range(count)]
    url = f"/api/v1/consultations/{consultation.public_id}/"
    framework = client.get(url).json()["framework"]
    assert client.get(framework["url"]).json()["code"] == "2031"
    with django_assert_num_queries(3):
        rows = client.get(f"{url}topics/").json()["results"]
    assert [row["id"] for row in rows] == [topic.code for topic in topics]
    for row, topic in zip(rows, topics, strict=True):
        assert client.get(row["node"]["url"]).json()["wording"] == topic.node.wording
    assert client.get(f"{url}topics/4.10/", {"fields": "id,node"}).json()["node"]["url"] == rows[0]["node"]["url"]
    assert b"node_id,node_label" in b"".join(client.get(f"{url}topics/", {"format": "csv"}).streaming_content)

"""The referential's pages and addresses, as people and programs meet them."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from axes.actions.founding import load_framework
from axes.actions.framework import copy_framework, move_framework, put_in_force
from axes.actions.nodes import add_node
from axes.choices import KIND_SLUGS, NodeKind
from axes.models import Framework, PublishedFigure, Release, ReleasedResult
from axes.queries.figures import figures_of
from axes.queries.framework import DATA, FOUNDING_EDITION
from tests.factories import ConsultationFactory, LocalPlanFactory, MunicipalityFactory, PhaseFactory, TopicFactory


@pytest.fixture
def edition(db):
    framework = load_framework(actor=None, data=json.loads(FOUNDING_EDITION.read_text(encoding="utf-8")))[0]
    framework.refresh_from_db()
    return framework


@pytest.fixture
def figures(edition):
    """The published figures of 2014 with the counts that 48 respondents give, frozen."""
    consultation = ConsultationFactory(framework=edition, title="2014", state="closed", published_at=timezone.now())
    phase = PhaseFactory(consultation=consultation, state="closed")
    release = Release.objects.create(consultation=consultation, phase=phase, minimum_cell=5, respondents=48)
    ReleasedResult.objects.create(release=release, dimension="all", count=48, is_hidden=False)
    nodes = {f"{node.kind}:{node.code}": node for node in edition.nodes.all()}
    data = json.loads((DATA / "published-figures-2014.json").read_text(encoding="utf-8"))
    for order, entry in enumerate(data["topics"]):
        topic = TopicFactory(
            consultation=consultation,
            code=entry["code"],
            label=entry["label"],
            node=nodes[entry["node"]],
            scales=entry["scales"],
            order=order,
            note=entry.get("note", ""),
        )
        for figure in entry["figures"]:
            PublishedFigure.objects.create(topic=topic, **figure)
            count = figure["count"] if figure["count"] is not None else figure["inferred_count"]
            ReleasedResult.objects.create(
                release=release, dimension="all", topic=topic, scale=figure["scale"], count=count, is_hidden=False
            )
    return consultation


@pytest.fixture
def draft(edition, coordination):
    return copy_framework(actor=coordination, framework=edition, code="2027", title="Edição de 2027")


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_three_contradictions_are_found_and_no_other(figures, edition, technician):
    found = figures_of(edition, technician)
    differing = {
        (figure.code, cell.printed.share, str(cell.share))
        for rows in found.of_node.values()
        for figure in rows
        for cell in figure.cells.values()
        if cell.differs
    }
    assert differing == {("1.1", "64.50", "64.58"), ("3.1", "58.43", "58.33"), ("AE2", "29.16", "29.17")}


def test_zero_no_data_and_a_share_are_three_things(figures, edition, technician):
    node = edition.nodes.get(kind="problem_area", code="4.1")
    first, second = figures_of(edition, technician).of_node[node.pk]
    assert (str(first.municipal.share), first.municipal.status, first.municipal.printed.inferred_count) == (
        "0.00",
        None,
        0,
    )
    assert (second.municipal.share, second.municipal.status) == (None, "no_data")
    assert str(second.metropolitan.share) == "56.25"


def test_the_referential_shows_printed_beside_computed(figures, client_of, technician):
    page = text_of(client_of(technician).get("/referencial/"))
    assert "64.50% (31)" in page
    assert 'data-value="64.58"' in page
    assert 'data-printed="64.50"' in page
    assert page.count("num differs") == 3
    assert page.count("sem deliberação") >= 1
    for code in ("AE3", "AE4"):
        row = page.split(f"/acao-estrategica/{code}/")[1].split("</tr>")[0]
        assert 'data-status="no_data"' in row
        assert "data-value" not in row
    council = page.split("/orgao/3.3.3/")[1].split("</tr>")[0]
    assert 'data-status="no_data"' in council
    empty = page.split(" 4.1b ")[1].split("</tr>")[0]
    assert 'data-series="municipal" data-status="no_data"' in empty


def test_every_node_has_a_page_with_its_parents(edition, client):
    nodes = {node.pk: node for node in edition.nodes.select_related("framework")}
    for kind in NodeKind:
        node = next(n for n in nodes.values() if n.kind == kind)
        page = text_of(client.get(f"/referencial/2014/{slug(kind)}/{node.code}/"))
        assert page.count("<h1>") == 1
        if node.parent_id:
            parent = nodes[node.parent_id]
            assert f"/referencial/2014/{slug(parent.kind)}/{parent.code}/" in page


def slug(kind):
    return KIND_SLUGS[kind]


def test_cross_references_are_shown_both_ways(edition, client):
    assert "/referencial/2014/eixo/EP3/" in text_of(client.get("/referencial/2014/problematica/1.1/"))
    assert "/referencial/2014/problematica/1.1/" in text_of(client.get("/referencial/2014/eixo/EP3/"))


def test_a_misprint_is_shown_with_its_reading(edition, client):
    page = text_of(client.get("/referencial/2014/problematica/4.1/"))
    assert "4.1. PRECARIDADE ECONÓMICA" in page


@pytest.mark.parametrize(
    "path",
    [
        "/referencial/9999/",
        "/referencial/?edicao=9999",
        "/referencial/2014/problematica/9.9/",
        "/referencial/2014/x/1.1/",
    ],
)
def test_what_is_not_there_answers_404(edition, client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/referencial/2027/",
        "/referencial/?edicao=2027",
        "/referencial/2027/problematica/1.1/",
        "/referencial/2027/comparar/",
    ],
)
def test_a_draft_is_the_coordination_units_alone(draft, client_of, technician, coordination, path):
    assert client_of(None).get(path).status_code == 404
    assert client_of(technician).get(path).status_code == 404
    assert client_of(coordination).get(path, follow=True).status_code == 200


def test_without_an_edition_in_force_the_page_says_so(client, db):
    assert client.get("/referencial/").status_code == 200


def test_the_municipalities_that_share_a_problem_area_are_shown(edition, client):
    area = edition.nodes.get(kind="problem_area", code="1.2")
    place = MunicipalityFactory(name="Gondomar de Cá")
    plan = LocalPlanFactory(municipality=place, published_at=timezone.now())
    plan.priorities.create(order=1, wording="Mais consultas", problem_area=area)
    hidden = LocalPlanFactory(municipality=MunicipalityFactory())
    hidden.priorities.create(order=1, wording="Por publicar", problem_area=area)
    page = text_of(client.get("/referencial/2014/problematica/1.2/"))
    assert "Mais consultas" in page
    assert "Por publicar" not in page


def test_pages_ask_the_database_the_same_number_of_times(  # noqa: PLR0917 - fixtures
    figures, coordination, client_of, client, edition, django_assert_num_queries
):
    area = edition.nodes.get(kind="problem_area", code="1.1")
    browser = client_of(coordination)
    pages = {
        "/referencial/": (5, 9),
        "/referencial/2014/": (2, 6),
        "/referencial/2014/problematica/1.1/": (8, 12),
        "/referencial/edicoes/": (1, 5),
    }
    for _again in range(2):
        for path, (nobody, unit) in pages.items():
            with django_assert_num_queries(nobody):
                client.get(path)
            with django_assert_num_queries(unit):
                browser.get(path)
        for _number in range(3):
            plan = LocalPlanFactory(published_at=timezone.now())
            plan.priorities.create(order=1, wording="Séniores", problem_area=area)


# Preparing an edition ------------------------------------------------------------------------------------------------


def test_a_new_edition_is_made_and_changed_through_the_pages(edition, client_of, coordination):
    browser = client_of(coordination)
    made = browser.post("/referencial/2014/copiar/", {"code": "2027", "title": "Edição de 2027"})
    assert (made.status_code, made.url) == (302, "/referencial/2027/")
    draft = Framework.objects.get(code="2027")
    area = draft.nodes.get(kind="problem_area", code="1.1")
    base = "/referencial/2027/problematica/1.1/"
    for name in ("alterar", "mover", "dividir", "retirar"):
        assert browser.get(f"{base}{name}/").status_code == 200
    assert (
        browser.post(
            f"{base}alterar/", {"version": 1, "code": "1.1", "wording": "PESSOAS IDOSAS", "note": ""}
        ).status_code
        == 302
    )
    target = draft.nodes.get(kind="priority_axis", code="EP3")
    assert (
        browser.post(f"{base}mover/", {"version": 2, "parent": str(target.public_id), "code": "3.3"}).status_code == 302
    )
    area.refresh_from_db()
    assert (area.wording, area.parent, area.code, area.code_is_printed) == ("PESSOAS IDOSAS", target, "3.3", False)
    split = {"version": 1, "wording": "A", "code_1": "1.5", "wording_1": "B"}
    assert browser.post("/referencial/2027/problematica/1.2/dividir/", split).status_code == 302
    added = {"code": "1.3.1.2", "wording": "Nova", "note": "", "focus": "processes"}
    heading = draft.nodes.get(kind="focus_heading", code="1.3.1")
    assert browser.get(f"/referencial/2027/acrescentar/resposta/?sob={heading.public_id}").status_code == 200
    assert browser.post(f"/referencial/2027/acrescentar/resposta/?sob={heading.public_id}", added).status_code == 302
    assert browser.post("/referencial/2027/resposta/1.3.1.1/retirar/", {"version": 1, "reason": "x"}).status_code == 302
    assert browser.post("/referencial/2027/resposta/1.3.1.2/ordem/", {"to": "up"}).status_code == 302
    page = text_of(browser.get("/referencial/2027/comparar/"))
    assert "PESSOAS IDOSAS" in page
    assert page.count("<tr>") == 1 + 5
    state = {"state": "in_consultation", "version": draft.version}
    assert browser.post("/referencial/2027/estado/", state).status_code == 302
    assert Framework.objects.get(code="2027").state == "in_consultation"


def test_a_stale_save_shows_both_versions(draft, client_of, coordination):
    browser = client_of(coordination)
    path = "/referencial/2027/problematica/1.3/alterar/"
    browser.post(path, {"version": 1, "code": "1.3", "wording": "Primeira", "note": ""})
    page = text_of(browser.post(path, {"version": 1, "code": "1.3", "wording": "Segunda", "note": ""}))
    assert "Primeira" in page
    assert "Segunda" in page
    assert 'name="version" value="2"' in page
    assert draft.nodes.get(kind="problem_area", code="1.3").wording == "Primeira"


def test_others_do_not_prepare_editions(draft, client_of, technician, coordination):
    move_framework(actor=coordination, framework=draft, state="in_consultation")
    browser = client_of(technician)
    for path in (
        "/referencial/2027/copiar/",
        "/referencial/2027/alterar/",
        "/referencial/2027/problematica/1.3/alterar/",
    ):
        assert browser.get(path).status_code == 403
    assert browser.post("/referencial/2027/estado/", {"state": "draft", "version": 2}).status_code == 403


def test_an_edition_in_force_has_no_way_to_change_it(edition, client_of, coordination):
    browser = client_of(coordination)
    assert browser.get("/referencial/2014/problematica/1.3/alterar/").status_code == 403
    assert browser.post("/referencial/2014/estado/", {"state": "draft", "version": 2}).status_code == 403


# API -----------------------------------------------------------------------------------------------------------------


COUNTS = {
    "structuring-ideas": 5,
    "axes": 4,
    "problem-areas": 9,
    "focus-headings": 17,
    "operational-responses": 35,
    "strategic-actions": 6,
    "action-lines": 12,
}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_the_api_lists_each_kind(edition, client, name, count):
    body = client.get(f"/api/v1/{name}/?count=exact").json()
    assert (body["count"], len(body["results"])) == (count, count)
    code = body["results"][-1]["code"]
    assert client.get(f"/api/v1/{name}/{code}/").json() == body["results"][-1]
    table = client.get(f"/api/v1/{name}/?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode())))
    assert [row["code"] for row in rows] == [row["code"] for row in body["results"]]


@pytest.mark.parametrize("name", COUNTS)
def test_lists_ask_the_same_number_of_times_at_one_and_at_three(edition, client, name, django_assert_num_queries):
    number = 5 if name == "structuring-ideas" else 3
    number -= 1 if name == "structuring-ideas" else 0
    for limit in (1, 3):
        with django_assert_num_queries(number):
            assert len(client.get(f"/api/v1/{name}/?limit={limit}").json()["results"]) == limit


def test_a_response_knows_its_heading_its_focus_and_its_parents(edition, client):
    row = client.get("/api/v1/operational-responses/1.1.2.1/").json()
    assert (row["focus"], row["code_is_printed"], row["parent"]["id"]) == ("processes", False, "1.1.2")
    assert [each["id"] for each in row["path"]] == ["EP1", "1.1", "1.1.2"]
    assert client.get(row["parent"]["url"]).json()["code"] == "1.1.2"
    assert client.get("/api/v1/operational-responses/4.1.1/").json()["focus"] is None


def test_filters_and_unknown_parameters(edition, client):
    assert client.get("/api/v1/operational-responses/?problem_area=3.1&count=exact").json()["count"] == 5
    assert client.get("/api/v1/focus-headings/?focus=capacity&count=exact").json()["count"] == 5
    assert client.get("/api/v1/problem-areas/?parent=EP4&count=exact").json()["count"] == 2
    assert client.get("/api/v1/problem-areas/?search=saude").json()["results"][0]["code"] == "1.2"
    assert client.get("/api/v1/problem-areas/?colour=red").status_code == 400
    assert client.get("/api/v1/problem-areas/?framework=9999").status_code == 400
    assert client.get("/api/v1/problem-areas/1.1/?framework=9999").status_code == 404


def test_another_edition_is_asked_for_by_its_code(draft, edition, client, api_of, coordination):
    assert client.get("/api/v1/problem-areas/?framework=2027").status_code == 400
    add_node(
        actor=coordination,
        framework=draft,
        kind=NodeKind.PROBLEM_AREA,
        parent=draft.nodes.get(kind="priority_axis", code="EP2"),
        code="2.2",
        wording="EMPREGO JOVEM",
    )
    put_in_force(actor=coordination, framework=draft, act="Deliberação")
    assert client.get("/api/v1/problem-areas/?count=exact").json()["count"] == 10
    old = client.get("/api/v1/problem-areas/1.1/?framework=2014").json()
    assert old["framework"]["id"] == "2014"
    assert client.get(old["parent"]["url"]).json()["framework"]["id"] == "2014"
    body = client.get("/api/v1/frameworks/2027/difference/?with=2014").json()
    assert (body["count"], [each["code"] for each in body["added"]], body["added"][0]["parent"]) == (1, ["2.2"], "EP2")
    assert client.get("/api/v1/frameworks/2027/difference/").status_code == 400
    assert [row["code"] for row in client.get("/api/v1/frameworks/").json()["results"]] == ["2027", "2014"]


def test_an_edition_carries_an_entity_tag(edition, client):
    first = client.get("/api/v1/frameworks/2014/")
    assert client.get("/api/v1/frameworks/2014/", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_the_admin_reads_and_does_not_write(edition, client_of, coordination):
    browser = client_of(coordination)
    for name in ("framework", "node", "problemarea", "crossreference", "erratum", "localplan"):
        assert browser.get(f"/admin/axes/{name}/").status_code == 200
        assert browser.get(f"/admin/axes/{name}/add/").status_code == 403
    node = edition.nodes.first()
    assert browser.get(f"/admin/axes/node/{node.pk}/change/").status_code == 200
    assert timezone.now() - edition.updated_at < timedelta(minutes=5)

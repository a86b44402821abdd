"""Local plans: entering, changing, publishing, documents, import and export, and who may."""

import csv
import io
import json
import zipfile
from datetime import date

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from axes.actions.founding import load_framework
from axes.actions.local_plans import (
    add_local_plan,
    edit_local_plan,
    publish_local_plan,
    remove_local_plan,
    set_document,
)
from axes.exchange.local_plans import COLUMNS, read_local_plans, rows_of
from axes.models import LocalPlan, Node
from axes.queries.framework import FOUNDING_EDITION, problem_areas_for_plans
from axes.queries.local_plans import PlanData
from axes.tasks.local_plans import KIND
from refamp.accounts.actions import make_token
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.jobs.actions import import_now, undo_upload
from refamp.jobs.actions.work import execute_job
from refamp.jobs.models import Job
from refamp.territory.models import Municipality
from tests.factories import AssignmentFactory, LocalPlanFactory, MunicipalityFactory, NodeFactory

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def docx(**more):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml", *more):
            archive.writestr(name, "<x/>")
    return file.getvalue()


@pytest.fixture
def edition(db):
    return load_framework(actor=None, data=json.loads(FOUNDING_EDITION.read_text(encoding="utf-8")))[0]


@pytest.fixture
def area(edition):
    return edition.nodes.get(kind="problem_area", code="1.1")


def data(municipality, **more):
    return PlanData(
        **{"municipality": municipality, "kind": "development_plan", "title": "PDS", "starts_on": date(2026, 1, 1)}
        | more
    )


@pytest.fixture
def plan(technician, municipality, area):
    return add_local_plan(
        actor=technician, data=data(municipality, priorities=[("Isolamento", area), ("Transportes", None)])
    )


def test_a_plan_is_private_until_it_is_published(  # noqa: PLR0917 - fixtures
    plan, technician, other_technician, coordination, local_network, client_of
):
    path = f"/planos-locais/{plan.public_id}/"
    for who, status in (
        (None, 404),
        (other_technician, 404),
        (technician, 200),
        (local_network, 200),
        (coordination, 200),
    ):
        assert client_of(who).get(path).status_code == status
    publish_local_plan(actor=technician, plan=plan, published=True)
    assert client_of(None).get(path).status_code == 200
    assert client_of(other_technician).get(f"{path}alterar/").status_code == 403
    assert client_of(other_technician).post(f"{path}publicar/", {"published": "no"}).status_code == 403
    assert client_of(other_technician).post(f"{path}retirar/").status_code == 403


def test_only_for_ones_own_municipality(  # noqa: PLR0917 - fixtures
    technician, other_municipality, local_network, municipality, councillor, area
):
    with pytest.raises(NotAllowed):
        add_local_plan(actor=technician, data=data(other_municipality))
    with pytest.raises(NotAllowed):
        add_local_plan(actor=councillor, data=data(municipality))
    mine = add_local_plan(actor=local_network, data=data(municipality))
    with pytest.raises(NotAllowed):
        edit_local_plan(actor=local_network, plan=mine, version=1, data=data(other_municipality))


def test_a_plan_is_entered_through_the_page(client_of, technician, municipality, other_municipality, area):
    browser = client_of(technician)
    assert browser.get("/planos-locais/novo/").status_code == 200
    form = {
        "municipality": municipality.code,
        "kind": "diagnosis",
        "title": "Diagnóstico social",
        "starts_on": "2026-01-01",
        "ends_on": "2028-12-31",
        "link": "",
        "document": SimpleUploadedFile("../../diagnóstico.pdf", PDF),
        "priorities-TOTAL_FORMS": "3",
        "priorities-INITIAL_FORMS": "0",
        "priorities-0-wording": "Isolamento",
        "priorities-0-problem_area": str(area.public_id),
        "priorities-1-wording": "",
        "priorities-2-wording": "Transportes",
    }
    response = browser.post("/planos-locais/novo/", form)
    assert response.status_code == 302
    plan = LocalPlan.objects.get()
    assert list(plan.priorities.values_list("order", "wording", "problem_area__code")) == [
        (1, "Isolamento", "1.1"),
        (2, "Transportes", None),
    ]
    assert plan.document_name == "diagnóstico.pdf"
    assert "diagn" not in plan.document.name
    download = browser.get(f"/planos-locais/{plan.public_id}/documento/")
    assert b"".join(download.streaming_content) == PDF
    assert download["Content-Disposition"].startswith("attachment")
    assert client_of(None).get(f"/planos-locais/{plan.public_id}/documento/").status_code == 404
    again = browser.post("/planos-locais/novo/", form | {"document": ""})
    assert again.status_code == 200
    assert LocalPlan.objects.count() == 1
    foreign = browser.post("/planos-locais/novo/", form | {"document": "", "municipality": other_municipality.code})
    assert foreign.status_code == 200
    assert LocalPlan.objects.count() == 1


def test_a_stale_save_shows_both_and_loses_nothing(client_of, technician, plan, municipality):
    edit_local_plan(actor=technician, plan=plan, version=1, data=data(municipality, title="De outra pessoa"))
    form = {
        "version": 1,
        "municipality": municipality.code,
        "kind": "development_plan",
        "title": "O meu",
        "starts_on": "2026-01-01",
        "priorities-TOTAL_FORMS": "0",
        "priorities-INITIAL_FORMS": "0",
    }
    page = client_of(technician).post(f"/planos-locais/{plan.public_id}/alterar/", form).content.decode()
    assert "De outra pessoa" in page
    assert "O meu" in page
    assert 'name="version" value="2"' in page
    assert LocalPlan.objects.get().title == "De outra pessoa"


def test_the_edit_page_shows_what_is_there(client_of, technician, plan):
    page = client_of(technician).get(f"/planos-locais/{plan.public_id}/alterar/").content.decode()
    assert "Isolamento" in page
    assert "selected" in page


def test_saving_the_same_changes_nothing(technician, plan, municipality, area):
    same = data(municipality, priorities=[("Isolamento", area), ("Transportes", None)])
    assert edit_local_plan(actor=technician, plan=plan, version=1, data=same).version == 1
    assert not Event.objects.filter(action="local_plan.edited").exists()
    with pytest.raises(Stale):
        edit_local_plan(actor=technician, plan=plan, version=9, data=same)


def test_what_the_rules_refuse(technician, plan, municipality, area, edition):
    with pytest.raises(Refused) as caught:
        add_local_plan(actor=technician, data=data(municipality))
    assert caught.value.field == "starts_on"
    with pytest.raises(Refused) as caught:
        add_local_plan(actor=technician, data=data(municipality, starts_on=date(2027, 1, 1), ends_on=date(2026, 1, 1)))
    assert caught.value.field == "ends_on"
    axis = edition.nodes.get(kind="priority_axis", code="EP1")
    with pytest.raises(Refused):
        add_local_plan(actor=technician, data=data(municipality, starts_on=date(2027, 1, 1), priorities=[("x", axis)]))
    publish_local_plan(actor=technician, plan=plan, published=True)
    with pytest.raises(Refused):
        remove_local_plan(actor=technician, plan=plan)


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("a.pdf", PDF, "a.pdf"),
        ("a.exe", PDF, "a.pdf"),
        ("a.docx", docx(), "a.docx"),
        ("a.docx", docx(**{"word/vbaProject.bin": 1}), None),
        ("a.docx", b"PK\x03\x04broken", None),
        ("a.pdf", b"<html><script>1</script></html>", None),
        ("a.pdf", b"", None),
    ],
)
def test_documents_are_known_by_their_content(technician, plan, name, content, kept):
    file = SimpleUploadedFile(name, content)
    if kept is None:
        with pytest.raises(Refused):
            set_document(actor=technician, plan=plan, version=1, file=file, name=name)
    else:
        assert set_document(actor=technician, plan=plan, version=1, file=file, name=name).document_name == kept


def test_a_document_that_is_too_large_is_refused(technician, plan, monkeypatch):
    monkeypatch.setattr("axes.actions.local_plans.DOCUMENT_MAX_BYTES", 10)
    with pytest.raises(Refused):
        set_document(actor=technician, plan=plan, version=1, file=SimpleUploadedFile("a.pdf", PDF), name="a.pdf")


def exported(browser, query=""):
    response = browser.get(f"/planos-locais/exportar.csv{query}")
    return b"".join(response.streaming_content)


def bring(actor, content, name="planos.csv"):
    return import_now(actor=actor, kind=KIND, file=io.BytesIO(content), name=name)


def test_an_export_imports_unchanged(client_of, technician, plan, municipality):
    plan.priorities.filter(order=2).update(wording="=HYPERLINK(1)")
    content = exported(client_of(technician))
    upload = bring(technician, content)
    assert (upload.state, upload.problems) == ("done", [])
    assert {key: upload.outcome[key] for key in ("added", "changed", "unchanged")} == {
        "added": 0,
        "changed": 0,
        "unchanged": 1,
    }
    assert LocalPlan.objects.get().version == 1
    sheet = b"".join(client_of(technician).get("/planos-locais/exportar.xlsx").streaming_content)
    again = bring(technician, sheet, "planos.xlsx")
    assert (again.state, again.problems, again.outcome["unchanged"]) == ("done", [], 1)


def test_the_export_is_what_the_list_shows(client_of, technician, plan, municipality):
    LocalPlanFactory(municipality=municipality, kind="diagnosis", starts_on=date(2020, 1, 1))
    rows = list(csv.DictReader(io.StringIO(exported(client_of(technician), "?kind=diagnosis").decode())))
    assert [(row["kind"], row["priority"]) for row in rows] == [("diagnosis", "")]
    rows = list(csv.DictReader(io.StringIO(exported(client_of(technician), "?problem_area=1.1").decode())))
    assert [row["priority"] for row in rows] == ["Isolamento", "Transportes"]
    assert client_of(technician).get("/planos-locais/?problem_area=1.1").status_code == 200


FILE = """municipio;tipo;titulo;inicio;fim;prioridade;problematica
{code};PDS;Plano novo;01/01/2030;;Solidão;1.1
{code};PDS;Plano novo;01/01/2030;;Renda;3,1
;;;;;;
{code};diagnóstico;Diagnóstico;2029-01-01;2029-12-31;;
"""


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_a_file_is_imported_and_undone(technician, plan, municipality):
    upload = bring(technician, FILE.format(code=municipality.code.lstrip("0")).encode("cp1252"))
    assert (upload.state, upload.problems, upload.rows) == ("done", [], 3)
    added = LocalPlan.objects.get(title="Plano novo")
    assert list(added.priorities.values_list("wording", "problem_area__code")) == [("Solidão", "1.1"), ("Renda", "3.1")]
    undone = undo_upload(actor=technician, upload=upload)
    execute_job(public_id=undone.job.public_id)
    upload.refresh_from_db()
    assert upload.state == "undone"
    assert [one.title for one in LocalPlan.objects.all()] == ["PDS"]


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_an_import_changes_what_differs_and_undo_puts_it_back(client_of, technician, plan):
    content = exported(client_of(technician)).decode().replace("Isolamento", "Solidão")
    upload = bring(technician, content.encode())
    assert upload.outcome["changed"] == 1
    assert plan.priorities.first().wording == "Solidão"
    execute_job(public_id=undo_upload(actor=technician, upload=upload).job.public_id)
    assert plan.priorities.first().wording == "Isolamento"
    assert plan.priorities.first().problem_area.code == "1.1"


def test_wrong_rows_reject_the_whole_file_with_their_reasons(technician, municipality, other_municipality, edition):
    rows = [
        ["9999", "PDS", "a", "2030-01-01", "", "", "x", ""],
        [municipality.code, "romance", "a", "2030-01-01", "", "", "x", ""],
        [municipality.code, "PDS", "", "2030-01-01", "", "", "x", ""],
        [municipality.code, "PDS", "a", "ontem", "", "", "x", ""],
        [municipality.code, "PDS", "a", "2030-01-01", "2029-01-01", "", "x", ""],
        [municipality.code, "PDS", "a", "2030-01-01", "", "nada", "x", ""],
        [municipality.code, "PDS", "a", "2030-01-01", "", "", "x", "9.9"],
        [municipality.code, "PDS", "a", "2030-01-01", "", "", "", "1.1"],
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS), index=range(2, 10))
    found = read_local_plans(table, places=Municipality.objects.all(), areas=problem_areas_for_plans())
    assert [(one["row"], one["column"], one["code"]) for one in found.problems] == [
        (2, "municipality", "unknown_municipality"),
        (3, "kind", "unknown_kind"),
        (4, "title", "missing"),
        (5, "starts_on", "not_a_day"),
        (6, "ends_on", "dates"),
        (7, "link", "not_an_address"),
        (8, "problem_area", "unknown_problem_area"),
        (9, "priority", "missing"),
    ]
    upload = bring(technician, FILE.format(code=other_municipality.code).encode())
    assert (upload.state, [one["code"] for one in upload.problems]) == ("rejected", ["not_your_municipality"])
    assert not LocalPlan.objects.exists()


def test_the_import_page_keeps_the_file_and_shows_what_it_would_do(client_of, technician, edition, municipality):
    browser = client_of(technician)
    assert browser.get("/planos-locais/importar/").status_code == 200
    file = SimpleUploadedFile("planos.csv", FILE.format(code=municipality.code).encode())
    response = browser.post("/planos-locais/importar/", {"file": file})
    assert response.status_code == 302
    assert browser.get(response.url).status_code == 200


def test_rows_of_an_export_follow_the_order_of_priorities(plan):
    assert [(row["priority"], row["problem_area"]) for row in rows_of([plan])] == [
        ("Isolamento", "1.1"),
        ("Transportes", None),
    ]


def test_lists_ask_the_same_number_of_times_at_one_and_at_three(client, area, django_assert_num_queries):
    def published():
        plan = LocalPlanFactory(published_at=timezone.now())
        plan.priorities.create(order=1, wording="x", problem_area=area)

    for _count in (1, 3):
        published()
        with django_assert_num_queries(6):
            assert client.get("/planos-locais/").status_code == 200
        with django_assert_num_queries(3):
            assert client.get("/api/v1/local-plans/").status_code == 200
        published()


def test_a_long_list_is_paged(client, db):
    for _number in range(52):
        LocalPlanFactory(published_at=timezone.now())
    page = client.get("/planos-locais/").content.decode()
    assert page.count("<tr>") == 51
    cursor = page.split("cursor=")[1].split('"')[0]
    assert client.get(f"/planos-locais/?cursor={cursor}").content.decode().count("<tr>") == 3


# API -----------------------------------------------------------------------------------------------------------------


def test_a_plan_is_written_and_read_over_the_api(api_of, technician, municipality, other_municipality, area):
    api = api_of(technician)
    body = {
        "municipality": municipality.code,
        "kind": "yearly_plan",
        "title": "Plano de ação",
        "starts_on": "2026-01-01",
        "priorities": [{"wording": "Isolamento", "problem_area": "1.1"}, {"wording": "Transportes"}],
    }
    made = api.post("/api/v1/local-plans/", body, format="json")
    assert made.status_code == 201, made.content
    plan = made.json()
    assert plan["municipality"]["id"] == municipality.code
    assert [(each["wording"], (each["problem_area"] or {}).get("id")) for each in plan["priorities"]] == [
        ("Isolamento", "1.1"),
        ("Transportes", None),
    ]
    path = f"/api/v1/local-plans/{plan['id']}/"
    assert api_of(None).get(path).status_code == 404
    assert api.patch(path, {"title": "x"}, format="json").status_code == 428
    tag = made["ETag"]
    changed = api.patch(path, {"title": "Outro", "is_published": True}, format="json", headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["title"], changed.json()["is_published"]) == (200, "Outro", True)
    assert len(changed.json()["priorities"]) == 2
    assert api.patch(path, {"title": "x"}, format="json", headers={"If-Match": tag}).status_code == 412
    assert api_of(None).get(path).json()["title"] == "Outro"
    assert (
        api.post("/api/v1/local-plans/", body | {"municipality": other_municipality.code}, format="json").status_code
        == 403
    )
    assert api.post("/api/v1/local-plans/", body, format="json").status_code in {400, 409}
    assert api.post("/api/v1/local-plans/", body | {"kind": "romance"}, format="json").status_code == 400
    assert api_of(None).post("/api/v1/local-plans/", body, format="json").status_code in {401, 403}


def test_another_municipality_cannot_change_a_published_plan(api_of, plan, technician, other_technician):
    api = api_of(other_technician)
    path = f"/api/v1/local-plans/{plan.public_id}/"
    assert api.patch(path, {"title": "x"}, format="json", headers={"If-Match": "*"}).status_code == 404
    publish_local_plan(actor=technician, plan=plan, published=True)
    assert api.patch(path, {"title": "x"}, format="json", headers={"If-Match": "*"}).status_code == 403


# The database --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            "one_local_plan_of_a_kind_per_start",
            "UPDATE axes_localplan SET starts_on = '2020-01-01', kind = 'diagnosis'",
        ),
        ("local_plan_kind_is_known", "UPDATE axes_localplan SET kind = 'x'"),
        ("local_plan_ends_after_it_begins", "UPDATE axes_localplan SET ends_on = '1990-01-01'"),
        ("one_priority_per_place_in_a_local_plan", 'UPDATE axes_localplanpriority SET "order" = 1'),
    ],
)
def test_the_database_refuses(plan, municipality, name, change):
    LocalPlanFactory(municipality=municipality)
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert caught.value.__cause__.diag.constraint_name == name


def test_a_problem_area_that_a_plan_points_at_is_not_dropped(technician, municipality, coordination):
    node = NodeFactory(kind="problem_area")
    LocalPlanFactory(municipality=municipality).priorities.create(order=1, wording="x", problem_area=node)
    with pytest.raises(Exception, match="referenced"):
        Node.objects.filter(pk=node.pk).delete()


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_a_file_sent_by_a_token_of_one_municipality_is_carried_out_for_it_only(  # noqa: PLR0917 - fixtures
    technician, coordination, municipality, other_municipality, edition, client
):
    """The worker holds no token: it must not do with the account's other roles what the token may not."""
    for owner in (technician, coordination):
        AssignmentFactory(user=owner, municipality=other_municipality)
        if owner is coordination:
            AssignmentFactory(user=owner, municipality=municipality)
        _row, token = make_token(
            actor=owner, owner=owner, name="x", scopes=["read", "write:axes"], days=1, municipality=municipality
        )
        headers = {"Authorization": f"Bearer {token}"}
        states = []
        for place in (municipality, other_municipality):
            text = f"municipality,kind,title,starts_on\n{place.code},diagnosis,Plano,2031-01-01\n"
            sent = client.post(
                "/api/v1/local-plans/imports/",
                {"file": SimpleUploadedFile("p.csv", text.encode(), "text/csv")},
                headers=headers,
            )
            assert sent.status_code == 202, sent.content
            for job in Job.objects.filter(state="queued", kind__startswith="jobs."):
                execute_job(public_id=job.public_id)
            found = client.get(sent["Location"], headers=headers).json()
            states.append((found["state"], [each["code"] for each in found["problems"]]))
        assert states == [("checked", []), ("rejected", ["not_your_municipality"])]


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_who_no_longer_writes_for_a_municipality_undoes_nothing_there(technician, edition, municipality, client_of):
    text = f"municipality,kind,title,starts_on\n{municipality.code},diagnosis,Plano,2031-01-01\n"
    upload = bring(technician, text.encode())
    technician.assignments.update(municipality=MunicipalityFactory())
    technician = type(technician).objects.get(pk=technician.pk)
    execute_job(public_id=undo_upload(actor=technician, upload=upload).job.public_id)
    upload.refresh_from_db()
    assert upload.state == "done"
    assert LocalPlan.objects.filter(title="Plano").exists()

"""Plans, actions, the matrix and programmes in the browser and over the API: who sees what, and that it works."""

import io
import json
from datetime import date
from decimal import Decimal

import pgtrigger
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from refamp.base.errors import Refused
from refamp.jobs.actions import confirm_upload, create_upload
from refamp.jobs.actions.uploads import apply_upload, check_upload, spec
from refamp.jobs.models import Upload
from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    BudgetLineFactory,
    PartnerFactory,
    PlanAmendmentFactory,
    ProgrammeFactory,
    RiskFactory,
)
from tests.units.planning import YEAR, content, decide, deliberation, told, world
from units.actions.amendments import draft_amendment, edit_amendment
from units.actions.plan_drafts import draft_plan, edit_plan, save_action
from units.actions.progress import override_status, recompute_progress
from units.choices import LONGEST_TEXT, PlanState
from units.exchange.plans import SHEETS, workbook
from units.forms.plans import BudgetForm
from units.formulas.plans import canonical
from units.models import Action, ActionPlan, BudgetLine, Deliberation, PlanVersion
from units.queries.plan_content import content_of, content_of_action
from units.queries.plans import money_of
from units.queries.reasons import told as told_why
from units.tasks.plans import KIND

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return world()


def approved(here, **changes):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano aprovado")
    save_action(actor=here.member, plan=plan, content=content(here.response, title="Ação pública", **changes))
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=plan))
    plan.refresh_from_db()
    return plan


def draft(here):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR + 1, title="Plano secreto")
    action = save_action(
        actor=here.member, plan=plan, content=content(here.other_response, year=YEAR + 1, title="Ação secreta")
    )
    return plan, action


def plan_addresses(plan):
    names = ("plan", "plan_versions", "plan_workbook")
    return [reverse(f"units:{name}", args=[plan.public_id]) for name in names] + [
        reverse("api:plans-detail", args=[plan.public_id])
    ]


def action_addresses(action):
    return [
        reverse("units:action", args=[action.public_id]),
        reverse("units:action_sheet", args=[action.public_id]),
        reverse("api:actions-detail", args=[action.public_id]),
    ]


def test_a_draft_does_not_exist_for_strangers_and_is_in_no_list_search_matrix_or_export(here, client_of):
    plan, action = draft(here)
    approved(here)
    outside = ["outsider", "councillor", "other_member", "reviewer"]
    for who in [None, *(getattr(here, name) for name in outside)]:
        client = client_of(who)
        for address in plan_addresses(plan) + action_addresses(action):
            assert client.get(address).status_code == 404, (who, address)
        for address in (
            "/planos/", "/acoes/", "/planos/matriz/?year=all&drafts=on",
            "/planos/matriz/exportar.csv?year=all&drafts=on",
            "/api/v1/plans/", "/api/v1/actions/", "/api/v1/actions/?search=secreta", "/api/v1/actions/?format=csv",
            "/programas/", reverse("units:serving", args=[here.other_response.public_id]),
        ):  # fmt: skip
            answer = client.get(address)
            body = answer.getvalue() if answer.streaming else answer.content
            assert answer.status_code == 200, address
            assert b"secret" not in body, (who, address)
    for address in plan_addresses(plan) + action_addresses(action):
        assert client_of(here.colleague).get(address).status_code == 200, address


def test_writing_doors_are_shut_to_who_has_no_mandate(here, client_of):
    plan = approved(here)
    action = plan.actions.get()
    milestone = action.milestones.first()
    doors = [
        reverse("units:action_cancel", args=[action.public_id]),
        reverse("units:action_override", args=[action.public_id]),
        reverse("units:milestone_report", args=[action.public_id, milestone.public_id]),
        reverse("units:amendment_add", args=[plan.public_id]),
        reverse("units:action_step", args=[action.public_id, "iniciar"]),
        reverse("units:plan_step", args=[plan.public_id, "iniciar"]),
    ]
    for address in doors:
        for who in (here.outsider, here.other_member, here.reviewer):
            post = {"reason": "x", "progress": 5, "status": "late", "until": "2099-01-01"}
            assert client_of(who).post(address, post).status_code == 403, address
        assert client_of(None).post(address).status_code == 302
    action.refresh_from_db()
    assert (action.state, action.overrides.count(), plan.amendments.count()) == ("planned", 0, 0)


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_the_same_number_of_queries_at_1_and_3(here, client_of, rows, django_assert_num_queries):
    for number in range(rows):
        plan = ActionPlanFactory(unit=here.unit, year=YEAR - number, state=PlanState.APPROVED)
        action = ActionFactory(plan=plan, nodes=[here.response])
        BudgetLineFactory(action=action)
        RiskFactory(action=action)
        ProgrammeFactory()
    recompute_progress()
    client = client_of(None)
    for address, queries in (
        ("/planos/", 3),
        ("/acoes/", 9),
        ("/planos/matriz/", 7),
        ("/programas/", 3),
        ("/api/v1/plans/", 3),
        ("/api/v1/actions/", 9),
        ("/api/v1/programmes/", 1),
    ):
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200, address


def test_pages_of_a_plan_and_an_action_stay_within_twelve_queries(here, client_of, django_assert_max_num_queries):
    plan = approved(here)
    client = client_of(here.member)
    client.get("/")
    for address in (
        reverse("units:plan", args=[plan.public_id]),
        reverse("units:action", args=[plan.actions.get().public_id]),
        reverse("units:plan_versions", args=[plan.public_id]),
        reverse("units:plan_version", args=[plan.public_id, 1]),
        reverse("units:plan_compare", args=[plan.public_id]),
        reverse("units:serving", args=[here.axis.public_id]),
    ):
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200, address


def test_the_form_pages_stay_within_twelve_queries_and_save(here, client_of, django_assert_max_num_queries):
    _plan, action = draft(here)
    client = client_of(here.member)
    edit = reverse("units:action_edit", args=[action.public_id])
    with django_assert_max_num_queries(12):
        page = client.get(edit)
    assert page.status_code == 200
    form = page.context["form"]
    data = {
        f"{name}-{part}_FORMS": n
        for name in ("milestones", "budget", "risks")
        for part, n in (("TOTAL", 0), ("INITIAL", 0))
    }
    data |= {name: value for name, value in form.initial.items() if value not in (None, "")}
    data |= {"title": "Outro título", "scope": "intermunicipal"}
    refused = client.post(edit, data)
    assert refused.status_code == 200
    assert "municipalities" in refused.context["form"].errors
    saved = client.post(edit, data | {"municipalities": [place.code for place in here.places[:2]]})
    assert saved.status_code == 302
    action.refresh_from_db()
    assert (action.title, action.municipalities.count(), action.version) == ("Outro título", 2, 2)
    stale = client.post(edit, data | {"scope": "supramunicipal", "municipalities": [], "title": "Terceiro"})
    assert stale.status_code == 200
    assert [row["yours"] for row in stale.context["stale"] if row["saved"] == "Outro título"] == ["Terceiro"]


def test_the_sheet_is_a_tagged_pdf_that_takes_text_as_text(here, client_of):
    plan = approved(here, description="#panic() $x$ *não* é _marcação_ @ref <a>", target_group='"]; #evil')
    answer = client_of(None).get(reverse("units:action_sheet", args=[plan.actions.get().public_id]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert b"/MarkInfo" in answer.content or b"StructTreeRoot" in answer.content


def test_the_bytes_of_a_version_are_served_as_they_were_kept(here, client_of):
    plan = approved(here)
    answer = client_of(None).get(reverse("units:plan_version_file", args=[plan.public_id, 1]))
    assert answer.content == plan.versions.get().content.encode()


def test_the_matrix_shows_its_holes_and_its_file_says_the_same(here, client_of):
    approved(here)
    client = client_of(None)
    page = client.get("/planos/matriz/")
    found = page.context["matrix"]
    assert (found.served, found.holes) == (1, 2)
    assert [row.node.code for row in client.get("/planos/matriz/?holes=on").context["matrix"].rows] == [
        "1.1.2",
        "AE1.1",
    ]
    assert [row.node.code for row in client.get("/planos/matriz/?axis=AE1").context["matrix"].rows] == ["AE1.1"]
    lines = b"".join(client.get("/planos/matriz/exportar.csv?unit=UE1")).decode().splitlines()
    assert len(lines) == 4
    assert sum(",1," in line for line in lines) == 1
    answer = client.get("/planos/matriz/exportar.xlsx")
    assert answer.content.startswith(b"PK")


def test_a_node_shows_the_actions_that_serve_what_stands_below_it(here, client_of):
    approved(here)
    for node in (here.response, here.area, here.axis):
        assert "Ação pública" in client_of(None).get(reverse("units:serving", args=[node.public_id])).content.decode()
    assert (
        "Ação pública" not in client_of(None).get(reverse("units:serving", args=[here.line.public_id])).content.decode()
    )


@pytest.mark.parametrize(
    ("state", "who"),
    [
        ("draft", {"member"}),
        ("submitted", {"member", "reviewer"}),
        ("opinion_given", {"member", "reviewer"}),
        ("before_council", {"member", "reviewer", "councillor"}),
        ("rejected", {"member", "reviewer", "councillor"}),
        ("approved", {"member", "reviewer", "councillor", "other_member", "outsider"}),
    ],
)
def test_an_amendment_is_seen_by_who_decides_on_it_when_they_do(here, client_of, state, who):
    plan = approved(here)
    made = draft_amendment(actor=here.member, plan=plan, reason="Mais")
    other = ActionPlanFactory(unit=here.unit, year=YEAR - 1, state="approved")
    amendment = PlanAmendmentFactory(plan=other, state=state, content=made.content, created_by=here.member)
    if state == "approved":
        with pgtrigger.ignore("units.PlanVersion:version_is_what_was_decided"):
            for number, of in ((1, None), (2, amendment)):
                kept = {"content": canonical(made.content), "sha256": "", "deliberation": Deliberation.objects.first()}
                PlanVersion.objects.create(plan=other, number=number, amendment=of, **kept)
    address = reverse("units:amendment", args=[amendment.public_id])
    people = ("member", "reviewer", "councillor", "other_member", "outsider")
    assert {name for name in people if client_of(getattr(here, name)).get(address).status_code == 200} == who
    listed = reverse("units:plan_versions", args=[amendment.plan.public_id])
    assert {name for name in people if address in client_of(getattr(here, name)).get(listed).content.decode()} == who


def test_what_municipalities_proposed_is_not_told_of_an_approved_plan(here, api_of):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano")
    save_action(actor=here.member, plan=plan, content=content(here.response))
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL)
    refused_once = deliberation(here, plan=plan)
    refused_once.positions.create(
        municipality=here.places[0], stance="against", proposed_change="POSIÇÃO RESERVADA", author=here.president
    )
    decide(refused_once, "failed")
    plan.refresh_from_db()
    assert "POSIÇÃO RESERVADA" in told_why(plan.return_facts, plan.return_reason)
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=plan))
    for address, query in (("plans-detail", {}), ("plans-list", {}), ("plans-list", {"format": "csv"})):
        args = [plan.public_id] if address == "plans-detail" else []
        answer = api_of(None).get(reverse(f"api:{address}", args=args), query)
        assert answer.status_code == 200
        assert "RESERVADA" not in b"".join(answer).decode()


@pytest.mark.parametrize("field", ["description", "mitigation", "summary"])
def test_texts_of_plans_have_an_end(here, api_of, field):
    plan, _action = draft(here)
    long = "x" * (LONGEST_TEXT + 1)
    client = api_of(here.member)
    if field == "summary":
        with pytest.raises(Refused) as refusal:
            edit_plan(actor=here.member, plan=plan, version=None, title="Plano", summary=long)
        assert refusal.value.code == "too_long"
        data = {"unit": "UE1", "year": YEAR + 5, "title": "T", "summary": long}
        answer = client.post(reverse("api:plans-list"), data, format="json")
    else:
        risk = {"description": "x", "likelihood": "low", "impact": "low", "mitigation": long}
        change = {"description": long} if field == "description" else {"risks": [risk]}
        with pytest.raises(Refused) as refusal:
            save_action(actor=here.member, plan=plan, content=content(here.response, year=YEAR + 1, **change))
        assert refusal.value.code == "too_long"
        data = {"plan": str(plan.public_id), "title": "T", "scope": "supramunicipal", "serves": ["1.1.1"],
                "starts_on": f"{YEAR + 1}-01-01", "ends_on": f"{YEAR + 1}-12-31", **change}  # fmt: skip
        answer = client.post(reverse("api:actions-list"), data, format="json")
    assert answer.status_code in {400, 422}, answer.content


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("12 500,50", "12500.50"), ("12\xa0500,50 €", "12500.50"), ("12.500,50", "12500.50"), ("12500.5", "12500.50")],
)
def test_money_is_typed_as_the_platform_writes_it(here, typed, kept):
    form = BudgetForm({"year": YEAR, "source": "municipal", "amount": typed})
    assert form.is_valid(), form.errors
    assert Decimal(form.told()["amount"]) == Decimal(kept)


@pytest.mark.parametrize("typed", ["12.500", "doze", "1,2,3", "-5"])
def test_money_that_could_mean_two_things_is_asked_again(here, typed):
    assert not BudgetForm({"year": YEAR, "source": "municipal", "amount": typed}).is_valid()


def form_data(**changes):
    data = {"title": "Nova", "scope": "supramunicipal", "weight": "1,5", "code": ""}
    data |= {"starts_on": f"{YEAR + 1}-01-01", "ends_on": f"{YEAR + 1}-12-31"}
    for part in ("milestones", "budget", "risks"):
        data |= {f"{part}-TOTAL_FORMS": "2", f"{part}-INITIAL_FORMS": "0"}
    return data | changes


def test_more_rows_come_without_anything_being_saved_or_lost(here, client_of):
    plan, _action = draft(here)
    address = reverse("units:action_add", args=[plan.public_id])
    typed = {"milestones-0-title": "Primeiro marco", "more": "milestones", "title": ""}
    page = client_of(here.member).post(address, form_data(**typed)).content.decode()
    assert 'name="milestones-4-title"' in page
    assert 'name="budget-2-amount"' not in page
    assert 'value="Primeiro marco"' in page
    assert 'role="alert"' not in page, "nothing is wrong yet"
    assert page.count("autofocus") == 1
    assert plan.actions.count() == 1


def test_what_is_wrong_in_a_row_is_said_at_the_top_with_a_link_to_it(here, client_of):
    plan, _action = draft(here)
    wrong = {"serves": str(here.response.lineage), "milestones-0-title": "Marco", "milestones-0-due_on": "1999-01-01",
             "budget-1-amount": "muito", "budget-1-year": YEAR + 1, "budget-1-source": "municipal"}  # fmt: skip
    client, address = client_of(here.member), reverse("units:action_add", args=[plan.public_id])
    assert 'href="#id_budget-1-amount"' in client.post(address, form_data(**wrong)).content.decode()
    wrong["budget-1-amount"] = "1 000,50"
    assert 'href="#id_milestones-0-due_on"' in client.post(address, form_data(**wrong)).content.decode()
    wrong["milestones-0-due_on"] = f"{YEAR + 1}-06-30"
    assert client.post(address, form_data(**wrong)).status_code == 302
    made = plan.actions.get(title="Nova")
    assert (made.weight, made.budget.get().amount) == (Decimal("1.50"), Decimal("1000.50"))
    page = client.get(reverse("units:action_edit", args=[made.public_id])).content.decode()
    assert 'value="1000,50"' in page
    assert 'value="1,50"' in page


# The API --------------------------------------------------------------------------------------------------------------


def test_the_api_says_what_an_action_is_and_how_far(here, api_of):
    later = {"title": "Marco", "id": None, "weight": "1.00", "due_on": f"{YEAR + 1}-11-30"}
    plan = approved(here, starts_on=f"{YEAR}-12-01", ends_on=f"{YEAR + 1}-12-31", milestones=[later])
    answer = api_of(None).get("/api/v1/actions/").json()
    (row,) = answer["results"]
    assert row["serves"][0]["id"] == here.response.code
    assert (row["progress"], row["progress_status"], row["status"]) == ("0.00", None, "not_started")
    assert row["budget"] == [{"year": YEAR, "source": "municipal", "amount": "1000.00"}]
    assert row["plan"]["id"] == str(plan.public_id)
    (one,) = api_of(None).get("/api/v1/plans/").json()["results"]
    assert (one["state"], one["actions"], one["versions"], one["budget"]) == ("approved", 1, 1, "1000.00")
    assert api_of(None).get("/api/v1/actions/?nonsense=1").status_code == 400
    assert api_of(None).get("/api/v1/actions/?status=late").json()["results"] == []
    assert len(api_of(None).get(f"/api/v1/actions/?serves={here.response.code}&unit=UE1").json()["results"]) == 1


def test_the_api_drafts_a_plan_and_its_actions_for_members_alone(here, api_of):
    new = {"unit": "UE1", "year": YEAR + 1, "title": "Por máquina"}
    assert api_of(here.outsider).post("/api/v1/plans/", new, format="json").status_code == 403
    assert api_of(here.other_member).post("/api/v1/plans/", new, format="json").status_code == 403
    api = api_of(here.member)
    made = api.post("/api/v1/plans/", new, format="json")
    assert made.status_code == 201, made.content
    body = {
        "plan": made.json()["id"], "title": "Ação", "scope": "intermunicipal", "serves": [here.response.code],
        "municipalities": [here.places[0].code], "starts_on": f"{YEAR + 1}-01-01", "ends_on": f"{YEAR + 1}-06-30",
        "milestones": [{"title": "Marco", "due_on": f"{YEAR + 1}-05-01"}],
    }  # fmt: skip
    refused = api.post("/api/v1/actions/", body, format="json")
    assert refused.status_code in {400, 409, 422}, refused.content
    body["municipalities"].append(here.places[1].code)
    action = api.post("/api/v1/actions/", body, format="json")
    assert action.status_code == 201, action.content
    address = f"/api/v1/actions/{action.json()['id']}/"
    assert api.patch(address, {"title": "Outra"}, format="json").status_code == 428
    changed = api.patch(address, {"title": "Outra"}, format="json", headers={"If-Match": action["ETag"]})
    assert (changed.status_code, changed.json()["title"]) == (200, "Outra"), changed.content
    assert api.patch(address, {"title": "X"}, format="json", headers={"If-Match": action["ETag"]}).status_code == 412
    assert api_of(here.outsider).get(address).status_code == 404


# Workbooks ------------------------------------------------------------------------------------------------------------


def sent(here, plan, file, *, by=None):
    upload = create_upload(actor=by or here.member, kind=KIND, target=str(plan.public_id), file=file, name="plano.xlsx")
    check_upload(upload=upload)
    upload.refresh_from_db()
    return upload


def carried_out(here, upload):
    confirm_upload(actor=here.member, upload=upload)
    upload.refresh_from_db()
    apply_upload(upload=upload)
    upload.refresh_from_db()
    return upload


def file_of(content):
    with workbook(content) as file:
        return SimpleUploadedFile("plano.xlsx", file.read())


def written(**sheets):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    book.close()
    return SimpleUploadedFile("plano.xlsx", out.getvalue())


def rich(here):
    plan, _action = draft(here)
    partner = PartnerFactory(name="=Parceiro; com sinais")
    programme = ProgrammeFactory(unit=here.unit)
    save_action(
        actor=here.member,
        plan=plan,
        content=content(
            here.response, here.line, year=YEAR + 1, title="=2+2 «aspas»", description="Linha 1\nLinha 2",
            scope="intermunicipal", municipalities=[p.code for p in here.places], lead=here.places[0].code,
            partners=[{"id": str(partner.public_id)}], programme=programme.code, weight="2.50",
            budget=[{"year": YEAR + 1, "source": "european", "amount": "123456789012.34"}],
        ),
    )  # fmt: skip
    return plan


def test_a_workbook_imports_back_unchanged(here):
    plan = rich(here)
    before = canonical(content_of(plan))
    upload = sent(here, plan, file_of(content_of(plan)))
    assert (upload.problems, upload.state) == ([], "checked")
    assert [count["value"] for count in upload.summary["counts"]] == [0, 0, 0, 2]
    carried_out(here, upload)
    assert upload.state == "done"
    assert canonical(content_of(plan)) == before
    assert list(SHEETS) == ["plan", "actions", "milestones", "budget", "risks"]


def test_a_year_written_in_excel_is_previewed_imported_and_undone(here):
    plan = rich(here)
    before = canonical(content_of(plan))
    kept = plan.actions.get(title="Ação secreta")
    file = written(
        Plano=[["Título", "Resumo"], ["Plano em Excel", "Escrito à mão"]],
        Ações=[
            ["Código", "Título", "Âmbito", "Serve", "Municípios", "Início", "Fim", "Peso"],
            [kept.code, "Ação secreta", "supramunicipal", here.response.code, "", f"01/02/{YEAR + 1}",
             f"{YEAR + 1}-12-31", 2],
            ["B1", "Nova", "Intermunicipal", f"{here.line.code}; {here.response.code}",
             f"{here.places[0].name}; {here.places[1].code}", f"{YEAR + 1}-01-01", f"{YEAR + 1}-12-31", "1,5"],
        ],
        Marcos=[["Ação", "Marco", "Prazo", "Peso"], ["B1", "Único", f"30/06/{YEAR + 1}", 1]],
        Orçamento=[["Ação", "Ano", "Fonte", "Montante"], ["B1", YEAR + 1, "Municípios", "1 250,50 €"]],
        Riscos=[["Ação", "Risco", "Probabilidade", "Impacto"], ["B1", "Atraso", "Média", "Alto"]],
    )  # fmt: skip
    upload = sent(here, plan, file)
    assert upload.problems == []
    assert [count["value"] for count in upload.summary["counts"]] == [1, 1, 1, 0]
    assert canonical(content_of(plan)) == before
    carried_out(here, upload)
    new = Action.objects.get(plan=plan, code="B1")
    assert (new.weight, new.municipalities.count(), new.budget.get().amount) == (Decimal("1.5"), 2, Decimal("1250.50"))
    assert Action.objects.get(plan=plan, code=kept.code).key == kept.key
    plan.refresh_from_db()
    assert plan.title == "Plano em Excel"
    spec(KIND).undo(Upload.objects.get(pk=upload.pk))
    assert canonical(content_of(ActionPlan.objects.get(pk=plan.pk))) == before


def test_every_fault_of_a_workbook_is_told_at_its_row_and_nothing_is_written(here):
    plan = rich(here)
    before = canonical(content_of(plan))
    file = written(
        plan=[["unit", "year", "title"], ["UE9", YEAR + 1, "x"]],
        actions=[
            ["code", "title", "scope", "serves", "municipalities", "starts_on", "ends_on"],
            ["A1", "", "intermunicipal", "9.9.9", "Atlântida", "ontem", f"{YEAR + 1}-12-31"],
            ["A2", "B", "intermunicipal", here.response.code, here.places[0].code, f"{YEAR + 1}-01-01",
             f"{YEAR + 1}-12-31"],
        ],
        milestones=[["action", "title", "due_on"], ["A2", "M", f"{YEAR + 3}-01-01"], ["ZZ", "M", f"{YEAR + 1}-01-01"]],
        budget=[["action", "year", "source", "amount"], ["A2", YEAR + 1, "lotaria", "-5"]],
    )  # fmt: skip
    upload = sent(here, plan, file)
    found = {(p["row"], p["column"], p["code"]) for p in upload.problems}
    assert found >= {
        (2, "plan › unit", "another_plan"),
        (2, "actions › serves", "unknown_node"),
        (2, "actions › municipalities", "unknown_municipality"),
        (2, "actions › starts_on", "not_a_day"),
        (2, "actions › title", "missing"),
        (3, "actions › municipalities", "too_few"),
        (2, "milestones › due_on", "outside"),
        (3, "milestones › action", "unknown_action"),
        (2, "budget › source", "source"),
        (2, "budget › amount", "amount"),
    }
    assert upload.state == "rejected"
    assert canonical(content_of(plan)) == before


ACTIONS = ["Código", "Título", "Âmbito", "Serve", "Início", "Fim", "Peso", "Observações"]
MARKS = ["Ação", "Marco", "Prazo", "Peso"]
MONEY = ["Ação", "Ano", "Fonte", "Montante"]
# 31 December as Excel counts days.
LAST = (date(YEAR + 1, 12, 31) - date(1899, 12, 30)).days


def odd_file(here, *, actions=(), marks=(), money=(), heads=ACTIONS, above=(), **sheets):
    """A workbook as people write them, with one good action `X1`."""
    good = ["X1 ", "  Nova ação", "Supramunicipal ", here.response.code, f"01/02/{YEAR + 1}", LAST, "1,5", "nada"]
    rows = [*above, heads, [], good, *actions]
    return written(**{"Ações": rows, "Marcos": [MARKS, *marks], "Orçamento": [MONEY, *money], **sheets})


@pytest.mark.parametrize(
    ("told", "sheets"),
    [
        ([], {}),
        ([], {"above": [["Plano do próximo ano"], ["(rascunho)"]]}),
        ([], {"marks": [["x1", "Um", f"2/3/{YEAR + 1} ", "2,25"], ["", "Outro", f"3/3/{YEAR + 1}", 1]]}),
        ([], {"money": [["X1", YEAR + 1, "municípios", "1.250,50 €"], ["X1", f"{YEAR + 1}", "privado", 0.1 + 0.2]]}),
        ([], {"Notas": [["só uma"], ["isto", "é", "outra", "coisa"]]}),
        (
            [(4, "Ações › Início", "«amanhã» não é um dia"), (4, "Ações › Peso", "«muito»")],
            {"actions": [["X2", "B", "supramunicipal", "1.1.1", "amanhã", f"30/12/{YEAR + 1}", "muito"]]},
        ),
        ([(2, "Marcos › Prazo", "O dia está em falta")], {"marks": [["X1", "Um", "", 1]]}),
        ([(2, "Marcos › Ação", "«Z9»")], {"marks": [["Z9", "Um", f"2/3/{YEAR + 1}", 1]]}),
        (
            [(2, "Orçamento › Fonte", "lotaria"), (2, "Orçamento › Montante", "«#N/A»"),
             (2, "Orçamento › Ano", "«sim»")],
            {"money": [["X1", "sim", "lotaria", "#N/A"]]},
        ),
        ([(2, "Orçamento › Montante", "duas casas")], {"money": [["X1", YEAR + 1, "privado", 1000 / 3]]}),
        ([(None, "Ações", "«início»")], {"heads": [*ACTIONS[:4], "Começo", *ACTIONS[5:]]}),
        ([(None, "Ações", "«Título» e «title»")], {"heads": [*ACTIONS[:7], "title"]}),
        ([(None, None, "«Ações» e «Actions»")], {"actions": [], "Actions": [ACTIONS]}),
        ([(2, "Riscos › Impacto", "enorme")], {"Riscos": [["Ação", "Risco", "Probabilidade", "Impacto"],
                                                          ["X1", "Chuva", "baixa", "enorme"]]}),
    ],
)  # fmt: skip
def test_odd_workbooks_are_read_or_told_by_their_own_sheets_and_columns(here, told, sheets):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR + 1, title="Plano")
    upload = sent(here, plan, odd_file(here, **sheets))
    found = [(p["row"], p["column"]) for p in upload.problems]
    assert sorted(found, key=str) == sorted([(row, column) for row, column, _words in told], key=str), upload.problems
    for row, column, words in told:
        assert any(words in p["detail"] for p in upload.problems if (p["row"], p["column"]) == (row, column)), (
            upload.problems
        )


def test_what_a_workbook_leaves_out_stays(here):
    plan = rich(here)
    kept = plan.actions.get(title="Ação secreta")
    before = content_of_action(kept)
    file = written(
        Ações=[ACTIONS[:6], [kept.code, "Outro título", before["scope"], before["serves"][0]["code"],
                             before["starts_on"], before["ends_on"]]],
    )  # fmt: skip
    upload = sent(here, plan, file)
    assert upload.problems == []
    assert "Título" in str(upload.summary["preview"]["rows"])
    carried_out(here, upload)
    assert content_of_action(Action.objects.get(pk=kept.pk)) == {**before, "title": "Outro título"}


def test_a_workbook_without_actions_says_which_sheets_it_has(here):
    upload = sent(here, rich(here), written(Folha1=[["Código"], ["A"]]))
    assert "Folha1" in upload.problems[0]["detail"]
    assert "«Ações»" in upload.problems[0]["detail"]


def test_only_members_import_and_only_into_a_draft(here, client_of):
    plan = approved(here)
    address = reverse("units:plan_import", args=[plan.public_id])
    assert client_of(here.member).get(address).status_code == 403
    other, _action = draft(here)
    upload = sent(here, other, file_of(content_of(other)), by=here.other_member)
    assert [p["code"] for p in upload.problems] == ["not_your_unit"]
    assert json.loads(canonical(content_of(other)))["title"] == "Plano secreto"
    assert told(here.response)["code"] == here.response.code


def test_the_sums_of_money_are_the_same_wherever_they_are_shown(here, client_of, api_of):
    lines = [("municipal", "1000.10"), ("european", "0.20")]
    budget = [{"year": YEAR, "source": source, "amount": amount} for source, amount in lines]
    plan = approved(here, budget=budget)
    stopped = ActionFactory(plan=plan, nodes=[here.response], state="cancelled", state_reason="Sem verba")
    BudgetLineFactory(action=stopped, year=YEAR, source="municipal", amount="500.05")
    found = money_of(BudgetLine.objects.filter(action__plan=plan))
    assert [(year, amount) for year, _source, amount in found.rows] == [
        (YEAR, Decimal("0.20")),
        (YEAR, Decimal("1000.10")),
    ]
    assert (found.total, found.left_out) == (Decimal("1000.30"), Decimal("500.05"))
    page = client_of(None).get(reverse("units:plan", args=[plan.public_id])).content.decode()
    assert page.count("1\xa0000,30\xa0€") == 3, "facts, table of actions, table of money"
    assert "500,05" in page
    assert api_of(None).get(reverse("api:plans-detail", args=[plan.public_id])).json()["budget"] == "1000.30"
    csv = b"".join(api_of(None).get(reverse("api:plans-list"), {"format": "csv"}).streaming_content).decode()
    assert ",1000.30," in csv
    actions = api_of(None).get(reverse("api:actions-list")).json()["results"]
    assert {each["budget_total"] for each in actions} == {"1000.30", "500.05"}


def test_units_and_years_stand_together_in_the_matrix(here, client_of):
    approved(here)
    page = client_of(None).get(reverse("units:matrix"), {"by": "both", "year": "all"}).content.decode()
    assert page.count('scope="colgroup"') == 3, "the bodies that plan"
    lines = client_of(None).get(reverse("units:matrix_csv"), {"by": "both", "year": "all"})
    rows = b"".join(lines.streaming_content).decode().splitlines()
    assert sum(f",{YEAR},UE1,1," in row for row in rows) == 1
    assert sum(f",{YEAR},UE2,0," in row for row in rows) == 3


@pytest.mark.parametrize("by", ["unit", "year", "both"])
def test_the_matrix_takes_the_same_queries_however_much_it_holds(here, client_of, by, django_assert_num_queries):
    client = client_of(None)
    for number in range(3):
        plan = ActionPlanFactory(unit=here.unit, year=YEAR - number, state=PlanState.APPROVED)
        ActionFactory(plan=plan, nodes=[here.response, here.line])
        if number != 1:
            with django_assert_num_queries(8):
                client.get(reverse("units:matrix"), {"by": by, "year": "all"})


def test_the_matrix_does_not_tell_the_year_of_a_draft_to_strangers(here, client_of):
    approved(here)
    draft(here)
    for query in ({}, {"by": "year", "year": "all"}, {"by": "both", "year": "all"}):
        assert str(YEAR + 1) not in client_of(None).get(reverse("units:matrix"), query).content.decode()
    assert str(YEAR + 1) in client_of(here.member).get(reverse("units:matrix")).content.decode()


def test_progress_is_shown_with_its_weights_from_the_referential_down(here, client_of, django_assert_num_queries):
    client = client_of(None)
    assert "levels" not in client.get(reverse("units:progress")).content.decode()
    assert client.get(reverse("units:progress_csv")).status_code == 404
    approved(here)
    with django_assert_num_queries(3):
        page = client.get(reverse("units:progress")).content.decode()
    assert page.count('<th scope="row">') == 7
    rows = b"".join(client.get(reverse("units:progress_csv")).streaming_content).decode().splitlines()
    assert rows[1] == f"0,framework,,,{YEAR},0.00,,1.0000,1"
    assert rows[3].startswith("2,problem_area,1.1,")


def test_what_came_back_once_is_not_told_of_an_approved_plan(here, api_of):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano")
    save_action(actor=here.member, plan=plan, content=content(here.response))
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL, return_reason="Faltava um marco")
    decide(deliberation(here, plan=plan))
    assert api_of(None).get(reverse("api:plans-detail", args=[plan.public_id])).json()["return_reason"] == ""


def test_an_unknown_step_of_an_action_withdraws_nothing(here, client_of):
    plan = approved(here)
    action = plan.actions.get()
    override_status(actor=here.member, action=action, status="on_time", reason="Sim", until=timezone.localdate())
    client = client_of(here.member)
    assert client.post(reverse("units:action_step", args=[action.public_id, "qualquer"])).status_code == 404
    assert action.overrides.filter(withdrawn_at__isnull=True).exists()
    action.refresh_from_db()
    stale = client.post(reverse("units:action_step", args=[action.public_id, "iniciar"]), {"version": 99}, follow=True)
    action.refresh_from_db()
    assert action.state == "planned"
    assert stale.status_code == 200


def test_a_stale_programme_or_amendment_shows_both_texts(here, client_of):
    client = client_of(here.member)
    programme = ProgrammeFactory(unit=here.unit, name="Antes")
    form = {"unit": "UE1", "code": programme.code, "name": "Depois", "purpose": "", "version": 0,
            "starts_on": f"{YEAR}-01-01", "ends_on": f"{YEAR + 2}-01-01"}  # fmt: skip
    page = client.post(reverse("units:programme_edit", args=[programme.public_id]), form).content.decode()
    assert "Antes" in page.partition("<form")[0] or "<td>Antes</td>" in page
    assert "<td>Depois</td>" in page
    plan = approved(here)
    amendment = draft_amendment(actor=here.member, plan=plan, reason="Verba nova")
    edit_amendment(actor=here.colleague, amendment=amendment, version=1, head={"title": "Da colega", "summary": ""})
    page = client.post(
        reverse("units:amendment_head", args=[amendment.public_id]), {"version": 1, "title": "Meu", "summary": ""}
    ).content.decode()
    assert "<td>Da colega</td>" in page
    assert "<td>Meu</td>" in page


def test_an_action_of_a_municipality_that_ended_can_still_be_changed_and_approved(here, client_of):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano")
    codes = [place.code for place in here.places[:2]]
    action = save_action(
        actor=here.member, plan=plan, content=content(here.response, scope="intermunicipal", municipalities=codes)
    )
    type(here.places[0]).objects.filter(pk=here.places[0].pk).update(valid_to=timezone.localdate())
    page = client_of(here.member).get(reverse("units:action_edit", args=[action.public_id]))
    assert page.status_code == 200
    assert f'value="{codes[0]}"' in page.content.decode()

"""The machines' doors to the units: what a town hall's own system pulls, pushes and sends back."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from refamp.accounts.actions import make_token
from refamp.accounts.choices import Role
from tests.factories import AssignmentFactory, BudgetLineFactory, MandateFactory, PartnerFactory, UserFactory
from tests.units.planning import YEAR, content, decide, deliberation, world
from units.actions.plan_drafts import draft_plan, save_action
from units.choices import PlanState
from units.formulas.plans import canonical
from units.models import ActionPlan, Milestone, Partner, Progress
from units.queries.plan_content import content_of

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


@pytest.fixture
def here():
    return world()


def drafted(here, year=YEAR, title="Plano"):
    plan = draft_plan(actor=here.member, unit=here.unit, year=year, title=title)
    save_action(actor=here.member, plan=plan, content=content(here.response, year=year))
    return plan


@pytest.fixture
def plan(here):
    made = drafted(here)
    ActionPlan.objects.filter(pk=made.pk).update(state=PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=made))
    made.refresh_from_db()
    return made


def milestones_of(plan):
    return f"{V1}actions/{plan.actions.get().public_id}/milestones/"


def bearer(person, scopes=("read", "write:units"), place=None):
    _token, text = make_token(actor=person, owner=person, name="x", scopes=list(scopes), days=1, municipality=place)
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def test_a_system_reports_how_far_a_milestone_is_and_the_figures_above_follow(here, plan, client):
    key = bearer(here.member)
    listed = client.get(milestones_of(plan)).json()["results"]
    assert [(one["title"], one["weight"], one["progress"]) for one in listed] == [
        ("Protocolo", "1.00", 0),
        ("Serviço aberto", "3.00", 0),
    ]
    address = f"{milestones_of(plan)}{listed[0]['id']}/"
    seen = client.get(address)
    said = {"progress": 100, "on": timezone.localdate().isoformat()}

    def report(data, **headers):
        return client.patch(address, data, content_type="application/json", **headers)

    assert report(said).status_code == 401
    assert report(said, **bearer(here.member, ["read"]), HTTP_IF_MATCH=seen["ETag"]).status_code == 403
    assert report(said, **bearer(here.other_member), HTTP_IF_MATCH=seen["ETag"]).status_code == 403
    assert report(said, **key).status_code == 428
    done = report(said, **key, HTTP_IF_MATCH=seen["ETag"])
    assert (done.status_code, done.json()["progress"], done.json()["done_on"]) == (200, 100, said["on"])
    assert done["ETag"] == client.get(address)["ETag"]
    assert Progress.objects.get(level="plan", plan=plan).done == Progress.objects.get(level="action").done * 1 / 4
    stale = report({"progress": 50, "note": "x"}, **key, HTTP_IF_MATCH=seen["ETag"])
    assert (stale.status_code, stale["Content-Type"]) == (412, "application/problem+json")
    back = report({"progress": 40}, **key, HTTP_IF_MATCH=done["ETag"], HTTP_ACCEPT_LANGUAGE="pt")
    assert back.status_code == 400
    assert back.json()["errors"][0]["pointer"] == "#/note"
    for wrong in ({"progress": 101}, {"progress": "muito"}, {"progresso": 3}, {"progress": 5, "on": "ontem"}):
        assert report(wrong, **key, HTTP_IF_MATCH=done["ETag"]).status_code == 400
    ahead = {"progress": 100, "on": (timezone.localdate() + timedelta(days=1)).isoformat()}
    assert report(ahead, **key, HTTP_IF_MATCH=done["ETag"]).json()["errors"][0]["code"] == "future"


def test_a_token_for_one_municipality_carries_only_the_mandates_that_stand_for_it(here, plan, client):
    person, here_only, elsewhere = UserFactory(), *here.places[:2]
    MandateFactory(unit=here.unit, person=person, municipality=here_only)
    for place in here.places:
        AssignmentFactory(user=person, role=Role.TECHNICIAN, municipality=place)
    one = Milestone.objects.filter(action__plan=plan).first()
    address = f"{milestones_of(plan)}{one.public_id}/"
    for place, answer in ((elsewhere, 403), (here_only, 200)):
        told = client.patch(
            address, {"progress": 10}, content_type="application/json", HTTP_IF_MATCH="*", **bearer(person, place=place)
        )
        assert told.status_code == answer, place


def test_milestones_of_a_draft_do_not_exist_for_strangers_and_take_no_report(here, client):
    plan = drafted(here, YEAR + 1)
    one = Milestone.objects.filter(action__plan=plan).first()
    address = f"{milestones_of(plan)}{one.public_id}/"
    for who in ({}, bearer(here.outsider), bearer(here.other_member)):
        for url in (address, milestones_of(plan), f"{V1}plans/{plan.public_id}/workbook/"):
            assert client.get(url, **who).status_code == 404
        assert client.get(f"{V1}actions/", {"plan": str(plan.public_id)}, **who).status_code == 400
    told = client.patch(
        address, {"progress": 10}, content_type="application/json", HTTP_IF_MATCH="*", **bearer(here.other_member)
    )
    assert told.status_code == 404
    mine = client.patch(
        address, {"progress": 10}, content_type="application/json", HTTP_IF_MATCH="*", **bearer(here.member)
    )
    assert (mine.status_code, mine.json()["code"]) == (409, "not_approved")
    assert client.get(f"{V1}actions/abc/milestones/").status_code == 404


def test_a_plan_goes_out_as_a_workbook_and_comes_back_unchanged(here, client, work):
    plan = drafted(here, YEAR + 1)
    before = canonical(content_of(plan))
    key = bearer(here.member)
    book = client.get(f"{V1}plans/{plan.public_id}/workbook/", **key)
    assert book["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert book["Content-Disposition"] == f'attachment; filename="plano-UE1-{YEAR + 1}.xlsx"'
    imports = f"{V1}plans/{plan.public_id}/imports/"

    def send(who):
        return client.post(imports, {"file": SimpleUploadedFile("plano.xlsx", book.content)}, **who)

    assert send(bearer(here.other_member)).status_code == 404
    sent = send(key)
    assert (sent.status_code, sent.json()["state"]) == (202, "queued")
    work()
    checked = client.get(sent["Location"], **key).json()
    assert (checked["state"], checked["problems"]) == ("checked", [])
    assert client.get(sent["Location"], **bearer(here.other_member)).status_code == 404
    assert client.post(f"{sent['Location']}confirm/", **key).status_code == 202
    work()
    assert client.get(sent["Location"], **key).json()["state"] == "done"
    assert canonical(content_of(ActionPlan.objects.get(pk=plan.pk))) == before
    assert client.post(f"{sent['Location']}undo/", **key).status_code == 202
    work()
    assert client.get(sent["Location"], **key).json()["state"] == "undone"


def test_a_member_of_another_unit_sends_no_workbook_into_an_approved_plan(here, plan, client):
    file = SimpleUploadedFile("plano.xlsx", b"x")
    answer = client.post(f"{V1}plans/{plan.public_id}/imports/", {"file": file}, **bearer(here.other_member))
    assert answer.status_code == 403
    assert client.get(f"{V1}plans/{plan.public_id}/imports/", **bearer(here.other_member)).status_code == 403


def test_partners_go_out_as_a_table_and_come_back_unchanged(here, client, person, work):
    PartnerFactory(name="=Parceiro; «um»", acronym="P1", note="Duas\nlinhas", started_on=date(2020, 1, 2))
    PartnerFactory(name="Parceiro dois", ended_on=None)
    keeper = person(Role.COORDINATION)
    key = bearer(keeper)
    for form in ("csv", "xlsx"):
        out = client.get(f"{V1}partners/", {"format": form}, **key)
        content = b"".join(out.streaming_content)
        before = list(Partner.objects.order_by("pk").values())
        sent = client.post(f"{V1}partners/imports/", {"file": SimpleUploadedFile(f"parceiros.{form}", content)}, **key)
        assert sent.status_code == 202
        work()
        assert client.get(sent["Location"], **key).json()["problems"] == []
        client.post(f"{sent['Location']}confirm/", **key)
        work()
        assert client.get(sent["Location"], **key).json()["state"] == "done"
        assert list(Partner.objects.order_by("pk").values()) == before
    assert client.post(f"{V1}partners/imports/", **bearer(here.member)).status_code == 403


def test_no_table_holds_the_words_of_a_program(here, plan, client):
    """An object without a code is JSON in a cell, never what Python prints."""
    PartnerFactory().partnerships.create(unit=here.unit, roles=["dissemination"], starts_on=date(2020, 1, 2))
    for name in ("units", "mandates", "partners", "programmes", "plans", "actions", "deliberations", "meetings"):
        out = client.get(f"{V1}{name}/", {"format": "csv"})
        text = b"".join(out.streaming_content).decode()
        for word in ("{'", "datetime", "UUID(", "Decimal(", "<"):
            assert word not in text, name


def test_every_figure_that_is_not_there_says_why(here, plan, client):
    council = client.get(f"{V1}units/CV/").json()
    assert (council["problem_areas"], council["problem_areas_status"]) == (None, "not_applicable")
    unit = client.get(f"{V1}units/UE1/").json()
    assert (unit["problem_areas"], unit["problem_areas_status"]) == (1, None)
    shown = client.get(f"{V1}plans/{plan.public_id}/").json()
    assert (shown["budget"], shown["budget_status"]) == ("1000.00", None)
    other = drafted(here, YEAR + 1)
    other.actions.get().budget.all().delete()
    key = bearer(here.member)
    bare = client.get(f"{V1}plans/{other.public_id}/", **key).json()
    assert (bare["budget"], bare["budget_status"]) == (None, "missing")
    action = client.get(f"{V1}actions/{other.actions.get().public_id}/", **key).json()
    assert (action["budget_total"], action["budget_status"]) == (None, "missing")
    BudgetLineFactory(action=other.actions.get(), year=YEAR + 1)
    action = client.get(f"{V1}actions/{other.actions.get().public_id}/", **key).json()
    assert action["budget_status"] is None


def test_a_plan_names_the_deliberation_that_approved_it_and_its_meeting_and_back(here, plan, client):
    shown = client.get(f"{V1}plans/{plan.public_id}/").json()
    decided = client.get(shown["deliberation"]["url"]).json()
    assert decided["plan"]["url"].endswith(reverse("api:plans-detail", args=[plan.public_id]))
    assert decided["meeting"]["url"].endswith(f"/meetings/{decided['meeting']['id']}/")
    listed = client.get(f"{V1}actions/", {"plan": str(plan.public_id)}).json()["results"]
    assert [one["plan"]["id"] for one in listed] == [str(plan.public_id)]
    assert io.BytesIO(client.get(f"{V1}plans/{plan.public_id}/workbook/").content).read(2) == b"PK"


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries"), [("plans", 3), ("actions", 9), ("units", 5), ("partners", 2), ("deliberations", 2)]
)
def test_a_list_asks_as_many_questions_at_one_row_as_at_three(  # noqa: PLR0917 - what pytest hands in
    name, queries, number, here, client, django_assert_num_queries
):
    for place in range(number):
        made = drafted(here, YEAR + place)
        ActionPlan.objects.filter(pk=made.pk).update(state=PlanState.BEFORE_COUNCIL)
        decide(deliberation(here, plan=made))
        PartnerFactory()
    client.get(f"{V1}{name}/")
    with django_assert_num_queries(queries):
        assert client.get(f"{V1}{name}/").status_code == 200

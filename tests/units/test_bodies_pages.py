"""Pages, API and files of bodies, the Council, compositions and partners."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from refamp.jobs.models import Upload
from refamp.jobs.spreadsheet import open_table
from tests.factories import (
    CompositionFactory,
    MandateFactory,
    MunicipalityFactory,
    PartnerFactory,
    PartnershipFactory,
    UnitFactory,
    UserFactory,
)
from tests.units.bodies import ACT, councillors, founded, proposal
from units.actions.compositions import propose_composition
from units.choices import Position, UnitKind, UnitState
from units.exchange.effort import EFFORT_COLUMNS
from units.models import Mandate, Partner, Unit
from units.queries.bodies import seats_of

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.mark.parametrize("name", ["units:units", "units:council", "units:effort", "units:partners"])
def test_lists_cost_the_same_queries_with_one_and_with_three(name, client_of, django_assert_num_queries):
    world = founded(places=1)
    MandateFactory(unit=world.strategic[0], municipality=world.places[0])
    PartnershipFactory(unit=world.strategic[0])
    costs = {"units:units": 7, "units:council": 7, "units:effort": 4, "units:partners": 6}
    client = client_of(None)
    address = reverse(name)
    client.get(address)
    with django_assert_num_queries(costs[name]):
        assert client.get(address).status_code == 200
    for number in range(2):
        place = MunicipalityFactory()
        MandateFactory(unit=world.council, municipality=place)
        MandateFactory(unit=world.strategic[number], municipality=place)
        PartnershipFactory(unit=world.strategic[number])
    with django_assert_num_queries(costs[name]):
        assert client.get(address).status_code == 200


def test_a_units_page_costs_at_most_twelve_queries(client_of, django_assert_max_num_queries):
    world = founded()
    CompositionFactory(unit=world.strategic[0], is_agreed=True)
    client = client_of(world.coordinator)
    for name in ("units:unit", "units:council"):
        code = [] if name == "units:council" else ["UE1"]
        with django_assert_max_num_queries(12):
            assert client.get(reverse(name, args=code)).status_code == 200


def grid(world, **more):
    data = {"starts_on": TODAY.isoformat(), "act": ACT}
    for number, seat in enumerate(councillors(world.places)):
        code = seat.municipality.code
        data |= {
            f"name_{code}": seat.name,
            f"email_{code}": seat.email,
            f"position_{code}": "president" if number == 0 else "member",
            f"substitute_name_{code}": "",
            f"substitute_email_{code}": "",
        }
    return data | more


def test_an_election_is_seen_before_it_is_confirmed(client_of):
    world = founded()
    client = client_of(world.coordinator)
    address = reverse("units:election")
    before = set(Mandate.objects.values_list("pk", "ends_on"))
    answer = client.post(address, grid(world))
    assert answer.status_code == 200
    assert len(answer.context["preview"]) == 4
    assert set(Mandate.objects.values_list("pk", "ends_on")) == before
    answer = client.post(address, grid(world, confirm="yes"))
    assert answer.status_code == 302
    assert {mandate.person.name for mandate in seats_of(world.council)} == {
        seat.name for seat in councillors(world.places)
    }


def test_what_is_wrong_with_an_election_stands_on_the_page(client_of):
    world = founded()
    code, other = world.places[0].code, world.places[1].code
    client = client_of(world.coordinator)
    answer = client.post(
        reverse("units:election"), grid(world, **{f"email_{code}": f"novo.{other}@example.org"}, confirm="yes")
    )
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    assert not Mandate.objects.filter(end_reason="election").exists()


def test_the_first_council_and_coordination_unit_are_entered_on_a_page(client_of, coordination, municipality):
    world = founded(seated=False)
    world.places.append(municipality)
    client = client_of(coordination)
    seats = {
        "starts_on": TODAY.isoformat(),
        "act": ACT,
        "seats-TOTAL_FORMS": "2",
        "seats-INITIAL_FORMS": "0",
        "seats-0-name": "Ana",
        "seats-0-email": "ana@example.org",
        "seats-0-position": "coordinator",
        "seats-0-hours_month": "12.5",
        "seats-1-position": "member",
    }
    more = client.post(reverse("units:unit_first", args=["UCE"]), seats | {"more": "1"})
    assert len(more.context["seats"].forms) == 5
    for typed in ("ana@example.org", ACT, TODAY.isoformat()):
        assert typed in more.content.decode(), "nothing that was typed is lost"
    assert not Mandate.objects.exists()
    assert client.post(reverse("units:unit_first", args=["UCE"]), seats).status_code == 302
    assert client.post(reverse("units:unit_first", args=["CV"]), grid(world, confirm="yes")).status_code == 302
    assert set(Unit.objects.filter(kind__in=["council", "coordination"]).values_list("state", flat=True)) == {
        UnitState.CONSTITUTED
    }
    assert client.get(reverse("units:unit_first", args=["UCE"])).status_code == 302


def test_a_new_platform_says_which_body_is_entered_first(client_of, coordination, technician):
    world = founded(seated=False)
    client, first = client_of(coordination), reverse("units:unit_first", args=["UCE"])
    assert [one.url for one in client.get("/").context["waiting"]] == [first, "/conselho/"]
    assert first in client.get("/conselho/").content.decode()
    grid_page = client.get(reverse("units:unit_first", args=["CV"]))
    assert (grid_page.status_code, grid_page["Location"]) == (302, first), "nobody types seventeen names in vain"
    world.coordination.state = UnitState.CONSTITUTED
    world.coordination.save()
    assert [one.url for one in client.get("/").context["waiting"]] == ["/conselho/"]
    assert client.get(reverse("units:unit_first", args=["CV"])).status_code == 200
    assert client_of(technician).get("/").context["waiting"] == []


def test_a_composition_is_proposed_on_a_page_and_each_rule_says_what_it_makes_of_it(client_of):
    world = founded()
    client = client_of(world.coordinator)
    data = {
        "starts_on": TODAY.isoformat(),
        "grounds_effort": "a",
        "grounds_competences": "b",
        "grounds_profile": "c",
        "seats-TOTAL_FORMS": "1",
        "seats-INITIAL_FORMS": "0",
        "seats-0-name": "Ana",
        "seats-0-email": "ana@example.org",
        "seats-0-municipality": world.places[0].code,
        "seats-0-position": "coordinator",
        "seats-0-hours_month": "",
    }
    answer = client.post(reverse("units:composition_propose", args=["UE1"]), data)
    assert answer.status_code == 302
    page = client.get(answer.url)
    assert {check.code for check in page.context["checks"] if not check.is_met} == {"fewest", "sized"}


def test_a_stale_form_of_a_body_shows_both_versions(client_of):
    world = founded()
    client = client_of(world.coordinator)
    address = reverse("units:unit_edit", args=["UE1"])
    form = client.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"name": "Outro nome"}
    data["has_casting_vote"] = ""
    assert client.post(address, data).status_code == 302
    answer = client.post(address, data | {"name": "Ainda outro"})
    assert answer.status_code == 200
    assert [row["saved"] for row in answer.context["stale"]] == ["Outro nome"]
    assert Unit.objects.get(code="UE1").name == "Outro nome"


def test_past_mandates_are_not_for_everybody(client_of, api_of):
    world = founded()
    MandateFactory(
        unit=world.strategic[0],
        person=UserFactory(name="Quimera Passada"),
        ends_on=TODAY - timedelta(days=1),
        end_reason="term",
    )
    address = reverse("units:unit_record", args=["UE1"])
    assert "Quimera Passada" not in client_of(None).get(address).text
    assert "Quimera Passada" in client_of(world.coordinator).get(address).text
    assert "Quimera Passada" not in api_of(None).get("/api/v1/mandates/").content.decode()


def test_a_proposed_composition_says_what_it_would_make_of_the_whole(client_of):
    world = founded()
    made = propose_composition(actor=world.coordinator, unit=world.strategic[0], data=proposal(world.places[:3]))
    client = client_of(world.coordinator)
    address = reverse("units:composition", args=[made.public_id])
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert len(queries) <= 12
    assert (page.context["seats_left"], page.context["with_it"].nowhere) == (2, [world.places[3]])
    assert (page.context["with_it"].gini_before, str(page.context["with_it"].gini_after)) == (None, "0.250")


def cells(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_of_efforts_goes_out_as_it_is_shown_and_missing_is_not_zero(client_of, tmp_path):
    world = founded()
    MandateFactory(unit=world.strategic[0], municipality=world.places[0], hours_month="10.5")
    MandateFactory(unit=world.strategic[0], municipality=world.places[1], hours_month=None)
    rows = {row["municipality"]: row for row in cells(client_of(None).get(reverse("units:effort_csv") + "?ano=2026"))}
    told = [[rows[p.code][k] for k in ("year", "seats", "hours_month", "hours_status")] for p in world.places[:3]]
    assert told == [["2026", "1", "10.5", ""], ["2026", "1", "", "missing"], ["2026", "0", "0", ""]]
    assert rows[world.places[0].code]["money_eur"] == "0.00"
    answer = client_of(None).get(reverse("units:effort_xlsx"))
    file = tmp_path / "esforco.xlsx"
    file.write_bytes(answer.content)
    table = open_table(str(file), "esforco.xlsx")
    assert (list(table.columns), len(table)) == (list(EFFORT_COLUMNS), 4)


def test_the_check_of_compositions_goes_out_rule_by_rule(client_of):
    world = founded()
    MandateFactory(unit=world.strategic[0], municipality=world.places[0])
    MandateFactory(unit=world.strategic[0], municipality=world.places[0])
    rows = [row for row in cells(client_of(None).get(reverse("units:checks_csv"))) if row["unit"] == "UE1"]
    told = {row["rule"]: (row["is_met"], row["source"], row["breakers"]) for row in rows}
    assert told["fewest"] == ("false", "document", "")
    assert told["shared"] == ("false", "reading", str(world.places[0]))
    assert {row["seats_left"] for row in rows} == {"3"}
    assert client_of(None).get(reverse("units:checks_xlsx")).status_code == 200


# API ----------------------------------------------------------------------------------------------------------------


def test_units_in_the_api_have_the_shape_that_others_rely_on(api_of):
    founded()
    answer = api_of(None).get("/api/v1/units/?ordering=code").json()["results"]
    by_code = {row["code"]: row for row in answer}
    first = by_code["UE1"]
    assert (first["kind"], first["members_min"], first["members_max"], first["problem_areas"]) == ("strategic", 3, 5, 4)
    assert first["axis"]["id"] == "EP1"
    assert first["axis"]["url"].endswith("/api/v1/axes/EP1/")
    assert (by_code["CV"]["kind"], by_code["CV"]["axis"], by_code["CV"]["seats"]) == ("council", None, 4)
    assert {row["kind"] for row in answer} == {"strategic", "coordination", "council", "technical_team"}


@pytest.mark.parametrize(("path", "cost"), [("units", 5), ("mandates", 1), ("partners", 2)])
def test_lists_of_the_api_cost_the_same_queries(path, cost, api_of, django_assert_num_queries):
    def more():
        unit = UnitFactory()
        MandateFactory(unit=unit)
        PartnershipFactory(unit=unit, partner=PartnerFactory())

    more()
    client = api_of(None)
    client.get(f"/api/v1/{path}/")
    with django_assert_num_queries(cost):
        assert len(client.get(f"/api/v1/{path}/").json()["results"]) == 1
    more()
    more()
    with django_assert_num_queries(cost):
        assert len(client.get(f"/api/v1/{path}/").json()["results"]) == 3


def test_hours_that_nobody_gave_are_missing_and_not_zero(api_of):
    MandateFactory(hours_month=None, starts_on=TODAY)
    MandateFactory(hours_month="0.0", starts_on=TODAY - timedelta(days=1))
    rows = api_of(None).get("/api/v1/mandates/?ordering=starts_on").json()["results"]
    assert [(row["hours_month"], row["status"]) for row in rows] == [("0.0", None), (None, "missing")]


def test_partners_are_written_through_the_api_by_who_keeps_them(api_of):
    world = founded()
    data = {"name": "ISS", "kind": "social_security", "roles": ["monitoring_evaluation", "dissemination"]}
    assert api_of(world.president).post("/api/v1/partners/", data, format="json").status_code == 403
    answer = api_of(world.coordinator).post("/api/v1/partners/", data, format="json")
    assert answer.status_code == 201
    assert answer.json()["roles"] == ["dissemination", "monitoring_evaluation"]
    assert api_of(world.coordinator).post("/api/v1/partners/", data, format="json").status_code in {400, 409}


# Files --------------------------------------------------------------------------------------------------------------


def send(client, address, text, **more):
    file = SimpleUploadedFile("ficheiro.csv", text.encode(), content_type="text/csv")
    return client.post(address, {"file": file, **more})


def test_an_election_comes_from_a_file_and_can_be_undone(client_of, work):
    world = founded()
    client = client_of(world.coordinator)
    rows = "\n".join(f"{p.code},Nova {p.code},nova.{p.code}@example.org,," for p in world.places)
    text = f"município,nome,e-mail,suplente,e-mail do suplente\n{rows}\n"
    answer = send(client, reverse("units:election_file"), text, starts_on=TODAY.isoformat(), act=ACT)
    assert answer.status_code == 302
    work()
    upload = Upload.objects.get()
    assert (upload.state, upload.problem_count, upload.summary["counts"][1]["value"]) == ("checked", 0, 4)
    assert not Mandate.objects.filter(end_reason="election").exists()
    client.post(reverse("jobs:upload_confirm", args=[upload.public_id]))
    work()
    assert Mandate.objects.filter(end_reason="election").count() == 4
    client.post(reverse("jobs:upload_undo", args=[upload.public_id]))
    work()
    assert not Mandate.objects.filter(end_reason="election").exists()
    assert seats_of(world.council).count() == 4


def test_partners_export_and_import_unchanged(client_of, work):
    world = founded()
    PartnerFactory(
        name="Comissão, «regional»",
        acronym="CCDRN",
        roles=["joint_design", "monitoring_evaluation"],
        municipality=world.places[0],
        website="https://example.org/",
        note="Duas\nlinhas; e =soma",
        started_on=TODAY,
    )
    client = client_of(world.coordinator)
    text = b"".join(client.get(reverse("units:partners_csv")).streaming_content).decode()
    before = list(Partner.objects.values())
    assert send(client, reverse("units:partners_import"), text).status_code == 302
    work()
    upload = Upload.objects.get()
    assert upload.problem_count == 0, upload.problems
    client.post(reverse("jobs:upload_confirm", args=[upload.public_id]))
    work()
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["unchanged"]) == ("done", 1)
    assert list(Partner.objects.values()) == before


def test_a_file_with_wrong_rows_changes_nothing(client_of, work):
    world = founded()
    client = client_of(world.coordinator)
    rows = ["name,kind,roles", "Bom,public_body,dissemination", ",public_body,dissemination", "Mau,king,dissemination"]
    text = "\n".join([*rows, "Pior,public_body,x", ""])
    send(client, reverse("units:partners_import"), text)
    work()
    upload = Upload.objects.get()
    assert {problem["code"] for problem in upload.problems} == {"missing", "unknown_kind", "unknown_role"}
    assert not Partner.objects.exists()


def test_partnerships_begin_and_end_by_who_keeps_the_unit(client_of):
    world = founded()
    partner = PartnerFactory()
    chair = MandateFactory(unit=world.strategic[0], municipality=world.places[0], position=Position.COORDINATOR).person
    client = client_of(chair)
    data = {"roles": ["dissemination"], "starts_on": TODAY.isoformat(), "purpose": "x"}
    address = reverse("units:partnership_add", args=[partner.public_id])
    assert client.post(address, data | {"unit": "UE2"}).status_code == 200
    assert client.post(address, data | {"unit": "UE1"}).status_code == 302
    made = partner.partnerships.get()
    end = reverse("units:partnership_end", args=[partner.public_id, made.pk])
    assert client.post(end, {"last": TODAY.isoformat(), "reason": "fim"}).status_code == 302
    made.refresh_from_db()
    assert made.ends_on == TODAY


def test_the_dashboard_and_the_home_page_know_the_units(client_of, coordination):
    world = founded()
    page = client_of(coordination).get(reverse("lobby:desk"))
    assert page.status_code == 200
    assert {body.unit.code for body in page.context["desk"].out_of_rule} == {
        "CV", "UCE", "UE1", "UE2", "UE3", "UE4", "ETS",
    }  # fmt: skip
    home = client_of(world.coordinator).get(reverse("lobby:home"))
    assert [mandate.unit.kind for mandate in home.context["seats"]] == [UnitKind.COORDINATION]

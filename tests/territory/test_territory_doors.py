"""The pages and the API of the territory."""

import csv
import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from refamp.territory.models import Municipality, Parish
from tests.factories import CensusCountFactory, MunicipalityFactory, ParishFactory

pytestmark = pytest.mark.django_db
API = "/api/v1/municipalities/"
SQUARE = {"type": "Polygon", "coordinates": [[[-8.6, 41.1], [-8.5, 41.1], [-8.5, 41.2], [-8.6, 41.1]]]}


@pytest.fixture
def loaded():
    call_command("load_territory")


def test_the_list_names_the_seventeen_in_portuguese_order(client, loaded):
    names = [row["name"] for row in client.get(API).json()["results"]]
    assert (len(names), names[0], names[-1]) == (17, "Arouca", "Vila Nova de Gaia")
    assert names.index("Póvoa de Varzim") < names.index("Santa Maria da Feira") < names.index("São João da Madeira")


def test_a_municipality_has_its_code_as_identity_and_its_census(client, loaded):
    body = client.get(f"{API}0104/").json()
    assert (body["code"], body["name"], body["area_km2"], body["population_2021"]) == (
        "0104",
        "Arouca",
        "329.11",
        21146,
    )
    assert {"measure": "population_0_14", "year": 2011, "people": 3463, "source": "INE, Census 2011"} in body["census"]
    assert len(body["census"]) == 6


def test_a_municipality_without_census_has_no_population_rather_than_none_living_there(client):
    MunicipalityFactory(code="0104")
    body = client.get(f"{API}0104/").json()
    assert (body["population_2021"], body["census"]) == (None, [])


def test_geojson_has_null_geometries_until_boundaries_are_loaded(client, loaded):
    Municipality.objects.filter(code="1312").update(boundary=SQUARE)
    features = json.loads(b"".join(client.get(f"{API}?format=geojson").streaming_content))["features"]
    assert {feature["id"]: feature["geometry"] for feature in features if feature["geometry"]} == {"1312": SQUARE}
    assert len(features) == 17
    one = client.get(f"{API}1312/", headers={"accept": "application/geo+json"})
    assert one["Content-Type"] == "application/geo+json"
    assert (one.json()["type"], one.json()["id"], one.json()["geometry"]) == ("Feature", "1312", SQUARE)
    assert one.json()["properties"]["has_boundary"] is True


def test_the_list_can_be_ordered_by_people(client, loaded):
    codes = [row["code"] for row in client.get(f"{API}?ordering=-population_2021&limit=2").json()["results"]]
    assert codes == ["1317", "1312"]


def test_the_parishes_are_those_of_today(client, loaded):
    ended = ParishFactory(code="131299", valid_from=date(2013, 9, 29), valid_to=date(2025, 10, 11))
    body = client.get("/api/v1/parishes/?limit=1000&count=exact").json()
    assert (body["count"], len(body["results"])) == (208, 208)
    then = client.get("/api/v1/parishes/?on=2021-03-19").json()["results"]
    assert [row["code"] for row in then] == [ended.code]
    row = client.get("/api/v1/parishes/?municipality=1312&limit=1").json()["results"][0]
    assert row["municipality"] == {
        "id": "1312",
        "label": "Porto",
        "url": "http://testserver/api/v1/municipalities/1312/",
    }


def test_a_day_of_which_nothing_is_recorded_is_not_answered_with_none(client, loaded):
    answer = client.get("/api/v1/parishes/?on=2021-03-19", headers={"accept-language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_recorded")
    assert "2025-10-12" in answer.json()["detail"]
    assert client.get("/api/v1/parishes/?on=2021-03-19&format=csv").status_code == 404
    assert client.get("/api/v1/parishes/?on=soon").status_code == 400


def test_parishes_as_csv(client, loaded):
    text = b"".join(client.get("/api/v1/parishes/?format=csv&municipality=0116").streaming_content).decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["code"], row["municipality_id"], row["municipality_label"]) == ("011601", "0116", "São João da Madeira")


@pytest.mark.parametrize(("url", "number"), [(API, 1), ("/api/v1/parishes/", 1), ("/territorio/", 2)])
def test_one_and_three_take_the_same_queries(client, url, number):
    def queries():
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        return len(found)

    parish = ParishFactory()
    CensusCountFactory(municipality=parish.municipality)
    assert queries() == number
    ParishFactory.create_batch(2)
    assert queries() == number


def test_the_page_shows_the_seventeen_with_their_change(client, loaded):
    page = " ".join(client.get("/territorio/", headers={"accept-language": "en"}).content.decode().split())
    assert page.count("data-x=") == 17
    assert 'data-code="1312" data-x="1" data-y="3" data-short="Porto"' in page
    assert 'data-value="-2.44"' in page
    assert "<ref-tiles" in page
    assert "geojson=" not in page
    Municipality.objects.filter(code="1312").update(boundary=SQUARE)
    assert 'geojson="/api/v1/municipalities/?format=geojson' in client.get("/territorio/").content.decode()


def test_an_unloaded_territory_says_what_to_do(client):
    assert "load_territory" in client.get("/territorio/").content.decode()


def test_the_page_of_a_municipality(client, loaded):
    page = client.get("/territorio/0116/").content.decode()
    assert "São João da Madeira" in page
    assert "22 143" in page.replace("\xa0", " ")
    assert client.get("/territorio/9999/").status_code == 404


def test_a_municipality_that_lacks_a_figure_says_so(client):
    place = MunicipalityFactory(code="0104")
    CensusCountFactory(municipality=place, year=2021, measure="resident_population", people=0)
    page = client.get("/territorio/", headers={"accept-language": "en"}).content.decode()
    assert 'data-status="missing"' in page
    assert client.get("/territorio/0104/").status_code == 200


def test_the_list_of_today_leaves_out_who_ended(client, loaded):
    Municipality.objects.filter(code="1318").update(valid_to=date(2020, 1, 1))
    assert client.get(f"{API}?count=exact").json()["count"] == 16
    assert client.get(f"{API}?count=exact&on=2019-01-01").json()["count"] == 17
    assert Parish.objects.count() == 208

"""Nothing answers 500 to input: every address, with parameters, forms and path segments that nobody would type."""

import re
from typing import Any

import pytest
from django.db import transaction
from rest_framework.settings import api_settings

from axes.forms.answers import read_people
from tests.test_access import ADDRESSES, ROOMS, addresses, browsers, content, room_of, world  # noqa: F401 - fixtures

NAMES = (
    "q", "edicao", "com", "sob", "tema", "escala", "cursor", "state", "texto", "municipality", "kind", "problem_area",
    "next", "role", "who", "action", "object_type", "text", "since", "until", "on", "channel", "group", "with", "topic",
    "version", "reference", "title", "email", "name", "token", "people", "topics", "coders", "step", "para", "file",
    "source", "node", "scales", "days", "scopes", "framework", "starts_on", "language", "published",
)  # fmt: skip
VALUES = ("\x00", "9" * 30, "-1'\"%_\\\U0001f600", "n99999999999999999999")
SEGMENTS = ("%00", "%F0%9F%98%80" + "9" * 40)


def failures(client: Any, address: str) -> list[str]:
    found = []
    for value in VALUES:
        sent = dict.fromkeys(NAMES, value)
        for way in ("GET", "POST"):
            with transaction.atomic():
                answer = client.get(address, sent) if way == "GET" else client.post(address, sent)
                content(answer)
                transaction.set_rollback(True)
            if answer.status_code >= 500 and not address.startswith("/readyz"):
                found.append(f"{way} {address} {value[:20]!r}: {answer.status_code}")
    return found


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "api"])
def test_no_parameter_breaks_a_page(room, world, browsers):  # noqa: F811
    found = []
    for name in ADDRESSES:
        if room_of(name) == room:
            for address in addresses(name, world).values():
                found += failures(browsers["coordination"], address)
    assert found == []


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_path_breaks_a_page(segment, method, world, browsers):  # noqa: F811
    found = []
    for name in ADDRESSES:
        for address in addresses(name, world).values():
            parts = address.strip("/").split("/")
            for place in range(1, len(parts)):
                odd = "/" + "/".join([*parts[:place], segment, *parts[place + 1 :]]) + "/"
                with transaction.atomic():
                    answer = getattr(browsers["coordination"], method)(odd)
                    content(answer)
                    transaction.set_rollback(True)
                if answer.status_code >= 500 and "readyz" not in odd:
                    found.append(f"{odd}: {answer.status_code}")
    assert sorted(set(found)) == []


GOVERNANCE = ("units", "mandates", "partners", "meetings", "plans", "actions", "programmes", "deliberations")
ODD = ("\x00", "9" * 30, "-1'\"%_\\\U0001f600", "2026-02-30")


def test_no_parameter_breaks_a_list_of_governance(world, browsers, monkeypatch):  # noqa: F811
    """Every parameter that the description of the API names, one at a time."""
    for rate in ("anonymous", "caller"):
        monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, rate, None)
    client, found, asked = browsers["coordination"], [], 0
    described = client.get("/api/schema/?format=json").json()["paths"]
    doors = {address for name in ADDRESSES if room_of(name) == "api" for address in addresses(name, world).values()}
    for path, operations in described.items():
        form = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
        if "get" not in operations or path.split("/")[3] not in GOVERNANCE:
            continue
        names = [one["name"] for one in operations["get"]["parameters"] if one["in"] == "query"]
        for address in sorted(filter(form.fullmatch, doors)):
            for sent in [{name: value} for name in names for value in ODD]:
                with transaction.atomic():
                    answer = client.get(address, sent)
                    content(answer)
                    transaction.set_rollback(True)
                asked += 1
                if answer.status_code >= 500 or answer.status_code == 429:
                    found.append(f"{address} {sent}: {answer.status_code}")
    assert found == []
    assert asked > 500


@pytest.mark.django_db
def test_a_list_of_people_with_a_cell_longer_than_any_is_refused():
    people, wrong = read_people("x" * 200_000 + "\n\n" + '"' + "y@example.org" * 20_000)
    assert people == []
    assert len(wrong) == 1


def test_where_to_go_after_the_second_factor_is_an_address_and_no_name(browsers):  # noqa: F811
    answer = browsers["coordination"].get("/conta/segundo-fator/", {"next": "home"})
    assert (answer.status_code, answer["Location"]) == (302, "home")
    answer = browsers["coordination"].get("/conta/segundo-fator/", {"next": "//example.org/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")

"""Every table of the room in the admin: read with as many queries however long it is, searched, written by nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.test_access import browsers, world  # noqa: F401 - fixtures

SITES = {
    model.__name__: site
    for model, site in sorted(admin.site._registry.items(), key=lambda pair: pair[0].__name__)
    if model._meta.app_label == "units"
}
ODD = ({"q": "%'\\"}, {"q": "quimera"}, {"o": "99"}, {"p": "9" * 30}, {"all": "x"}, {"e": "1"}, {"id": "x"})


def door_of(model: Any) -> Callable[..., str]:
    return lambda page, *args: reverse(f"admin:units_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("name", SITES)
def test_a_table_is_read_and_searched_and_has_no_door_past_the_actions(name, world, browsers):  # noqa: F811
    site, client = SITES[name], browsers["coordination"]
    rows, to = list(site.model._default_manager.all()[:3]), door_of(site.model)
    assert site.search_fields, "nothing can be looked for in it"
    for query in ({}, *ODD):
        assert client.get(to("changelist"), query, follow=True).status_code == 200, query
    doors = [to("add"), *(to(page, row.pk) for row in rows for page in ("change", "delete"))]
    assert {door: client.post(door, {"post": "yes"}).status_code for door in doors} == dict.fromkeys(doors, 403)
    request = RequestFactory().get("/")
    request.user = client.get("/admin/").wsgi_request.user
    assert site.get_actions(request) == {}
    assert site.list_editable == ()
    for row in rows:
        for inline in site.get_inline_instances(request, row):
            assert not inline.has_add_permission(request, row)
            assert not inline.has_change_permission(request, row)
            assert not inline.has_delete_permission(request, row)


@pytest.fixture
def demonstration(db):
    call_command("load_territory", verbosity=0)
    call_command("load_framework", verbosity=0)
    call_command("load_governance", verbosity=0)
    call_command("demo", "--force", "--no-consultations", verbosity=0)


def asked(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200, address
    return len(seen)


def test_three_rows_ask_no_more_than_one_and_every_row_opens(demonstration, coordination, client_of, monkeypatch):
    client, more, short = client_of(coordination), {}, set()
    for name, site in SITES.items():
        to = door_of(site.model)
        rows = list(site.get_queryset(RequestFactory().get("/"))[:3])
        for row in rows:
            assert client.get(to("change", row.pk)).status_code == 200, (name, row)
        asked(client, to("changelist"))  # what a process asks only once
        found = []
        for length in (1, 3):
            monkeypatch.setattr(site, "list_per_page", length)
            found.append(asked(client, to("changelist")))
        if found[0] != found[1]:
            more[name] = found
        if len(rows) < 3:
            short.add(name)
    assert more == {}
    assert len(SITES) - len(short) >= 20, f"too little to compare: {short}"

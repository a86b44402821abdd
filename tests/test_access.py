"""Every address meets every role, the other municipality, and nobody.

The addresses are found in the resolver. `EXPECTED` says for each what comes back: a new address makes
`test_every_address_has_its_line` fail until it has a line. To see what to write, run

    bin/test tests/test_access.py -k line -q

which prints the missing lines as they behave today: read them, and copy them only if they are right.

An address is called with what must not leak (`world.py`: drafts of one municipality and of the coordination unit), and,
where it has one, a second time with a published sister (its name ends in " +"). What comes back is a status, or `login`
where one is sent to log in. `*` stands for everybody who is not named.
"""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.access_table import EXPECTED
from tests.world import MARKER, World, arguments, build

ROLES = [
    "nobody",
    "technician",
    "other_technician",
    "local_network",
    "unit_member",
    "coordination",
    "councillor",
    "evaluator",
    "partner",
    "auditor",
]
# Who must never see the drafts of `municipality` and of the coordination unit.
STRANGERS = ["nobody", "other_technician", "unit_member", "evaluator", "partner"]


def walk(resolver: Any, spaces: tuple[str, ...] = ()) -> Any:
    """(name, names of its arguments, view) of every address but the admin's, which has its own test."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield ":".join((*spaces, pattern.name or "")), sorted(pattern.pattern.regex.groupindex), pattern.callback
        elif pattern.namespace != "admin":
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            above = sorted(pattern.pattern.regex.groupindex)
            for name, own, view in walk(pattern, inner):
                yield name, sorted({*above, *own}), view


ADDRESSES = {name: (wanted, view) for name, wanted, view in walk(get_resolver()) if not name.endswith(":")}


def room_of(name: str) -> str:
    """The name space of an address; the login library's names have none."""
    return name.partition(":")[0] if ":" in name else "library"


@pytest.fixture
def world(technician, coordination, municipality) -> World:
    return build(technician, coordination, municipality)


@pytest.fixture
def browsers(request, world) -> dict[str, Client]:
    """One logged-in browser per role, which has just confirmed its password."""
    found = {}
    for role in ROLES:
        client = Client(raise_request_exception=False)
        if role != "nobody":
            user = request.getfixturevalue(role)
            client.force_login(user)
            session = client.session
            session["account_authentication_methods_user"] = str(user.pk)
            session["account_authentication_methods"] = [
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ]
            if Authenticator.objects.filter(user=user).exists():
                session["account_authentication_methods"] += [{"method": "mfa", "at": time.time(), "type": "totp"}]
            session.save()
        found[role] = client
    return found


def addresses(name: str, world: World) -> dict[str, str]:
    """The address with drafts in it, and the one with what is published, if they differ."""
    wanted, _view = ADDRESSES[name]
    hidden = reverse(name, kwargs=arguments(name, wanted, world, public=False))
    shown = reverse(name, kwargs=arguments(name, wanted, world, public=True))
    return {name: hidden} | ({f"{name} +": shown} if shown != hidden else {})


def content(answer: Any) -> bytes:
    """The whole answer, with the file behind it closed."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    for close in answer._resource_closers:
        close()
    return text


def outcome(client: Client, address: str, *, post: bool) -> int | str:
    """What comes back; what the call changed is undone."""
    with transaction.atomic():
        answer = client.post(address) if post else client.get(address)
        content(answer)
        transaction.set_rollback(True)
    if answer.status_code == 302 and answer.url.startswith("/conta/login/"):
        return "login"
    return answer.status_code


def observed(name: str, world: World, browsers: dict[str, Client]) -> dict[str, dict[str, int | str]]:
    found = {}
    for key, address in addresses(name, world).items():
        # An address only for writing is called by POST; a declared door answers 405 before anything else.
        asked = browsers["nobody"].get(address)
        content(asked)
        post = asked.status_code == 405
        found[key] = {role: outcome(browsers[role], address, post=post) for role in ROLES}
    return found


def short(answers: dict[str, int | str]) -> dict[str, int | str]:
    """The commonest answer as `*`."""
    values = list(answers.values())
    most = max(values, key=values.count)
    return {"*": most} | {role: answer for role, answer in answers.items() if answer != most}


def test_every_address_has_its_line(world, browsers):
    missing = [name for name in ADDRESSES if name not in EXPECTED]
    lines = []
    for name in missing:
        for key, answers in observed(name, world, browsers).items():
            lines.append(f'    "{key}": {short(answers)},')
    assert not missing, "\n" + "\n".join(lines)


def test_table_names_only_addresses_that_exist():
    assert sorted({key.removesuffix(" +") for key in EXPECTED} - set(ADDRESSES)) == []


ROOMS = sorted({room_of(name) for name in ADDRESSES})


@pytest.mark.parametrize("room", ROOMS)
def test_address_answers_each_role_as_declared(room, world, browsers):
    wrong = {}
    for name in ADDRESSES:
        if room_of(name) == room and name in EXPECTED:
            for key, answers in observed(name, world, browsers).items():
                expected = EXPECTED.get(key, {"*": "no line"})
                wrong[key] = {
                    role: (answer, expected.get(role, expected["*"]))
                    for role, answer in answers.items()
                    if answer != expected.get(role, expected["*"])
                }
    assert {key: difference for key, difference in wrong.items() if difference} == {}, "(what came, what was expected)"


QUERIES: list[dict[str, str]] = [{}, {"search": MARKER}, {"q": MARKER}, {"framework": "rascunho"}, {"format": "csv"}]


@pytest.mark.parametrize("room", ROOMS)
def test_stranger_never_sees_a_draft(room, world, browsers):
    """In no page, list, search, filter, export or fragment."""
    for name in ADDRESSES:
        if room_of(name) != room:
            continue
        for address in addresses(name, world).values():
            for role in STRANGERS:
                for query in QUERIES if name.endswith(("-list", "s")) else QUERIES[:1]:
                    answer = browsers[role].get(address, query)
                    text = content(answer)
                    # What one typed oneself may come back: the marker counts only where it brought something with it.
                    assert f"segredo {MARKER}".encode() not in text, (role, address)
                    assert f"{MARKER}@example.org".encode() not in text, (role, address)


def test_stranger_writes_nothing_through_the_api(world, browsers):
    done = {}
    for name in ADDRESSES:
        if not name.startswith("api:") or name in {"api:docs", "api:schema", "api:root"}:
            continue
        for address in addresses(name, world).values():
            for role in STRANGERS:
                for method in ("post", "put", "patch", "delete"):
                    with transaction.atomic():
                        answer = getattr(browsers[role], method)(address, {}, content_type="application/json")
                        transaction.set_rollback(True)
                    if not 400 <= answer.status_code < 500:
                        done[role, method, address] = answer.status_code
    assert done == {}


@pytest.mark.parametrize("words", [MARKER, "segredo", f"segredo {MARKER}", "quimrea"])
def test_stranger_finds_no_draft(words, world, browsers):
    for role in STRANGERS:
        assert browsers[role].get("/procurar/", {"q": words}).context["total"] == 0, role
    assert browsers["coordination"].get("/procurar/", {"q": MARKER}).context["total"] >= 2
    assert browsers["technician"].get("/procurar/", {"q": MARKER}).context["total"] == 1


def test_admin_is_the_coordinations_alone(world, browsers):
    """Every table's list, form and first row."""
    wrong = {}
    for model in admin.site._registry:
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        targets = [reverse(f"{place}_changelist"), reverse(f"{place}_add")]
        targets += [reverse(f"{place}_change", args=[row.pk])] if row is not None else []
        for address in targets:
            for role in ROLES:
                codes = {browsers[role].get(address).status_code}
                if role != "coordination":
                    codes.add(browsers[role].post(address, {}).status_code)
                allowed = {302, 403} if role != "coordination" else {200, 403} if address.endswith("/add/") else {200}
                if not codes <= allowed:
                    wrong[role, address] = codes
    assert wrong == {}


def test_every_table_is_in_the_admin_or_named_as_an_exception():
    """Exceptions: what the login library keeps (secrets), what the framework keeps for itself."""
    from django.apps import apps  # noqa: PLC0415 - only here

    allowed = {"account", "admin", "auth", "contenttypes", "mfa", "sessions", "usersessions", "pgtrigger"}
    # Rows that are shown inside the page of what they belong to.
    inside = {
        "axes.LocalPlanPriority",
        "units.ActionNode",
        "units.ActionPartner",
        "units.ActionPlace",
        "units.BodyRule",
        "units.CompositionSeat",
    }
    proxies = {model for model in apps.get_models() if model._meta.proxy}
    missing = sorted(
        model._meta.label
        for model in apps.get_models()
        if model not in admin.site._registry | dict.fromkeys(proxies)
        and model._meta.app_label not in allowed
        and model._meta.label not in inside
    )
    assert missing == []


def test_admin_root_and_its_logout(browsers):
    assert browsers["coordination"].get("/admin/").status_code == 200
    assert browsers["technician"].get("/admin/").status_code in {302, 403}
    assert outcome(browsers["nobody"], "/admin/login/", post=False) == "login"

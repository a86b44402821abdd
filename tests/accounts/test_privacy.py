"""Personal data: all of it is registered, given to its owner, and erased when asked."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.test import Client

from refamp.accounts.actions import erase_person, make_token, send_invitation
from refamp.accounts.models import Invitation
from refamp.accounts.privacy import ABOUT_THINGS, NEVER_PERSONAL, REGISTER
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import send_email
from refamp.jobs.models import Email
from tests.factories import PASSWORD

LISTED = {name for entry in REGISTER for name in entry.fields}


def columns():
    """(name, field) of every stored field with words in it, of every table."""
    for model in apps.get_models():
        if model._meta.proxy:
            continue
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            kind = type(field).__name__
            if kind in NEVER_PERSONAL or (field.choices and kind == "CharField"):
                continue
            yield f"{model._meta.label}.{field.name}", field


def test_every_field_that_could_be_personal_is_listed_or_said_to_be_about_things():
    unlisted = sorted(name for name, _field in columns() if name not in LISTED and name not in ABOUT_THINGS)
    assert unlisted == []


def test_register_names_only_fields_that_exist():
    known = {f"{model._meta.label}.{field.name}" for model in apps.get_models() for field in model._meta.get_fields()}
    assert sorted((LISTED | ABOUT_THINGS) - known) == []


def test_nothing_is_both_personal_and_about_things():
    assert sorted(LISTED & ABOUT_THINGS) == []


def test_addresses_and_files_are_never_about_things():
    wrong = [
        name
        for name, field in columns()
        if type(field).__name__ in {"EmailField", "GenericIPAddressField"} and name in ABOUT_THINGS
    ]
    assert wrong == []


def test_every_entry_says_why_and_for_how_long():
    assert [entry.title for entry in REGISTER if not (str(entry.purpose) and str(entry.retention))] == []


def test_person_gets_a_copy_of_their_data(client_of, technician):
    client = client_of(technician)
    assert "reauthenticate" in client.get("/conta/os-meus-dados/").url
    client.post("/conta/reauthenticate/", {"password": PASSWORD})
    make_token(actor=technician, owner=technician, name="o meu sistema", scopes=["read"], days=3)
    answer = client.get("/conta/os-meus-dados/")
    found = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith("attachment")
    assert found["account"]["email"] == technician.email
    assert [role["role"] for role in found["roles"]] == ["technician"]
    assert [token["name"] for token in found["tokens"]] == ["o meu sistema"]
    assert "secret" not in answer.content.decode()
    assert technician.password not in answer.content.decode()


def test_erasure_leaves_no_trace_of_the_person_outside_the_record(coordination, person, technician):
    address, name = technician.email, technician.name
    send_email(to=address, subject="x", body=f"{name}")
    make_token(actor=technician, owner=technician, name=f"sistema de {name}", scopes=["read"], days=3)
    client = Client()
    client.post("/conta/login/", {"login": address, "password": PASSWORD})
    erase_person(actor=coordination, person=technician, reason="pedido")
    technician.refresh_from_db()
    assert not technician.is_active
    assert not technician.has_usable_password()
    assert technician.assignments.current().count() == 0
    assert technician.tokens.usable().count() == 0
    assert client.get("/conta/").status_code == 302
    assert Email.objects.filter(to=address).count() == 0
    audit = {"audit_event"}
    for model in apps.get_models():
        if model._meta.proxy or model._meta.db_table in audit:
            continue
        for row in model.objects.values() if hasattr(model, "objects") else []:
            assert address not in str(row), model
            assert name not in str(row), model


def test_record_of_an_erasure_holds_no_personal_value(coordination, technician):
    address, name = technician.email, technician.name
    erase_person(actor=coordination, person=technician, reason="pedido")
    event = Event.objects.get(action="account.erased")
    assert address not in str(vars(event))
    assert name not in str(vars(event))


def test_nobody_erases_themselves_and_only_the_coordination_erases(coordination, technician, other_technician):
    with pytest.raises(NotAllowed):
        erase_person(actor=coordination, person=coordination)
    with pytest.raises(NotAllowed):
        erase_person(actor=other_technician, person=technician)


def test_erased_account_stays_erased(coordination, technician, person):
    erase_person(actor=coordination, person=technician)
    with pytest.raises(Refused):
        erase_person(actor=coordination, person=technician)


def test_person_asks_and_the_coordination_sees_it(client_of, technician):
    client = client_of(technician)
    client.post("/conta/reauthenticate/", {"password": PASSWORD})
    client.post("/conta/apagar/")
    technician.refresh_from_db()
    assert technician.erasure_asked_at is not None
    page = client_of("coordination").get("/painel/").content.decode()
    assert technician.name in page


def test_erasing_withdraws_open_invitations(coordination, technician):
    Invitation.objects.all().delete()
    invitation = send_invitation(actor=coordination, email="nova@example.org", name="Nova", role="partner")
    Invitation.objects.filter(pk=invitation.pk).update(email=technician.email)
    erase_person(actor=coordination, person=technician)
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is not None
    assert invitation.name == "Conta apagada"


def test_erasure_removes_second_factors(coordination, person):
    other = person("auditor")
    erase_person(actor=coordination, person=other)
    assert Authenticator.objects.filter(user=other).count() == 0


def test_privacy_page_prints_the_register(client, db):
    page = client.get("/privacidade/").content.decode()
    assert all(str(entry.purpose)[:20] in page or str(entry.title) in page for entry in REGISTER)

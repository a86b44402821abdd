"""Other systems come in with a token that says what it may do, where, and until when."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from refamp.accounts.actions import make_token, revoke_token
from refamp.accounts.authentication import TokenAuthentication
from refamp.accounts.models import ApiToken
from refamp.accounts.rules import has_role, may_use_admin, works_for
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from tests.factories import PASSWORD, ApiTokenFactory, AssignmentFactory


def call(text):
    """Authenticate as the API would."""
    return TokenAuthentication().authenticate(APIRequestFactory().get("/", headers={"Authorization": text}))


def fresh(owner, **options):
    return make_token(actor=owner, owner=owner, **{"name": "x", "scopes": ["read"], "days": 1} | options)


def test_token_lets_its_owner_in(technician):
    token, text = fresh(technician)
    user, auth = call(f"Bearer {text}")
    assert (user, auth) == (technician, token)


def test_only_the_hash_of_the_secret_is_kept(technician):
    token, text = fresh(technician)
    secret = text.split("_", 2)[2]
    assert len(secret) >= 43
    assert secret not in str(vars(token))
    assert len(token.secret_hash) == 64
    assert secret not in str(list(Event.objects.values()))


@pytest.mark.parametrize(
    "text", ["Bearer", "Bearer x", "Bearer refamp_a_b", "Bearer refamp__", "Bearer refamp_a", "bearer refamp_é_è"]
)
def test_nonsense_is_refused(text, db):
    with pytest.raises(AuthenticationFailed):
        call(text)


@pytest.mark.parametrize("text", ["", "Basic YTpi", "refamp_a_b"])
def test_other_schemes_are_left_to_others(text, db):
    assert call(text) is None


def test_wrong_secret_is_refused(technician):
    _token, text = fresh(technician)
    with pytest.raises(AuthenticationFailed):
        call(f"Bearer {text[:-1]}{'a' if text[-1] != 'a' else 'b'}")


def test_expired_revoked_and_inactive_are_refused(technician):
    token, text = fresh(technician)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AuthenticationFailed):
        call(f"Bearer {text}")
    token, text = fresh(technician)
    revoke_token(actor=technician, token=token)
    with pytest.raises(AuthenticationFailed):
        call(f"Bearer {text}")
    token, text = fresh(technician)
    type(technician).objects.filter(pk=technician.pk).update(is_active=False)
    with pytest.raises(AuthenticationFailed):
        call(f"Bearer {text}")


def test_use_is_remembered_at_most_once_a_minute(technician, django_assert_num_queries):
    token, text = fresh(technician)
    call(f"Bearer {text}")
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    with django_assert_num_queries(1):
        call(f"Bearer {text}")
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now() - timedelta(minutes=2))
    call(f"Bearer {text}")
    assert ApiToken.objects.get(pk=token.pk).last_used_at > first - timedelta(minutes=1)


def test_token_of_a_municipality_acts_only_there(technician, municipality, other_municipality):
    AssignmentFactory(user=technician, municipality=other_municipality)
    _token, text = fresh(technician, municipality=municipality)
    user, _auth = call(f"Bearer {text}")
    assert works_for(user, municipality)
    assert not works_for(user, other_municipality)


def test_token_of_a_municipality_is_never_coordination(coordination, municipality):
    AssignmentFactory(user=coordination, municipality=municipality)
    _token, text = fresh(coordination, municipality=municipality)
    user, _auth = call(f"Bearer {text}")
    assert works_for(user, municipality)
    assert not has_role(user, "coordination")
    assert not may_use_admin(user)


def test_token_needs_a_role_in_its_municipality(technician, other_municipality):
    with pytest.raises(Refused, match=r"municíp|municipality"):
        fresh(technician, municipality=other_municipality)


def test_whoever_owes_a_second_factor_sets_it_up_before_making_a_token(person):
    with pytest.raises(Refused):
        fresh(person("coordination", second_factor=False))


@pytest.mark.parametrize("options", [{"scopes": []}, {"scopes": ["write:everything"]}, {"days": 0}, {"days": 400}])
def test_impossible_tokens_are_refused(options, technician):
    with pytest.raises(Refused):
        fresh(technician, **options)


def test_database_refuses_unknown_scopes(technician):
    for scopes in ([], ["write:everything"]):
        with pytest.raises(IntegrityError, match="token_scopes_are_known"), transaction.atomic():
            ApiTokenFactory(user=technician, scopes=scopes)


def test_nobody_makes_a_token_for_somebody_else(coordination, technician):
    with pytest.raises(NotAllowed):
        make_token(actor=coordination, owner=technician, name="x", scopes=["read"], days=1)


def test_nobody_revokes_a_strangers_token_but_the_coordination_does(technician, other_technician, coordination):
    token, _text = fresh(technician)
    with pytest.raises(NotAllowed):
        revoke_token(actor=other_technician, token=token)
    assert revoke_token(actor=coordination, token=token).revoked_at is not None


def test_page_shows_a_new_token_once(client_of, technician):
    client = client_of(technician)
    client.post("/conta/reauthenticate/", {"password": PASSWORD})
    page = client.post("/conta/chaves/", {"name": "painel", "scopes": ["read"], "days": "30"})
    text = page.context["fresh"]
    assert text in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert text not in client.get("/conta/chaves/").content.decode()
    assert call(f"Bearer {text}")[0] == technician


def test_page_asks_for_the_password_first(client_of):
    assert "reauthenticate" in client_of("technician").get("/conta/chaves/").url


def test_page_of_every_token_is_the_coordinations(client_of, technician):
    token, _text = fresh(technician)
    assert client_of("technician").get("/conta/chaves/todas/").status_code == 403
    client = client_of("coordination")
    assert token.key in client.get("/conta/chaves/todas/").content.decode()
    client.post(f"/conta/chaves/todas/{token.public_id}/revogar/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_strangers_token_is_not_found(client_of, technician):
    token, _text = fresh(technician)
    assert client_of("other_technician").post(f"/conta/chaves/{token.public_id}/revogar/").status_code == 404


def test_command_prints_a_token_that_works(technician, municipality):
    out = StringIO()
    call_command(
        "create_token",
        technician.email,
        name="x",
        scope=["read", "write:axes"],
        municipality=municipality.code,
        stdout=out,
    )
    user, token = call(f"Bearer {out.getvalue().strip()}")
    assert (user, token.scopes, token.municipality) == (technician, ["read", "write:axes"], municipality)


@pytest.mark.parametrize(("email", "place"), [("ninguem@example.org", None), (None, "0000")])
def test_command_says_what_is_wrong(email, place, technician):
    with pytest.raises(CommandError):
        call_command("create_token", email or technician.email, name="x", municipality=place)

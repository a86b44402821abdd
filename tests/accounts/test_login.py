"""Coming in: by e-mail and password through one door, with a second factor where it is owed."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from refamp.accounts.choices import Role
from refamp.audit.models import Event
from refamp.jobs.models import Email
from tests.conftest import enrol
from tests.factories import PASSWORD, UserFactory

LOGIN = "/conta/login/"


def code(secret, at=None):
    return format_hotp_value(hotp_value(secret, int((at or time.time()) // 30)))


def log_in(client, user, password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": user.email, "password": password}, **extra)


def is_in(client):
    return "_auth_user_id" in client.session


def test_technician_logs_in_by_address_whatever_its_case(client, technician):
    client.post(LOGIN, {"login": technician.email.upper(), "password": PASSWORD})
    assert is_in(client)


def test_login_page_is_in_portuguese_and_shows_errors(client, db):
    page = client.post(LOGIN, {"login": "a@example.org", "password": "wrong"})
    assert page.status_code == 200
    assert page.context["form"].errors


def test_login_changes_the_session_key(client, technician):
    client.get(LOGIN)
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    log_in(client, technician)
    assert client.session.session_key != before


def test_logout_needs_post(client_of):
    client = client_of("technician")
    assert client.get("/conta/logout/").status_code == 200
    assert is_in(client)
    client.post("/conta/logout/")
    assert not is_in(client)


def test_sign_up_is_closed(client, db):
    assert client.get("/conta/signup/").status_code == 302
    client.post("/conta/signup/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not UserFactory._meta.model.objects.filter(email="x@example.org").exists()


def test_inactive_account_cannot_log_in(client, technician):
    technician.is_active = False
    technician.save()
    log_in(client, technician)
    assert not is_in(client)


def test_deactivating_ends_a_session_at_once(client_of, technician):
    client = client_of(technician)
    assert client.get("/conta/").status_code == 200
    type(technician).objects.filter(pk=technician.pk).update(is_active=False)
    assert client.get("/conta/").status_code == 302


def test_failures_are_limited_per_account(client, technician):
    for _turn in range(5):
        log_in(client, technician, "wrong")
    log_in(client, technician)
    assert not is_in(client)


def test_other_host_name_does_not_give_more_attempts(client, technician):
    for _turn in range(5):
        log_in(client, technician, "wrong")
    log_in(client, technician, headers={"host": "127.0.0.1"})
    assert not is_in(client)


def test_office_behind_one_address_is_not_locked_out(technician, person):
    """Sixteen colleagues mistype three times each and get in; the seventeenth too."""
    for number in range(16):
        colleague, client = UserFactory(email=f"colega{number}@example.org"), Client()
        for _turn in range(3):
            log_in(client, colleague, "wrong")
        log_in(client, colleague)
        assert is_in(client)
    client = Client()
    log_in(client, technician)
    assert is_in(client)


def test_a_successful_login_does_not_forgive_earlier_failures(client, technician):
    """Otherwise somebody with an account of their own could go on guessing for ever."""
    for _turn in range(4):
        log_in(client, technician, "wrong")
    log_in(client, technician)
    client.logout()
    log_in(client, technician, "wrong")
    log_in(client, technician)
    assert not is_in(client)


def test_pending_second_factor_gives_no_access(client, coordination):
    answer = log_in(client, coordination)
    assert answer.url == "/conta/2fa/authenticate/"
    assert not is_in(client)
    assert client.get("/conta/pessoas/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_coordination_logs_in_with_a_code(client, person):
    user = person(Role.COORDINATION, second_factor=False)
    secret = enrol(user)
    log_in(client, user)
    client.post("/conta/2fa/authenticate/", {"code": code(secret)})
    assert client.get("/conta/pessoas/").status_code == 200


def test_wrong_codes_are_limited_per_account(client, person):
    user = person(Role.COORDINATION, second_factor=False)
    secret = enrol(user)
    log_in(client, user)
    for _turn in range(5):
        client.post("/conta/2fa/authenticate/", {"code": "000000"})
    client.post("/conta/2fa/authenticate/", {"code": code(secret)})
    assert not is_in(client)


def test_a_code_works_once(client, person):
    user = person(Role.COORDINATION, second_factor=False)
    used = code(enrol(user))
    log_in(client, user)
    client.post("/conta/2fa/authenticate/", {"code": used})
    second = Client()
    log_in(second, user)
    second.post("/conta/2fa/authenticate/", {"code": used})
    assert is_in(client)
    assert not is_in(second)


def test_secrets_of_second_factors_are_encrypted(coordination):
    stored = Authenticator.objects.get(user=coordination, type="totp").data["secret"]
    assert stored != decrypt(stored)


@pytest.mark.parametrize("address", ["/", "/conta/", "/conta/pessoas/", "/admin/", "/painel/", "/conta/chaves/"])
def test_whoever_owes_a_second_factor_is_sent_to_set_it_up_first(address, client_of, person):
    client = client_of(person(Role.COORDINATION, second_factor=False))
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.url.startswith("/conta/segundo-fator/")


def test_fragment_is_told_to_load_the_whole_page(client_of, person):
    client = client_of(person(Role.AUDITOR, second_factor=False))
    answer = client.get("/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/conta/segundo-fator/")


def test_superuser_owes_a_second_factor(client_of, db):
    client = client_of(UserFactory(is_superuser=True))
    assert client.get("/admin/").url.startswith("/conta/segundo-fator/")


def test_technician_owes_none(client_of):
    assert client_of("technician").get("/conta/").status_code == 200


def test_setting_up_codes_opens_the_door(client, person, django_capture_on_commit_callbacks):
    user = person(Role.COORDINATION, second_factor=False)
    log_in(client, user)
    assert client.get("/conta/2fa/totp/activate/").url.startswith("/conta/reauthenticate/")
    client.post("/conta/reauthenticate/?next=/conta/2fa/totp/activate/", {"password": PASSWORD})
    page = client.get("/conta/2fa/totp/activate/")
    assert page.status_code == 200
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/conta/2fa/totp/activate/", {"code": code(secret)})
    assert answer.url == "/conta/2fa/recovery-codes/"
    assert client.get(answer.url).status_code == 200
    assert client.get("/conta/pessoas/").status_code == 200
    assert Event.objects.filter(action="account.second_factor_added").count() == 1
    assert Email.objects.filter(to=user.email).count() == 1


def test_factor_set_up_elsewhere_has_to_be_shown_here(client, person):
    """A session stolen before the factor was there does not grow with it."""
    user = person(Role.COORDINATION, second_factor=False)
    client.force_login(user)
    enrol(user)
    assert client.get("/conta/pessoas/").url.startswith("/conta/2fa/reauthenticate/")
    for address in ("/conta/2fa/webauthn/add/", "/conta/2fa/totp/activate/"):
        assert client.get(address).url.startswith("/conta/2fa/reauthenticate/"), (
            "a second factor next to it is no way in"
        )


def test_last_factor_cannot_be_removed_by_who_owes_it(client_of, coordination):
    client = client_of(coordination)
    client.post("/conta/reauthenticate/", {"password": PASSWORD})
    client.post("/conta/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=coordination, type="totp").exists()


@pytest.mark.parametrize("path", ["activate", "deactivate"])
def test_changing_factors_asks_for_the_password_again(path, client_of, technician):
    if path == "deactivate":
        enrol(technician)
    answer = client_of(technician).get(f"/conta/2fa/totp/{path}/")
    assert "reauthenticate" in answer.url


def test_the_admins_own_login_is_ours(client, db):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/conta/login/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).url.startswith("/conta/login/")


def test_admin_refuses_technicians(client_of):
    assert client_of("technician").get("/admin/").status_code in {302, 403}
    assert client_of("technician").get("/admin/accounts/user/").status_code in {302, 403}


def test_admin_is_open_to_the_coordination(client_of):
    assert client_of("coordination").get("/admin/").status_code == 200


def test_password_reset_goes_through_the_outbox(client, technician):
    client.post("/conta/password/reset/", {"email": technician.email})
    mail = Email.objects.get(to=technician.email)
    link = next(line for line in mail.body.splitlines() if line.startswith("http"))
    assert link.startswith("http://localhost:8000/conta/password/reset/key/")
    page = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    answer = client.post(
        page.redirect_chain[-1][0], {"password1": "uma frase nova comprida", "password2": "uma frase nova comprida"}
    )
    assert answer.status_code == 302
    assert not is_in(client)
    log_in(client, technician, "uma frase nova comprida")
    assert is_in(client)


def test_password_reset_does_not_tell_who_has_an_account(client, technician):
    known = client.post("/conta/password/reset/", {"email": technician.email})
    unknown = client.post("/conta/password/reset/", {"email": "ninguem@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert Email.objects.filter(to="ninguem@example.org").count() == 0


def test_password_reset_does_not_believe_the_host_header(client, technician):
    client.post("/conta/password/reset/", {"email": technician.email}, headers={"host": "127.0.0.1"})
    assert "http://localhost:8000/" in Email.objects.get(to=technician.email).body


def test_password_reset_is_limited_per_address(client, technician):
    for _turn in range(7):
        client.post("/conta/password/reset/", {"email": technician.email})
    assert Email.objects.filter(to=technician.email).count() == 5


def test_password_change_ends_other_sessions_and_keeps_this(client_of, technician):
    here, there = client_of(technician), client_of(technician)
    answer = here.post(
        "/conta/password/change/",
        {"oldpassword": PASSWORD, "password1": "uma frase nova comprida", "password2": "uma frase nova comprida"},
    )
    assert answer.status_code == 302
    assert here.get("/conta/").status_code == 200
    assert there.get("/conta/").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/conta/password/change/",
        "/conta/2fa/",
        "/conta/2fa/webauthn/",
        "/conta/sessions/",
        "/conta/logout/",
        "/conta/reauthenticate/",
    ],
)
def test_pages_of_the_login_library_wear_our_clothes(address, client_of):
    page = client_of("technician").get(address)
    assert page.status_code == 200
    assert 'id="content"' in page.content.decode()


def test_rate_limits_do_not_outlive_a_test(db):
    assert cache.get("anything") is None


def test_language_of_the_account_is_kept(client_of, technician):
    client = client_of(technician)
    answer = client.post(
        "/conta/", {"name": technician.name, "language": "en", "digest": "weekly", "version": technician.version}
    )
    assert answer.url == reverse("accounts:me")
    technician.refresh_from_db()
    assert technician.language == "en"
    assert "My account" in client.get("/conta/").content.decode()


def test_stale_details_are_refused(client_of, technician):
    client = client_of(technician)
    fields = {"name": "Outro nome", "language": "pt-pt", "digest": "daily", "version": technician.version}
    client.post("/conta/", fields)
    page = client.post("/conta/", fields | {"name": "Terceiro"})
    assert page.status_code == 200
    technician.refresh_from_db()
    assert technician.name == "Outro nome"


def test_what_a_session_is_shown_is_kept_nowhere(client, client_of, technician):
    assert client_of(technician).get("/conta/")["Cache-Control"] == "private, no-store"
    assert client_of(technician).get("/")["Cache-Control"] == "private, no-store"
    assert "no-store" not in client.get("/").get("Cache-Control", "")

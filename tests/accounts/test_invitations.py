"""Sign-up is closed: one comes in by an invitation that works once."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from refamp.accounts.actions import accept_invitation, resend_invitation, send_invitation, withdraw_invitation
from refamp.accounts.models import Invitation, User
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email

PASSWORD = "uma frase bem comprida"


def invite(actor, **values):
    return send_invitation(
        actor=actor, **{"email": "Nova@Example.org", "name": "Nova Pessoa", "role": "partner"} | values
    )


def token_in_mail():
    body = Email.objects.order_by("-id")[0].body
    return next(line for line in body.splitlines() if "/conta/convite/" in line).rstrip("/").rsplit("/", 1)[1]


def test_invitation_goes_out_by_mail_and_only_its_hash_stays(coordination):
    invitation = invite(coordination)
    assert invitation.email == "nova@example.org"
    assert Email.objects.get().to == "nova@example.org"
    token = token_in_mail()
    assert len(token) >= 43
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(Event.objects.values()))
    assert "nova@example.org" not in str(list(Event.objects.values()))


def test_accepting_makes_the_account_with_its_role_and_logs_in(coordination, municipality, client):
    invite(coordination, role="technician", municipality=municipality)
    address = f"/conta/convite/{token_in_mail()}/"
    page = client.get(address)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "same-origin"
    answer = client.post(address, {"name": "Nova Pessoa", "password": PASSWORD, "password_again": PASSWORD})
    assert answer.url == "/"
    user = User.objects.get(email="nova@example.org")
    assert user.held_assignments == {("technician", municipality.pk)}
    assert client.get("/conta/").status_code == 200
    assert Event.objects.filter(action="invitation.accepted").count() == 1


def test_whoever_is_invited_to_coordinate_sets_up_a_second_factor_before_anything_else(coordination, client):
    invite(coordination, role="coordination")
    address = f"/conta/convite/{token_in_mail()}/"
    client.post(address, {"name": "Nova", "password": PASSWORD, "password_again": PASSWORD})
    assert client.get("/").url.startswith("/conta/segundo-fator/")
    assert client.get("/conta/2fa/totp/activate/").status_code == 200, (
        "the password that was just chosen is not asked for"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "short", "password_again": "short"},
        {"password": PASSWORD, "password_again": "another"},
        {"password": "password1234", "password_again": "password1234"},
        {"password": "nova@example.org", "password_again": "nova@example.org"},
        {"password": PASSWORD, "password_again": PASSWORD, "name": ""},
    ],
)
def test_weak_passwords_are_refused(fields, coordination, client):
    invite(coordination)
    page = client.post(f"/conta/convite/{token_in_mail()}/", {"name": "Nova"} | fields)
    assert page.context["form"].errors
    assert not User.objects.filter(email="nova@example.org").exists()


def test_invitation_works_once(coordination, client):
    invite(coordination)
    token = token_in_mail()
    accept_invitation(token=token, name="Nova", password=PASSWORD)
    with pytest.raises(Refused):
        accept_invitation(token=token, name="Outra", password=PASSWORD)
    assert client.get(f"/conta/convite/{token}/").status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_once_one_gets_in(coordination):
    invite(coordination)
    token, outcomes = token_in_mail(), []

    def click(name):
        try:
            accept_invitation(token=token, name=name, password=PASSWORD)
            outcomes.append("in")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=click, args=(name,)) for name in ("Uma", "Outra")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "refused"]
    assert User.objects.filter(email="nova@example.org").count() == 1


def test_expired_withdrawn_and_unknown_links_let_nobody_in(coordination, client):
    invitation = invite(coordination)
    token = token_in_mail()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused):
        accept_invitation(token=token, name="Nova", password=PASSWORD)
    resend_invitation(actor=coordination, invitation=invitation)
    token = token_in_mail()
    assert client.get(f"/conta/convite/{token}/").status_code == 200
    withdraw_invitation(actor=coordination, invitation=invitation)
    assert client.get(f"/conta/convite/{token}/").status_code == 410
    assert client.get("/conta/convite/nothing/").status_code == 404


def test_sending_again_kills_the_earlier_link(coordination, client):
    invitation = invite(coordination)
    earlier = token_in_mail()
    resend_invitation(actor=coordination, invitation=invitation)
    assert token_in_mail() != earlier
    assert client.get(f"/conta/convite/{earlier}/").status_code == 404


def test_one_open_invitation_per_address_and_role(coordination):
    invite(coordination)
    with pytest.raises(Refused):
        invite(coordination)
    invite(coordination, role="evaluator")


def test_whoever_has_an_account_is_not_invited(coordination, technician):
    with pytest.raises(Refused):
        invite(coordination, email=technician.email)


def test_nobody_invites_themselves_to_another_role(coordination):
    with pytest.raises(Refused):
        invite(coordination, email=coordination.email, role="auditor")


@pytest.mark.parametrize("role", ["technician", "auditor", "councillor"])
def test_only_the_coordination_invites(role, request, coordination):
    actor = request.getfixturevalue(role)
    with pytest.raises(NotAllowed):
        invite(actor)
    invitation = invite(coordination)
    with pytest.raises(NotAllowed):
        withdraw_invitation(actor=actor, invitation=invitation)
    with pytest.raises(NotAllowed):
        resend_invitation(actor=actor, invitation=invitation)


def test_local_role_needs_its_municipality(coordination):
    with pytest.raises(Refused):
        invite(coordination, role="technician")


def test_guessing_links_is_slowed_down(client, db):
    cache.clear()
    codes = [Client().post("/conta/convite/guess/").status_code for _turn in range(61)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_pages_invite_send_again_and_withdraw(client_of):
    client = client_of("coordination")
    client.post("/conta/convites/", {"email": "nova@example.org", "name": "Nova", "role": "partner"})
    invitation = Invitation.objects.get()
    assert "nova@example.org" in client.get("/conta/convites/").content.decode()
    client.post(f"/conta/convites/{invitation.public_id}/reenviar/")
    assert Email.objects.count() == 2
    client.post(f"/conta/convites/{invitation.public_id}/retirar/")
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is not None


def test_database_holds_the_rules(coordination):
    values = {
        "email": "a@example.org",
        "name": "A",
        "token_hash": "1" * 64,
        "invited_by": coordination,
        "expires_at": timezone.now(),
    }
    for wrong, name in [
        ({"role": "king"}, "invited_role_is_known"),
        ({"role": "technician"}, "invited_local_role_has_its_municipality"),
        (
            {"role": "partner", "accepted_at": timezone.now(), "withdrawn_at": timezone.now()},
            "accepted_invitation_is_not_withdrawn",
        ),
    ]:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Invitation.objects.create(**values | wrong)
    Invitation.objects.create(**values | {"role": "partner"})
    with pytest.raises(IntegrityError, match="one_open_invitation"), transaction.atomic():
        Invitation.objects.create(**values | {"role": "partner", "token_hash": "2" * 64})

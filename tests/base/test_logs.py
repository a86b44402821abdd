"""What may be read in the log."""

import logging
import secrets

import pytest

from refamp.base.context import SecretsFilter

PUBLIC_ID = "01a21085-0fc6-7325-9bff-a15471ffa306"


def logged(client, path: str, method: str) -> list[str]:
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    kept = Kept()
    kept.addFilter(SecretsFilter())
    logger = logging.getLogger("django.request")
    logger.addHandler(kept)
    try:
        client.generic(method, path)
    finally:
        logger.removeHandler(kept)
    return said


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["PROPFIND", "POST", "GET"])
def test_the_secret_in_the_address_of_a_calendar_stays_out_of_the_log(client, method):
    token = secrets.token_urlsafe(32)
    said = logged(client, f"/reunioes/calendario/{token}.ics", method)
    assert len(said) == 1
    assert token not in said[0]
    assert "/reunioes/calendario/….ics" in said[0]


@pytest.mark.django_db
def test_a_public_id_stays_in_the_log(client):
    assert PUBLIC_ID in logged(client, f"/deliberacoes/{PUBLIC_ID}/nada/", "GET")[0]


def test_every_handler_of_the_log_hides_secrets(settings):
    assert all("secrets" in handler["filters"] for handler in settings.LOGGING["handlers"].values())

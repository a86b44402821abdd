"""What machines ask before they send anybody here."""

from datetime import timedelta

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone

from refamp.jobs.models import Canary
from refamp.lobby import api

pytestmark = pytest.mark.django_db


class Broker:
    def ping(self):
        return True


class NoBroker:
    def ping(self):
        raise redis.ConnectionError("nobody answers at a.secret.host")


@pytest.fixture
def all_well(monkeypatch):
    monkeypatch.setattr(api, "broker", Broker)
    return Canary.objects.create(name="worker", seen_at=timezone.now())


def test_the_process_lives_whatever_is_behind_it(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_every_part_is(client, all_well):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert {name: part["ok"] for name, part in answer.json()["parts"].items()} == {
        "database": True,
        "migrations": True,
        "redis": True,
        "worker": True,
    }


def failing(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")
    assert answer["Cache-Control"] == "no-store"
    return {name: part.get("detail") for name, part in answer.json()["parts"].items() if not part["ok"]}


def test_a_worker_that_stopped_consuming_is_found(client, all_well):
    Canary.objects.update(seen_at=timezone.now() - timedelta(seconds=90))
    assert failing(client).keys() == {"worker"}
    Canary.objects.all().delete()
    assert failing(client) == {"worker": "no message was ever taken from the queue"}


def test_a_broker_that_is_away_is_found_without_naming_it(client, all_well, monkeypatch):
    monkeypatch.setattr(api, "broker", NoBroker)
    assert failing(client) == {"redis": "ConnectionError"}


def test_a_migration_that_waits_is_found(client, all_well, monkeypatch):
    known = api.migrations_on_disk()
    monkeypatch.setattr(api, "migrations_on_disk", lambda: known | {("territory", "9999_later")})
    assert failing(client) == {"migrations": "1 not applied, first territory.9999_later"}


def test_a_database_that_is_away_is_found(client, all_well, monkeypatch):
    def away(_ask):
        raise OperationalError("password of a.secret.host")

    monkeypatch.setattr(api, "quickly", away)
    assert failing(client) == dict.fromkeys(("database", "migrations", "worker"), "OperationalError")

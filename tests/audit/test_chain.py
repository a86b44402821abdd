"""The record cannot be changed by the application, and a change by whoever can is found."""

import datetime as dt
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg2 import errors, sql

from axes.models import Release
from refamp.audit.actions import CHANGED, grant_application_role, record, seal_events, seal_everything
from refamp.audit.formulas import BEGINNING, canonical, digest
from refamp.audit.models import Event, Seal
from refamp.audit.queries import protected_by_grants, verdict
from refamp.base.errors import Refused
from tests.factories import MunicipalityFactory, PhaseFactory, UserFactory

pytestmark = pytest.mark.django_db


def some_events(count: int = 3) -> list[Event]:
    actor, place = UserFactory(), MunicipalityFactory()
    return [
        record(
            actor=actor, action="place.renamed", obj=place, before={"name": n}, after={"name": n + 1, "note": CHANGED}
        )
        for n in range(count)
    ]


def findings() -> list[tuple[str, int | None]]:
    return [(one["finding"], one["event"]) for one in verdict().findings]


@contextmanager
def as_the_owner() -> Iterator[Any]:
    """What whoever owns the tables can do: switch the trigger off, tamper, switch it on again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def application_role() -> str:
    """The role of the application, with its grants, in this test's transaction."""
    role = os.environ.get("DATABASE_APPLICATION_ROLE", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if not role or role == cursor.fetchone()[0]:
            role = "refamp_application_of_tests"
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    assert grant_application_role(role=role) is True
    return role


@contextmanager
def acting_as(role: str) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


def test_the_digest_is_sha_256_over_the_previous_one_and_the_canonical_json_of_all_columns():
    event = {
        "id": 7,
        "public_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "at": dt.datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "actor_id": None,
        "actor_label": "Zé",
        "action": "a.b",
        "object_type": "x.Y",
        "object_id": "1",
        "object_label": "um",
        "before": {},
        "after": {"z": 1, "a": [True, None]},
        "reason": "",
        "request_id": "-",
    }
    text = (
        '{"action":"a.b","actor_id":null,"actor_label":"Zé","after":{"a":[true,null],"z":1},"at":"2026-03-01T09:00:00.000005'
        '+00:00","before":{},"id":7,"object_id":"1","object_label":"um","object_type":"x.Y","public_id":"01890a5d-ac96-774b-'
        'bcce-b302099a8057","reason":"","request_id":"-"}'
    )
    assert canonical(event) == text
    assert digest(BEGINNING, event) == hashlib.sha256(("0" * 64 + "\n" + text).encode()).hexdigest()


def test_events_are_sealed_once_in_their_order_and_the_chain_is_whole():
    events = some_events()
    assert seal_events() == 3
    assert seal_events() == 0
    seals = list(Seal.objects.order_by("id"))
    assert [seal.event_id for seal in seals] == [event.pk for event in events]
    assert [seal.previous for seal in seals] == [BEGINNING, seals[0].digest, seals[1].digest]
    found = verdict()
    assert (found.intact, found.events, found.seals, found.head) == (True, 3, 3, seals[-1].digest)


def test_an_event_that_committed_late_is_sealed_after_younger_ones():
    late, early = some_events(2)
    with as_the_owner() as cursor:  # the seal of the younger one stands first
        cursor.execute("SELECT 1")
    row = Event.objects.filter(pk=early.pk).values(*[field.attname for field in Event._meta.concrete_fields])[0]
    Seal.objects.create(event_id=early.pk, previous=BEGINNING, digest=digest(BEGINNING, row))
    assert seal_events() == 1
    assert list(Seal.objects.order_by("id").values_list("event_id", flat=True)) == [early.pk, late.pk]
    assert verdict().intact


def test_the_application_role_may_add_and_read_and_nothing_else(application_role):
    (event,) = some_events(1)
    seal_everything()
    with acting_as(application_role) as cursor:
        assert protected_by_grants() is True
        cursor.execute("SELECT count(*) FROM audit_event")
        assert cursor.fetchone() == (1,)
        record(actor=None, action="x.added", obj=event)
        assert seal_events() == 1
        for statement in (
            "UPDATE audit_event SET reason = 'forged'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "UPDATE audit_seal SET digest = ''",
            "DELETE FROM audit_seal",
            "TRUNCATE audit_seal",
            "ALTER TABLE audit_event DISABLE TRIGGER USER",
            "DROP TABLE audit_seal",
            "SET session_replication_role = replica; DELETE FROM audit_event",
            "SET LOCAL pgtrigger.ignore = '{audit_event:pgtrigger_never_changes}'; DELETE FROM audit_event",
            "DELETE FROM django_migrations",
            "CREATE TABLE mine (a int)",
        ):
            with pytest.raises(DatabaseError) as refused, transaction.atomic():
                cursor.execute(statement)
            assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege), statement
    assert findings() == []


def test_the_application_role_cannot_set_a_lock_aside(application_role):
    """`pgtrigger.ignore` is a setting that any role may set; only the tables' owner is believed."""
    phase = PhaseFactory()
    release = Release.objects.create(consultation=phase.consultation, phase=phase, minimum_cell=5, respondents=48)
    attack = (
        "SELECT set_config('pgtrigger.ignore', array_agg(tgname)::text, true)"
        " FROM pg_trigger WHERE tgname LIKE 'pgtrigger%';"
        f" UPDATE axes_release SET respondents = respondents + 1 WHERE id = {release.pk}"
    )
    with acting_as(application_role) as cursor, pytest.raises(DatabaseError, match="annot"), transaction.atomic():
        cursor.execute(attack)
    with connection.cursor() as cursor:
        cursor.execute(attack)
        assert cursor.rowcount == 1


def test_the_application_role_can_do_its_work_on_every_other_table(application_role):
    with acting_as(application_role) as cursor:
        place = MunicipalityFactory()
        place.name = "Outra"
        place.save()
        place.delete()
        cursor.execute(
            "SELECT pg_catalog.has_table_privilege(current_user, 'jobs_job', 'SELECT, INSERT, UPDATE, DELETE')"
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}", "TRUNCATE {0}"])
@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
def test_where_one_role_serves_for_all_a_trigger_refuses(table, statement):
    some_events(1)
    seal_everything()
    with pytest.raises(DatabaseError, match="annot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_one_role_for_both_needs_no_grants_and_the_command_says_so():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    said = StringIO()
    call_command("grant_application_role", role=owner, stdout=said)
    assert "nothing to grant" in said.getvalue()
    assert protected_by_grants() is False


def test_a_role_that_does_not_exist_or_may_act_as_the_owner_is_refused():
    with pytest.raises(CommandError, match="nobody_of_that_name"):
        call_command("grant_application_role", role="nobody_of_that_name")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolsuper AND rolname <> current_user LIMIT 1")
        strong = cursor.fetchone()
    if strong:
        with pytest.raises(Refused) as refused:
            grant_application_role(role=strong[0])
        assert refused.value.code == "role_too_strong"


def test_a_row_forged_by_the_owner_is_found():
    events = some_events()
    seal_everything()
    with as_the_owner() as cursor:
        cursor.execute("UPDATE audit_event SET after = '{\"name\": 99}' WHERE id = %s", [events[1].pk])
    assert findings() == [("changed", events[1].pk)]


@pytest.mark.parametrize(
    "column", [f.column for f in Event._meta.concrete_fields if f.column not in {"id", "actor_id"}]
)
def test_a_change_of_any_column_is_found(column):
    events = some_events()
    seal_everything()
    value = {"public_id": "01890a5d-ac96-774b-bcce-b302099a8057", "at": "2020-01-01", "before": "{}", "after": "{}"}
    with as_the_owner() as cursor:
        cursor.execute(f"UPDATE audit_event SET {column} = %s WHERE id = %s", [value.get(column, "x"), events[2].pk])
    assert findings() == [("changed", events[2].pk)]


def test_a_deleted_event_is_found_and_so_is_its_seal():
    events = some_events()
    seal_everything()
    with as_the_owner() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id = %s", [events[1].pk])
    assert findings() == [("missing", events[1].pk)]
    with as_the_owner() as cursor:
        cursor.execute("DELETE FROM audit_seal WHERE event_id = %s", [events[1].pk])
    assert findings() == [("broken", events[2].pk)]


def test_a_seal_recomputed_for_a_forged_event_breaks_the_chain_behind_it():
    events = some_events()
    seal_everything()
    with as_the_owner() as cursor:
        cursor.execute("UPDATE audit_event SET reason = 'forged' WHERE id = %s", [events[0].pk])
        row = Event.objects.filter(pk=events[0].pk).values(*[f.attname for f in Event._meta.concrete_fields])[0]
        cursor.execute("UPDATE audit_seal SET digest = %s WHERE event_id = %s", [digest(BEGINNING, row), events[0].pk])
    assert findings() == [("broken", events[1].pk)]


def test_an_end_cut_off_is_found_by_whoever_kept_the_head():
    events = some_events()
    seal_everything()
    head = verdict().head
    with as_the_owner() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id = %s", [events[2].pk])
        cursor.execute("DELETE FROM audit_seal WHERE event_id = %s", [events[2].pk])
    assert verdict().intact
    assert [one["finding"] for one in verdict(expected=head).findings] == ["cut"]


def test_an_old_event_without_a_seal_is_found():
    (event,) = some_events(1)
    assert findings() == []
    with as_the_owner() as cursor:
        cursor.execute("UPDATE audit_event SET at = now() - interval '2 hours'")
    assert findings() == [("unsealed", event.pk)]


def test_the_command_prints_the_head_and_ends_with_1_when_something_is_wrong():
    events = some_events()
    seal_everything()
    said = StringIO()
    call_command("verify_audit", stdout=said)
    head = Seal.objects.order_by("id").last().digest
    assert said.getvalue().splitlines() == [f"3 seals over 3 events, head {head}", "intact"]
    with as_the_owner() as cursor:
        cursor.execute("UPDATE audit_event SET reason = 'forged' WHERE id = %s", [events[0].pk])
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--json", stdout=said)
    assert ended.value.code == 1
    assert json.loads(said.getvalue()) == {
        "intact": False,
        "events": 3,
        "seals": 3,
        "head": head,
        "protected_by": "trigger",
        "findings": [{"finding": "changed", "event": events[0].pk, "seal": Seal.objects.order_by("id").first().pk}],
    }


@pytest.mark.django_db(transaction=True)
def test_two_who_seal_at_once_make_one_chain():
    some_events(40)
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def seal() -> None:
        try:
            together.wait(10)
            for _turn in range(20):
                seal_events(limit=5)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    seal_everything()
    found = verdict()
    assert (found.findings, found.seals, found.events) == ([], 40, 40)


def test_what_is_recorded_is_plain_json_and_keeps_no_personal_value():
    place = MunicipalityFactory(name="Espinho")
    event = record(
        actor=None,
        action="x.y",
        obj=place,
        after={"on": dt.date(2026, 3, 1), "place": place, "email": CHANGED},
        reason="porque sim",
    )
    event.refresh_from_db()
    assert event.after == {"on": "2026-03-01", "place": "Espinho", "email": "changed"}
    assert (event.actor, event.actor_label, event.object_label, event.reason) == (None, "", "Espinho", "porque sim")

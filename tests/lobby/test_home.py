"""The front door."""

import pytest

from refamp.audit.actions import record
from refamp.audit.models import Event


def test_home_is_there_for_anybody(client, db):
    assert client.get("/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_append_only_tables_are_emptied_between_transactional_tests(technician):
    record(actor=technician, action="x", obj=technician)
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_append_only_tables_are_emptied_between_transactional_tests_2(technician):
    record(actor=technician, action="x", obj=technician)
    assert Event.objects.count() == 1

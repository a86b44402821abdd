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


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/conta/login/", "text/plain; charset=utf-8"), ("/api/v1/frameworks/", "application/problem+json")],
)
def test_a_body_larger_than_anything_here_takes_is_refused_unread(address, kind, client, db):
    """Whoever sends it may be nobody: not a byte of it reaches a form parser or a disk."""
    answer = client.post(address, {"x": "y"}, CONTENT_LENGTH=str(10**10))
    assert (answer.status_code, answer["Content-Type"]) == (413, kind)

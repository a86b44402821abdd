"""The digest: chosen, once a day, never empty, in the language of who reads it."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from refamp.accounts.actions import DigestLine, digests, erase_person, send_digests
from refamp.accounts.models import DigestSent
from refamp.base.templatetags.refamp import day as shown
from refamp.jobs.models import Email
from tests.factories import FollowUpFactory, UserFactory
from units.choices import FollowUpState
from units.models import FollowUp

pytestmark = pytest.mark.django_db

# A Wednesday, so that no reminder of the week falls on the days after it.
WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=timezone.get_default_timezone())
DAY = timedelta(days=1)


def task(days, **facts):
    return FollowUpFactory(due_on=WEDNESDAY.date() + days * DAY, **facts)


def test_one_message_tells_everything_that_is_somebodys_and_nobody_gets_an_empty_one():
    owner, idle = UserFactory(), UserFactory()
    for days, words in ((-1, "Atrasada"), (3, "Próxima"), (60, "Longe")):
        task(days, owner=owner, task=words)
    task(3, owner=idle, task="Feita", state=FollowUpState.DONE, done_at=WEDNESDAY)
    task(3, task="De outrem")
    assert send_digests(now=WEDNESDAY) == 2
    message = Email.objects.get(to=owner.email)
    assert message.subject == "REF-AMP: 3 assuntos para si"
    assert f"Em atraso desde {shown(WEDNESDAY.date() - DAY)}: Atrasada" in message.body
    assert f"Até {shown(WEDNESDAY.date() + 3 * DAY)}: Próxima" in message.body
    assert "Longe" in message.body
    assert "De outrem" not in message.body
    assert message.body.index("Atrasada") < message.body.index("Próxima") < message.body.index("Longe")
    assert reverse("units:follow_ups") in message.body
    assert reverse("accounts:me") in message.body
    assert not Email.objects.filter(to=idle.email).exists()


def test_the_same_day_again_and_a_day_without_news_write_to_nobody():
    found = task(30)
    assert send_digests(now=WEDNESDAY) == 1
    assert send_digests(now=WEDNESDAY + timedelta(hours=3)) == 0
    assert send_digests(now=WEDNESDAY + DAY) == 0
    task(40, owner=found.owner)
    assert send_digests(now=WEDNESDAY + 2 * DAY) == 1


def test_a_task_is_new_when_given_when_a_week_is_left_and_when_it_is_late():
    task(9)
    told = [days for days in range(12) if send_digests(now=WEDNESDAY + days * DAY)]
    # Given on Wednesday, a week left on Friday, the Monday after, late on the day after its day.
    assert told == [0, 2, 5, 10]


def test_what_waits_is_recalled_every_monday():
    task(60)
    told = [days for days in range(21) if send_digests(now=WEDNESDAY + days * DAY)]
    assert told == [0, 5, 12, 19]


def test_the_pace_is_the_persons_choice():
    weekly, never = UserFactory(digest="weekly"), UserFactory(digest="never")
    for owner in (weekly, never):
        task(9, owner=owner)
    told = [days for days in range(12) if send_digests(now=WEDNESDAY + days * DAY)]
    assert told == [0, 5]
    assert not Email.objects.filter(to=never.email).exists()


def test_one_chooses_on_the_own_account(client_of):
    person = UserFactory()
    browser = client_of(person)
    assert 'name="digest"' in browser.get(reverse("accounts:me")).content.decode()
    data = {"name": person.name, "language": "pt-pt", "digest": "never", "version": person.version}
    assert browser.post(reverse("accounts:me"), data).status_code == 302
    assert browser.post(reverse("accounts:me"), data | {"digest": "hourly"}).status_code == 200
    person.refresh_from_db()
    assert person.digest == "never"


def test_it_is_written_in_the_language_of_who_reads_it():
    reader = UserFactory(language="en")
    task(-1, owner=reader)
    send_digests(now=WEDNESDAY)
    message = Email.objects.get(to=reader.email)
    assert message.subject == "REF-AMP: 1 matter for you"
    assert "Overdue since" in message.body


def test_nobody_is_written_to_in_the_night_nor_after_leaving():
    found = task(-1)
    assert send_digests(now=WEDNESDAY.replace(hour=6)) == 0
    found.owner.is_active = False
    found.owner.save()
    assert send_digests(now=WEDNESDAY) == 0


def test_a_task_that_comes_back_is_new_again():
    found = task(30)
    other = task(31, owner=found.owner)
    send_digests(now=WEDNESDAY)
    for state, done_at in ((FollowUpState.DONE, WEDNESDAY), (FollowUpState.OPEN, None)):
        FollowUp.objects.filter(pk=other.pk).update(state=state, done_at=done_at)
        send_digests(now=WEDNESDAY + DAY)
    assert Email.objects.count() == 2


def test_erasure_forgets_the_last_digest():
    found = task(-1)
    send_digests(now=WEDNESDAY)
    erase_person(actor=None, person=found.owner)
    assert not DigestSent.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_people_are_asked_about_together(number, django_assert_num_queries):
    for _ in range(number):
        task(-1)
    people = list(FollowUp.objects.values_list("owner", flat=True))
    with django_assert_num_queries(5):  # one for tasks, four for plans
        assert len(digests.lines_for(WEDNESDAY.date(), people)) == number


def test_a_room_that_says_nothing_of_somebody_costs_them_no_message(monkeypatch):
    person = UserFactory()
    line = DigestLine(person.pk, "x:1", "Planos", "Devolvido", "/planos/")
    monkeypatch.setitem(digests.SOURCES, "test", lambda *, day, people: [line] if person.pk in people else [])
    UserFactory()
    assert send_digests(now=WEDNESDAY) == 1
    assert "/planos/" in Email.objects.get().body


@pytest.mark.django_db(transaction=True)
def test_schedulers_that_run_at_once_write_once():
    task(-1)
    gate = Barrier(3)

    def run():
        try:
            gate.wait(timeout=20)
            send_digests(now=WEDNESDAY)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert Email.objects.count() == 1

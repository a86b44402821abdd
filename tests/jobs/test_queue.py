"""A job is a row: done once in effect, whoever dies in between."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import LeaseLost, cancel_job, enqueue_job, execute_job, register, ring_again, see_canary
from refamp.jobs.actions import bell as bells
from refamp.jobs.actions.registry import KINDS
from refamp.jobs.actions.work import MOST_ATTEMPTS
from refamp.jobs.choices import JobState
from refamp.jobs.models import Canary, Job
from refamp.jobs.queries import queue_state, worker_lives
from tests.factories import JobFactory, MunicipalityFactory

Do = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(before)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the bell was rung for."""
    heard: list[tuple[str, ...]] = []
    monkeypatch.setattr(bells.BELL, "ring", lambda *what: heard.append(what) or True)
    return heard


def ask(handler: Any = lambda _job, _progress: None, key: str = "", **options: Any) -> Job:
    register("test.kind", handler, **options)
    return enqueue_job(actor=None, kind="test.kind", payload={"n": 1}, key=key)


@pytest.mark.django_db
def test_a_job_is_done_with_its_result_and_is_not_done_again(work: Do):
    done = []
    job = ask(lambda job, _progress: done.append(job.payload["n"]) or {"answer": 42})
    assert work() == ["done"]
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts, job.lease) == (JobState.DONE, {"answer": 42}, 1, None)
    assert job.finished_at is not None
    assert execute_job(public_id=job.public_id) == "taken"
    assert done == [1]


@pytest.mark.django_db
def test_the_bell_rings_only_after_the_commit(rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = ask()
        assert rung == []
    assert rung == [("refamp.jobs.tasks.run_job", str(job.public_id))]


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_at_once():
    with pytest.raises(LookupError):
        enqueue_job(actor=None, kind="nobody.registered", payload={})


@pytest.mark.django_db
def test_while_one_job_waits_under_a_key_no_second_is_queued_and_one_that_runs_does_not_count(work: Do):
    first = ask(key="k")
    assert ask(key="k") == first
    assert ask(key="other") != first
    Job.objects.filter(pk=first.pk).update(state=JobState.RUNNING)
    assert ask(key="k") != first


@pytest.mark.django_db
def test_the_database_holds_one_waiting_job_per_key():
    JobFactory(key="k")
    with pytest.raises(IntegrityError, match="one_waiting_job_per_key"), transaction.atomic():
        JobFactory(key="k")
    with pytest.raises(IntegrityError, match="job_state_is_known"), transaction.atomic():
        JobFactory(state="lost")


@pytest.mark.django_db
def test_a_refusal_fails_at_once_with_its_sentence_and_leaves_nothing(work: Do):
    def refuse(_job: Job, _progress: Any) -> None:
        MunicipalityFactory()
        raise Refused("Não pode ser.", code="no")

    told = []
    job = ask(refuse, failed=lambda job, message: told.append((job.pk, message)))
    assert work() == ["failed"]
    job.refresh_from_db()
    assert (job.message, job.error, job.attempts) == ("Não pode ser.", "", 1)
    assert told == [(job.pk, "Não pode ser.")]
    assert MunicipalityFactory._meta.model.objects.count() == 0


@pytest.mark.django_db
def test_a_crash_is_tried_again_later_and_five_times_at_most(work: Do):
    def crash(_job: Job, _progress: Any) -> None:
        raise RuntimeError("boom")

    job = ask(crash, key="k")
    waits = []
    for _turn in range(MOST_ATTEMPTS - 1):
        assert execute_job(public_id=job.public_id) == "queued"
        assert execute_job(public_id=job.public_id) == "taken"  # not before its time
        job.refresh_from_db()
        waits.append(round((job.run_after - timezone.now()).total_seconds()))
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
    assert waits == [2, 4, 8, 16]
    assert execute_job(public_id=job.public_id) == "failed"
    job.refresh_from_db()
    assert "RuntimeError: boom" in job.error
    assert "boom" not in job.message


@pytest.mark.django_db
def test_a_job_that_kills_its_worker_each_time_is_given_up(work: Do):
    job = ask()
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, attempts=MOST_ATTEMPTS, leased_until=timezone.now() - timedelta(seconds=1)
    )
    assert execute_job(public_id=job.public_id) == "failed"


@pytest.mark.django_db
def test_too_long_is_final(work: Do):
    def slow(_job: Job, _progress: Any) -> None:
        raise SoftTimeLimitExceeded

    ask(slow)
    assert work() == ["failed"]


@pytest.mark.django_db
def test_a_crashed_job_gives_way_to_a_twin_that_waits_under_its_key(work: Do):
    def crash(_job: Job, _progress: Any) -> None:
        enqueue_job(actor=None, kind="test.quiet", payload={}, key="k")
        raise RuntimeError

    register("test.quiet", lambda _job, _progress: None)
    job = ask(lambda _job, _progress: 1 / 0, key="k")
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, leased_until=timezone.now() - timedelta(seconds=1))
    twin = enqueue_job(actor=None, kind="test.quiet", payload={}, key="k")
    assert twin != job
    assert execute_job(public_id=job.public_id) == "cancelled"
    assert execute_job(public_id=twin.public_id) == "done"


@pytest.mark.django_db
def test_a_lease_lost_to_another_worker_rolls_the_work_back(work: Do):
    def robbed(job: Job, _progress: Any) -> None:
        MunicipalityFactory()
        Job.objects.filter(pk=job.pk).update(lease="00000000-0000-0000-0000-000000000001")

    job = ask(robbed)
    assert execute_job(public_id=job.public_id) == "lost"
    assert MunicipalityFactory._meta.model.objects.count() == 0


@pytest.mark.django_db
def test_progress_is_written_and_says_when_the_lease_is_lost(work: Do):
    seen: list[Any] = []

    def slow(job: Job, progress: Any) -> None:
        progress.set(1, 10, "a ler")
        seen.append(Job.objects.values_list("progress_done", "progress_total", "message").get(pk=job.pk))
        progress.set(2, 10)  # too soon after the last: not written
        seen.append(Job.objects.values_list("progress_done", flat=True).get(pk=job.pk))
        progress.set(10, 10)
        seen.append(Job.objects.values_list("progress_done", flat=True).get(pk=job.pk))
        Job.objects.filter(pk=job.pk).update(lease=None)
        with pytest.raises(LeaseLost):
            progress.set(10, 10)
        with pytest.raises(LeaseLost):
            progress.check()

    ask(slow)
    assert work() == ["lost"]
    assert seen == [(1, 10, "a ler"), 1, 10]


@pytest.mark.django_db
def test_messages_are_in_the_language_of_whoever_asked(work: Do, technician):
    technician.language = "en"
    technician.save()
    register("test.kind", lambda _job, _progress: 1 / 0)
    job = enqueue_job(actor=technician, kind="test.kind", payload={})
    Job.objects.filter(pk=job.pk).update(attempts=MOST_ATTEMPTS)
    execute_job(public_id=job.public_id)
    job.refresh_from_db()
    assert job.message == "It was interrupted 5 times."


@pytest.mark.django_db
def test_the_sweeper_rings_for_lost_bells_and_dead_workers_only(rung):
    now = timezone.now()
    ago = timedelta(seconds=30)
    lost = JobFactory(rung_at=now - ago)
    dead = JobFactory(state=JobState.RUNNING, leased_until=now - timedelta(seconds=1), rung_at=now)
    JobFactory(rung_at=now)  # just rung
    JobFactory(rung_at=now - ago, run_after=now + ago)  # not yet due
    JobFactory(state=JobState.RUNNING, leased_until=now + ago, rung_at=now - ago)  # alive
    JobFactory(state=JobState.DONE, rung_at=now - ago)
    assert ring_again() == 2
    assert {what[1] for what in rung} == {str(lost.public_id), str(dead.public_id)}
    rung.clear()
    assert ring_again() == 1  # the dead one: whoever is rung for it may die too


@pytest.mark.django_db
def test_only_a_waiting_job_is_cancelled_and_only_by_its_own_or_the_coordination(technician, partner, coordination):
    job = JobFactory(actor=technician)
    with pytest.raises(NotAllowed):
        cancel_job(actor=partner, job=job)
    assert cancel_job(actor=technician, job=job).state == JobState.CANCELLED
    assert cancel_job(actor=technician, job=job).state == JobState.CANCELLED
    with pytest.raises(Refused):
        cancel_job(actor=coordination, job=JobFactory(state=JobState.RUNNING))


@pytest.mark.django_db
def test_a_canary_tells_whether_the_worker_lives(db):
    assert worker_lives() is False
    see_canary()
    see_canary()
    assert Canary.objects.count() == 1
    assert worker_lives() is True
    assert worker_lives(now=timezone.now() + timedelta(minutes=2)) is False


@pytest.mark.django_db
def test_the_dashboard_counts_what_waits():
    JobFactory()
    JobFactory(state=JobState.RUNNING)
    JobFactory(state=JobState.FAILED)
    JobFactory(state=JobState.DONE)
    found = queue_state()
    assert (found["queued"], found["running"], found["failed"], found["mail"]) == (1, 1, 1, 0)


def test_a_broker_that_is_away_costs_a_request_less_than_a_second_and_once():
    bell = bells.Bell()
    bell.process = bells.os.getpid()
    bell.connection = bells.Connection(
        "redis://127.0.0.1:1/0", transport_options=bells.BELL_OPTIONS, connect_timeout=0.3
    )
    began = time.monotonic()
    assert bell.ring("refamp.jobs.tasks.canary") is False
    first = time.monotonic() - began
    assert bell.ring("refamp.jobs.tasks.canary") is False
    assert first < 1
    assert time.monotonic() - began - first < 0.05


# With committed data and real connections.


COMMITTED = pytest.mark.django_db(transaction=True, databases=["default", "jobs"])


@COMMITTED
def test_of_many_workers_one_does_the_job():
    done: list[int] = []

    def slow(job: Job, _progress: Any) -> None:
        time.sleep(0.3)
        done.append(job.pk)

    job = ask(slow)
    ends: list[str] = []

    def compete() -> None:
        try:
            ends.append(execute_job(public_id=job.public_id))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=compete) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends) == ["done", "taken", "taken", "taken", "taken", "taken"]
    assert done == [job.pk]


@COMMITTED
def test_progress_is_seen_while_the_work_is_uncommitted_and_the_lease_is_renewed(monkeypatch):
    monkeypatch.setattr("refamp.jobs.actions.work.BEAT_SECONDS", 0.1)
    seen: dict[str, Any] = {}

    def look(pk: int) -> None:
        seen["places"] = MunicipalityFactory._meta.model.objects.count()
        seen["job"] = Job.objects.values_list("state", "progress_done", "leased_until").get(pk=pk)
        connections.close_all()

    def handler(job: Job, progress: Any) -> None:
        MunicipalityFactory()
        progress.set(3, 9)
        before = Job.objects.using("jobs").get(pk=job.pk).leased_until
        time.sleep(0.5)
        thread = threading.Thread(target=look, args=[job.pk])
        thread.start()
        thread.join(5)
        seen["renewed"] = seen["job"][2] > before

    job = ask(handler)
    assert execute_job(public_id=job.public_id) == "done"
    assert (seen["places"], seen["job"][:2], seen["renewed"]) == (0, ("running", 3), True)
    assert MunicipalityFactory._meta.model.objects.count() == 1


@COMMITTED
def test_a_heartbeat_that_finds_the_lease_gone_stops_the_work(monkeypatch):
    monkeypatch.setattr("refamp.jobs.actions.work.BEAT_SECONDS", 0.1)

    def handler(job: Job, progress: Any) -> None:
        MunicipalityFactory()
        Job.objects.using("jobs").filter(pk=job.pk).update(lease=None)
        for _turn in range(100):
            time.sleep(0.05)
            progress.check()

    job = ask(handler)
    began = time.monotonic()
    assert execute_job(public_id=job.public_id) == "lost"
    assert time.monotonic() - began < 4
    assert MunicipalityFactory._meta.model.objects.count() == 0


@COMMITTED
def test_a_waiting_job_with_a_key_does_not_begin_before_the_one_who_counts_on_it_commits():
    seen: list[int] = []
    job = ask(lambda _job, _progress: seen.append(MunicipalityFactory._meta.model.objects.count()), key="fold")
    ends: list[str] = []

    def try_it() -> None:
        ends.append(execute_job(public_id=job.public_id))
        connections.close_all()

    with transaction.atomic():
        MunicipalityFactory()
        assert enqueue_job(actor=None, kind="test.kind", payload={}, key="fold") == job
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join(10)
        assert ends == ["taken"]
    assert execute_job(public_id=job.public_id) == "done"
    assert seen == [1]


@COMMITTED
def test_two_who_ask_at_once_under_one_key_get_one_job():
    register("test.kind", lambda _job, _progress: None)
    together = threading.Barrier(5)
    got: list[int] = []

    def ask_too() -> None:
        together.wait(10)
        with transaction.atomic():
            got.append(enqueue_job(actor=None, kind="test.kind", payload={}, key="same").pk)
        connection.close()

    threads = [threading.Thread(target=ask_too) for _each in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == 5
    assert len(set(got)) == 1
    assert Job.objects.count() == 1

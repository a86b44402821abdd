"""Putting work in the queue, and ringing for a worker."""

import logging
import os
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu import Connection
from kombu.pools import producers

from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions.registry import KINDS
from refamp.jobs.choices import JobState
from refamp.jobs.models import Job
from refamp.jobs.rules import may_cancel_job

log = logging.getLogger(__name__)

RUN_JOB = "refamp.jobs.tasks.run_job"
# The web request must not wait for a broker that is away: the sweeper rings again in seconds.
BELL_OPTIONS = {"max_retries": 0, "socket_connect_timeout": 0.3, "socket_timeout": 0.7, "retry_on_timeout": False}
QUIET_AFTER_FAILURE = 2.0  # seconds in which a process does not try a broker again that did not answer
RUNG_RECENTLY = timedelta(seconds=10)
AT_ONCE = 200


class Bell:
    """One connection per process to the broker, that gives up at once."""

    def __init__(self) -> None:
        self.process = 0
        self.silent_until = 0.0
        self.connection: Connection | None = None

    def ring(self, task: str, *arguments: str) -> bool:
        """Send a task by name. False, and no exception, when the broker is away."""
        if self.process != os.getpid():  # a forked child must not talk over its parent's socket
            self.process, self.connection, self.silent_until = os.getpid(), None, 0.0
        if time.monotonic() < self.silent_until:
            return False
        if self.connection is None:
            self.connection = current_app.connection_for_write(
                transport_options={**current_app.conf.broker_transport_options, **BELL_OPTIONS}, connect_timeout=0.3
            )
        try:
            with producers[self.connection].acquire(block=True, timeout=1) as producer:
                current_app.send_task(task, args=list(arguments), producer=producer, retry=False, ignore_result=True)
        except Exception as error:  # noqa: BLE001 - whatever the broker does, the row is there and the sweeper comes by
            log.warning("The bell of %s was not heard: %s", task, error)
            self.silent_until = time.monotonic() + QUIET_AFTER_FAILURE
            return False
        return True


BELL = Bell()


def ring(job: Job) -> None:
    """Ring for a worker once the caller's transaction is committed. Never fails: the sweeper finds a lost bell."""
    name = str(job.public_id)
    transaction.on_commit(lambda: BELL.ring(RUN_JOB, name), robust=True)


def enqueue_job(
    *, actor: Any, kind: str, payload: dict[str, Any], key: str = "", run_after: datetime | None = None
) -> Job:
    """Write down what is to be done, in the caller's transaction, and ring when that commits.

    With a `key`, a job that already waits under it is returned instead, and is held back until the caller commits: it
    will see what the caller wrote. One that already runs does not count, for it may have looked too early.
    """
    if kind not in KINDS:
        raise LookupError(f"nobody registered jobs of kind {kind!r}")
    with transaction.atomic():
        fresh = Job(
            actor=actor if getattr(actor, "is_authenticated", False) else None,
            kind=kind,
            payload=payload,
            key=key,
            run_after=run_after,
            rung_at=timezone.now(),
        )
        job = insert(fresh) if key else create(fresh)
        ring(job)
    return job


def create(job: Job) -> Job:
    job.save(force_insert=True)
    return job


def insert(fresh: Job) -> Job:
    """The new row, or the one that waits under the same key, locked in share mode so that it cannot start yet."""
    while True:
        Job.objects.bulk_create([fresh], ignore_conflicts=True)
        waiting = Job.objects.raw(
            "SELECT * FROM jobs_job WHERE key = %s AND state = 'queued' AND key <> '' FOR SHARE", [fresh.key]
        )
        for job in waiting:
            return job
        # It began between the two statements: try again to be the one that waits.


def ring_again(*, limit: int = AT_ONCE) -> int:
    """Ring for due jobs whose bell was lost, and for those whose worker died. How many were rung."""
    now = timezone.now()
    due = (
        Job.objects.filter(
            Q(state=JobState.QUEUED) & (Q(run_after__isnull=True) | Q(run_after__lte=now))
            | Q(state=JobState.RUNNING, leased_until__lt=now)
        )
        .filter(Q(rung_at__isnull=True) | Q(rung_at__lt=now - RUNG_RECENTLY) | Q(state=JobState.RUNNING))
        .order_by("created_at")
        .values_list("id", "public_id")[:limit]
    )
    rung: list[int] = []
    for pk, public_id in due:
        if not BELL.ring(RUN_JOB, str(public_id)):
            break
        rung.append(pk)
    # A job that a worker has just taken is locked or no longer queued; the mark does not matter there.
    Job.objects.filter(pk__in=Job.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=rung)).update(
        rung_at=now
    )
    return len(rung)


@transaction.atomic
def cancel_job(*, actor: Any, job: Job | UUID) -> Job:
    """Take back a job that has not begun."""
    locked = Job.objects.select_for_update(no_key=True).get(public_id=getattr(job, "public_id", job))
    if not may_cancel_job(actor, locked):
        raise NotAllowed
    if locked.state == JobState.CANCELLED:
        return locked
    if locked.state != JobState.QUEUED:
        raise Refused(_("It has already begun."), code="wrong_state")
    locked.state, locked.finished_at = JobState.CANCELLED, timezone.now()
    locked.save(update_fields=["state", "finished_at"])
    return locked

"""Doing a job: one worker holds its lease, and its effect and its end are one transaction."""

import logging
import threading
import time
import traceback
from datetime import timedelta
from typing import Self
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from refamp.base.context import request_id
from refamp.base.errors import Refused
from refamp.jobs.actions.registry import KINDS, LeaseLost
from refamp.jobs.choices import JobState
from refamp.jobs.models import Canary, Job

log = logging.getLogger(__name__)

LEASE_SECONDS = 15
BEAT_SECONDS = 4
PROGRESS_SECONDS = 0.5
MOST_ATTEMPTS = 5
# Leases and progress are seen by others while the work's own transaction is open.
SECOND = "jobs"

TAKE = """
UPDATE jobs_job SET state = 'running', lease = %(lease)s,
    leased_until = clock_timestamp() + make_interval(secs => %(term)s),
    attempts = attempts + 1, started_at = COALESCE(started_at, clock_timestamp()), progress_done = 0,
    progress_total = 0, message = ''
WHERE id = (
    SELECT id FROM jobs_job WHERE public_id = %(job)s AND (
        state = 'queued' AND (run_after IS NULL OR run_after <= clock_timestamp())
        OR state = 'running' AND leased_until < clock_timestamp()
    ) FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, attempts
"""
RENEW = """
UPDATE jobs_job SET leased_until = clock_timestamp() + make_interval(secs => %(term)s)
WHERE id = %(id)s AND lease = %(lease)s
"""


class Lease:
    """The right to do one job, kept alive by a thread of its own; the holder asks `lost()`."""

    def __init__(self, pk: int, token: UUID) -> None:
        self.pk, self.token = pk, token
        self.ended = threading.Event()
        self.gone = threading.Event()
        self.thread = threading.Thread(target=self.keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.ended.set()
        self.thread.join(timeout=LEASE_SECONDS)

    def keep(self) -> None:
        """Renew until the work ends; a database that is away for longer than the lease is a lost lease."""
        held_until = time.monotonic() + LEASE_SECONDS
        try:
            while not self.ended.wait(BEAT_SECONDS):
                asked = time.monotonic()
                try:
                    with connections[SECOND].cursor() as cursor:
                        cursor.execute("SET statement_timeout = '5s'")
                        cursor.execute(RENEW, {"term": LEASE_SECONDS, "id": self.pk, "lease": self.token})
                        renewed = bool(cursor.rowcount)
                except (DatabaseError, InterfaceError) as error:
                    log.warning("The lease of job %s could not be renewed: %s", self.pk, error)
                    connections[SECOND].close()
                    if time.monotonic() < held_until:
                        continue
                    renewed = False
                if not renewed:
                    self.gone.set()
                    return
                held_until = asked + LEASE_SECONDS
        finally:
            connections[SECOND].close()


class Reported:
    """Progress, written over the second connection so that others see it while the work is still uncommitted."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.written = 0.0

    def check(self) -> None:
        if self.lease.gone.is_set():
            raise LeaseLost

    def set(self, done: int, total: int, message: str | Promise = "") -> None:
        self.check()
        now = time.monotonic()
        if done < total and now - self.written < PROGRESS_SECONDS:
            return
        self.written = now
        changed = (
            Job.objects.using(SECOND)
            .filter(pk=self.lease.pk, lease=self.lease.token)
            .update(progress_done=done, progress_total=total, message=str(message)[:300])
        )
        if not changed:
            self.lease.gone.set()
            raise LeaseLost


def execute_job(*, public_id: UUID | str) -> str:
    """Do a job if it is due and nobody else does it; answers the state it ended in, or `taken` when there was none.

    Never raises for what the handler does: it ends in `done`, `failed`, `queued` (to be tried again) or `lost`.
    """
    token = uuid4()
    with connections[SECOND].cursor() as cursor:
        cursor.execute(TAKE, {"lease": token, "term": LEASE_SECONDS, "job": str(public_id)})
        row = cursor.fetchone()
    if row is None:
        return "taken"
    job = Job.objects.using(SECOND).get(pk=row[0])
    job._state.db = "default"  # read over the second connection, worked on over the first
    name = request_id.set(str(job.public_id))
    try:
        with translation.override(getattr(job.actor, "language", None) or translation.get_language()):
            return hold(job, token)
    finally:
        request_id.reset(name)


def hold(job: Job, token: UUID) -> str:
    """Work under a lease, and sort out how it ended."""
    if job.attempts > MOST_ATTEMPTS:
        return fail(job, token, _("It was interrupted %(times)s times.") % {"times": MOST_ATTEMPTS}, "")
    try:
        with Lease(job.pk, token) as lease:
            work(job, lease)
    except LeaseLost:
        log.warning("Job %s was given to another worker; what this one did is rolled back", job)
        return "lost"
    except Exception as error:  # noqa: BLE001 - whatever a handler raises ends in the row, not in the broker
        return sort_out(job, token, error)
    return str(JobState.DONE)


def sort_out(job: Job, token: UUID, error: Exception) -> str:
    """A refusal and a time limit are final; anything else is tried five times."""
    if isinstance(error, Refused):
        return fail(job, token, str(error.message), "")
    trace = "".join(traceback.format_exception(error))
    log.error("Job %s failed (attempt %s)", job, job.attempts, exc_info=error)
    if isinstance(error, SoftTimeLimitExceeded):
        return fail(job, token, _("It took too long and was stopped."), trace)
    if job.attempts >= MOST_ATTEMPTS:
        return fail(job, token, _("An unexpected error stopped it. The coordination unit can see it."), trace)
    return try_later(job, token, trace)


def work(job: Job, lease: Lease) -> None:
    """The handler's effect and the job's end, in one transaction."""
    kind = KINDS.get(job.kind)
    if kind is None:
        raise LookupError(f"nobody registered jobs of kind {job.kind!r}")
    with transaction.atomic():
        result = kind.handler(job, Reported(lease)) or {}
        # From here the row is locked by this transaction: nobody takes it, and nobody needs to renew it.
        lease.ended.set()
        ended = Job.objects.filter(pk=job.pk, lease=lease.token, state=JobState.RUNNING).update(
            state=JobState.DONE,
            result=result,
            error="",
            lease=None,
            leased_until=None,
            finished_at=timezone.now(),
            progress_done=F("progress_total"),
            message="",
        )
        if not ended:
            raise LeaseLost


@transaction.atomic
def fail(job: Job, token: UUID, message: str, error: str) -> str:
    """For good: a sentence for whoever asked, the traceback for staff."""
    ended = Job.objects.filter(pk=job.pk, lease=token).update(
        state=JobState.FAILED,
        message=message[:300],
        error=error,
        lease=None,
        leased_until=None,
        finished_at=timezone.now(),
    )
    kind = KINDS.get(job.kind)
    if ended and kind is not None and kind.failed is not None:
        kind.failed(job, message)
    return str(JobState.FAILED) if ended else "lost"


def try_later(job: Job, token: UUID, error: str) -> str:
    """Back to the queue after 2, 4, 8, 16 s; unless another job waits under the same key and will do the same."""
    with transaction.atomic():
        mine = Job.objects.select_for_update(no_key=True).filter(pk=job.pk, lease=token).first()
        if mine is None:
            return "lost"
        twin = mine.key and Job.objects.filter(key=mine.key, state=JobState.QUEUED).exists()
        mine.state = JobState.CANCELLED if twin else JobState.QUEUED
        mine.finished_at = timezone.now() if twin else None
        mine.run_after = timezone.now() + timedelta(seconds=2**mine.attempts)
        mine.message = _("It will be tried again.")
        mine.error, mine.lease, mine.leased_until, mine.rung_at = error, None, None, None
        try:
            with transaction.atomic():
                mine.save()
        except DatabaseError:  # a twin came in between: the sweeper takes this one up when its lease has run out
            Job.objects.filter(pk=mine.pk).update(error=error, leased_until=mine.run_after)
    return str(mine.state)


def see_canary(*, name: str = "worker") -> Canary:
    """A worker really took a message from the queue just now."""
    return Canary.objects.update_or_create(name=name, defaults={"seen_at": timezone.now()})[0]

"""What the worker runs. Every task may run twice, or beside itself, and leaves the same state."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from refamp.jobs.actions import erase_expired, execute_job, ring_again, see_canary, send_waiting_mail

log = logging.getLogger(__name__)


@shared_task(name="refamp.jobs.tasks.run_job")
def run_job(public_id: str) -> None:
    """Do one job, if it is still to be done and nobody else does it."""
    execute_job(public_id=public_id)


@shared_task(name="refamp.jobs.tasks.sweep")
def sweep() -> None:
    """Ring again for jobs whose bell was lost or whose worker died."""
    ring_again()


@shared_task(name="refamp.jobs.tasks.canary")
def canary() -> None:
    """Leave a sign that messages are really consumed."""
    see_canary()


@shared_task(name="refamp.jobs.tasks.send_mail")
def send_mail() -> None:
    """Empty the outbox."""
    send_waiting_mail()


@shared_task(name="refamp.jobs.tasks.forget")
def forget() -> None:
    """Erase what has been kept long enough."""
    erase_expired()


@worker_ready.connect
def begin(sender: Any, **_details: Any) -> None:
    """A worker that comes up looks at once for what was left behind."""
    sender.app.send_task("refamp.jobs.tasks.canary", retry=False)
    sender.app.send_task("refamp.jobs.tasks.sweep", retry=False)

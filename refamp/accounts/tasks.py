"""What the worker does by the calendar."""

from celery import shared_task

from refamp.accounts.actions import send_digests as send_due_digests


@shared_task(name="refamp.accounts.tasks.send_digests")
def send_digests() -> int:
    """Write to everybody for whom something waits; again on the same day it writes to nobody."""
    return send_due_digests()

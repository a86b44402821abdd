"""What the worker runs."""

from celery import shared_task

from refamp.audit.actions import seal_everything


@shared_task(name="refamp.audit.tasks.seal")
def seal() -> None:
    """Close what was committed since the last time into the hash chain."""
    seal_everything()

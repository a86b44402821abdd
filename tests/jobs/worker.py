"""The application of the worker that `test_services.py` starts: the real one, with work that can be watched."""

import os
import time
from typing import Any

from celery.signals import celeryd_after_setup

from refamp.celery import app

__all__ = ["app"]


@celeryd_after_setup.connect(weak=False)
def register_kinds(**_details: Any) -> None:
    from refamp.jobs.actions import register  # noqa: PLC0415 - models exist only once the worker has set Django up

    register("test.slow", slow)


def slow(job: Any, progress: Any) -> dict[str, Any]:
    """Leave a row, then take a while; say which process is at it."""
    from refamp.jobs.models import Email  # noqa: PLC0415

    Email.objects.create(to="x@example.pt", subject=job.payload["name"], body="", state="sent")
    steps = job.payload["steps"]
    for step in range(steps):
        progress.set(step, steps, f"process {os.getpid()}")
        time.sleep(0.5)
    return {"process": os.getpid()}

"""What the worker does with counts."""

from typing import Any

from axes.actions.results import fold_tallies
from axes.models import Consultation
from refamp.jobs.actions import Progress
from refamp.jobs.models import Job


def fold(job: Job, _progress: Progress) -> dict[str, Any]:
    """Fold what waits of one consultation; nothing to do where the consultation is gone or another fold came first."""
    consultation = Consultation.objects.filter(pk=job.payload["consultation"]).first()
    return {"counts": fold_tallies(consultation=consultation) if consultation is not None else 0}

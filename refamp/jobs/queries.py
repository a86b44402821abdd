"""Questions about what is to be done."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from refamp.jobs.choices import EmailState, JobState
from refamp.jobs.models import Canary, Email, Job

CANARY_LIVES = timedelta(seconds=60)
OPEN = (JobState.QUEUED, JobState.RUNNING)


def jobs_in_state(jobs: QuerySet[Job], state: str) -> QuerySet[Job]:
    """Jobs of one state; all where it names none."""
    return jobs.filter(state=state) if state in JobState.values else jobs


def canary_seen_at(*, name: str = "worker") -> datetime | None:
    """When a worker last really took a message from the queue; None where none ever did."""
    return Canary.objects.filter(name=name).values_list("seen_at", flat=True).first()


def worker_lives(*, now: datetime | None = None) -> bool:
    """Whether messages are being consumed: a canary within the last minute."""
    seen = canary_seen_at()
    return seen is not None and seen > (now or timezone.now()) - CANARY_LIVES


def queue_state() -> dict[str, Any]:
    """For the dashboard: jobs `queued`, `running`, `failed` (of seven days), `oldest` waiting since, `mail` waiting."""
    week = timezone.now() - timedelta(days=7)
    # Only open rows and the last week's are read: both have an index.
    waiting = Job.objects.filter(state__in=OPEN).aggregate(
        queued=Count("pk", filter=Q(state=JobState.QUEUED)),
        running=Count("pk", filter=Q(state=JobState.RUNNING)),
        oldest=Min("created_at", filter=Q(state=JobState.QUEUED)),
    )
    failed = Job.objects.filter(created_at__gte=week, state=JobState.FAILED).count()
    return {**waiting, "failed": failed, "mail": Email.objects.filter(state=EmailState.QUEUED).count()}

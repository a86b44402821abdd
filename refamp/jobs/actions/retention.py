"""What is forgotten, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from refamp.jobs.choices import EmailState, JobState, UploadState
from refamp.jobs.models import Email, IdempotencyKey, Job, Upload

KEPT_EMAIL = timedelta(days=30)
KEPT_KEY = timedelta(hours=24)
KEPT_JOB = timedelta(days=90)
KEPT_FILE = timedelta(days=30)
KEPT_STRAY_FILE = timedelta(days=1)
AT_ONCE = 5000


@dataclass
class Erased:
    """How many of each were erased."""

    emails: int = 0
    keys: int = 0
    jobs: int = 0
    files: int = 0


def erase_expired(*, now: datetime | None = None) -> Erased:
    """Erase sent mail after 30 days, idempotency keys after a day, finished jobs after 90 days, files after 30 days.

    A file that nobody confirmed in that time is rejected. Stored files without a row (their transaction failed) go
    after a day.
    """
    now = now or timezone.now()
    erased = Erased()
    old_mail = Email.objects.filter(
        Q(state=EmailState.SENT, sent_at__lt=now - KEPT_EMAIL)
        | Q(state=EmailState.FAILED, created_at__lt=now - KEPT_EMAIL)
    ).order_by("id")[:AT_ONCE]
    erased.emails = Email.objects.filter(pk__in=old_mail.values("pk")).delete()[0]
    old_keys = IdempotencyKey.objects.filter(created_at__lt=now - KEPT_KEY).order_by("id")[:AT_ONCE]
    erased.keys = IdempotencyKey.objects.filter(pk__in=old_keys.values("pk")).delete()[0]
    ended = Job.objects.filter(
        state__in=[JobState.DONE, JobState.FAILED, JobState.CANCELLED], finished_at__lt=now - KEPT_JOB
    ).order_by("id")[:AT_ONCE]
    erased.jobs = Job.objects.filter(pk__in=list(ended.values_list("pk", flat=True))).delete()[1].get("jobs.Job", 0)
    erased.files = erase_files(now) + erase_stray_files(now)
    return erased


def erase_files(now: datetime) -> int:
    """The rows stay, with what was found and done; the files go."""
    Upload.objects.filter(state=UploadState.CHECKED, created_at__lt=now - KEPT_FILE).update(
        state=UploadState.REJECTED, finished_at=now
    )
    names: dict[int, str] = {}
    old = Q(finished_at__lt=now - KEPT_FILE) | Q(state=UploadState.REJECTED, created_at__lt=now - KEPT_FILE)
    for upload in Upload.objects.filter(old).exclude(file="").order_by("id")[:AT_ONCE]:
        names[upload.pk] = str(upload.file.name)
    Upload.objects.filter(pk__in=names).update(file="")
    for name in names.values():
        default_storage.delete(name)
    return len(names)


def erase_stray_files(now: datetime) -> int:
    """Files whose transaction never committed."""
    if not default_storage.exists("uploads"):
        return 0
    stored = {f"uploads/{name}" for name in default_storage.listdir("uploads")[1]}
    strays = stored.difference(Upload.objects.exclude(file="").values_list("file", flat=True))
    old = [name for name in strays if default_storage.get_modified_time(name) < now - KEPT_STRAY_FILE]
    for name in old:
        default_storage.delete(name)
    return len(old)

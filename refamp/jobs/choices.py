"""States of what is to be done."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class JobState(TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class UploadState(TextChoices):
    QUEUED = "queued", _("being checked")
    CHECKED = "checked", _("checked, waits for confirmation")
    CONFIRMED = "confirmed", _("being carried out")
    DONE = "done", _("done")
    REJECTED = "rejected", _("rejected")
    UNDONE = "undone", _("undone")


# from → to → who
UPLOAD_MOVES: dict[str, dict[str, str]] = {
    UploadState.QUEUED: {UploadState.CHECKED: "worker", UploadState.REJECTED: "worker"},
    UploadState.CHECKED: {UploadState.CONFIRMED: "author", UploadState.REJECTED: "author"},
    UploadState.CONFIRMED: {UploadState.DONE: "worker", UploadState.REJECTED: "worker"},
    UploadState.DONE: {UploadState.UNDONE: "author"},
}


class EmailState(TextChoices):
    QUEUED = "queued", _("to be sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")

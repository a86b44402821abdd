"""What the worker does for meetings: their papers made into one file."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from refamp.jobs.actions import Progress
from refamp.jobs.models import Job
from units.actions.dossiers import make_dossier
from units.models import Meeting
from units.queries.dossiers import papers_of


def make_papers(job: Job, progress: Progress) -> dict[str, Any]:
    """Make the file that was asked for, of the papers as they are now, in the language of who asked."""
    meeting = Meeting.objects.select_related("unit").get(public_id=job.payload["meeting"])
    kind = job.payload["kind"]
    with translation.override(job.payload.get("language") or settings.LANGUAGE_CODE):
        made = make_dossier(meeting=meeting, papers=papers_of(meeting, kind), progress=progress)
        return {
            "url": reverse("units:dossier", args=[meeting.public_id, kind]),
            "label": _("Download the file"),
            "pages": made.pages,
        }

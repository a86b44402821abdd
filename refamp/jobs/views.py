"""What is to be done, on screen: jobs and their progress, uploads and their way from check to undoing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from refamp.base.doors import door, refused, signed_in
from refamp.base.errors import Refused
from refamp.base.paging import page_of
from refamp.jobs.actions import cancel_job, confirm_upload, reject_upload, undo_upload
from refamp.jobs.actions.registry import KINDS, UPLOADS
from refamp.jobs.choices import JobState, UploadState
from refamp.jobs.models import Job, Upload
from refamp.jobs.queries import jobs_in_state, queue_state, worker_lives
from refamp.jobs.rules import may_cancel_job, may_decide_upload, may_see_upload, sees_every_job

TONES = {
    JobState.DONE: "good", JobState.FAILED: "bad", JobState.RUNNING: "warn",
    UploadState.REJECTED: "bad", UploadState.CHECKED: "warn",
}  # fmt: skip
SHOWN_PROBLEMS = 200


@door(signed_in)
def jobs(request: HttpRequest) -> HttpResponse:
    """What waits, runs and ran: all of it for the coordination unit, one's own for everybody else."""
    state = request.GET.get("state", "")
    found = jobs_in_state(Job.objects.visible_to(request.user), state).select_related("actor")
    page = page_of(found, cursor=request.GET.get("cursor", ""))
    everything = sees_every_job(request.user)
    context = {
        "page": page,
        "rows": [row_of(job) for job in page.rows],
        "states": JobState.choices,
        "state": state,
        "everything": everything,
        "queue": queue_state() if everything else None,
        "worker": worker_lives() if everything else True,
    }
    return render(request, "jobs/jobs.html", context)


def row_of(job: Job) -> dict[str, Any]:
    return {"job": job, "label": label_of(job), "tone": TONES.get(JobState(job.state), "soft")}


def label_of(job: Job) -> str:
    """What a job does, in words."""
    kind = KINDS.get(job.kind)
    return str(kind.label) if kind else job.kind


@door(signed_in, methods=("GET", "POST"))
def job(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One job and how far it is; asked by htmx, only its progress."""
    found = get_object_or_404(Job.objects.visible_to(request.user), public_id=public_id)
    if request.method == "POST":
        return step(request, lambda: cancel_job(actor=request.user, job=found), _("Cancelled."), found_url(found))
    template = "jobs/progress.html" if asked_by_htmx(request) else "jobs/job.html"
    context = progress_of(found) | {
        "job": found,
        "may_cancel": found.state == JobState.QUEUED and may_cancel_job(request.user, found),
        "may_see_error": sees_every_job(request.user),
    }
    return render(request, template, context)


def asked_by_htmx(request: HttpRequest) -> bool:
    """A fragment is wanted, not the page that htmx restores from its history."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def found_url(job: Job) -> str:
    return reverse("jobs:job", args=[job.public_id])


def progress_of(job: Job) -> dict[str, Any]:
    """What components/progress.html wants, and where to go when it has ended."""
    upload = job.payload.get("upload")
    return {
        "progress_id": f"job-{job.public_id}",
        "progress_url": found_url(job),
        "progress_label": label_of(job),
        # Other kinds of work may say in their result where to go, and what that is called.
        "result_url": reverse("jobs:upload", args=[upload]) if upload else job.result.get("url", ""),
        "result_label": _("See the import") if upload else job.result.get("label", _("See the result")),
    }


@door(signed_in)
def upload(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One file: what it would do, what is wrong with it, and the next step."""
    found = visible_upload(request, public_id)
    spec = UPLOADS.get(found.kind)
    decides = may_decide_upload(request.user, found)
    at_work = found.job is not None and found.job.state in {JobState.QUEUED, JobState.RUNNING}
    back = spec.back(found) if spec and spec.back else ""
    context = {
        "upload": found,
        "kind": str(spec.label) if spec else found.kind,
        "summary": found.outcome or found.summary,
        "summary_template": spec.template if spec and spec.template else "jobs/summary.html",
        "problems": found.problems[:SHOWN_PROBLEMS],
        "problems_left": max(0, found.problem_count - SHOWN_PROBLEMS),
        "tone": TONES.get(UploadState(found.state), "good" if found.state == UploadState.DONE else "soft"),
        "at_work": at_work,
        "may_confirm": decides and found.state == UploadState.CHECKED and not at_work,
        "may_undo": decides and found.state == UploadState.DONE and not at_work and bool(spec and spec.undo),
        "failed_undo": found.job is not None and found.job.state == JobState.FAILED and found.state == UploadState.DONE,
        "back": back,
    }
    if found.job is not None:
        context |= progress_of(found.job)
    context |= {"job": found.job, "progress_url": reverse("jobs:upload", args=[found.public_id]), "result_url": ""}
    return render(request, "jobs/upload_body.html" if asked_by_htmx(request) else "jobs/upload.html", context)


def visible_upload(request: HttpRequest, public_id: UUID) -> Upload:
    found = get_object_or_404(Upload.objects.select_related("job", "actor"), public_id=public_id)
    if not may_see_upload(request.user, found):
        raise Http404
    return found


@door(signed_in, methods=("POST",))
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = visible_upload(request, public_id)
    return step(request, lambda: confirm_upload(actor=request.user, upload=found), "", upload_url(found))


@door(signed_in, methods=("POST",))
def reject(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = visible_upload(request, public_id)
    done = _("Rejected: nothing was imported.")
    return step(request, lambda: reject_upload(actor=request.user, upload=found), done, upload_url(found))


@door(signed_in, methods=("GET", "POST"))
def undo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask, then take back what was imported."""
    found = visible_upload(request, public_id)
    if request.method == "POST":
        return step(request, lambda: undo_upload(actor=request.user, upload=found), "", upload_url(found))
    if found.state != UploadState.DONE:
        return redirect(upload_url(found))
    return render(request, "jobs/undo.html", {"upload": found})


@door(signed_in)
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file as it was sent, as an attachment and nothing else."""
    found = visible_upload(request, public_id)
    if not found.file:
        raise Http404
    response = FileResponse(
        found.file.open("rb"), as_attachment=True, filename=found.name, content_type="application/octet-stream"
    )
    response["Cache-Control"] = "private, no-store"
    return response


def upload_url(upload: Upload) -> str:
    return reverse("jobs:upload", args=[upload.public_id])


def step(request: HttpRequest, action: Callable[[], Any], done: str, url: str) -> HttpResponse:
    """Take one step and go back to where one was."""
    try:
        action()
        if done:
            messages.success(request, done)
    except Refused as error:
        refused(request, None, error)
    return redirect(url)

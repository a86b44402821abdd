"""A file that somebody wants imported: kept, checked, confirmed, carried out, undone. All or nothing."""

import hashlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.errors import NotAllowed, Refused
from refamp.base.ids import uuid7
from refamp.base.states import check_move
from refamp.jobs.actions.bell import enqueue_job
from refamp.jobs.actions.registry import MOST_PROBLEMS, QUIET, UPLOADS, Problem, Progress, Unfit, UploadKind, problem
from refamp.jobs.choices import UPLOAD_MOVES, JobState, UploadState
from refamp.jobs.models import Job, Upload
from refamp.jobs.rules import may_decide_upload

CHECK, APPLY, UNDO = "jobs.check_upload", "jobs.apply_upload", "jobs.undo_upload"
AUTHOR, WORKER = "author", "worker"
CHUNK = 1024 * 1024


def create_upload(
    *, actor: Any, kind: str, target: str = "", file: BinaryIO | File, name: str, mapping: dict[str, str] | None = None
) -> Upload:
    """Keep a file under a random name in the private store and have it checked.

    Raises Refused (`too_large`, `empty`) before anything is stored when the size is known, and leaves nothing behind
    otherwise.
    """
    upload = kept_upload(actor=actor, kind=kind, target=target, file=file, name=name, mapping=mapping)
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
            upload.job = enqueue_job(actor=actor, kind=CHECK, payload={"upload": str(upload.public_id)})
            upload.save(update_fields=["job"])
    except BaseException:
        default_storage.delete(str(upload.file.name))
        raise
    return upload


def kept_upload(
    *, actor: Any, kind: str, target: str, file: BinaryIO | File, name: str, mapping: dict[str, str] | None
) -> Upload:
    """The stored file and its row, not yet written."""
    spec(kind)
    digest, size = hashlib.sha256(), 0
    known = getattr(file, "size", None)
    if known is not None:
        check_size(known)
    stored = f"uploads/{uuid7().hex}"

    def pieces() -> Iterator[bytes]:
        nonlocal size
        while piece := file.read(CHUNK):
            size += len(piece)
            check_size(size)
            digest.update(piece)
            yield piece

    try:
        stored = default_storage.save(stored, Pieces(pieces()))
        check_size(size)
    except BaseException:
        default_storage.delete(stored)
        raise
    return Upload(
        kind=kind,
        target=target,
        file=stored,
        name=plain_name(name),
        size=size,
        sha256=digest.hexdigest(),
        mapping=mapping or {},
        actor=actor if getattr(actor, "is_authenticated", False) else None,
    )


class Pieces(File):
    """A file that is read once, piece by piece, as it is stored."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__(None)
        self.pieces = pieces

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self.pieces

    def __bool__(self) -> bool:
        return True


def plain_name(name: str) -> str:
    """The last part of what the browser calls it, without what is not printable."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[-200:] or "file"


def check_size(size: int) -> None:
    """Refuse what is larger than the platform takes, and what is empty."""
    most = settings.UPLOAD_MAX_BYTES
    if size > most:
        raise Refused(
            _("The file is too large: %(most)s MB at most.") % {"most": most // (1024 * 1024)},
            code="too_large",
            field="file",
        )
    if size == 0:
        raise Refused(_("The file is empty."), code="empty", field="file")


def spec(kind: str) -> UploadKind:
    if kind not in UPLOADS:
        raise LookupError(f"nobody registered imports of kind {kind!r}")
    return UPLOADS[kind]


def locked(upload: Upload) -> Upload:
    """The row as it is now, held until the transaction ends; refused rather than waited for while a worker holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
    return Upload.objects.select_for_update(of=("self",), no_key=True).get(pk=upload.pk)


def move(upload: Upload, state: UploadState, *, by: str) -> None:
    """One step of the table, by whom the table says: `author` or `worker`."""
    check_step(upload, state, by=by)
    upload.state = state
    if state in {UploadState.REJECTED, UploadState.DONE, UploadState.UNDONE}:
        upload.finished_at = timezone.now()


def check_step(upload: Upload, state: UploadState, *, by: str) -> None:
    if check_move(UPLOAD_MOVES, upload.state, state) != by:
        raise Refused(_("The platform is working on this file: wait until it has finished."), code="wrong_state")


@transaction.atomic
def confirm_upload(*, actor: Any, upload: Upload) -> Upload:
    """Carry out what the check announced. A second press of the button changes nothing."""
    check_may_decide(actor, upload)
    current = Upload.objects.get(pk=upload.pk)
    if current.state in {UploadState.CONFIRMED, UploadState.DONE}:
        return current
    current = locked(upload)
    if current.state in {UploadState.CONFIRMED, UploadState.DONE}:
        return current
    move(current, UploadState.CONFIRMED, by=AUTHOR)
    current.job = enqueue_job(actor=actor, kind=APPLY, payload={"upload": str(current.public_id)})
    current.save(update_fields=["state", "job"])
    return current


@transaction.atomic
def reject_upload(*, actor: Any, upload: Upload) -> Upload:
    """Leave it: nothing was imported and nothing will be."""
    check_may_decide(actor, upload)
    current = locked(upload)
    if current.state != UploadState.REJECTED:
        move(current, UploadState.REJECTED, by=AUTHOR)
        current.save(update_fields=["state", "finished_at"])
    return current


@transaction.atomic
def undo_upload(*, actor: Any, upload: Upload) -> Upload:
    """Take back what was imported, by the worker. A second press of the button changes nothing."""
    check_may_decide(actor, upload)
    current = Upload.objects.select_related("job").get(pk=upload.pk)
    if current.state == UploadState.UNDONE or being_undone(current):
        return current
    if current.state == UploadState.DONE and spec(current.kind).undo is None:
        raise Refused(_("An import of this kind cannot be undone."), code="no_undo")
    current = locked(upload)
    if current.state == UploadState.UNDONE or being_undone(current):
        return current
    check_step(current, UploadState.UNDONE, by=AUTHOR)
    current.job = enqueue_job(actor=actor, kind=UNDO, payload={"upload": str(current.public_id)})
    current.save(update_fields=["job"])
    return current


def being_undone(upload: Upload) -> bool:
    job = upload.job
    return job is not None and job.kind == UNDO and job.state in {JobState.QUEUED, JobState.RUNNING}


def check_may_decide(actor: Any, upload: Upload) -> None:
    if not may_decide_upload(actor, upload):
        raise NotAllowed


def check_upload(*, upload: Upload, progress: Progress = QUIET) -> Upload:
    """Look at the file and say what it would do, or why not. Inside the caller's transaction."""
    if upload.state != UploadState.QUEUED:
        return upload
    try:
        with transaction.atomic():
            found = spec(upload.kind).check(upload, progress)
    except Refused as error:
        return turned_down(upload, [problem(error.code, error.message, column=error.field)])
    upload.rows = found.rows
    upload.problems = found.problems[:MOST_PROBLEMS]
    upload.problem_count = max(found.problem_count, len(found.problems))
    upload.summary = found.summary
    move(upload, UploadState.REJECTED if upload.problem_count else UploadState.CHECKED, by=WORKER)
    upload.save(update_fields=["rows", "problems", "problem_count", "summary", "state", "finished_at"])
    return upload


def apply_upload(*, upload: Upload, progress: Progress = QUIET) -> Upload:
    """Import a confirmed file whole, or not at all. Inside the caller's transaction."""
    if upload.state != UploadState.CONFIRMED:
        return upload
    try:
        with transaction.atomic():
            outcome = spec(upload.kind).apply(upload, progress)
    except Unfit as error:
        return turned_down(upload, error.problems, error.problem_count)
    except Refused as error:
        return turned_down(upload, [problem(error.code, error.message, column=error.field)])
    upload.outcome = outcome or {}
    move(upload, UploadState.DONE, by=WORKER)
    upload.save(update_fields=["outcome", "state", "finished_at"])
    return upload


def turned_down(upload: Upload, problems: list[Problem], count: int = 0) -> Upload:
    """The whole file is rejected."""
    upload.problems, upload.problem_count = problems[:MOST_PROBLEMS], max(count, len(problems))
    move(upload, UploadState.REJECTED, by=WORKER)
    upload.save(update_fields=["problems", "problem_count", "state", "finished_at"])
    return upload


def import_now(
    *,
    actor: Any,
    kind: str,
    target: str = "",
    file: BinaryIO | File,
    name: str,
    mapping: dict[str, str] | None = None,
    dry_run: bool = False,
) -> Upload:
    """Check a file and, without problems, import it at once: for the command line.

    The returned upload is `done`, `rejected` with its problems or, with `dry_run`, `checked`: a dry run leaves no row
    and no file behind.
    """
    upload = kept_upload(actor=actor, kind=kind, target=target, file=file, name=name, mapping=mapping)
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
            check_upload(upload=upload)
            if dry_run:
                transaction.set_rollback(True)
            elif upload.state == UploadState.CHECKED:
                upload.job = Job.objects.create(
                    actor=upload.actor, kind=APPLY, state=JobState.DONE, finished_at=timezone.now()
                )
                upload.state = UploadState.CONFIRMED
                upload.save(update_fields=["state", "job"])
                apply_upload(upload=upload)
    except BaseException:
        default_storage.delete(str(upload.file.name))
        raise
    if dry_run:
        default_storage.delete(str(upload.file.name))
    return upload


# What the worker runs: see JobsConfig.ready().


def held(job: Job) -> Upload:
    return Upload.objects.select_for_update(of=("self",), no_key=True).get(public_id=job.payload["upload"])


def check_as_job(job: Job, progress: Progress) -> dict[str, Any]:
    return result_of(check_upload(upload=held(job), progress=progress))


def apply_as_job(job: Job, progress: Progress) -> dict[str, Any]:
    return result_of(apply_upload(upload=held(job), progress=progress))


def undo_as_job(job: Job, progress: Progress) -> dict[str, Any]:
    upload = held(job)
    if upload.state == UploadState.DONE:
        undo = spec(upload.kind).undo
        if undo is None:
            raise Refused(_("An import of this kind cannot be undone."), code="no_undo")
        upload.outcome = undo(upload) or {}
        move(upload, UploadState.UNDONE, by=AUTHOR)
        upload.save(update_fields=["outcome", "state", "finished_at"])
    return result_of(upload)


def failed_as_job(job: Job, message: str) -> None:
    """A check or an import that broke down for good leaves a rejected file, not one that waits for ever."""
    upload = Upload.objects.select_for_update(of=("self",), no_key=True).filter(public_id=job.payload["upload"]).first()
    if upload is not None and upload.state in {UploadState.QUEUED, UploadState.CONFIRMED}:
        turned_down(upload, [problem("failed", message)])


def result_of(upload: Upload) -> dict[str, Any]:
    return {
        "upload": str(upload.public_id),
        "state": upload.state,
        "rows": upload.rows,
        "problems": upload.problem_count,
    }

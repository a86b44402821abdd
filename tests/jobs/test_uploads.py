"""A file on its way: checked, confirmed, carried out, undone; all or nothing, once."""

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import (
    Checked,
    confirm_upload,
    create_upload,
    erase_expired,
    execute_job,
    import_now,
    problem,
    register_upload,
    reject_upload,
    undo_upload,
)
from refamp.jobs.actions.registry import UPLOADS
from refamp.jobs.choices import UPLOAD_MOVES, JobState, UploadState
from refamp.jobs.models import Job, Upload
from refamp.jobs.rules import MAY_SEE_UPLOAD
from refamp.jobs.spreadsheet import open_table
from refamp.territory.models import Municipality
from tests.factories import MunicipalityFactory

KIND = "test.places"


def check(upload: Upload, progress: Any) -> Checked:
    frame = open_table(upload.file.path, upload.name)
    progress.set(len(frame), len(frame))
    problems = [
        problem("too_short", "Nome curto.", row=row, column="nome")
        for row, name in frame["nome"].items()
        if len(name) < 3
    ]
    return Checked(
        rows=len(frame),
        problems=problems,
        problem_count=len(problems),
        summary={
            "counts": [{"label": "Municípios", "value": len(frame)}],
            "preview": {"columns": ["nome"], "rows": frame.head(3).values.tolist()},
        },
    )


def apply(upload: Upload, _progress: Any) -> dict[str, Any]:
    frame = open_table(upload.file.path, upload.name)
    for name in frame["nome"]:
        MunicipalityFactory(name=name)
        if name == "Recusado":
            raise Refused("Já não pode ser.", code="too_late")
    return {"counts": [{"label": "Municípios", "value": len(frame)}], "by": upload.job.actor.name}


def undo(_upload: Upload) -> dict[str, Any]:
    count, _kinds = imported().delete()
    return {"counts": [{"label": "Retirados", "value": count}]}


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    register_upload(
        KIND, check=check, apply=apply, undo=undo, may_see=lambda user, _upload: user.name == "Augusto Auditor"
    )
    yield
    del UPLOADS[KIND], MAY_SEE_UPLOAD[KIND]


def send(actor: Any, text: str = "nome\nArouca\nEspinho\n", name: str = "C:\\lista.csv", **options: Any) -> Upload:
    return create_upload(actor=actor, kind=KIND, target="t", file=io.BytesIO(text.encode()), name=name, **options)


def imported() -> QuerySet[Municipality]:
    """All but the one for which this test's people work."""
    return Municipality.objects.exclude(name="Gondomar de Cá")


def names() -> list[str]:
    return sorted(imported().values_list("name", flat=True))


def again(upload: Upload) -> Upload:
    return Upload.objects.select_related("job").get(pk=upload.pk)


pytestmark = pytest.mark.django_db


def test_the_whole_way_from_check_to_undo(work, coordination):
    upload = send(coordination)
    assert (upload.state, upload.name, upload.size) == (UploadState.QUEUED, "lista.csv", 20)
    assert upload.file.name.startswith("uploads/")
    assert "lista" not in upload.file.name
    assert work() == ["done"]
    upload = again(upload)
    assert (upload.state, upload.rows, upload.problems) == (UploadState.CHECKED, 2, [])
    assert upload.summary["preview"]["rows"] == [["Arouca"], ["Espinho"]]
    assert names() == []
    confirm_upload(actor=coordination, upload=upload)
    assert again(upload).state == UploadState.CONFIRMED
    assert work() == ["done"]
    upload = again(upload)
    assert (upload.state, upload.outcome["by"], names()) == (UploadState.DONE, coordination.name, ["Arouca", "Espinho"])
    undo_upload(actor=coordination, upload=upload)
    assert again(upload).state == UploadState.DONE
    assert work() == ["done"]
    assert (again(upload).state, names()) == (UploadState.UNDONE, [])


def test_one_problem_rejects_the_whole_file_and_says_where(work, coordination):
    upload = send(coordination, "nome\nArouca\n\nab\n")
    work()
    upload = again(upload)
    assert (upload.state, upload.problem_count) == (UploadState.REJECTED, 1)
    assert upload.problems == [{"row": 4, "column": "nome", "code": "too_short", "detail": "Nome curto."}]
    with pytest.raises(Refused):
        confirm_upload(actor=coordination, upload=upload)


def test_a_file_that_is_no_table_is_rejected_with_the_reason(work, coordination):
    upload = send(coordination, "%PDF-1.7")
    work()
    upload = again(upload)
    assert (upload.state, [p["code"] for p in upload.problems]) == (UploadState.REJECTED, ["not_a_spreadsheet"])


def test_only_a_thousand_problems_are_kept_and_all_are_counted(work, coordination):
    upload = send(coordination, "nome\n" + "ab\n" * 1500)
    work()
    upload = again(upload)
    assert (len(upload.problems), upload.problem_count) == (1000, 1500)


def test_what_is_refused_while_it_is_carried_out_leaves_nothing(work, coordination):
    upload = send(coordination, "nome\nArouca\nRecusado\n")
    work()
    confirm_upload(actor=coordination, upload=upload)
    assert work() == ["done"]
    upload = again(upload)
    assert (upload.state, [p["code"] for p in upload.problems], names()) == (UploadState.REJECTED, ["too_late"], [])


def test_an_import_that_breaks_down_for_good_is_rejected(work, coordination, monkeypatch):
    upload = send(coordination)
    Job.objects.filter(pk=upload.job_id).update(attempts=5)
    assert work() == ["failed"]
    upload = again(upload)
    assert (upload.state, [p["code"] for p in upload.problems]) == (UploadState.REJECTED, ["failed"])


def test_pressing_twice_changes_nothing(work, coordination):
    upload = send(coordination)
    work()
    for _press in range(3):
        confirm_upload(actor=coordination, upload=upload)
    assert Job.objects.filter(kind="jobs.apply_upload").count() == 1
    work()
    confirm_upload(actor=coordination, upload=upload)
    assert names() == ["Arouca", "Espinho"]
    for _press in range(3):
        undo_upload(actor=coordination, upload=upload)
    assert Job.objects.filter(kind="jobs.undo_upload").count() == 1
    work()
    undo_upload(actor=coordination, upload=upload)
    assert again(upload).state == UploadState.UNDONE


def test_a_job_that_runs_twice_has_one_effect(work, coordination):
    upload = send(coordination)
    work()
    confirm_upload(actor=coordination, upload=upload)
    work()
    Job.objects.filter(kind="jobs.apply_upload").update(state=JobState.QUEUED)
    assert work() == ["done"]
    assert names() == ["Arouca", "Espinho"]


def test_only_the_moves_of_the_table_are_possible(work, coordination):
    steps = {
        UploadState.CONFIRMED: confirm_upload,
        UploadState.REJECTED: reject_upload,
        UploadState.UNDONE: undo_upload,
    }
    same = {(UploadState.DONE, UploadState.CONFIRMED)}  # confirmed again: nothing happens
    upload = send(coordination)
    work()
    for state in UploadState:
        for wanted, action in steps.items():
            Upload.objects.filter(pk=upload.pk).update(state=state, job=None)
            allowed = UPLOAD_MOVES.get(state, {}).get(wanted) == "author" or state == wanted or (state, wanted) in same
            if allowed:
                continue
            with pytest.raises(Refused) as refused:
                action(actor=coordination, upload=upload)
            assert refused.value.code == "wrong_state"


def test_the_author_cannot_reject_what_the_worker_is_at(coordination):
    upload = send(coordination)
    with pytest.raises(Refused):
        reject_upload(actor=coordination, upload=upload)
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.CONFIRMED)
    with pytest.raises(Refused):
        reject_upload(actor=coordination, upload=upload)


@pytest.mark.parametrize("action", [confirm_upload, reject_upload, undo_upload])
def test_nobody_else_decides(technician, partner, auditor, work, action):
    upload = send(technician)
    work()
    for other in (partner, auditor):
        with pytest.raises(NotAllowed):
            action(actor=other, upload=upload)


def test_too_large_is_refused_before_it_is_stored(coordination, settings):
    settings.UPLOAD_MAX_BYTES = 10
    before = set(default_storage.listdir("uploads")[1]) if default_storage.exists("uploads") else set()
    for file in (SimpleUploadedFile("a.csv", b"x" * 11), io.BytesIO(b"x" * 11)):
        with pytest.raises(Refused) as refused:
            create_upload(actor=coordination, kind=KIND, target="", file=file, name="a.csv")
        assert refused.value.code == "too_large"
    for file in (SimpleUploadedFile("a.csv", b""), io.BytesIO(b"")):
        with pytest.raises(Refused) as refused:
            create_upload(actor=coordination, kind=KIND, target="", file=file, name="a.csv")
        assert refused.value.code == "empty"
    after = set(default_storage.listdir("uploads")[1]) if default_storage.exists("uploads") else set()
    assert after == before
    assert Upload.objects.count() == 0


def test_a_file_whose_row_is_not_written_is_not_kept(coordination, monkeypatch):
    before = set(default_storage.listdir("uploads")[1]) if default_storage.exists("uploads") else set()

    def fail(**_given: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("refamp.jobs.actions.uploads.enqueue_job", fail)
    with pytest.raises(RuntimeError):
        send(coordination)
    assert set(default_storage.listdir("uploads")[1]) == before
    assert Upload.objects.count() == 0


def test_the_command_line_imports_at_once_or_only_looks(coordination):
    done = import_now(actor=coordination, kind=KIND, file=io.BytesIO(b"nome\nArouca\n"), name="a.csv")
    assert (done.state, names()) == (UploadState.DONE, ["Arouca"])
    looked = import_now(actor=coordination, kind=KIND, file=io.BytesIO(b"nome\nMaia\n"), name="a.csv", dry_run=True)
    assert (looked.state, looked.rows, names()) == (UploadState.CHECKED, 1, ["Arouca"])
    assert Upload.objects.count() == 1
    assert not default_storage.exists(looked.file.name)
    bad = import_now(actor=coordination, kind=KIND, file=io.BytesIO(b"nome\nab\n"), name="a.csv")
    assert (bad.state, bad.problem_count) == (UploadState.REJECTED, 1)


def test_files_are_forgotten_after_their_time_and_unconfirmed_ones_rejected(work, coordination):
    for name in default_storage.listdir("uploads")[1]:
        default_storage.delete(f"uploads/{name}")
    done, waits = send(coordination), send(coordination)
    work()
    confirm_upload(actor=coordination, upload=done)
    work()
    stray = default_storage.save("uploads/stray", io.BytesIO(b"x"))
    assert erase_expired().files == 0
    later = timezone.now() + timedelta(days=31)
    assert erase_expired(now=later).files == 3
    assert erase_expired(now=later).files == 0
    assert not default_storage.exists(stray)
    assert again(waits).state == UploadState.REJECTED
    assert (again(done).state, bool(again(done).file)) == (UploadState.DONE, False)
    undo_upload(actor=coordination, upload=done)
    assert work() == ["done"]


def test_the_database_knows_the_states(coordination):
    with pytest.raises(IntegrityError, match="upload_state_is_known"), transaction.atomic():
        Upload.objects.create(kind=KIND, file="x", name="x", size=1, sha256="", state="lost")


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_two_who_confirm_at_once_import_once(coordination):
    upload = send(coordination)
    execute_job(public_id=upload.job.public_id)
    together = threading.Barrier(5)
    ends: list[str] = []

    def press() -> None:
        try:
            together.wait(10)
            ends.append(confirm_upload(actor=coordination, upload=upload).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _each in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert ends == [UploadState.CONFIRMED] * 5
    (job,) = Job.objects.filter(kind="jobs.apply_upload")
    assert execute_job(public_id=job.public_id) == "done"
    assert names() == ["Arouca", "Espinho"]


def test_stored_files_stand_outside_every_address(coordination, settings):
    upload = send(coordination)
    assert Path(upload.file.path).is_file()
    assert str(settings.BASE_DIR) not in upload.file.path
    assert not settings.MEDIA_URL.strip("/")

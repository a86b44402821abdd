"""Jobs and imports on screen."""

import io
from collections.abc import Iterator

import pytest
from django.urls import reverse

from refamp.jobs.actions import create_upload, register_upload, send_email
from refamp.jobs.actions.registry import UPLOADS
from refamp.jobs.models import Job, Upload
from refamp.jobs.rules import MAY_SEE_UPLOAD
from tests.factories import JobFactory
from tests.jobs.test_uploads import KIND, apply, check, undo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    register_upload(
        KIND,
        check=check,
        apply=apply,
        undo=undo,
        may_see=lambda user, _upload: user.name == "Augusto Auditor",
        label="Lista",
    )
    yield
    del UPLOADS[KIND], MAY_SEE_UPLOAD[KIND]


def send(actor, text="nome\nArouca\nEspinho\n"):
    return create_upload(actor=actor, kind=KIND, target="t", file=io.BytesIO(text.encode()), name="lista.csv")


def test_everybody_sees_their_own_jobs_and_the_coordination_unit_all(client_of, technician, partner):
    mine, other = JobFactory(actor=technician), JobFactory(actor=partner)
    url = reverse("jobs:jobs")
    assert [row["job"] for row in client_of("technician").get(url).context["rows"]] == [mine]
    assert [row["job"] for row in client_of("coordination").get(url).context["rows"]] == [other, mine]
    assert client_of("technician").get(reverse("jobs:job", args=[other.public_id])).status_code == 404
    assert client_of(None).get(url).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(client_of, partner, coordination, django_assert_num_queries, count):
    for _each in range(count):
        JobFactory(actor=partner)
    client = client_of(coordination)
    client.get(reverse("jobs:jobs"))
    with django_assert_num_queries(9):
        client.get(reverse("jobs:jobs"))


def test_the_progress_of_a_running_job_asks_again_and_that_of_a_finished_one_does_not(client_of, technician):
    job = JobFactory(actor=technician, state="running", progress_done=3, progress_total=9)
    url = reverse("jobs:job", args=[job.public_id])
    client = client_of(technician)
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert f'hx-get="{url}"' in fragment
    assert 'value="3"' in fragment
    Job.objects.update(state="done", message="")
    assert "hx-get" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in client.get(url).content.decode()


def test_a_traceback_is_for_the_coordination_unit_only(client_of, technician):
    job = JobFactory(actor=technician, state="failed", message="Não deu.", error="Traceback: segredo")
    url = reverse("jobs:job", args=[job.public_id])
    assert "segredo" not in client_of(technician).get(url).content.decode()
    assert "segredo" in client_of("coordination").get(url).content.decode()


def test_a_waiting_job_can_be_cancelled_on_its_page(client_of, technician):
    job = JobFactory(actor=technician)
    client_of(technician).post(reverse("jobs:job", args=[job.public_id]))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_an_import_is_looked_at_confirmed_and_undone(client_of, technician, work):
    upload = send(technician)
    url = reverse("jobs:upload", args=[upload.public_id])
    client = client_of(technician)
    waiting = client.get(url).content.decode()
    assert f'hx-get="{url}"' in waiting
    work()
    page = client.get(url)
    assert page.context["may_confirm"]
    assert "Espinho" in page.content.decode()
    assert "hx-get" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert client.post(reverse("jobs:upload_confirm", args=[upload.public_id])).status_code == 302
    work()
    assert client.get(url).context["may_undo"]
    ask = reverse("jobs:upload_undo", args=[upload.public_id])
    assert client.get(ask).status_code == 200
    client.post(ask)
    work()
    upload.refresh_from_db()
    assert upload.state == "undone"


def test_problems_stand_row_by_row(client_of, technician, work):
    upload = send(technician, "nome\nArouca\nab\n" + "x\n" * 250)
    work()
    page = client_of(technician).get(reverse("jobs:upload", args=[upload.public_id]))
    assert (page.context["may_confirm"], len(page.context["problems"]), page.context["problems_left"]) == (
        False,
        200,
        51,
    )
    assert "Nome curto." in page.content.decode()


def test_others_do_not_learn_that_an_import_exists(client_of, technician, work, auditor):
    upload = send(technician)
    names = ["upload", "upload_confirm", "upload_reject", "upload_undo", "upload_file"]
    other = client_of("other_technician")
    for name in names:
        url = reverse(f"jobs:{name}", args=[upload.public_id])
        method = other.post if name in {"upload_confirm", "upload_reject", "upload_undo"} else other.get
        assert method(url).status_code == 404
    assert client_of(auditor).get(reverse("jobs:upload", args=[upload.public_id])).status_code == 200
    assert client_of(auditor).post(reverse("jobs:upload_confirm", args=[upload.public_id])).status_code == 403
    assert Upload.objects.get().state == "queued"


def test_the_file_is_served_as_an_attachment_only(client_of, technician):
    upload = send(technician, "<script>alert(1)</script>")
    answer = client_of(technician).get(reverse("jobs:upload_file", args=[upload.public_id]))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="lista.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    answer.close()


def test_the_admin_shows_everything_and_no_secret(client_of, technician):
    send(technician)
    client = client_of("coordination")
    for table in ("job", "upload", "email", "canary", "idempotencykey"):
        assert client.get(f"/admin/jobs/{table}/").status_code == 200
        assert client.get(f"/admin/jobs/{table}/add/").status_code == 403
    email = send_email(to="alguem@example.org", subject="Convite", body="https://…/convite/SEGREDO/")
    page = client.get(f"/admin/jobs/email/{email.pk}/change/").content.decode()
    assert "Convite" in page
    assert "SEGREDO" not in page

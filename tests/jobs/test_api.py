"""Imports for machines, through the door of the answers to a consultation."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from refamp.jobs.actions import create_upload
from refamp.jobs.models import IdempotencyKey, Upload
from tests.factories import ConsultationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def url():
    consultation = ConsultationFactory(state="open")
    return f"/api/v1/consultations/{consultation.public_id}/imports/"


def a_file(content=b"respondent,municipality,group,topic,scale\nr1,9999,elected,1.1,metropolitan\n", name="a.csv"):
    return SimpleUploadedFile(name, content)


def send(api, url, **more):
    return api.post(url, {"file": a_file(), **more}, format="multipart")


def test_a_file_is_accepted_checked_by_the_worker_and_its_problems_told(api_of, url, work):
    api = api_of("coordination")
    answer = send(api, url)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["name"], body["problems"]) == ("queued", "a.csv", [])
    assert answer["Location"].endswith(f"{url}{body['id']}/")
    work()
    found = api.get(answer["Location"]).json()
    assert found["state"] == "rejected"
    assert found["problem_count"] == len(found["problems"]) > 0
    assert set(found["problems"][0]) == {"row", "column", "code", "detail"}
    assert [each["id"] for each in api.get(url).json()["results"]] == [body["id"]]


def test_a_step_that_is_not_possible_is_a_conflict(api_of, url, work):
    api = api_of("coordination")
    address = send(api, url)["Location"]
    work()
    for step in ("confirm", "undo"):
        assert api.post(f"{address}{step}/").status_code == 409
    assert api.post(f"{address}reject/").status_code == 202


def test_the_same_call_with_the_same_key_sends_once(api_of, url):
    api = api_of("coordination")
    headers = {"Idempotency-Key": "one-and-only"}
    first = api.post(url, {"file": a_file()}, format="multipart", headers=headers)
    again = api.post(url, {"file": a_file()}, format="multipart", headers=headers)
    other = api.post(url, {"file": a_file(b"x\n1\n")}, format="multipart", headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert first.json() == again.json()
    assert (Upload.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [({}, "required"), ({"file": "text"}, "invalid"), ({"file": a_file(), "mapping": "[1]"}, "invalid")],
)
def test_what_is_no_file_is_a_problem_with_its_field(api_of, url, given, code):
    answer = api_of("coordination").post(url, given, format="multipart")
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_too_large_and_empty_are_refused_before_anything_is_kept(api_of, url, settings):
    settings.UPLOAD_MAX_BYTES = 10
    api = api_of("coordination")
    assert send(api, url).status_code == 400
    assert api.post(url, {"file": a_file(b"")}, format="multipart").status_code == 400
    assert Upload.objects.count() == 0


def test_others_do_not_see_an_import(api_of, url, coordination):
    target = url.split("/")[4]
    upload = create_upload(
        actor=coordination, kind="axes.answers", target=target, file=io.BytesIO(b"a\n"), name="a.csv"
    )
    for who in ("other_technician", "partner", None):
        api = api_of(who)
        for answer in (
            api.get(f"{url}{upload.public_id}/"),
            api.post(f"{url}{upload.public_id}/confirm/"),
            api.post(f"{url}{upload.public_id}/undo/"),
        ):
            assert answer.status_code in {401, 403, 404}
        assert str(upload.public_id) not in api.get(url).content.decode()
    upload.refresh_from_db()
    assert upload.state == "queued"

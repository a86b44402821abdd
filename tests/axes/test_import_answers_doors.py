"""Answers through the page and the API, the round trip of an export, and two imports at once."""

import io
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from axes.actions.answer_files import import_answers
from axes.actions.holding import hold_open
from axes.actions.phases import close_phase
from axes.actions.results import fold_tallies
from axes.choices import PhaseState, Scale
from axes.models import Consultation, Mention, Phase, ReleasedResult, Respondent
from axes.queries.consultation import answer_rows
from axes.queries.counting import wrong_counts
from axes.tasks.answers import KIND
from refamp.base.errors import Refused
from refamp.jobs.actions import execute_job, import_now
from refamp.jobs.models import Job, Upload
from tests.factories import ConsultationFactory, MunicipalityFactory, PhaseFactory, TopicFactory

pytestmark = pytest.mark.django_db
ROWS = """respondent,municipality,group,topic,scale
r1,1312,elected,1.1,municipal
r1,1312,elected,1.1,metropolitan
r2,,,,
"""


@pytest.fixture
def consultation() -> Consultation:
    made = ConsultationFactory()
    PhaseFactory(consultation=made, state=PhaseState.OPEN)
    TopicFactory(consultation=made, code="1.1")
    TopicFactory(consultation=made, code="4.1a", scales=[Scale.METROPOLITAN])
    MunicipalityFactory(code="1312", name="Porto")
    return made


def file_of(text: str, name: str = "respostas.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/csv")


def work() -> None:
    """What the worker would do now."""
    for job in Job.objects.filter(state="queued", kind__startswith="jobs.").order_by("id"):
        execute_job(public_id=job.public_id)


def rows_of(consultation: Consultation) -> set[tuple[Any, ...]]:
    return set(answer_rows(consultation))


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_the_page_shows_row_by_row_what_would_happen_then_does_it_then_undoes_it(
    client_of: Callable[..., Client], consultation: Consultation
) -> None:
    client = client_of("coordination")
    page = reverse("axes:answers", args=[consultation.public_id])
    sent = client.post(page, {"file": file_of(ROWS)})
    upload = Upload.objects.get()
    url = reverse("jobs:upload", args=[upload.public_id])
    assert sent.headers["Location"] == url
    work()
    shown = client.get(url).content.decode()
    assert not Respondent.objects.exists()
    for word in ("r1", "r2", "Porto", "1.1"):
        assert word in shown
    client.post(reverse("jobs:upload_confirm", args=[upload.public_id]))
    work()
    assert Respondent.objects.filter(withdrawn_at=None).count() == 2
    assert upload.name in client.get(page).content.decode()
    client.post(reverse("jobs:upload_undo", args=[upload.public_id]))
    work()
    upload.refresh_from_db()
    assert upload.state == "undone"
    assert Respondent.objects.filter(withdrawn_at=None).count() == 0
    fold_tallies(consultation=consultation)
    assert wrong_counts(consultation) == []


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_the_api_takes_checks_confirms_and_undoes_a_file(api_of: Any, consultation: Consultation) -> None:
    api = api_of("coordination")
    url = f"/api/v1/consultations/{consultation.public_id}/imports/"
    sent = api.post(url, {"file": file_of(ROWS)}, format="multipart")
    assert (sent.status_code, sent.json()["state"]) == (202, "queued")
    one = f"{url}{sent.json()['id']}/"
    work()
    checked = api.get(one).json()
    assert (checked["state"], checked["rows"], checked["problems"]) == ("checked", 3, [])
    assert api.post(f"{one}confirm/").status_code == 202
    work()
    assert api.get(one).json()["state"] == "done"
    assert Mention.objects.count() == 2
    assert api.post(f"{one}undo/").status_code == 202
    work()
    assert api.get(one).json()["state"] == "undone"
    bad = api.post(url, {"file": file_of(ROWS.replace("1.1", "7.7"))}, format="multipart").json()
    work()
    rejected = api.get(f"{url}{bad['id']}/").json()
    assert rejected["state"] == "rejected"
    assert [(p["row"], p["column"], p["code"]) for p in rejected["problems"]] == [
        (2, "topic", "topic_unknown"),
        (3, "topic", "topic_unknown"),
    ]
    assert set(rejected["problems"][0]) == {"row", "column", "code", "detail"}
    assert api.get(url).json()["results"][0]["id"] == bad["id"]


@pytest.mark.parametrize("who", ["technician", "other_technician", "partner", "auditor"])
def test_others_neither_send_nor_see_files_of_answers(
    client_of: Callable[..., Client], api_of: Any, consultation: Consultation, who: str, coordination: Any
) -> None:
    upload = import_now(
        actor=coordination, kind=KIND, target=str(consultation.public_id), file=io.BytesIO(ROWS.encode()), name="r.csv"
    )
    url = f"/api/v1/consultations/{consultation.public_id}/imports/"
    api = api_of(who)
    assert api.post(url, {"file": file_of(ROWS)}, format="multipart").status_code in {403, 404}
    assert api.get(url).status_code in {403, 404}
    assert api.get(f"{url}{upload.public_id}/").status_code in {403, 404}
    assert (
        client_of(who).post(reverse("axes:answers", args=[consultation.public_id]), {"file": file_of(ROWS)}).status_code
        == 403
    )
    assert api_of(None).get(url).status_code in {401, 403}
    assert Upload.objects.count() == 1


def test_who_has_left_the_coordination_unit_loses_the_files_they_sent(
    client_of: Callable[..., Client], consultation: Consultation, coordination: Any
) -> None:
    """A file holds what single respondents said."""
    upload = import_now(
        actor=coordination, kind=KIND, target=str(consultation.public_id), file=io.BytesIO(ROWS.encode()), name="r.csv"
    )
    addresses = [reverse(f"jobs:{name}", args=[upload.public_id]) for name in ("upload", "upload_file", "upload_undo")]
    kept = client_of(coordination)
    assert [kept.get(address).status_code for address in (addresses[0], addresses[2])] == [200, 200]
    coordination.assignments.update(ends_on=timezone.localdate() - timedelta(days=1), starts_on=date(2020, 1, 1))
    assert [kept.get(address).status_code for address in addresses] == [404, 404, 404]
    assert kept.post(addresses[2]).status_code == 404
    assert Respondent.objects.filter(withdrawn_at__isnull=True).count() == 2


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_imports_unchanged_into_another_consultation(
    client_of: Callable[..., Client], consultation: Consultation, coordination: Any, form: str
) -> None:
    text = (
        ROWS
        + '"=1+1",1312,partner,4.1a,metropolitan\n"-5","",technician,1.1,municipal\n'
        + '"a;b, ""c""",1312,,1.1,municipal\n007,Porto,,,\n'
    )
    sent = import_now(
        actor=coordination, kind=KIND, target=str(consultation.public_id), file=io.BytesIO(text.encode()), name="r.csv"
    )
    assert sent.problems == []
    exported = client_of("coordination").get(reverse(f"axes:answers_{form}", args=[consultation.public_id]))
    content = b"".join(exported.streaming_content)  # type: ignore[arg-type]
    other = ConsultationFactory(framework=consultation.framework)
    for topic in consultation.topics.select_related("node"):
        TopicFactory(consultation=other, code=topic.code, node=topic.node, scales=topic.scales)
    again = import_now(
        actor=coordination, kind=KIND, target=str(other.public_id), file=io.BytesIO(content), name=f"respostas.{form}"
    )
    assert again.problems == []
    assert rows_of(other) == rows_of(consultation)
    assert ("=1+1", "1312", "partner", "4.1a", "metropolitan") in rows_of(other)
    assert ("007", "1312", None, None, None) in rows_of(other)


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_of_two_imports_of_the_same_respondents_at_once_one_is_refused(
    consultation: Consultation, coordination: Any
) -> None:
    said, start = [], threading.Barrier(2)

    def send(number: int) -> None:
        start.wait()
        try:
            upload = import_now(
                actor=None,
                kind=KIND,
                target=str(consultation.public_id),
                file=io.BytesIO(ROWS.encode()),
                name=f"{number}.csv",
            )
            said.append((upload.state, [one["code"] for one in upload.problems][:1]))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [("done", []), ("rejected", ["already_answered"])]
    assert (Respondent.objects.count(), Mention.objects.count()) == (2, 2)
    fold_tallies(consultation=consultation)
    assert wrong_counts(consultation) == []


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_a_phase_that_closes_waits_for_an_import_and_freezes_it(consultation: Consultation, coordination: Any) -> None:
    upload = Upload.objects.create(
        kind=KIND, target=str(consultation.public_id), file="uploads/x", name="x", size=1, sha256="0"
    )
    phase, topic = Phase.objects.get(), consultation.topics.get(code="1.1")
    inside, closing, order = threading.Event(), threading.Event(), []

    def load() -> None:
        try:
            with transaction.atomic():
                import_answers(
                    actor=None,
                    consultation=consultation,
                    upload=upload,
                    respondents=[(f"r{number}", None, "elected") for number in range(10)],
                    mentions=[(number, topic.pk, "municipal") for number in range(10)],
                )
                inside.set()
                closing.wait(5)
                closed_early = Phase.objects.using("default").get(pk=phase.pk).state
                order.append(("imported", closed_early))
        finally:
            connections.close_all()

    def close() -> None:
        try:
            inside.wait(5)
            threading.Timer(0.5, closing.set).start()
            close_phase(actor=None, phase=phase)
            order.append(("closed", ""))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load), threading.Thread(target=close)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == [("imported", PhaseState.OPEN), ("closed", "")]
    assert ReleasedResult.objects.get(dimension="all", topic=None).count == 10
    with pytest.raises(Refused):
        hold_open(consultation)

"""The papers of a meeting as one file: its pages, its addenda, when it is made again."""

import hashlib
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.utils import translation
from pypdf import PdfReader

from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import execute_job
from refamp.jobs.models import Job
from tests.base.lasting import faults
from tests.factories import UserFactory
from tests.units.meeting import convened, pdf, room
from tests.units.voting import proposal
from units.actions.agenda import add_item
from units.actions.documents import add_document
from units.actions.dossiers import ask_for_dossier, make_dossier
from units.models import MeetingFile
from units.queries.dossiers import papers_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def document(here, *, pages=1, item=None, title="Parecer", **size):
    return add_document(
        actor=here.secretary, meeting=here.meeting, item=item, title=title, file=pdf(pages, **size), name=f"{title}.pdf"
    )


def made(here, kind="dossier") -> tuple[MeetingFile, PdfReader]:
    found = make_dossier(meeting=here.meeting, papers=papers_of(here.meeting, kind))
    with found.file.open("rb") as file:
        return found, PdfReader(BytesIO(file.read()))


def words(page) -> str:
    return " ".join(page.extract_text().split())


def test_it_holds_cover_agenda_sheets_and_documents_numbered_through():
    here = room(3)
    point = here.meeting.items.order_by("pk")[1]
    document(here, pages=2, item=point, title="Estudo")
    deliberation = proposal(here)
    found, reader = made(here)
    whole = [words(page) for page in reader.pages]
    total = len(whole)
    assert found.pages == total
    assert "Informações" in whole[0]
    assert f"1 / {total}" in whole[0]
    assert any("What is to be decided" in text and deliberation.text in text for text in whole)
    assert any("Estudo.pdf" in text and "stands behind these sheets" in text for text in whole)
    assert whole[-2:] == [f"Document 1 · {total - 1} / {total}", f"Document 1 · {total} / {total}"]


def test_a_decision_has_a_page_of_its_own():
    here = room(3)
    proposal(here, title="Primeira")
    proposal(here, title="Segunda")
    _found, reader = made(here, "sheets")
    pages = [words(page) for page in reader.pages]
    assert not any("Primeira" in text and "Segunda" in text for text in pages)


def test_without_documents_it_is_tagged_throughout():
    here = room(3)
    _found, reader = made(here)
    assert "<pdfuaid:part>1</pdfuaid:part>" in reader.trailer["/Root"]["/Metadata"].get_data().decode()
    document(here)
    _found, reader = made(here)
    assert "/Metadata" not in reader.trailer["/Root"]
    _found, reader = made(here, "sheets")
    assert "/Metadata" in reader.trailer["/Root"]


def test_a_document_that_cannot_be_bound_is_listed_with_its_digest():
    here = room(3)
    broken = ContentFile(b"%PDF-1.7 broken")
    found = add_document(
        actor=here.secretary, meeting=here.meeting, item=None, title="Partido", file=broken, name="partido.pdf"
    )
    _file, reader = made(here)
    text = " ".join(words(page) for page in reader.pages)
    assert "apart: download it" in text
    assert found.sha256[:16] in text


def test_what_comes_late_stands_in_an_addendum_that_goes_on():
    here = convened(room(3))
    first, _reader = made(here)
    add_item(actor=here.secretary, meeting=here.meeting, title="Ponto tardio", kind="decision")
    document(here, title="Tardio")
    here.meeting.refresh_from_db()
    again, _reader = made(here)
    assert again == first  # what was sent stays what it was
    addendum, reader = made(here, "addendum")
    pages = [words(page) for page in reader.pages]
    assert f"{first.pages + 1} / {addendum.pages}" in pages[0]
    assert any("3. Ponto tardio (late)" in text for text in pages)
    assert pages[-1] == f"Document 1 · {addendum.pages} / {addendum.pages}"
    assert addendum.pages == first.pages + len(pages)


def test_the_same_papers_are_made_once_and_changed_ones_again():
    here = room(3)
    first, _reader = made(here)
    assert made(here)[0] == first
    add_item(actor=here.secretary, meeting=here.meeting, title="Mais", kind="discussion")
    second, _reader = made(here)
    assert second != first
    assert MeetingFile.objects.count() == 1
    with translation.override("pt-pt"):
        assert made(here)[0].language == "pt-pt"
    assert MeetingFile.objects.count() == 2


def test_two_that_are_the_same_file_keep_their_own_numbers():
    here = room(3)
    document(here, title="Um")
    document(here, title="Dois")
    _found, reader = made(here)
    assert [words(page)[:10] for page in reader.pages][-2:] == ["Document 1", "Document 2"]


def test_heavy_ones_are_the_worker_s():
    here = room(3)
    light = ask_for_dossier(actor=here.secretary, meeting=here.meeting, kind="dossier")
    assert isinstance(light, MeetingFile)
    document(here)
    job = ask_for_dossier(actor=here.secretary, meeting=here.meeting, kind="dossier")
    assert isinstance(job, Job)
    assert ask_for_dossier(actor=here.president, meeting=here.meeting, kind="dossier") == job


@pytest.mark.django_db(transaction=True, databases=["default", "jobs"])
def test_the_worker_says_where_the_file_is():
    here = room(3)
    document(here)
    job = ask_for_dossier(actor=here.secretary, meeting=here.meeting, kind="dossier")
    assert execute_job(public_id=job.public_id) == "done"
    job.refresh_from_db()
    assert job.result["url"] == f"/reunioes/{here.meeting.public_id}/papeis/dossier.pdf"
    assert isinstance(ask_for_dossier(actor=here.secretary, meeting=here.meeting, kind="dossier"), MeetingFile)


def test_only_who_sees_the_papers_has_them_made():
    here = convened(room(3))
    with pytest.raises(NotAllowed):
        ask_for_dossier(actor=UserFactory(), meeting=here.meeting, kind="dossier")
    with pytest.raises(Refused) as refusal:
        ask_for_dossier(actor=here.people[2], meeting=here.meeting, kind="addendum")
    assert refusal.value.code == "no_addenda"


def test_what_people_write_is_printed_as_they_wrote_it():
    here = room(3)
    nasty = '#panic("x") *a* _b_ <c> @d $e$ \\ "f"'
    add_item(actor=here.secretary, meeting=here.meeting, title=nasty, kind="discussion", text=nasty)
    _found, reader = made(here)
    assert '#panic("x") *a* _b_ <c> @d $e$' in " ".join(words(page) for page in reader.pages)


def test_the_sheets_hold_every_document_as_it_was_added_and_still_last():
    here = room(3)
    study = document(here, title="Estudo")
    broken = ContentFile(b"%PDF-1.7 broken")
    add_document(
        actor=here.secretary, meeting=here.meeting, item=None, title="Partido", file=broken, name="partido.pdf"
    )
    found, reader = made(here, "sheets")
    with found.file.open("rb") as file:
        content = file.read()
    assert faults(content) == []
    held = {bytes(each) for files in reader.attachments.values() for each in files}
    assert {hashlib.sha256(each).hexdigest() for each in held} == {
        study.sha256,
        hashlib.sha256(b"%PDF-1.7 broken").hexdigest(),
    }
    assert "attached to this file" in " ".join(words(page) for page in reader.pages)
    _bound, reader = made(here)
    assert "/Metadata" not in reader.trailer["/Root"]  # other people's pages are in it: it promises nothing

"""The agenda tree and the documents: what was convened stays, what comes later is late."""

import hashlib
import zipfile
from io import BytesIO

import pytest
from django.core.files.base import ContentFile

from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import UserFactory
from tests.units.meeting import convened, held, opened, pdf, room
from tests.units.voting import proposal
from units.actions import agenda as actions
from units.actions.agenda import (
    add_document,
    add_item,
    change_item,
    document_type,
    move_item,
    remove_item,
    withdraw_document,
)
from units.models import AgendaItem, MeetingDocument
from units.queries.meetings import agenda

pytestmark = pytest.mark.django_db


def shown(meeting) -> list[str]:
    return [f"{point.code} {point.item.title}" for point in agenda(meeting)]


def item(here, number: int) -> AgendaItem:
    return here.meeting.items.order_by("pk")[number]


def test_points_stand_under_points_three_deep():
    here = room(3)
    first = item(here, 0)
    below = add_item(actor=here.secretary, meeting=here.meeting, title="Saldos", kind="information", parent=first)
    deepest = add_item(actor=here.secretary, meeting=here.meeting, title="Saldo", kind="information", parent=below)
    assert shown(here.meeting) == ["1 Informações", "1.1 Saldos", "1.1.1 Saldo", "2 Rede de transporte"]
    with pytest.raises(Refused) as refusal:
        add_item(actor=here.secretary, meeting=here.meeting, title="Mais", kind="information", parent=deepest)
    assert refusal.value.code == "too_deep"
    with pytest.raises(Refused) as refusal:
        change_item(actor=here.secretary, item=first, version=None, data={"parent": below})
    assert refusal.value.code == "circle"


def test_points_move_among_their_equals():
    here = room(3)
    add_item(actor=here.secretary, meeting=here.meeting, title="Diversos", kind="discussion")
    move_item(actor=here.secretary, item=item(here, 2), up=True)
    assert shown(here.meeting) == ["1 Informações", "2 Diversos", "3 Rede de transporte"]
    move_item(actor=here.secretary, item=item(here, 0), up=True)
    assert shown(here.meeting)[0] == "1 Informações"
    move_item(actor=here.secretary, item=item(here, 0), up=False)
    assert shown(here.meeting)[:2] == ["1 Diversos", "2 Informações"]


def test_a_point_with_something_on_it_is_not_taken_out():
    here = room(3)
    parent, other = item(here, 0), item(here, 1)
    add_item(actor=here.secretary, meeting=here.meeting, title="Abaixo", kind="discussion", parent=parent)
    add_document(actor=here.secretary, meeting=here.meeting, item=other, title="", file=pdf(), name="x.pdf")
    for one, code in ((parent, "has_children"), (other, "has_documents")):
        with pytest.raises(Refused) as refusal:
            remove_item(actor=here.secretary, item=one)
        assert refusal.value.code == code
    decided = proposal(here).item
    with pytest.raises(Refused) as refusal:
        remove_item(actor=here.secretary, item=decided)
    assert refusal.value.code == "has_deliberation"


def test_after_the_notice_the_agenda_only_grows_at_its_end():
    here = convened(room(3))
    first = item(here, 0)
    for attempt in (
        lambda: change_item(actor=here.secretary, item=first, version=None, data={"title": "Outro"}),
        lambda: move_item(actor=here.secretary, item=first, up=False),
        lambda: remove_item(actor=here.secretary, item=first),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "convened"
    with pytest.raises(Refused) as refusal:
        add_item(actor=here.secretary, meeting=here.meeting, title="Sob", kind="discussion", parent=first)
    assert refusal.value.code == "late"
    late = add_item(actor=here.secretary, meeting=here.meeting, title="Urgente", kind="decision")
    assert late.is_late
    assert shown(here.meeting)[-1] == "3 Urgente"


def test_what_was_said_is_written_in_session():
    here = convened(room(3))
    with pytest.raises(Refused) as refusal:
        change_item(actor=here.secretary, item=item(here, 0), version=None, data={"outcome": "Cedo demais"})
    assert refusal.value.code == "not_in_session"
    opened(here)
    found = change_item(actor=here.secretary, item=item(here, 0), version=None, data={"outcome": "Foi dito."})
    assert found.outcome == "Foi dito."


def test_a_stale_point_is_not_saved():
    here = room(3)
    first = item(here, 0)
    change_item(actor=here.secretary, item=first, version=first.version, data={"title": "Um"})
    with pytest.raises(Stale) as stale:
        change_item(actor=here.secretary, item=first, version=first.version, data={"title": "Dois"})
    assert stale.value.current.title == "Um"


def test_only_the_secretariat_writes_the_agenda():
    here = room(3)
    for who in (here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            add_item(actor=who, meeting=here.meeting, title="Meu", kind="discussion")
        with pytest.raises(NotAllowed):
            add_document(actor=who, meeting=here.meeting, item=None, title="", file=pdf(), name="x.pdf")


def test_a_held_meeting_takes_nothing_more():
    here = held()
    with pytest.raises(Refused):
        add_item(actor=here.secretary, meeting=here.meeting, title="Tarde", kind="discussion")
    with pytest.raises(Refused):
        add_document(actor=here.secretary, meeting=here.meeting, item=None, title="", file=pdf(), name="x.pdf")


# Documents ------------------------------------------------------------------------------------------------------------


def office(*names: str) -> ContentFile:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return ContentFile(out.getvalue())


@pytest.mark.parametrize(
    ("file", "extension"),
    [
        (pdf(), "pdf"),
        (office("word/document.xml"), "docx"),
        (office("xl/workbook.xml"), "xlsx"),
        (office("ppt/presentation.xml"), "pptx"),
        (ContentFile(b"\x89PNG\r\n\x1a\n...."), "png"),
        (ContentFile(b"\xff\xd8\xff...."), "jpg"),
    ],
)
def test_a_document_is_what_its_content_says(file, extension):
    assert document_type(file) == extension


@pytest.mark.parametrize(
    "file",
    [
        ContentFile(b""),
        ContentFile(b"<html>"),
        ContentFile(b"MZ"),
        ContentFile(b"PK\x03\x04 broken"),
        office("word/document.xml", "word/vbaProject.bin"),
        office("anything.xml"),
    ],
)
def test_anything_else_is_refused(file):
    with pytest.raises(Refused):
        document_type(file)


def test_a_document_is_kept_under_a_name_that_says_nothing():
    here = room(3)
    file = pdf()
    found = add_document(
        actor=here.secretary, meeting=here.meeting, item=item(here, 1), title="", file=file, name="../../Parecer.exe"
    )
    assert (found.title, found.file_name, found.is_late) == ("Parecer", "Parecer.pdf", False)
    assert found.sha256 == hashlib.sha256(pdf().read()).hexdigest()
    assert "Parecer" not in found.file.name
    assert found.size == file.size


def test_limits_of_size_and_number(monkeypatch):
    here = room(3)
    monkeypatch.setattr(actions, "DOCUMENT_MAX_BYTES", 10)
    with pytest.raises(Refused) as refusal:
        add_document(actor=here.secretary, meeting=here.meeting, item=None, title="", file=pdf(), name="x.pdf")
    assert refusal.value.code == "too_large"
    monkeypatch.setattr(actions, "DOCUMENT_MAX_BYTES", 10_000_000)
    monkeypatch.setattr(actions, "MOST_DOCUMENTS", 0)
    with pytest.raises(Refused) as refusal:
        add_document(actor=here.secretary, meeting=here.meeting, item=None, title="", file=pdf(), name="x.pdf")
    assert refusal.value.code == "too_many"


def test_a_late_document_is_withdrawn_only_with_a_reason():
    here = convened(room(3))
    found = add_document(actor=here.secretary, meeting=here.meeting, item=None, title="A", file=pdf(), name="a.pdf")
    assert found.is_late
    with pytest.raises(Refused) as refusal:
        withdraw_document(actor=here.secretary, document=found)
    assert refusal.value.code == "reason"
    withdraw_document(actor=here.secretary, document=found, reason="Versão errada")
    assert MeetingDocument.objects.get().withdrawn_at is not None

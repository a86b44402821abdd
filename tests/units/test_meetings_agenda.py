"""The agenda tree and the documents: what was convened stays, what comes later is late."""

import hashlib
import zipfile
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction

from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import UserFactory
from tests.units.meeting import convened, held, opened, pdf, room
from tests.units.voting import proposal
from units.actions import documents as actions
from units.actions.agenda import add_item, change_item, move_item, recognise_urgency, remove_item
from units.actions.documents import add_document, document_type, withdraw_document
from units.actions.meetings import change_meeting
from units.actions.votes import open_voting, propose_deliberation
from units.formulas.meetings import urgency_needed
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


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE units_meetingdocument SET sha256 = repeat('0', 64)",
        "UPDATE units_meetingdocument SET file = 'x.pdf'",
        "UPDATE units_meetingdocument SET title = 'Outro'",
        "UPDATE units_meetingdocument SET is_late = true",
        "DELETE FROM units_meetingdocument",
    ],
)
def test_what_was_sent_with_the_notice_is_only_withdrawn(sql):
    here = room(3)
    add_document(actor=here.secretary, meeting=here.meeting, item=None, title="A", file=pdf(), name="a.pdf")
    convened(here)
    refused = pytest.raises(IntegrityError, match="withdrawn, never changed")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("field", ["title", "place"])
def test_a_title_and_a_place_are_one_line(field):
    here = room(3)
    with pytest.raises(Refused) as refusal:
        change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data={field: "Sala\r\nOnde: outra"})
    assert refusal.value.code == "lines"


# Late points (CPA, art. 26, no. 2) ------------------------------------------------------------------------------------


def late(here, kind="decision") -> AgendaItem:
    return add_item(actor=here.secretary, meeting=here.meeting, title="Tardio", kind=kind)


@pytest.mark.parametrize(("seats", "needed"), [(3, 2), (4, 3), (5, 4), (6, 4), (16, 11), (17, 12)])
def test_two_thirds_of_the_members_recognise_an_urgency(seats, needed):
    assert urgency_needed(seats) == needed


def test_nothing_is_voted_at_a_late_point_before_its_urgency_is_recognised():
    here = opened(convened(room(3)))
    point = late(here)
    found = propose_deliberation(
        actor=here.secretary, item=point, title="T", text="T", rule="simple_majority", legal_effect="proposal"
    )
    with pytest.raises(Refused) as refusal:
        open_voting(actor=here.president, deliberation=found)
    assert refusal.value.code == "not_urgent"
    with pytest.raises(Refused) as refusal:
        recognise_urgency(actor=here.president, item=point, in_favour=1)
    assert refusal.value.code == "too_few"
    with pytest.raises(Refused) as refusal:
        recognise_urgency(actor=here.president, item=point, in_favour=4)
    assert refusal.value.code == "too_many"
    with pytest.raises(NotAllowed):
        recognise_urgency(actor=here.secretary, item=point, in_favour=2)
    assert recognise_urgency(actor=here.president, item=point, in_favour=2).urgency_votes == 2
    assert open_voting(actor=here.president, deliberation=found).state == "voting"


def test_an_extraordinary_meeting_takes_no_late_point_for_decision():
    here = room(3)
    change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data={"is_extraordinary": True})
    opened(convened(here))
    with pytest.raises(Refused) as refusal:
        late(here)
    assert refusal.value.code == "extraordinary"
    assert late(here, "information").is_late


def test_what_was_called_stays_ordinary_or_extraordinary():
    here = convened(room(3))
    with pytest.raises(Refused) as refusal:
        change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data={"is_extraordinary": True})
    assert refusal.value.field == "is_extraordinary"


def test_only_a_late_point_has_its_urgency_recognised():
    here = opened(convened(room(3)))
    with pytest.raises(Refused):
        recognise_urgency(actor=here.president, item=item(here, 1), in_favour=3)
    with pytest.raises(IntegrityError, match="only_late_points_need_urgency"), transaction.atomic():
        AgendaItem.objects.filter(is_late=False).update(urgency_votes=3)

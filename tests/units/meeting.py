"""What tests of meetings stand on: a chamber and a meeting in it, at whichever step."""

from datetime import timedelta
from io import BytesIO

from django.core.files.base import ContentFile
from django.utils import timezone
from pypdf import PdfWriter

from tests.units.voting import Chamber, chamber
from units.actions.agenda import add_item
from units.actions.attendance import Taken, record_attendance
from units.actions.meetings import close_meeting, convene_meeting, open_meeting, prepare_meeting
from units.choices import ItemKind, MeetingState, Presence
from units.models import Meeting


def facts(days: float = 5, **changes) -> dict:
    begins = (timezone.now() + timedelta(days=days)).replace(second=0, microsecond=0)
    return {
        "title": "Reunião ordinária de novembro",
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=2),
        "second_call_at": begins + timedelta(days=1),
        "place": "Sede da Área Metropolitana, Porto",
        "remote_link": "https://sala.example.pt/1",
    } | changes


def room(seats: int = 5, **options) -> Chamber:
    """A chamber in which nobody's presence is recorded, with a meeting in preparation that has two points."""
    here = chamber(seats, present=0, state=MeetingState.DRAFT, **options)
    here.meeting.delete()
    here.meeting = prepare_meeting(actor=here.secretary, unit=here.unit, data=facts())
    add_item(actor=here.secretary, meeting=here.meeting, title="Informações", kind=ItemKind.INFORMATION)
    add_item(actor=here.secretary, meeting=here.meeting, title="Rede de transporte", kind=ItemKind.DECISION)
    return here


def fresh(meeting: Meeting) -> Meeting:
    return Meeting.objects.select_related("unit").get(pk=meeting.pk)


def convened(here: Chamber) -> Chamber:
    here.meeting = convene_meeting(actor=here.secretary, meeting=here.meeting, version=None)
    return here


def come(here: Chamber, *numbers: int, presence: str = Presence.IN_PERSON):
    taken = [Taken(here.seats[number], presence) for number in numbers]
    return record_attendance(actor=here.secretary, meeting=here.meeting, taken=taken)


def opened(here: Chamber) -> Chamber:
    come(here, 0, 1, 2)
    here.meeting = open_meeting(actor=here.president, meeting=here.meeting, version=None, at=here.meeting.starts_at)
    return here


def closed(here: Chamber) -> Chamber:
    here.meeting = close_meeting(
        actor=here.president, meeting=here.meeting, version=None, at=here.meeting.starts_at + timedelta(hours=1)
    )
    return here


def held(seats: int = 5) -> Chamber:
    return closed(opened(convened(room(seats))))


def pdf(pages: int = 1, *, width: float = 595, height: float = 842) -> ContentFile:
    writer = PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(width, height)
    out = BytesIO()
    writer.write(out)
    return ContentFile(out.getvalue(), name="parecer.pdf")

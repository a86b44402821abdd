"""Demonstration meetings: an agenda with papers for the coming one, minutes for the held one, a strategic unit's own.

By the same actions as people use. Nothing that is there already is made again.
"""

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone, translation

from refamp.accounts.models import User
from refamp.base.pdf import render_pdf
from units.actions.agenda import add_item
from units.actions.documents import add_document
from units.actions.meetings import convene_meeting, prepare_meeting
from units.actions.minutes import (
    answer_amendment,
    approve_minutes,
    draft_minutes,
    open_to_amendments,
    propose_amendment,
    publish_minutes,
    write_minutes,
)
from units.choices import MeetingState, UnitKind
from units.formulas.meetings import blocks
from units.models import AgendaItem, Meeting, Minutes, MinutesAmendment, Unit
from units.queries.bodies import coordination_unit, mandates_in_force, standing
from units.queries.dossiers import words
from units.queries.meetings import present_seats
from units.rules import CHAIRS, SECRETARIAT

DEMONSTRATION = Path(__file__).parent.parent / "data" / "meetings-demonstration.json"


def demonstration() -> dict[str, Any]:
    return json.loads(DEMONSTRATION.read_text(encoding="utf-8"))


def demo_meetings(*, held: Meeting, coming: Meeting) -> list[Meeting]:
    """`held` gets its minutes; `coming`, still in preparation, its agenda and papers, is convened, and gets a late one.

    And a meeting of the first strategic unit is convened.
    """
    data = demonstration()
    coming.refresh_from_db()
    if coming.state == MeetingState.DRAFT:
        write_demo_agenda(coming, data["council"])
        coming = convene_meeting(actor=None, meeting=coming, version=None)
        for entry in data["council"]["late"]:
            give_document(coming, None, entry)
    publish_demo_minutes(held, data["minutes"])
    unit = standing().filter(kind=UnitKind.STRATEGIC, mandates__isnull=False).order_by("code").first()
    return [coming] if unit is None else [coming, demo_unit_meeting(unit, data["unit"])]


def demo_minutes(held: Meeting) -> Minutes | None:
    """The published minutes of one more meeting that was held."""
    return publish_demo_minutes(held, demonstration()["minutes"])


def write_demo_agenda(meeting: Meeting, data: dict[str, Any]) -> None:
    for entry in data["points"]:
        add_demo_point(meeting, entry, None)
    for entry in data["documents"]:
        give_document(meeting, None, entry)


def add_demo_point(meeting: Meeting, entry: dict[str, Any], parent: AgendaItem | None) -> None:
    there = meeting.items.filter(title=entry["title"], parent=parent).first()
    item = there or add_item(
        actor=None, meeting=meeting, title=entry["title"], kind=entry["kind"], text=entry.get("text", ""), parent=parent
    )
    for document in entry.get("documents", []):
        give_document(meeting, item, document)
    for below in entry.get("below", []):
        add_demo_point(meeting, below, item)


def give_document(meeting: Meeting, item: AgendaItem | None, entry: dict[str, Any]) -> None:
    """A document of a page or two, set like any other, that says that it is a demonstration."""
    if meeting.documents.filter(title=entry["title"]).exists():
        return
    with translation.override(settings.LANGUAGE_CODE):
        content = render_pdf(
            "units/meetings/minutes.typ",
            {
                "title": entry["title"],
                "subtitle": entry["from"],
                "author": entry["from"],
                "head": entry["from"],
                "facts": [],
                "text": blocks(entry["text"]),
                "sha256": "",
                "address": "",
                "words": words(),
            },
            at=timezone.now(),
        )
    add_document(
        actor=None,
        meeting=meeting,
        item=item,
        title=entry["title"],
        file=ContentFile(content, name="documento.pdf"),
        name=f"{entry['title']}.pdf",
    )


def publish_demo_minutes(meeting: Meeting, data: dict[str, Any]) -> Minutes | None:
    """Drafted by the secretariat, amended by one who attended, approved by the chair, published."""
    meeting.refresh_from_db()
    if meeting.state != MeetingState.CLOSED or Minutes.objects.filter(meeting=meeting).exists():
        return None
    here = list(present_seats(meeting).select_related("mandate__person", "substitute__person").order_by("pk"))
    chairs = [seat.mandate.person for seat in here if seat.mandate.position in CHAIRS and not seat.substitute]
    chair = chairs[0] if chairs else None
    coordination = coordination_unit()
    secretary = (coordination and person_with(coordination, SECRETARIAT)) or person_with(
        meeting.unit, SECRETARIAT - CHAIRS
    )
    if chair is None or secretary is None or chair == secretary:
        return None
    minutes = draft_minutes(actor=secretary, meeting=meeting)
    text = minutes.text.replace("[…]", chair.name, 1)
    for said in data["said"]:
        text = text.replace("[…]", said, 1)
    minutes = write_minutes(actor=secretary, minutes=minutes, version=None, text=text.replace("[…]", data["otherwise"]))
    minutes = open_to_amendments(actor=secretary, minutes=minutes, version=None)
    if here:
        who = (here[-1].substitute or here[-1].mandate).person
        proposed = propose_amendment(actor=who, minutes=minutes, passage="", proposal=data["amendment"])
        MinutesAmendment.objects.filter(pk=proposed.pk).update(proposed_at=meeting.ends_at - timedelta(minutes=5))
        answer_amendment(actor=secretary, amendment=proposed, version=None, accepted=True)
    minutes = approve_minutes(actor=chair, minutes=minutes, version=None, at=meeting.closed_at)
    return publish_minutes(actor=secretary, minutes=minutes, version=None, at=meeting.ends_at + timedelta(days=1))


def person_with(unit: Unit, positions: set[Any]) -> User | None:
    found = mandates_in_force(unit).filter(position__in=sorted(positions)).order_by("pk").first()
    return found.person if found else None


def demo_unit_meeting(unit: Unit, data: dict[str, Any]) -> Meeting:
    there = Meeting.objects.filter(unit=unit).first()
    if there is not None:
        return there
    day = timezone.localdate() + timedelta(days=9)
    starts = datetime.combine(day, time(14, 30), tzinfo=timezone.get_current_timezone())
    made = prepare_meeting(
        actor=None,
        unit=unit,
        data={
            "title": data["title"],
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=2),
            "second_call_at": starts + timedelta(days=1),
            "place": data["place"],
            "remote_link": data["remote_link"],
        },
    )
    write_demo_agenda(made, data)
    return convene_meeting(actor=None, meeting=made, version=None)

"""Demonstration votes: what one meeting of the Council decided, what follows from it, what the next is asked.

By the same actions as people use, as the platform itself. Run again, it leaves what is there.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils import timezone

from units.actions.agenda import add_item
from units.actions.attendance import Taken, record_attendance
from units.actions.concertation import record_position
from units.actions.effect import approve_summary
from units.actions.follow_ups import add_follow_up, move_follow_up
from units.actions.meetings import close_meeting, convene_meeting, open_meeting
from units.actions.votes import cast_vote, close_voting, open_voting, propose_deliberation
from units.choices import DeliberationState, FollowUpState, ItemKind, MeetingState, Presence, SubjectKind
from units.models import Deliberation, Meeting
from units.queries.bodies import seats_of
from units.queries.votes import people_for_tasks, seats_at

DEMONSTRATION = Path(__file__).parent.parent / "data" / "votes-demonstration.json"
NOTICE = timedelta(days=7)
SOON = timedelta(minutes=10)


def demonstration() -> dict[str, Any]:
    return json.loads(DEMONSTRATION.read_text(encoding="utf-8"))


def propose_demo_texts(meeting: Meeting) -> list[Deliberation]:
    """Put the demonstration's texts on the agenda of a meeting of the Council that still takes points."""
    return [put_on_agenda(meeting, entry) for entry in demonstration()["held"]]


def put_on_agenda(meeting: Meeting, entry: Mapping[str, Any]) -> Deliberation:
    there = Deliberation.objects.filter(item__meeting__unit=meeting.unit_id, title=entry["title"][:300]).first()
    if there is not None:
        return there
    item = add_item(actor=None, meeting=meeting, title=entry["title"], kind=ItemKind.DECISION)
    return propose_deliberation(
        actor=None,
        item=item,
        title=entry["title"],
        text=entry["text"],
        rule=entry["rule"],
        legal_effect=entry["legal_effect"],
        legal_effect_basis=entry.get("legal_effect_basis", ""),
        subject_kind=SubjectKind.TEXT,
        is_secret=entry.get("is_secret", False),
        at=min(meeting.starts_at - 2 * NOTICE, timezone.now()),
    )


def hold_demo_meeting(meeting: Meeting) -> None:
    """Convene a meeting where it is not, open it, have everything on its agenda voted, close it.

    What the demonstration's texts do not say passes with two against and one abstention. A meeting that was held or
    cancelled stays.
    """
    meeting.refresh_from_db()
    if meeting.state in {MeetingState.CLOSED, MeetingState.CANCELLED}:
        return
    data = demonstration()
    if meeting.state == MeetingState.DRAFT:
        meeting = convene_meeting(actor=None, meeting=meeting, version=None, at=meeting.starts_at - NOTICE)
    begins = meeting.starts_at
    if meeting.state == MeetingState.CONVENED:
        record_attendance(actor=None, meeting=meeting, taken=taken(meeting, data), at=begins)
        meeting = open_meeting(actor=None, meeting=meeting, version=None, at=begins)
    said = {entry["title"][:300]: entry for entry in data["held"]}
    waiting = Deliberation.objects.filter(item__meeting=meeting, state=DeliberationState.DRAFT)
    for place, found in enumerate(waiting.order_by("item__order", "pk")):
        vote_demo(found, said.get(found.title, {"against": ["1304", "1318"], "abstain": ["1314"]}), place)
    last = Deliberation.objects.filter(item__meeting=meeting).aggregate(at=Max("closed_at"))["at"]
    ends = max(meeting.ends_at, last + SOON) if last else meeting.ends_at
    if last:
        approve_summary(actor=None, meeting=meeting, version=None, at=ends)
    close_meeting(actor=None, meeting=meeting, version=None, at=ends)


def taken(meeting: Meeting, data: Mapping[str, Any]) -> list[Taken]:
    """Who is there: everybody, but those whom the demonstration calls absent."""
    day = timezone.localdate(meeting.starts_at)
    found = []
    for seat in seats_of(meeting.unit, day):
        code = seat.municipality.code if seat.municipality else ""
        away = Presence.ABSENT if code in data["absent"] else Presence.IN_PERSON
        found.append(Taken(seat, Presence.REMOTE if code in data["remote"] else away))
    return found


def vote_demo(found: Deliberation, entry: Mapping[str, Any], place: int) -> Deliberation:
    """Open, vote and close one deliberation, some minutes after the one before."""
    begins = found.item.meeting.starts_at + timedelta(minutes=20 + 12 * place)
    opened = open_voting(actor=None, deliberation=found, at=begins)
    for seat in seats_at(opened):
        if not seat.is_present:
            continue
        code = seat.municipality.code
        value = "against" if code in entry["against"] else "abstain" if code in entry["abstain"] else "for"
        cast_vote(
            actor=None,
            deliberation=opened,
            municipality=seat.municipality,
            value=value,
            declaration=entry.get("declarations", {}).get(code, ""),
            conflict=entry.get("conflicts", {}).get(code, ""),
        )
    return close_voting(actor=None, deliberation=opened, at=begins + timedelta(minutes=8))


def demo_votes(*, held: Meeting, coming: Meeting | None = None) -> list[Deliberation]:
    """Texts on the agenda of `held`, which is then held; tasks that follow; and one text with positions for `coming`.

    `held` is a meeting of the Council that still takes points (its day may have gone by); `coming` the next one.
    """
    propose_demo_texts(held)
    hold_demo_meeting(held)
    made = list(Deliberation.objects.filter(item__meeting=held).order_by("item__order", "pk"))
    give_demo_tasks(held)
    if coming is not None:
        made.append(ask_demo_positions(coming))
    return made


def give_demo_tasks(held: Meeting) -> None:
    """One done, one late, one to come."""
    people = list(people_for_tasks()[:6])
    for entry in demonstration()["held"]:
        found = Deliberation.objects.filter(item__meeting=held, title=entry["title"][:300]).first()
        if found is None or not people or found.follow_ups.exists():
            continue
        for number, task in enumerate(entry.get("tasks", [])):
            owner = people[number % len(people)]
            due = timezone.localdate() + timedelta(days=task["days"])
            made = add_follow_up(actor=None, deliberation=found, task=task["task"], owner=owner, due_on=due)
            if task.get("done"):
                move_follow_up(actor=owner, follow_up=made, state=FollowUpState.DONE)


def ask_demo_positions(coming: Meeting) -> Deliberation:
    """A text for the next meeting, with where some municipalities stand and what they would change."""
    entry = demonstration()["coming"]
    found = put_on_agenda(coming, entry)
    if found.state != DeliberationState.DRAFT or found.positions.exists():
        return found
    for seat in seats_at(found):
        said = entry["positions"].get(seat.municipality.code)
        if said:
            stance, comment, change = said
            record_position(
                actor=seat.holders[0].person,
                deliberation=found,
                municipality=seat.municipality,
                stance=stance,
                comment=comment,
                proposed_change=change,
            )
    return found

"""Meetings: the list, and a meeting with its next step."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone
from units.actions.meetings import (
    EARLY,
)
from units.choices import MeetingState
from units.filters.meetings import MeetingFilter
from units.models import Meeting
from units.queries.calendars import title_of
from units.queries.effect import awaits_summary
from units.queries.meetings import (
    agenda,
    chairs_in,
    chairs_meetings_of,
    coming,
    documents_for,
    keeps_meetings_of,
    meetings,
    minutes_of,
    past,
    quorum_from,
    sees_papers_of,
    units_kept_by,
    with_counts,
)

SHOWN = 100
TONES = {
    MeetingState.DRAFT: "soft",
    MeetingState.CONVENED: "good",
    MeetingState.IN_SESSION: "warn",
    MeetingState.CLOSED: "soft",
    MeetingState.CANCELLED: "bad",
}
OPEN = {MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION}


@door(everyone)
def meetings_page(request: HttpRequest) -> HttpResponse:
    """Coming and past meetings: the convened ones for everybody."""
    found = MeetingFilter(request.GET, queryset=meetings(request.user), request=request)
    narrowed = found.qs if found.is_valid() else meetings(request.user).none()
    context = {
        "form": found.form,
        "coming": rows_of(coming(with_counts(narrowed))[:SHOWN]),
        "past": rows_of(past(with_counts(narrowed))[:SHOWN]),
        "may_prepare": bool(units_kept_by(request.user)),
    }
    return render(request, "units/meetings/list.html", context)


def rows_of(found: Any) -> list[dict[str, Any]]:
    return [{"meeting": each, "title": title_of(each), "tone": TONES[MeetingState(each.state)]} for each in found]


def meeting_or_404(request: HttpRequest, public_id: Any) -> Meeting:
    return get_object_or_404(meetings(request.user), public_id=public_id)


def kept_or_403(request: HttpRequest, public_id: Any) -> Meeting:
    meeting = meeting_or_404(request, public_id)
    check(keeps_meetings_of(request.user, meeting.unit_id))
    return meeting


def frame(request: HttpRequest, meeting: Meeting, here: str) -> dict[str, Any]:
    """What every page of a meeting shows: its head, its tabs, and what this person may do."""
    keeps = keeps_meetings_of(request.user, meeting.unit_id)
    chairs = chairs_meetings_of(request.user, meeting.unit_id)
    papers = sees_papers_of(request.user, meeting.unit_id)
    minutes = minutes_of(meeting, request.user) if meeting.state == MeetingState.CLOSED else None
    tabs = [("agenda", _("Agenda"), reverse("units:meeting", args=[meeting.public_id]))]
    if papers and meeting.convened_at:
        tabs.append(("attendance", _("Attendance"), reverse("units:attendance", args=[meeting.public_id])))
    if papers:
        tabs.append(("papers", _("Papers"), reverse("units:papers", args=[meeting.public_id])))
    if minutes is not None or (keeps and meeting.state == MeetingState.CLOSED):
        tabs.append(("minutes", _("Minutes"), reverse("units:minutes", args=[meeting.public_id])))
    return {
        "meeting": meeting,
        "title": title_of(meeting),
        "tone": TONES[MeetingState(meeting.state)],
        "tabs": [{"label": label, "url": url, "here": key == here} for key, label, url in tabs],
        "keeps": keeps,
        "chairs": chairs,
        "sees_papers": papers,
        "minutes": minutes,
        "sees_history": sees_audit(request.user),
    }


@door(everyone)
def meeting_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The agenda with its documents, the facts, and the next step."""
    meeting = meeting_or_404(request, public_id)
    context = frame(request, meeting, "agenda")
    documents = documents_for(request.user, meeting)
    context["points"] = agenda(meeting, documents)
    context["general"] = [each for each in documents if each.item_id is None]
    if meeting.state in {MeetingState.CONVENED, MeetingState.IN_SESSION} and context["sees_papers"]:
        chairs = chairs_in(meeting)
        context["quorum"] = quorum_from(meeting, chairs)
        context["own"] = next((each for each in chairs if each.mandate.person_id == request.user.pk), None)
    context["may_approve_summary"] = (
        meeting.state == MeetingState.IN_SESSION and (context["keeps"] or context["chairs"]) and awaits_summary(meeting)
    )
    context["may_add"] = context["keeps"] and meeting.state in OPEN
    context["other_steps"] = context["keeps"] and meeting.state in {MeetingState.DRAFT, MeetingState.CONVENED}
    context["step"] = next_step(meeting, context)
    return render(request, "units/meetings/meeting.html", context)


def next_step(meeting: Meeting, context: dict[str, Any]) -> dict[str, Any] | None:
    """The one thing that comes next for this person: a link, or (`posts`) a button of its own."""
    keeps, chairs = context["keeps"], context["chairs"]
    if meeting.state == MeetingState.DRAFT and keeps:
        return (
            to("convene", _("Convene"), meeting)
            if context["points"]
            else to("item_add", _("Write the agenda"), meeting)
        )
    if meeting.state == MeetingState.CONVENED and (keeps or chairs):
        return step_to_opening(meeting, context)
    if meeting.state == MeetingState.IN_SESSION and chairs:
        return to("meeting_step", _("Close the meeting"), meeting, "encerrar")
    if meeting.state == MeetingState.CLOSED:
        return step_to_minutes(meeting, context)
    return None


def to(name: str, label: str, meeting: Meeting, *step: str) -> dict[str, Any]:
    return {
        "label": label,
        "url": reverse(f"units:{name}", args=[meeting.public_id, *step]),
        "posts": bool(step),
    }


def step_to_opening(meeting: Meeting, context: dict[str, Any]) -> dict[str, Any] | None:
    """Before its hour, what is to be decided; then attendance, until the chair can open it."""
    begins = meeting.second_call_at if meeting.call != 1 and meeting.second_call_at else meeting.starts_at
    if timezone.now() < begins - EARLY:
        return step_to_proposal(context) if context["keeps"] else None
    if context["chairs"] and context["quorum"].is_met:
        return to("meeting_step", _("Open the meeting"), meeting, "abrir")
    return to("attendance", _("Record attendance"), meeting)


def step_to_proposal(context: dict[str, Any]) -> dict[str, Any] | None:
    for point in context["points"]:
        if point.awaits_proposal:
            label = _("Propose what point %(code)s decides") % {"code": point.code}
            return {"label": label, "url": reverse("units:deliberation_propose", args=[point.item.public_id])}
    return None


def step_to_minutes(meeting: Meeting, context: dict[str, Any]) -> dict[str, Any] | None:
    minutes = context["minutes"]
    if minutes is None:
        return to("minutes", _("Write the minutes"), meeting) if context["keeps"] else None
    return to("minutes", _("Read the minutes"), meeting)

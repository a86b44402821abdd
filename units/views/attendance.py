"""Who is there: seat by seat, with the quorum shown live."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from refamp.base.doors import SignedRequest, check, door, refused, signed_in
from refamp.base.errors import Refused
from units.actions.attendance import RECORDED, Taken, excuse_oneself, record_attendance
from units.choices import MeetingState
from units.forms.meetings import SeatForm
from units.models import Meeting
from units.queries.meetings import chairs_in, quorum_from, quorum_of_meeting, sees_papers_of
from units.views.meetings import frame, meeting_or_404


@door(signed_in, methods=("GET", "POST"))
def attendance_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Every seat and how it is taken; the secretariat records it, the others read it."""
    meeting = meeting_or_404(request, public_id)
    check(sees_papers_of(request.user, meeting.unit_id) and meeting.convened_at)
    context = frame(request, meeting, "attendance")
    seats = chairs_in(meeting)
    may_record = (context["keeps"] or context["chairs"]) and meeting.state in RECORDED
    if request.method == "POST":
        check(may_record)
        said = record_presences(request, meeting, [SeatForm(request.POST, chair=chair) for chair in seats])
        if request.headers.get("HX-Request") == "true":
            return render(request, "units/meetings/quorum.html", fragment(meeting) | {"said": said})
        if said:
            messages.error(request, said)
        else:
            messages.success(request, _("Saved."))
        return redirect("units:attendance", meeting.public_id)
    context |= {
        "seats": seats,
        "forms": [SeatForm(None, chair=chair) for chair in seats] if may_record else [],
        "quorum": quorum_from(meeting, seats),
        "second": meeting.call == 1 and meeting.state == MeetingState.CONVENED and meeting.second_call_at,
    }
    return render(request, "units/meetings/attendance.html", context)


def record_presences(request: SignedRequest, meeting: Meeting, forms: list[SeatForm]) -> str:
    """Write what changed on the page; answers why not, or nothing."""
    valid = [form.is_valid() for form in forms]
    if not all(valid):
        return _("Choose one of the answers shown.")
    taken = [
        Taken(form.chair.mandate, form.cleaned_data["presence"] or None, form.taken_by)
        for form in forms
        if form.is_changed
    ]
    try:
        record_attendance(actor=request.user, meeting=meeting, taken=taken)
    except Refused as refusal:
        return str(refusal.message)
    return ""


def fragment(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting, "quorum": quorum_of_meeting(meeting)}


@door(signed_in)
def quorum_fragment(request: SignedRequest, public_id: Any) -> HttpResponse:
    """How the quorum stands, asked for again while the page is open."""
    meeting = meeting_or_404(request, public_id)
    check(sees_papers_of(request.user, meeting.unit_id) and meeting.convened_at)
    return render(request, "units/meetings/quorum.html", fragment(meeting))


@door(signed_in, methods=("POST",))
def excuse_step(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Say that one cannot come, or that one can after all (`comes=yes`)."""
    meeting = meeting_or_404(request, public_id)
    comes = request.POST.get("comes") == "yes"
    try:
        excuse_oneself(actor=request.user, meeting=meeting, comes=comes)
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, _("You are expected.") if comes else _("Noted: you cannot come."))
    return redirect("units:meeting", meeting.public_id)

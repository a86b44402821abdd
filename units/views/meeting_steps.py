"""A meeting's preparation, its convening, and the steps that ask for nothing but a button."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.base.doors import SignedRequest, check, door, refused, signed_in, stale_rows, version_of, with_version
from refamp.base.errors import Refused, Stale
from units.actions.effect import approve_summary
from units.actions.meetings import (
    FACTS,
    call_second_time,
    cancel_meeting,
    change_meeting,
    close_meeting,
    convene_meeting,
    open_meeting,
    prepare_meeting,
    send_again,
)
from units.choices import MeetingState, NoticeUnit
from units.forms.meetings import ConveneForm, MeetingForm, ReasonForm
from units.formulas.meetings import notice_until
from units.queries.calendars import title_of
from units.queries.meetings import agenda, has_notice, invited, keeps_meetings_of, units_kept_by
from units.views.meetings import meeting_or_404


@door(signed_in, methods=("GET", "POST"))
def add_page(request: SignedRequest) -> HttpResponse:
    """Begin a meeting of a body whose secretariat one is."""
    units = units_kept_by(request.user)
    check(units)
    form = MeetingForm(request.POST or None, units=units, initial={"unit": request.GET.get("unidade", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            meeting = prepare_meeting(actor=request.user, unit=data["unit"], data={name: data[name] for name in FACTS})
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("In preparation: write its agenda, then convene it."))
            return redirect("units:meeting", meeting.public_id)
    return render(request, "units/meetings/edit.html", {"form": form})


@door(signed_in, methods=("GET", "POST"))
def edit_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """When and where; once convened, everybody is told."""
    meeting = meeting_or_404(request, public_id)
    check(keeps_meetings_of(request.user, meeting.unit_id))
    initial = {name: getattr(meeting, name) for name in ("version", *FACTS)}
    form = MeetingForm(request.POST or None, meeting=meeting, initial=initial)
    context: dict[str, Any] = {"form": form, "meeting": meeting, "title": title_of(meeting)}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_meeting(
                actor=request.user, meeting=meeting, version=data["version"], data={name: data[name] for name in FACTS}
            )
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current, FACTS)
            refused(request, form, stale)
            form.data = with_version(form.data, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:meeting", meeting.public_id)
    return render(request, "units/meetings/edit.html", context)


# Steps ----------------------------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "abrir": (open_meeting, gettext_lazy("The meeting is open.")),
    "minuta": (approve_summary, gettext_lazy("Recorded: what was decided takes effect from now on.")),
    "encerrar": (close_meeting, gettext_lazy("The meeting is closed: its minutes can be written.")),
    "segunda-convocatoria": (call_second_time, gettext_lazy("It takes place on second call: everybody is told.")),
    "reenviar": (send_again, gettext_lazy("The notice is on its way again.")),
}


@door(signed_in, methods=("POST",))
def step(request: SignedRequest, public_id: Any, name: str) -> HttpResponse:
    """A step that asks for nothing but its button."""
    if name not in STEPS:
        raise Http404
    meeting = meeting_or_404(request, public_id)
    action, said = STEPS[name]
    try:
        action(actor=request.user, meeting=meeting, version=version_of(request))
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, str(said))
    return redirect("units:meeting", meeting.public_id)


@door(signed_in, methods=("GET", "POST"))
def convene_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Who will be written to, with what notice; then convene."""
    meeting = meeting_or_404(request, public_id)
    check(keeps_meetings_of(request.user, meeting.unit_id) and meeting.state == MeetingState.DRAFT)
    is_short = not has_notice(meeting, timezone.now())
    form = ConveneForm(request.POST or None, is_short=is_short, initial={"version": meeting.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            convene_meeting(
                actor=request.user,
                meeting=meeting,
                version=data["version"],
                urgency_reason=data.get("urgency_reason", ""),
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Convened: the notice is on its way to everybody."))
            return redirect("units:meeting", meeting.public_id)
    context = {
        "form": form,
        "meeting": meeting,
        "title": title_of(meeting),
        "guests": invited(meeting),
        "is_short": is_short,
        "notice_until": notice_until(meeting.starts_at, meeting.unit.notice_days, meeting.unit.notice_unit),
        "in_working_days": meeting.unit.notice_unit == NoticeUnit.WORKING_DAYS and meeting.unit.notice_days,
        "points": agenda(meeting),
    }
    return render(request, "units/meetings/convene.html", context)


@door(signed_in, methods=("GET", "POST"))
def cancel_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    meeting = meeting_or_404(request, public_id)
    check(
        keeps_meetings_of(request.user, meeting.unit_id)
        and meeting.state in {MeetingState.DRAFT, MeetingState.CONVENED}
    )
    form = ReasonForm(request.POST or None, initial={"version": meeting.version})
    if request.method == "POST" and form.is_valid():
        try:
            cancel_meeting(actor=request.user, meeting=meeting, **form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Cancelled."))
            return redirect("units:meetings")
    return render(request, "units/meetings/cancel.html", {"form": form, "meeting": meeting, "title": title_of(meeting)})

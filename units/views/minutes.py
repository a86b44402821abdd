"""Minutes: drafted, amended, approved, published; read by everybody from then on."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.base.doors import (
    SignedRequest,
    attachment,
    check,
    door,
    everyone,
    refused,
    signed_in,
    stale_rows,
    version_of,
    with_version,
)
from refamp.base.errors import Refused, Stale
from units.actions.minutes import (
    answer_amendment,
    approve_minutes,
    draft_minutes,
    open_to_amendments,
    propose_amendment,
    publish_minutes,
    take_back_minutes,
    write_minutes,
)
from units.choices import AmendmentState, MeetingState, MinutesState
from units.forms.meetings import AmendmentForm, AnswerForm, ApproveForm, MinutesForm
from units.formulas.meetings import blocks
from units.models import Meeting, Minutes
from units.queries.calendars import title_of
from units.queries.meetings import attended, minutes_of, present_seats
from units.queries.minutes import approves, approving_meetings
from units.views.meetings import frame, meeting_or_404

TONES = {
    MinutesState.DRAFT: "soft",
    MinutesState.UNDER_AMENDMENT: "warn",
    MinutesState.APPROVED: "good",
    MinutesState.PUBLISHED: "good",
}


def minutes_or_404(request: HttpRequest, meeting: Meeting) -> Minutes:
    found = minutes_of(meeting, request.user)
    if found is None:
        raise Http404
    found.meeting = meeting
    return found


@door(everyone, methods=("GET", "POST"))
def minutes_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The minutes as they stand, with the amendments and the next step; POST begins them."""
    meeting = meeting_or_404(request, public_id)
    context = frame(request, meeting, "minutes")
    who: Any = request.user  # whoever keeps or chairs a meeting is logged in
    if request.method == "POST":
        check(context["keeps"])
        try:
            draft_minutes(actor=who, meeting=meeting)
        except Refused as refusal:
            refused(request, None, refusal)
            return redirect("units:minutes", meeting.public_id)
        messages.success(request, _("Begun with the agenda, the attendance and the votes: write what was said."))
        return redirect("units:minutes_write", meeting.public_id)
    minutes = context["minutes"]
    if minutes is None:
        if not context["keeps"] or meeting.state != MeetingState.CLOSED:
            raise Http404
        return render(request, "units/meetings/minutes.html", context)
    sees_all = context["sees_papers"]
    state = minutes.state
    context |= {
        "blocks": blocks(minutes.text),
        "approved_in": title_of(minutes.approved_in) if minutes.approved_in else "",
        "minutes_tone": TONES[MinutesState(state)],
        "amendments": list(minutes.amendments.select_related("author")) if sees_all else [],
        "may_write": context["keeps"] and state == MinutesState.DRAFT,
        "may_open": context["keeps"] and state == MinutesState.DRAFT,
        "may_take_back": context["keeps"] and state == MinutesState.UNDER_AMENDMENT,
        "may_amend": state == MinutesState.UNDER_AMENDMENT and attended(request.user, meeting),
        "may_approve": state == MinutesState.UNDER_AMENDMENT and sees_all and approves(who, minutes),
        "may_publish": context["keeps"] and state == MinutesState.APPROVED,
    }
    context["open_amendments"] = sum(each.state == AmendmentState.PROPOSED for each in context["amendments"])
    return render(request, "units/meetings/minutes.html", context)


@door(signed_in, methods=("GET", "POST"))
def write_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Write in a draft; a stale save shows both texts."""
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    context = frame(request, meeting, "minutes")
    check(context["keeps"] and minutes.state == MinutesState.DRAFT)
    form = MinutesForm(request.POST or None, initial={"version": minutes.version, "text": minutes.text})
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        try:
            write_minutes(actor=request.user, minutes=minutes, **form.cleaned_data)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current, ("text",))
            refused(request, form, stale)
            form.data = with_version(form.data, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:minutes", meeting.public_id)
    return render(request, "units/meetings/minutes_write.html", context)


STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "abrir-a-alteracoes": (open_to_amendments, gettext_lazy("Those who attended can now propose amendments.")),
    "retomar": (take_back_minutes, gettext_lazy("They are a draft again.")),
    "publicar": (publish_minutes, gettext_lazy("Published: nothing changes them any more.")),
}


@door(signed_in, methods=("POST",))
def step(request: SignedRequest, public_id: Any, name: str) -> HttpResponse:
    """A step that asks for nothing but its button."""
    if name not in STEPS:
        raise Http404
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    action, said = STEPS[name]
    try:
        action(actor=request.user, minutes=minutes, version=version_of(request))
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, str(said))
    return redirect("units:minutes", meeting.public_id)


@door(signed_in, methods=("GET", "POST"))
def approve_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """At which meeting those who attended approved them, noted by who chaired and did not write."""
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    check(minutes.state == MinutesState.UNDER_AMENDMENT and approves(request.user, minutes))
    came = present_seats(meeting).count()
    form = ApproveForm(
        request.POST or None,
        came=came,
        meetings=[(each, title_of(each)) for each in approving_meetings(meeting)],
        initial={"version": minutes.version, "approved_in": str(meeting.public_id)}
        | {"votes_for": came, "votes_against": 0, "abstentions": 0},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            approve_minutes(
                actor=request.user,
                minutes=minutes,
                version=data["version"],
                approved_in=data["approved_in"],
                votes=(data["votes_for"], data["votes_against"], data["abstentions"]),
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Approved."))
            return redirect("units:minutes", meeting.public_id)
    return render(request, "units/meetings/approve.html", frame(request, meeting, "minutes") | {"form": form})


@door(signed_in, methods=("GET", "POST"))
def amend_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Somebody who attended proposes what a passage should read."""
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    check(minutes.state == MinutesState.UNDER_AMENDMENT and attended(request.user, meeting))
    form = AmendmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            propose_amendment(actor=request.user, minutes=minutes, **form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Proposed."))
            return redirect("units:minutes", meeting.public_id)
    context = frame(request, meeting, "minutes") | {"form": form, "text": minutes.text}
    return render(request, "units/meetings/amend.html", context)


@door(signed_in, methods=("GET", "POST"))
def answer_page(request: SignedRequest, public_id: Any, amendment_id: Any) -> HttpResponse:
    """The secretariat accepts an amendment or says why not."""
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    context = frame(request, meeting, "minutes")
    check(context["keeps"] and minutes.state == MinutesState.UNDER_AMENDMENT)
    amendment = get_object_or_404(
        minutes.amendments.select_related("author", "minutes"), public_id=amendment_id, state=AmendmentState.PROPOSED
    )
    form = AnswerForm(request.POST or None, initial={"version": minutes.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            answer_amendment(
                actor=request.user,
                amendment=amendment,
                version=data["version"],
                accepted=data["accepted"] == "yes",
                answer=data["answer"],
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Answered."))
            return redirect("units:minutes", meeting.public_id)
    return render(request, "units/meetings/answer.html", context | {"form": form, "amendment": amendment})


@door(everyone)
def minutes_file(request: HttpRequest, public_id: Any, form: str) -> FileResponse:
    """The published minutes: the PDF/A that was kept, or the very text that the digest is of."""
    meeting = meeting_or_404(request, public_id)
    minutes = minutes_or_404(request, meeting)
    if minutes.state != MinutesState.PUBLISHED:
        raise Http404
    name = f"ata-{meeting.unit.code}-{meeting.number}-{meeting.year}.{form}"
    if form == "pdf":
        return attachment(minutes.pdf.open("rb"), name)
    return attachment(BytesIO(minutes.text.encode()), name, "text/plain; charset=utf-8")

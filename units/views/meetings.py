"""Meetings: the list, a meeting and its next step, its preparation, its convening, its papers."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.audit.rules import sees_audit
from refamp.base.doors import SignedRequest, check, door, everyone, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.dossiers import ask_for_dossier
from units.actions.meetings import (
    EARLY,
    call_second_time,
    cancel_meeting,
    change_meeting,
    close_meeting,
    convene_meeting,
    open_meeting,
    prepare_meeting,
    send_again,
)
from units.choices import MeetingFileKind, MeetingState
from units.filters.meetings import MeetingFilter
from units.forms.meetings import ConveneForm, MeetingForm, ReasonForm
from units.formulas.meetings import keeps_notice
from units.models import Meeting, MeetingFile
from units.queries.calendars import title_of
from units.queries.dossiers import Stock, kept_file, kept_files, papers_of
from units.queries.meetings import (
    agenda,
    chairs_in,
    chairs_meetings_of,
    coming,
    general_documents,
    invited,
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
    context["points"] = agenda(meeting)
    context["general"] = general_documents(meeting)
    if meeting.state in {MeetingState.CONVENED, MeetingState.IN_SESSION} and context["sees_papers"]:
        chairs = chairs_in(meeting)
        context["quorum"] = quorum_from(meeting, chairs)
        context["own"] = next((each for each in chairs if each.mandate.person_id == request.user.pk), None)
    context["may_add"] = context["keeps"] and meeting.state in OPEN
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
    """Nothing before its hour; then attendance, until the chair can open it."""
    begins = meeting.second_call_at if meeting.call != 1 and meeting.second_call_at else meeting.starts_at
    if timezone.now() < begins - EARLY:
        return None
    if context["chairs"] and context["quorum"].is_met:
        return to("meeting_step", _("Open the meeting"), meeting, "abrir")
    return to("attendance", _("Record attendance"), meeting)


def step_to_minutes(meeting: Meeting, context: dict[str, Any]) -> dict[str, Any] | None:
    minutes = context["minutes"]
    if minutes is None:
        return to("minutes", _("Write the minutes"), meeting) if context["keeps"] else None
    return to("minutes", _("Read the minutes"), meeting)


# Preparation ----------------------------------------------------------------------------------------------------------

FACTS = ("title", "starts_at", "ends_at", "second_call_at", "place", "remote_link")


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


def stale_rows(form: Any, current: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"label": form.fields[name].label, "saved": getattr(current, name), "yours": form.cleaned_data.get(name)}
        for name in names
    ]


def with_version(data: Any, version: int) -> QueryDict:
    """What was typed, now on top of the present version: whoever saves again has seen both."""
    changed = data.copy()
    changed["version"] = version
    return changed


# Steps ----------------------------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "abrir": (open_meeting, gettext_lazy("The meeting is open.")),
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


def version_of(request: HttpRequest) -> int | None:
    """What the button was shown for; None where it does not say."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


@door(signed_in, methods=("GET", "POST"))
def convene_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Who will be written to, with what notice; then convene."""
    meeting = meeting_or_404(request, public_id)
    check(keeps_meetings_of(request.user, meeting.unit_id) and meeting.state == MeetingState.DRAFT)
    is_short = not keeps_notice(timezone.now(), meeting.starts_at, meeting.unit.notice_days)
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


# Papers ---------------------------------------------------------------------------------------------------------------

KINDS = {
    MeetingFileKind.DOSSIER: gettext_lazy(
        "Cover, agenda, a sheet per point, and the documents behind them, numbered through."
    ),
    MeetingFileKind.SHEETS: gettext_lazy("Our own sheets alone: tagged throughout, for screen readers and archives."),
    MeetingFileKind.ADDENDUM: gettext_lazy("What came after the notice; its pages go on from the dossier's last."),
}


@door(signed_in)
def papers_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """The meeting's documents, and all of its papers as one file."""
    meeting = meeting_or_404(request, public_id)
    check(sees_papers_of(request.user, meeting.unit_id))
    context = frame(request, meeting, "papers")
    stock = Stock.of(meeting)
    kinds = [kind for kind in KINDS if stock.has_addenda or kind != MeetingFileKind.ADDENDUM]
    files = kept_files(meeting, [papers_of(meeting, kind, stock) for kind in kinds])
    context["files"] = [
        {"kind": kind, "label": kind.label, "about": KINDS[kind], "file": files.get(kind)} for kind in kinds
    ]
    codes = {point.item.pk: point.code for point in stock.points}
    context["documents"] = [
        (each, codes.get(each.item_id or 0)) for each in stock.documents if each.withdrawn_at is None
    ]
    context["may_add"] = context["keeps"] and meeting.state in OPEN
    return render(request, "units/meetings/papers.html", context)


@door(signed_in, methods=("GET", "POST"))
def dossier(request: SignedRequest, public_id: Any, kind: str) -> HttpResponseBase:
    """The file of the present papers; asked for by POST, it is made where it is not there yet."""
    meeting = meeting_or_404(request, public_id)
    check(sees_papers_of(request.user, meeting.unit_id))
    if kind not in KINDS:
        raise Http404
    if request.method != "POST":
        found = kept_file(meeting, papers_of(meeting, kind))
        return file_of(meeting, found) if found else redirect("units:papers", meeting.public_id)
    try:
        made = ask_for_dossier(actor=request.user, meeting=meeting, kind=kind)
    except Refused as refusal:
        refused(request, None, refusal)
        return redirect("units:papers", meeting.public_id)
    if isinstance(made, MeetingFile):
        return redirect("units:dossier", meeting.public_id, kind)
    return redirect("jobs:job", made.public_id)


def file_of(meeting: Meeting, found: MeetingFile) -> FileResponse:
    names = {"dossier": _("dossier"), "sheets": _("sheets"), "addendum": _("addendum")}
    number = f"{meeting.number}-{meeting.year}" if meeting.number else str(meeting.year)
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"{meeting.unit.code}-{number}-{names[found.kind]}.pdf",
        content_type="application/pdf",
        headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"},
    )

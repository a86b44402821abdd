"""The papers of a meeting: its documents one by one, and all of them as one file."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.base.doors import SignedRequest, attachment, check, door, everyone, refused, signed_in
from refamp.base.errors import Refused
from units.actions.documents import add_document, show_document, withdraw_document
from units.actions.dossiers import ask_for_dossier
from units.choices import DOCUMENT_TYPES, MeetingFileKind, MeetingState
from units.forms.meetings import DocumentForm, ReasonForm
from units.models import Meeting, MeetingDocument, MeetingFile
from units.queries.calendars import title_of
from units.queries.dossiers import Stock, kept_file, kept_files, papers_of
from units.queries.meetings import OPEN_STATES, agenda, documents_for, sees_papers_of
from units.views.meetings import frame, kept_or_403, meeting_or_404

KINDS = {
    MeetingFileKind.DOSSIER: gettext_lazy(
        "To read and print: cover, agenda, a sheet per point, and the PDF documents behind them, numbered through."
        " Other people's pages are bound as they are, so that it promises no standard."
    ),
    MeetingFileKind.SHEETS: gettext_lazy(
        "To keep, and for screen readers: the sheets (PDF/A, PDF/UA), with every document attached as it was added."
    ),
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
    context["may_add"] = context["keeps"] and meeting.state in OPEN_STATES
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
    return attachment(found.file.open("rb"), f"{meeting.unit.code}-{number}-{names[found.kind]}.pdf")


@door(signed_in, methods=("GET", "POST"))
def add_document_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """A document; after the convening, a late addendum."""
    meeting = kept_or_403(request, public_id)
    check(meeting.state in OPEN_STATES)
    initial = {"item": request.GET.get("ponto", "")}
    form = DocumentForm(request.POST or None, request.FILES or None, points=agenda(meeting), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            add_document(actor=request.user, meeting=meeting, name=data["file"].name, **data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Added."))
            return redirect("units:papers", meeting.public_id)
    context = {"form": form, "meeting": meeting, "title": title_of(meeting), "is_late": meeting.state != "draft"}
    return render(request, "units/meetings/document.html", context)


def readable_document(request: HttpRequest, public_id: Any, document_id: Any) -> MeetingDocument:
    meeting = meeting_or_404(request, public_id)
    found = next((each for each in documents_for(request.user, meeting) if each.public_id == document_id), None)
    if found is None:
        raise Http404
    return found


@door(everyone)
def document(request: HttpRequest, public_id: Any, document_id: Any) -> HttpResponseBase:
    """One document, always as an attachment: a public one to everybody, the others to who sees the papers."""
    try:
        found = readable_document(request, public_id, document_id)
    except Http404:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise
    kind = DOCUMENT_TYPES.get(found.file_name.rpartition(".")[2], "application/octet-stream")
    return attachment(found.file.open("rb"), found.file_name, kind)


@door(signed_in, methods=("POST",))
def show_step(request: SignedRequest, public_id: Any, document_id: Any) -> HttpResponse:
    """Make a document everybody's (`public=yes`), or no longer so."""
    meeting = kept_or_403(request, public_id)
    found = get_object_or_404(meeting.documents, public_id=document_id)
    found.meeting = meeting
    is_public = request.POST.get("public") == "yes"
    try:
        show_document(actor=request.user, document=found, is_public=is_public)
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(
            request, _("Everybody can read it.") if is_public else _("Only those who see the papers can read it.")
        )
    return redirect("units:papers", meeting.public_id)


@door(signed_in, methods=("GET", "POST"))
def withdraw_page(request: SignedRequest, public_id: Any, document_id: Any) -> HttpResponse:
    """Ask why, then take a document out of the papers."""
    meeting = kept_or_403(request, public_id)
    found = get_object_or_404(meeting.documents.filter(withdrawn_at__isnull=True), public_id=document_id)
    found.meeting = meeting
    form = ReasonForm(request.POST or None)
    form.fields["reason"].required = meeting.state != MeetingState.DRAFT
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_document(actor=request.user, document=found, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Withdrawn."))
            return redirect("units:papers", meeting.public_id)
    context = {"form": form, "meeting": meeting, "document": found, "title": title_of(meeting)}
    return render(request, "units/meetings/withdraw.html", context)

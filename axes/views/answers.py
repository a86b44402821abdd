"""Answers as they come in: the public form behind a link, entry by technicians, invitations, and files."""

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from axes.actions.answers import enter_answers, withdraw_respondent
from axes.actions.invitations import answer_invitation, hash_of, invite_people, remove_invitee, send_invitations
from axes.choices import Channel, ConsultationState
from axes.exchange.answers import COLUMNS, exported
from axes.forms.answers import AnswerForm, EntryForm, FileForm, PeopleForm, WithdrawForm
from axes.models import Consultation, Invitee, Respondent
from axes.queries.consultation import (
    answer_rows,
    answers_by_channel,
    entries_of,
    invitation_of,
    invitee_counts,
    municipalities_to_enter_for,
    open_phase,
    uploads_of,
)
from axes.rules import may_enter_answers, may_run_consultations, may_withdraw_respondent
from axes.tasks.answers import KIND
from axes.views.consultation import attempt, consultation_or_404, shown
from refamp.base.doors import SignedRequest, check, door, everyone, signed_in
from refamp.base.export import WorksheetFull, csv_lines, xlsx_file
from refamp.base.paging import page_of
from refamp.jobs.actions import create_upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOKEN = re.compile(r"[0-9a-f]{64}")
# Guesses from one address in ten minutes. A right link is never counted: many may answer from one office.
MOST_GUESSES, GUESS_SECONDS = 30, 600
MOST_SENT = 20


@door(signed_in, methods=("GET", "POST"))
def answers_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """The three ways in, and for the coordination unit the file that is sent here."""
    consultation = consultation_or_404(request, public_id)
    runs = may_run_consultations(request.user)
    check(runs or may_enter_answers(request.user, consultation))
    form = FileForm(request.POST or None, request.FILES or None) if runs else None
    if request.method == "POST":
        check(runs)
        if form is not None and form.is_valid():
            upload = attempt(request, form, lambda: send_file(request, consultation, form.cleaned_data["file"]))
            if upload:
                return redirect("jobs:upload", upload.public_id)
    context = shown(
        request,
        consultation,
        "answers",
        form=form,
        entries=entries_of(request.user, consultation)[:10],
        may_enter=may_enter_answers(request.user, consultation),
        phase=open_phase(consultation),
    )
    if runs:
        came = answers_by_channel(consultation)
        context |= {
            "withdrawn": came.pop("withdrawn"),
            "channels": [(Channel(key).label, count) for key, count in came.items()],
            "uploads": uploads_of(consultation, KIND)[:20],
            "invited": invitee_counts(consultation),
        }
    return render(request, "axes/answers/answers.html", context)


def send_file(request: SignedRequest, consultation: Consultation, file: Any) -> Any:
    return create_upload(
        actor=request.user, kind=KIND, target=str(consultation.public_id), file=file, name=file.name, mapping=None
    )


@door(may_run_consultations)
def export_answers(request: SignedRequest, public_id: UUID, form: str) -> HttpResponseBase:
    """Every answer that counts, in the shape of the file that imports them: it re-imports unchanged."""
    consultation = consultation_or_404(request, public_id)
    rows = exported(answer_rows(consultation).iterator(chunk_size=5000))
    headers = {"Content-Disposition": f'attachment; filename="respostas.{form}"', "Cache-Control": "no-store"}
    if form == "csv":
        return StreamingHttpResponse(csv_lines(COLUMNS, rows), content_type="text/csv; charset=utf-8", headers=headers)
    try:
        return FileResponse(xlsx_file(COLUMNS, rows), content_type=XLSX, headers=headers)
    except WorksheetFull:
        messages.error(request, _("There are more rows than a worksheet holds. Take the CSV file."))
        return redirect("axes:answers", public_id)


# Entry by technicians


@door(signed_in, methods=("GET", "POST"))
def entry_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """One respondent after the other: what stays the same from one to the next is filled in already."""
    consultation = consultation_or_404(request, public_id)
    check(may_enter_answers(request.user, consultation))
    kept = {name: request.GET[name] for name in ("channel", "group", "municipality") if name in request.GET}
    form = EntryForm(
        request.POST or None,
        consultation=consultation,
        municipalities=municipalities_to_enter_for(request.user),
        initial=kept,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            request,
            form,
            lambda: enter_answers(
                actor=request.user,
                consultation=consultation,
                channel=data["channel"],
                reference=data["reference"],
                municipality=data["municipality"],
                group=data["group"],
                mentions=form.mentions,
                texts=form.texts,
            ),
        )
        if made:
            messages.success(
                request, _("Entered: %(reference)s. The next one, please.") % {"reference": made.reference}
            )
            query = f"?channel={data['channel']}&group={data['group'] or ''}&municipality={data['municipality'].code}"
            return redirect(request.path + query)
    context = shown(request, consultation, "answers", form=form, entries=entries_of(request.user, consultation)[:5])
    return render(request, "axes/answers/entry.html", context)


@door(signed_in)
def entries_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """What this person has entered."""
    consultation = consultation_or_404(request, public_id)
    page = page_of(entries_of(request.user, consultation), cursor=request.GET.get("cursor", ""))
    check(bool(page.rows) or may_enter_answers(request.user, consultation))
    context = shown(request, consultation, "answers", page=page, entries=page.rows)
    return render(request, "axes/answers/entries.html", context)


@door(signed_in, methods=("GET", "POST"))
def withdraw_page(request: SignedRequest, public_id: UUID, respondent_id: UUID) -> HttpResponse:
    """Take one's own entry back: asked first."""
    consultation = consultation_or_404(request, public_id)
    visible = Respondent.objects.filter(consultation=consultation, withdrawn_at__isnull=True)
    if not may_run_consultations(request.user):
        visible = visible.filter(entered_by=request.user)
    respondent = get_object_or_404(visible.select_related("municipality"), public_id=respondent_id)
    check(may_withdraw_respondent(request.user, respondent))
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(
            request, None, lambda: withdraw_respondent(actor=request.user, respondent=respondent, reason=reason)
        ):
            messages.success(request, _("Withdrawn: it no longer counts."))
        return redirect("axes:entries", public_id)
    context = shown(request, consultation, "answers", form=form, respondent=respondent)
    return render(request, "axes/answers/withdraw.html", context)


# Invitations


@door(may_run_consultations, methods=("GET", "POST"))
def invitations_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Who is invited, and adding more."""
    consultation = consultation_or_404(request, public_id)
    form = PeopleForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        people = form.cleaned_data["list"]
        made = attempt(
            request, form, lambda: invite_people(actor=request.user, consultation=consultation, people=people)
        )
        if made is not None:
            said = _("People added: %(count)s; already there: %(known)s.")
            messages.success(request, said % {"count": len(made), "known": len(people) - len(made)})
            return redirect("axes:invitations", public_id)
    page = page_of(consultation.invitees.select_related("municipality"), cursor=request.GET.get("cursor", ""))
    context = shown(
        request, consultation, "answers", form=form, page=page, invitees=page.rows, counts=invitee_counts(consultation)
    )
    return render(request, "axes/answers/invitations.html", context)


@door(may_run_consultations, methods=("POST",))
def send_step(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Mail the links, or remind."""
    consultation = consultation_or_404(request, public_id)
    remind = request.POST.get("lembrar") == "1"
    count = attempt(
        request, None, lambda: send_invitations(actor=request.user, consultation=consultation, remind=remind)
    )
    if count is not None:
        messages.success(request, _("Messages in the outbox: %(count)s.") % {"count": count})
    return redirect("axes:invitations", public_id)


@door(may_run_consultations, methods=("POST",))
def remove_invitee_step(request: SignedRequest, public_id: UUID, invitee_id: UUID) -> HttpResponse:
    """Take somebody off the list."""
    consultation = consultation_or_404(request, public_id)
    invitee = get_object_or_404(Invitee, consultation=consultation, public_id=invitee_id)
    if attempt(request, None, lambda: remove_invitee(actor=request.user, invitee=invitee)):
        messages.success(request, _("Taken off the list; the address is erased."))
    return redirect("axes:invitations", public_id)


# The public form


def private(response: HttpResponse) -> HttpResponse:
    """A page whose address is a secret: not indexed, not kept, not told to anybody."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store, private"
    return response


def too_many(request: SignedRequest, what: str, most: int) -> bool:
    """Count one more; True beyond the limit. A cache that is away counts nothing: the tokens cannot be guessed."""
    key = f"answer:{what}"
    try:
        cache.add(key, 0, GUESS_SECONDS)
        return bool(cache.incr(key) > most)
    except (ConnectionError, OSError, ValueError):
        return False


def caller_of(request: SignedRequest) -> str:
    """The caller's address, behind as many proxies as are declared."""
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if settings.TRUSTED_PROXIES and len(chain) >= settings.TRUSTED_PROXIES:
        return chain[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")


def gone(request: SignedRequest, reason: str, status: int, **more: Any) -> HttpResponse:
    """Why the link does not open a form, kindly."""
    return private(render(request, "axes/answers/gone.html", {"reason": reason, **more}, status=status))


# No cookie gives any right here, so there is nothing to forge; and with `no-referrer` browsers send `Origin: null`,
# which the check would refuse.
@door(everyone, methods=("GET", "POST"))
@csrf_exempt
@never_cache
@sensitive_post_parameters()
@sensitive_variables("token", "invitee", "form")
def answer_page(request: SignedRequest, token: str) -> HttpResponse:  # noqa: PLR0911 - one answer per kind of link
    """The form behind a link: fill in, look at it once more, send. Works without script; nothing is stored before."""
    invitee = invitation_of(hash_of(token)) if TOKEN.fullmatch(token) else None
    if invitee is None:
        if too_many(request, f"guess:{caller_of(request)}", MOST_GUESSES):
            response = gone(request, "too_many", 429)
            response["Retry-After"] = str(GUESS_SECONDS)
            return response
        return gone(request, "unknown", 404)
    consultation = invitee.consultation
    if invitee.has_answered:
        return gone(request, "used", 410, consultation=consultation)
    phase = open_phase(consultation)
    if consultation.state != ConsultationState.OPEN or (phase is None and consultation.phases.exists()):
        return gone(
            request,
            "closed" if consultation.state != ConsultationState.DRAFT else "early",
            410,
            consultation=consultation,
        )
    form = AnswerForm(request.POST or None, consultation=consultation)
    context = {"consultation": consultation, "invitee": invitee, "form": form, "phase": phase}
    if request.method == "POST" and form.is_valid():
        if too_many(request, f"send:{invitee.pk}", MOST_SENT):
            return gone(request, "too_many", 429)
        if "enviar" not in request.POST:
            template = "axes/answers/form.html" if "voltar" in request.POST else "axes/answers/review.html"
            return private(render(request, template, context))
        done = attempt(request, form, lambda: answer_invitation(token=token, mentions=form.mentions, texts=form.texts))
        if done:
            return private(render(request, "axes/answers/receipt.html", context | {"respondent": done}))
    return private(render(request, "axes/answers/form.html", context))

"""The steps of a deliberation: proposed, stood on, opened, closed, withdrawn, answered."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from axes.choices import FRAMEWORK_MOVES, FrameworkState
from axes.models import Framework
from refamp.base.doors import SignedRequest, check, door, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.concertation import record_position
from units.actions.votes import (
    close_voting,
    open_voting,
    propose_deliberation,
    record_metropolitan_answer,
    withdraw_deliberation,
)
from units.choices import DELIBERATION_MOVES, DeliberationState, MetropolitanAnswer, SubjectKind
from units.forms.votes import AnswerForm, CloseForm, PositionForm, ProposalForm, WithdrawForm, rule_choices
from units.models import AgendaItem, Deliberation
from units.queries.bodies import present_municipalities
from units.queries.meetings import meetings
from units.queries.votes import casting_vote_counts, keeps_deliberations_of, places_spoken_for
from units.views.votes import deliberation_or_404, parts_in, room_of


@door(signed_in, methods=("GET", "POST"))
def propose_page(request: SignedRequest, item: Any) -> HttpResponse:
    """Put a text, or an edition of the referential, to a vote at a point of an agenda."""
    seen = AgendaItem.objects.filter(meeting__in=meetings(request.user)).select_related("meeting__unit")
    point = get_object_or_404(seen, public_id=item)
    unit = point.meeting.unit
    check(keeps_deliberations_of(request.user, unit.pk))
    movable = [state for state, moves in FRAMEWORK_MOVES.items() if FrameworkState.IN_FORCE in moves]
    form = ProposalForm(
        request.POST if request.method == "POST" else None,
        rules=rule_choices(list(unit.decision_rules.all())),
        editions=Framework.objects.filter(state__in=movable),
        initial={"title": point.title, "text": point.text, "legal_effect": unit.default_effect},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        kind = SubjectKind.FRAMEWORK if data["framework"] else SubjectKind.TEXT
        try:
            made = propose_deliberation(actor=request.user, item=point, subject_kind=kind, **data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("It is on the agenda."))
            return redirect("units:deliberation", made.public_id)
    context = {"form": form, "point": point, "title": _("Put to a vote"), "submit": _("Put on the agenda")}
    return render(request, "units/votes/propose.html", context)


@door(signed_in, methods=("GET", "POST"))
def position_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Concertation: the position of a municipality ahead of the meeting."""
    deliberation = deliberation_or_404(request, public_id)
    keeps = "secretariat" in parts_in(request, deliberation)
    own = places_spoken_for(request.user, deliberation.unit_id)
    check((keeps or own) and deliberation.state == DeliberationState.DRAFT)
    seats = {line.seat.municipality.pk: line for line in room_of(deliberation, inside=True).lines}
    places = present_municipalities().filter(pk__in=seats if keeps else own)
    chosen = request.POST.get("municipality") or request.GET.get("municipio", "")
    place = places.filter(code=chosen).first() or places.filter(pk__in=own).first() or places.first()
    present = seats[place.pk].position if place and place.pk in seats else None
    names = ("version", "stance", "comment", "proposed_change")
    initial = {name: getattr(present, name) for name in names} if present else {}
    form: Any = PositionForm(
        request.POST if request.method == "POST" else None,
        places=places,
        initial=initial | {"municipality": place.code if place else ""},
    )
    stale: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            record_position(actor=request.user, deliberation=deliberation, **form.cleaned_data)
        except Stale as late:
            saved = late.current
            stale = [
                {"label": form.fields[name].label, "saved": getattr(saved, name), "yours": form.cleaned_data[name]}
                for name in names[1:]
            ]
            form.data = form.data.copy()
            form.data["version"] = saved.version
            refused(request, form, late)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("The position is recorded."))
            return redirect("units:deliberation", deliberation.public_id)
    context = {"deliberation": deliberation, "form": form, "stale": stale, "title": _("Position ahead of the meeting")}
    return render(request, "units/votes/step.html", context | {"submit": _("Record the position")})


@door(signed_in, methods=("GET", "POST"))
def open_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Asks before voting opens."""
    deliberation = deliberation_or_404(request, public_id)
    check("chair" in parts_in(request, deliberation))
    room = room_of(deliberation, inside=True)
    lines = [
        _("%(present)s of %(seats)s seats are recorded as present.")
        % {"present": sum(seat.is_present for seat in room.seats), "seats": len(room.seats)},
        _("Whoever is present votes from their own phone or computer until you close.")
        if not deliberation.is_secret
        else _("The ballot is secret: votes are final and the sums appear only when you close."),
    ]
    if room.now and room.now.present < room.now.outcome.quorum:
        lines.insert(0, _("There is no quorum yet: %(needed)s are needed.") % {"needed": room.now.outcome.quorum})
    context = {"question": _("Open the vote?"), "lines": lines, "submit": _("Open the vote")}
    return stepped(
        request,
        deliberation,
        context,
        None,
        lambda: open_voting(actor=request.user, deliberation=deliberation, version=version_of(request)),
    )


@door(signed_in, methods=("GET", "POST"))
def close_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Asks before voting closes, and how a tie is broken where the body's president may."""
    deliberation = deliberation_or_404(request, public_id)
    check("chair" in parts_in(request, deliberation))
    room = room_of(deliberation, inside=True)
    asks = bool(room.now and room.now.is_tie and casting_vote_counts(deliberation))
    if request.method == "POST" and "casting_vote" in request.POST:
        asks = True
    form = CloseForm(request.POST if request.method == "POST" else None, asks_casting_vote=asks)
    lines = []
    silent = [line.seat.municipality.name for line in room.lines if line.seat.is_present and not line.vote]
    if room.now and deliberation.state == DeliberationState.VOTING:
        lines.append(
            _("%(voted)s of %(present)s present have voted.") % {"voted": room.now.voted, "present": room.now.present}
        )
        if room.now.present < room.now.outcome.quorum:
            lines.append(_("There is no quorum: closed now, nothing is decided."))
        elif not deliberation.is_secret:
            lines.append(_("Closed now, it passes.") if room.now.outcome.passed else _("Closed now, it does not pass."))
    lines.append(_("It gets its number in the register, and what it decides on changes at once. Nothing reopens it."))
    context = {"question": _("Close the vote?"), "lines": lines, "submit": _("Close the vote")}
    if silent and deliberation.state == DeliberationState.VOTING:
        context["warning"] = ngettext(
            "%(names)s is present and has not voted. Whoever is present votes or abstains; closed now, the minutes say "
            "that it did not vote.",
            "%(names)s are present and have not voted. Whoever is present votes or abstains; closed now, the minutes "
            "say that they did not vote.",
            len(silent),
        ) % {"names": get_text_list(silent, _("and"))}

    def run() -> Deliberation:
        casting = form.cleaned_data.get("casting_vote", "")
        return close_voting(
            actor=request.user, deliberation=deliberation, casting_vote=casting, version=version_of(request)
        )

    return stepped(request, deliberation, context, form, run)


@door(signed_in, methods=("GET", "POST"))
def withdraw_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    deliberation = deliberation_or_404(request, public_id)
    part = DELIBERATION_MOVES.get(DeliberationState(deliberation.state), {}).get(DeliberationState.WITHDRAWN)
    check(part in parts_in(request, deliberation))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    context = {
        "question": _("Withdraw it?"),
        "lines": [_("It is not voted on, and what it was to decide goes back to where it stood.")],
        "submit": _("Withdraw"),
        "tone": "bad",
    }

    def run() -> Deliberation:
        return withdraw_deliberation(
            actor=request.user, deliberation=deliberation, version=version_of(request), **form.cleaned_data
        )

    return stepped(request, deliberation, context, form, run)


@door(signed_in, methods=("GET", "POST"))
def answer_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """What the Metropolitan Council said of a proposal."""
    deliberation = deliberation_or_404(request, public_id)
    awaited = deliberation.metropolitan_answer == MetropolitanAnswer.AWAITED
    check(awaited and "secretariat" in parts_in(request, deliberation))
    form = AnswerForm(request.POST if request.method == "POST" else None)
    context = {
        "question": _("Record the answer of the Metropolitan Council"),
        "lines": [_("What was decided on changes at once. The answer is recorded once and never changes.")],
        "submit": _("Record the answer"),
    }

    def run() -> Deliberation:
        return record_metropolitan_answer(
            actor=request.user, deliberation=deliberation, version=version_of(request), **form.cleaned_data
        )

    return stepped(request, deliberation, context, form, run)


def version_of(request: HttpRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None  # noqa: PLR2004 - an integer


def stepped(
    request: HttpRequest, deliberation: Deliberation, context: dict[str, Any], form: Any, run: Any
) -> HttpResponse:
    """A page that asks, does the step once answered, and goes back to the deliberation."""
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            done = run()
        except Refused as refusal:
            if refusal.field and form is not None and refusal.field in form.fields:
                refused(request, form, refusal)
            else:
                messages.error(request, str(refusal.message))
                return redirect("units:deliberation", deliberation.public_id)
        else:
            if done.ballots > deliberation.ballots:
                messages.warning(request, _("A tie in secret: everybody votes again, at once."))
            else:
                messages.success(request, _("Done."))
            return redirect("units:deliberation", deliberation.public_id)
    return render(request, "units/votes/confirm.html", context | {"deliberation": deliberation, "form": form})

"""Coding free text: one text at a time for coders, agreement and assignment for the coordination unit."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from axes.actions.coding import assign_coders, code_text, settle_text
from axes.choices import CodingRole, TextState
from axes.forms.coding import AssignForm, CodeForm
from axes.models import CodeAssignment, FreeText
from axes.queries.coding import (
    READERS,
    agreement_of,
    coding_progress,
    disagreements,
    has_part_in_coding,
    unassigned,
    waiting_for,
)
from axes.queries.consultation import possible_coders
from axes.rules import may_code, may_run_consultations
from axes.views.consultation import attempt, consultation_or_404, shown
from refamp.base.doors import SignedRequest, check, door, signed_in


@door(signed_in, methods=("GET", "POST"))
def coding_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """How far it is; for the coordination unit who codes and how far they agree, for a coder what waits."""
    consultation = consultation_or_404(request, public_id)
    runs = may_run_consultations(request.user)
    check(runs or has_part_in_coding(request.user, consultation))
    context = shown(
        request,
        consultation,
        "coding",
        progress=coding_progress(consultation),
        waiting=waiting_for(request.user, consultation).count(),
    )
    if request.method == "POST":
        check(runs)
    if runs:
        form = AssignForm(request.POST or None, people=possible_coders())
        if request.method == "POST" and form.is_valid():
            count = attempt(
                request, form, lambda: assign_coders(actor=request.user, consultation=consultation, **form.cleaned_data)
            )
            if count is not None:
                messages.success(request, _("Texts assigned: %(count)s.") % {"count": count})
                return redirect("axes:coding", public_id)
        rows, mean = agreement_of(consultation)
        context |= {
            "form": form,
            "unassigned": unassigned(consultation).count(),
            "agreement": rows,
            "mean": mean,
            "disagreements": disagreements(consultation)[:100],
        }
    return render(request, "axes/coding/coding.html", context)


@door(signed_in, methods=("GET", "POST"))
def code_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """The next text that waits for this person (or the one named in `?texto=`): read, choose, go on."""
    consultation = consultation_or_404(request, public_id)
    check(has_part_in_coding(request.user, consultation))
    waiting = waiting_for(request.user, consultation)
    asked = request.GET.get("texto") or request.POST.get("texto")
    text = named_text(request, consultation, asked) if asked else waiting.select_related("respondent").first()
    if text is None:
        messages.info(request, _("Nothing waits for you: every text that is yours is read."))
        return redirect("axes:coding", public_id)
    mine = text.assignments.prefetch_related("topics").get(coder=request.user)
    settles = mine.role == CodingRole.SETTLER
    form = CodeForm(
        request.POST or None, text=text, initial={"topics": [topic.public_id for topic in mine.topics.all()]}
    )
    if request.method == "POST" and form.is_valid():
        change = settle_text if settles else code_text
        if attempt(request, form, lambda: change(actor=request.user, text=text, topics=form.cleaned_data["topics"])):
            messages.success(request, _("Settled.") if settles else _("Read. The next one."))
            return redirect("axes:code", public_id)
    context: dict[str, Any] = {
        "text": text,
        "form": form,
        "settles": settles,
        "left": waiting.count(),
        "readings": nameless_readings(text) if settles else [],
    }
    return render(request, "axes/coding/code.html", shown(request, consultation, "coding", **context))


def named_text(request: SignedRequest, consultation: Any, asked: str) -> FreeText:
    """A text that is this person's to read now; anything else does not exist for them."""
    try:
        name = UUID(asked)
    except ValueError:
        name = UUID(int=0)
    texts = FreeText.objects.select_related("respondent").filter(
        respondent__consultation=consultation, respondent__withdrawn_at__isnull=True
    )
    mine = CodeAssignment.objects.filter(coder=request.user)
    open_to = texts.filter(state=TextState.TO_CODE, pk__in=mine.filter(role__in=READERS).values("text")) | texts.filter(
        state=TextState.DISAGREED, pk__in=mine.filter(role=CodingRole.SETTLER).values("text")
    )
    text = get_object_or_404(open_to, public_id=name)
    check(may_code(request.user, text))
    return text


def nameless_readings(text: FreeText) -> list[list[str]]:
    """What the two chose, without who: in the order of what they chose, so that the order tells nothing either."""
    readings = text.assignments.filter(role__in=READERS).prefetch_related("topics")
    return sorted([f"{topic.code} {topic.label}" for topic in reading.topics.all()] for reading in readings)

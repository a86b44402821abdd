"""The phases of a consultation."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from axes.actions.phases import add_phase, close_phase, edit_phase, open_phase, remove_phase
from axes.forms.consultation import (
    PhaseForm,
)
from axes.models import Consultation, Phase
from axes.rules import may_run_consultations
from axes.views.consultation import ask, attempt, consultation_or_404, shown
from refamp.base.doors import SignedRequest, door

PHASE_STEPS: dict[str, tuple[Callable[..., Any], Any, Any, str, list[Any], Any]] = {
    "abrir": (
        open_phase, gettext_lazy("Open this phase?"), gettext_lazy("Open"), "",
        [gettext_lazy("From now on answers are taken.")],
        gettext_lazy("The phase is open."),
    ),
    "fechar": (
        close_phase, gettext_lazy("Close this phase?"), gettext_lazy("Close"), "bad",
        [
            gettext_lazy("It takes no more answers and cannot be opened again; another phase can."),
            gettext_lazy("The results are frozen as they are now: this is what everybody else will see."),
        ],
        gettext_lazy("The phase is closed and its results are frozen."),
    ),
    "retirar": (
        remove_phase, gettext_lazy("Take this phase out?"), gettext_lazy("Take out"), "bad", [],
        gettext_lazy("The phase is gone."),
    ),
}  # fmt: skip


def phase_or_404(consultation: Consultation, phase_id: UUID) -> Phase:
    return get_object_or_404(consultation.phases.select_related("consultation"), public_id=phase_id)


@door(may_run_consultations, methods=("GET", "POST"))
def phase_step_page(request: SignedRequest, public_id: UUID, phase_id: UUID, step: str) -> HttpResponse:
    """Open, close or take out a phase: asked first."""
    consultation = consultation_or_404(request, public_id)
    phase = phase_or_404(consultation, phase_id)
    if step not in PHASE_STEPS:
        raise Http404
    chosen = PHASE_STEPS[step]
    return ask(request, consultation, chosen, lambda: chosen[0](actor=request.user, phase=phase), phase=phase)


@door(may_run_consultations, methods=("GET", "POST"))
def add_phase_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Plan a phase."""
    consultation = consultation_or_404(request, public_id)
    form = PhaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = {name: form.cleaned_data[name] for name in ("name", "opens_on", "closes_on")}
        if attempt(request, form, lambda: add_phase(actor=request.user, consultation=consultation, **data)):
            messages.success(request, _("Saved."))
            return redirect("axes:consultation", public_id)
    context = shown(request, consultation, "consultation", form=form, heading=_("Plan a phase"))
    return render(request, "axes/consultation/form.html", context)


@door(may_run_consultations, methods=("GET", "POST"))
def edit_phase_page(request: SignedRequest, public_id: UUID, phase_id: UUID) -> HttpResponse:
    """Rename a phase or move its dates."""
    consultation = consultation_or_404(request, public_id)
    phase = phase_or_404(consultation, phase_id)
    form = PhaseForm(
        request.POST or None,
        initial={name: getattr(phase, name) for name in ("version", "name", "opens_on", "closes_on")},
    )
    context = shown(request, consultation, "consultation", form=form, heading=_("Change the phase"))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | {"version": form.cleaned_data["version"] or 0}
        if attempt(request, form, lambda: edit_phase(actor=request.user, phase=phase, **data), context):
            messages.success(request, _("Saved."))
            return redirect("axes:consultation", public_id)
    return render(request, "axes/consultation/form.html", context)

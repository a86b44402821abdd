"""Running a consultation: the list, its page, and the coordination unit's doors."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from axes.actions.consultation import (
    close_consultation,
    create_consultation,
    edit_consultation,
    open_consultation,
    publish_results,
    withdraw_publication,
)
from axes.actions.phases import close_phase
from axes.choices import ConsultationState, Group, PhaseState
from axes.forms.consultation import (
    ConsultationForm,
    EditConsultationForm,
    NewConsultationForm,
    QuotaForm,
)
from axes.models import Consultation, Framework, Phase
from axes.queries.coding import has_part_in_coding
from axes.queries.consultation import (
    answers_counted,
    consultations_listed,
    texts_to_code,
)
from axes.rules import may_enter_answers, may_run_consultations
from refamp.base.doors import SignedRequest, door, everyone, refused
from refamp.base.errors import Refused, Stale
from refamp.base.paging import page_of

TONES = {ConsultationState.DRAFT: "soft", ConsultationState.OPEN: "good", ConsultationState.CLOSED: "soft"}


def consultation_or_404(request: SignedRequest, public_id: UUID) -> Consultation:
    return get_object_or_404(
        Consultation.objects.visible_to(request.user).select_related("framework", "created_by"), public_id=public_id
    )


def attempt(
    request: SignedRequest, form: forms.Form | None, change: Callable[[], Any], context: dict[str, Any] | None = None
) -> Any:
    """Try a change. None where it was refused: the form says why, and what is saved where somebody was faster."""
    try:
        return change()
    except Stale as stale:
        refused(request, form, stale)
        if form is not None and context is not None:
            context["stale"] = beside(form, stale.current)
            data = QueryDict(mutable=True)
            data.update(form.data)
            data["version"] = str(stale.current.version)
            form.data = data
    except Refused as refusal:
        refused(request, form, refusal)
    except ValidationError as wrong:
        if form is None:
            raise
        for field, errors in (wrong.error_dict if hasattr(wrong, "error_dict") else {None: wrong.error_list}).items():
            form.add_error(field if field in form.fields else None, ValidationError(errors))
    return None


def beside(form: forms.Form, current: Any) -> list[dict[str, Any]]:
    """Field by field, what is saved and what was typed, where they differ."""
    rows = []
    for name, field in form.fields.items():
        if name == "version":
            continue
        if isinstance(form, QuotaForm):
            saved = field.initial
        elif hasattr(current, name):
            saved = getattr(current, name)
        else:
            continue
        typed = form.cleaned_data.get(name)
        if saved != typed:
            rows.append({"label": field.label, "saved": saved, "yours": typed})
    return rows


def shown(request: SignedRequest, consultation: Consultation, here: str, **more: Any) -> dict[str, Any]:
    """What every page of a consultation needs: its head, its tabs, the one present."""
    user, runs = request.user, may_run_consultations(request.user)
    tabs = [("consultation", _("Overview")), ("code_book", _("Code book"))]
    if user.is_authenticated:
        tabs.append(("quota", _("Quota plan")))
    if runs or may_enter_answers(user, consultation):
        tabs.append(("answers", _("Answers")))
    if runs or has_part_in_coding(user, consultation):
        tabs.append(("coding", _("Coding")))
    tabs.append(("results", _("Results")))
    if runs:
        tabs.append(("consultation_history", _("History")))
    return {
        "consultation": consultation,
        "runs": runs,
        "tabs": [
            {"label": label, "url": reverse(f"axes:{name}", args=[consultation.public_id]), "here": name == here}
            for name, label in tabs
        ],
        "here": here,
        "tone": TONES[ConsultationState(consultation.state)],
        **more,
    }


@door(everyone)
def consultations_page(request: SignedRequest) -> HttpResponse:
    """The consultations that this person may see."""
    page = page_of(consultations_listed(request.user), cursor=request.GET.get("cursor", ""))
    return render(
        request,
        "axes/consultation/list.html",
        {"page": page, "consultations": page.rows, "runs": may_run_consultations(request.user)},
    )


def next_step(  # noqa: PLR0911 - one answer for each state
    consultation: Consultation, phases: list[Phase], *, runs: bool, enters: bool
) -> dict[str, str] | None:
    """The one thing to do next, for somebody who may do it: `label`, `url` and why."""

    def to(label: str, name: str, *more: str, why: str = "") -> dict[str, str]:
        return {"label": label, "url": reverse(f"axes:{name}", args=[consultation.public_id, *more]), "why": why}

    if not runs:
        return to(_("Enter answers"), "entry") if enters else None
    states = {phase.state for phase in phases}
    if consultation.state == ConsultationState.DRAFT:
        if not consultation.topics.exists():
            return to(_("Write the code book"), "code_book", why=_("Without topics there is nothing to ask."))
        return to(_("Open the consultation"), "consultation_step", "abrir")
    if consultation.state == ConsultationState.OPEN:
        if PhaseState.OPEN in states:
            return to(_("Take in answers"), "answers")
        if PhaseState.PLANNED in states:
            planned = next(phase for phase in phases if phase.state == PhaseState.PLANNED)
            return {
                "label": _("Open the phase “%(name)s”") % {"name": planned.name},
                "url": reverse("axes:phase_step", args=[consultation.public_id, planned.public_id, "abrir"]),
                "why": _("No phase is open: no answers are taken now."),
            }
        if phases:
            return to(_("Close the consultation"), "consultation_step", "fechar", why=_("All its phases are closed."))
        return to(_("Take in answers"), "answers")
    if consultation.published_at is None and PhaseState.CLOSED in states:
        return to(_("Publish the results"), "consultation_step", "publicar")
    return None


@door(everyone)
def consultation_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """State, who is responsible, the next step; phases and facts."""
    consultation = consultation_or_404(request, public_id)
    phases = list(consultation.phases.all())
    runs = may_run_consultations(request.user)
    context = shown(
        request,
        consultation,
        "consultation",
        phases=phases,
        next_step=next_step(consultation, phases, runs=runs, enters=may_enter_answers(request.user, consultation)),
        answered=answers_counted(consultation) if runs else None,
        texts_left=texts_to_code(consultation) if runs else 0,
        target_groups=[Group(group).label for group in consultation.target_groups],
    )
    return render(request, "axes/consultation/overview.html", context)


@door(may_run_consultations)
def history_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Everything that was done to it."""
    consultation = consultation_or_404(request, public_id)
    return render(request, "axes/consultation/history.html", shown(request, consultation, "consultation_history"))


@door(may_run_consultations, methods=("GET", "POST"))
def new_page(request: SignedRequest) -> HttpResponse:
    """A new consultation, with its first phase."""
    form = NewConsultationForm(
        request.POST or None,
        frameworks=Framework.objects.visible_to(request.user).exclude(state="superseded"),
        initial={"target_groups": Group.values},
    )
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        phase = (data.pop("phase_name"), data.pop("opens_on"), data.pop("closes_on"))
        made = attempt(request, form, lambda: create_consultation(actor=request.user, phase=phase, **data))
        if made:
            messages.success(request, _("The consultation is there, in preparation. Now its code book."))
            return redirect("axes:code_book", made.public_id)
    return render(request, "axes/consultation/new.html", {"form": form})


@door(may_run_consultations, methods=("GET", "POST"))
def edit_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Change the facts."""
    consultation = consultation_or_404(request, public_id)
    names = ("version", *ConsultationForm.base_fields)
    form = EditConsultationForm(request.POST or None, initial={name: getattr(consultation, name) for name in names})
    context = shown(request, consultation, "consultation", form=form, heading=_("Change the consultation"))
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        version = data.pop("version")
        if attempt(
            request,
            form,
            lambda: edit_consultation(actor=request.user, consultation=consultation, version=version, changes=data),
            context,
        ):
            messages.success(request, _("Saved."))
            return redirect("axes:consultation", public_id)
    return render(request, "axes/consultation/form.html", context)


# step → (action, question, button, tone, what follows, what is said after)
STEPS: dict[str, tuple[Callable[..., Any], Any, Any, str, list[Any], Any]] = {
    "abrir": (
        open_consultation, gettext_lazy("Open this consultation?"), gettext_lazy("Open"), "",
        [
            gettext_lazy("Everybody who logs in sees it."),
            gettext_lazy("The phase whose dates hold today opens with it and takes answers."),
        ],
        gettext_lazy("The consultation is open."),
    ),
    "fechar": (
        close_consultation, gettext_lazy("Close this consultation?"), gettext_lazy("Close"), "bad",
        [
            gettext_lazy("It takes no more answers; links that were sent stop working."),
            gettext_lazy("The open phase closes with it, and its results are frozen."),
            gettext_lazy("The addresses of the people invited are erased 30 days from now at the latest."),
            gettext_lazy("You may open it again, with a new phase."),
        ],
        gettext_lazy("The consultation is closed."),
    ),
    "publicar": (
        publish_results, gettext_lazy("Publish the results?"), gettext_lazy("Publish"), "",
        [
            gettext_lazy("Everybody sees the results that were frozen when the last phase closed, small cells hidden."),
            gettext_lazy("You may take the publication back; what somebody has downloaded stays with them."),
        ],
        gettext_lazy("The results are public."),
    ),
    "despublicar": (
        withdraw_publication, gettext_lazy("Take the publication back?"), gettext_lazy("Take back"), "bad",
        [gettext_lazy("Only who logs in sees the results then.")],
        gettext_lazy("The results are no longer public."),
    ),
}  # fmt: skip


def ask(
    request: SignedRequest, consultation: Consultation, step: tuple[Any, ...], change: Callable[[], Any], **more: Any
) -> HttpResponse:
    """Ask on GET, do on POST, and go back to the consultation."""
    _action, question, submit, tone, consequences, said = step
    if request.method == "POST":
        done = attempt(request, None, lambda: change() or True)
        if done:
            messages.success(request, str(said))
        return redirect("axes:consultation", consultation.public_id)
    left = texts_to_code(consultation) if _action in {close_consultation, close_phase} else 0
    context = {
        "question": question,
        "submit": submit,
        "tone_of_step": tone,
        "consequences": consequences,
        "texts_left": left,
    }
    return render(
        request, "axes/consultation/step.html", shown(request, consultation, "consultation", **context, **more)
    )


@door(may_run_consultations, methods=("GET", "POST"))
def step_page(request: SignedRequest, public_id: UUID, step: str) -> HttpResponse:
    """Open, close, publish, take back: asked first."""
    consultation = consultation_or_404(request, public_id)
    if step not in STEPS:
        raise Http404
    chosen = STEPS[step]
    version = request.POST.get("version", "")
    given = {"version": int(version)} if version.isascii() and version.isdigit() and len(version) < 10 else {}  # noqa: PLR2004
    return ask(
        request,
        consultation,
        chosen,
        lambda: chosen[0](actor=request.user, consultation=consultation, **given),
        form=None,
    )

"""Tasks that follow from deliberations: the list, adding, changing, done."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.base.doors import SignedRequest, check, door, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.follow_ups import add_follow_up, change_follow_up, move_follow_up
from units.choices import CLOSED_DELIBERATION, FollowUpState
from units.filters.votes import FollowUpFilter
from units.forms.votes import FollowUpForm, NoteForm
from units.models import FollowUp
from units.queries.bodies import body_keys
from units.queries.votes import follow_ups, keeps_deliberations_of, overdue, people_for_tasks
from units.views.vote_steps import version_of
from units.views.votes import deliberation_or_404, parts_in

STEPS = {"feito": FollowUpState.DONE, "largar": FollowUpState.DROPPED, "retomar": FollowUpState.OPEN}
QUESTIONS = {
    "feito": gettext_lazy("Is it done?"),
    "largar": gettext_lazy("Drop the task?"),
    "retomar": gettext_lazy("Take it up again?"),
}
PAGE = 300


@door(signed_in)
def follow_ups_page(request: SignedRequest) -> HttpResponse:
    """Tasks with their owners and dates, the nearest first; late ones say so."""
    visible = follow_ups(request.user)
    initial = request.GET or {"state": FollowUpState.OPEN}
    found = FollowUpFilter(initial, queryset=visible.order_by("due_on", "pk"), request=request)
    shown = list(found.qs[:PAGE]) if found.is_valid() else []
    keys = body_keys()
    kept = {
        unit: keeps_deliberations_of(request.user, unit, keys) for unit in {row.deliberation.unit_id for row in shown}
    }
    for row in shown:
        row.may_keep = kept[row.deliberation.unit_id]
    context = {
        "form": found.form,
        "tasks": shown,
        "late": overdue(visible).count(),
        "today": timezone.localdate(),
    }
    return render(request, "units/votes/follow_ups.html", context)


@door(signed_in, methods=("GET", "POST"))
def add_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """A new task of a deliberation."""
    deliberation = deliberation_or_404(request, public_id)
    check(deliberation.state in CLOSED_DELIBERATION and "secretariat" in parts_in(request, deliberation))
    form = FollowUpForm(request.POST if request.method == "POST" else None, people=people_for_tasks())
    if request.method == "POST" and form.is_valid():
        data = {name: form.cleaned_data[name] for name in ("task", "owner", "due_on")}
        try:
            add_follow_up(actor=request.user, deliberation=deliberation, **data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("The task has its owner and its date."))
            return redirect("units:deliberation", deliberation.public_id)
    context = {"deliberation": deliberation, "form": form, "title": _("Add a task"), "submit": _("Add the task")}
    return render(request, "units/votes/step.html", context)


def task_or_404(request: HttpRequest, public_id: Any) -> FollowUp:
    return get_object_or_404(follow_ups(request.user), public_id=public_id)


@door(signed_in, methods=("GET", "POST"))
def change_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """Task, owner and date, while it is open."""
    task = task_or_404(request, public_id)
    check(task.state == FollowUpState.OPEN and keeps_deliberations_of(request.user, task.deliberation.unit_id))
    names = ("version", "task", "due_on")
    initial = {name: getattr(task, name) for name in names} | {"owner": task.owner.public_id}
    form: Any = FollowUpForm(
        request.POST if request.method == "POST" else None, people=people_for_tasks(), initial=initial
    )
    stale: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            change_follow_up(actor=request.user, follow_up=task, **form.cleaned_data)
        except Stale as late:
            stale = [
                {
                    "label": form.fields[name].label,
                    "saved": getattr(late.current, name),
                    "yours": form.cleaned_data[name],
                }
                for name in ("task", "owner", "due_on")
            ]
            form.data = form.data.copy()
            form.data["version"] = late.current.version
            refused(request, form, late)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:follow_ups")
    context = {"deliberation": task.deliberation, "form": form, "stale": stale, "title": _("Change the task")}
    return render(request, "units/votes/step.html", context | {"submit": _("Save")})


@door(signed_in, methods=("GET", "POST"))
def step_page(request: SignedRequest, public_id: Any, name: str) -> HttpResponse:
    """Done, dropped, or taken up again, with a word about it."""
    if name not in STEPS:
        raise Http404
    task = task_or_404(request, public_id)
    is_own = task.owner_id == request.user.pk and name == "feito"
    check(is_own or keeps_deliberations_of(request.user, task.deliberation.unit_id))
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            move_follow_up(
                actor=request.user, follow_up=task, state=STEPS[name], version=version_of(request), **form.cleaned_data
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Done."))
            return redirect("units:follow_ups")
    context = {"task": task, "deliberation": task.deliberation, "form": form, "question": QUESTIONS[name]}
    return render(request, "units/votes/task_step.html", context | {"submit": _("Confirm")})

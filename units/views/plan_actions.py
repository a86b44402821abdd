"""An action: its sheet, its drafting, reports on its milestones, what becomes of it."""

from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.accounts.authentication import signed_in_user
from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.carry_over import carry_over
from units.actions.plan_content import faults_of
from units.actions.plan_drafts import remove_action, save_action
from units.actions.progress import (
    move_action,
    override_status,
    report_milestone,
    withdraw_override,
)
from units.choices import (
    ACTION_MOVES,
    APPROVED_PLAN,
    EDITABLE_PLAN,
    STOPPED_ACTION,
    ActionState,
    PlanState,
)
from units.filters.plans import ActionFilter
from units.forms.plans import ActionForms, CarryForm, MergeForm, OverrideForm, ReasonForm, ReportForm
from units.models import Action, ActionPlan, Milestone, StatusOverride
from units.queries.action_status import why_of, with_status
from units.queries.bodies import mandates_of
from units.queries.plan_content import action_for_form, actions_with_all, content_of_action, known_for, known_links
from units.queries.plans import money_of_action
from units.rules import writes_plan
from units.views.plans import parts_of, plan_or_404, version_of
from units.views.showing import renew, shown_content_difference

MOST_SHOWN = 500


@door(everyone)
def actions_page(request: HttpRequest) -> HttpResponse:
    """The actions that this person may see, of all plans, narrowed and with their status."""
    base = with_status(Action.objects.visible_to(request.user)).select_related("plan__unit", "lead")
    found = ActionFilter(
        request.GET, queryset=base.order_by("-plan__year", "plan__unit__code", "code"), request=request
    )
    shown = list(found.qs[: MOST_SHOWN + 1]) if found.is_valid() else []
    return render(
        request,
        "units/plans/actions.html",
        {"form": found.form, "actions": shown[:MOST_SHOWN], "more": len(shown) > MOST_SHOWN},
    )


def action_or_404(request: HttpRequest, public_id: Any) -> Action:
    return get_object_or_404(Action.objects.visible_to(request.user).select_related("plan__unit"), public_id=public_id)


def sheet_of(request: HttpRequest, public_id: Any) -> Action:
    """An action with everything that its sheet says."""
    said = StatusOverride.objects.filter(
        action=OuterRef("pk"), withdrawn_at__isnull=True, until__gte=timezone.localdate()
    )
    found = with_status(actions_with_all(Action.objects.visible_to(request.user))).select_related(
        "merged_into__plan", "carried_from__plan", "carried_to__plan", "plan__unit", "lead", "programme"
    )
    return get_object_or_404(
        found.annotate(
            override_reason=Subquery(said.values("reason")[:1]), override_until=Subquery(said.values("until")[:1])
        ),
        public_id=public_id,
    )


@door(everyone)
def action_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The one-page sheet of an action, with what its unit may do next."""
    action = sheet_of(request, public_id)
    writes = writes_plan(mandates_of(request.user), action.plan.unit_id)
    reported = action.plan.state in {PlanState.APPROVED, PlanState.UNDER_WAY}
    moves = {str(state) for state in ACTION_MOVES.get(ActionState(action.state), {})} if writes and reported else set()
    may_carry = (
        writes
        and action.plan.state in APPROVED_PLAN
        and ActionState.CARRIED_OVER in ACTION_MOVES.get(ActionState(action.state), {})
        and not hasattr(action, "carried_to")
    )
    context = {
        "action": action,
        "plan": action.plan,
        "money": money_of_action(action),
        "why": why_of(action),
        "is_approved": action.plan.state in APPROVED_PLAN,
        "may_edit": writes and action.plan.state in EDITABLE_PLAN,
        "may_report": writes and reported and action.state not in STOPPED_ACTION,
        "moves": moves - {ActionState.CARRIED_OVER, ActionState.MERGED, ActionState.CANCELLED},
        "may_stop": ActionState.CANCELLED in moves,
        "may_carry": may_carry,
        "sees_history": sees_audit(request.user),
        "shows_carried_to": carried_to_visible(request, action),
    }
    return render(request, "units/plans/action.html", context)


def carried_to_visible(request: HttpRequest, action: Action) -> bool:
    """The copy may stand in a draft that this person may not see."""
    copy = getattr(action, "carried_to", None)
    if copy is None:
        return False
    return copy.plan.state in APPROVED_PLAN or writes_plan(mandates_of(request.user), copy.plan.unit_id)


# Drafting -----------------------------------------------------------------------------------------------------------


def form_page(request: HttpRequest, forms: ActionForms, context: dict[str, Any]) -> HttpResponse:
    return render(request, "units/plans/action_form.html", {"forms": forms, "form": forms.form, **context})


@door(signed_in, methods=("GET", "POST"))
def add_action_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    plan = plan_or_404(request, public_id)
    check("unit" in parts_of(request, plan) and plan.state in EDITABLE_PLAN)
    known = known_for(plan)
    forms = ActionForms(request.POST or None, known=known)
    if request.method == "POST" and forms.is_valid():
        content = forms.content()
        if not forms.blame(faults_of({**content, "code": content["code"] or "A"}, known)):
            try:
                made = save_action(actor=signed_in_user(request), plan=plan, content=content)
            except Refused as refusal:
                refused(request, forms.form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("units:action", made.public_id)
    return form_page(request, forms, {"plan": plan})


@door(signed_in, methods=("GET", "POST"))
def edit_action_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change an action of a draft; a stale save shows both."""
    action = action_for_form(request.user, public_id)
    if action is None:
        raise Http404
    plan = action.plan
    check(writes_plan(mandates_of(request.user), plan.unit_id) and plan.state in EDITABLE_PLAN)
    known = known_for(plan)
    content = content_of_action(action, known_links(action, known))
    forms = ActionForms(request.POST or None, known=known, content=content, version=action.version)
    context: dict[str, Any] = {"plan": plan, "action": action}
    if request.method == "POST" and forms.is_valid():
        new = forms.content(content["key"])
        if not forms.blame(faults_of({**new, "code": new["code"] or "A"}, known)):
            try:
                save_action(actor=signed_in_user(request), plan=plan, action=action, content=new, version=forms.version)
            except Stale as stale:
                saved = content_of_action(actions_with_all(Action.objects.filter(pk=stale.current.pk)).get())
                context["stale"] = shown_content_difference(saved, new, known)
                refused(request, forms.form, stale)
                renew(forms.form, stale.current.version)
            except Refused as refusal:
                refused(request, forms.form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("units:action", action.public_id)
    return form_page(request, forms, context)


@door(signed_in, methods=("GET", "POST"))
def remove_action_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    action = action_or_404(request, public_id)
    check(writes_plan(mandates_of(request.user), action.plan.unit_id) and action.plan.state in EDITABLE_PLAN)
    if request.method == "POST":
        plan = action.plan
        try:
            remove_action(actor=signed_in_user(request), action=action)
        except Refused as refusal:
            refused(request, None, refusal)
            return redirect("units:action", public_id)
        messages.success(request, _("Removed."))
        return redirect("units:plan", plan.public_id)
    return render(request, "units/plans/remove_action.html", {"action": action, "plan": action.plan})


# Carrying out -------------------------------------------------------------------------------------------------------


def asked(request: HttpRequest, action: Action, form: Any, run: Any, context: dict[str, Any]) -> HttpResponse:
    """A step with a form: ask, then do it."""
    check(writes_plan(mandates_of(request.user), action.plan.unit_id))
    if request.method == "POST" and form.is_valid():
        try:
            run(form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:action", action.public_id)
    return render(request, "units/plans/action_step.html", {"action": action, "form": form, **context})


@door(signed_in, methods=("GET", "POST"))
def report_page(request: HttpRequest, public_id: Any, milestone: Any) -> HttpResponse:
    """Say how far a milestone is."""
    action = action_or_404(request, public_id)
    found: Milestone = get_object_or_404(action.milestones, public_id=milestone)
    initial = {"version": found.version, "progress": found.progress, "on": timezone.localdate()}
    form = ReportForm(request.POST or None, initial=initial)

    def run(data: dict[str, Any]) -> None:
        report_milestone(actor=signed_in_user(request), milestone=found, **data)

    return asked(request, action, form, run, {"title": _("Report progress"), "subject": found, "submit": _("Report")})


@door(signed_in, methods=("POST",))
def state_step(request: HttpRequest, public_id: Any, name: str) -> HttpResponse:
    """Begin, finish or resume by a button; withdraw an override."""
    action = action_or_404(request, public_id)
    states = {"iniciar": ActionState.UNDER_WAY, "retomar": ActionState.UNDER_WAY, "concluir": ActionState.DONE}
    if name not in {*states, "retirar-situacao"}:
        raise Http404
    try:
        if name in states:
            actor, version = signed_in_user(request), version_of(request)
            move_action(actor=actor, action=action, state=states[name], version=version)
        else:
            withdraw_override(actor=signed_in_user(request), action=action)
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, _("Saved."))
    return redirect("units:action", action.public_id)


@door(signed_in, methods=("GET", "POST"))
def cancel_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    action = action_or_404(request, public_id)
    form = ReasonForm(request.POST or None, initial={"version": action.version})

    def run(data: dict[str, Any]) -> None:
        move_action(
            actor=signed_in_user(request),
            action=action,
            state=ActionState.CANCELLED,
            reason=data["reason"],
            version=data["version"],
        )

    text = _("It leaves the roll-ups; its sheet and its history stay.")
    return asked(
        request,
        action,
        form,
        run,
        {"title": _("Cancel the action"), "submit": _("Cancel the action"), "tone": "bad", "text": text},
    )


@door(signed_in, methods=("GET", "POST"))
def merge_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    action = action_or_404(request, public_id)
    others = (
        Action.objects.approved()
        .filter(plan__unit=action.plan.unit_id, plan__year__gte=action.plan.year)
        .exclude(pk=action.pk)
        .exclude(state__in=sorted(STOPPED_ACTION))
    )
    form = MergeForm(request.POST or None, actions=others, initial={"version": action.version})

    def run(data: dict[str, Any]) -> None:
        move_action(actor=signed_in_user(request), action=action, state=ActionState.MERGED, **data)

    return asked(request, action, form, run, {"title": _("Merge into another action"), "submit": _("Merge")})


@door(signed_in, methods=("GET", "POST"))
def carry_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    action = action_or_404(request, public_id)
    drafts = ActionPlan.objects.filter(unit=action.plan.unit_id, state=PlanState.DRAFT, year__gt=action.plan.year)
    form = CarryForm(request.POST or None, plans=drafts, initial={"version": action.version})

    def run(data: dict[str, Any]) -> None:
        carry_over(actor=signed_in_user(request), action=action, **data)

    text = _(
        "What is not done goes into the draft, as a proposal that you can change there: milestones due before its year "
        "fall on the same day of it, and money of earlier years comes in proportion to what is not done. "
        "Here the action goes on, and is reported on, until the Council approves that plan."
    )
    return asked(
        request,
        action,
        form,
        run,
        {"title": _("Carry over to a later plan"), "submit": _("Carry over"), "text": text, "no_drafts": not drafts},
    )


@door(signed_in, methods=("GET", "POST"))
def override_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    action = action_or_404(request, public_id)
    form = OverrideForm(request.POST or None, initial={"version": action.version})

    def run(data: dict[str, Any]) -> None:
        override_status(actor=signed_in_user(request), action=action, **data)

    text = _("The status says what you say until that day; then the derived one speaks again.")
    return asked(request, action, form, run, {"title": _("Override the status"), "submit": _("Override"), "text": text})

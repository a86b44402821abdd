"""Plans: the list, a plan, its drafting, its steps, its versions."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.accounts.authentication import signed_in_user
from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.plan_decisions import put_before_council
from units.actions.plan_drafts import draft_plan, edit_plan, remove_plan
from units.actions.plans import close_plan, give_opinion, return_plan, start_plan, submit_plan, take_back_plan
from units.choices import APPROVED_PLAN, EDITABLE_PLAN, PLAN_MOVES, PlanAmendmentState, PlanState
from units.filters.plans import PlanFilter
from units.forms.plans import CompareForm, CouncilForm, OpinionForm, PlanForm, PlanHeadForm, ReasonForm
from units.formulas.plans import difference
from units.models import ActionPlan, BudgetLine, PlanAmendment
from units.queries.bodies import mandates_of
from units.queries.plans import (
    actions_on_page,
    bodies,
    free_items,
    money_of,
    plans,
    rules_of_council,
    versions_of,
    writable_units,
)
from units.rules import brings_to_council, reviews_plan, writes_plan
from units.views.showing import renew, shown_content, shown_difference, stale_rows


@door(everyone)
def plans_page(request: HttpRequest) -> HttpResponse:
    """The plans that this person may see, newest year first."""
    found = PlanFilter(request.GET, queryset=plans(request.user).order_by("-year", "unit__code", "pk"), request=request)
    shown = list(found.qs[:500]) if found.is_valid() else []
    return render(
        request,
        "units/plans/list.html",
        {"form": found.form, "plans": shown, "may_write": bool(writable_units(request.user))},
    )


def plan_or_404(request: HttpRequest, public_id: Any) -> ActionPlan:
    authors = ActionPlan.authors.through.objects.filter(actionplan=OuterRef("pk"), user=request.user.pk)
    found: QuerySet[ActionPlan] = plans(request.user).select_related("unit", "created_by", "submitted_by", "opinion_by")
    return get_object_or_404(found.annotate(wrote_in=Exists(authors)), public_id=public_id)


def parts_of(request: HttpRequest, plan: Any) -> set[str]:
    """Which parts of the table of moves this person has in a plan."""
    held = mandates_of(request.user)
    if not held:
        return set()
    known = bodies()
    wrote = plan.wrote_in or request.user.pk in {plan.created_by_id, plan.submitted_by_id}
    parts = {
        "unit": writes_plan(held, plan.unit_id),
        "reviewer": reviews_plan(
            held, plan.unit_id, coordination=known.coordination, strategic=known.strategic, is_author=wrote
        ),
        "secretariat": brings_to_council(held, council=known.council, coordination=known.coordination),
    }
    return {part for part, has in parts.items() if has}


def open_steps(plan: ActionPlan, parts: set[str]) -> set[str]:
    """The states to which this person may move the plan now."""
    return {str(state) for state, part in PLAN_MOVES.get(PlanState(plan.state), {}).items() if part in parts}


@door(everyone)
def plan_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A plan: its actions, how far they are, what they cost, and the next step."""
    plan = plan_or_404(request, public_id)
    parts = parts_of(request, plan)
    actions = actions_on_page(plan)
    money = money_of(BudgetLine.objects.filter(action__plan=plan))
    context = {
        "plan": plan,
        "heading": f"{plan.title} · {plan.year}",
        "actions": actions,
        "money": money,
        "steps": open_steps(plan, parts),
        "starts_later": plan.year > timezone.localdate().year,
        "may_edit": "unit" in parts and plan.state in EDITABLE_PLAN,
        "may_amend": "unit" in parts and plan.state in {PlanState.APPROVED, PlanState.UNDER_WAY},
        "is_approved": plan.state in APPROVED_PLAN,
        "sees_history": sees_audit(request.user),
    }
    return render(request, "units/plans/plan.html", context)


@door(signed_in, methods=("GET", "POST"))
def add_page(request: HttpRequest) -> HttpResponse:
    """Begin a plan, in a unit where one has a mandate."""
    units = writable_units(request.user)
    check(units)
    form = PlanForm(request.POST or None, units=units, initial={"unit": request.GET.get("unidade", "")})
    if request.method == "POST" and form.is_valid():
        try:
            plan = draft_plan(actor=signed_in_user(request), **form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("The plan is a draft: add its actions."))
            return redirect("units:plan", plan.public_id)
    return render(request, "units/plans/add.html", {"form": form})


@door(signed_in, methods=("GET", "POST"))
def edit_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Title and summary of a draft."""
    plan = plan_or_404(request, public_id)
    check("unit" in parts_of(request, plan) and plan.state in EDITABLE_PLAN)
    initial = {"version": plan.version, "title": plan.title, "summary": plan.summary}
    form = PlanHeadForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"form": form, "plan": plan}
    if request.method == "POST" and form.is_valid():
        try:
            edit_plan(actor=signed_in_user(request), plan=plan, **form.cleaned_data)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current)
            refused(request, form, stale)
            renew(form, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:plan", plan.public_id)
    return render(request, "units/plans/head.html", context)


# Steps --------------------------------------------------------------------------------------------------------------

SIMPLE_STEPS = {
    "submeter": (submit_plan, gettext_lazy("Submitted: nobody writes in it now.")),
    "retomar": (take_back_plan, gettext_lazy("It is a draft again.")),
    "iniciar": (start_plan, gettext_lazy("The plan is under way.")),
    "fechar": (close_plan, gettext_lazy("The plan is closed.")),
}


@door(signed_in, methods=("POST",))
def step(request: HttpRequest, public_id: Any, name: str) -> HttpResponse:
    """A step that asks for nothing but its button."""
    if name not in SIMPLE_STEPS:
        raise Http404
    plan = plan_or_404(request, public_id)
    check(parts_of(request, plan))
    action, said = SIMPLE_STEPS[name]
    try:
        action(actor=signed_in_user(request), plan=plan, version=version_of(request))
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, str(said))
    return redirect("units:plan", plan.public_id)


def version_of(request: HttpRequest) -> int | None:
    """What the button was shown for; None where it does not say."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


def asked(request: HttpRequest, plan: ActionPlan, form: Any, run: Any, context: dict[str, Any]) -> HttpResponse:
    """A step with a form: ask, then do it."""
    if request.method == "POST" and form.is_valid():
        try:
            run(form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, context.get("said") or _("Done."))
            return redirect("units:plan", plan.public_id)
    return render(request, "units/plans/step.html", {"plan": plan, "form": form, **context})


@door(signed_in, methods=("GET", "POST"))
def opinion_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    plan = plan_or_404(request, public_id)
    check(PlanState.OPINION_GIVEN in open_steps(plan, parts_of(request, plan)))
    form = OpinionForm(request.POST or None, initial={"version": plan.version})

    def run(data: dict[str, Any]) -> None:
        give_opinion(
            actor=signed_in_user(request),
            plan=plan,
            version=data["version"],
            opinion=data["opinion"],
            favourable=data["favourable"] == "yes",
        )

    return asked(request, plan, form, run, {"title": _("Give the opinion"), "submit": _("Give the opinion")})


@door(signed_in, methods=("GET", "POST"))
def return_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    plan = plan_or_404(request, public_id)
    check(plan.state == PlanState.SUBMITTED and PlanState.RETURNED in open_steps(plan, parts_of(request, plan)))
    form = ReasonForm(request.POST or None, initial={"version": plan.version})

    def run(data: dict[str, Any]) -> None:
        return_plan(actor=signed_in_user(request), plan=plan, version=data["version"], reason=data["reason"])

    return asked(request, plan, form, run, {"title": _("Return the plan"), "submit": _("Return it"), "tone": "bad"})


@door(signed_in, methods=("GET", "POST"))
def council_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Put the plan on the Council's agenda."""
    plan = plan_or_404(request, public_id)
    check(PlanState.BEFORE_COUNCIL in open_steps(plan, parts_of(request, plan)))
    items = free_items()
    form = CouncilForm(
        request.POST or None,
        items=items,
        rules=rules_of_council(),
        initial={"version": plan.version, "text": plan.summary, "title": _("Approval of %(plan)s") % {"plan": plan}},
    )

    def run(data: dict[str, Any]) -> None:
        put_before_council(actor=signed_in_user(request), plan=plan, **data)

    context = {"title": _("Put before the Council"), "submit": _("Put before the Council"), "no_items": not items}
    return asked(request, plan, form, run, context)


@door(signed_in, methods=("GET", "POST"))
def remove_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Ask, then remove a draft that was never submitted."""
    plan = plan_or_404(request, public_id)
    check("unit" in parts_of(request, plan) and plan.state in EDITABLE_PLAN)
    if request.method == "POST":
        try:
            remove_plan(actor=signed_in_user(request), plan=plan)
        except Refused as refusal:
            refused(request, None, refusal)
            return redirect("units:plan", plan.public_id)
        messages.success(request, _("Removed."))
        return redirect("units:plans")
    return render(request, "units/plans/remove.html", {"plan": plan})


# Versions -----------------------------------------------------------------------------------------------------------


@door(everyone)
def versions_fragment(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Approved versions and amendments, loaded into the plan's page."""
    plan = plan_or_404(request, public_id)
    amendments = amendments_seen(request, plan, plan.amendments.order_by("-number"))
    context = {"plan": plan, "versions": list(versions_of(plan)), "amendments": amendments}
    return render(request, "units/plans/versions.html", context)


def amendments_seen(request: HttpRequest, plan: ActionPlan, amendments: Iterable[PlanAmendment]) -> list[PlanAmendment]:
    """Approved ones are for everybody; the others for the unit, for who weighs them, then for the Council."""
    held = mandates_of(request.user)
    sits = {unit for unit, _position, _place in held}
    known = bodies() if held else None

    def sees(amendment: PlanAmendment) -> bool:
        if amendment.state == PlanAmendmentState.APPROVED or plan.unit_id in sits:
            return True
        if known is None or amendment.state == PlanAmendmentState.DRAFT:
            return False
        reviewers = known.strategic if plan.unit_id == known.coordination else {known.coordination}
        weighed = {PlanAmendmentState.SUBMITTED, PlanAmendmentState.OPINION_GIVEN}
        return (
            bool(sits & reviewers)
            or known.coordination in sits
            or (known.council in sits and amendment.state not in weighed)
        )

    return [each for each in amendments if sees(each)]


@door(everyone)
def version_page(request: HttpRequest, public_id: Any, number: int) -> HttpResponse:
    """A plan exactly as it was approved."""
    plan = plan_or_404(request, public_id)
    version = get_object_or_404(plan.versions.select_related("deliberation"), number=number)
    return render(
        request,
        "units/plans/version.html",
        {"plan": plan, "version": version, "content": shown_content(json.loads(version.content))},
    )


@door(everyone)
def version_file(request: HttpRequest, public_id: Any, number: int) -> HttpResponse:
    """The bytes of a version, as they were kept."""
    plan = plan_or_404(request, public_id)
    version = get_object_or_404(plan.versions, number=number)
    name = f"plano-{plan.unit.code}-{plan.year}-v{number}.json"
    return HttpResponse(
        version.content.encode(),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@door(everyone)
def compare_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Any two approved versions side by side."""
    plan = plan_or_404(request, public_id)
    numbers = [version.number for version in versions_of(plan)]
    if not numbers:
        raise Http404
    form = CompareForm(request.GET or {"old": numbers[0], "new": numbers[-1]}, numbers=numbers)
    context: dict[str, Any] = {"plan": plan, "form": form}
    if form.is_valid():
        texts = dict(plan.versions.values_list("number", "content"))
        old, new = (json.loads(texts[int(form.cleaned_data[name])]) for name in ("old", "new"))
        context |= {"found": shown_difference(difference(old, new)), **form.cleaned_data}
    return render(request, "units/plans/compare.html", context)

"""Amendments of approved plans: a working copy, its difference, its way to the Council."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from refamp.accounts.authentication import signed_in_user
from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.amendments import (
    draft_amendment,
    drop_from_amendment,
    edit_amendment,
    give_amendment_opinion,
    move_amendment,
    put_amendment_before_council,
)
from units.actions.plan_content import faults_of
from units.choices import AMENDMENT_MOVES, PlanAmendmentState, PlanState
from units.forms.plans import ActionForms, AmendmentForm, CouncilForm, OpinionForm, PlanHeadForm
from units.formulas.plans import difference
from units.models import PlanAmendment
from units.queries.bodies import mandates_of
from units.queries.plan_content import agreed_content, known_for
from units.queries.plans import bodies, free_items, rules_of_council
from units.queries.votes import amendment_authors
from units.rules import brings_to_council, reviews_plan, writes_plan
from units.views.plan_actions import form_page
from units.views.plans import amendments_seen, parts_of, plan_or_404, version_of
from units.views.showing import renew, shown_content_difference, shown_difference, stale_rows


def amendment_or_404(request: HttpRequest, public_id: Any) -> PlanAmendment:
    """An amendment that this person may see: a working copy only for the unit and who decides on it."""
    found = get_object_or_404(PlanAmendment.objects.select_related("plan__unit", "created_by"), public_id=public_id)
    if not amendments_seen(request, found.plan, [found]):
        raise Http404
    return found


def writes(request: HttpRequest, amendment: PlanAmendment) -> bool:
    return writes_plan(mandates_of(request.user), amendment.plan.unit_id)


@door(signed_in, methods=("GET", "POST"))
def add_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Begin an amendment, with why."""
    plan = plan_or_404(request, public_id)
    check("unit" in parts_of(request, plan) and plan.state in {PlanState.APPROVED, PlanState.UNDER_WAY})
    form = AmendmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = draft_amendment(actor=signed_in_user(request), plan=plan, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("units:amendment", made.public_id)
    context = {"plan": plan, "form": form, "title": _("Amend the plan"), "submit": _("Begin the amendment")}
    return render(request, "units/plans/step.html", context)


@door(everyone)
def amendment_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """What an amendment changes, and the next step."""
    amendment = amendment_or_404(request, public_id)
    held, known = mandates_of(request.user), bodies()
    in_unit = writes(request, amendment)
    parts = {"unit"} if in_unit else set()
    wrote = bool(held) and request.user.pk in amendment_authors(amendment)
    if brings_to_council(held, council=known.council, coordination=known.coordination) and not wrote:
        parts.add("secretariat")
    if reviews_plan(
        held,
        amendment.plan.unit_id,
        coordination=known.coordination,
        strategic=known.strategic,
        is_author=wrote,
    ):
        parts.add("reviewer")
    moves = AMENDMENT_MOVES.get(PlanAmendmentState(amendment.state), {})
    context = {
        "amendment": amendment,
        "plan": amendment.plan,
        "found": shown_difference(difference(agreed_content(amendment), amendment.content)),
        "contents": amendment.content["actions"],
        "may_edit": in_unit and amendment.state == PlanAmendmentState.DRAFT,
        "steps": {str(state) for state, part in moves.items() if part in parts},
        "sees_history": sees_audit(request.user),
    }
    return render(request, "units/plans/amendment.html", context)


@door(signed_in, methods=("GET", "POST"))
def head_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Title and summary as the amendment would have them."""
    amendment = amendment_or_404(request, public_id)
    check(writes(request, amendment) and amendment.state == PlanAmendmentState.DRAFT)
    initial = {"version": amendment.version, **{name: amendment.content[name] for name in ("title", "summary")}}
    form = PlanHeadForm(request.POST or None, initial=initial)
    said = {"title": _("Change title and summary"), "submit": _("Save")}
    context: dict[str, Any] = {"plan": amendment.plan, "form": form, **said}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        head = {name: data[name] for name in ("title", "summary")}
        try:
            edit_amendment(actor=signed_in_user(request), amendment=amendment, version=data["version"], head=head)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current.content)
            refused(request, form, stale)
            renew(form, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("units:amendment", amendment.public_id)
    return render(request, "units/plans/step.html", context)


@door(signed_in, methods=("GET", "POST"))
def action_page(request: HttpRequest, public_id: Any, key: Any = None) -> HttpResponse:
    """An action as the amendment would have it: changed, or (without key) added."""
    amendment = amendment_or_404(request, public_id)
    check(writes(request, amendment) and amendment.state == PlanAmendmentState.DRAFT)
    content = next((each for each in amendment.content["actions"] if each["key"] == str(key)), None)
    if key is not None and content is None:
        raise Http404
    known = known_for(amendment.plan, amendment.content)
    forms = ActionForms(request.POST or None, known=known, content=content, version=amendment.version)
    context: dict[str, Any] = {"plan": amendment.plan, "amendment": amendment, "content": content}
    if request.method == "POST" and forms.is_valid():
        new = forms.content(str(key) if key else "")
        if not forms.blame(faults_of({**new, "code": new["code"] or "A"}, known, complete=True)):
            try:
                edit_amendment(actor=signed_in_user(request), amendment=amendment, version=forms.version, action=new)
            except Stale as stale:
                saved = next((each for each in stale.current.content["actions"] if each["key"] == str(key)), None)
                context["stale"] = shown_content_difference(saved, new, known) if saved else []
                refused(request, forms.form, stale)
                renew(forms.form, stale.current.version)
            except Refused as refusal:
                refused(request, forms.form, refusal)
            else:
                messages.success(request, _("Saved in the amendment."))
                return redirect("units:amendment", amendment.public_id)
    return form_page(request, forms, context)


@door(signed_in, methods=("POST",))
def drop_step(request: HttpRequest, public_id: Any, key: Any) -> HttpResponse:
    amendment = amendment_or_404(request, public_id)
    try:
        drop_from_amendment(
            actor=signed_in_user(request), amendment=amendment, key=str(key), version=version_of(request)
        )
    except Refused as refusal:
        refused(request, None, refusal)
    return redirect("units:amendment", amendment.public_id)


@door(signed_in, methods=("POST",))
def step(request: HttpRequest, public_id: Any, name: str) -> HttpResponse:
    """Submit or take back."""
    amendment = amendment_or_404(request, public_id)
    states = {"submeter": PlanAmendmentState.SUBMITTED, "retomar": PlanAmendmentState.DRAFT}
    if name not in states:
        raise Http404
    try:
        move_amendment(
            actor=signed_in_user(request), amendment=amendment, state=states[name], version=version_of(request)
        )
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, _("Done."))
    return redirect("units:amendment", amendment.public_id)


@door(signed_in, methods=("GET", "POST"))
def opinion_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """What the coordination unit (the strategic units, where it is its own plan) thinks of an amendment."""
    amendment = amendment_or_404(request, public_id)
    known = bodies()
    check(
        amendment.state == PlanAmendmentState.SUBMITTED
        and reviews_plan(
            mandates_of(request.user),
            amendment.plan.unit_id,
            coordination=known.coordination,
            strategic=known.strategic,
            is_author=request.user.pk in amendment_authors(amendment),
        )
    )
    form = OpinionForm(request.POST or None, initial={"version": amendment.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            give_amendment_opinion(
                actor=signed_in_user(request),
                amendment=amendment,
                version=data["version"],
                opinion=data["opinion"],
                favourable=data["favourable"] == "yes",
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Done."))
            return redirect("units:amendment", amendment.public_id)
    said = {"title": _("Give the opinion"), "submit": _("Give the opinion")}
    return render(request, "units/plans/step.html", {"plan": amendment.plan, "form": form, **said})


@door(signed_in, methods=("GET", "POST"))
def council_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Put an amendment on the Council's agenda."""
    amendment = amendment_or_404(request, public_id)
    known = bodies()
    check(
        amendment.state == PlanAmendmentState.OPINION_GIVEN
        and request.user.pk not in amendment_authors(amendment)
        and brings_to_council(mandates_of(request.user), council=known.council, coordination=known.coordination)
    )
    items = free_items()
    form = CouncilForm(
        request.POST or None,
        items=items,
        rules=rules_of_council(),
        initial={"version": amendment.version, "text": amendment.reason},
    )
    if request.method == "POST" and form.is_valid():
        try:
            put_amendment_before_council(actor=signed_in_user(request), amendment=amendment, **form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("units:amendment", amendment.public_id)
    context = {
        "plan": amendment.plan,
        "form": form,
        "title": _("Put before the Council"),
        "submit": _("Put before the Council"),
        "no_items": not items,
    }
    return render(request, "units/plans/step.html", context)

"""Bodies: the units, one unit, the Council, what a body's rules say."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from refamp.audit.rules import sees_audit
from refamp.base.doors import door, everyone, refused
from refamp.base.errors import Refused, Stale
from units.actions.bodies import change_unit, propose_unit
from units.actions.dissolutions import DISSOLVABLE
from units.choices import UnitKind, UnitState
from units.forms.bodies import NewUnitForm, UnitForm
from units.models import Deliberation, Mandate, Unit
from units.queries.bodies import (
    compositions,
    edits_bodies_of,
    ends_mandates_in,
    in_force_on,
    mandates_of,
    may_found,
    named_before,
    names_councillors_for,
    present_municipalities,
    proposes_compositions_for,
    visible_mandates,
)
from units.queries.composition import Body, bodies_on, functions_of, sitting_nowhere
from units.queries.dissolutions import open_dissolution
from units.queries.votes import deliberations
from units.rules import founds, sits_in


def attempt(
    request: HttpRequest, form: forms.Form | None, change: Callable[[], Any], context: dict[str, Any] | None = None
) -> Any:
    """Try a change. None where it was refused: the form says why, and what is saved where somebody was faster."""
    try:
        return change()
    except Stale as stale:
        refused(request, form, stale)
        if form is not None and context is not None:
            context["stale"] = beside(form, stale.current)
            data = QueryDict(mutable=True)
            data.update(form.data)  # type: ignore[arg-type]  # what was sent, which is a QueryDict
            data["version"] = str(stale.current.version)
            form.data = data
    except Refused as refusal:
        refused(request, form, refusal)
    except ValidationError as wrong:
        if form is None:
            raise
        for error in wrong.messages:
            form.add_error(None, error)
    return None


def beside(form: forms.Form, current: Any) -> list[dict[str, Any]]:
    """Field by field, what is saved and what was typed, where they differ."""
    rows = []
    for name, field in form.fields.items():
        if name == "version" or not hasattr(current, name):
            continue
        saved, typed = getattr(current, name), form.cleaned_data.get(name)
        if saved != typed:
            rows.append({"label": field.label, "saved": saved, "yours": typed})
    return rows


def unit_or_404(code: str) -> Unit:
    return get_object_or_404(Unit, code=code)


@door(everyone)
def units_page(request: HttpRequest) -> HttpResponse:
    """All bodies, each against its rules; who sits nowhere."""
    bodies = bodies_on(timezone.localdate())
    served = {body.axis.pk for body in bodies if body.axis}
    axes = Node.objects.filter(framework__state=FrameworkState.IN_FORCE, kind=NodeKind.PRIORITY_AXIS)
    only_broken = request.GET.get("rules") == "broken"
    context = {
        "bodies": [body for body in bodies if body.broken_rules] if only_broken else bodies,
        "only_broken": only_broken,
        "nowhere": sitting_nowhere(bodies, present_municipalities()),
        "axes_without": [axis for axis in axes.order_by("order") if axis.pk not in served],
        "edits": edits_bodies_of(request.user),
        "dissolved": Unit.objects.filter(state=UnitState.DISSOLVED).order_by("code"),
    }
    return render(request, "units/bodies/units.html", context)


@door(everyone)
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """One body: who sits in it, each rule and who breaks it, what it is for, how it decides."""
    body = next(iter(bodies_on(timezone.localdate(), code=code)), None)
    if body is None:
        raise Http404
    unit = body.unit
    if unit.kind == UnitKind.COUNCIL and unit.state != UnitState.DISSOLVED:
        return redirect("units:council")
    proposes = proposes_compositions_for(request.user)
    ending = ending_shown(request, unit)
    context = shown(request, body) | {
        "compositions": list(compositions(request.user).filter(unit=unit)[:5]),
        "proposes": proposes and unit.state != UnitState.DISSOLVED,
        "ending": ending,
        "may_end": proposes and unit.kind in DISSOLVABLE and unit.state != UnitState.DISSOLVED and ending is None,
        "keeps": ends_mandates_in(request.user, unit),
        "next_step": next_step(request, body, proposes=proposes),
    }
    return render(request, "units/bodies/unit.html", context)


def ending_shown(request: HttpRequest, unit: Unit) -> Deliberation | None:
    """The deliberation that may end a unit, or has ended it, for who sees it."""
    if unit.kind not in DISSOLVABLE:
        return None
    return open_dissolution(unit, deliberations(request.user))


def shown(request: HttpRequest, body: Body) -> dict[str, Any]:
    """What the page of a unit and the page of the Council have in common."""
    can_found = founds(request.user) and may_found(body.unit)
    return {
        "body": body,
        "unit": body.unit,
        "functions": functions_of(body.unit),
        "rules": body.unit.decision_rules.all(),
        "edits": edits_bodies_of(request.user),
        "sits": sits_in(mandates_of(request.user), body.unit.pk),
        "own": request.user.pk if request.user.is_authenticated else None,
        "founds": can_found,
        "before": named_before(body.unit) if can_found else None,
        "sees_history": sees_audit(request.user),
    }


def past_mandates(request: HttpRequest, unit: Unit) -> QuerySet[Mandate]:
    """Mandates that ended or have not begun, for who may see them."""
    return (
        visible_mandates(request.user)
        .filter(unit=unit)
        .exclude(in_force_on(timezone.localdate()))
        .select_related("person", "municipality", "partner", "deliberation")
        .order_by("-starts_on", "pk")[:60]
    )


def next_step(request: HttpRequest, body: Body, *, proposes: bool) -> dict[str, str] | None:
    """The one thing to do next, for somebody who may do it."""
    unit = body.unit
    if unit.state == UnitState.PROPOSED and founds(request.user) and may_found(unit):
        return {"label": _("Enter its first composition"), "name": "units:unit_first"}
    if proposes and (unit.state == UnitState.PROPOSED or unit.is_transitory):
        return {"label": _("Propose a composition"), "name": "units:composition_propose"}
    return None


@door(everyone)
def unit_record_fragment(request: HttpRequest, code: str) -> HttpResponse:
    """What a body's page loads when it is there: its partners, and past and coming mandates."""
    unit = unit_or_404(code)
    context = {
        "unit": unit,
        "partnerships": unit.partnerships.filter(ends_on__isnull=True).select_related("partner"),
        "past": past_mandates(request, unit),
    }
    return render(request, "units/bodies/record.html", context)


@door(everyone)
def council_page(request: HttpRequest) -> HttpResponse:
    """The seventeen: who sits for each municipality, and who takes their seat."""
    body = next(iter(bodies_on(timezone.localdate(), kind=UnitKind.COUNCIL)), None)
    if body is None:
        raise Http404
    sitting = {mandate.municipality_id: mandate for mandate in body.seats}
    substitutes: dict[int | None, list[Mandate]] = {}
    for mandate in body.substitutes:
        substitutes.setdefault(mandate.municipality_id, []).append(mandate)
    rows = [
        {"place": place, "mandate": sitting.get(place.pk), "substitutes": substitutes.get(place.pk, [])}
        for place in body.places
    ]
    context = shown(request, body) | {"rows": rows, "keeps": names_councillors_for(request.user)}
    return render(request, "units/bodies/council.html", context)


@door(edits_bodies_of, methods=("GET", "POST"))
def unit_edit_page(request: HttpRequest, code: str) -> HttpResponse:
    """What a body's rules say."""
    unit = unit_or_404(code)
    form = UnitForm(request.POST or None, unit=unit)
    context: dict[str, Any] = {"form": form, "unit": unit}
    if request.method == "POST" and form.is_valid():
        changed = attempt(
            request,
            form,
            lambda: change_unit(
                actor=request.user,
                unit=unit,
                version=form.cleaned_data["version"] or 0,
                data=form.facts(),
                rules=form.rules(),
            ),
            context,
        )
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("units:unit", unit.code)
    return render(request, "units/bodies/unit_edit.html", context)


@door(edits_bodies_of, methods=("GET", "POST"))
def unit_propose_page(request: HttpRequest, axis: str) -> HttpResponse:
    """A unit for an axis that has none."""
    node = get_object_or_404(Node, framework__state=FrameworkState.IN_FORCE, kind=NodeKind.PRIORITY_AXIS, code=axis)
    form = NewUnitForm(request.POST or None, initial={"name": f"Unidade Estratégica {node.wording}"})
    if request.method == "POST" and form.is_valid():
        made = attempt(
            request, form, lambda: propose_unit(actor=request.user, axis=node, name=form.cleaned_data["name"])
        )
        if made is not None:
            messages.success(request, _("Proposed: now propose its composition."))
            return redirect("units:unit", made.code)
    return render(request, "units/bodies/unit_propose.html", {"form": form, "axis": node})

"""Proposed compositions: written, looked at against each rule, put before the Council."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import check, door, everyone
from units.actions.compositions import change_composition, propose_composition, put_composition_before_council
from units.choices import UnitKind, UnitState
from units.forms.compositions import (
    CompositionForm,
    ToCouncilForm,
    initial_composition,
    initial_seats,
    seats_formset,
)
from units.models import Composition, Unit
from units.queries.bodies import (
    compositions,
    mandates_in_force,
    present_municipalities,
    proposes_compositions_for,
    standing_deliberation,
)
from units.queries.composition import Body, bodies_on, checks_of, proposed_seats, with_composition
from units.queries.plans import free_items, rules_of_council
from units.views.bodies import attempt, unit_or_404


@door(proposes_compositions_for, methods=("GET", "POST"))
def propose_page(request: HttpRequest, code: str) -> HttpResponse:
    """Propose who sits in a unit; it begins with who sits now."""
    unit = unit_or_404(code)
    check(unit.kind != UnitKind.COUNCIL and unit.state != UnitState.DISSOLVED)
    return composition_form(request, unit, None)


@door(proposes_compositions_for, methods=("GET", "POST"))
def change_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    composition = get_object_or_404(compositions(request.user), public_id=public_id)
    return composition_form(request, composition.unit, composition)


def composition_form(request: HttpRequest, unit: Unit, composition: Composition | None) -> HttpResponse:
    if composition is not None:
        initial = initial_composition(composition)
        rows = composition.seats.select_related("person", "municipality", "partner")
    else:
        initial = {"starts_on": timezone.localdate()}
        rows = mandates_in_force(unit)
    form = CompositionForm(request.POST or None, initial=initial)
    seats = seats_formset(unit, request.POST or None, initial=initial_seats(rows))
    body = next(iter(bodies_on(timezone.localdate(), pk=unit.pk)))
    context: dict[str, Any] = {"form": form, "seats": seats, "unit": unit, "composition": composition, "body": body}
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        data = form.proposed(seats)

        def change() -> Composition:
            if composition is None:
                return propose_composition(actor=request.user, unit=unit, data=data)
            version = form.cleaned_data["version"] or 0
            return change_composition(actor=request.user, composition=composition, version=version, data=data)

        made = attempt(request, form, change, context)
        if made is not None:
            messages.success(request, _("Saved."))
            return redirect("units:composition", made.public_id)
    return render(request, "units/bodies/composition_form.html", context)


@door(everyone)
def composition_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A proposed composition: its grounds, who, and what each rule says of it before anybody agrees."""
    composition = get_object_or_404(compositions(request.user), public_id=public_id)
    bodies = bodies_on(timezone.localdate())
    body = next((each for each in bodies if each.unit.pk == composition.unit_id), None) or Body(
        composition.unit, None, [], []
    )
    seats = proposed_seats(composition)
    places = next((each.places for each in bodies if each.places), None) or list(present_municipalities())
    deliberation = standing_deliberation(composition)
    may = proposes_compositions_for(request.user) and composition.is_agreed is None and deliberation is None
    context = {
        "composition": composition,
        "unit": composition.unit,
        "body": body,
        "seats": seats,
        "checks": checks_of(body, seats, places),
        "seats_left": max(0, body.most - sum(not seat.is_substitute for seat in seats)),
        "with_it": with_composition(bodies, body, seats, places) if composition.is_agreed is None else None,
        "deliberation": deliberation,
        "may_change": may and body.unit.state != UnitState.DISSOLVED,
    }
    return render(request, "units/bodies/composition.html", context)


@door(proposes_compositions_for, methods=("GET", "POST"))
def to_council_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Put a proposal on an agenda of the Council."""
    composition = get_object_or_404(compositions(request.user), public_id=public_id)
    form = ToCouncilForm(
        request.POST or None,
        items=free_items(),
        rules=rules_of_council(),
        initial={"version": composition.version},
    )
    context = {"form": form, "composition": composition}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            request,
            form,
            lambda: put_composition_before_council(
                actor=request.user,
                composition=composition,
                item=data["item"],
                rule=data["rule"],
                legal_effect=data["legal_effect"],
                legal_effect_basis=data["legal_effect_basis"],
                version=data["version"],
            ),
            context,
        )
        if made is not None:
            messages.success(request, _("It is on the agenda."))
            return redirect("units:composition", composition.public_id)
    return render(request, "units/bodies/to_council.html", context)

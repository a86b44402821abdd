"""Who sits where: first compositions, elections, replacements, resignations; proposed compositions."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused
from refamp.jobs.actions import create_upload
from units.actions.compositions import change_composition, propose_composition, put_composition_before_council
from units.actions.founding import name_first
from units.actions.mandates import (
    Elected,
    add_substitute,
    end_mandate,
    give_position,
    hold_election,
    replace_councillor,
)
from units.choices import ItemKind, MeetingState, Position, UnitKind, UnitState
from units.forms.bodies import (
    CompositionForm,
    CompositionToCouncilForm,
    CouncilForm,
    ElectionFileForm,
    EndMandateForm,
    FirstForm,
    PositionForm,
    ReplaceForm,
    SubstituteForm,
    initial_composition,
    initial_seats,
    seated,
    seats_formset,
)
from units.models import AgendaItem, Composition, Mandate, Unit
from units.queries.bodies import (
    compositions,
    council,
    keeps_council_of,
    keeps_unit_of,
    mandates_in_force,
    may_found,
    present_municipalities,
    proposes_compositions_for,
    seats_of,
    standing_deliberation,
)
from units.queries.composition import Body, bodies_on, checks_of, proposed_seats
from units.queries.seating import Seated
from units.rules import founds, may_end_mandate
from units.tasks.bodies import ELECTION, columns_of_election, rows_of
from units.views.bodies import attempt, unit_or_404

OPEN_MEETING = [MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION]


def council_or_404() -> Unit:
    return get_object_or_404(Unit.objects.exclude(state=UnitState.DISSOLVED), kind=UnitKind.COUNCIL)


# First compositions and elections -----------------------------------------------------------------------------------


@door(founds, methods=("GET", "POST"))
def first_page(request: HttpRequest, code: str) -> HttpResponse:
    """The first Council and the first coordination unit, with the act that named them."""
    unit = unit_or_404(code)
    if not may_found(unit):
        messages.error(request, _("From now on an election or a deliberation names people."))
        return redirect("units:unit", unit.code)
    if unit.kind == UnitKind.COUNCIL:
        return grid_page(request, unit, first=True)
    form = FirstForm(request.POST or None)
    seats = seats_formset(unit, request.POST or None)
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        data = form.cleaned_data
        named = attempt(
            request,
            form,
            lambda: name_first(
                actor=request.user, unit=unit, starts_on=data["starts_on"], act=data["act"], seats=seated(seats)
            ),
        )
        if named is not None:
            messages.success(request, _("Constituted."))
            return redirect("units:unit", unit.code)
    return render(request, "units/bodies/first.html", {"form": form, "seats": seats, "unit": unit})


@door(keeps_council_of, methods=("GET", "POST"))
def election_page(request: HttpRequest) -> HttpResponse:
    """Seventeen councillors change at once: the grid, what it would do, one confirmation."""
    return grid_page(request, council_or_404(), first=False)


def grid_page(request: HttpRequest, unit: Unit, *, first: bool) -> HttpResponse:
    """The grid; sent, it is tried and taken back, so that the preview says all that would happen; then confirmed."""
    form = CouncilForm(
        request.POST or None, places=list(present_municipalities()), sitting=seats_of(unit) if not request.POST else ()
    )
    context: dict[str, Any] = {"form": form, "unit": unit, "first": first}
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        confirmed = "confirm" in request.POST
        done = attempt(request, form, lambda: seat_council(request, unit, form, first=first, keep=confirmed))
        if done is not None and confirmed:
            messages.success(request, _("The Council is entered."))
            return redirect("units:council")
        if done is not None:
            context |= {"preview": rows_of(done), "columns": columns_of_election(), "done": done}
    return render(request, "units/bodies/election.html", context)


def seat_council(request: HttpRequest, unit: Unit, form: CouncilForm, *, first: bool, keep: bool) -> Elected:
    """Do it; without `keep`, take it back and only tell what it would have done."""
    data = form.cleaned_data
    with transaction.atomic():
        if first:
            name_first(actor=request.user, unit=unit, starts_on=data["starts_on"], act=data["act"], seats=form.seats())
            begun = mandates_in_force(unit, data["starts_on"])
            done = Elected([], list(begun))
        else:
            done = hold_election(actor=request.user, day=data["starts_on"], act=data["act"], seats=form.seats())
        transaction.set_rollback(not keep)
    return done


@door(keeps_council_of, methods=("GET", "POST"))
def election_file_page(request: HttpRequest) -> HttpResponse:
    """The same from a file: checked by the worker, shown row by row, confirmed, undone."""
    form = ElectionFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            upload = create_upload(
                actor=request.user,
                kind=ELECTION,
                file=data["file"],
                name=data["file"].name,
                mapping={"day": data["starts_on"].isoformat(), "act": data["act"]},
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("jobs:upload", upload.public_id)
    return render(request, "units/bodies/file.html", {"form": form, "election": True})


# One mandate --------------------------------------------------------------------------------------------------------


def mandate_or_404(public_id: Any) -> Mandate:
    return get_object_or_404(
        mandates_in_force().select_related("unit", "person", "municipality", "partner"), public_id=public_id
    )


@door(keeps_council_of, methods=("GET", "POST"))
def replace_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A municipality names another councillor."""
    mandate = mandate_or_404(public_id)
    substitutes = mandates_in_force(mandate.unit).filter(
        position=Position.SUBSTITUTE, municipality=mandate.municipality
    )
    asked = request.GET.get("suplente")
    chosen = substitutes.filter(public_id=asked).first() if is_id(asked) else None
    initial = {"version": mandate.version, "day": timezone.localdate()}
    if chosen:
        initial |= {"name": chosen.person.name, "email": chosen.person.email}
    form = ReplaceForm(request.POST or None, initial=initial)
    context = {"form": form, "mandate": mandate, "substitutes": substitutes}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            request,
            form,
            lambda: replace_councillor(
                actor=request.user,
                mandate=mandate,
                by=Seated(data["name"], data["email"]),
                day=data["day"],
                act=data["act"],
                reason=data["reason"],
                version=data["version"],
            ),
            context,
        )
        if made is not None:
            messages.success(request, _("Replaced."))
            return redirect("units:council")
    return render(request, "units/bodies/replace.html", context)


def is_id(text: str | None) -> bool:
    """Whether an address's parameter can be a public id at all."""
    return text is not None and len(text) == 36 and set(text) <= set("0123456789abcdef-") and text.count("-") == 4  # noqa: PLR2004 - a UUID


@door(keeps_council_of, methods=("GET", "POST"))
def position_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The Council elects one of its own, or one lays the position down."""
    mandate = mandate_or_404(public_id)
    form = PositionForm(
        request.POST or None,
        initial={"version": mandate.version, "position": mandate.position, "day": timezone.localdate()},
    )
    context = {"form": form, "mandate": mandate}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            request,
            form,
            lambda: give_position(
                actor=request.user,
                mandate=mandate,
                position=data["position"],
                day=data["day"],
                act=data["act"],
                version=data["version"],
            ),
            context,
        )
        if made is not None:
            messages.success(request, _("Saved."))
            return redirect("units:council")
    return render(request, "units/bodies/position.html", context)


@door(keeps_council_of, methods=("GET", "POST"))
def substitute_page(request: HttpRequest) -> HttpResponse:
    """Somebody who takes a municipality's seat when its councillor cannot come."""
    unit = council_or_404()
    form = SubstituteForm(
        request.POST or None, initial={"municipality": request.GET.get("municipio"), "day": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            request,
            form,
            lambda: add_substitute(
                actor=request.user,
                unit=unit,
                seat=Seated(data["name"], data["email"], municipality=data["municipality"]),
                day=data["day"],
                act=data["act"],
            ),
        )
        if made is not None:
            messages.success(request, _("Saved."))
            return redirect("units:council")
    return render(request, "units/bodies/substitute.html", {"form": form})


@door(signed_in, methods=("GET", "POST"))
def end_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A resignation, or the end of a term."""
    mandate = mandate_or_404(public_id)
    own = mandate.person_id == request.user.pk
    check(may_end_mandate(request.user, is_own=own, keeps=keeps_unit_of(request.user, mandate.unit)))
    form = EndMandateForm(request.POST or None, initial={"version": mandate.version, "last": timezone.localdate()})
    context = {"form": form, "mandate": mandate, "own": own}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        ended = attempt(
            request,
            form,
            lambda: end_mandate(
                actor=request.user,
                mandate=mandate,
                last=data["last"],
                reason=data["reason"],
                act=data["act"],
                version=data["version"],
            ),
            context,
        )
        if ended is not None:
            messages.success(request, _("Its last day is recorded."))
            return redirect("units:unit", mandate.unit.code)
    return render(request, "units/bodies/end.html", context)


# Compositions -------------------------------------------------------------------------------------------------------


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
    body = next(iter(bodies_on(timezone.localdate(), pk=composition.unit_id)), None) or Body(
        composition.unit, None, [], []
    )
    seats = proposed_seats(composition)
    deliberation = standing_deliberation(composition)
    may = proposes_compositions_for(request.user) and composition.is_agreed is None and deliberation is None
    context = {
        "composition": composition,
        "unit": composition.unit,
        "body": body,
        "seats": composition.seats.select_related("person", "municipality", "partner"),
        "checks": checks_of(body, seats, list(present_municipalities())),
        "deliberation": deliberation,
        "may_change": may,
    }
    return render(request, "units/bodies/composition.html", context)


@door(proposes_compositions_for, methods=("GET", "POST"))
def to_council_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Put a proposal on an agenda of the Council."""
    composition = get_object_or_404(compositions(request.user), public_id=public_id)
    unit = council()
    items = AgendaItem.objects.filter(
        meeting__unit=unit, meeting__state__in=OPEN_MEETING, kind=ItemKind.DECISION, deliberation__isnull=True
    ).select_related("meeting__unit")
    form = CompositionToCouncilForm(
        request.POST or None, items=items, council=unit or composition.unit, initial={"version": composition.version}
    )
    context = {"form": form, "composition": composition, "items": items}
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
                version=data["version"],
            ),
            context,
        )
        if made is not None:
            messages.success(request, _("It is on the agenda."))
            return redirect("units:composition", composition.public_id)
    return render(request, "units/bodies/to_council.html", context)

"""The Council: elections and the first Council in one grid or from a file; replacements, substitutes, positions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import door, refused
from refamp.base.errors import Refused
from refamp.jobs.actions import create_upload
from units.actions.council import Elected, add_substitute, give_position, hold_election, replace_councillor
from units.actions.founding import name_first
from units.choices import Position, UnitKind, UnitState
from units.forms.council import CouncilForm, ElectionFileForm, PositionForm, ReplaceForm, SubstituteForm
from units.models import Mandate, Unit
from units.queries.bodies import mandates_in_force, names_councillors_for, present_municipalities, seats_of
from units.queries.seating import Seated
from units.tasks.bodies import ELECTION, columns_of_election, rows_of
from units.views.bodies import attempt


def council_or_404() -> Unit:
    return get_object_or_404(Unit.objects.exclude(state=UnitState.DISSOLVED), kind=UnitKind.COUNCIL)


@door(names_councillors_for, methods=("GET", "POST"))
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


@door(names_councillors_for, methods=("GET", "POST"))
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


def mandate_or_404(public_id: Any) -> Mandate:
    return get_object_or_404(
        mandates_in_force().select_related("unit", "person", "municipality", "partner"), public_id=public_id
    )


@door(names_councillors_for, methods=("GET", "POST"))
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
    try:
        return text is not None and bool(UUID(text))
    except ValueError:
        return False


@door(names_councillors_for, methods=("GET", "POST"))
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


@door(names_councillors_for, methods=("GET", "POST"))
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

"""Who sits where: the first composition of a body, and the end of one mandate."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import check, door, signed_in
from units.actions.founding import name_first
from units.actions.mandates import end_mandate
from units.choices import UnitKind
from units.forms.compositions import FirstForm, more_rows, seated, seats_formset
from units.forms.council import EndMandateForm
from units.queries.bodies import ends_mandates_in, may_found, named_before
from units.rules import founds, may_end_mandate
from units.views.bodies import attempt, unit_or_404
from units.views.council import grid_page, mandate_or_404


@door(founds, methods=("GET", "POST"))
def first_page(request: HttpRequest, code: str) -> HttpResponse:
    """The first Council and the first coordination unit, with the act that named them."""
    unit = unit_or_404(code)
    if not may_found(unit):
        messages.error(request, _("From now on an election or a deliberation names people."))
        return redirect("units:unit", unit.code)
    if before := named_before(unit):
        messages.error(
            request, _("Enter the coordination unit first: once the Council sits, only a deliberation names people.")
        )
        return redirect("units:unit_first", before.code)
    if unit.kind == UnitKind.COUNCIL:
        return grid_page(request, unit, first=True)
    if "more" in request.POST:
        form, seats = FirstForm(initial=request.POST.dict()), seats_formset(unit, more_rows(request.POST))
        return render(request, "units/bodies/first.html", {"form": form, "seats": seats, "unit": unit})
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


@door(signed_in, methods=("GET", "POST"))
def end_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A resignation, or the end of a term."""
    mandate = mandate_or_404(public_id)
    own = mandate.person_id == request.user.pk
    check(may_end_mandate(request.user, is_own=own, keeps=ends_mandates_in(request.user, mandate.unit)))
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

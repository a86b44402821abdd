"""Programmes of several years and the actions that they group."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from refamp.accounts.authentication import signed_in_user
from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused, Stale
from units.actions.programmes import save_programme
from units.choices import APPROVED_PLAN, UNCOUNTED_ACTION
from units.filters.plans import ProgrammeFilter
from units.forms.plans import ProgrammeForm
from units.formulas.plans import percent
from units.models import Programme
from units.queries.bodies import mandates_of
from units.queries.plans import writable_units
from units.queries.programmes import programme_actions, programme_money, programmes, weighed_once
from units.rules import writes_plan
from units.views.showing import renew, stale_rows


@door(everyone)
def programmes_page(request: HttpRequest) -> HttpResponse:
    found = ProgrammeFilter(request.GET, queryset=programmes(request.user), request=request)
    context = {
        "form": found.form,
        "programmes": list(found.qs) if found.is_valid() else [],
        "may_write": bool(mandates_of(request.user)),
    }
    return render(request, "units/plans/programmes.html", context)


@door(everyone)
def programme_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A programme and its actions, year by year."""
    programme = get_object_or_404(programmes(request.user), public_id=public_id)
    actions = list(programme_actions(request.user, programme))
    going = [
        action for action in actions if action.plan.state in APPROVED_PLAN and action.state not in UNCOUNTED_ACTION
    ]
    done, whole = weighed_once(going)
    context = {
        "programme": programme,
        "actions": actions,
        "progress": percent(done, whole),
        "whole": whole,
        "money": programme_money(request.user, programme),
        "may_edit": writes_plan(mandates_of(request.user), programme.unit_id),
        "sees_history": sees_audit(request.user),
    }
    return render(request, "units/plans/programme.html", context)


def form_page(request: HttpRequest, programme: Programme | None) -> HttpResponse:
    units = writable_units(request.user)
    check(units)
    names = ("version", "code", "name", "purpose", "starts_on", "ends_on")
    initial = {name: getattr(programme, name) for name in names} | {"unit": programme.unit.code} if programme else {}
    form = ProgrammeForm(request.POST or None, units=units, initial=initial)
    context: dict[str, Any] = {"form": form, "programme": programme}
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_programme(actor=signed_in_user(request), programme=programme, **form.cleaned_data)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current)
            refused(request, form, stale)
            renew(form, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("units:programme", saved.public_id)
    return render(request, "units/plans/programme_form.html", context)


@door(signed_in, methods=("GET", "POST"))
def add_page(request: HttpRequest) -> HttpResponse:
    return form_page(request, None)


@door(signed_in, methods=("GET", "POST"))
def edit_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    programme = get_object_or_404(Programme.objects.select_related("unit"), public_id=public_id)
    check(writes_plan(mandates_of(request.user), programme.unit_id))
    return form_page(request, programme)

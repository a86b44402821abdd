"""Partners and partnerships: the list, a partner, entering and changing, files."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused
from refamp.base.export import csv_lines, xlsx_file
from refamp.jobs.actions import create_upload
from units.actions.partners import add_partner, begin_partnership, change_partner, end_partner, end_partnership
from units.exchange.bodies import PARTNER_COLUMNS, partner_rows
from units.filters.bodies import PartnerFilter
from units.forms.partners import EndForm, PartnerForm, PartnersFileForm, PartnershipForm, initial_partner
from units.models import Partner, Partnership
from units.queries.bodies import keeps_partners_of, keeps_unit_of, partners_listed, standing
from units.tasks.bodies import PARTNERS
from units.views.bodies import attempt

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def filtered(request: HttpRequest) -> PartnerFilter:
    return PartnerFilter(request.GET, queryset=partners_listed(), request=request)


@door(everyone)
def partners_page(request: HttpRequest) -> HttpResponse:
    """Who works with the units, in which role."""
    found = filtered(request)
    context = {
        "form": found.form,
        "partners": found.qs if found.is_valid() else Partner.objects.none(),
        "may_write": keeps_partners_of(request.user),
    }
    return render(request, "units/bodies/partners.html", context)


@door(everyone)
def partners_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Exactly what is shown, as a file that re-imports unchanged."""
    found = filtered(request)
    if not found.is_valid():
        raise Http404
    rows = partner_rows(found.qs)
    headers = {"Content-Disposition": f'attachment; filename="parceiros.{form}"'}
    if form == "csv":
        lines = csv_lines(PARTNER_COLUMNS, rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    return FileResponse(xlsx_file(PARTNER_COLUMNS, rows), content_type=XLSX, headers=headers)


@door(everyone)
def partner_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    partner = get_object_or_404(partners_listed(), public_id=public_id)
    context = {
        "partner": partner,
        "may_write": keeps_partners_of(request.user),
        "sees_history": sees_audit(request.user),
        "seats": partner.mandates.filter(ends_on__isnull=True).select_related("unit", "person"),
    }
    return render(request, "units/bodies/partner.html", context)


@door(keeps_partners_of, methods=("GET", "POST"))
def add_page(request: HttpRequest) -> HttpResponse:
    return edit_form(request, None)


@door(keeps_partners_of, methods=("GET", "POST"))
def edit_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    return edit_form(request, get_object_or_404(Partner.objects.select_related("municipality"), public_id=public_id))


def edit_form(request: HttpRequest, partner: Partner | None) -> HttpResponse:
    form = PartnerForm(request.POST or None, initial=initial_partner(partner) if partner else {})
    context: dict[str, Any] = {"form": form, "partner": partner}
    if request.method == "POST" and form.is_valid():

        def change() -> Partner:
            if partner is None:
                return add_partner(actor=request.user, data=form.facts())
            version = form.cleaned_data["version"] or 0
            return change_partner(actor=request.user, partner=partner, version=version, data=form.facts())

        saved = attempt(request, form, change, context)
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("units:partner", saved.public_id)
    return render(request, "units/bodies/partner_edit.html", context)


@door(keeps_partners_of, methods=("GET", "POST"))
def end_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    partner = get_object_or_404(Partner, public_id=public_id)
    form = EndForm(request.POST or None, initial={"version": partner.version, "last": timezone.localdate()})
    context = {"form": form, "partner": partner}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        ended = attempt(
            request,
            form,
            lambda: end_partner(
                actor=request.user,
                partner=partner,
                last=data["last"],
                reason=data["reason"],
                version=data["version"],
            ),
            context,
        )
        if ended is not None:
            messages.success(request, _("Its last day is recorded."))
            return redirect("units:partner", partner.public_id)
    return render(request, "units/bodies/partner_end.html", context)


@door(signed_in, methods=("GET", "POST"))
def partnership_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A partner begins to work with a unit. By who keeps the unit or the register."""
    partner = get_object_or_404(Partner, public_id=public_id)
    keeps_all = keeps_partners_of(request.user)
    units = standing()
    kept = [unit.pk for unit in units if keeps_all or keeps_unit_of(request.user, unit)]
    check(kept)
    form = PartnershipForm(
        request.POST or None,
        partner=partner,
        units=units.filter(pk__in=kept),
        initial={"roles": partner.roles, "starts_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(request, form, lambda: begin_partnership(actor=request.user, partner=partner, **data))
        if made is not None:
            messages.success(request, _("Saved."))
            return redirect("units:partner", partner.public_id)
    return render(request, "units/bodies/partnership.html", {"form": form, "partner": partner})


@door(signed_in, methods=("GET", "POST"))
def partnership_end_page(request: HttpRequest, public_id: Any, key: int) -> HttpResponse:
    partnership = get_object_or_404(
        Partnership.objects.select_related("partner", "unit"), partner__public_id=public_id, pk=key
    )
    check(keeps_partners_of(request.user) or keeps_unit_of(request.user, partnership.unit))
    form = EndForm(request.POST or None, initial={"last": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        ended = attempt(
            request,
            form,
            lambda: end_partnership(
                actor=request.user, partnership=partnership, last=data["last"], reason=data["reason"]
            ),
        )
        if ended is not None:
            messages.success(request, _("Its last day is recorded."))
            return redirect("units:partner", public_id)
    context = {"form": form, "partnership": partnership, "partner": partnership.partner}
    return render(request, "units/bodies/partner_end.html", context)


@door(keeps_partners_of, methods=("GET", "POST"))
def import_page(request: HttpRequest) -> HttpResponse:
    """A file of partners: kept, checked by the worker, shown before anything happens."""
    form = PartnersFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = create_upload(actor=request.user, kind=PARTNERS, file=file, name=file.name)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("jobs:upload", upload.public_id)
    return render(request, "units/bodies/file.html", {"form": form, "election": False})

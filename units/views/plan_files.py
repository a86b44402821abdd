"""A plan as a workbook, its import, and the one-page sheet of an action as PDF."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.accounts.authentication import signed_in_user
from refamp.base.doors import check, door, everyone, refused, signed_in
from refamp.base.errors import Refused
from refamp.base.pdf import render_pdf
from refamp.jobs.actions import create_upload
from units.choices import EDITABLE_PLAN
from units.exchange.plans import workbook
from units.forms.plans import WorkbookForm
from units.queries.plan_content import content_of
from units.tasks.plans import KIND
from units.views.plan_actions import sheet_of
from units.views.plans import parts_of, plan_or_404
from units.views.showing import sheet_data

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@door(everyone)
def workbook_file(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The plan and its actions in one workbook, which re-imports unchanged."""
    plan = plan_or_404(request, public_id)
    name = f"plano-{plan.unit.code}-{plan.year}.xlsx"
    with workbook(content_of(plan)) as file:
        made = file.read()
    return HttpResponse(made, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@door(everyone)
def sheet(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The one-page sheet of an action on paper."""
    action = sheet_of(request, public_id)
    made = render_pdf("units/plans/sheet.typ", sheet_data(action), at=timezone.now())
    name = f"acao-{action.plan.unit.code}-{action.plan.year}-{action.code}.pdf"
    return HttpResponse(
        made, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@door(signed_in, methods=("GET", "POST"))
def import_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A workbook for a draft: kept, checked by the worker, shown before anything happens."""
    plan = plan_or_404(request, public_id)
    check("unit" in parts_of(request, plan) and plan.state in EDITABLE_PLAN)
    form = WorkbookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = create_upload(
                actor=signed_in_user(request), kind=KIND, target=str(plan.public_id), file=file, name=file.name
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("jobs:upload", upload.public_id)
    return render(request, "units/plans/import.html", {"plan": plan, "form": form, "title": _("Import a workbook")})

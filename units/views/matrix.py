"""The matrix of responses and lines against units and years, and what other rooms' pages load from here."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render

from axes.models import Node
from refamp.base.doors import door, everyone
from refamp.base.export import csv_lines, xlsx_file
from units.forms.plans import MatrixForm
from units.models import ActionPlan
from units.queries.matrix import (
    MATRIX_COLUMNS,
    Matrix,
    matrix,
    matrix_rows,
    planned_years,
    planning_units,
    served_below,
    serving,
)
from units.queries.progress import latest_year, progress_over_years, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_SERVING = 50


def asked(request: HttpRequest) -> tuple[forms.Form, dict[str, Any]]:
    """The filters and what they say; the latest planned year where none is asked for."""
    years, units = planned_years(ActionPlan.objects.visible_to(request.user)), list(planning_units())
    form = MatrixForm(request.GET or None, years=years, units=units)
    year = latest_year() or (years[0] if years else None)
    said: dict[str, Any] = {"year": year, "by": "unit", "unit": None, "axis": "", "drafts": False, "holes": False}
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        said = data | {
            "by": data["by"] or "unit",
            "year": None if data["year"] == "all" else int(data["year"]) if data["year"] else year,
            "unit": next((unit for unit in units if unit.code == data["unit"]), None),
        }
        if said["by"] in {"year", "both"} and not data["year"]:
            said["year"] = None
    return form, said


@door(everyone)
def matrix_page(request: HttpRequest) -> HttpResponse:
    """What each unit works on, and what nobody works on."""
    form, said = asked(request)
    found: Matrix = matrix(request.user, **said)
    return render(request, "units/plans/matrix.html", {"form": form, "matrix": found, **said})


@door(everyone)
def matrix_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Exactly what is shown, in long form."""
    filters, said = asked(request)
    if filters.is_bound and not filters.is_valid():
        raise Http404
    found = matrix(request.user, **said)
    rows = matrix_rows(found, unit=said["unit"])
    headers = {"Content-Disposition": f'attachment; filename="matriz.{form}"'}
    if form == "csv":
        lines = csv_lines(MATRIX_COLUMNS, rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    with xlsx_file(MATRIX_COLUMNS, rows) as file:
        return HttpResponse(file.read(), content_type=XLSX, headers=headers)


@door(everyone)
def serving_fragment(request: HttpRequest, node: UUID) -> HttpResponse:
    """For the page of a node: how far it is by year, and the actions that serve it or anything below it."""
    found = get_object_or_404(Node.objects.visible_to(request.user), public_id=node)
    actions = list(serving(request.user, served_below(found))[: MOST_SERVING + 1])
    progress = [(row, shown(row)) for row in progress_over_years(found.lineage)]
    context = {
        "node": found,
        "actions": actions[:MOST_SERVING],
        "more": len(actions) > MOST_SERVING,
        "progress": progress,
        "planned": ActionPlan.objects.approved().exists(),
    }
    return render(request, "units/plans/serving.html", context)

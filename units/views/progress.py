"""How far a year is, from the referential down to what actions serve."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from refamp.base.doors import door, everyone
from refamp.base.export import csv_lines, xlsx_file
from units.forms.plans import YearForm
from units.queries.progress import PROGRESS_COLUMNS, approved_years, progress_rows, rolled_up

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def asked(request: HttpRequest) -> tuple[forms.Form, int | None]:
    """The filter and the year that it says: the latest with an approved plan where none is asked for."""
    years = approved_years()
    form = YearForm(request.GET or None, years=years)
    said = form.cleaned_data.get("year") if form.is_bound and form.is_valid() else ""
    return form, int(said) if said else next(iter(years), None)


@door(everyone)
def progress_page(request: HttpRequest) -> HttpResponse:
    """Progress at every level of the edition in force, with the weights behind each figure."""
    form, year = asked(request)
    lines = rolled_up(year) if year else []
    return render(request, "units/plans/progress.html", {"form": form, "year": year, "lines": lines})


@door(everyone)
def progress_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Exactly what is shown, in long form."""
    filters, year = asked(request)
    if year is None or (filters.is_bound and not filters.is_valid()):
        raise Http404
    rows = progress_rows(rolled_up(year), year)
    headers = {"Content-Disposition": f'attachment; filename="progresso-{year}.{form}"'}
    if form == "csv":
        lines = csv_lines(PROGRESS_COLUMNS, rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    with xlsx_file(PROGRESS_COLUMNS, rows) as file:
        return HttpResponse(file.read(), content_type=XLSX, headers=headers)

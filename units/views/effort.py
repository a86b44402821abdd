"""How the effort is shared, and what each rule of composition says: tables, and the same as files."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import door, everyone
from refamp.base.export import csv_lines, xlsx_file
from units.exchange.effort import CHECK_COLUMNS, EFFORT_COLUMNS, check_rows, effort_rows
from units.formulas.bodies import least_gini, rounded
from units.queries.composition import bodies_on
from units.queries.effort import efforts, spread_of

YEARS = (2014, 2100)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def year_of(request: HttpRequest) -> int:
    """The year that is asked for, or the present one."""
    asked = request.GET.get("ano", "")
    is_year = asked.isascii() and asked.isdigit() and YEARS[0] <= int(asked) <= YEARS[1]
    return int(asked) if is_year else timezone.localdate().year


@door(everyone)
def effort_page(request: HttpRequest) -> HttpResponse:
    """How evenly the effort is shared over the seventeen: the table, and for who wants them curve and coefficient."""
    year = year_of(request)
    rows = efforts(timezone.localdate(), year)
    spreads = {
        "seats": spread_of([row.seats for row in rows]),
        "hours": spread_of([row.hours for row in rows]),
        "actions": spread_of([row.actions for row in rows]),
        "money": spread_of([row.money for row in rows]),
    }
    measures = [
        ("seats", _("Seats")),
        ("hours", _("Hours a month")),
        ("actions", _("Actions led")),
        ("money", _("Municipal money")),
    ]
    context = {
        "rows": rows,
        "year": year,
        "years": (year - 1, year + 1),
        "spreads": spreads,
        "largest": rounded(Fraction(len(rows) - 1, len(rows)), 3) if rows else None,
        "least": rounded(least_gini(sum(row.seats for row in rows), len(rows)), 3),
        "measures": [{"name": name, "label": label, "spread": spreads[name]} for name, label in measures],
    }
    return render(request, "units/bodies/effort.html", context)


@door(everyone)
def effort_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The table of efforts of a year."""
    year = year_of(request)
    rows = effort_rows(efforts(timezone.localdate(), year), year)
    return sent(EFFORT_COLUMNS, rows, f"esforco-{year}", form)


@door(everyone)
def checks_file(_request: HttpRequest, form: str) -> HttpResponseBase:
    """Every body against each rule of its composition, today."""
    today = timezone.localdate()
    return sent(CHECK_COLUMNS, check_rows(bodies_on(today), today), f"composicoes-{today}", form)


def sent(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], name: str, form: str) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "csv":
        lines = csv_lines(columns, rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    with xlsx_file(columns, rows) as file:
        return HttpResponse(file.read(), content_type=XLSX, headers=headers)

"""The municipalities, and one of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from refamp.base.doors import door
from refamp.territory.formulas import change_percent
from refamp.territory.queries import area_total, census_table, municipalities_today, parishes_of, population_rows
from refamp.territory.rules import may_read


@door(may_read)
def municipalities(request: HttpRequest) -> HttpResponse:
    rows = population_rows()
    before, after = area_total(rows, "population_2011"), area_total(rows, "population_2021")
    context = {
        "rows": rows,
        "before": before,
        "after": after,
        "change": change_percent(before, after),
        "growing": len([row for row in rows if row["change"] is not None and row["change"] > 0]),
        "has_boundaries": municipalities_today().filter(boundary__isnull=False).exists(),
    }
    return render(request, "territory/municipalities.html", context)


@door(may_read)
def municipality(request: HttpRequest, code: str) -> HttpResponse:
    place = get_object_or_404(municipalities_today().defer("boundary"), code=code)
    context = {"place": place, "census": census_table(place), "parishes": parishes_of(place).defer("boundary")}
    return render(request, "territory/municipality.html", context)

"""Questions about places."""

import datetime
from typing import Any

from django.db.models import IntegerField, Max, Min, OuterRef, QuerySet, Subquery
from django.utils import timezone

from refamp.territory.choices import CensusMeasure
from refamp.territory.formulas import change_percent
from refamp.territory.models import CensusCount, Municipality, Parish


def municipalities_today() -> QuerySet[Municipality]:
    """The seventeen."""
    return Municipality.objects.valid_on(timezone.localdate())


def parishes_of(municipality: Municipality, day: datetime.date | None = None) -> QuerySet[Parish]:
    """A municipality's parishes on a day, today where none is given."""
    return Parish.objects.valid_on(day or timezone.localdate()).filter(municipality=municipality)


def recorded_days() -> tuple[datetime.date | None, datetime.date | None]:
    """From when parishes are recorded at all, and until when (None: until further notice)."""
    known = Parish.objects.aggregate(first=Min("valid_from"), last=Max("valid_to"))
    ongoing = Parish.objects.filter(valid_to__isnull=True).exists()
    return known["first"], None if ongoing else known["last"]


def parishes_recorded_on(day: datetime.date) -> bool:
    """Whether any list of parishes covers this day. Where none does, "no parishes" would be an untruth."""
    return Parish.objects.valid_on(day).exists()


def population(year: int, measure: str = CensusMeasure.RESIDENT_POPULATION) -> Subquery:
    """A census figure of each municipality of a queryset, as an annotation; null where there is none."""
    counts = CensusCount.objects.filter(municipality=OuterRef("pk"), year=year, measure=measure)
    return Subquery(counts.values("people")[:1], output_field=IntegerField())


def with_population(municipalities: QuerySet[Municipality]) -> QuerySet[Municipality]:
    """`population_2011` and `population_2021`, the residents of the two last censuses."""
    return municipalities.annotate(population_2011=population(2011), population_2021=population(2021))


def census_table(municipality: Municipality) -> list[dict[str, Any]]:
    """Per measure the figures of 2011 and 2021, and the change in percent (None where one of them is missing)."""
    found = {(each.measure, each.year): each for each in municipality.census_counts.all()}
    rows = []
    for measure in CensusMeasure:
        before, after = found.get((measure, 2011)), found.get((measure, 2021))
        rows.append(
            {
                "measure": measure.value,
                "label": measure.label,
                "before": before.people if before else None,
                "after": after.people if after else None,
                "change": change_percent(before.people if before else None, after.people if after else None),
                "sources": sorted({each.source for each in (before, after) if each}),
            }
        )
    return rows


def population_rows() -> list[dict[str, Any]]:
    """The seventeen with their residents at the two last censuses and the change in percent, by name."""
    names = ("code", "name", "short_name", "tile_x", "tile_y", "population_2011", "population_2021")
    rows = list(with_population(municipalities_today()).values(*names))
    for row in rows:
        row["change"] = change_percent(row["population_2011"], row["population_2021"])
    return rows


def area_total(rows: list[dict[str, Any]], name: str) -> int | None:
    """The sum over the municipalities; None where one of them has no figure (a sum of the rest would mislead)."""
    values = [row[name] for row in rows]
    return None if not values or None in values else sum(values)


def census_for(keys: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The census figures of several municipalities, by key, for the API."""
    found: dict[int, list[dict[str, Any]]] = {key: [] for key in keys}
    counts = CensusCount.objects.filter(municipality__in=keys).order_by("municipality", "measure", "year")
    for key, measure, year, people, source in counts.values_list(
        "municipality_id", "measure", "year", "people", "source"
    ):
        found[key].append({"measure": measure, "year": year, "people": people, "source": source})
    return found

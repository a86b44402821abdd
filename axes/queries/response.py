"""Who is missing: answers against the quota plan, and how alike respondents are to whom they should speak for.

Built from `Results` alone, that is from figures that this person may see anyway: what is hidden there is pooled here,
so that nothing more can be learnt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count

from axes.choices import Group
from axes.formulas.representativeness import Similarity, proportional_similarity, response_rate
from axes.models import Quota, Respondent
from axes.queries.results import GROUP, MUNICIPALITY, Results
from refamp.territory.choices import CensusMeasure
from refamp.territory.models import CensusCount, Municipality

CENSUS_YEAR = 2021


@dataclass(frozen=True)
class Margin:
    """One municipality or group: answers (None: hidden) against the plan (None: not in the plan)."""

    key: Any
    answered: int | None
    expected: int | None

    @property
    def label(self) -> str:
        return self.key.name if isinstance(self.key, Municipality) else str(Group(self.key).label)

    @property
    def rate(self) -> Decimal | None:
        return None if self.answered is None or not self.expected else response_rate(self.answered, self.expected)

    @property
    def status(self) -> str:
        """Why there is no rate."""
        return "suppressed" if self.answered is None else "not_applicable"


@dataclass(frozen=True)
class HeatRow:
    """A municipality of the quota plan with, per group, (answers, expected or None)."""

    municipality: Municipality
    cells: list[tuple[str, int, int | None]]


@dataclass(frozen=True)
class Alike:
    """A proportional similarity with its reference. `pooled`: how many categories are hidden and taken together."""

    similarity: Similarity
    reference: str
    year: int | None
    pooled: int
    is_hidden: bool = False


@dataclass(frozen=True)
class Response:
    total: Margin
    municipalities: list[Margin]
    groups: list[Margin]
    to_census: Alike
    to_quota: Alike
    heat: list[HeatRow] | None

    @property
    def fewest_group(self) -> Margin | None:
        return fewest(self.groups)

    @property
    def fewest_municipality(self) -> Margin | None:
        return fewest(self.municipalities)


def fewest(margins: list[Margin]) -> Margin | None:
    """The one with the lowest rate; None where no rate can be shown."""
    return min((m for m in margins if m.rate is not None), key=lambda m: m.rate or 0, default=None)


def response_of(results: Results) -> Response:
    """Answers against the quota plan, and proportional similarity. Three queries; a heat map only where live."""
    quota: dict[tuple[int, str], int] = {
        (place, group): expected
        for place, group, expected in Quota.objects.filter(consultation=results.consultation).values_list(
            "municipality_id", "group", "expected"
        )
    }
    by_place = {place.pk: sum_where(quota, 0, place.pk) for place in results.municipalities}
    by_group = {group: sum_where(quota, 1, group) for group in results.groups}
    census = dict(
        CensusCount.objects.filter(
            year=CENSUS_YEAR,
            measure=CensusMeasure.RESIDENT_POPULATION,
            municipality__in=[place.pk for place in results.municipalities],
        ).values_list("municipality_id", "people")
    )
    strata = results.strata
    return Response(
        total=Margin(None, results.respondents, sum(quota.values()) or None),
        municipalities=[Margin(p, strata[MUNICIPALITY, p.pk], by_place[p.pk]) for p in results.municipalities],
        groups=[Margin(group, strata[GROUP, group], by_group[group]) for group in results.groups],
        to_census=alike(results, MUNICIPALITY, census, "census", CENSUS_YEAR),
        to_quota=alike(results, GROUP, {key: count or 0 for key, count in by_group.items()}, "quota", None),
        heat=heat_of(results, quota) if results.is_live else None,
    )


def sum_where(quota: Mapping[tuple[int, str], int], place: int, key: Any) -> int | None:
    """What the plan expects of one municipality (place 0) or group (1); None where it is not in the plan."""
    found = [expected for cell, expected in quota.items() if cell[place] == key]
    return sum(found) if found else None


def alike(results: Results, dimension: str, reference: Mapping[Any, int], name: str, year: int | None) -> Alike:
    """Proportional similarity in one dimension, the hidden categories pooled on both sides."""
    seen = {key: count for (which, key), count in results.strata.items() if which == dimension}
    hidden = {key for key, count in seen.items() if count is None}
    observed: dict[Any, int] = {key: count for key, count in seen.items() if count is not None}
    expected: dict[Any, int] = {key: count for key, count in reference.items() if key not in hidden}
    if hidden and results.respondents is not None:
        observed["hidden"] = results.respondents - sum(observed.values())
        expected["hidden"] = sum(count for key, count in reference.items() if key in hidden)
    # One category left to compare is like any other: 100 %, which says nothing.
    says_nothing = bool(hidden) and len(observed.keys() - {None, "hidden"}) == 0
    return Alike(proportional_similarity(observed, expected), name, year, len(hidden), says_nothing)


def heat_of(results: Results, quota: Mapping[tuple[int, str], int]) -> list[HeatRow]:
    """Answers now, by municipality and group: for the coordination unit, to know whom to ask."""
    answered = {
        (place, group): count
        for place, group, count in Respondent.objects.filter(
            consultation=results.consultation,
            withdrawn_at__isnull=True,
            municipality__isnull=False,
            group__isnull=False,
        )
        .order_by()
        .values_list("municipality_id", "group")
        .annotate(count=Count("pk"))
    }
    return [
        HeatRow(place, [(g, answered.get((place.pk, g), 0), quota.get((place.pk, g))) for g in results.groups])
        for place in results.municipalities
    ]

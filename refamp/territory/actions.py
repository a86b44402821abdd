"""The changes: loading lists, and boundaries."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.territory.models import CensusCount, Municipality, Parish

ONE_DAY = datetime.timedelta(days=1)
Row = Mapping[str, str]


@dataclass
class Loaded:
    """What a load did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    closed: int = 0


def differences(obj: Model, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(obj, name) != value}


def update_object(obj: Any, values: Mapping[str, Any], *, actor: Any, action: str, reason: str) -> bool:
    """Set what differs, with its record; whether anything did."""
    changed = differences(obj, values)
    if not changed:
        return False
    before = {name: getattr(obj, name) for name in changed}
    for name, value in changed.items():
        setattr(obj, name, value)
    obj.save(update_fields=[*changed, *(["updated_at"] if hasattr(obj, "updated_at") else [])])
    record(actor=actor, action=action, obj=obj, before=before, after=changed, reason=reason)
    return True


@transaction.atomic
def load_municipalities(*, actor: Any, rows: Iterable[Row], reason: str = "") -> Loaded:
    """Create or bring up to date the municipalities of a list (columns of `data/municipalities.csv`)."""
    done = Loaded()
    known = {each.code: each for each in Municipality.objects.select_for_update().filter(valid_to__isnull=True)}
    for row in rows:
        values: dict[str, Any] = {
            "name": row["name"],
            "short_name": row["short_name"],
            "district": row["district"],
            "nuts3": row["nuts3"],
            "lon": Decimal(row["lon"]),
            "lat": Decimal(row["lat"]),
            "area_km2": Decimal(row["area_km2"]),
            "tile_x": int(row["tile_x"]),
            "tile_y": int(row["tile_y"]),
        }
        obj = known.get(row["code"])
        if obj is None:
            obj = Municipality.objects.create(code=row["code"], **values)
            record(actor=actor, action="municipality.created", obj=obj, after=dict(row), reason=reason)
            done.created += 1
        elif update_object(obj, values, actor=actor, action="municipality.updated", reason=reason):
            done.updated += 1
        else:
            done.unchanged += 1
    return done


@transaction.atomic
def load_census(*, actor: Any, rows: Iterable[Row], reason: str = "") -> Loaded:
    """Create or bring up to date census counts (columns of `data/census.csv`)."""
    done = Loaded()
    places = {each.code: each for each in Municipality.objects.filter(valid_to__isnull=True)}
    known = {(each.municipality_id, each.year, each.measure): each for each in CensusCount.objects.select_for_update()}
    new = []
    for row in rows:
        place = places.get(row["municipality_code"])
        if place is None:
            raise Refused(_("There is no municipality %(code)s.") % {"code": row["municipality_code"]})
        values = {"people": int(row["people"]), "source": row["source"]}
        obj = known.get((place.pk, int(row["year"]), row["measure"]))
        if obj is None:
            new.append(CensusCount(municipality=place, year=int(row["year"]), measure=row["measure"], **values))
        elif update_object(obj, values, actor=actor, action="census_count.updated", reason=reason):
            done.updated += 1
        else:
            done.unchanged += 1
    for obj in CensusCount.objects.bulk_create(new):
        record(
            actor=actor,
            action="census_count.created",
            obj=obj,
            after={"people": obj.people, "source": obj.source},
            reason=reason,
        )
    done.created = len(new)
    return done


@transaction.atomic
def load_parishes(
    *,
    actor: Any,
    rows: Iterable[Row],
    valid_from: datetime.date,
    valid_to: datetime.date | None = None,
    reason: str = "",
) -> Loaded:
    """Load a whole list of parishes that held from a day, until another where it ended.

    The rows are `code, name, municipality_code`.
    A list that still holds closes what it no longer names on the day before. A past list never touches what came
    after: a parish that went on unchanged into the next list stays one row, which now begins earlier. Loading a list
    again changes nothing. Raises Refused where a list contradicts what is recorded.
    """
    rows = list(rows)
    places = {each.code: each for each in Municipality.objects.filter(valid_to__isnull=True)}
    for row in rows:
        if row["municipality_code"] not in places:
            raise Refused(_("There is no municipality %(code)s.") % {"code": row["municipality_code"]})
    if len({row["code"] for row in rows}) < len(rows):
        raise Refused(_("The list names a code twice."))
    if valid_to is not None and valid_to < valid_from:
        raise Refused(_("The last day cannot come before the first."))
    known: dict[str, list[Parish]] = {}
    for each in Parish.objects.select_for_update().order_by("code", "valid_from"):
        known.setdefault(each.code, []).append(each)
    done = Loaded()
    if valid_to is None:
        done.closed = close_parishes(known, {row["code"] for row in rows}, valid_from, actor=actor, reason=reason)
    for row in rows:
        load_parish(
            row,
            places[row["municipality_code"]],
            known.get(row["code"], []),
            (valid_from, valid_to),
            done,
            actor=actor,
            reason=reason,
        )
    return done


def close_parishes(
    known: Mapping[str, list[Parish]], named: set[str], valid_from: datetime.date, *, actor: Any, reason: str
) -> int:
    """End, on the day before a new list begins, what it no longer names; how many."""
    closed = 0
    for code, several in known.items():
        for parish in several:
            if code in named or parish.valid_to is not None:
                continue
            if parish.valid_from is not None and parish.valid_from >= valid_from:
                raise Refused(_("Parish %(code)s begins on that day or later and is not in the list.") % {"code": code})
            end = {"valid_to": valid_from - ONE_DAY}
            closed += update_object(parish, end, actor=actor, action="parish.closed", reason=reason)
    return closed


def load_parish(
    row: Row,
    place: Municipality,
    several: list[Parish],
    days: tuple[datetime.date, datetime.date | None],
    done: Loaded,
    *,
    actor: Any,
    reason: str,
) -> None:
    """One parish of a list: as it was, corrected, begun earlier, or new."""
    valid_from, valid_to = days
    values = {"name": row["name"], "municipality_id": place.pk}
    for parish in several:
        same = not differences(parish, values)
        begins, ends = parish.valid_from or datetime.date.min, parish.valid_to or datetime.date.max
        if same and begins <= valid_from and ends >= (valid_to or datetime.date.max):
            done.unchanged += 1
            return
        if same and valid_to is not None and begins == valid_to + ONE_DAY:
            update_object(parish, {"valid_from": valid_from}, actor=actor, action="parish.updated", reason=reason)
            done.updated += 1
            return
        if begins == valid_from and parish.valid_to == valid_to:
            # The same list, corrected.
            update_object(parish, values, actor=actor, action="parish.updated", reason=reason)
            done.updated += 1
            return
        if valid_to is None and parish.valid_to is None and begins < valid_from:
            # It goes on under another name or elsewhere: what it was stays recorded.
            update_object(
                parish, {"valid_to": valid_from - ONE_DAY}, actor=actor, action="parish.closed", reason=reason
            )
            done.closed += 1
        elif begins <= (valid_to or datetime.date.max) and ends >= valid_from:
            raise Refused(_("Parish %(code)s is already recorded for a part of these days.") % {"code": row["code"]})
    parish = Parish.objects.create(code=row["code"], valid_from=valid_from, valid_to=valid_to, **values)
    record(actor=actor, action="parish.created", obj=parish, after=dict(row), reason=reason)
    done.created += 1


@transaction.atomic
def set_boundaries(
    *, actor: Any, level: str, boundaries: Mapping[str, dict[str, Any]], source: str, reason: str = ""
) -> Loaded:
    """Give the present places of a level their boundaries, by code, each with its record; all or nothing.

    The record says that a boundary was replaced and from which source; the geometry itself stands in the place.
    """
    model = {"municipality": Municipality, "parish": Parish}[level]
    places = {each.code: each for each in model.objects.select_for_update().filter(valid_to__isnull=True)}
    done = Loaded()
    for code, geometry in boundaries.items():
        place = places.get(code)
        if place is None:
            raise Refused(_("There is no place %(code)s.") % {"code": code})
        if place.boundary == geometry and place.boundary_source == source:
            done.unchanged += 1
            continue
        before = {"boundary_source": place.boundary_source, "had_boundary": place.boundary is not None}
        place.boundary, place.boundary_source = geometry, source
        place.save(update_fields=["boundary", "boundary_source", "updated_at"])
        after = {"boundary_source": source, "had_boundary": True}
        record(actor=actor, action=f"{level}.boundary_set", obj=place, before=before, after=after, reason=reason)
        done.updated += 1
    return done

"""The table of efforts, and the rules of composition, as they go out."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from units.queries.composition import Body
from units.queries.effort import Effort

EFFORT_COLUMNS = (
    "municipality",
    "municipality_name",
    "year",
    "seats",
    "hours_month",
    "hours_status",
    "actions_led",
    "money_eur",
)
CHECK_COLUMNS = (
    "day",
    "unit",
    "unit_name",
    "kind",
    "state",
    "seats",
    "seats_min",
    "seats_max",
    "seats_left",
    "problem_areas",
    "rule",
    "rule_text",
    "source",
    "is_met",
    "breakers",
    "detail",
)


def effort_rows(efforts: Iterable[Effort], year: int) -> Iterator[dict[str, Any]]:
    """One row per municipality. No hours and `missing`: a seat of theirs does not say how many."""
    for effort in efforts:
        yield {
            "municipality": effort.place.code,
            "municipality_name": effort.place.name,
            "year": year,
            "seats": effort.seats,
            "hours_month": effort.hours,
            "hours_status": "missing" if effort.hours is None else "",
            "actions_led": effort.actions,
            "money_eur": effort.euro,
        }


def check_rows(bodies: Iterable[Body], day: date) -> Iterator[dict[str, Any]]:
    """One row per body and rule. No problem areas: the body serves no axis."""
    for body in bodies:
        for check in body.checks:
            yield {
                "day": day,
                "unit": body.unit.code,
                "unit_name": body.unit.name,
                "kind": body.unit.kind,
                "state": body.unit.state,
                "seats": len(body.seats),
                "seats_min": body.unit.members_min,
                "seats_max": body.unit.members_max,
                "seats_left": body.seats_left,
                "problem_areas": len(body.problem_areas) if body.axis else None,
                "rule": check.code,
                "rule_text": str(check.rule),
                "source": check.origin.value,
                "is_met": check.is_met,
                "breakers": "; ".join(check.breakers),
                "detail": str(check.detail),
            }

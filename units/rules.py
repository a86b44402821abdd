"""Who may do what in a body. Rights come only from a mandate in force, never from an account's role.

The predicates ask `mandates`: the (unit key, position, municipality key) triples in force today, which
`queries.mandates_of(user)` reads once per request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from units.choices import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    Held = Iterable[tuple[int, str, int | None]]

CHAIRS = {Position.PRESIDENT, Position.VICE_PRESIDENT, Position.COORDINATOR}
SECRETARIAT = CHAIRS | {Position.SECRETARY}


def sits_in(mandates: Held, unit_id: int) -> bool:
    return any(unit == unit_id for unit, _position, _place in mandates)


def chairs(mandates: Held, unit_id: int) -> bool:
    return any(unit == unit_id and position in CHAIRS for unit, position, _place in mandates)


def is_secretariat(mandates: Held, unit_id: int) -> bool:
    return any(unit == unit_id and position in SECRETARIAT for unit, position, _place in mandates)


def writes_plan(mandates: Held, unit_id: int) -> bool:
    """Whoever has a mandate in the plan's unit drafts it, reports on it and amends it."""
    return sits_in(mandates, unit_id)


def reviews_plan(
    mandates: Held, unit_id: int, *, coordination: int | None, strategic: Iterable[int], is_author: bool
) -> bool:
    """The coordination unit gives the opinion on a plan, the strategic units on the coordination unit's own.

    Whoever wrote in the plan never does, whatever else they sit in.
    """
    if is_author:
        return False
    if unit_id == coordination:
        return any(sits_in(mandates, unit) for unit in strategic)
    return coordination is not None and sits_in(mandates, coordination)


def brings_to_council(mandates: Held, *, council: int | None, coordination: int | None) -> bool:
    """The secretariat of the Council, and the coordination unit, put plans and amendments before the Council."""
    return (council is not None and is_secretariat(mandates, council)) or (
        coordination is not None and sits_in(mandates, coordination)
    )

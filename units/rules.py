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

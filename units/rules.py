"""Who may do what in a body. Rights come only from a mandate in force, never from an account's role.

The predicates ask `mandates`: the (unit key, position, municipality key) triples in force today, which
`queries.mandates_of(user)` reads once per request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refamp.accounts.rules import is_coordination
from units.choices import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Held = Iterable[tuple[int, str, int | None]]

CHAIRS = {Position.PRESIDENT, Position.VICE_PRESIDENT, Position.COORDINATOR}
SECRETARIAT = CHAIRS | {Position.SECRETARY}


def sits_in(mandates: Held, unit_id: int) -> bool:
    return any(unit == unit_id for unit, _position, _place in mandates)


def chairs(mandates: Held, unit_id: int) -> bool:
    return any(unit == unit_id and position in CHAIRS for unit, position, _place in mandates)


def speaks_for(mandates: Held, unit_id: int) -> set[int]:
    """Keys of the municipalities for which somebody sits in a body, in a seat or as a substitute."""
    return {place for unit, _position, place in mandates if unit == unit_id and place is not None}


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


def founds(user: User | AnonymousUser) -> bool:
    """Enter the first Council and coordination unit, with the act that named them: before anybody has a mandate."""
    return is_coordination(user) and user.acts_only_for is None


def names_councillors(mandates: Held, *, council: int | None, coordination: int | None) -> bool:
    """Enter elections, replacements, positions and substitutes: the secretariats of the two bodies.

    Not everybody who sits in the coordination unit: some of them stand for partners, some are substitutes.
    """
    return any(body is not None and is_secretariat(mandates, body) for body in (council, coordination))


def keeps_council(mandates: Held, *, council: int | None, coordination: int | None) -> bool:
    """Keep its deliberations and partnerships: the secretariat of the Council, and the coordination unit."""
    return brings_to_council(mandates, council=council, coordination=coordination)


def keeps_unit(mandates: Held, unit_id: int, *, coordination: int | None) -> bool:
    """Note down who left a unit and which partners work with it: who chairs it, and the coordination unit."""
    return chairs(mandates, unit_id) or (coordination is not None and sits_in(mandates, coordination))


def may_end_mandate(_user: User, *, is_own: bool, keeps: bool) -> bool:
    """Anybody resigns; whoever keeps the body notes it for others."""
    return is_own or keeps


def edits_bodies(mandates: Held, *, coordination: int | None) -> bool:
    """Change what a body's rules say: the coordination unit."""
    return coordination is not None and sits_in(mandates, coordination)


def proposes_compositions(mandates: Held, *, council: int | None, coordination: int | None, is_vacant: bool) -> bool:
    """The coordination unit proposes who sits in a unit; where it has nobody, the secretariat of the Council does."""
    if coordination is not None and sits_in(mandates, coordination):
        return True
    return is_vacant and council is not None and is_secretariat(mandates, council)


def keeps_partners(user: User | AnonymousUser, mandates: Held, *, coordination: int | None) -> bool:
    """The register of partners is nobody's unit: who runs the platform keeps it, and the coordination unit."""
    return founds(user) or edits_bodies(mandates, coordination=coordination)


def keeps_meetings(mandates: Held, unit_id: int, *, coordination: int | None) -> bool:
    """Prepare and convene meetings, record who came, write the minutes: the secretariat, and the coordination unit."""
    return is_secretariat(mandates, unit_id) or (coordination is not None and sits_in(mandates, coordination))


def approves_minutes(mandates: Held, unit_id: int, *, wrote: bool, attended: bool, chair_can: bool) -> bool:
    """Who chairs the body, attended the meeting and wrote nothing in them (CPA, art. 34, nos. 2 and 3).

    `chair_can`: whether anybody who chairs it did; where nobody did, any other member who attended stands in.
    """
    part = chairs(mandates, unit_id) if chair_can else sits_in(mandates, unit_id)
    return part and attended and not wrote


def may_see_body_imports(user: User | AnonymousUser, _upload: object = None) -> bool:
    """Files of elections and of partners, beside whoever sent one."""
    return founds(user)

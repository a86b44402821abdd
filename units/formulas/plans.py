"""Progress, status and versions of plans, as pure functions.

**Progress.** Of an action: Σ weight × progress / Σ weight over its milestones, in percent. Of a plan, a response, a
problem area, an axis or the referential: the same over the actions, each counted once, whose progress is kept to
four decimals (half up, as the database rounds a positive numeric, so that both forms agree to the last digit).

**Status.** The first of these that holds: stopped; completed; regressed (a milestone stands below where it once was);
late (a milestone is overdue, or nothing was reported for longer than the unit allows); not started; on time. A person
may say otherwise, until a day.

**Versions.** The canonical form of a plan is JSON with sorted keys, no blanks, nothing escaped: the same content has
the same bytes and the same digest, whoever writes it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

from units.choices import STOPPED_ACTION, ActionState, ActionStatus

KEPT = Decimal("0.0001")
SHOWN = Decimal("0.01")
DONE = 100


def rounded(done: Decimal, whole: Decimal, step: Decimal, rounding: str) -> Decimal | None:
    """The quotient to the step, rounded once, from the exact fraction; None where there is nothing to divide by."""
    if not whole:
        return None
    exact = Fraction(done) / Fraction(whole) / Fraction(step)
    floor, rest = divmod(exact.numerator, exact.denominator)
    twice = 2 * rest - exact.denominator
    up = twice > 0 or (twice == 0 and (rounding == ROUND_HALF_UP or floor % 2 == 1))
    return (floor + up) * step


def kept(done: Decimal, whole: Decimal) -> Decimal | None:
    """The progress of an action as roll-ups count it: percent, four decimals."""
    return rounded(done, whole, KEPT, ROUND_HALF_UP)


def percent(done: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Progress as it is shown: percent, two decimals, half to even; None is no data."""
    return None if done is None or whole is None else rounded(done, whole, SHOWN, ROUND_HALF_EVEN)


def mean_of(milestones: Iterable[tuple[Decimal, int]]) -> tuple[Decimal, Decimal]:
    """(Σ weight × progress, Σ weight) of (weight, progress) pairs; (0, 0) where there are none."""
    done = whole = Decimal(0)
    for weight, progress in milestones:
        done += weight * progress
        whole += weight
    return done, whole


def roll_up(actions: Iterable[tuple[Decimal, Sequence[tuple[Decimal, int]]]]) -> tuple[Decimal, Decimal, int]:
    """(done, whole, how many) of (weight, milestones) pairs; an action without milestones says nothing and is left out.

    The quotient lies between the least and the greatest progress of the actions.
    """
    done, whole, count = Decimal(0), Decimal(0), 0
    for weight, milestones in actions:
        own = kept(*mean_of(milestones))
        if own is not None:
            done += weight * own
            whole += weight
            count += 1
    return done, whole, count


def in_year(day: date, year: int) -> date:
    """A day before a year as the same day of that year (29 February as 28); later ones stay."""
    if day.year >= year:
        return day
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)


def carried_id(milestone: UUID, plan: int) -> UUID:
    """The id of a milestone in the plan that it is carried over to: always the same, whatever it is called there."""
    return uuid5(milestone, str(plan))


def plain_figure(text: str) -> str:
    """A figure as people write it, with a decimal point and nothing else: `1 234,50 €` and `1.234,50` are 1234.50.

    Spaces of every kind and the euro sign go; with a decimal comma, or more than one point, points are of thousands.
    """
    plain = "".join(text.replace("€", "").split())
    if "," in plain or plain.count(".") > 1:
        plain = plain.replace(".", "").replace(",", ".")
    return plain


# Status -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What status asks of a milestone."""

    due_on: date
    progress: int
    best: int


def status_of(  # noqa: PLR0911 - one line per status, first come first served
    *,
    state: str,
    starts_on: date,
    last_report_on: date | None,
    steps: Sequence[Step],
    stale_days: int,
    day: date,
    override: str | None = None,
) -> ActionStatus:
    """The status of an action on a day. `override`: what a person said and what still holds on that day."""
    if override:
        return ActionStatus(override)
    if state in STOPPED_ACTION:
        return ActionStatus.STOPPED
    if state == ActionState.DONE or (steps and all(step.progress == DONE for step in steps)):
        return ActionStatus.COMPLETED
    if any(step.progress < step.best for step in steps):
        return ActionStatus.REGRESSED
    overdue = any(step.due_on < day and step.progress < DONE for step in steps)
    if overdue or (day - (last_report_on or starts_on)).days > stale_days:
        return ActionStatus.LATE
    if state == ActionState.PLANNED and not any(step.progress for step in steps):
        return ActionStatus.NOT_STARTED
    return ActionStatus.ON_TIME


# Versions -----------------------------------------------------------------------------------------------------------


def canonical(content: Mapping[str, Any]) -> str:
    """The one way to write a content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """SHA-256 of the canonical text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Changed:
    """One field, before and after. Lists are compared whole."""

    field: str
    before: Any
    after: Any


@dataclass
class Difference:
    """What it takes to get from one content of a plan to another. Actions are known by their key."""

    head: list[Changed] = field(default_factory=list)
    added: list[Mapping[str, Any]] = field(default_factory=list)
    removed: list[Mapping[str, Any]] = field(default_factory=list)
    changed: list[tuple[Mapping[str, Any], list[Changed]]] = field(default_factory=list)
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.head or self.added or self.removed or self.changed)


def changes(old: Mapping[str, Any], new: Mapping[str, Any], *, leaving: frozenset[str] = frozenset()) -> list[Changed]:
    """Fields that differ, in the order in which the newer content names them."""
    names = [name for name in dict.fromkeys([*new, *old]) if name not in leaving]
    return [Changed(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Compare two contents. Comparing a content with itself gives nothing; the reverse swaps added and removed."""
    found = Difference(head=changes(old, new, leaving=frozenset({"actions"})))
    before = {action["key"]: action for action in old.get("actions", [])}
    after = {action["key"]: action for action in new.get("actions", [])}
    found.added = [action for key, action in after.items() if key not in before]
    found.removed = [action for key, action in before.items() if key not in after]
    for key, action in after.items():
        if key in before:
            fields = changes(before[key], action)
            if fields:
                found.changed.append((action, fields))
            else:
                found.unchanged += 1
    return found

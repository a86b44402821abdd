"""Meetings in figures: who must be present, how long ahead a meeting is called, how an agenda is numbered. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from units.choices import NoticeUnit, SecondCallQuorum
from units.formulas.calendars import LISBON
from units.formulas.votes import quorum_of

# Between the two calls, unless the body's own rules say otherwise (CPA, DL 4/2015, art. 29, no. 2).
BETWEEN_CALLS = timedelta(hours=24)
DEEPEST = 3
SATURDAY = 5


@dataclass(frozen=True)
class Quorum:
    """How many seats there are, how many are present (in person or remotely), how many the call asks for."""

    seats: int
    present: int
    needed: int

    @property
    def is_met(self) -> bool:
        return self.seats > 0 and self.present >= self.needed

    @property
    def missing(self) -> int:
        """How many more are needed; 0 where there are enough."""
        return max(0, self.needed - self.present)

    @property
    def absent(self) -> int:
        """How many seats nobody has taken."""
        return self.seats - self.present


def quorum(seats: int, present: int, *, call: int = 1, second_call: str = SecondCallQuorum.HALF) -> Quorum:
    """More than half of the seats on first call; on second call what the body's rule says.

    A body without seats has no quorum. Raises ValueError where more are present than there are seats.
    """
    if not 0 <= present <= seats:
        raise ValueError(f"{present} present of {seats} seats")
    return Quorum(seats, present, quorum_of(seats, call=call, second_call=second_call) if seats else 1)


def urgency_needed(seats: int) -> int:
    """How many members must recognise that a late point is urgent: two thirds of all of them (CPA, art. 26, no. 2)."""
    return -(-2 * seats // 3)


# The notice -----------------------------------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


# Suspended from 2013 to 2015 (Lei n.º 23/2012), restored by Lei n.º 8/2016.
SUSPENDED = range(2013, 2016)


def national_holidays(year: int) -> frozenset[date]:
    """Portugal's compulsory holidays (Código do Trabalho, art. 234); neither Carnival nor municipal ones."""
    sunday = easter(year)
    found = {(1, 1), (4, 25), (5, 1), (6, 10), (8, 15), (12, 8), (12, 25)}
    moving = {sunday, sunday - timedelta(days=2)}
    if year not in SUSPENDED:
        found |= {(10, 5), (11, 1), (12, 1)}
        moving.add(sunday + timedelta(days=60))  # Corpus Christi
    return frozenset(date(year, month, day) for month, day in found) | moving


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in national_holidays(day.year)


def notice_until(starts_at: datetime, notice_days: int, unit: str = NoticeUnit.HOURS) -> datetime:
    """Until when a meeting can still be called with its notice. In working days: the end of a day (exclusive).

    Between the day of the call and the day of the meeting, neither of them counted, lie `notice_days` whole working
    days: the reading of the law on which nobody can say that the notice was short.
    """
    if unit == NoticeUnit.HOURS:
        return starts_at - timedelta(days=notice_days)
    if not notice_days:
        return starts_at
    day = starts_at.astimezone(LISBON).date()
    left = notice_days
    while left:
        day -= timedelta(days=1)
        left -= is_working_day(day)
    return datetime.combine(day, time(), tzinfo=LISBON)


def keeps_notice(convened_at: datetime, starts_at: datetime, notice_days: int, unit: str = NoticeUnit.HOURS) -> bool:
    """Whether a meeting is called as far ahead as its body's rule asks: in hours, two days are 48."""
    until = notice_until(starts_at, notice_days, unit)
    return convened_at <= until if unit == NoticeUnit.HOURS or not notice_days else convened_at < until


# The agenda -----------------------------------------------------------------------------------------------------------

Item = TypeVar("Item")


@dataclass(frozen=True)
class Numbered(Generic[Item]):
    """A point in its place: `code` "2.1", `depth` 1 for the highest; whether one may move it up or down."""

    item: Item
    code: str
    depth: int
    is_first: bool
    is_last: bool


def numbered(rows: Sequence[tuple[int, int | None, int]]) -> list[Numbered[int]]:
    """(key, key of the one above or None, order) of each point → the points as they are read, with their numbers.

    Points whose chain does not end at the top are left out (the database refuses none of them, the actions do).
    """
    below: dict[int | None, list[tuple[int, int]]] = {}
    for key, parent, order in rows:
        below.setdefault(parent, []).append((order, key))
    found: list[Numbered[int]] = []

    def walk(parent: int | None, prefix: str, depth: int) -> None:
        children = sorted(below.get(parent, []))
        for place, (_order, key) in enumerate(children, 1):
            code = f"{prefix}{place}"
            found.append(Numbered(key, code, depth, place == 1, place == len(children)))
            walk(key, f"{code}.", depth + 1)

    walk(None, "", 1)
    return found


# Texts ----------------------------------------------------------------------------------------------------------------

BULLET = re.compile(r"^\s*[-–•]\s+")


def blocks(text: str) -> list[dict[str, Any]]:
    """A person's text in parts: paragraphs, lists (lines that begin with a dash), headings (a line after "## ").

    A blank line parts them. Several lines of a paragraph stay lines.
    """
    found: list[dict[str, Any]] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        lines = [line.rstrip() for line in part.split("\n") if line.strip()]
        while lines and lines[0].startswith("## "):
            found.append({"kind": "heading", "text": lines.pop(0)[3:].strip()})
        if not lines:
            continue
        if all(BULLET.match(line) for line in lines):
            found.append({"kind": "list", "entries": [BULLET.sub("", line) for line in lines]})
        elif len(lines) == 1:
            found.append({"kind": "paragraph", "text": lines[0].strip()})
        else:
            found.append({"kind": "lines", "lines": [line.strip() for line in lines]})
    return found


def digest_of(content: Mapping[str, Any] | Iterable[Any]) -> str:
    """One digest for the same content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text's bytes (UTF-8), as anybody can compute it from the published file."""
    return hashlib.sha256(text.encode()).hexdigest()

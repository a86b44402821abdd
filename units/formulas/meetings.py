"""Meetings in figures: who must be present, how long ahead a meeting is called, how an agenda is numbered. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from units.choices import SecondCallQuorum
from units.formulas.votes import quorum_of

# Between the two calls, unless the body's own rules say otherwise (CPA, DL 4/2015, art. 29, no. 2).
BETWEEN_CALLS = timedelta(hours=24)
DEEPEST = 3


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


def keeps_notice(convened_at: datetime, starts_at: datetime, notice_days: int) -> bool:
    """Whether a meeting is called as many whole days ahead as its body's rule asks: two days are 48 hours."""
    return starts_at - convened_at >= timedelta(days=notice_days)


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

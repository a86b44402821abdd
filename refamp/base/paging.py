"""Pages of a long list by key: the cost of a page does not grow with its distance from the start."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A stretch of a list, newest (highest key) first, and the cursors of the stretches beside it."""

    rows: list[Row]
    newer: str | None
    older: str | None


def page_of(rows: QuerySet[Row], *, cursor: str = "", size: int = 50) -> Page[Row]:
    """The rows before (`o<key>`) or after (`n<key>`) one that was shown; the newest where the cursor says nothing."""
    direction, key = cursor[:1], cursor[1:]
    known = direction in {"o", "n"} and key.isascii() and key.isdigit() and len(key) < 19  # noqa: PLR2004 - a bigint
    if known and direction == "n":
        found = list(rows.filter(pk__gt=int(key)).order_by("pk")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        rest = rows.filter(pk__lt=int(key)) if known else rows
        found = list(rest.order_by("-pk")[: size + 1])
        more_newer, more_older = known, len(found) > size
        found = found[:size]
    return Page(
        found,
        newer=f"n{found[0].pk}" if found and more_newer else None,
        older=f"o{found[-1].pk}" if found and more_older else None,
    )

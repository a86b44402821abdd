"""What a local plan says, in the shape that form, file, API and action share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from axes.models import Node
from refamp.territory.models import Municipality

MOST_PRIORITIES = 60

Priority = tuple[str, Node | None]


@dataclass(frozen=True)
class PlanData:
    """What a local plan says, without its document: the shape that form, API and import share."""

    municipality: Municipality
    kind: str
    title: str
    starts_on: date
    ends_on: date | None = None
    link: str = ""
    priorities: Sequence[Priority] = ()

    @property
    def head(self) -> dict[str, Any]:
        return {
            "municipality": self.municipality,
            "kind": self.kind,
            "title": self.title,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "link": self.link,
        }

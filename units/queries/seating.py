"""What comes in about who is to sit: the shape that forms, files and actions share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from refamp.territory.models import Municipality
from units.choices import Position
from units.models import Partner


@dataclass(frozen=True)
class Seated:
    """Somebody who is to sit: known by an e-mail address; for a municipality, a partner, or neither."""

    name: str
    email: str
    municipality: Municipality | None = None
    partner: Partner | None = None
    position: str = Position.MEMBER
    hours_month: Decimal | None = None


@dataclass(frozen=True)
class Proposed:
    """A composition as it is typed: from when, on which three grounds, and who."""

    starts_on: date
    grounds_effort: str
    grounds_competences: str
    grounds_profile: str
    seats: Sequence[Seated]

    @property
    def grounds(self) -> dict[str, str]:
        return {
            "grounds_effort": self.grounds_effort.strip(),
            "grounds_competences": self.grounds_competences.strip(),
            "grounds_profile": self.grounds_profile.strip(),
        }

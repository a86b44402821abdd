"""What tests of bodies stand on: the founding edition, the bodies founded on it, municipalities to sit in them."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from axes.actions.founding import load_framework
from axes.queries.framework import FOUNDING_EDITION
from refamp.accounts.models import User
from refamp.territory.models import Municipality
from tests.factories import MandateFactory, MunicipalityFactory, UserFactory
from units.actions.founding import load_governance
from units.choices import Position, UnitKind
from units.models import Unit
from units.queries.bodies import FOUNDING_GOVERNANCE
from units.queries.seating import Proposed, Seated

ACT = "Deliberação de 12 de março"


def found() -> list[Unit]:
    load_framework(actor=None, data=json.loads(FOUNDING_EDITION.read_text(encoding="utf-8")))
    return load_governance(actor=None, data=json.loads(FOUNDING_GOVERNANCE.read_text(encoding="utf-8")))


@dataclass
class Founded:
    """The bodies as the founding set-up leaves them, with people of the coordination unit and of the Council."""

    council: Unit
    coordination: Unit
    team: Unit
    strategic: list[Unit]
    places: list[Municipality]
    coordinator: User = field(default_factory=UserFactory)
    president: User = field(default_factory=UserFactory)
    outsider: User = field(default_factory=UserFactory)


def founded(*, places: int = 4, seated: bool = True) -> Founded:
    """The bodies; `seated`: a Council of so many municipalities and a coordinator sit."""
    found()
    world = Founded(
        council=Unit.objects.get(kind=UnitKind.COUNCIL),
        coordination=Unit.objects.get(kind=UnitKind.COORDINATION),
        team=Unit.objects.get(kind=UnitKind.TECHNICAL_TEAM),
        strategic=list(Unit.objects.filter(kind=UnitKind.STRATEGIC).order_by("code")),
        places=[MunicipalityFactory() for _number in range(places)],
    )
    if seated:
        Unit.objects.filter(pk__in=[world.council.pk, world.coordination.pk]).update(state="constituted")
        MandateFactory(unit=world.coordination, person=world.coordinator, position=Position.COORDINATOR)
        for number, place in enumerate(world.places):
            MandateFactory(
                unit=world.council,
                person=world.president if number == 0 else UserFactory(),
                municipality=place,
                position=Position.PRESIDENT if number == 0 else Position.MEMBER,
            )
        world.council.refresh_from_db()
        world.coordination.refresh_from_db()
    return world


def councillors(places: list[Municipality], *, prefix: str = "novo") -> list[Seated]:
    """One person per municipality, who has no account yet."""
    return [Seated(f"Pessoa {prefix} {p.code}", f"{prefix}.{p.code}@example.org", municipality=p) for p in places]


def proposal(places: list[Municipality], *, on: date | None = None, prefix: str = "membro") -> Proposed:
    seats = councillors(places, prefix=prefix)
    first = seats[0]
    seats[0] = Seated(first.name, first.email, municipality=first.municipality, position=Position.COORDINATOR)
    return Proposed(on or timezone.localdate() + timedelta(days=1), "Esforço", "Competências", "Perfil", seats)

"""What tests of votes stand on: a Council, a meeting in session with everybody there, something to decide."""

from dataclasses import dataclass, field

from django.utils import timezone

from refamp.accounts.models import User
from refamp.territory.models import Municipality
from tests.factories import (
    BodyRuleFactory,
    MandateFactory,
    MeetingFactory,
    MunicipalityFactory,
    UnitFactory,
    UserFactory,
)
from units.actions.votes import cast_vote, propose_deliberation
from units.choices import DecisionRule, ItemKind, LegalEffect, MeetingState, Position, Presence, UnitKind
from units.models import AgendaItem, Attendance, Deliberation, Mandate, Meeting, Unit


@dataclass
class Chamber:
    """A body whose first seat is its president, and the people in it; a coordination unit with its secretary."""

    unit: Unit
    coordination: Unit
    meeting: Meeting
    secretary: User
    vice: User
    places: list[Municipality] = field(default_factory=list)
    seats: list[Mandate] = field(default_factory=list)
    people: list[User] = field(default_factory=list)

    @property
    def president(self) -> User:
        return self.people[0]


def chamber(seats: int = 17, *, present: int | None = None, state: str = MeetingState.IN_SESSION, **facts) -> Chamber:
    """The first `present` of the seats (everybody, unless said) are recorded as there, every other one remotely."""
    unit = UnitFactory(
        code="CV",
        kind=UnitKind.COUNCIL,
        axis_lineage=None,
        name="Conselho",
        members_min=seats,
        members_max=seats,
        **facts,
    )
    for rule in DecisionRule:
        BodyRuleFactory(unit=unit, rule=rule, is_default=rule == DecisionRule.SIMPLE_MAJORITY)
    coordination = UnitFactory(code="UCE", kind=UnitKind.COORDINATION, axis_lineage=None)
    secretary = UserFactory(name="Sara Secretária")
    MandateFactory(unit=coordination, person=secretary, position=Position.SECRETARY)
    made = Chamber(
        unit=unit,
        coordination=coordination,
        meeting=MeetingFactory(unit=unit, state=state),
        secretary=secretary,
        vice=secretary,
    )
    for number in range(seats):
        place = MunicipalityFactory(name=f"Município {number:02d}", short_name=f"M{number:02d}")
        person = UserFactory(name=f"Vereação {number:02d}")
        position = {0: Position.PRESIDENT, 1: Position.VICE_PRESIDENT}.get(number, Position.MEMBER)
        mandate = MandateFactory(unit=unit, person=person, position=position, municipality=place)
        made.places.append(place)
        made.people.append(person)
        made.seats.append(mandate)
        if number < (seats if present is None else present):
            attend(made, number, Presence.REMOTE if number % 2 else Presence.IN_PERSON)
    made.vice = made.people[1] if seats > 1 else secretary
    return made


def attend(here: Chamber, number: int, presence: str = Presence.IN_PERSON, substitute: Mandate | None = None) -> None:
    Attendance.objects.update_or_create(
        meeting=here.meeting,
        mandate=here.seats[number],
        defaults={"presence": presence, "substitute": substitute, "arrived_at": timezone.now()},
    )


def point(here: Chamber) -> AgendaItem:
    return AgendaItem.objects.create(
        meeting=here.meeting, order=here.meeting.items.count() + 1, title="Ponto", kind=ItemKind.DECISION
    )


def proposal(here: Chamber, **facts) -> Deliberation:
    """On the agenda, proposed by the coordination unit's secretary."""
    facts = {
        "title": "Rede de transporte a pedido",
        "text": "O Conselho aprova a rede.",
        "rule": DecisionRule.SIMPLE_MAJORITY,
        "legal_effect": LegalEffect.BINDING,
        "legal_effect_basis": "Regimento",
    } | facts
    return propose_deliberation(actor=facts.pop("actor", here.secretary), item=point(here), **facts)


def vote(here: Chamber, found: Deliberation, votes: str) -> None:
    """One letter per seat: `f` for, `a` against, `o` abstention, `-` none."""
    words = {"f": "for", "a": "against", "o": "abstain"}
    for number, letter in enumerate(votes):
        if letter in words:
            cast_vote(
                actor=here.people[number], deliberation=found, municipality=here.places[number], value=words[letter]
            )

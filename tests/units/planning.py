"""What tests of plans stand on: bodies with one person in each, an edition in force, a deliberation that decides."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from axes.choices import FrameworkState, NodeKind
from axes.models import Framework, Node
from refamp.accounts.models import User
from refamp.territory.models import Municipality
from tests.factories import (
    FrameworkFactory,
    MandateFactory,
    MunicipalityFactory,
    NodeFactory,
    UnitFactory,
    UserFactory,
)
from units.actions.amendments import decide_amendment
from units.actions.plan_decisions import decide_plan
from units.choices import DecisionRule, DeliberationState, LegalEffect, MetropolitanAnswer, Position, UnitKind
from units.models import AgendaItem, Deliberation, Meeting, Unit

YEAR = timezone.localdate().year


@dataclass
class World:
    """The bodies and one person in each of them."""

    unit: Unit
    other_unit: Unit
    coordination: Unit
    council: Unit
    member: User
    colleague: User
    other_member: User
    reviewer: User
    president: User
    councillor: User
    outsider: User
    edition: Framework
    response: Node
    other_response: Node
    line: Node
    area: Node
    axis: Node
    places: list[Municipality]


def world() -> World:
    edition = FrameworkFactory(state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    axis = NodeFactory(framework=edition, kind=NodeKind.PRIORITY_AXIS, code="EP1")
    area = NodeFactory(framework=edition, kind=NodeKind.PROBLEM_AREA, code="1.1", parent=axis)
    strategic = NodeFactory(framework=edition, kind=NodeKind.STRATEGIC_ACTION, code="AE1")
    unit = UnitFactory(code="UE1", axis_lineage=axis.lineage)
    other_unit = UnitFactory(code="UE2")
    coordination = UnitFactory(code="UCE", kind=UnitKind.COORDINATION, axis_lineage=None)
    council = UnitFactory(code="CV", kind=UnitKind.COUNCIL, axis_lineage=None, members_min=17, members_max=17)
    for rule in DecisionRule:
        council.decision_rules.create(rule=rule, legal_basis="Regimento", is_default=rule == "simple_majority")
    places = [MunicipalityFactory() for _ in range(3)]
    people = {
        name: UserFactory(name=name)
        for name in ("member", "colleague", "other_member", "reviewer", "president", "councillor", "outsider")
    }
    for name, body, position in (
        ("member", unit, Position.COORDINATOR),
        ("colleague", unit, Position.MEMBER),
        ("other_member", other_unit, Position.MEMBER),
        ("reviewer", coordination, Position.MEMBER),
        ("president", council, Position.PRESIDENT),
        ("councillor", council, Position.MEMBER),
    ):
        place = places[0] if name == "president" else places[1] if name == "councillor" else None
        MandateFactory(unit=body, person=people[name], position=position, municipality=place)
    return World(
        unit=unit,
        other_unit=other_unit,
        coordination=coordination,
        council=council,
        edition=edition,
        response=NodeFactory(framework=edition, kind=NodeKind.OPERATIONAL_RESPONSE, code="1.1.1", parent=area),
        other_response=NodeFactory(framework=edition, kind=NodeKind.OPERATIONAL_RESPONSE, code="1.1.2", parent=area),
        line=NodeFactory(framework=edition, kind=NodeKind.ACTION_LINE, code="AE1.1", parent=strategic),
        area=area,
        axis=axis,
        places=places,
        **people,
    )


def told(node: Node) -> dict[str, str]:
    return {"kind": node.kind, "code": node.code, "wording": node.wording, "lineage": str(node.lineage)}


def content(*nodes: Node, year: int = YEAR, **changes) -> dict:
    """The plainest action that may be submitted."""
    plain = {
        "code": "",
        "title": "Rede de apoio domiciliário",
        "description": "",
        "scope": "supramunicipal",
        "serves": [told(node) for node in nodes],
        "municipalities": [],
        "lead": None,
        "partners": [],
        "programme": None,
        "target_group": "Pessoas idosas",
        "people_expected": 120,
        "starts_on": f"{year}-01-01",
        "ends_on": f"{year}-12-31",
        "weight": "1.00",
        "milestones": [
            {"id": None, "title": "Protocolo", "due_on": f"{year}-12-30", "weight": "1.00"},
            {"id": None, "title": "Serviço aberto", "due_on": f"{year}-12-31", "weight": "3.00"},
        ],
        "budget": [{"year": year, "source": "municipal", "amount": "1000.00"}],
        "risks": [{"description": "Falta de técnicos", "likelihood": "low", "impact": "high", "mitigation": ""}],
    }
    return plain | changes


def agenda_item(council: Unit) -> AgendaItem:
    number = Meeting.objects.count() + 1
    now = timezone.now()
    meeting = Meeting.objects.create(
        unit=council, number=number, year=now.year, title="Reunião", starts_at=now, ends_at=now + timedelta(hours=2),
        place="Porto",
    )  # fmt: skip
    return AgendaItem.objects.create(meeting=meeting, order=1, title="Plano", kind="decision")


def deliberation(world: World, *, effect: str = LegalEffect.BINDING, **subject) -> Deliberation:
    """A deliberation on the agenda, without its handler having run."""
    item = agenda_item(world.council)
    return Deliberation.objects.create(
        unit=world.council,
        item=item,
        title="Aprovação",
        text="Texto",
        rule="simple_majority",
        legal_effect=effect,
        legal_effect_basis="Regimento",
        subject_kind=next(iter(subject)),
        **subject,
    )


def decide(found: Deliberation, state: str = DeliberationState.PASSED, answer: str = "") -> None:
    """Close a deliberation with a result, as the chair's step does, and call its handler."""
    if found.state == DeliberationState.DRAFT:
        numbered = state != DeliberationState.WITHDRAWN
        Deliberation.objects.filter(pk=found.pk).update(
            state=state,
            number=Deliberation.objects.count() if numbered else None,
            year=YEAR if numbered else None,
            closed_at=timezone.now(),
            votes_for=2,
            votes_against=0,
            abstentions=0,
        )
    if answer or (found.legal_effect == LegalEffect.PROPOSAL and state == DeliberationState.PASSED):
        Deliberation.objects.filter(pk=found.pk).update(
            metropolitan_answer=answer or MetropolitanAnswer.AWAITED,
            metropolitan_reference="CM 12",
            metropolitan_at=date(YEAR, 1, 2),
        )
    found.refresh_from_db()
    {"plan": decide_plan, "amendment": decide_amendment}[found.subject_kind](found)

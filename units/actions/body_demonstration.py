"""Demonstration: the bodies constituted, with people who do not exist and partners of the kinds the document names."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from refamp.accounts.actions import create_account
from refamp.accounts.models import User
from units.actions.agenda import add_item
from units.actions.compositions import propose_composition, put_composition_before_council
from units.actions.council import hold_election
from units.actions.founding import name_first
from units.actions.partners import add_partner, begin_partnership
from units.choices import (
    DecisionRule,
    ItemKind,
    LegalEffect,
    PartnerKind,
    PartnerRole,
    Position,
    UnitKind,
    UnitState,
)
from units.models import Composition, Deliberation, Meeting, Partner, Unit
from units.queries.bodies import council, present_municipalities
from units.queries.seating import Proposed, Seated

ACT = "Ato de demonstração: pessoas e datas são fictícias."
INSTALLED = "Instalação dos órgãos eleitos (demonstração): pessoas e datas são fictícias."
MARK = "(demonstração)"

# key → (name, kind, acronym, roles). As the document names them; what it abbreviates is read in full in the note.
PARTNERS: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
    (
        "plataforma",
        "Plataformas Supraconcelhias",
        PartnerKind.SUPRAMUNICIPAL_PLATFORM,
        "",
        (PartnerRole.DISSEMINATION, PartnerRole.MONITORING_EVALUATION),
        "",
    ),
    (
        "iss",
        "Instituto da Segurança Social",
        PartnerKind.SOCIAL_SECURITY,
        "ISS",
        (PartnerRole.JOINT_DESIGN, PartnerRole.MONITORING_EVALUATION),
        "O documento imprime «ISS».",
    ),
    (
        "ccdrn",
        "Comissão de Coordenação e Desenvolvimento Regional do Norte",
        PartnerKind.REGIONAL_COMMISSION,
        "CCDRN",
        (PartnerRole.JOINT_DESIGN,),
        "O documento imprime «CCDRN».",
    ),
    (
        "superior",
        "Instit. de Ensino Superior e de I&D",
        PartnerKind.HIGHER_EDUCATION,
        "",
        (PartnerRole.JOINT_DESIGN, PartnerRole.MONITORING_EVALUATION),
        "O documento não nomeia instituições.",
    ),
    (
        "publicas",
        "Entidades públicas de todo o território da AMP",
        PartnerKind.PUBLIC_BODY,
        "",
        (PartnerRole.DISSEMINATION,),
        "O documento não nomeia entidades.",
    ),
    (
        "privadas",
        "Entidades privadas de todo o território da AMP",
        PartnerKind.PRIVATE_BODY,
        "",
        (PartnerRole.DISSEMINATION, PartnerRole.JOINT_DESIGN),
        "O documento não nomeia entidades.",
    ),
    (
        "ies",
        "IES",
        PartnerKind.PROJECT_PARTNER,
        "IES",
        (PartnerRole.JOINT_DESIGN,),
        "O documento imprime «IES Inova+» sob os parceiros de projetos em curso; lemos dois parceiros.",
    ),
    (
        "inova",
        "Inova+",
        PartnerKind.PROJECT_PARTNER,
        "",
        (PartnerRole.JOINT_DESIGN,),
        "O documento imprime «IES Inova+» sob os parceiros de projetos em curso; lemos dois parceiros.",
    ),
)

# Municipalities by code, per unit: as many members as its problem areas ask for (axis 1 has four, axis 2 one).
COMPOSITIONS = {
    "UE1": ("1304", "1312", "1306", "1317", "0107"),
    "UE2": ("1308", "1310", "1315"),
    "UE3": ("1316", "1312", "1314", "0109"),
    "UE4": ("0119", "1313", "0113"),
}
HOURS = ("12.0", "10.0", "8.0", "16.0", "6.0")
GIVEN = (
    "Alda", "Bento", "Celeste", "Dário", "Elvira", "Fausto", "Graça", "Hélder", "Inês", "Jaime", "Lídia", "Mateus",
    "Natália", "Olavo", "Palmira", "Quitério", "Rosa", "Simão",
)  # fmt: skip
FAMILY = ("Amorim", "Barros", "Castro", "Duarte", "Esteves", "Faria", "Guerra")
# Who gets which name: everybody another, for the lists of names have no divisor in common.
FIRST_SUBSTITUTE, FIRST_TECHNICIAN, FIRST_BEFORE, FIRST_SUBSTITUTE_BEFORE = 17, 34, 60, 77
# Municipalities whose councillor was elected again.
REELECTED = {"1304", "1315", "0109", "1313"}
# How long before the Council meets a proposal goes in.
AHEAD = timedelta(days=21)


def demonstrated(key: str, number: int) -> tuple[str, str]:
    """(name, address) of somebody who does not exist, marked as such; another number is another name."""
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]} {MARK}"
    return name, f"{key}@demo.invalid"


def account(name: str, email: str) -> User:
    found = User.objects.filter(email=email).first()
    return found or create_account(actor=None, email=email, name=name, is_demonstration=True)


def sample(key: str) -> User | None:
    """A demonstration login, where the command `demo` has made it."""
    return User.objects.filter(email=f"{key}@demo.invalid").first()


@transaction.atomic
def demo_bodies(start: date) -> bool:
    """Name the first Council and coordination unit as from a day, once; False where a Council sits already."""
    seat = council()
    if seat is None or seat.state != UnitState.PROPOSED:
        return False
    partners = demo_partners(start)
    demo_coordination(start, partners)
    name_first(actor=None, unit=seat, starts_on=start, act=ACT, seats=demo_council(before_election=True))
    return True


def demo_election(day: date) -> None:
    """The whole Council changes on a day; some were elected again."""
    hold_election(actor=None, day=day, act=INSTALLED, seats=demo_council(before_election=False))


def demo_partners(start: date) -> dict[str, Partner]:
    found: dict[str, Partner] = {}
    units = {unit.code: unit for unit in Unit.objects.all()}
    for key, name, kind, acronym, roles, note in PARTNERS:
        present = Partner.objects.filter(name=name).first()
        if present is None:
            text = f"{note} Registo de demonstração.".strip()
            present = add_partner(
                actor=None,
                data={
                    "name": name, "acronym": acronym, "kind": kind, "roles": list(roles), "note": text,
                    "started_on": start,
                },
            )  # fmt: skip
            begin_partnership(
                actor=None,
                partner=present,
                unit=units["UCE"],
                roles=list(roles),
                starts_on=start,
                purpose="Dinamização do planeamento estratégico e implementação das ações (demonstração).",
            )
        found[key] = present
    return found


def demo_coordination(start: date, partners: dict[str, Partner]) -> None:
    """The transitory coordination unit: technical team, municipalities, a partner of a running project."""
    places = {place.code: place for place in present_municipalities()}
    people: list[tuple[str, str, str | None, Partner | None, str]] = [
        ("coordenacao", "Clara Pinto", None, None, Position.COORDINATOR),
        ("coordenacao2", "Carlos Reis", None, None, Position.SECRETARY),
        ("tecnica.porto", "Teresa Nunes", "1312", None, Position.MEMBER),
        ("tecnico.gondomar", "Tiago Marques", "1304", None, Position.MEMBER),
        ("uce.matosinhos", "Marta Sá", "1308", None, Position.MEMBER),
        ("parceiro", "Paulo Cruz", None, partners["inova"], Position.MEMBER),
    ]
    seats = []
    for key, name, code, partner, position in people:
        person = account(f"{name} {MARK}", f"{key}@demo.invalid")
        place = places.get(code) if code else None
        seats.append(Seated(person.name, person.email, place, partner, position, Decimal("14.0")))
    unit = Unit.objects.get(kind=UnitKind.COORDINATION)
    name_first(actor=None, unit=unit, starts_on=start, act=ACT, seats=seats)


def demo_council(*, before_election: bool) -> list[Seated]:
    """Seventeen councillors, some with a substitute; the demonstration login sits for its municipality."""
    seats = []
    login = sample("vereador.valongo")
    for number, place in enumerate(present_municipalities()):
        earlier = before_election and place.code not in REELECTED
        key, first, first_substitute = (
            ("anterior", FIRST_BEFORE, FIRST_SUBSTITUTE_BEFORE) if earlier else ("vereador", 0, FIRST_SUBSTITUTE)
        )
        name, email = demonstrated(f"{key}.{place.code}", first + number)
        if place.code == "1315" and login:
            name, email = login.name, login.email
        position = {0: Position.PRESIDENT, 1: Position.VICE_PRESIDENT, 2: Position.SECRETARY}.get(
            number, Position.MEMBER
        )
        account(name, email)
        seats.append(Seated(name, email, municipality=place, position=position))
        if number % 4 == 0:
            name, email = demonstrated(f"suplente.{key}.{place.code}", first_substitute + number)
            account(name, email)
            seats.append(Seated(name, email, municipality=place, position=Position.SUBSTITUTE))
    return seats


def demo_compositions(meeting: Meeting) -> list[Deliberation]:
    """Propose the four compositions and put them on the agenda of a meeting of the Council that still takes points."""
    author = sample("coordenacao")
    if author is None:
        return []
    default = meeting.unit.decision_rules.filter(is_default=True).first()
    rule = default.rule if default else DecisionRule.SIMPLE_MAJORITY
    made = []
    for unit in Unit.objects.filter(code__in=COMPOSITIONS, state=UnitState.PROPOSED).order_by("code"):
        composition = propose_composition(actor=author, unit=unit, data=demo_composition(unit, meeting))
        Composition.objects.filter(pk=composition.pk).update(created_at=ahead_of(meeting))
        item = add_item(actor=None, meeting=meeting, title=f"Composição: {unit.name}", kind=ItemKind.DECISION)
        put = put_composition_before_council(
            actor=author, composition=composition, item=item, rule=rule, legal_effect=LegalEffect.BINDING
        )
        Deliberation.objects.filter(pk=put.pk).update(proposed_at=ahead_of(meeting) + timedelta(days=3))
        made.append(put)
    return made


def ahead_of(meeting: Meeting) -> datetime:
    """When what a meeting decides was proposed: well before its notice, however late the demonstration is made."""
    return meeting.starts_at - AHEAD


def demo_composition(unit: Unit, meeting: Meeting) -> Proposed:
    """As many members as the unit's problem areas ask for; the demonstration login sits in the first."""
    codes = COMPOSITIONS[unit.code]
    places = {place.code: place for place in present_municipalities().filter(code__in=codes)}
    member = sample("membro.unidade")
    seats = []
    for number, code in enumerate(codes):
        name, email = demonstrated(f"{unit.code.lower()}.{code}", FIRST_TECHNICIAN + number + int(unit.code[-1]) * 5)
        if number == 0 and unit.code == "UE1" and member:
            name, email = member.name, member.email
        account(name, email)
        position = Position.COORDINATOR if number == 0 else Position.MEMBER
        seats.append(Seated(name, email, places[code], None, position, Decimal(HOURS[number])))
    return Proposed(
        starts_on=timezone.localdate(meeting.starts_at),
        grounds_effort="Cada município integra quando muito duas unidades; as horas repartem-se (demonstração).",
        grounds_competences="Técnicos com trabalho feito nas problemáticas do eixo (demonstração).",
        grounds_profile="Perfil estratégico da ação social na AMP como ponto de partida (demonstração).",
        seats=seats,
    )

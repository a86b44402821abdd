"""A unit drafts its plan, the Council meets and votes: approved, it is public; refused, it comes back with reasons."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Door
from tests.journeys.driving import Person
from tests.running import Running

Someone = Callable[..., Person]
CHAIR, VOTERS = "presidente", ("vereador.valongo", "vereadora.a", "vereador.b")
SIMPLE = "simple_majority"

# Councillors of the demonstration that have no login yet get one, and years without a plan are looked up.
GOVERNING = """
import json
from refamp.accounts.models import User
from units.models import ActionPlan
from units.queries.bodies import council, seats_of
from django.utils import timezone

today = timezone.localdate()
seats = [one for one in seats_of(council(), today) if one.person.email != "vereador.valongo@demo.invalid"]
seats.sort(key=lambda one: one.position != "president")
logins = {}
for key, seat in zip(("presidente", "vereadora.a", "vereador.b"), seats):
    if not seat.person.check_password("uma frase para os percursos"):  # a new one ends open sessions
        seat.person.set_password("uma frase para os percursos")
        seat.person.save(update_fields=["password"])
    logins[key] = {"email": seat.person.email, "place": seat.municipality.code}
last = max(ActionPlan.objects.filter(unit__code="UE1").values_list("year", flat=True), default=today.year)
print("MADE", json.dumps({"logins": logins, "year": last + 1}))
"""


@pytest.fixture(scope="module")
def governing(platform: Running, everybody: Door) -> dict:
    """The first year without a plan; three more councillors may log in."""
    made = json.loads(platform.manage("shell", "-v", "0", "-c", GOVERNING).partition("MADE ")[2])
    for key, login in made["logins"].items():
        known = {"password": "uma frase para os percursos"}
        name = login["email"].partition("@")[0]
        everybody.logins[name] = known
        made[key] = name
    return made


def day(person: Person, target: str, value: str) -> None:
    """A date or an hour: the parts of such a field are the browser's own, in an order of its own."""
    person.reach(target).fill(value)


def pick(person: Person, name: str, value: str) -> None:
    """One of several radio buttons: Tab goes to the first or to the chosen one, arrows to the others."""
    chosen = person.find(f"input[name={name}]:checked")
    person.reach(chosen if chosen.count() else person.find(f"input[name={name}] >> nth=0"))
    if not chosen.count():
        person.page.keyboard.press("Space")
    for _press in range(person.find(f"input[name={name}]").count()):
        if chosen.input_value() == value:
            break
        person.page.keyboard.press("ArrowDown")
    assert chosen.input_value() == value


def drafted(member: Person, title: str, year: int) -> str:
    """A plan with one action that serves a response and has a milestone, handed in; the answer is its address."""
    member.visit("/planos/").look()
    member.follow("main a[href='/planos/novo/']")
    member.look(everywhere=True)
    member.write("#id_year", str(year))
    member.write("#id_title", title)
    member.write("#id_summary", "Uma ação para uma resposta.")
    member.send("main form:has(#id_title)")
    plan = member.path
    member.look()
    member.follow("main a[href$='/acoes/nova/']")
    member.send("main form:has(#id_title)")  # nothing is filled in: it says so, and says where
    assert member.page.evaluate("document.activeElement.matches('.summary')")
    member.look()
    member.write("#id_title", "Formar equipas")
    member.tick("input[name=serves] >> nth=0")
    member.tick("input[name=municipalities] >> nth=0")
    member.tick("input[name=municipalities] >> nth=1")
    day(member, "#id_starts_on", f"{year}-02-01")
    day(member, "#id_ends_on", f"{year}-11-30")
    member.write("#id_milestones-0-title", "Primeira turma")
    day(member, "#id_milestones-0-due_on", f"{year}-06-30")
    member.look(everywhere=True)
    member.send("main form:has(#id_title)")
    assert "Primeira turma" in member.text("main"), member.text("main")
    member.look(everywhere=True)
    member.visit(plan).look()
    member.send("form[action$='/passo/submeter/']")
    assert "submetido" in member.text(".head"), member.text("body")
    assert not member.find("main a[href$='/parecer/']").count(), "whoever wrote it does not weigh it"
    member.look()
    return plan


def weighed(unit: Person, plan: str) -> None:
    """The opinion, by the coordination unit."""
    unit.visit(plan).look()
    unit.follow("main a[href$='/parecer/']")
    pick(unit, "favourable", "yes")
    unit.write("#id_opinion", "Serve a resposta e cabe nas horas da unidade.")
    unit.look()
    unit.send("main form:has(#id_opinion)")
    assert "Serve a resposta" in unit.text("body")
    unit.look()


def convened(unit: Person, plan: str, title: str) -> str:
    """A meeting of the Council in a few minutes, with the plan on its agenda, called as urgent; its address."""
    unit.visit("/reunioes/").look()
    unit.follow("main a[href='/reunioes/nova/']")
    begins = datetime.now(ZoneInfo("Europe/Lisbon")) + timedelta(minutes=20)
    unit.choose("#id_unit", "CV")
    unit.write("#id_title", title)
    day(unit, "#id_starts_at", f"{begins:%Y-%m-%dT%H:%M}")
    day(unit, "#id_ends_at", f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    unit.write("#id_place", "Porto")
    unit.look()
    unit.send("main form:has(#id_place)")
    meeting = unit.path
    unit.look()
    unit.follow("main a[href$='/pontos/novo/'] >> visible=true")
    unit.write("#id_title", title)
    pick(unit, "kind", "decision")
    unit.look()
    unit.send("main form:has(#id_text)")
    unit.visit(plan)
    unit.follow("main a[href$='/conselho/']")
    options = unit.find("#id_item option").evaluate_all("all => all.map(one => [one.value, one.textContent])")
    unit.choose("#id_item", next(value for value, words in options if title in words))
    unit.choose("#id_rule", SIMPLE)
    unit.look()
    unit.send("main form:has(#id_item)")
    unit.look()
    unit.visit(meeting)
    unit.follow("main a[href$='/convocar/']")
    unit.write("#id_urgency_reason", "O ano começa.")
    unit.look(everywhere=True)
    unit.send("main form:has(#id_urgency_reason)")
    unit.look()
    return meeting


def opened(chair: Person, meeting: str) -> str:
    """Attendance seat by seat until there is a quorum and more; the meeting opens, then the vote; its address."""
    chair.visit(meeting).look()
    chair.follow("main a[href$='/presencas/'].button")
    seats = chair.find("fieldset.seat")
    assert seats.count() == 17
    for number in range(seats.count()):
        chair.tick(f"fieldset.seat >> nth={number} >> input[type=radio][value=in_person]")
    chair.look(everywhere=True)
    chair.send("form.seats")
    chair.look()
    chair.send("form[action$='/passo/abrir/']")
    chair.look()
    chair.follow("main a[href^='/deliberacoes/']")
    deliberation = chair.path
    chair.look(everywhere=True)
    chair.follow("main a[href$='/abrir/']")
    chair.look()
    chair.send()
    chair.look()
    return deliberation


def voted(councillor: Person, deliberation: str, value: str, declaration: str = "") -> None:
    """On the councillor's own page, which fits a phone."""
    councillor.visit(deliberation)
    councillor.follow("main a[href$='/ficha/']")
    pick(councillor, "value", value)
    if declaration:
        councillor.write("#id_declaration", declaration)
    councillor.look()
    councillor.send("#vote form")
    assert "Registado" in councillor.text("#vote"), councillor.text("main")
    councillor.look(everywhere=True)


def closed(chair: Person, deliberation: str, meeting: str) -> None:
    """The vote closes, then the meeting."""
    chair.visit(deliberation)
    chair.follow("main a[href$='/fechar/']")
    chair.look()
    chair.send()
    chair.look(everywhere=True)
    chair.visit(meeting)
    chair.send("form[action$='/passo/encerrar/']")
    chair.look()


def decided(someone: Someone, governing: dict, title: str, votes: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """A plan on its whole way to the end of the vote; its address and the deliberation's."""
    plan = drafted(someone("membro.unidade"), title, governing["year"])
    someone(None).visit(plan, 404)
    governing["year"] += 1
    unit = someone("coordenacao")
    weighed(unit, plan)
    meeting = convened(unit, plan, title)
    chair = someone(governing[CHAIR])
    deliberation = opened(chair, meeting)
    for key, (value, declaration) in zip(VOTERS, votes, strict=True):
        voted(someone(governing.get(key, key), width=360), deliberation, value, declaration)
    closed(chair, deliberation, meeting)
    return plan, deliberation


def test_a_plan_is_drafted_weighed_and_voted_and_is_public_once_approved(someone: Someone, governing: dict) -> None:
    title = f"Plano aprovado {int(time.time())}"
    plan, deliberation = decided(someone, governing, title, (("for", ""), ("for", ""), ("against", "")))
    public = someone(None).visit("/unidades/UE1/")
    assert "constituída" in public.text(".head")
    public.look()
    public.follow("main table a[href^='/deliberacoes/']")  # the one by which its people sit there
    assert "aprovada" in public.text(".head")
    public.look()
    public.visit("/planos/").look()
    public.follow(f"main a[href='{plan}']")
    assert "aprovado" in public.text(".head")
    public.page.wait_for_selector(f"a[href='{plan}versoes/1/']")
    public.look(everywhere=True)
    public.follow(f"a[href='{plan}versoes/1/']")
    assert "Primeira turma" in public.text("main")
    public.look()
    public.visit(deliberation).look(everywhere=True)
    assert public.text("h2.finding").startswith("2 "), public.text("h2.finding")


def test_a_plan_that_the_council_refuses_comes_back_with_its_reasons(someone: Someone, governing: dict) -> None:
    title, why = f"Plano devolvido {int(time.time())}", "Faltam os concelhos do sul."
    plan, _deliberation = decided(someone, governing, title, (("against", why), ("against", ""), ("for", "")))
    someone(None).visit(plan, 404)
    member = someone("membro.unidade").visit(plan)
    assert "Não aprovado" in member.text(".message.warning")
    assert why in member.text(".message.warning")
    member.look(everywhere=True)
    member.send("form[action$='/passo/retomar/']")
    assert why in member.text(".message.warning"), "the reasons stay while it is written anew"
    member.look()
    assert member.find("main a[href$='/acoes/nova/']").count(), "it can be written in again"

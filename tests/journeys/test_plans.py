"""A unit's year: drafted by keyboard, written in Excel, amended, carried over, reported on, looked at from outside."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.journeys.conftest import Door
from tests.journeys.driving import Person
from tests.journeys.test_governance import day, pick
from tests.running import Running

Someone = Callable[..., Person]

# The unit's first years without a plan, its plan that is carried out, and one more action there for each that is spent.
YEARS = """
import json
from units.models import ActionPlan, Action

mine = ActionPlan.objects.filter(unit__code="UE1")
going = mine.get(state="under_way")
open_ones = going.actions.filter(state="under_way").order_by("code")
print("MADE", json.dumps({
    "year": max(mine.values_list("year", flat=True)) + 1,
    "going": str(going.public_id),
    "actions": [str(action.public_id) for action in open_ones],
}))
"""


@pytest.fixture(scope="module")
def planning(platform: Running, everybody: Door) -> dict:
    return json.loads(platform.manage("shell", "-v", "0", "-c", YEARS).partition("MADE ")[2])


def begun(member: Person, planning: dict, title: str) -> str:
    """An empty draft of the next year without a plan; its address."""
    member.visit("/planos/novo/")
    member.write("#id_year", str(planning["year"]))
    planning["year"] += 1
    member.write("#id_title", title)
    member.send("main form:has(#id_title)")
    return member.path


def added(member: Person, plan: str, year: int) -> str:
    """An action with three milestones by weight, money and a risk, all by keyboard; its address."""
    member.visit(plan)
    member.follow("main a[href$='/acoes/nova/']")
    member.write("#id_title", "Rede de vagas")
    member.tick("input[name=serves] >> nth=0")
    pick(member, "scope", "supramunicipal")
    day(member, "#id_starts_on", f"{year}-01-15")
    day(member, "#id_ends_on", f"{year}-12-15")
    member.write("#id_weight", "2,5")
    member.follow("button[value=milestones]")
    assert member.page.evaluate("document.activeElement.name") == "milestones-2-title"
    assert member.find("#id_title").input_value() == "Rede de vagas", "nothing that was typed is lost"
    for place, (title, due) in enumerate((("Protocolo", "03-31"), ("Regulamento", "05-31"), ("Abertura", "10-31"))):
        member.write(f"#id_milestones-{place}-title", title)
        day(member, f"#id_milestones-{place}-due_on", f"{year}-{due}")
    member.write("#id_milestones-2-weight", "2")
    member.write("#id_budget-0-year", str(year))
    member.choose("#id_budget-0-source", "municipal")
    member.write("#id_budget-0-amount", "12 500,50")
    member.write("#id_risks-0-description", "Falta de vagas")
    member.look()
    member.send("main form:has(#id_title)")
    return member.path


@pytest.mark.parametrize("width", [1440, 390])
def test_a_plan_is_drafted_by_keyboard(someone: Someone, planning: dict, width: int) -> None:
    member = someone("membro.unidade", width=width)
    year = planning["year"]
    plan = begun(member, planning, f"Plano de {width}")
    added(member, plan, year)
    assert member.table("main table >> nth=0")["Abertura"][:2] == [f"31 out. {year}", "2,00"]
    assert "12 500,50 €" in member.text("main").replace("\u00a0", " ")
    member.look(everywhere=True)
    member.visit(plan).look(everywhere=True)
    assert "2,50" in member.text("main table")
    someone(None).visit(plan, 404)


def test_a_year_is_written_in_excel_previewed_imported_and_undone(
    someone: Someone, planning: dict, tmp_path: Path
) -> None:
    member = someone("membro.unidade")
    year = planning["year"]
    plan = begun(member, planning, "Plano em Excel")
    added(member, plan, year)
    file = taken(member, plan, tmp_path / "antes.xlsx")
    assert sent(member, plan, file).count("\n0\n") == 3, "an export changes nothing"
    with_one_more(file)
    sent(member, plan, file)
    assert "Do Excel" in member.text("main")
    member.look()
    member.send("form[action$='/confirmar/']")
    upload = member.path
    member.page.wait_for_selector("main a[href$='/anular/']", timeout=60_000)
    member.visit(plan)
    assert "Do Excel" in member.text("main")
    member.visit(upload)
    member.follow("main a[href$='/anular/']")
    member.look()
    member.send()
    waited(member, lambda: "Do Excel" not in member.visit(plan).text("main"))


def taken(member: Person, plan: str, path: Path) -> Path:
    member.visit(plan)
    with member.page.expect_download() as found:
        member.press("main a[href$='livro.xlsx']")
    found.value.save_as(path)
    return path


def with_one_more(file: Path) -> None:
    """The workbook as somebody leaves it who copied a row in Excel and gave it another code and title."""
    with CalamineWorkbook.from_path(file) as old:
        sheets = {name: old.get_sheet_by_name(name).to_python() for name in old.sheet_names}
    header, row = sheets["actions"][:2]
    change = {"code": "A02", "title": "Do Excel", "key": ""}
    sheets["actions"].append([change.get(name, value) for name, value in zip(header, row, strict=True)])
    with xlsxwriter.Workbook(file) as new:
        for name, rows in sheets.items():
            page = new.add_worksheet(name)
            for number, cells in enumerate(rows):
                page.write_row(number, 0, cells)


def sent(member: Person, plan: str, file: Path) -> str:
    """A workbook given to a plan, and what it would do."""
    member.visit(f"{plan}importar/")
    member.find("input[type=file]").set_input_files(file)
    member.send("main form:has(input[type=file])")
    member.page.wait_for_selector("form[action$='/confirmar/']", timeout=60_000)
    return member.text("main")


def waited(member: Person, holds: Callable[[], bool]) -> None:
    for _second in range(60):
        if holds():
            return
        time.sleep(1)
    raise AssertionError(member.text("main"))


def test_an_approved_plan_is_amended_side_by_side(someone: Someone, planning: dict) -> None:
    member = someone("membro.unidade").visit(f"/planos/{planning['going']}/")
    member.follow("main a[href$='/emendar/']")
    member.write("#id_reason", "Novo financiamento")
    member.send("main form:has(#id_reason)")
    amendment = member.path
    assert "Nada" in member.text("main")
    member.follow("main a[href*='/emendas/'][href*='/acoes/'] >> nth=0")
    member.write("#id_title", "Rede alargada de vagas")
    member.send("main form:has(#id_title)")
    assert member.path == amendment
    changes = member.table("main table >> nth=0")
    assert changes["Título"][1] == "Rede alargada de vagas"
    assert changes["Título"][0] != "Rede alargada de vagas"
    member.look(everywhere=True)
    member.send("form[action$='/passo/submeter/']")
    assert not member.find("main a[href$='/parecer/']").count(), "whoever wrote it does not weigh it"
    someone(None).visit(amendment, 404)
    unit = someone("coordenacao").visit(amendment)
    unit.follow("main a[href$='/parecer/']")
    pick(unit, "favourable", "yes")
    unit.write("#id_opinion", "Cabe no plano.")
    unit.send("main form:has(#id_opinion)")
    assert "Cabe no plano." in unit.text("main")
    unit.look()


def test_what_becomes_of_an_action_is_said_with_reasons(someone: Someone, planning: dict) -> None:
    """Overridden until a day, merged into another, carried over to the next draft."""
    first, second, third = planning["actions"][:3]
    member = someone("membro.unidade").visit(f"/acoes/{first}/")
    member.follow("main a[href$='/situacao/'], aside a[href$='/situacao/']")
    member.choose("#id_status", "on_time")
    member.write("#id_reason", "Retomada na segunda-feira")
    day(member, "#id_until", "2099-12-31")
    member.send("main form:has(#id_until)")
    assert "Retomada na segunda-feira" in member.text("body")
    assert "dito por uma pessoa" in member.text("body")
    member.look()
    member.visit(f"/acoes/{second}/")
    member.follow("a[href$='/fundir/']")
    member.choose("#id_into", third)
    member.write("#id_reason", "A mesma coisa")
    member.send("main form:has(#id_into)")
    assert "A mesma coisa" in member.text("main")
    member.look()
    begun(member, planning, "Plano seguinte")
    member.visit(f"/acoes/{third}/")
    member.follow("a[href$='/transitar/']")
    member.find("#id_plan option >> nth=1").wait_for(state="attached")
    member.reach("#id_plan")
    member.page.keyboard.press("End")
    member.send("main form:has(#id_plan)")
    proposed = "main p:has-text('Proposta para o plano seguinte')"
    assert "Transitada para" not in member.text("main"), "it is carried over only once the Council approves that plan"
    member.follow(f"{proposed} > a")
    assert "Transitada de" in member.text("main")
    member.look()


def test_anybody_goes_from_the_holes_of_the_matrix_to_an_action_and_its_sheet(someone: Someone) -> None:
    public = someone(None, width=390).visit("/planos/matriz/?by=both&year=all")
    public.look()
    public.visit("/planos/matriz/?holes=on")
    assert "ninguém" in public.text("main table")
    public.visit("/planos/matriz/").look()
    public.follow("main td a[href^='/acoes/'] >> nth=0")
    sheet = public.find("main a[href$='/ficha.pdf'], header a[href$='/ficha.pdf']").first.get_attribute("href")
    answer = public.page.request.get(public.address + str(sheet))
    assert answer.body().startswith(b"%PDF")
    public.page.emulate_media(media="print")
    assert public.find("h1").is_visible()
    public.page.emulate_media(media="screen")
    public.visit("/planos/progresso/").look(everywhere=True)
    assert "Todo o referencial" in public.table("main table")

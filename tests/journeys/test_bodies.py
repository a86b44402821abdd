"""A unit's composition, from the proposal to the mandates; a Council that changes in one step after an election."""

import csv
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.journeys.driving import Person
from tests.journeys.test_governance import (
    CHAIR,
    VOTERS,
    Someone,
    closed,
    convened,
    day,
    governing,
    opened,
    pick,
)
from tests.running import Running

__all__ = ["governing"]  # a fixture
TOMORROW = datetime.now(ZoneInfo("Europe/Lisbon")).date() + timedelta(days=1)
UNIT = "/unidades/UE2/"  # one problem area: three members

# A secret ballot closes once everybody present has voted: those who have no browser here.
THE_OTHERS = """
from refamp.base.errors import Refused
from units.actions.votes import cast_vote
from units.models import Deliberation
from units.queries.bodies import council, seats_of
from django.utils import timezone
found = Deliberation.objects.get(public_id="{0}")
for seat in seats_of(council(), timezone.localdate()):
    try:
        cast_vote(actor=None, deliberation=found, municipality=seat.municipality, value="for")
    except Refused as refusal:  # whoever voted in the browser: a secret vote is final
        print(refusal.code)
"""


def proposed(unit: Person, mark: str) -> str:
    """Four people for a unit that asks for three: the page says so; its address."""
    unit.visit(UNIT).look()
    unit.follow(f"main a[href='{UNIT}propor/']")
    day(unit, "#id_starts_on", f"{TOMORROW:%Y-%m-%d}")
    unit.send("main form:has(#id_starts_on)")  # without grounds: it says so, and keeps what was chosen
    assert unit.page.evaluate("document.activeElement.matches('.summary')")
    assert unit.find("#id_starts_on").input_value() == f"{TOMORROW:%Y-%m-%d}"
    unit.look()
    for ground in ("effort", "competences", "profile"):
        unit.write(f"#id_grounds_{ground}", f"Fundamento {ground}.")
    free = unit.find("input[name$='-name']").evaluate_all("all => all.findIndex(one => !one.value)")
    unit.write(f"#id_seats-{free}-name", f"Quarta Pessoa {mark}")
    unit.write(f"#id_seats-{free}-email", f"quarta.{mark}@example.org")
    codes = unit.find(f"#id_seats-{free}-municipality option").evaluate_all("all => all.map(one => one.value)")
    taken = unit.find("select[name$='-municipality']").evaluate_all("all => all.map(one => one.value)")
    unit.choose(f"#id_seats-{free}-municipality", next(code for code in codes if code and code not in taken))
    unit.look(everywhere=True)
    unit.send("main form:has(#id_starts_on)")
    return unit.path


def test_a_composition_is_proposed_agreed_by_the_seventeen_and_seats_its_people(
    someone: Someone, governing: dict, letters, platform: Running
) -> None:
    mark = str(int(time.time()))
    unit = someone("coordenacao")
    composition = proposed(unit, mark)
    rules = unit.text("#rules-of-composition")
    assert "sobredimensionada" in rules, rules
    assert "Restam 0 lugares" in rules, rules
    assert "Coeficiente de Gini dos lugares" in unit.text("main")
    unit.look(everywhere=True)
    meeting = convened(unit, composition, f"Composição {mark}")
    chair = someone(governing[CHAIR])
    deliberation = opened(chair, meeting)
    for key in VOTERS:
        councillor = someone(governing.get(key, key), width=360).visit(deliberation)
        councillor.follow("main a[href$='/ficha/']")
        pick(councillor, "value", "for")  # in secret: it is about persons
        councillor.look()
        councillor.send("#vote form")
        assert not councillor.find("#vote form").count(), "a vote in a secret ballot is final"
        councillor.look(everywhere=True)
    already = platform.manage("shell", "-v", "0", "-c", THE_OTHERS.format(deliberation.split("/")[2])).split()
    assert len(already) == len(VOTERS), already
    closed(chair, deliberation, meeting)
    assert "acordada" in unit.visit(composition).text(".head")
    unit.look()
    public = someone(None).visit(composition)
    assert f"Quarta Pessoa {mark}" in public.text("main")
    public.look(everywhere=True)
    unit.visit(UNIT)
    unit.press("main details:has(table) summary >> nth=0")
    unit.page.wait_for_selector(f"text=Quarta Pessoa {mark}")
    unit.look()
    assert "palavra-passe" in letters(f"quarta.{mark}@example.org")[0]


def test_seventeen_councillors_change_in_one_step_seen_before_it_is_done_and_taken_back(
    someone: Someone, tmp_path: Path
) -> None:
    unit = someone("coordenacao")
    sitting = unit.visit("/conselho/").text("#seats")
    unit.look()
    unit.follow("main a[href='/conselho/eleicao/'] >> nth=0")
    unit.look(everywhere=True)
    codes = [name.removeprefix("id_name_") for name in unit.find("input[id^=id_name_]").evaluate_all(
        "all => all.map(one => one.id)"
    )]  # fmt: skip
    assert len(codes) == 17
    day(unit, "#id_starts_on", f"{TOMORROW:%Y-%m-%d}")
    unit.write("#id_act", "Atas de instalação")
    for code in codes:
        unit.write(f"#id_name_{code}", f"Eleita {code}")
        unit.write(f"#id_email_{code}", f"eleita.{code}@example.org" if code != codes[3] else "sem arroba")
    unit.send("main form:has(#id_act)")
    assert unit.page.evaluate("document.activeElement.matches('.summary')")
    assert unit.find(f"#id_name_{codes[16]}").input_value() == f"Eleita {codes[16]}", "nothing that was typed is lost"
    unit.look()
    unit.write(f"#id_email_{codes[3]}", f"eleita.{codes[3]}@example.org")
    unit.send("main form:has(#id_act)")
    assert unit.find("section.confirm tbody tr").count() == 17
    unit.look(everywhere=True)
    assert unit.visit("/conselho/").text("#seats") == sitting, "a preview changes nothing"
    file = tmp_path / "eleicao.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(["município", "nome", "e-mail", "suplente", "e-mail do suplente"])
        for number, code in enumerate(codes):
            more = [f"Suplente {code}", f"suplente.{code}@example.org"] if number < 5 else ["", ""]
            rows.writerow([code, f"Eleita {code}", f"eleita.{code}@example.org", *more])
    unit.follow("main a[href='/conselho/eleicao/ficheiro/'] >> nth=0")
    day(unit, "#id_starts_on", f"{TOMORROW:%Y-%m-%d}")
    unit.write("#id_act", "Atas de instalação")
    unit.find("input[type=file]").set_input_files(file)  # the dialog of the browser is no page of ours
    unit.look()
    unit.send("main form:has(input[type=file])")
    unit.page.wait_for_selector("form[action$='/confirmar/']", timeout=60_000)
    shown = unit.text("main")
    assert "22" in shown, shown  # seventeen and five substitutes
    assert "Suplente " + codes[0] in shown
    unit.look(everywhere=True)
    unit.press("form[action$='/confirmar/'] button")
    unit.page.wait_for_selector("#upload a[href$='/anular/']", timeout=60_000)
    unit.visit("/conselho/")
    assert f"{TOMORROW - timedelta(days=1):%d/%m/%Y}" in unit.text("#seats") or unit.text("#seats") != sitting
    unit.page.go_back()
    unit.page.wait_for_selector("#upload a[href$='/anular/']")
    unit.follow("#upload a[href$='/anular/']")
    unit.look()
    unit.send()
    unit.page.wait_for_selector("#upload:not([hx-get])", timeout=60_000)
    assert unit.visit("/conselho/").text("#seats") == sitting

"""The coordination unit runs a consultation from its opening to its publication; others see what they may.

Every figure is computed here a second time, from the files alone, with fractions, and compared to the last digit: on
the page, in JSON, in CSV and in XLSX.
"""

import csv
import io
import json
import random
import re
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.journeys.driving import ROOT, Person, digits
from tests.running import wait_for

Someone = Callable[..., Person]
GROUPS = {"eleito": "elected", "dirigente": "director", "tecnico": "technician"}
SCALES = ("metropolitan", "municipal")
FRAME = 900
EXPECTED = 4  # answers that the quota plan expects of each group in each municipality, but for one cell
IN_ONE_CELL = 7
SMALLEST = 5
Z = Decimal("1.959963984540054")


def territory(name: str) -> list[dict[str, str]]:
    with (ROOT / "refamp" / "territory" / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


PLACES = {row["code"]: row["name"] for row in territory("municipalities.csv")}
CENSUS = {
    row["municipality_code"]: int(row["people"])
    for row in territory("census.csv")
    if row["measure"] == "resident_population" and row["year"] == "2021"
}


@dataclass
class Counted:
    """What the files hold, counted by this test and by nothing of the platform."""

    asked: list[tuple[str, str]] = field(default_factory=list)  # (topic, scale)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)  # who → (municipality, group)
    named: set[tuple[str, str, str]] = field(default_factory=set)  # (who, topic, scale)

    def invent(self, prefix: str, count: int, chance: random.Random) -> list[list[str]]:
        """Answers of so many people more, as rows of a file; large municipalities answer more."""
        rows = []
        weights = [CENSUS[code] for code in PLACES]
        for number in range(count):
            who = f"{prefix}{number}"
            place = chance.choices(list(PLACES), weights)[0]
            group = chance.choice(list(GROUPS))
            self.people[who] = (place, GROUPS[group])
            said = chance.sample(self.asked, chance.randint(0, 4))
            rows += [[who, place, group, topic, scale] for topic, scale in said] or [[who, place, group, "", ""]]
            self.named |= {(who, topic, scale) for topic, scale in said}
        return rows

    def those(self, place: str | None = None, group: str | None = None) -> set[str]:
        return {who for who, at in self.people.items() if place in (None, at[0]) and group in (None, at[1])}

    def row(self, topic: str, scale: str, place: str | None = None, group: str | None = None) -> tuple[Any, ...]:
        """Mentions, people, share and interval of one row, as the API writes them."""
        people = self.those(place, group)
        count = len({who for who in people if (who, topic, scale) in self.named})
        share = None if not people else two(Fraction(100 * count, len(people)))
        low, high = wilson(count, len(people), FRAME if place is None and group is None else None)
        return (count, len(people), share, low, high)


def two(value: Fraction) -> str:
    """Two decimals, half-even."""
    return str(Decimal(round(value * 100)).scaleb(-2))


def wilson(count: int, people: int, frame: int | None) -> tuple[str | None, str | None]:
    """The interval of Wilson 1927; with Cochran's correction where the frame is known."""
    if not people:
        return None, None
    factor = Fraction(frame - people, frame - 1) if frame else Fraction(1)
    with localcontext() as context:
        context.prec = 60
        n, p = Decimal(people), Decimal(count) / Decimal(people)
        z2 = Z * Z * factor.numerator / factor.denominator
        half = (z2 * p * (1 - p) / n + z2 * z2 / (4 * n * n)).sqrt()
        low, high = (p + z2 / (2 * n) - half) / (1 + z2 / n), (p + z2 / (2 * n) + half) / (1 + z2 / n)
    low, high = (Decimal(0) if count == 0 else low), (Decimal(1) if count == people else high)
    return two(Fraction(low) * 100), two(Fraction(high) * 100)


def similarity(observed: Counter[str], reference: dict[str, int]) -> str:
    """Σ min(pᵢ, qᵢ) in percent."""
    people, whole = sum(observed.values()), sum(reference.values())
    return two(
        sum((min(Fraction(observed[k], people), Fraction(reference[k], whole)) for k in reference), Fraction()) * 100
    )


HEADER = ["respondente", "município", "grupo", "tópico", "escala"]


def as_csv(rows: Iterable[Iterable[str]], folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("\n".join(";".join(row) for row in [HEADER, *rows]), encoding="cp1252")
    return path


def as_xlsx(rows: Iterable[Iterable[str]], folder: Path, name: str) -> Path:
    path = folder / name
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADER, *rows]):
            sheet.write_row(number, 0, list(row))
    return path


# The steps


def opened_anew(unit: Person) -> str:
    """A new consultation of three groups with its first phase; the answer is its id."""
    unit.visit("/")
    unit.look()
    unit.follow("nav.side a[href='/auscultacoes/']")
    unit.look(everywhere=True)
    unit.follow("main a[href='/auscultacoes/nova/']")
    unit.look()
    unit.send()  # nothing is filled in: it says so, and says where
    assert unit.page.evaluate("document.activeElement.matches('.summary')")
    unit.look()
    unit.press(".summary a")
    assert unit.page.evaluate("document.activeElement.id") == "id_title"
    unit.write("#id_title", "Percurso das prioridades")
    unit.write("#id_description", "O que deve ser prioritário?")
    unit.tick("input[name=target_groups][value=partner]", on=False)
    unit.write("#id_frame_size", str(FRAME))
    unit.look(everywhere=True)
    unit.send()
    found = re.fullmatch(r"/auscultacoes/([0-9a-f-]{36})/codigos/", unit.path)
    assert found, unit.text("main")
    return found.group(1)


def code_book(unit: Person, base: str) -> list[tuple[str, str]]:
    """What is proposed and one topic more; what is asked, as it stands in the page."""
    unit.look()
    unit.send(f"form[action='{base}codigos/propor/']")
    proposed = unit.table("main table")
    assert len(proposed) == 15
    unit.look(everywhere=True)
    unit.follow(f"main a[href='{base}codigos/novo/']")
    unit.write("#id_code", "X1")
    unit.write("#id_label", "Conselho de Vereadores")
    values = unit.find("#id_node option").evaluate_all("all => all.map(one => one.value)")
    unit.choose("#id_node", values[-1])
    unit.tick("input[name=scales][value=metropolitan]")
    unit.look()
    unit.send()
    scales = {"1": SCALES, "2": SCALES, "3": SCALES, "4": SCALES, "A": SCALES[:1], "X": SCALES[:1]}
    book = unit.table("main table")
    assert {code: row[2].count(",") + 1 for code, row in book.items()} == {
        code: len(scales[code[0]]) for code in [*proposed, "X1"]
    }
    return [(code, scale) for code in book for scale in scales[code[0]]]


def quota_plan(unit: Person, base: str) -> None:
    """Pasted as a block, then changed in one cell with the arrows."""
    unit.follow(f"main nav a[href='{base}quotas/'], main .tabs a[href='{base}quotas/']")
    unit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = "\n".join("\t".join([str(EXPECTED)] * len(GROUPS)) for _place in PLACES)
    unit.page.evaluate("text => navigator.clipboard.writeText(text)", block)
    unit.reach("table[data-grid] input >> nth=0")
    unit.page.keyboard.press("Control+V")
    unit.page.keyboard.press("ArrowDown")
    unit.page.keyboard.press("ArrowRight")
    unit.page.keyboard.type(str(IN_ONE_CELL))
    whole = EXPECTED * len(GROUPS) * len(PLACES) + IN_ONE_CELL - EXPECTED
    assert digits(unit.text("output[data-total=all]")) == str(whole)
    assert unit.find("tr:nth-child(2) input >> nth=1").input_value() == str(IN_ONE_CELL)
    unit.look(everywhere=True)
    unit.send()
    assert unit.find("tr:nth-child(2) input >> nth=1").input_value() == str(IN_ONE_CELL)


def step(unit: Person, address: str) -> None:
    """From the overview to a step that asks first, and through it."""
    unit.follow(f"main a[href='{address}']")
    unit.look()
    unit.send()


def sent(unit: Person, base: str, file: Path) -> None:
    """Send a file and wait until the worker has looked at it."""
    unit.visit(f"{base}respostas/")
    unit.find("input[type=file]").set_input_files(file)  # the dialog of the browser is no page of ours
    unit.look()
    unit.send("main form:has(input[type=file])")
    assert unit.path.startswith("/trabalhos/importacoes/")
    unit.look()
    unit.page.wait_for_selector("#upload:not([hx-get])", timeout=60_000)
    unit.look()


def refused(unit: Person, base: str, folder: Path) -> None:
    """A file with three kinds of mistake is refused whole, each row with its reason."""
    rows = [
        ["a", "1312", "eleito", "1.1", "municipal"],
        ["b", "Atlântida", "eleito", "1.1", "municipal"],
        ["c", "1312", "eleito", "9.9", "municipal"],
        ["d", "1312", "eleito", "1.1", "municipal"],
        ["d", "1312", "tecnico", "1.2", "municipal"],
    ]
    sent(unit, base, as_csv(rows, folder, "errado.csv"))
    told = unit.find("section[aria-labelledby=upload-problems] tbody tr").all_inner_texts()
    by_row = {int(line.split()[0]): line for line in told}
    assert {3, 4} <= set(by_row)
    assert "Atlântida" in by_row[3]
    assert "9.9" in by_row[4]
    assert {5, 6} & set(by_row), "somebody with two groups"
    assert unit.find("form[action$='/confirmar/']").count() == 0
    unit.follow(f"main a[href^='{base}respostas/']")


def imported(unit: Person, base: str, file: Path, rows: int) -> None:
    """Look at what a file would do, row by row; confirm; watch it being done."""
    sent(unit, base, file)
    listed = unit.find("section[aria-labelledby=upload-summary] tbody tr")
    assert listed.count() == min(rows, 500)
    unit.press("form[action$='/confirmar/'] button")
    unit.page.wait_for_selector("#upload a[href$='/anular/']", timeout=60_000)
    unit.look()


def counted_now(unit: Person, base: str, people: int) -> None:
    """Load the results until the worker has added up."""

    def there() -> bool:
        unit.visit(f"{base}resultados/")
        return digits(unit.text("main dl.facts dd")) == str(people)

    wait_for(there, 60, f"{people} participants in the results")


# What the pages and the API say


CELLS = """async addresses => {
  const found = [];
  for (const address of addresses) {
    const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
    for (const [table, key] of [["by-municipality", "code"], ["by-group", "name"]])
      for (const row of page.querySelectorAll(`#${table} tbody tr`)) {
        const data = row.querySelector("[data-series=share]").dataset;
        found.push([address, table, key === "code" ? row.dataset.code : row.rowIndex, data.value ?? null,
          data.low ?? null, data.high ?? null, row.cells[3].textContent.replace(/\\s+/g, " ").trim()]);
      }
  }
  return found;
}"""


def shown_of(row: dict) -> tuple:
    return (row["mentions"], row["respondents"], row["share"], row["ci_low"], row["ci_high"])


def key_of(row: dict) -> tuple[str, str, str | None, str | None]:
    place = row["municipality"]
    return (row["topic_code"], row["scale"], place and place["id"], row["group"])


def from_api(person: Person, consultation: str) -> dict[tuple, tuple]:
    """Every row as JSON, page after page."""
    address = f"{person.address}/api/v1/consultations/{consultation}/representativeness/?limit=200"
    found: dict[tuple, tuple] = {}
    while address:
        answer = person.page.context.request.get(address)
        assert answer.status == 200, answer.text()
        body = answer.json()
        found |= {key_of(row): shown_of(row) for row in body["results"]}
        address = body["next"]
    return found


def flat(row: dict[str, Any]) -> tuple[tuple, tuple]:
    """A row of CSV or XLSX in the shape of JSON's."""
    key = tuple(str(row[name]) or None for name in ("topic_code", "scale", "municipality_id", "group"))
    counts = tuple(None if row[name] == "" else int(float(row[name])) for name in ("mentions", "respondents"))
    shares = tuple(
        None if row[name] == "" else str(Decimal(str(row[name])).quantize(Decimal("0.01")))
        for name in ("share", "ci_low", "ci_high")
    )
    return key, counts + shares


def downloads(person: Person) -> dict[str, dict[tuple, tuple]]:
    """The same as files, fetched by their links on the page."""
    found = {}
    for form in ("csv", "xlsx"):
        link = person.find(f"section[aria-labelledby=computed-title] a[href$='format={form}']")
        person.reach(link)
        with person.page.expect_download() as waited:
            person.page.keyboard.press("Enter")
        content = Path(waited.value.path()).read_bytes()
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        else:
            head, *body = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
            rows = [dict(zip(head, row, strict=True)) for row in body]
        found[form] = dict(flat(row) for row in rows)
    return found


def from_page(person: Person, base: str, asked: list[tuple[str, str]]) -> dict[tuple, tuple]:
    """Every row that the pages show: all topics from their table, the others topic by topic."""
    found: dict[tuple, tuple] = {}
    for row in person.find("#topics tbody tr").all():
        code = (row.locator("th").text_content() or "").split()[0]
        for number, scale in enumerate(SCALES):
            cell = row.locator(f"td[data-series={scale}]")
            if (code, scale) in asked:
                counts = row.locator("td").nth(number * 3 + 2).text_content() or ""
                found[code, scale, None, None] = (
                    *pair(counts),
                    *(cell.get_attribute(f"data-{x}") for x in ("value", "low", "high")),
                )
    addresses = [f"{base}resultados/?tema={code}&escala={scale}" for code, scale in asked]
    order = [*GROUPS.values(), "partner"]
    for address, table, key, *figures, counts in person.page.evaluate(CELLS, addresses):
        code, scale = re.search(r"tema=(.*)&escala=(.*)", address).groups()
        stratum = (key, None) if table == "by-municipality" else (None, order[int(key) - 1])
        found[(code, scale, *stratum)] = (*pair(counts), *figures)
    return found


def pair(text: str) -> tuple[int | None, int | None]:
    """ "3 / 17" → (3, 17); what is not a number is not shown."""
    first, second = (re.sub(r"\D", "", part) for part in text.split("/"))
    return (int(first) if first else None, int(second) if second else None)


# The journeys


def test_a_consultation_from_its_opening_to_its_publication(someone: Someone, tmp_path: Path) -> None:
    chance = random.Random(1414)  # noqa: S311 - the same answers every time
    counted = Counted()
    unit, elsewhere, visitor = someone("coordenacao"), someone("tecnico.gondomar"), someone(None)
    consultation = opened_anew(unit)
    base = f"/auscultacoes/{consultation}/"
    counted.asked = code_book(unit, base)
    quota_plan(unit, base)
    elsewhere.visit(base, 404)  # a draft is nobody else's
    unit.follow(f"main .tabs a[href='{base}']")
    unit.look(everywhere=True)
    step(unit, f"{base}passo/abrir/")

    refused(unit, base, tmp_path)
    rows = counted.invent("r", 220, chance)
    imported(unit, base, as_csv(rows, tmp_path, "respostas.csv"), len(rows))
    rows = counted.invent("s", 40, chance)
    imported(unit, base, as_xlsx(rows, tmp_path, "respostas.xlsx"), len(rows))
    counted_now(unit, base, len(counted.people))
    unit.look(everywhere=True)
    check_everything(unit, consultation, base, counted)
    check_response(unit, counted)
    unit.choose("#id_tema", "2.1")
    unit.choose("#id_escala", "municipal")
    unit.send("#tema form")
    assert "tema=2.1" in unit.path
    unit.look()

    elsewhere.visit(base)
    for path in ("respostas.csv", "alterar/", "convites/", "passo/fechar/", "historia/"):
        elsewhere.visit(base + path, 403)
    elsewhere.visit(f"{base}resultados/")
    assert elsewhere.find("#topics").count() == 0, "results before they are frozen"
    elsewhere.look()
    visitor.visit(base, 404)
    close_and_publish(unit, base)
    check_published(visitor, consultation, base, counted)
    elsewhere.visit(f"{base}resultados/")
    assert from_api(elsewhere, consultation) == from_api(visitor, consultation)
    assert elsewhere.find("#quota-heat").count() == 0


def check_everything(unit: Person, consultation: str, base: str, counted: Counted) -> None:
    """Page, JSON, CSV and XLSX say what this test counted, all of it."""
    api = from_api(unit, consultation)
    strata = [(None, None), *((place, None) for place in PLACES), *((None, group) for group in GROUPS.values())]
    expected = {(t, s, p, g): counted.row(t, s, p, g) for t, s in counted.asked for p, g in strata}
    # A group that was not asked has no row to compare with.
    assert {key: row for key, row in api.items() if key[3] != "partner"} == expected
    page = from_page(unit, base, counted.asked)
    assert {key: page[key] for key in expected} == expected
    for form, rows in downloads(unit).items():
        assert rows == api, form
    for table in unit.find("main figure table").all():
        drawing = unit.find(f"[table='{table.get_attribute('id')}']")
        assert drawing.count() == 1, "each table has its drawing"


def check_response(unit: Person, counted: Counted) -> None:
    """Answers against the plan, and how alike they are to it and to the census."""
    groups = Counter(group for _place, group in counted.people.values())
    places = Counter(place for place, _group in counted.people.values())
    plan = dict.fromkeys(GROUPS.values(), EXPECTED * len(PLACES))
    plan["director"] += IN_ONE_CELL - EXPECTED
    found = list(unit.table("#response-groups").values())[: len(GROUPS)]
    assert [(digits(row[0]), digits(row[1]), digits(row[2])) for row in found] == [
        (str(groups[group]), str(plan[group]), two(Fraction(100 * groups[group], plan[group]))) for group in plan
    ]
    assert len(unit.table("#response-municipalities")) == len(PLACES)
    heat = unit.find("#quota-heat tbody td")
    assert sum(int(cell.get_attribute("data-value") or 0) for cell in heat.all()) == len(counted.people)
    alike = unit.find("section[aria-labelledby=response-title] dl.facts dd").all_inner_texts()
    assert [digits(text) for text in alike] == [similarity(places, CENSUS), similarity(groups, plan)]


def close_and_publish(unit: Person, base: str) -> None:
    """The phase ends, its results are frozen, and everybody may see them."""
    unit.visit(base)
    address = unit.find("main td.actions a[href$='/fechar/']").get_attribute("href")
    step(unit, address or "")
    step(unit, f"{base}passo/publicar/")
    unit.look()
    unit.follow(f"main .tabs a[href='{base}historia/']")
    unit.page.wait_for_selector("main .timeline", timeout=30_000)
    unit.look()


def check_published(visitor: Person, consultation: str, base: str, counted: Counted) -> None:
    """What everybody sees: frozen, small counts hidden, the same on page and as file, true where it is shown."""
    visitor.visit("/")
    visitor.follow("nav a[href='/auscultacoes/']")
    visitor.follow(f"main a[href='{base}']")
    visitor.follow(f"main .tabs a[href='{base}resultados/']")
    visitor.look(everywhere=True)
    api = from_api(visitor, consultation)
    assert {key: row for key, row in from_page(visitor, base, counted.asked).items() if key in api} == api
    for form, rows in downloads(visitor).items():
        assert rows == api, form
    shown = hidden = 0
    for (topic, scale, place, group), row in api.items():
        true = counted.row(topic, scale, place, group)
        assert all(seen is None or seen == real for seen, real in zip(row, true, strict=True)), (topic, scale, place)
        if row[2] is None:
            hidden += true[1] > 0
        else:
            shown += 1
            assert all(part == 0 or part >= SMALLEST for part in (row[0], row[1] - row[0])) or row[0] == 0
    assert shown
    assert hidden


def test_the_api_answers_nobody_what_the_page_does_not_show(someone: Someone) -> None:
    """Without a login, the demonstration of 600: its JSON over plain HTTP is what its page says."""
    visitor = someone(None)
    with urllib.request.urlopen(f"{visitor.address}/api/v1/consultations/") as answer:  # noqa: S310 - our own address
        listed = json.loads(answer.read())["results"]
    for one in listed:
        visitor.visit(f"/auscultacoes/{one['id']}/resultados/")
        visitor.look()
        rows = from_api(visitor, one["id"])
        everybody = {key: row for key, row in rows.items() if key[2:] == (None, None)}
        asked = [key[:2] for key in everybody]
        page = from_page(visitor, f"/auscultacoes/{one['id']}/", asked[:3])
        assert {key: page[key] for key in page if key in rows} == {key: rows[key] for key in page if key in rows}

"""Two read twenty texts apart, a third settles what they read differently, and the results follow."""

import re
from collections.abc import Callable

from tests.journeys.driving import Person, digits
from tests.running import wait_for

Someone = Callable[..., Person]
# Which texts name which topic, for whom.
# 1.1: both 8, first only 2, second only 3, neither 7.
FIRST = {"1.1": set(range(10)), "2.1": {0, 1, 2, 3, 4, 15}}
SECOND = {"1.1": set(range(8)) | {10, 11, 12}, "2.1": {0, 1, 2, 3, 4, 16, 17}}
# By hand. 1.1: they agree on 8 + 7 of 20 texts, 0.75. The first names it in 10 of 20, the second in 11 of 20: by chance
# they agree on 0.5 * 0.55 + 0.5 * 0.45 = 0.5. Kappa = (0.75 - 0.5) / (1 - 0.5) = 0.5.
# 2.1: both 5, first only 1, second only 2, neither 12; agreed 17/20 = 0.85; by chance 0.3 * 0.35 + 0.7 * 0.65 = 0.56.
# Kappa = (0.85 - 0.56) / 0.44 = 0.659…
# Mean of these two, for the others have none (nobody ever names them): 0.5795…
TABLE = {"1.1": ["20", "8", "2", "3", "7", "0,50"], "2.1": ["20", "5", "1", "2", "12", "0,66"]}
MEAN = "0,58"
DISPUTED = {8, 9, 10, 11, 12, 15, 16, 17}
SETTLED = {"1.1": {8, 9, 10}, "2.1": {16}}


def number(person: Person) -> int:
    found = re.search(r"(\d\d)\s*$", person.text("main blockquote"))
    assert found
    return int(found.group(1))


def read(person: Person, base: str, wanted: dict[str, set[int]]) -> list[int]:
    """Go through everything that waits, by keyboard; the answer is which texts those were."""
    person.visit(f"{base}codificacao/")
    person.look()
    person.follow(f"main a[href='{base}codificacao/texto/']")
    person.look(everywhere=True)
    seen = []
    while person.find("main blockquote").count():
        at = number(person)
        for code in (code for code, texts in wanted.items() if at in texts):
            person.tick(person.find("main fieldset label").filter(has_text=f"{code} ").locator("input"))
        seen.append(at)
        person.send("main form.form")
    return seen


def mentions(unit: Person, base: str) -> dict[str, str]:
    unit.visit(f"{base}resultados/")
    return {name.split()[0]: cells[2].split("/")[0].strip() for name, cells in unit.table("#topics").items()}


def test_two_code_apart_a_third_settles_and_kappa_is_that_of_the_hand(
    someone: Someone, arranged: dict[str, str]
) -> None:
    base = f"/auscultacoes/{arranged['coding']}/"
    unit, first, second, third = (
        someone(key) for key in ("coordenacao", "tecnica.porto", "membro.unidade", "coordenacao2")
    )
    assert set(mentions(unit, base).values()) == {"0"}
    unit.visit(f"{base}codificacao/")
    for name in ("Teresa Nunes", "Mário Dias"):
        unit.tick(unit.find("main fieldset label").filter(has_text=name).locator("input"))
    settler = unit.find("#id_settler option").filter(has_text="Carlos Reis").get_attribute("value")
    unit.choose("#id_settler", settler or "")
    unit.look()
    unit.send("main form:has(#id_settler)")

    roles = unit.find("main fieldset").count()
    assert roles == 0, "nothing is left to assign"
    assert sorted(read(first, base, FIRST)) == list(range(20))
    first.visit(f"{base}resultados/")
    assert set(mentions(unit, base).values()) == {"0"}, "one reading alone counts nothing"
    second.visit(f"{base}codificacao/texto/")
    assert second.find("main fieldset input:checked").count() == 0, "the other's choice is not shown"
    assert sorted(read(second, base, SECOND)) == list(range(20))
    assert set(read(third, base, SETTLED)) == DISPUTED

    unit.visit(f"{base}codificacao/")
    unit.look(everywhere=True)
    table = {name.split()[0]: cells for name, cells in unit.table("main table").items()}
    swapped = {code: [row[0], row[1], row[3], row[2], *row[4:]] for code, row in TABLE.items()}
    assert {code: table[code] for code in TABLE} in (TABLE, swapped)  # who is called the first is not theirs to know
    assert not any(re.search(r"\d,\d", row[-1]) for code, row in table.items() if code not in TABLE)
    assert MEAN in unit.text(".key-figure")
    # Both named 1.1 in eight texts and three were settled so; 2.1 in five, and one.
    wait_for(lambda: mentions(unit, base)["1.1"] == "11", 60, "the results follow")
    counted = mentions(unit, base)
    assert (counted["1.1"], counted["2.1"]) == ("11", "6")
    shares = {name.split()[0]: digits(cells[0]) for name, cells in unit.table("#topics").items()}
    assert (shares["1.1"], shares["2.1"]) == ("55.00", "30.00")

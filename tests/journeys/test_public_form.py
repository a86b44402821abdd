"""Somebody who was invited answers by the link in their message: on a narrow screen, by keyboard, without script."""

import re
from collections.abc import Callable

import pytest

from tests.journeys.driving import NARROW, Person

Someone = Callable[..., Person]
WITH_SCRIPT, WITHOUT = "com.guiao@percurso.invalid", "sem.guiao@percurso.invalid"


@pytest.fixture(scope="module")
def links() -> dict[str, str]:
    """Address → the path behind the link of its message, once somebody was invited."""
    return {}


@pytest.fixture
def invited(
    someone: Someone, arranged: dict[str, str], letters: Callable[[str], list[str]], links: dict[str, str]
) -> dict[str, str]:
    if not links:
        base = f"/auscultacoes/{arranged['form']}/"
        unit = someone("coordenacao").visit(f"{base}convites/")
        unit.look()
        unit.write("#id_people", f"{WITH_SCRIPT}\tPorto\teleito\n{WITHOUT}\t1304\tdirigente")
        unit.send("main form:has(#id_people)")
        unit.look(everywhere=True)
        unit.send(f"form[action='{base}convites/enviar/']")
        unit.look()
        for address in (WITH_SCRIPT, WITHOUT):
            found = re.search(r"https?://[^/\s]+(/responder/[0-9a-f]+/)", letters(address)[-1])
            assert found
            links[address] = found.group(1)
    return links


def answer(person: Person, link: str) -> str:
    """From the link to the receipt; the answer is the mark on it."""
    person.visit(link)
    person.look()
    boxes = person.find("main fieldset >> nth=0").locator("input[type=checkbox]")
    person.tick(boxes.nth(1))
    person.tick(boxes.nth(3))
    person.write("main textarea >> nth=0", "Mais transportes entre concelhos.")
    person.follow("main button[name=rever]")
    assert "Mais transportes" in person.text("main")
    person.look()
    person.follow("main button[name=voltar]")
    assert person.find("main input:checked").count() == 2, "what was answered is still there"
    person.look()
    person.follow("main button[name=rever]")
    person.follow("main button[name=enviar]")
    person.look()
    return person.text("main .key-figure")


@pytest.mark.parametrize(("address", "script"), [(WITH_SCRIPT, True), (WITHOUT, False)])
def test_an_answer_by_link_with_a_receipt_and_once_only(
    someone: Someone, invited: dict[str, str], address: str, script: bool
) -> None:
    person = someone(None, width=NARROW, java_script_enabled=script)
    mark = answer(person, invited[address])
    assert mark
    again = someone(None, width=NARROW, java_script_enabled=script).visit(invited[address], 410)
    again.look()
    assert mark not in again.text("main")
    assert again.find("main form, main input").count() == 0
    assert len(again.text("main p")) > 20, "it says why"


def test_a_link_that_is_cut_off_says_so(someone: Someone, invited: dict[str, str]) -> None:
    person = someone(None, width=NARROW).visit(invited[WITH_SCRIPT][:-9] + "/", 404)
    person.look()
    assert person.find("main h1").count() == 1

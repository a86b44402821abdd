"""Somebody is invited, comes in, and cannot go on without the second factor that their role owes."""

import re
import time
from collections.abc import Callable

import pytest

from refamp.lobby.management.commands.demo import current_code
from tests.journeys.driving import Person

Someone = Callable[..., Person]
PASSWORD = "uma frase só minha, dita a mim"


def test_an_invitation_is_accepted_and_the_second_factor_is_asked_for(
    someone: Someone, letters: Callable[[str], list[str]]
) -> None:
    address = f"nova.{int(time.time())}@percurso.invalid"
    unit = someone("coordenacao").visit("/conta/convites/")
    unit.look(everywhere=True)
    unit.write("#id_email", address)
    unit.write("#id_name", "Nádia Nova")
    unit.choose("#id_role", "coordination")
    unit.send("form:has(#id_email)")
    unit.look()
    link = re.search(r"https?://[^/\s]+(/conta/convite/\S+)", letters(address)[-1])
    assert link
    person = someone(None).visit(link.group(1))
    person.look(everywhere=True)
    person.write("#id_name", "Nádia Nova")
    person.write("#id_password", PASSWORD)
    person.write("#id_password_again", PASSWORD)
    person.send("main form:has(#id_password_again)")
    if "/login/" in person.path:
        person.write("#id_login", address)
        person.write("#id_password", PASSWORD)
        person.send("main form:has(#id_login)")
    person.page.goto(f"{person.address}/painel/")
    assert person.path.startswith("/conta/segundo-fator/"), "nothing else opens before"
    person.look(everywhere=True)
    person.follow("main a[href='/conta/2fa/totp/activate/']")
    person.look()
    person.write("#id_code", current_code(person.text("main code").strip()))
    person.send("main form:has(#id_code)")
    person.look()
    person.visit("/painel/").look()
    someone(None).visit(link.group(1), 410).look()


def test_the_page_of_passkeys_opens(someone: Someone) -> None:
    person = someone("coordenacao").visit("/conta/2fa/webauthn/")
    person.look(everywhere=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["pt-pt", "en"])
def test_every_page_of_the_side_bar_in_both_languages_and_lights(someone: Someone, language: str, scheme: str) -> None:
    person = someone("coordenacao", color_scheme=scheme).visit("/")
    if language == "en":
        person.follow("header form.language button")
    assert (person.find("html").get_attribute("lang") or "").lower() == language
    for path in person.find("nav.side a.item").evaluate_all("all => all.map(one => one.getAttribute('href'))"):
        person.visit(path).look()
    if language == "en":
        person.follow("header form.language button")
        assert person.find("html").get_attribute("lang") == "pt-PT"

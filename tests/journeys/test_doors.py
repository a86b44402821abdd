"""From the dashboard to each list; from a response in the referential to the votes on it, and back."""

import re
from collections.abc import Callable

from tests.journeys.driving import Person

Someone = Callable[..., Person]


def test_the_coordination_follows_each_number_of_the_dashboard_to_its_list(someone: Someone) -> None:
    person = someone("coordenacao").visit("/painel/")
    person.page.wait_for_selector("main a[href='/acoes/?late=true']")
    person.look(everywhere=True)
    for address, rows in (
        ("/acoes/?late=true", "main tbody tr"),
        ("/seguimento/?overdue=true", "main tbody tr"),
        ("/planos/?state=under_way", "main tbody tr"),
    ):
        person.visit("/painel/").page.wait_for_selector(f"main a[href='{address}']")
        said = re.search(r"\d+", person.text(f"main a[href='{address}']"))
        number = said.group() if said else "1"
        person.follow(f"main a[href='{address}']")
        person.look()
        assert str(person.page.locator(rows).count()) == number, address


def test_anybody_goes_from_a_response_to_the_votes_on_the_plan_that_serves_it_and_back(someone: Someone) -> None:
    person = someone(None).visit("/referencial/2014/resposta/1.1.1.1/")
    person.page.wait_for_selector("main a[href^='/acoes/']")
    person.follow(person.page.locator("main a[href^='/acoes/0']").first)
    person.look()
    action = person.path
    person.follow(person.page.locator("main a[href^='/planos/0']").first)
    plan = person.path
    person.page.wait_for_selector("#versions a[href^='/deliberacoes/']")
    person.look()
    person.follow(person.page.locator("#versions a[href^='/deliberacoes/']").first)
    person.look()
    assert re.search(r"\b13\b", person.text("main")), "votes in favour"
    person.follow(person.page.locator(f"main a[href='{plan}']").first)
    person.follow(person.page.locator(f"main a[href='{action}']").first)
    person.follow(person.page.locator("main a[href$='/resposta/1.1.1.1/']").first)
    assert person.path == "/referencial/2014/resposta/1.1.1.1/"

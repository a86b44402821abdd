"""Whoever follows links from the start meets no page that breaks, and none that shuts somebody out."""

import re
from collections import Counter, deque
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.journeys.driving import Person

Someone = Callable[..., Person]
MOST_PAGES, MOST_ALIKE = 90, 6
ROLES = [
    None, "tecnica.porto", "rede.matosinhos", "membro.unidade", "coordenacao", "vereador.valongo", "avaliadora",
    "parceiro", "auditora",
]  # fmt: skip
FILES = re.compile(r"^/(static|admin|api/v1)/|\.(csv|xlsx|svg|json)$|/(ficheiro|documento|os-meus-dados|logout)/$")


@pytest.fixture(scope="module")
def looked_at() -> set[tuple[bool, str]]:
    """What was looked at by an earlier role: (whether logged in, name of the address)."""
    return set()


def name_of(path: str) -> str | None:
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


@pytest.mark.parametrize("role", ROLES)
def test_links_lead_only_to_pages_that_hold(
    someone: Someone, role: str | None, looked_at: set[tuple[bool, str]]
) -> None:
    person = someone(role)
    waiting, seen, alike, wrong = deque(["/"]), {"/"}, Counter(), []
    visited = 0
    while waiting and visited < MOST_PAGES:
        path = waiting.popleft()
        name = name_of(urlsplit(path).path)
        if name is None:
            wrong.append(f"{path} is no address of ours")
            continue
        alike[name] += 1
        if alike[name] > MOST_ALIKE:
            continue
        visited += 1
        answer = person.page.context.request.get(person.address + path)
        if answer.status >= 400 or "text/html" not in answer.headers.get("content-type", ""):
            wrong += [f"{path}: {answer.status}"] if answer.status >= 400 else []
            continue
        html = answer.text()
        levels = [int(level) for level in re.findall(r"<h([1-6])[\s>]", html)]
        if "<html" in html and (levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels))):
            wrong.append(f"{path}: headings {levels}")
        if "<html" in html and (role is not None, name) not in looked_at:
            looked_at.add((role is not None, name))
            person.visit(path).look()
        for link in re.findall(r'<a\s[^>]*href="([^"#]+)', html):
            found = urlsplit(urljoin(person.address + path, link.replace("&amp;", "&")))
            here = found.path + (f"?{found.query}" if found.query else "")
            if (
                f"{found.scheme}://{found.netloc}" == person.address
                and here not in seen
                and not FILES.search(found.path)
            ):
                seen.add(here)
                waiting.append(here)
    assert wrong == []
    assert visited > 5

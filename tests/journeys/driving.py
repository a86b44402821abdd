"""Somebody at a keyboard, and what the browser complains of while they work.

Nothing here presses a mouse button. What the browser does not do by keyboard itself (its file dialog) is done for it.
"""

import re
from functools import cache
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW, ZOOMED = 1280, 320, 640  # 640 CSS pixels are what 200 % leaves of 1280
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {
        rule: {"enabled": True}
        for rule in ("target-size", "heading-order", "page-has-heading-one", "landmark-one-main", "empty-heading")
    },
    "resultTypes": ["violations"],
}
# Where the focus is, seen from an element: 0 on it, 1 before it, -1 after it.
WHERE = """element => {
  const active = document.activeElement;
  if (active === element) return 0;
  if (!active || active === document.body || active.contains(element)) return 1;
  return active.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING ? 1 : -1;
}"""
# Whether whoever looks at the screen sees where the focus is.
SHOWN = """element => {
  const seen = (one) => { const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"; };
  const box = element.getBoundingClientRect();
  return (seen(element) || seen(element.parentElement)) && box.bottom > 0 && box.top < innerHeight;
}"""


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


class Complaints:
    """What a browser says in its console, what it asks of other hosts, and what breaks on the server."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.lines: list[str] = []
        context.on("console", self.heard)
        context.on("weberror", lambda error: self.lines.append(f"script: {error.error}"))
        context.on("response", self.answered)
        context.on("request", lambda request: self.asked(request.url))

    def heard(self, line: ConsoleMessage) -> None:
        # What a page answers is for its journey to judge; what a page loads is judged in `answered`.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            self.lines.append(f"console: {line.text}")

    def answered(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        if response.status >= (500 if is_page else 400):
            self.lines.append(f"{response.status} {response.url}")

    def asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.lines.append(f"another host: {url}")


class Person:
    """Somebody in front of one page, with a keyboard."""

    def __init__(self, page: Page, address: str, complaints: Complaints, *, script: bool = True) -> None:
        self.page, self.address, self.complaints, self.script = page, address, complaints, script

    def visit(self, path: str, status: int = 200) -> "Person":
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"
        return self

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.address).partition("#")[0]

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()

    # The keyboard

    def reach(self, target: Locator | str) -> Locator:
        """Press Tab (or Shift+Tab) until it has the focus, past the menus by the link that is there for that."""
        locator = self.page.locator(target).first if isinstance(target, str) else target
        element = locator.element_handle()
        assert element is not None
        if self.page.evaluate("document.activeElement === document.body") and element.evaluate(
            "element => Boolean(element.closest('main'))"
        ):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.matches('.skip')"):
                self.page.keyboard.press("Enter")
        for _press in range(500):
            where = self.page.evaluate(WHERE, element)
            if where == 0:
                assert element.evaluate(SHOWN), f"the focus is not seen on {target} of {self.path}"
                return locator
            self.page.keyboard.press("Tab" if where > 0 else "Shift+Tab")
        raise AssertionError(f"Tab does not reach {target} on {self.path}")

    def press(self, target: Locator | str, key: str = "Enter") -> None:
        self.reach(target)
        self.page.keyboard.press(key)

    def follow(self, target: Locator | str) -> None:
        """Press Enter on a link or button, and wait for the page that it leads to."""
        self.reach(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, target: Locator | str, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text) if "\n" in text else self.page.keyboard.type(text)

    def tick(self, target: Locator | str, *, on: bool = True) -> None:
        locator = self.reach(target)
        if locator.is_checked() != on:
            self.page.keyboard.press("Space")
        assert locator.is_checked() == on

    def choose(self, target: Locator | str, value: str) -> None:
        """Go through a list with the arrows until a value stands in it."""
        locator = self.reach(target)
        self.page.keyboard.press("Home")
        for _press in range(locator.locator("option").count()):
            if locator.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        assert locator.input_value() == value

    def send(self, form: str = "main form") -> None:
        """Press the first button of a form."""
        self.follow(f"{form} button.button >> visible=true")

    # What everybody must be able to see

    def violations(self) -> list[str]:
        if not self.script:
            return []  # axe is script too; the same page is looked at where there is script
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(axe())
        found = self.page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        return [
            f"{violation['id']}: {violation['help']} {node['target']} {node['html'][:160]}"
            f" {(node.get('any') or [{}])[0].get('message', '')}"
            for violation in found
            for node in violation["nodes"][:4]
        ]

    def too_wide(self, width: int) -> list[str]:
        self.page.set_viewport_size({"width": width, "height": 800})
        scrolled = self.page.evaluate("document.documentElement.scrollWidth")
        return [f"{scrolled} px wide where there are {width}"] if scrolled > width else []

    def look(self, *, everywhere: bool = False) -> None:
        """Take down where the page, in the state it is in, shuts somebody out; the test fails of it at its end.

        axe at the present width; no sideways scrolling at 320 px and at 200 %. `everywhere`: axe there too.
        """
        size = self.page.viewport_size
        wrong = self.violations()
        for width in (ZOOMED, NARROW):
            wrong += self.too_wide(width)
            if everywhere:
                wrong += [f"at {width} px: {line}" for line in self.violations()]
        if size:
            self.page.set_viewport_size(size)
        self.complaints.lines += [f"{self.path}: {line}" for line in wrong]

    def table(self, target: Locator | str) -> dict[str, list[str]]:
        """The rows of a table: head of the row → its cells, as they read."""
        table = self.page.locator(target) if isinstance(target, str) else target
        rows = table.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.replace(/\\s+/g, ' ').trim()))"
        )
        return {row[0]: row[1:] for row in rows}


def digits(text: str) -> str:
    """The first number of a text as a plain decimal: "1 234,50 %" → "1234.50"."""
    found = re.search(r"\d[\d\u00a0 ]*(?:,\d+)?", text)
    assert found, text
    return re.sub(r"[\u00a0 ]", "", found.group()).replace(",", ".")

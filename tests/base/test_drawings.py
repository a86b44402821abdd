"""The elements that draw tables and the modules of forms and grids, in a real browser under the real policy.

Pages are answered from memory: no server, no database. Without a Chromium the tests are skipped, aloud.
"""

import mimetypes
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation
from playwright.sync_api import Browser, Page, Route, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'"
ADDRESS = "http://refamp.test"
PAGE = """{% load django_htmx %}<!doctype html><html lang="pt-PT"><head><meta charset="utf-8"><title>t</title>
<meta name="viewport" content="width=device-width">{% include "shell/styles.html" only %}
<script type="module" src="{% static 'js/refamp.js' %}"></script></head>
<body class="public"><main><h1>t</h1>BODY</main><div id="announce" role="status"></div>
{% include "shell/strings.html" only %}</body></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium: set CHROMIUM or install one")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`opened(template)`: a page whose body is that template; whatever the browser complains of fails the test."""
    contexts, complaints = [], []

    def answer(route: Route, body: str) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path.startswith("/static/"):
            file = ROOT / path.lstrip("/")
            if file.is_file():
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                route.fulfill(body=file.read_bytes(), content_type=kind)
            else:
                route.fulfill(body="", content_type="text/css")
        elif route.request.method == "POST":
            route.fulfill(status=204)
        else:
            with translation.override("pt-pt"):
                page = Template(PAGE.replace("BODY", body)).render(Context())
            route.fulfill(body=page, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    def make(body: str, *, width: int = 1200, address: str = "/", **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.route("**/*", lambda route: answer(route, body))
        page.goto(ADDRESS + address)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


SHARES = """{% figure table="t1" finding="Sobe" draw="ref-dumbbell" accent="ep1" sentence="Diz." %}
<table id="t1" data-unit="%"><caption>c</caption><thead><tr><th scope="col">Tema</th>
<th scope="col" data-series="metropolitan">AMP</th><th scope="col" data-series="municipal">Municípios</th></tr></thead>
<tbody><tr><th scope="row">1.1</th><td data-series="metropolitan" data-value="22.92" data-low="13.31"
data-high="36.54">22,92 %</td>
<td data-series="municipal" data-value="64.58" data-low="50.44" data-high="76.57" data-printed="64.50">64,58 %</td></tr>
<tr><th scope="row">4.1b</th><td data-series="metropolitan" data-status="not_asked">não perguntado</td>
<td data-series="municipal" data-value="0">0 %</td></tr>
<tr><th scope="row">UE</th><td data-series="metropolitan" data-status="not_asked">não perguntado</td>
<td data-series="municipal" data-status="suppressed">oculto</td></tr></tbody></table>{% endfigure %}"""

PLACES = [("1306", "Maia", 1, 2, "12.00"), ("1308", "Matosinhos", 0, 2, "40.00"), ("1312", "Porto", 1, 3, None)]
TILES = (
    '<ref-tiles table="t2" param="municipality"></ref-tiles><table id="t2" data-unit="%" data-sortable><thead><tr>'
    '<th scope="col">Município</th><th scope="col" data-series="share">Taxa</th></tr></thead><tbody>'
    + "".join(
        f'<tr data-code="{code}" data-x="{x}" data-y="{y}"><th scope="row">{name}</th>'
        + (
            f'<td data-series="share" data-value="{value}">{value}</td></tr>'
            if value
            else '<td data-series="share" data-status="missing">em falta</td></tr>'
        )
        for code, name, x, y, value in PLACES
    )
    + "</tbody></table>"
)
GRID = (
    '<form method="post" data-guard data-once>{% tablewrap label="g" %}<table data-grid><tbody>'
    + "".join(
        f'<tr><th scope="row">m{row}</th>'
        + "".join(
            f'<td><input type="number" name="c{row}{column}" value="1" aria-label="c{row}{column}"></td>'
            for column in range(2)
        )
        + '<td><output data-total="row"></output></td></tr>'
        for row in range(2)
    )
    + '</tbody><tfoot><tr><th scope="row">t</th><td><output data-total="column"></output></td>'
    '<td><output data-total="column"></output></td>'
    '<td><output data-total="all"></output></td></tr></tfoot></table>{% endtablewrap %}'
    '<button type="submit">Guardar</button></form>'
)  # fmt: skip


def test_a_dumbbell_draws_what_there_is_and_says_what_there_is_not(opened):
    page = opened(SHARES)
    rows = page.locator("ref-dumbbell .plot-row:not(.axis-row)")
    assert rows.count() == 3
    assert (rows.nth(0).locator(".dot").count(), rows.nth(0).locator(".ring").count()) == (1, 1)
    assert rows.nth(0).locator(".interval").count() == 2
    assert rows.nth(0).locator(".printed").get_attribute("x1") == "64.500%"
    assert rows.nth(0).locator(".ring").get_attribute("cx") == "64.580%"
    assert (rows.nth(1).locator(".dot").count(), rows.nth(1).locator(".ring").get_attribute("cx")) == (0, "0.000%")
    assert rows.nth(1).locator("small").inner_text() == "AMP: não perguntado"
    assert rows.nth(2).locator(".dot, .ring").count() == 0
    assert rows.nth(2).locator("small").inner_text() == "AMP: não perguntado · Municípios: oculto"


def test_the_table_stays_open_without_script_and_folds_once_it_is_drawn(opened):
    assert opened(SHARES, java_script_enabled=False).locator("#t1").is_visible()
    drawn = opened(SHARES)
    assert not drawn.locator("#t1").is_visible()
    drawn.locator("summary").click()
    assert drawn.locator("#t1").is_visible()


def test_a_drawing_follows_its_table(opened):
    page = opened(SHARES)
    page.evaluate("document.querySelector('#t1 td').dataset.value = '50'")
    page.locator('ref-dumbbell .dot[cx="50.000%"]').first.wait_for()


@pytest.mark.parametrize("body", [SHARES, TILES, GRID])
def test_nothing_makes_a_narrow_page_scroll_sideways(opened, body):
    page = opened(body, width=320)
    assert (
        page.evaluate(
            "document.querySelectorAll('ref-tiles').length ? document.querySelector('.tiles').scrollWidth : 0"
        )
        <= 320
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_bars_keep_the_place_of_rows_without_a_figure(opened):
    page = opened(SHARES.replace('draw="ref-dumbbell"', 'draw="ref-bars" series="metropolitan"'))
    rows = page.locator("ref-bars .plot-row:not(.axis-row)")
    assert [rows.nth(row).locator("rect").count() for row in range(3)] == [1, 0, 0]
    assert rows.nth(1).locator(".plot-none").inner_text() == "não perguntado"


def test_a_heat_map_colours_the_cells_of_the_table_against_their_quota(opened):
    cells = [(0, 4), (1, 4), (2, 4), (4, 4)]
    page = opened(
        '<ref-heat table="t"></ref-heat><table id="t"><tbody><tr><th scope="row">m</th>'
        + "".join(f'<td data-value="{value}" data-quota="{quota}">{value} de {quota}</td>' for value, quota in cells)
        + '<td data-status="not_asked">não perguntado</td></tr></tbody></table>'
    )
    assert page.locator("#t td").evaluate_all("cells => cells.map(cell => cell.className)") == [
        "heat-0", "heat-1", "heat-2", "heat-4", "heat-none",
    ]  # fmt: skip
    assert page.locator("#t td").all_inner_texts() == ["0 de 4", "1 de 4", "2 de 4", "4 de 4", "não perguntado"]


def test_tiles_are_one_tab_stop_walked_by_arrows_and_filter_by_enter(opened):
    page = opened(TILES, address="/?year=2027&cursor=x")
    assert page.locator('.tile[tabindex="0"]').count() == 1
    page.locator('.tile[tabindex="0"]').focus()
    seen = []
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.dataset.code"))
    assert seen == ["1306", "1312", "1306", "1308"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/?year=2027&municipality=1308*")
    page.locator('[data-code="1308"].tile:focus').wait_for()
    assert page.locator('[data-code="1308"].tile').get_attribute("aria-pressed") == "true"
    assert page.locator('[data-code="1306"].tile').get_attribute("aria-pressed") == "false"


def test_what_a_tile_shows_is_its_cell_and_what_it_lacks_is_said(opened):
    page = opened(TILES)
    assert page.get_by_role("button", name="Porto: em falta").count() == 1
    assert page.get_by_role("button", name="Matosinhos: 40.00").count() == 1


def test_sorting_leaves_rows_without_a_figure_last_either_way(opened):
    page = opened(TILES)
    order = []
    for _press in range(2):
        page.locator("#t2 .sort").nth(1).click()
        order.append(page.locator("#t2 tbody th").all_inner_texts())
    assert order == [["Maia", "Matosinhos", "Porto"], ["Matosinhos", "Maia", "Porto"]]
    assert page.locator("#t2 th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_a_block_from_a_spreadsheet_fills_the_grid_and_the_totals(opened):
    page = opened(GRID)
    page.locator("input").first.focus()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text/plain", "2\\t1 003\\n4\\t5,5\\n");
        const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
        document.activeElement.dispatchEvent(paste) }"""
    )
    assert [field.input_value() for field in page.locator("input").all()] == ["2", "1003", "4", "5.5"]
    assert page.locator("output").all_inner_texts() == ["1\u00a0005", "9,5", "6", "1\u00a0008,5", "1\u00a0014,5"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.name") == "c11"


def test_a_form_is_sent_once_however_often_it_is_pressed(opened):
    page = opened(GRID)
    sent = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    page.evaluate(
        "() => { const button = document.querySelector('button'); button.click(); button.click(); button.click() }"
    )
    page.wait_for_timeout(200)
    assert sent == ["POST"]


def test_whoever_leaves_with_changes_is_asked_and_whoever_changed_nothing_is_not(opened):
    page = opened(GRID)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(ADDRESS + "/other/")
    assert asked == []
    page.locator("input").first.press("5")
    page.goto(ADDRESS + "/")
    assert asked == ["beforeunload"]

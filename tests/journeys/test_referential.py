"""A technician reads the referential of 2014: what it prints, beside what the platform computes."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.journeys.driving import Person, digits

Someone = Callable[..., Person]
# Transcribed by hand from the document: code → the column of the area, and that of the municipalities.
AREAS = {
    "1.1": ("22.92% (11)", "64.50% (31)"), "1.2": ("31.25% (15)", "37.50% (18)"), "1.3": ("22.92% (11)", "35.42% (17)"),
    "1.4": ("*14.58% (7)", "47.92% (23)"), "2.1": ("62.50% (30)", "66.67% (32)"), "3.1": ("35.42% (17)", "58.43% (28)"),
    "3.2": ("20.83% (10)", "22.92% (11)"), "4.1a": ("* 14.58% (7)", "0% *"), "4.1b": ("56.25% (27)", None),
    "4.2": ("22.92% (11)", "27.08% (13)"),
}  # fmt: skip
SINGLE = {
    "AE1": "45.83% (22)", "AE2": "29.16% (14)", "AE3": None, "AE4": None, "AE5": "43.75% (21)", "AE6": "62.50% (30)",
    "UE": "70.83% (34)", "UCE": "83.33% (40)", "3.3.3": None,
}  # fmt: skip
CONTRADICT = {"1.1", "3.1", "AE2"}
PARTICIPANTS = 48


@pytest.fixture
def technician(someone: Someone) -> Person:
    person = someone("tecnica.porto")
    person.visit("/")
    person.look()
    person.follow("nav.side a[href='/referencial/']")
    return person


def rows(person: Person) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table in person.find("main figure table").all():
        found |= person.table(table)
    return {head.split()[0]: cells for head, cells in found.items()}


def check(code: str, printed: str | None, share: str, as_printed: str) -> None:
    """A printed count gives the computed share; what has no count has no figure, and zero is a figure."""
    if printed is None:
        assert not re.search(r"\d", share + as_printed), f"{code} has no figure"
        return
    assert as_printed.startswith(printed)
    count = re.search(r"\((\d+)\)", printed)
    counted = int(count.group(1)) if count else 0
    computed = (Decimal(100 * counted) / PARTICIPANTS).quantize(Decimal("0.01"))
    assert digits(share) == str(computed)
    assert ("≠" in as_printed) == (code in CONTRADICT)


def test_a_technician_sees_every_printed_share_beside_the_computed_one(technician: Person) -> None:
    assert technician.path == "/referencial/"
    technician.look(everywhere=True)
    found = rows(technician)
    assert sorted(found) == sorted([*AREAS, *SINGLE])
    for code, (metropolitan, municipal) in AREAS.items():
        cells = found[code]
        check(code if code not in CONTRADICT else "", metropolitan, cells[0], cells[2])
        check(code, municipal, cells[3], cells[5])
    for code, printed in SINGLE.items():
        check(code, printed, found[code][0], found[code][2])
    assert technician.find("main td.differs").count() == len(CONTRADICT)
    inferred = technician.find("tr:has(th:has-text('4.1a')) td[data-series=municipal]")
    assert Decimal(inferred.get_attribute("data-value") or "") == 0
    empty = technician.find("tr:has(th:has-text('4.1b')) td[data-series=municipal]")
    assert empty.get_attribute("data-value") is None
    assert empty.get_attribute("data-status")


def test_the_drawing_shows_a_zero_and_leaves_out_what_has_no_figure(technician: Person) -> None:
    plots = technician.find("ref-dumbbell .plot-row:not(.axis-row)")
    plots.first.wait_for()
    drawn = {
        row.inner_text().split()[0]: (row.locator(".dot").count(), row.locator(".ring").count()) for row in plots.all()
    }
    assert drawn["4.1a"] == (1, 1)
    assert drawn["4.1b"] == (1, 0)
    assert [drawn[code] for code in ("AE1", "AE3", "AE4", "3.3.3")] == [(1, 0), (0, 0), (0, 0), (0, 0)]


def test_from_an_area_to_its_page_and_back_by_keyboard(technician: Person) -> None:
    technician.press("main details.fold summary")
    technician.look()
    technician.follow("main figure table a >> nth=0")
    assert re.fullmatch(r"/referencial/2014/[a-z-]+/1\.1/", technician.path)
    technician.look(everywhere=True)
    technician.follow("nav.crumbs a >> nth=0")
    assert technician.path == "/referencial/"
    technician.follow("a[href='/referencial/2014/']")
    technician.look(everywhere=True)

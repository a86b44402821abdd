"""No text is too long for an export: a worksheet's cell has it cut, with a mark; CSV has it whole."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook

from refamp.base.export import CUT, LONGEST_CELL, csv_lines, xlsx_file


@pytest.mark.parametrize("text", ["x" * 40_000, "=" + "é" * LONGEST_CELL, "😀" * 20_000])
def test_a_text_longer_than_a_cell_is_cut_with_a_mark_and_csv_has_it_whole(text):
    row = {"text": text, "after": "é"}
    with xlsx_file(["text", "after"], [row]) as file:
        cells = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()[1]
    assert cells[0].endswith(CUT)
    assert len(cells[0].encode("utf-16-le")) <= 2 * LONGEST_CELL
    assert cells[1] == "é"
    (read,) = csv.DictReader(io.StringIO("".join(csv_lines(["text", "after"], [row]))))
    assert read["text"].removeprefix("'") == text


def test_a_text_that_just_fits_is_whole():
    with xlsx_file(["text"], [{"text": "x" * LONGEST_CELL}]) as file:
        assert CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()[1] == ["x" * LONGEST_CELL]

"""Tables on their way out: CSV and XLSX, row by row, in constant memory, without formulas.

**Formulas.** A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (a tab, carriage return or line feed
before it does not help, nor does the full-width form). Such a *text* gets an apostrophe in front; a text that already
begins with apostrophes before such a character gets one more, so that `plain_text` (which the readers of imports apply
to every cell) takes back exactly what was put there, and an export re-imports unchanged. Figures stay as they are:
`-3.20` is a number.

**Values.** Nothing is an empty cell; yes and no are `true` and `false`; days and moments are ISO 8601; a list is joined
with `; `; another object is two columns, `x_id` and `x_label`; a list of objects that have no code is JSON.
"""

import csv
import datetime
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
FIGURE = re.compile(r"-?\d+(\.\d+)?")
LAST_ROW = 1_048_576
LONGEST_CELL = 32_767
EXACT_DIGITS = 15


CUT = " […]"


class WorksheetFull(Exception):  # noqa: N818 - reads as what happened
    """More rows than a worksheet holds."""


def cut(text: str) -> str:
    """A text as long as a cell of a worksheet holds, with a mark where it was cut: CSV and JSON have it whole."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    kept = units[: 2 * (LONGEST_CELL - len(CUT))].decode("utf-16-le", "ignore")
    return kept + CUT


def safe_text(text: str) -> str:
    """`=1+1` → `'=1+1`; `-3.20` stays."""
    return f"'{text}" if FORMULA.match(text) and not FIGURE.fullmatch(text) else text


def plain_text(text: str) -> str:
    """What `safe_text` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def flat_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One cell per column: references become `x_id` and `x_label`, other inner objects one column per key."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if key != "url":
                    flat[f"{name}_{key}"] = inner
        else:
            flat[name] = value
    return flat


def text_of(value: Any) -> str:  # noqa: PLR0911 - one line per kind
    """A cell as text, before formulas are looked for."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple | set | frozenset):
        if any(isinstance(each, Mapping) and "id" not in each for each in value):
            return json.dumps(list(value), default=text_of, ensure_ascii=False)
        return "; ".join(text_of(each["id"] if isinstance(each, Mapping) and "id" in each else each) for each in value)
    return str(value)


def csv_cell(value: Any) -> str:
    return text_of(value) if isinstance(value, int | Decimal | float) else safe_text(text_of(value))


class Line:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """RFC 4180, one header row; `rows` are flat. Lines come in batches, for a socket's sake."""
    writer = csv.writer(Line())
    batch = [writer.writerow(columns)]
    for row in rows:
        batch.append(writer.writerow([csv_cell(row.get(column)) for column in columns]))
        if len(batch) >= 500:  # noqa: PLR2004 - about 50 KB
            yield "".join(batch)
            batch = []
    yield "".join(batch)


Table = tuple[Sequence[str], Iterable[Mapping[str, Any]]]


def xlsx_file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, sheet: str = "data") -> BinaryIO:
    """A workbook of one sheet as an open temporary file, at its beginning; `rows` are flat.

    Whole numbers and exact figures are numbers, with the decimals they have; a figure of more digits than a spreadsheet
    keeps stays text. Raises WorksheetFull.
    """
    return workbook_file({sheet: (columns, rows)})


def workbook_file(sheets: Mapping[str, Table]) -> BinaryIO:
    """A workbook of several sheets, each (columns, rows), as `xlsx_file` makes one."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller streams and closes it
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = book.add_format({"bold": True})
    decimals: dict[int, Any] = {}
    try:
        for name, (columns, rows) in sheets.items():
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for column, title in enumerate(columns):
                page.write_string(0, column, title, bold)
            fill(book, page, columns, rows, decimals)
    except WorksheetFull:
        book.close()
        file.close()
        raise
    book.close()
    file.seek(0)
    return file


def fill(
    book: Any, page: Any, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], decimals: dict[int, Any]
) -> None:
    """Write the rows below the header of a sheet; `decimals` holds the book's formats by places."""
    for number, row in enumerate(rows, start=1):
        if number >= LAST_ROW:
            raise WorksheetFull
        for column, name in enumerate(columns):
            value = row.get(name)
            if value is None:
                continue
            places = places_of(value)
            if places is None:
                page.write_string(number, column, cut(csv_cell(value)))
            else:
                if places not in decimals:
                    decimals[places] = book.add_format({"num_format": "0" + ("." + "0" * places if places else "")})
                page.write_number(number, column, value, decimals[places])


def places_of(value: Any) -> int | None:
    """How many decimals to show a number with; None where it is to be a text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    digits = Decimal(value).as_tuple()
    if not isinstance(digits.exponent, int) or len(digits.digits) > EXACT_DIGITS:
        return None
    return max(0, -digits.exponent)

"""Reads one hostile file, in a process of its own with little memory and time. Knows nothing of Django.

Run as `python -I reader.py PATH EXTENSION LIMITS`, with LIMITS a JSON object; writes one JSON object:
`{"header": [...], "numbers": [...], "columns": [[...], ...], "problems": [[row, column, code], ...]}` or
`{"refused": code, "details": {...}}`. Where the limits name `sheets`, every sheet: `{"sheets": {name: {...}}}`.
"""

import csv
import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple

import orjson
from python_calamine import CalamineError, CalamineWorkbook

CHUNK = 1 << 20
MOST_FILES = 2000
MOST_COLUMNS = 500
MOST_ABOVE = 10
MOST_PROBLEMS = 1000
LONGEST_CELL = 100_000
SEPARATORS = (",", ";", "\t")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What is certainly neither a table of text nor a workbook, by its first bytes.
OTHERS = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM\x00", b"{\\rtf", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh",
    b"\xfd7zXZ", b"\x7fELF", b"MZ", b"SQLite", b"PAR1", b"RIFF", b"II*\x00", b"MM\x00*",
)  # fmt: skip
MARKUP = re.compile(rb"\s*<(?:!doctype|\?xml|html|head|body|table|svg|script|meta|div)\b", re.IGNORECASE)
ENTITIES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Our own exports put an apostrophe before what a spreadsheet would take for a formula; here it comes off again, as in
# `refamp.base.export.plain_text`, which this process cannot import.
NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


class Unreadable(Exception):  # noqa: N818 - reads as what it is
    """It is not read; `code` says why."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


class Limits(NamedTuple):
    """Bytes when unpacked, cells, rows; bytes of memory and seconds of work for this process; every sheet, at most."""

    unpacked: int
    cells: int
    rows: int
    memory: int
    seconds: int
    sheets: int = 0


def kind_of(path: str, extension: str, limits: Limits) -> str:
    """`xlsx` or `csv`, by content; Unreadable for everything else, and where the name says something different."""
    with open(path, "rb") as file:  # noqa: PTH123 - this process loads as little as possible
        start = file.read(8192)
    if start.startswith(b"PK"):
        check_archive(path, limits)
        found = "xlsx"
    elif start.startswith(OLE):
        raise Unreadable("old_or_encrypted")
    elif start.startswith(OTHERS) or MARKUP.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise Unreadable("not_a_spreadsheet")
    elif start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("utf16")
    elif b"\0" in start:
        raise Unreadable("nul")
    else:
        found = "csv"
    allowed = {"xlsx": {"xlsx"}, "csv": {"csv", "txt", "tsv", "tab"}}[found]
    if extension not in allowed | {""}:
        raise Unreadable("name_says_otherwise", extension=extension, found=found)
    return found


def check_archive(path: str, limits: Limits) -> None:
    """A workbook's archive, really unpacked once and thrown away: declared sizes can lie."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MOST_FILES:
                raise Unreadable("too_many_files")
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable("old_or_encrypted")
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                raise Unreadable("not_a_spreadsheet")
            if len(names) != len(parts) or any(part.compress_type not in {0, 8} for part in parts):
                raise Unreadable("damaged")
            if sum(part.file_size for part in parts) > limits.unpacked:
                raise Unreadable("too_large_unpacked")
            unpacked = 0
            for part in parts:
                unpacked = check_part(archive, part, unpacked, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise Unreadable("damaged") from error


def check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, unpacked: int, limits: Limits) -> int:
    """Count what one file unpacks to; refuse document types, with which a small file could swell when parsed."""
    markup = part.filename.endswith((".xml", ".rels"))
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(CHUNK):
            unpacked += len(piece)
            if unpacked > limits.unpacked:
                raise Unreadable("too_large_unpacked")
            if markup:
                if not tail and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise Unreadable("damaged")  # no writer of workbooks uses UTF-16, whose markup is not searched
                if ENTITIES.search(tail + piece):
                    raise Unreadable("entities")
                tail = piece[-20:]
    return unpacked


def csv_rows(path: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text file, numbered as a spreadsheet would show them."""
    with open(path, "rb") as file:  # noqa: PTH123
        raw = file.read(limits.unpacked + 1)
    if len(raw) > limits.unpacked:
        raise Unreadable("too_large_unpacked")
    if b"\0" in raw:
        raise Unreadable("nul")
    text = decoded(raw)
    del raw
    if CONTROL.search(text):
        raise Unreadable("not_a_spreadsheet")
    first, separator = 1, None
    line, _newline, rest = text.partition("\n")
    if line.strip().lower() in {f"sep={s}" for s in SEPARATORS} | {"sep="}:
        # Excel's own first line
        separator, text, first = line.strip("\r\n ")[4:5] or "\t", rest, 2
    separator = separator or separator_of(text)
    csv.field_size_limit(LONGEST_CELL)
    # newline="" keeps quoted line ends; old Macintosh files end their lines with \r alone, which csv understands too
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = first - 1
    try:
        for row in reader:
            number += 1
            yield number, row
    except csv.Error as error:
        code = "cell_too_long" if "field larger" in str(error) else "damaged_row"
        raise Unreadable(code, row=number + 1) from error


def decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, else Windows-1252."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding")


def separator_of(text: str) -> str:
    """The one that divides the first row that is not empty into most cells, and the next rows into as many."""
    head = text[:65536]
    if len(head) < len(text):
        head = head.rpartition("\n")[0] or head
    # A single column divides nowhere: whatever does not occur in it is right.
    best, best_score = next((s for s in (";", "\t", ",") if s not in head), ","), (0, 0)
    for separator in SEPARATORS:
        rows: list[list[str]] = []
        with suppress(csv.Error):  # what could be read before it decides
            rows.extend(
                row for row in islice(csv.reader(io.StringIO(head, newline=""), delimiter=separator), 50) if any(row)
            )
        if rows and len(rows[0]) > 1:
            score = (sum(len(row) == len(rows[0]) for row in rows) * 100 // len(rows), len(rows[0]))
            # agreement first in steps of a half, then more columns
            ranked = (score[0] // 50, score[1])
            if ranked > best_score:
                best, best_score = separator, ranked
    return best


def xlsx_rows(path: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet that holds anything."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                start, end = sheet.start, sheet.end
                if start is None or end is None:
                    continue
                if (end[0] - start[0] + 1) * (end[1] - start[1] + 1) > limits.cells * 2:
                    raise Unreadable("too_many_cells", cells=limits.cells)
                number, some = start[0], False
                for row in sheet.iter_rows():
                    # iter_rows begins at the sheet's first row, empty or not
                    number += 1
                    cells = [written(cell) for cell in row]
                    some = some or any(cells)
                    yield number - start[0], cells
                if some:
                    return
    except CalamineError as error:
        raise Unreadable("damaged") from error


def sheets_of(path: str, limits: Limits, kind: str) -> dict[str, Any]:
    """Every sheet of a workbook that holds anything, as a table."""
    if kind != "xlsx":
        raise Unreadable("not_a_workbook")
    found: dict[str, Any] = {}
    cells = 0
    try:
        with CalamineWorkbook.from_path(path) as book:
            if len(book.sheet_names) > limits.sheets:
                raise Unreadable("too_many_sheets", sheets=limits.sheets)
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                start, end = sheet.start, sheet.end
                if start is None or end is None:
                    continue
                cells += (end[0] + 1) * (end[1] - start[1] + 1)
                if cells > limits.cells * 2:
                    raise Unreadable("too_many_cells", cells=limits.cells)
                rows = ((number, [written(cell) for cell in row]) for number, row in enumerate(sheet.iter_rows(), 1))
                with suppress_empty():
                    found[name] = table(below_titles(rows), limits)
    except CalamineError as error:
        raise Unreadable("damaged") from error
    if not found:
        raise Unreadable("no_rows")
    return found


def below_titles(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Without the titles that people write above a table: rows of one cell, where a wider one follows soon."""
    going = iter(rows)
    first = list(islice(going, MOST_ABOVE))
    filled = [sum(bool(cell.strip()) for cell in row) for _number, row in first]
    start = next((place for place, count in enumerate(filled) if count > 1), 0)
    yield from first[start:]
    yield from going


@contextmanager
def suppress_empty() -> Iterator[None]:
    """A sheet without a header is no table; the others may be."""
    try:
        yield
    except Unreadable as reason:
        if reason.code != "no_rows":
            raise


def written(cell: Any) -> str:
    """A cell as a person would write it into a text file: `104.0` is "104", a day "2026-11-24"."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep="T")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def cleaned(cell: str) -> str:
    text = cell.strip()
    if text[:1] == "'" and NEUTRALISED.match(text):
        return text[1:]
    return text


def table(rows: Iterable[tuple[int, list[str]]], limits: Limits) -> dict[str, Any]:
    """The header, and the rows below it that hold anything, column by column."""
    header: list[str] | None = None
    numbers: list[int] = []
    kept: list[list[str]] = []
    problems: list[tuple[int, str, str]] = []
    problem_count = 0
    for number, raw in rows:
        row = [cleaned(cell) for cell in raw]
        if not any(row):
            continue
        if header is None:
            if "".join(row).strip(";,"):  # separators alone are no header
                header = header_of(row)
            continue
        width = len(header)
        if len(row) > width and any(row[width:]):
            problem_count += 1
            if len(problems) < MOST_PROBLEMS:
                problems.append((number, "", "more_cells_than_header"))
        if len(row) != width:
            row = (row + [""] * width)[:width]
        numbers.append(number)
        kept.append(row)
        if len(kept) > limits.rows or len(kept) * width > limits.cells:
            raise Unreadable("too_many_cells", cells=limits.cells)
    if header is None:
        raise Unreadable("no_rows")
    columns = [list(column) for column in zip(*kept, strict=True)] if kept else [[] for _name in header]
    return {
        "header": header, "numbers": numbers, "columns": columns, "problems": problems, "problem_count": problem_count,
    }  # fmt: skip


def header_of(row: list[str]) -> list[str]:
    """The names of the columns; empty ones at the end are no columns."""
    while row and not row[-1]:
        row = row[:-1]
    if len(row) > MOST_COLUMNS:
        raise Unreadable("too_many_columns", columns=MOST_COLUMNS)
    names = [name or f"({place})" for place, name in enumerate(row, 1)]
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise Unreadable("two_columns_alike", column=name)
        seen.add(name.casefold())
    return names


def main(path: str, extension: str, limits: Limits) -> dict[str, Any]:
    """Read under limits; whatever goes wrong is an answer."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        kind = kind_of(path, extension, limits)
        if limits.sheets:
            return {"sheets": sheets_of(path, limits, kind)}
        reads = xlsx_rows if kind == "xlsx" else csv_rows
        return table(reads(path, limits), limits)
    except Unreadable as reason:
        return {"refused": reason.code, "details": reason.details}
    except MemoryError:
        return {"refused": "too_large_unpacked", "details": {}}


if __name__ == "__main__":
    answer = main(sys.argv[1], sys.argv[2], Limits(**json.loads(sys.argv[3])))
    sys.stdout.buffer.write(orjson.dumps(answer))

"""The worker's side: start the reader, wait not too long, make a frame of what it read."""

import json
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any

import orjson
import pandas as pd
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from refamp.base.errors import Refused

READER = Path(__file__).with_name("reader.py")
MOST_CELLS = 20_000_000
MOST_ROWS = 1_048_576
MEMORY = 3 * 1024**3
SECONDS = 60

REASONS: dict[str, Any] = {
    "not_a_spreadsheet": _("This is neither a CSV text nor an XLSX workbook."),
    "old_or_encrypted": _("This is an old .xls workbook or one with a password. Save it as .xlsx without a password."),
    "utf16": _("This text is in UTF-16. Save it as CSV in UTF-8."),
    "nul": _("The text holds NUL bytes: it is not a CSV file."),
    "encoding": _("The text is neither in UTF-8 nor in Windows-1252."),
    "name_says_otherwise": _("The file is not what its name says (.%(extension)s): it holds %(found)s."),
    "damaged": _(
        "The workbook is damaged or was made in an unusual way. Open it, save it again as .xlsx and send that."
    ),
    "damaged_row": _("Row %(row)s has a quotation mark in the wrong place, or one that never closes."),
    "cell_too_long": _("Row %(row)s has a cell of more than 100,000 characters."),
    "entities": _("The workbook holds definitions that a spreadsheet never needs, and is refused."),
    "too_many_files": _("The workbook holds too many parts."),
    "too_large_unpacked": _("The file is too large when unpacked."),
    "too_many_cells": _("The table has too many cells: %(cells)s at most."),
    "too_many_columns": _("The table has too many columns: %(columns)s at most."),
    "two_columns_alike": _("Two columns have the same name: %(column)s."),
    "no_rows": _("There is nothing in the file."),
    "not_a_workbook": _("This must be an XLSX workbook with several sheets."),
    "too_many_sheets": _("The workbook has too many sheets: %(sheets)s at most."),
    "too_slow": _("Reading the file takes too long."),
}
PROBLEMS: dict[str, Any] = {"more_cells_than_header": _("The row has more cells than there are columns.")}


def open_table(path: str | Path, name: str) -> pd.DataFrame:
    """A CSV or XLSX file as text, or Refused with a code and a sentence.

    `path` is where it lies, `name` what its sender calls it. Every cell is `str`, "" where empty, without blanks around
    it; the index (named `row`) is the row as the spreadsheet numbers it. Blank rows are left out. `frame.attrs`:
    `problems`, a list in the shape of `Problem` (rows with more cells than columns; at most 1,000), and their exact
    `problem_count`. The file is read by a process of its own under memory and time limits.
    """
    answer = read(Path(path), PurePath(name).suffix.lower().lstrip("."))
    if "refused" in answer:
        raise reason(answer["refused"], answer["details"])
    return frame_of(answer)


def open_workbook(path: str | Path, name: str, *, sheets: int = 20) -> dict[str, pd.DataFrame]:
    """Every sheet of an XLSX workbook that holds anything, by its name; each as `open_table` gives one."""
    answer = read(Path(path), PurePath(name).suffix.lower().lstrip("."), sheets=sheets)
    if "refused" in answer:
        raise reason(answer["refused"], answer["details"])
    return {sheet: frame_of(table) for sheet, table in answer["sheets"].items()}


def frame_of(answer: dict[str, Any]) -> pd.DataFrame:
    """What the reader answered for one table."""
    frame = pd.DataFrame(
        dict(zip(answer["header"], (pd.array(column, dtype="str") for column in answer["columns"]), strict=True)),
        index=pd.Index(answer["numbers"], name="row", dtype="int64"),
    )
    frame.attrs["problems"] = [
        {"row": row, "column": column or None, "code": code, "detail": str(PROBLEMS[code])}
        for row, column, code in answer["problems"]
    ]
    frame.attrs["problem_count"] = answer["problem_count"]
    return frame


def read(path: Path, extension: str, **more: int) -> dict[str, Any]:
    """What the reader answers; a reader that was stopped or crashed answers by its absence."""
    limits = {
        "unpacked": settings.UPLOAD_MAX_UNPACKED_BYTES,
        "cells": MOST_CELLS,
        "rows": MOST_ROWS,
        "memory": MEMORY,
        "seconds": SECONDS,
        **more,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the name that a stranger gave is only compared
            [sys.executable, "-I", str(READER), str(path), extension, json.dumps(limits)],
            capture_output=True,
            timeout=SECONDS + 30,
            env={"LC_ALL": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "too_slow", "details": {}}
    if done.returncode != 0:
        # Rust aborts where Python would raise MemoryError; SIGXCPU where the time ran out
        return {"refused": "too_slow" if done.returncode == -24 else "too_large_unpacked", "details": {}}  # noqa: PLR2004
    return orjson.loads(done.stdout)


def reason(code: str, details: dict[str, Any]) -> Refused:
    shown = details | {"found": {"xlsx": "XLSX", "csv": "CSV"}.get(details.get("found", ""), "")}
    text = REASONS[code]
    return Refused(text % shown if details else text, code=code, field="file")

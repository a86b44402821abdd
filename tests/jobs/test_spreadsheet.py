"""A file from a stranger is read as text, or refused with a reason, before it can do harm."""

import datetime as dt
import io
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from refamp.base.errors import Refused
from refamp.base.export import plain_text, safe_text
from refamp.jobs.spreadsheet import open_table, reader
from refamp.jobs.spreadsheet.table import REASONS

HEADER = "Nome;Nº"


def of(tmp_path: Path, content: bytes, name: str = "a.csv"):
    path = tmp_path / "stored"
    path.write_bytes(content)
    return open_table(path, name)


def rows_of(frame):
    return [(number, *values) for number, values in zip(frame.index, frame.values.tolist(), strict=True)]


def workbook(sheets: dict[str, list[list[object]]], first_row: int = 0) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows, first_row):
            for c, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(r, c, value, day)
                elif value is not None:
                    sheet.write(r, c, value)
    book.close()
    return buffer.getvalue()


def refusal(tmp_path: Path, content: bytes, name: str) -> str:
    with pytest.raises(Refused) as refused:
        of(tmp_path, content, name)
    assert refused.value.field == "file"
    with translation.override("en"):
        assert "%(" not in str(refused.value.message)
    return refused.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_usual_text_is_understood(tmp_path, encoding, separator, line_end):
    text = line_end.join(separator.join(cells) for cells in [["Nome", "Nº"], ["São João", "0104"], ["Gaia", "€ 5"]])
    frame = of(tmp_path, text.encode(encoding))
    assert list(frame.columns) == ["Nome", "Nº"]
    assert rows_of(frame) == [(2, "São João", "0104"), (3, "Gaia", "€ 5")]


def test_rows_keep_the_numbers_of_the_sheet_and_blank_ones_are_skipped(tmp_path):
    text = '\n;;\na;b;c\n\n1;2;3\n;;\n"quoted\nline";"say ""x""";\n  4 ;5;6\n'
    frame = of(tmp_path, text.encode())
    assert rows_of(frame) == [(5, "1", "2", "3"), (7, "quoted\nline", 'say "x"', ""), (8, "4", "5", "6")]


def test_excels_own_first_line_names_the_separator(tmp_path):
    assert rows_of(of(tmp_path, b"sep=;\na;b\n1,5;2\n")) == [(3, "1,5", "2")]


def test_decimal_commas_do_not_make_columns(tmp_path):
    assert rows_of(of(tmp_path, b"nome;valor;outro\na;1,5;2,5\nb;3,25;4,75\n")) == [
        (2, "a", "1,5", "2,5"),
        (3, "b", "3,25", "4,75"),
    ]


def test_a_single_column_may_hold_any_sign(tmp_path):
    assert rows_of(of(tmp_path, "nome\nSilva, João\n".encode())) == [(2, "Silva, João")]


def test_short_rows_are_filled_and_rows_with_too_many_cells_are_reported(tmp_path):
    frame = of(tmp_path, b"a,b,c\n1\n1,2,3,,\n1,2,3,4\n")
    assert rows_of(frame) == [(2, "1", "", ""), (3, "1", "2", "3"), (4, "1", "2", "3")]
    assert [(p["row"], p["code"]) for p in frame.attrs["problems"]] == [(4, "more_cells_than_header")]
    assert frame.attrs["problem_count"] == 1


def test_what_our_exports_neutralise_comes_back(tmp_path):
    frame = of(tmp_path, b"a,b,c\n'=1+1,'Porto,\"'-x\"\n")
    assert rows_of(frame) == [(2, "=1+1", "'Porto", "-x")]


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip))
@settings(max_examples=200)
def test_a_text_that_was_exported_is_read_as_it_was(text):
    assert reader.cleaned(safe_text(text)) == text
    assert reader.cleaned(text) == plain_text(text).strip() or text.startswith("'")


def test_a_workbook_gives_codes_without_decimals_days_in_iso_and_the_first_sheet_with_content(tmp_path):
    content = workbook(
        {
            "empty": [],
            "dados": [
                ["code", "day", "share", "yes", "text"],
                [104.0, dt.date(2026, 3, 1), 0.25, True, " 0104 "],
                [None, None, None, None, None],
                [1312, None, -3.5, False, "Ação\nsocial"],
            ],
            "other": [["x"], ["y"]],
        }
    )
    frame = of(tmp_path, content, "a.xlsx")
    assert list(frame.columns) == ["code", "day", "share", "yes", "text"]
    assert rows_of(frame) == [
        (2, "104", "2026-03-01", "0.25", "true", "0104"),
        (4, "1312", "", "-3.5", "false", "Ação\nsocial"),
    ]


def test_a_workbook_that_begins_further_down_keeps_its_row_numbers(tmp_path):
    assert rows_of(of(tmp_path, workbook({"s": [["a"], ["1"]]}, first_row=4), "a.xlsx")) == [(6, "1")]


def test_a_table_of_a_header_alone_has_no_rows(tmp_path):
    frame = of(tmp_path, b"a,b\n")
    assert frame.shape == (0, 2)


def altered(content: bytes, **parts: bytes | None) -> bytes:
    """The archive with parts replaced, removed (None) or added."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return result.getvalue()


GOOD = workbook({"s": [["a"], ["1"]]})
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"%PDF-1.7 ...", "a.csv", "not_a_spreadsheet"),
        (b"\x89PNG\r\n\x1a\n", "a.csv", "not_a_spreadsheet"),
        (b"\xff\xd8\xff\xe0", "a.csv", "not_a_spreadsheet"),
        (b"<!DOCTYPE html><table><tr><td>a</table>", "a.csv", "not_a_spreadsheet"),
        (b"\xef\xbb\xbf  <html>", "a.xls", "not_a_spreadsheet"),
        (b"<?xml version='1.0'?><Workbook/>", "a.csv", "not_a_spreadsheet"),
        (b"{\\rtf1", "a.csv", "not_a_spreadsheet"),
        (reader.OLE + b"\0" * 600, "a.xls", "old_or_encrypted"),
        (reader.OLE + b"\0" * 600, "a.xlsx", "old_or_encrypted"),
        ("a;b\n1;2\n".encode("utf-16"), "a.csv", "utf16"),
        (b"a;b\n1;\0\n", "a.csv", "nul"),
        (b"a;b\n" + b"1;2\n" * 5000 + b"1;\0\n", "a.csv", "nul"),
        (b"a;b\n1;\x01\x02\n", "a.csv", "not_a_spreadsheet"),
        (b"a;b\n1;\x81\n", "a.csv", "encoding"),
        (b"a;b\n1;2\n", "a.xlsx", "name_says_otherwise"),
        (GOOD, "a.csv", "name_says_otherwise"),
        (GOOD, "a.exe", "name_says_otherwise"),
        (b'a;b\n1;"2\n3;4\n', "a.csv", "damaged_row"),
        (b'a;b\n1;"2"x\n', "a.csv", "damaged_row"),
        (b"a;b\n1;" + b"x" * 100_001, "a.csv", "cell_too_long"),
        (b"a;A\n1;2\n", "a.csv", "two_columns_alike"),
        (b"\n;;\n \n", "a.csv", "no_rows"),
        (b";".join(b"c%d" % n for n in range(501)), "a.csv", "too_many_columns"),
        (GOOD[: len(GOOD) // 2], "a.xlsx", "damaged"),
        (GOOD[:-200] + b"x" * 200, "a.xlsx", "damaged"),
        (altered(GOOD, **{"xl/workbook.xml": None}), "a.xlsx", "not_a_spreadsheet"),
        (altered(GOOD, **{SHEET: b"not xml at all"}), "a.xlsx", "damaged"),
        (altered(GOOD, **{f"x/{n}": b"" for n in range(2001)}), "a.xlsx", "too_many_files"),
        (workbook({"s": []}), "a.xlsx", "no_rows"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_its_reason(tmp_path, content, name, code):
    assert refusal(tmp_path, content, name) == code


def test_an_opendocument_file_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    assert refusal(tmp_path, buffer.getvalue(), "a.ods") == "not_a_spreadsheet"


def test_a_bomb_is_refused_before_it_is_parsed(tmp_path, settings):
    settings.UPLOAD_MAX_UNPACKED_BYTES = 3_000_000
    bomb = altered(GOOD, **{SHEET: b" " * 5_000_000})
    assert len(bomb) < 20_000
    assert refusal(tmp_path, bomb, "a.xlsx") == "too_large_unpacked"


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path, settings):
    settings.UPLOAD_MAX_UNPACKED_BYTES = 3_000_000
    bomb = bytearray(altered(GOOD, **{SHEET: b" " * 50_000_000}))
    real, told = struct.pack("<I", 50_000_000), struct.pack("<I", 1000)
    assert bomb.count(real) == 2
    assert refusal(tmp_path, bytes(bomb.replace(real, told)), "a.xlsx") == "damaged"


def test_definitions_that_could_swell_are_refused_also_across_chunks(tmp_path):
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert refusal(tmp_path, altered(GOOD, **{"xl/sharedStrings.xml": laughs}), "a.xlsx") == "entities"
    late = b"<x>" + b" " * (reader.CHUNK - 8) + b"<!DOCTYPE x>"
    assert refusal(tmp_path, altered(GOOD, **{SHEET: late}), "a.xlsx") == "entities"
    wide = '<?xml version="1.0"?><!DOCTYPE x>'.encode("utf-16")
    assert refusal(tmp_path, altered(GOOD, **{SHEET: wide}), "a.xlsx") == "damaged"


def test_a_sheet_with_one_cell_at_its_far_corner_takes_no_memory(tmp_path):
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    assert refusal(tmp_path, altered(GOOD, **{SHEET: sheet}), "a.xlsx") in {"too_many_cells", "too_large_unpacked"}


def test_an_encrypted_archive_is_refused(tmp_path):
    data = bytearray(GOOD)
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    assert refusal(tmp_path, bytes(data), "a.xlsx") == "old_or_encrypted"


def test_a_reader_that_is_killed_or_too_slow_is_an_answer(tmp_path, monkeypatch):
    monkeypatch.setattr("refamp.jobs.spreadsheet.table.MEMORY", 400 * 1024**2)
    many = b"a\n" + b"x\n" * 8_000_000
    assert refusal(tmp_path, many, "a.csv") in {"too_large_unpacked", "too_many_cells"}
    monkeypatch.setattr("refamp.jobs.spreadsheet.table.SECONDS", 1)
    monkeypatch.setattr("refamp.jobs.spreadsheet.table.MEMORY", 3 * 1024**3)
    wide = b",".join(b"c%d" % n for n in range(300)) + b"\n" + (b"abc," * 300 + b"\n") * 40_000
    assert refusal(tmp_path, wide, "a.csv") in {"too_slow", "too_many_cells"}


def test_every_reason_has_a_sentence():
    source = Path(reader.__file__).read_text()
    codes = {line.split('Unreadable("')[1].split('"')[0] for line in source.splitlines() if 'Unreadable("' in line}
    assert codes <= REASONS.keys()


def test_damage_anywhere_in_a_workbook_never_ends_in_an_error_of_ours(tmp_path):
    for at in range(0, len(GOOD), 397):
        hurt = bytearray(GOOD)
        hurt[at] ^= 0xFF
        try:
            of(tmp_path, bytes(hurt), "a.xlsx")
        except Refused:
            continue

"""PDFs: what a person writes stays text, the same gives the same, other people's pages stand behind ours."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.utils import translation
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from refamp.base.pdf import Annex, Attached, page_count, readable_pages, render_pdf, with_annexes
from tests.base.lasting import faults

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NASTY = '#import "/x.typ" #{panic()} *a* _b_ $c$ `d` <e> @f \\ #sys.inputs "aspas" = g'


def minutes(text: str = "Texto", **changes) -> dict:
    return {
        "title": "Ata",
        "subtitle": "Conselho",
        "author": "Conselho",
        "head": "Conselho",
        "facts": [["Local", "Porto"]],
        "text": [{"kind": "paragraph", "text": text}],
        "sha256": "",
        "address": "https://example.pt/",
        "words": {"digest_of_text": "SHA-256", "address": "Página"},
    } | changes


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def blank(pages: int = 1, width: float = 595, height: float = 842) -> PdfWriter:
    writer = PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(width, height)
    return writer


def written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_markup_in_data_is_printed_and_never_obeyed():
    content = render_pdf("units/meetings/minutes.typ", minutes(NASTY, title=NASTY), at=AT)
    assert '#{panic()} *a* _b_ $c$ `d` <e> @f \\ #sys.inputs "aspas" = g' in text_of(content)


def test_it_is_tagged_and_says_that_it_lasts():
    reader = PdfReader(BytesIO(render_pdf("units/meetings/minutes.typ", minutes(), at=AT)))
    root = reader.trailer["/Root"]
    about = root["/Metadata"].get_data().decode()
    assert root["/MarkInfo"]["/Marked"] is not None
    assert root["/Lang"].lower() == "pt-pt"
    assert "<pdfuaid:part>1</pdfuaid:part>" in about
    assert "<pdfaid:part>2</pdfaid:part>" in about
    assert reader.metadata is not None
    assert reader.metadata.title == "Ata"
    assert faults(render_pdf("units/meetings/minutes.typ", minutes(), at=AT)) == []


def test_it_is_in_the_reader_s_language():
    with translation.override("en"):
        content = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    assert PdfReader(BytesIO(content)).trailer["/Root"]["/Lang"].lower() == "en-gb"


def test_the_same_data_and_moment_give_the_same_bytes():
    first, second = (render_pdf("units/meetings/minutes.typ", minutes(), at=AT) for _turn in range(2))
    assert first == second


def test_pages_behind_are_numbered_on_and_keep_their_size():
    body = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    whole = with_annexes(
        body,
        [Annex("Documento 1", written(blank(2))), Annex("Documento 2", written(blank(1, 842, 595)))],
        first_page=2,
        total=4,
        at=AT,
    )
    pages = PdfReader(BytesIO(whole)).pages
    assert page_count(whole) == 4
    assert "Documento 1 · 3 / 4" in pages[2].extract_text()
    assert "Documento 2 · 4 / 4" in pages[3].extract_text()
    assert (float(pages[3].mediabox.width), float(pages[3].mediabox.height)) == (842, 595)
    # What was not checked is not vouched for; our own pages keep their tags.
    root = PdfReader(BytesIO(whole)).trailer["/Root"]
    assert "/Metadata" not in root
    assert "/StructTreeRoot" in root


def test_what_acts_in_somebody_s_pdf_is_left_out():
    writer = blank()
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): action})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject({NameObject("/A"): action})])
    writer.root_object[NameObject("/OpenAction")] = action
    body = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    whole = with_annexes(body, [Annex("D", written(writer))], first_page=2, total=2, at=AT)
    assert b"JavaScript" not in whole
    assert b"app.alert" not in whole


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 nonsense", b"%PDF-1.4\ntrailer<</Root 1 0 R>>", b"PK\x03\x04"])
def test_what_cannot_be_read_stays_apart(content):
    assert readable_pages(content) is None


def test_a_locked_pdf_stays_apart():
    writer = blank()
    writer.encrypt("segredo", algorithm="RC4-128")
    assert readable_pages(written(writer)) is None
    assert readable_pages(written(blank(3))) == 3


def test_an_annex_that_cannot_be_read_is_refused():
    body = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    with pytest.raises(ValueError, match="D: not a PDF"):
        with_annexes(body, [Annex("D", b"nonsense")], first_page=2, total=2, at=AT)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_page_has_its_foot_at_the_foot(turned):
    writer = blank(1, 400, 600)
    writer.pages[0].rotate(turned)
    body = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    whole = with_annexes(body, [Annex("D", written(writer))], first_page=2, total=2, at=AT)
    page = PdfReader(BytesIO(whole)).pages[1]
    assert "D · 2 / 2" in page.extract_text()
    # The matrix is checked on the point in the middle of the foot, where the page as it is shown has it.
    matrix = page["/Contents"][-1].get_object().get_data().split(b"q ")[1].partition(b" cm")[0]
    a, b, c, d, e, f = (float(number) for number in matrix.split())
    across = (600 if turned % 180 else 400) / 2
    x, y = a * across + c * 8 + e, b * across + d * 8 + f
    assert (x, y) == {0: (200, 8), 90: (392, 300), 180: (200, 592), 270: (8, 300)}[turned]


def described(resources: DictionaryObject, drawn: bytes) -> bytes:
    writer = blank()
    page = writer.pages[0]
    page[NameObject("/Resources")] = resources
    stream = DecodedStreamObject()
    stream.set_data(drawn)
    page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    return written(writer)


@pytest.mark.parametrize(
    ("resources", "drawn"),
    [
        (DictionaryObject({NameObject("/Font"): NumberObject(7)}), b"q Q"),
        (DictionaryObject(), b"BI /W 1 ID "),
        (DictionaryObject(), b"q Q " * 25_000_000),  # 100 MB once unpacked
    ],
)
def test_what_a_page_draws_is_bound_unread(resources, drawn):
    content = described(resources, drawn)
    assert readable_pages(content) == 1
    body = render_pdf("units/meetings/minutes.typ", minutes(), at=AT)
    whole = with_annexes(body, [Annex("D", content)], first_page=2, total=2, at=AT)
    assert len(whole) < len(body) + len(content) + 20_000


def test_resources_that_are_none_keep_a_document_apart():
    assert readable_pages(described(NumberObject(7), b"q Q")) is None


def test_files_are_attached_byte_by_byte_and_the_whole_still_lasts():
    files = [
        Attached("1 parecer/ção.pdf", "application/pdf", "Parecer", b"%PDF-1"),
        Attached("2.docx", "x/y", "", b"PK"),
    ]
    content = render_pdf("units/meetings/minutes.typ", minutes(), at=AT, attached=files)
    reader = PdfReader(BytesIO(content))
    assert {bytes(found) for held in reader.attachments.values() for found in held} == {b"%PDF-1", b"PK"}
    assert b"<pdfaid:part>3</pdfaid:part>" in reader.trailer["/Root"]["/Metadata"].get_data()
    assert faults(content) == []

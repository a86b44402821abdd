"""Paper: PDFs from Typst templates, tagged (PDF/UA-1) and made to last (PDF/A-2a), with other people's files in them.

Those are either attached as they are (PDF/A-3a: the whole still conforms, for it promises nothing of what is attached),
or, PDFs only, bound behind ours to be read and printed as one (the whole then promises nothing).

What a person wrote reaches a template only as data (JSON under `sys.inputs.data`), never as markup, so that nothing in
it can be read as an instruction. The same data and the same moment give the same bytes.
"""

import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import get_language
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, IndirectObject, NameObject, StreamObject

TEMPLATES = settings.BASE_DIR / "templates"
LASTING = ("a-2a", "ua-1")
# What is attached to PDF/A-2 must be PDF/A itself; PDF/A-3 takes anything.
LASTING_WITH_FILES = ("a-3a", "ua-1")
UNSAFE_IN_NAMES = re.compile(r"[^\w .()-]+")
MOST_ANNEX_PAGES = 600
FOOT = "/RefampFoot"
# What an annex's page may bring along: what it draws, nothing that acts.
KEPT_OF_A_PAGE = {
    "/Type",
    "/Contents",
    "/Resources",
    "/MediaBox",
    "/CropBox",
    "/Rotate",
    "/Parent",
    "/Group",
    "/UserUnit",
}
# What other people's files make pypdf raise: its own errors, and what a broken structure does to its assumptions.
UNREADABLE = (
    PyPdfError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OSError,
    NotImplementedError,
)


class Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return force_str(o) if isinstance(o, Promise) else super().default(o)


@dataclass(frozen=True)
class Annex:
    """Somebody's PDF, to stand behind ours. `label` is printed at the foot of each of its pages."""

    label: str
    content: bytes


@dataclass(frozen=True)
class Attached:
    """A file to lie inside ours, byte by byte as it is. `name` is what readers show; each must be another."""

    name: str
    mime: str
    about: str
    content: bytes


def render_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    at: datetime,
    standards: Sequence[str] | None = None,
    attached: Sequence[Attached] = (),
) -> bytes:
    """Set a template (`units/meetings/dossier.typ`) with its data, in the present language.

    `at` is the moment the document says it was made. Without `standards` it is made to last: PDF/A-2a and PDF/UA-1, or
    PDF/A-3a where files are attached. Raises typst.TypstError where template and data do not fit.
    """
    if not attached:
        return set_in(TEMPLATES, template, data, at=at, standards=LASTING if standards is None else standards)
    with tempfile.TemporaryDirectory(prefix="refamp-paper-") as folder:
        root = Path(folder)
        # The compiler reads only below its root, and follows no link out of it.
        for source in TEMPLATES.rglob("*.typ"):
            copy = root / source.relative_to(TEMPLATES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
        (root / "attached").mkdir()
        files = []
        for number, each in enumerate(attached, 1):
            (root / "attached" / str(number)).write_bytes(each.content)
            name = UNSAFE_IN_NAMES.sub("-", each.name)
            files.append({"from": f"/attached/{number}", "name": f"/{name}", "mime": each.mime, "about": each.about})
        return set_in(
            root,
            template,
            {**data, "attached": files},
            at=at,
            standards=LASTING_WITH_FILES if standards is None else standards,
        )


def set_in(root: Path, template: str, data: Mapping[str, Any], *, at: datetime, standards: Sequence[str]) -> bytes:
    """Compile a template of a folder of templates."""
    language, _dash, region = (get_language() or settings.LANGUAGE_CODE).partition("-")
    whole = {"lang": language, "region": (region or ("PT" if language == "pt" else "GB")).upper(), **data}
    options: dict[str, Any] = {"pdf_standards": list(standards), "format": "pdf"}
    made = typst.compile(
        str(root / template),
        root=str(root),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(whole, cls=Encoder, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
        **options,
    )
    if not isinstance(made, bytes):
        raise TypeError(f"{template}: not one document")
    return made


def page_count(content: bytes) -> int:
    """How many pages one of our own PDFs has."""
    return len(PdfReader(io.BytesIO(content)).pages)


def readable_pages(content: bytes) -> int | None:
    """How many pages somebody's PDF has; None where it cannot be put behind ours: locked, broken, or far too long.

    Everything that binding does is tried on it, so that one bad file never takes the whole from everybody.
    """
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return None
        count = len(reader.pages)
        if not 0 < count <= MOST_ANNEX_PAGES:
            return None
        writer = PdfWriter()
        for page in reader.pages:
            size_of(page)
            with_foot(writer, page, None)
        writer.write(io.BytesIO())
    except UNREADABLE:
        return None
    return count


def with_annexes(body: bytes, annexes: Sequence[Annex], *, first_page: int, total: int, at: datetime) -> bytes:
    """Our tagged document with other people's pages behind it, numbered on from `first_page` to `total`.

    Their pages are not tagged and were not checked against PDF/A, so the whole no longer claims to conform: what we set
    ourselves keeps its tags. Only what their pages draw is taken; links, forms, scripts and files in them are left out.
    Raises ValueError for an annex that cannot be read (ask `readable_pages` first).
    """
    writer = PdfWriter(clone_from=io.BytesIO(body))
    try:
        pages = [(page, annex.label) for annex in annexes for page in PdfReader(io.BytesIO(annex.content)).pages]
        feet = PdfReader(io.BytesIO(feet_of(pages, first_page, total, at))).pages
        for (page, _label), foot in zip(pages, feet, strict=True):
            with_foot(writer, page, foot)
    except UNREADABLE as error:
        raise ValueError(f"{', '.join(annex.label for annex in annexes)}: not a PDF that can be read") from error
    writer.root_object.pop(NameObject("/Metadata"), None)
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_foot(writer: PdfWriter, page: PageObject, foot: PageObject | None) -> None:
    """Add only what a page draws, with a foot over it.

    What it draws is neither unpacked nor read: however much there is in it, it costs no more here than it weighs.
    """
    for key in set(page) - KEPT_OF_A_PAGE:
        del page[key]
    added = writer.add_page(page)
    drawn = added.raw_get("/Contents") if "/Contents" in added else ArrayObject()
    inside = drawn.get_object()
    parts = list(inside) if isinstance(inside, ArrayObject) else [drawn]
    given = added.get("/Resources", DictionaryObject()).get_object()
    resources = DictionaryObject(given)
    shapes = DictionaryObject(resources.get("/XObject", DictionaryObject()).get_object())
    over = b""
    if foot is not None:
        shapes[NameObject(FOOT)] = stamp_of(writer, foot)
        over = b"q %s cm %s Do Q" % (" ".join(map(str, placed(page))).encode(), FOOT.encode())
    resources[NameObject("/XObject")] = shapes
    added[NameObject("/Resources")] = resources
    added[NameObject("/Contents")] = ArrayObject(
        [stream_of(writer, b"q\n"), *parts, stream_of(writer, b"\nQ\n" + over)]
    )


def stream_of(writer: PdfWriter, data: bytes) -> IndirectObject:
    made = StreamObject()
    made.set_data(data)
    return writer._add_object(made)


def stamp_of(writer: PdfWriter, foot: PageObject) -> IndirectObject:
    """One of our feet as a shape that a page can draw."""
    contents = foot.get_contents()
    made = StreamObject()
    made.set_data(contents.get_data() if contents is not None else b"")
    made[NameObject("/Type")] = NameObject("/XObject")
    made[NameObject("/Subtype")] = NameObject("/Form")
    made[NameObject("/BBox")] = ArrayObject([FloatObject(value) for value in foot.mediabox])
    resources = foot["/Resources"].get_object()
    if resources is not None:
        made[NameObject("/Resources")] = resources.clone(writer)
    return writer._add_object(made)


def size_of(page: PageObject) -> tuple[float, float]:
    """Width and height of a page as it is shown."""
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    return (height, width) if page.rotation % 180 else (width, height)


def placed(page: PageObject) -> tuple[float, ...]:
    """The matrix that puts what was set for a page as it is shown on the page as it is kept."""
    left, bottom = float(page.mediabox.left), float(page.mediabox.bottom)
    right, top = float(page.mediabox.right), float(page.mediabox.top)
    return {
        0: (1, 0, 0, 1, left, bottom),
        90: (0, 1, -1, 0, right, bottom),
        180: (-1, 0, 0, -1, right, top),
        270: (0, -1, 1, 0, left, top),
    }[page.rotation % 360]


def feet_of(pages: Sequence[tuple[PageObject, str]], first_page: int, total: int, at: datetime) -> bytes:
    """One page per annex page, of its size, that holds nothing but its label and number."""
    feet = [
        {
            "width": size_of(page)[0],
            "height": size_of(page)[1],
            "label": label,
            "number": f"{first_page + place} / {total}",
        }
        for place, (page, label) in enumerate(pages)
    ]
    return render_pdf("components/feet.typ", {"feet": feet}, at=at, standards=())

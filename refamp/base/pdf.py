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
from pypdf.generic import NameObject

TEMPLATES = settings.BASE_DIR / "templates"
LASTING = ("a-2a", "ua-1")
# What is attached to PDF/A-2 must be PDF/A itself; PDF/A-3 takes anything.
LASTING_WITH_FILES = ("a-3a", "ua-1")
UNSAFE_IN_NAMES = re.compile(r"[^\w .()-]+")
MOST_ANNEX_PAGES = 600
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
    """How many pages somebody's PDF has; None where it cannot be put behind ours: locked, broken, or far too long."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return None
        count = len(reader.pages)
        for page in reader.pages:
            page.mediabox  # noqa: B018 - broken ones raise here
    except UNREADABLE:
        return None
    return count if 0 < count <= MOST_ANNEX_PAGES else None


def with_annexes(body: bytes, annexes: Sequence[Annex], *, first_page: int, total: int, at: datetime) -> bytes:
    """Our tagged document with other people's pages behind it, numbered on from `first_page` to `total`.

    Their pages are not tagged and were not checked against PDF/A, so the whole no longer claims to conform: what we set
    ourselves keeps its tags. Only what their pages draw is taken; links, forms, scripts and files in them are left out.
    Raises ValueError for an annex that cannot be read (ask `readable_pages` first).
    """
    writer = PdfWriter(clone_from=io.BytesIO(body))
    pages: list[tuple[PageObject, str]] = []
    for annex in annexes:
        try:
            pages += [(bare(page), annex.label) for page in PdfReader(io.BytesIO(annex.content)).pages]
        except UNREADABLE as error:
            raise ValueError(f"{annex.label}: not a PDF that can be read") from error
    feet = PdfReader(io.BytesIO(feet_of(pages, first_page, total, at))).pages
    for (page, _label), foot in zip(pages, feet, strict=True):
        added = writer.add_page(page)
        added.merge_page(foot)
    writer.root_object.pop(NameObject("/Metadata"), None)
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bare(page: PageObject) -> PageObject:
    """Only what a page draws, upright."""
    for key in set(page) - KEPT_OF_A_PAGE:
        del page[key]
    if page.rotation:
        page.transfer_rotation_to_content()
    return page


def feet_of(pages: Sequence[tuple[PageObject, str]], first_page: int, total: int, at: datetime) -> bytes:
    """One page per annex page, of its size, that holds nothing but its label and number."""
    feet = [
        {
            "width": float(page.mediabox.width),
            "height": float(page.mediabox.height),
            "label": label,
            "number": f"{first_page + place} / {total}",
        }
        for place, (page, label) in enumerate(pages)
    ]
    return render_pdf("components/feet.typ", {"feet": feet}, at=at, standards=())

"""The papers of a meeting made into files, kept as long as nothing in them changes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from refamp.accounts.models import User
from refamp.base.errors import NotAllowed, Refused
from refamp.base.ids import uuid7
from refamp.base.pdf import Annex, Attached, page_count, readable_pages, render_pdf, with_annexes
from refamp.jobs.actions import QUIET, Progress, enqueue_job
from refamp.jobs.models import Job
from units.choices import DOCUMENT_TYPES, MeetingFileKind
from units.models import Meeting, MeetingDocument, MeetingFile
from units.queries.dossiers import Papers, has_addenda, kept_file, papers_of
from units.queries.meetings import sees_papers_of

MAKE = "units.dossier"
MOST_PAGES = 600
MOST_BYTES = 80 * 1024 * 1024


@transaction.atomic
def ask_for_dossier(*, actor: User, meeting: Meeting, kind: str) -> MeetingFile | Job:
    """The file of the present papers; where the worker must make it first, its job."""
    if not sees_papers_of(actor, meeting.unit_id):
        raise NotAllowed
    if kind == MeetingFileKind.ADDENDUM and not has_addenda(meeting):
        raise Refused(_("Nothing was added after the convening."), code="no_addenda")
    papers = papers_of(meeting, kind)
    found = kept_file(meeting, papers)
    if found is not None:
        return found
    # An addendum's first page follows the dossier's last, which must be made to be known.
    if not papers.documents and kind != MeetingFileKind.ADDENDUM:
        return make_dossier(meeting=meeting, papers=papers)
    return enqueue_job(
        actor=actor,
        kind=MAKE,
        payload={"meeting": str(meeting.public_id), "kind": kind, "language": get_language()},
        key=f"{MAKE}:{meeting.pk}:{kind}:{get_language()}",
    )


@transaction.atomic
def make_dossier(*, meeting: Meeting, papers: Papers, progress: Progress = QUIET) -> MeetingFile:
    """Set the sheets, put the documents behind or inside them; keep the file under its papers' key."""
    found = kept_file(meeting, papers)
    if found is not None:
        return found
    first_page = 1
    if papers.kind == MeetingFileKind.ADDENDUM:
        dossier = papers_of(meeting, MeetingFileKind.DOSSIER)
        first_page += make_dossier(meeting=meeting, papers=dossier, progress=progress).pages
    steps = len(papers.documents) + 2
    behind: list[Behind] = []
    for done, (number, document) in enumerate(papers.documents):
        progress.set(done, steps, _("Reading %(title)s") % {"title": document.title})
        taken = read(number, document, behind, is_bound=papers.kind != MeetingFileKind.SHEETS)
        behind += [taken] if taken else []
    progress.set(steps - 2, steps, _("Setting the sheets"))
    content, pages = (
        with_files(papers, behind, timezone.now())
        if papers.kind == MeetingFileKind.SHEETS
        else bound(papers, behind, first_page, timezone.now())
    )
    progress.set(steps - 1, steps, _("Keeping the file"))
    return keep(meeting, papers, content, first_page - 1 + pages)


@dataclass(frozen=True)
class Behind:
    """A document that stands behind the sheets, or lies inside them (then its pages are not counted)."""

    number: int
    document: MeetingDocument
    content: bytes
    pages: int


def read(number: int, document: MeetingDocument, before: Sequence[Behind], *, is_bound: bool) -> Behind | None:
    """A document's bytes and pages; None where it stays apart: it cannot be read, or is one too many."""
    if sum(len(one.content) for one in before) + document.size > MOST_BYTES:
        return None
    with document.file.open("rb") as file:
        content = file.read()
    pages = readable_pages(content) if is_bound else 0
    if pages is None or sum(one.pages for one in before) + pages > MOST_PAGES:
        return None
    return Behind(number, document, content, pages)


def with_files(papers: Papers, inside: Sequence[Behind], now: datetime) -> tuple[bytes, int]:
    """The sheets with the documents as attachments, each byte by byte what was added; and how many pages."""
    numbers = {one.number for one in inside}
    data = papers.data | {
        "first_page": 1,
        "documents": [each | {"attached": each["number"] in numbers} for each in papers.data["documents"]],
    }
    attached = [
        Attached(
            name=f"{one.number} {one.document.file_name}",
            mime=DOCUMENT_TYPES.get(one.document.file_name.rpartition(".")[2], "application/octet-stream"),
            about=_("Document %(number)s") % {"number": one.number} + f": {one.document.title}",
            content=one.content,
        )
        for one in inside
    ]
    content = render_pdf("units/meetings/dossier.typ", data, at=now, attached=attached)
    return content, page_count(content)


def bound(papers: Papers, behind: Sequence[Behind], first_page: int, now: datetime) -> tuple[bytes, int]:
    """The file and how many pages it has. The sheets are set again where what they say of the documents moves them."""
    after = sum(one.pages for one in behind)
    data = papers.data | {"first_page": first_page, "pages_behind": after}
    own, sheets = 1, b""
    for _turn in range(4):
        sheets = render_pdf("units/meetings/dossier.typ", with_places(data, behind, first_page + own), at=now)
        if page_count(sheets) == own:
            break
        own = page_count(sheets)
    if not behind:
        return sheets, own
    whole = with_annexes(
        sheets,
        [Annex(_("Document %(number)s") % {"number": one.number}, one.content) for one in behind],
        first_page=first_page + own,
        total=first_page - 1 + own + after,
        at=now,
    )
    return whole, own + after


def with_places(data: dict[str, Any], behind: Sequence[Behind], begins: int) -> dict[str, Any]:
    """The data, with the page on which each document begins."""
    places: dict[int, int] = {}
    for one in behind:
        places[one.number] = begins
        begins += one.pages
    return data | {"documents": [each | {"pages": places.get(each["number"])} for each in data["documents"]]}


def keep(meeting: Meeting, papers: Papers, content: bytes, pages: int) -> MeetingFile:
    """The new file, in the place of the one made of earlier papers in the same language."""
    language = get_language() or ""
    old = list(MeetingFile.objects.filter(meeting=meeting, kind=papers.kind, language=language))
    made = MeetingFile(
        meeting=meeting,
        kind=papers.kind,
        language=language,
        key=papers.key,
        pages=pages,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    made.file.save(f"{uuid7().hex}.pdf", ContentFile(content), save=False)
    MeetingFile.objects.bulk_create([made], ignore_conflicts=True)
    for one in old:
        forget(one.file.storage, one.file.name)
        one.delete()
    found = kept_file(meeting, papers)
    if found is None:
        raise LookupError("the file that was just kept is not there")
    if found.file.name != made.file.name:  # somebody else kept the same a moment before
        forget(made.file.storage, made.file.name)
    return found


def forget(storage: Storage, name: str | None) -> None:
    """Remove a file once nothing points at it."""
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)

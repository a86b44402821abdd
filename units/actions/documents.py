"""The documents of a meeting: taken by what they hold, kept under random names, withdrawn, shown to everybody."""

import hashlib
import zipfile
from pathlib import PurePath

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.base.ids import uuid7
from units.actions.agenda import open_agenda, touch
from units.actions.meetings import kept_meeting
from units.choices import MeetingState
from units.models import AgendaItem, Meeting, MeetingDocument

MOST_DOCUMENTS = 60
DOCUMENT_MAX_BYTES = 20 * 1024 * 1024
ALL_MAX_BYTES = 150 * 1024 * 1024
STARTS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"PK\x03\x04": "zip"}
OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}


def document_type(file: File) -> str:
    """Tell the extension by content. Raises Refused for anything else and for what is too large."""
    if not file.size:
        raise Refused(_("The file is empty."), code="empty", field="file")
    if file.size > DOCUMENT_MAX_BYTES:
        raise Refused(_("The document is too large: 20 MB at most."), code="too_large", field="file")
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    found = next((extension for start, extension in STARTS.items() if head.startswith(start)), None)
    found = office_type(file) if found == "zip" else found
    if found is not None:
        return found
    raise Refused(
        _("Only PDF, Word, Excel and PowerPoint documents without macros, and PNG or JPEG pictures, are taken."),
        code="wrong_type",
        field="file",
    )


def office_type(file: File) -> str | None:
    """Tell the extension by what is in the archive; None for anything else, and for what has macros."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return None
    finally:
        file.seek(0)
    # Macros make it another type, whatever it is called.
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        return None
    return next((extension for part, extension in OFFICE.items() if part in names), None)


@transaction.atomic
def add_document(
    *,
    actor: User | None,
    meeting: Meeting,
    item: AgendaItem | None,
    title: str,
    file: File,
    name: str,
    is_public: bool = False,
) -> MeetingDocument:
    """Keep a document of a meeting or of one of its points, under a random name in the private store.

    `name` is what downloads will be called. After the convening it is a late addendum. `is_public`: everybody
    may read it once the meeting is convened; otherwise only who sees the body's papers.
    """
    extension = document_type(file)
    found = open_agenda(actor, meeting)
    if item is not None and item.meeting_id != found.pk:
        raise Refused(_("This point is of another meeting."), code="other_meeting", field="item")
    sizes = list(found.documents.filter(withdrawn_at__isnull=True).values_list("size", flat=True))
    if len(sizes) >= MOST_DOCUMENTS:
        raise Refused(_("A meeting has at most 60 documents."), code="too_many", field="file")
    if sum(sizes) + file.size > ALL_MAX_BYTES:
        raise Refused(_("The documents of a meeting are at most 150 MB together."), code="too_large", field="file")
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    stem = PurePath(name.replace("\\", "/")).stem
    stem = "".join(c for c in stem if c.isprintable())[:150] or "documento"
    made = MeetingDocument(
        meeting=found,
        item=item,
        title=(title.strip() or stem)[:200],
        file_name=f"{stem}.{extension}",
        size=file.size,
        sha256=digest.hexdigest(),
        is_late=found.state != MeetingState.DRAFT,
        is_public=is_public,
        added_by=actor,
    )
    made.file.save(f"{uuid7().hex}.{extension}", file, save=False)
    made.save(force_insert=True)
    touch(found)
    record(
        actor=actor,
        action="meeting.document_added",
        obj=found,
        after={"document": made.title, "late": made.is_late, "public": is_public, "sha256": made.sha256},
    )
    return made


@transaction.atomic
def withdraw_document(*, actor: User | None, document: MeetingDocument, reason: str = "") -> MeetingDocument:
    """Take a document out of the papers; the file stays in the store for who must prove what was sent."""
    meeting = open_agenda(actor, document.meeting)
    found = MeetingDocument.objects.select_for_update().get(pk=document.pk)
    if found.withdrawn_at is not None:
        return found
    if meeting.state != MeetingState.DRAFT and not reason.strip():
        raise Refused(_("It was sent with the notice: say why it is withdrawn."), code="reason", field="reason")
    found.withdrawn_at = timezone.now()
    found.save(update_fields=["withdrawn_at"])
    touch(meeting)
    record(
        actor=actor,
        action="meeting.document_withdrawn",
        obj=meeting,
        before={"document": found.title, "sha256": found.sha256},
        reason=reason.strip(),
    )
    return found


@transaction.atomic
def show_document(*, actor: User | None, document: MeetingDocument, is_public: bool) -> MeetingDocument:
    """Make a document everybody's, or keep it again for those who see the papers; after the meeting too."""
    meeting = kept_meeting(actor, document.meeting)
    found = MeetingDocument.objects.select_for_update().get(pk=document.pk)
    if found.withdrawn_at is not None:
        raise Refused(_("It was withdrawn."), code="withdrawn")
    if found.is_public == is_public:
        return found
    found.is_public = is_public
    found.save(update_fields=["is_public"])
    touch(meeting)
    record(
        actor=actor,
        action="meeting.document_shown" if is_public else "meeting.document_kept_back",
        obj=meeting,
        before={"document": found.title, "public": not is_public},
        after={"document": found.title, "public": is_public},
    )
    return found

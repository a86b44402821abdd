"""The agenda of a meeting and its documents. What was convened stays: what comes later is marked late."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import Refused, Stale
from refamp.base.ids import uuid7
from units.actions.meetings import kept_meeting
from units.choices import MeetingState
from units.formulas.meetings import DEEPEST
from units.models import AgendaItem, Deliberation, Meeting, MeetingDocument
from units.queries.meetings import OPEN_STATES

MOST_ITEMS = 80
MOST_DOCUMENTS = 60
DOCUMENT_MAX_BYTES = 20 * 1024 * 1024
ALL_MAX_BYTES = 150 * 1024 * 1024
STARTS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"PK\x03\x04": "zip"}
OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}


# Points ---------------------------------------------------------------------------------------------------------------


def open_agenda(actor: User | None, meeting: Meeting) -> Meeting:
    """The meeting, locked, while its agenda can still grow."""
    found = kept_meeting(actor, meeting)
    if found.state not in OPEN_STATES:
        raise Refused(_("The agenda of this meeting is closed."), code="wrong_state")
    return found


def drafted_agenda(actor: User | None, meeting: Meeting) -> Meeting:
    """The meeting, locked, while its agenda may be rearranged: until it is convened."""
    found = kept_meeting(actor, meeting)
    if found.state != MeetingState.DRAFT:
        raise Refused(_("The agenda was sent with the notice: add a late point instead."), code="convened")
    return found


def locked_item(meeting: Meeting, item: AgendaItem, version: int | None = None) -> AgendaItem:
    found = AgendaItem.objects.select_for_update().filter(meeting=meeting, pk=item.pk).first()
    if found is None:
        raise Refused(_("Somebody else has taken this point out."), code="gone")
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_parent(meeting: Meeting, parent: AgendaItem | None, item: AgendaItem | None = None) -> None:
    """A point stands under a point of the same meeting, at most three deep, never below itself."""
    depth, above = 1, parent
    while above is not None:
        if above.meeting_id != meeting.pk:
            raise Refused(_("This point is of another meeting."), code="other_meeting", field="parent")
        if item is not None and above.pk == item.pk:
            raise Refused(_("A point cannot stand under itself."), code="circle", field="parent")
        depth, above = depth + 1, above.parent
    if depth + height_of(item) > DEEPEST:
        raise Refused(_("Points go three deep at most."), code="too_deep", field="parent")


def height_of(item: AgendaItem | None) -> int:
    """How many levels stand below a point."""
    if item is None:
        return 0
    children = item.children.all()
    return 1 + max(height_of(child) for child in children) if children else 0


@transaction.atomic
def add_item(
    *, actor: User | None, meeting: Meeting, title: str, kind: str, text: str = "", parent: AgendaItem | None = None
) -> AgendaItem:
    """Add a point at the end of its level; after the convening it is marked late, and stands at the very end."""
    found = open_agenda(actor, meeting)
    if not title.strip():
        raise Refused(_("A point has a title."), code="title", field="title")
    is_late = found.state != MeetingState.DRAFT
    if is_late and parent is not None and not parent.is_late:
        raise Refused(
            _("A late point stands at the end, so that the others keep their numbers."), code="late", field="parent"
        )
    check_parent(found, parent)
    if found.items.count() >= MOST_ITEMS:
        raise Refused(_("An agenda has at most 80 points."), code="too_many")
    last = found.items.filter(parent=parent).aggregate(last=Max("order"))["last"] or 0
    made = AgendaItem.objects.create(
        meeting=found,
        parent=parent,
        order=last + 1,
        title=title.strip()[:300],
        kind=kind,
        text=text.strip(),
        is_late=is_late,
    )
    touch(found)
    record(
        actor=actor, action="meeting.item_added", obj=found, after={"point": made.title, "kind": kind, "late": is_late}
    )
    return made


@transaction.atomic
def change_item(*, actor: User | None, item: AgendaItem, version: int | None, data: Mapping[str, Any]) -> AgendaItem:
    """Change a point: title, kind, text and place until the meeting is convened; what was said, in session."""
    meeting = open_agenda(actor, item.meeting)
    found = locked_item(meeting, item, version)
    changes = {name: data[name] for name in ("title", "kind", "text", "parent", "outcome") if name in data}
    changes = {name: value for name, value in changes.items() if value != getattr(found, name)}
    fixed = set(changes) - {"outcome"}
    if fixed and meeting.state != MeetingState.DRAFT:
        raise Refused(_("The agenda was sent with the notice: add a late point instead."), code="convened")
    if "outcome" in changes and meeting.state != MeetingState.IN_SESSION:
        raise Refused(_("What was said is written while the meeting is in session."), code="not_in_session")
    if "title" in changes and not changes["title"].strip():
        raise Refused(_("A point has a title."), code="title", field="title")
    if "kind" in changes and Deliberation.objects.filter(item=found).exists():
        raise Refused(_("This point already has its deliberation."), code="has_deliberation", field="kind")
    if not changes:
        return found
    if "parent" in changes:
        check_parent(meeting, changes["parent"], found)
        last = meeting.items.filter(parent=changes["parent"]).aggregate(last=Max("order"))["last"] or 0
        found.order = last + 1
    before = {name: getattr(found, name) for name in changes}
    for name, value in changes.items():
        setattr(found, name, value.strip() if isinstance(value, str) else value)
    found.version += 1
    found.save(update_fields=[*changes, "order", "version"])
    touch(meeting)
    record(
        actor=actor,
        action="meeting.item_changed",
        obj=meeting,
        before={"point": before.get("title", found.title), **before},
        after={"point": found.title, **{name: getattr(found, name) for name in changes}},
    )
    return found


@transaction.atomic
def move_item(*, actor: User | None, item: AgendaItem, up: bool) -> AgendaItem:
    """One place up or down among the points of its level; at the end of the level nothing happens."""
    meeting = drafted_agenda(actor, item.meeting)
    found = locked_item(meeting, item)
    siblings = list(meeting.items.filter(parent=found.parent_id).order_by("order", "pk"))
    place = next(index for index, one in enumerate(siblings) if one.pk == found.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(siblings):
        return found
    siblings[place], siblings[other] = siblings[other], siblings[place]
    for order, one in enumerate(siblings, 1):
        one.order = order
    AgendaItem.objects.bulk_update(siblings, ["order"])
    AgendaItem.objects.filter(pk=found.pk).update(version=F("version") + 1)
    touch(meeting)
    record(
        actor=actor,
        action="meeting.item_moved",
        obj=meeting,
        before={"point": found.title, "place": place + 1},
        after={"point": found.title, "place": other + 1},
    )
    found.refresh_from_db()
    return found


@transaction.atomic
def remove_item(*, actor: User | None, item: AgendaItem) -> None:
    """Take a point out of a draft, with those below it, unless something hangs on it."""
    meeting = drafted_agenda(actor, item.meeting)
    found = locked_item(meeting, item)
    if found.children.exists():
        raise Refused(_("Take out the points below it first."), code="has_children")
    if Deliberation.objects.filter(item=found).exists():
        raise Refused(
            _("A deliberation stands at this point: withdraw it, or keep the point."), code="has_deliberation"
        )
    if found.documents.filter(withdrawn_at__isnull=True).exists():
        raise Refused(_("Withdraw its documents first."), code="has_documents")
    title = found.title
    found.delete()
    touch(meeting)
    record(actor=actor, action="meeting.item_removed", obj=meeting, before={"point": title})


def touch(meeting: Meeting) -> None:
    """What is made of a meeting's papers is no longer what it was."""
    Meeting.objects.filter(pk=meeting.pk).update(version=F("version") + 1, updated_at=timezone.now())


# Documents ------------------------------------------------------------------------------------------------------------


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
    *, actor: User | None, meeting: Meeting, item: AgendaItem | None, title: str, file: File, name: str
) -> MeetingDocument:
    """Keep a document of a meeting or of one of its points, under a random name in the private store.

    `name` is what downloads will be called. After the convening it is a late addendum.
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
        added_by=actor,
    )
    made.file.save(f"{uuid7().hex}.{extension}", file, save=False)
    made.save(force_insert=True)
    touch(found)
    record(
        actor=actor,
        action="meeting.document_added",
        obj=found,
        after={"document": made.title, "late": made.is_late, "sha256": made.sha256},
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

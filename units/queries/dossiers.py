"""The papers of a meeting as data for paper: the dossier, its late addenda, the minutes. In the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Count
from django.template.defaultfilters import filesizeformat
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from refamp.base.templatetags.refamp import moment
from units.choices import MeetingFileKind, Stance
from units.formulas.meetings import blocks, digest_of
from units.formulas.votes import quorum_of
from units.models import Deliberation, Meeting, MeetingDocument, MeetingFile, Minutes, MunicipalPosition
from units.queries.calendars import SECOND, page_of, title_of
from units.queries.meetings import Point, agenda, seats_in

# What a change of the templates makes of the files that are kept: count it up.
EDITION = 2


@dataclass(frozen=True)
class Papers:
    """What goes into one file: `data` for the template, and which documents (with their numbers) go with it.

    PDFs stand behind the sheets of a dossier and of its addenda; to the sheets alone every document is attached.
    """

    kind: str
    data: dict[str, Any]
    documents: list[tuple[int, MeetingDocument]]
    key: str


def has_addenda(meeting: Meeting) -> bool:
    return (
        meeting.items.filter(is_late=True).exists()
        or meeting.documents.filter(is_late=True, withdrawn_at__isnull=True).exists()
    )


@dataclass(frozen=True)
class Stock:
    """Everything that the papers of a meeting are made of, read once for all kinds of them; four queries."""

    points: list[Point]
    documents: list[MeetingDocument]
    stances: dict[int, dict[str, int]]
    seats: int

    @classmethod
    def of(cls, meeting: Meeting) -> Self:
        """Documents that were withdrawn too, so that the others keep their numbers."""
        documents = list(meeting.documents.order_by("is_late", "pk"))
        return cls(
            agenda(meeting, documents),
            documents,
            stances_of(meeting),
            seats_in(meeting).filter(municipality__isnull=False).count(),
        )

    @property
    def has_addenda(self) -> bool:
        return any(point.item.is_late for point in self.points) or any(
            document.is_late and document.withdrawn_at is None for document in self.documents
        )


def papers_of(meeting: Meeting, kind: str, stock: Stock | None = None) -> Papers:
    """The dossier as it was convened, or what came after it. Both say which documents they hold, by digest."""
    stock = stock or Stock.of(meeting)
    late = kind == MeetingFileKind.ADDENDUM
    codes = {point.item.pk: point.code for point in stock.points}
    documents = [each for each in stock.documents if each.is_late == late and each.withdrawn_at is None]
    numbers = {document.pk: number for number, document in enumerate(stock.documents, 1)}
    shown = [point for point in stock.points if point.item.is_late == late]
    data: dict[str, Any] = {
        "title": _("Late addenda") if late else _("Dossier of the meeting"),
        "subtitle": title_of(meeting),
        "author": meeting.unit.name,
        "head": title_of(meeting),
        "about": meeting.title,
        "is_addendum": late,
        "facts": facts_of(meeting),
        "urgency": meeting.urgency_reason if meeting.is_urgent else "",
        "points": [sheet_of(meeting, point, numbers, stock) for point in shown],
        "general": [numbers[each.pk] for each in documents if each.item_id is None],
        "documents": [document_of(each, numbers[each.pk], codes) for each in documents],
        "address": page_of(meeting),
        "words": words(),
    }
    is_bound = kind != MeetingFileKind.SHEETS
    behind = [(numbers[each.pk], each) for each in documents if not is_bound or each.file_name.endswith(".pdf")]
    key = digest_of([EDITION, kind, get_language(), data, [number for number, _document in behind]])
    return Papers(kind, data, behind, key)


def words() -> dict[str, str]:
    """What the templates say, besides the data."""
    return {
        "agenda": _("Agenda"),
        "number": _("No."),
        "point": _("Point"),
        "kind": _("Kind"),
        "page": _("Page"),
        "late": _("late"),
        "documents": _("Documents"),
        "document": _("Document"),
        "file": _("File"),
        "size": _("Size"),
        "digest": "SHA-256",
        "no_documents": _("No documents."),
        "no_points": _("No points."),
        "see_documents": _("Documents:"),
        "behind": _("stands behind these sheets"),
        "attached": _("attached to this file"),
        "apart": _("apart: download it from the meeting's page"),
        "urgent": _("Urgent, called with a shorter notice:"),
        "to_decide": _("What is to be decided"),
        "secret": _("Secret ballot."),
        "positions": _("Where the municipalities stand"),
        "position": _("Position"),
        "municipalities": _("Municipalities"),
        "no_text": _("No text was added to this point."),
        "not_proposed": _("What is to be decided has not been proposed yet."),
        "address": _("This meeting's page:"),
        "digest_of_text": _("SHA-256 of the text:"),
    }


def facts_of(meeting: Meeting) -> list[tuple[str, str]]:
    facts = [
        (_("Body"), meeting.unit.name),
        (_("Begins"), moment(meeting.starts_at, "long")),
        (_("Ends"), moment(meeting.ends_at, "long")),
    ]
    if meeting.is_extraordinary:
        facts.append((_("Kind"), _("extraordinary meeting")))
    if meeting.second_call_at:
        facts.append((_("Second call"), moment(meeting.second_call_at, "long")))
    facts.append((_("Place"), meeting.place))
    if meeting.convened_at:
        facts.append((_("Convened"), moment(meeting.convened_at, "long")))
    return facts


def stances_of(meeting: Meeting) -> dict[int, dict[str, int]]:
    """Per deliberation, how many municipalities said where they stand ahead of the meeting."""
    found: dict[int, dict[str, int]] = {}
    rows = (
        MunicipalPosition.objects.filter(deliberation__item__meeting=meeting)
        .order_by()
        .values("deliberation", "stance")
        .annotate(count=Count("pk"))
    )
    for row in rows:
        found.setdefault(row["deliberation"], {})[row["stance"]] = row["count"]
    return found


def sheet_of(meeting: Meeting, point: Point, numbers: dict[int, int], stock: Stock) -> dict[str, Any]:
    deliberation = point.deliberation
    return {
        "code": point.code,
        "depth": point.depth,
        "title": point.item.title,
        "kind": point.item.kind,
        "kind_label": capfirst(str(point.item.get_kind_display())),
        "late": point.item.is_late,
        "text": blocks(point.item.text),
        "documents": [numbers[each.pk] for each in point.documents],
        "decision": decision_of(meeting, deliberation, stock) if deliberation else None,
    }


def decision_of(meeting: Meeting, deliberation: Deliberation, stock: Stock) -> dict[str, Any]:
    """What one decision's sheet asks: never what came of it, so that the dossier stays what was sent."""
    stances, seats = stock.stances.get(deliberation.pk, {}), stock.seats
    facts = [
        (_("Rule"), capfirst(str(deliberation.get_rule_display()))),
        (_("Legal effect"), capfirst(str(deliberation.get_legal_effect_display()))),
        (_("Decides on"), capfirst(str(deliberation.get_subject_kind_display()))),
    ]
    if deliberation.legal_effect_basis:
        facts.insert(2, (_("On what ground"), deliberation.legal_effect_basis))
    if seats:
        needed = quorum_of(seats, call=meeting.call, second_call=meeting.unit.second_call_quorum)
        facts.append((_("Quorum"), _("%(needed)s of %(seats)s seats") % {"needed": needed, "seats": seats}))
    return {
        "title": deliberation.title,
        "facts": facts,
        "secret": deliberation.is_secret,
        "text": blocks(deliberation.text),
        "stances": [(capfirst(str(stance.label)), stances[stance]) for stance in Stance if stances.get(stance)],
    }


def document_of(document: MeetingDocument, number: int, codes: dict[int, str]) -> dict[str, Any]:
    return {
        "number": number,
        "title": document.title,
        "point": codes.get(document.item_id or 0, "–"),
        "file_name": document.file_name,
        "size": filesizeformat(document.size).replace("\xa0", " "),
        "sha256": document.sha256,
    }


def kept_file(meeting: Meeting, papers: Papers) -> MeetingFile | None:
    """The file made of exactly these papers, where there is one."""
    return MeetingFile.objects.filter(meeting=meeting, kind=papers.kind, key=papers.key).first()


def kept_files(meeting: Meeting, papers: Iterable[Papers]) -> dict[str, MeetingFile]:
    """By kind, the files that are made of these papers."""
    keys = [each.key for each in papers]
    return {found.kind: found for found in MeetingFile.objects.filter(meeting=meeting, key__in=keys)}


def approval_of(minutes: Minutes) -> list[tuple[str, str]]:
    """When, at which meeting, and who noted it."""
    if minutes.approved_at is None:
        return []
    own = minutes.approved_in_id in {None, minutes.meeting_id}
    where = _("at the end of the meeting") if own else title_of(minutes.approved_in)  # type: ignore[arg-type]
    return [
        (_("Approved"), f"{moment(minutes.approved_at, 'long')}, {where}"),
        (_("Votes on the minutes"), _("%(f)s for, %(a)s against, %(o)s abstentions") % votes_on(minutes)),
    ]


def votes_on(minutes: Minutes) -> dict[str, int | None]:
    return {"f": minutes.approval_for, "a": minutes.approval_against, "o": minutes.approval_abstained}


def minutes_data(minutes: Minutes) -> dict[str, Any]:
    meeting = minutes.meeting
    return {
        "title": _("Minutes of meeting %(number)s/%(year)s") % {"number": meeting.number, "year": meeting.year},
        "subtitle": meeting.unit.name,
        "author": meeting.unit.name,
        "head": meeting.unit.name,
        "facts": [
            *facts_of(meeting),
            (_("Call"), _("second") if meeting.call == SECOND else _("first")),
            (_("State of the minutes"), capfirst(str(minutes.get_state_display()))),
            *approval_of(minutes),
            *([(_("Published"), moment(minutes.published_at, "long"))] if minutes.published_at else []),
        ],
        "text": blocks(minutes.text),
        # Signed after the approval by who chaired and who wrote (CPA, art. 34, no. 2).
        "signatures": [
            [_("Chair"), str(minutes.meeting.presided_by or minutes.approved_by or "")],
            [_("Secretary"), str(minutes.author)],
        ],
        "sha256": minutes.sha256,
        "address": page_of(meeting),
        "words": words(),
    }

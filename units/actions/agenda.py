"""The agenda of a meeting. What was convened stays: what comes later is marked late."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from units.actions.meetings import kept_meeting, locked_meeting
from units.choices import ItemKind, MeetingState
from units.formulas.meetings import DEEPEST, urgency_needed
from units.models import AgendaItem, Deliberation, Meeting
from units.queries.meetings import OPEN_STATES, chairs_in, chairs_meetings_of, quorum_from

MOST_ITEMS = 80


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
    if is_late and kind == ItemKind.DECISION and found.is_extraordinary:
        raise Refused(
            _("An extraordinary meeting decides only on what its notice says (CPA, arts. 24 and 26)."),
            code="extraordinary",
            field="kind",
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


@transaction.atomic
def recognise_urgency(*, actor: User, item: AgendaItem, in_favour: int) -> AgendaItem:
    """The chair notes how many members recognised that a late point must be decided at once.

    Two thirds of the body's members, in an ordinary meeting (CPA, art. 26, no. 2); without that a late point is
    discussed, and nothing is decided at it.
    """
    meeting = locked_meeting(item.meeting)
    if not chairs_meetings_of(actor, meeting.unit_id):
        raise NotAllowed
    found = locked_item(meeting, item)
    if meeting.state != MeetingState.IN_SESSION or not found.is_late or found.kind != ItemKind.DECISION:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    if meeting.is_extraordinary:
        raise Refused(
            _("An extraordinary meeting decides only on what its notice says (CPA, arts. 24 and 26)."),
            code="extraordinary",
        )
    standing = quorum_from(meeting, chairs_in(meeting))
    if not 0 <= in_favour <= standing.present:
        raise Refused(
            _("%(present)s are present: no more can recognise it.") % {"present": standing.present},
            code="too_many",
            field="in_favour",
        )
    needed = urgency_needed(standing.seats)
    if in_favour < needed:
        raise Refused(
            _("Two thirds of the members must recognise it: %(needed)s of %(seats)s (CPA, art. 26, no. 2).")
            % {"needed": needed, "seats": standing.seats},
            code="too_few",
            field="in_favour",
        )
    found.urgency_votes = in_favour
    found.version += 1
    found.save(update_fields=["urgency_votes", "version"])
    touch(meeting)
    record(
        actor=actor,
        action="meeting.urgency_recognised",
        obj=meeting,
        after={"point": found.title, "in_favour": in_favour, "needed": needed},
    )
    return found


def touch(meeting: Meeting) -> None:
    """What is made of a meeting's papers is no longer what it was."""
    Meeting.objects.filter(pk=meeting.pk).update(version=F("version") + 1, updated_at=timezone.now())

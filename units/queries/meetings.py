"""Meetings: who sees them and their papers, their agenda in order, who is there, what the minutes begin with."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from refamp.accounts.rules import is_auditor, is_coordination
from units.choices import PRESENT, ItemKind, MeetingState, MinutesState, Position, UnitState
from units.formulas.meetings import Numbered, Quorum, keeps_notice, numbered, quorum
from units.models import (
    AgendaItem,
    Attendance,
    CalendarFeed,
    Deliberation,
    Mandate,
    Meeting,
    MeetingDocument,
    Minutes,
    Unit,
)
from units.queries.bodies import Keys, body_keys, mandates_of, seats_of, standing
from units.rules import chairs, keeps_meetings, sits_in

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser

PUBLIC_STATES = [MeetingState.CONVENED, MeetingState.IN_SESSION, MeetingState.CLOSED]
CALLED = Q(convened_at__isnull=False)
# Attendance can be recorded, and points added.
OPEN_STATES = [MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION]


# Who may --------------------------------------------------------------------------------------------------------------


KEYS = "_body_keys"


def keys_for(user: "Person") -> Keys:
    """The keys of the bodies that rules ask for, kept on the user object: one query per request."""
    kept: Keys | None = user.__dict__.get(KEYS)
    if kept is None:
        kept = user.__dict__[KEYS] = body_keys()
    return kept


def keeps_meetings_of(user: "Person", unit_id: int) -> bool:
    """Prepare, convene, cancel, record attendance, write minutes: the body's secretariat and the coordination unit."""
    held = mandates_of(user)
    return bool(held) and keeps_meetings(held, unit_id, coordination=keys_for(user).coordination)


def chairs_meetings_of(user: "Person", unit_id: int) -> bool:
    return chairs(mandates_of(user), unit_id)


def sees_papers_of(user: "Person", unit_id: int) -> bool:
    """Drafts, texts, documents and dossiers: who sits in the body, the coordination unit, and who runs or audits."""
    held = mandates_of(user)
    if sits_in(held, unit_id) or is_coordination(user) or is_auditor(user):
        return True
    if not held:
        return False
    coordination = keys_for(user).coordination
    return coordination is not None and sits_in(held, coordination)


def attended(user: "Person", meeting: Meeting) -> bool:
    """Whether somebody was present, in their own seat or as the substitute who took it."""
    if not user.is_authenticated:
        return False
    return present_seats(meeting).filter(
        Q(substitute__isnull=True, mandate__person=user.pk) | Q(substitute__person=user.pk)
    ).exists()  # fmt: skip


def units_kept_by(user: "Person") -> list[Unit]:
    """The bodies for which this person may prepare meetings."""
    held = mandates_of(user)
    if not held:
        return []
    coordination = keys_for(user).coordination
    found = standing().filter(state=UnitState.CONSTITUTED).order_by("kind", "code")
    return [unit for unit in found if keeps_meetings(held, unit.pk, coordination=coordination)]


# Which ones -----------------------------------------------------------------------------------------------------------


def meetings(user: "Person") -> QuerySet[Meeting]:
    """Everything that was ever convened is public; drafts are for those who see the body's papers."""
    found = Meeting.objects.select_related("unit")
    if is_coordination(user) or is_auditor(user):
        return found
    held = mandates_of(user)
    if not held:
        return found.filter(CALLED)
    coordination = keys_for(user).coordination
    if coordination is not None and sits_in(held, coordination):
        return found
    return found.filter(CALLED | Q(unit__in={unit for unit, _position, _place in held}))


def with_counts(found: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """With how many points are on the agenda and how many of them are for decision."""
    return found.annotate(
        item_count=Count("items", distinct=True),
        decision_count=Count("items", filter=Q(items__kind="decision"), distinct=True),
    )


def coming(found: QuerySet[Meeting], now: datetime | None = None) -> QuerySet[Meeting]:
    """Not yet over, the nearest first. A meeting in session stays here however late it gets."""
    now = now or timezone.now()
    ahead = Q(state__in=[MeetingState.DRAFT, MeetingState.CONVENED]) & (
        Q(ends_at__gte=now) | Q(second_call_at__gte=now)
    )
    return found.filter(ahead | Q(state=MeetingState.IN_SESSION)).order_by("starts_at", "pk")


def past(found: QuerySet[Meeting], now: datetime | None = None) -> QuerySet[Meeting]:
    """Held, cancelled, or whose day has gone by without either; the latest first."""
    return found.exclude(pk__in=coming(Meeting.objects.order_by(), now).values("pk")).order_by("-starts_at", "-pk")


# The agenda -----------------------------------------------------------------------------------------------------------


@dataclass
class Point:
    """A point of the agenda in its place, with its papers and what it decides."""

    item: AgendaItem
    code: str
    depth: int
    is_first: bool
    is_last: bool
    documents: list[MeetingDocument]
    deliberation: Deliberation | None

    @property
    def needs_urgency(self) -> bool:
        """It came after the notice: it is decided only once two thirds of the members recognise that it is urgent."""
        return self.item.is_late and self.item.kind == ItemKind.DECISION and self.item.urgency_votes is None

    @property
    def awaits_proposal(self) -> bool:
        """Something is to be decided at it, and nobody has said yet what."""
        return self.item.kind == ItemKind.DECISION and self.deliberation is None


def agenda(meeting: Meeting, documents: Iterable[MeetingDocument] | None = None) -> list[Point]:
    """The points as they are read; two queries, however many (one where the documents are given)."""
    if documents is None:
        documents = meeting.documents.filter(item__isnull=False).order_by("pk")
    papers: dict[int | None, list[MeetingDocument]] = {}
    for document in documents:
        if document.withdrawn_at is None:
            papers.setdefault(document.item_id, []).append(document)
    items = {item.pk: item for item in meeting.items.select_related("deliberation")}
    for item in items.values():
        item.meeting = meeting
    rows = [(item.pk, item.parent_id, item.order) for item in items.values()]
    return [point_of(items[place.item], place, papers) for place in numbered(rows)]


def point_of(item: AgendaItem, place: Numbered[int], papers: dict[int | None, list[MeetingDocument]]) -> Point:
    return Point(
        item,
        place.code,
        place.depth,
        place.is_first,
        place.is_last,
        papers.get(item.pk, []),
        getattr(item, "deliberation", None),
    )


def code_of(item: AgendaItem) -> str:
    """The number of one point in its meeting's agenda."""
    rows = list(item.meeting.items.values_list("pk", "parent_id", "order"))
    return next((place.code for place in numbered(rows) if place.item == item.pk), "")


def documents_for(user: "Person", meeting: Meeting) -> list[MeetingDocument]:
    """A meeting's documents that somebody may read: the public ones, or all for who sees the body's papers."""
    found = meeting.documents.filter(withdrawn_at__isnull=True).order_by("pk")
    return list(found if sees_papers_of(user, meeting.unit_id) else found.filter(is_public=True))


# Who is there ---------------------------------------------------------------------------------------------------------


def day_of(meeting: Meeting) -> date:
    return timezone.localdate(meeting.starts_at)


@dataclass
class Chair:
    """One seat of the body in one meeting: who holds it, who might take it, how it is taken (None: not recorded)."""

    mandate: Mandate
    substitutes: list[Mandate]
    record: Attendance | None

    @property
    def presence(self) -> str | None:
        return self.record.presence if self.record else None

    @property
    def is_present(self) -> bool:
        return self.record is not None and self.record.presence in PRESENT

    @property
    def sitting(self) -> Mandate:
        """Who sits in it: its holder, or the substitute who took it."""
        return self.record.substitute if self.record and self.record.substitute else self.mandate


def seats_in(meeting: Meeting) -> QuerySet[Mandate]:
    """The seats of the body on the day of the meeting; of a closed one, those recorded."""
    if meeting.state == MeetingState.CLOSED:
        taken = Attendance.objects.filter(meeting=meeting).values("mandate")
        return Mandate.objects.filter(pk__in=taken).select_related("person", "municipality", "partner")
    return seats_of(meeting.unit, day_of(meeting))


def substitutes_in(meeting: Meeting) -> QuerySet[Mandate]:
    """Who may take a seat on that day."""
    day = day_of(meeting)
    return Mandate.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        unit=meeting.unit_id,
        position=Position.SUBSTITUTE,
        starts_on__lte=day,
    ).select_related("person", "municipality", "partner")


def stands_in(substitute: Mandate, seat: Mandate) -> bool:
    """A substitute takes a seat of the same municipality, or of the same partner."""
    if seat.municipality_id is not None:
        return substitute.municipality_id == seat.municipality_id
    return seat.partner_id is not None and substitute.partner_id == seat.partner_id


def chairs_in(meeting: Meeting) -> list[Chair]:
    """Every seat with its attendance, in the order of what it stands for; three queries."""
    records = {
        row.mandate_id: row
        for row in meeting.attendance.select_related("substitute__person", "substitute__municipality")
    }
    spare = list(substitutes_in(meeting))
    found = [
        Chair(seat, [one for one in spare if stands_in(one, seat)], records.get(seat.pk)) for seat in seats_in(meeting)
    ]
    return sorted(
        found, key=lambda chair: (str(chair.mandate.municipality or chair.mandate.partner or "~"), chair.mandate.pk)
    )


def present_seats(meeting: Meeting) -> QuerySet[Attendance]:
    """The seats that are taken, by their holder or a substitute, in the room or remotely."""
    return meeting.attendance.filter(presence__in=sorted(PRESENT)).select_related("mandate", "substitute")


def has_notice(meeting: Meeting, at: datetime) -> bool:
    """Whether a meeting that is called at this moment is called as far ahead as its body's rule asks."""
    unit = meeting.unit
    return keeps_notice(at, meeting.starts_at, unit.notice_days, unit.notice_unit)


def quorum_from(meeting: Meeting, chairs_now: Iterable[Chair], call: int | None = None) -> Quorum:
    seats = list(chairs_now)
    return quorum(
        len(seats),
        sum(chair.is_present for chair in seats),
        call=call or meeting.call,
        second_call=meeting.unit.second_call_quorum,
    )


def quorum_of_meeting(meeting: Meeting, call: int | None = None) -> Quorum:
    """How the quorum stands now, or stood when the meeting closed. Who no longer sits does not count."""
    seats = set(seats_in(meeting).values_list("pk", flat=True))
    taken = set(present_seats(meeting).values_list("mandate_id", flat=True))
    return quorum(
        len(seats), len(seats & taken), call=call or meeting.call, second_call=meeting.unit.second_call_quorum
    )  # fmt: skip


def invited(meeting: Meeting) -> list[Mandate]:
    """Everybody with a mandate on that day, substitutes too, with their addresses; one mandate per person."""
    day = day_of(meeting)
    found = (
        Mandate.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            unit=meeting.unit_id,
            starts_on__lte=day,
            person__is_active=True,
        )
        .exclude(person__email="")
        .select_related("person", "municipality", "partner")
        .order_by("person_id", "pk")
    )
    return list({mandate.person_id: mandate for mandate in found}.values())


# Minutes --------------------------------------------------------------------------------------------------------------


def minutes_of(meeting: Meeting, user: "Person") -> Minutes | None:
    """A meeting's minutes: published ones for everybody, the others for who sees the papers."""
    found = Minutes.objects.filter(meeting=meeting).select_related("author", "approved_by", "approved_in__unit").first()
    if found is None or found.state == MinutesState.PUBLISHED or sees_papers_of(user, meeting.unit_id):
        return found
    return None


# Calendars ------------------------------------------------------------------------------------------------------------

CALENDAR_BACK = timedelta(days=400)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def feed_of(token: str) -> CalendarFeed | None:
    """The calendar at a secret address; None where it was revoked, or its person is no longer active."""
    return (
        CalendarFeed.objects.filter(token_hash=hash_of(token), revoked_at__isnull=True, person__is_active=True)
        .select_related("person")
        .first()
    )


def live_feed(user: "User") -> CalendarFeed | None:
    return CalendarFeed.objects.filter(person=user, revoked_at__isnull=True).first()


def meetings_for_calendar(*, unit: Unit | None = None, person: "User | None" = None) -> QuerySet[Meeting]:
    """What stands in a calendar: everything that was convened, cancelled ones too so that calendars take them out."""
    found = Meeting.objects.filter(CALLED, starts_at__gte=timezone.now() - CALENDAR_BACK).select_related("unit")
    if unit is not None:
        found = found.filter(unit=unit)
    if person is not None:
        held = {key for key, _position, _place in mandates_of(person)}
        found = found.filter(unit__in=held)
    return found.order_by("starts_at", "pk")

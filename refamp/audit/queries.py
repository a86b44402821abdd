"""Questions to the record."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from refamp.audit.choices import Finding
from refamp.audit.formulas import BEGINNING, COLUMNS, digest
from refamp.audit.models import Event, Seal
from refamp.base.sql import Fold
from refamp.base.text import fold

BATCH = 5000
# A transaction that writes an event lasts minutes at most; later than this an event without a seal is suspicious.
SEALED_WITHIN = timedelta(hours=1)
# How far back from the last seal a transaction may have begun that commits only now.
LATE_COMMIT = timedelta(hours=24)


def events_matching(
    events: QuerySet[Event],
    *,
    who: str = "",
    action: str = "",
    object_type: str = "",
    text: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Event]:
    """Events by who, the beginning of the action's name, the kind of object, its id or words of its label, and days."""
    if who:
        events = events.alias(folded_actor=Fold("actor_label")).filter(folded_actor__contains=fold(who))
    if action:
        events = events.filter(action__startswith=action)
    if object_type:
        events = events.filter(object_type=object_type)
    if text:
        label = events.alias(folded_label=Fold("object_label"))
        events = label.filter(Q(object_id=text) | Q(folded_label__contains=fold(text)))
    if since:
        events = events.filter(at__date__gte=since)
    if until:
        events = events.filter(at__date__lte=until)
    return events


@dataclass(frozen=True)
class Page:
    """A stretch of a long list, newest first, and the cursors of the stretches beside it."""

    events: list[Event]
    newer: str | None
    older: str | None


def page_of(events: QuerySet[Event], *, cursor: str = "", size: int = 50) -> Page:
    """The events before (`o<id>`) or after (`n<id>`) one that was shown; the newest where the cursor says nothing."""
    direction, key = cursor[:1], cursor[1:]
    known = direction in {"o", "n"} and key.isdecimal() and len(key) < 19  # noqa: PLR2004 - a bigint has 19 digits
    if known and direction == "n":
        found = list(events.filter(pk__gt=int(key)).order_by("pk")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        older = events.filter(pk__lt=int(key)) if known else events
        found = list(older.order_by("-pk")[: size + 1])
        more_newer, more_older = known, len(found) > size
        found = found[:size]
    return Page(
        found,
        newer=f"n{found[0].pk}" if found and more_newer else None,
        older=f"o{found[-1].pk}" if found and more_older else None,
    )


def history_of(object_type: str, object_id: str) -> QuerySet[Event]:
    """What was done to one object, newest first."""
    return Event.objects.filter(object_type=object_type, object_id=object_id).order_by("-id")


def unsealed() -> QuerySet[Event]:
    """Events that have no seal yet, oldest first; looks back from the last seal, not over the whole table."""
    found = Event.objects.filter(~Exists(Seal.objects.filter(event_id=OuterRef("pk")))).order_by("id")
    last = Seal.objects.order_by("-id").first()
    return found if last is None else found.filter(at__gte=last.at - LATE_COMMIT)


@dataclass
class Verdict:
    """What a walk along the chain found."""

    events: int = 0
    seals: int = 0
    head: str = BEGINNING
    findings: list[dict[str, Any]] = field(default_factory=list)
    expected_seen: bool = False

    @property
    def intact(self) -> bool:
        return not self.findings

    def add(self, finding: Finding, *, event: int | None, seal: int | None) -> None:
        self.findings.append({"finding": str(finding), "event": event, "seal": seal})


def verdict(*, expected: str = "") -> Verdict:
    """Walk the whole chain and compare every event with its seal.

    A chain whose end was cut off, events and seals alike, is whole in itself: keep the head that this returns elsewhere
    and give it as `expected` the next time.
    """
    found = Verdict()
    last_seal = 0
    while True:
        seals = list(Seal.objects.filter(pk__gt=last_seal).order_by("pk")[:BATCH])
        if not seals:
            break
        keys = [seal.event_id for seal in seals]
        events = {row["id"]: row for row in Event.objects.filter(pk__in=keys).order_by().values(*COLUMNS)}
        for seal in seals:
            follow(found, seal, events.get(seal.event_id), expected)
        last_seal = seals[-1].pk
    old = Event.objects.filter(
        ~Exists(Seal.objects.filter(event_id=OuterRef("pk"))), at__lt=timezone.now() - SEALED_WITHIN
    )
    for pk in old.order_by("pk").values_list("pk", flat=True)[:BATCH]:
        found.add(Finding.UNSEALED, event=pk, seal=None)
    if expected and expected != BEGINNING and not found.expected_seen:
        found.add(Finding.CUT, event=None, seal=None)
    return found


def follow(found: Verdict, seal: Seal, event: dict[str, Any] | None, expected: str) -> None:
    """One link."""
    found.seals += 1
    if seal.previous != found.head:
        found.add(Finding.BROKEN, event=seal.event_id, seal=seal.pk)
    if event is None:
        found.add(Finding.MISSING, event=seal.event_id, seal=seal.pk)
    else:
        found.events += 1
        if digest(seal.previous, event) != seal.digest:
            found.add(Finding.CHANGED, event=seal.event_id, seal=seal.pk)
    found.head = seal.digest
    found.expected_seen = found.expected_seen or seal.digest == expected


def protected_by_grants() -> bool:
    """Whether the database itself forbids this application's role to change the record (else only a trigger does)."""
    tables = [Event._meta.db_table, Seal._meta.db_table]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT NOT bool_or(has_table_privilege(current_user, name::regclass, right_to)
                   OR pg_has_role(current_user, c.relowner, 'MEMBER'))
               FROM unnest(%s) AS name JOIN pg_class c ON c.oid = name::regclass,
                    unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS right_to""",
            [tables],
        )
        return bool(cursor.fetchone()[0])

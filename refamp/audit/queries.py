"""Questions to the record."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from refamp.audit.choices import CHANGED, KEY_NAMES, Finding
from refamp.audit.formulas import BEGINNING, COLUMNS, digest
from refamp.audit.models import Event, Seal
from refamp.base.sql import Fold
from refamp.base.templatetags.refamp import decimal, local, moment
from refamp.base.text import fold

BATCH = 5000
LIBRARIES = ("django.", "allauth.")
# A transaction that writes an event lasts minutes at most; later than this an event without a seal is suspicious.
SEALED_WITHIN = timedelta(hours=1)
# How far back from the last seal a transaction may have begun that commits only now.
LATE_COMMIT = timedelta(hours=24)
# A day or a moment as the record keeps it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d.*)?")


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
        events = events.filter(at__gte=midnight(since))
    if until:
        events = events.filter(at__lt=midnight(until + timedelta(days=1)))
    return events


def midnight(day: date) -> datetime:
    """The beginning of a day in Lisbon."""
    return timezone.make_aware(datetime.combine(day, time.min))


def kinds_of_object() -> list[tuple[str, str]]:
    """The tables whose changes are recorded, with their names in the language of the page, in order."""
    named = [
        (model._meta.label, capfirst(str(model._meta.verbose_name))) for model in apps.get_models() if recorded(model)
    ]
    return sorted(named, key=lambda pair: fold(pair[1]))


def recorded(model: type[Model]) -> bool:
    """Tables of this platform's rooms, less the record itself."""
    return not model.__module__.startswith(LIBRARIES) and model not in {Event, Seal}


def name_of_kind(object_type: str) -> str:
    """`axes.Consultation` → "Consultation", in the language of the page."""
    try:
        return capfirst(str(apps.get_model(object_type)._meta.verbose_name))
    except (LookupError, ValueError):
        return object_type


def changes_in_words(event: Event) -> list[dict[str, Any]]:
    """What an event changed, as people read it: `{field, before, after}`, names and values as on the pages.

    None where there was nothing. What the record keeps stays as it is; this is only how it is shown.
    """
    before, after = event.before or {}, event.after or {}
    words = []
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            fields = fields_recorded(event.object_type, key)
            words.append(
                {
                    "field": name_of_key(fields, key),
                    "before": value_in_words(fields, before.get(key)),
                    "after": value_in_words(fields, after.get(key)),
                }
            )
    return words


def fields_recorded(object_type: str, key: str) -> list[Any]:
    """The fields of that name: the object's own first, then those of its room. Empty where nothing bears the name."""
    try:
        own = apps.get_model(object_type)
    except (LookupError, ValueError):
        return []
    found = []
    for model in (own, *own._meta.app_config.get_models()):
        with suppress(FieldDoesNotExist):
            found.append(model._meta.get_field(key))
    return found


def name_of_key(fields: list[Any], key: str) -> str:
    """What a key of the record is called in the language of the page; the key itself where it has no name."""
    if key in KEY_NAMES:
        return str(KEY_NAMES[key])
    if not fields:
        return key.replace("_", " ")
    if fields[0].auto_created and fields[0].is_relation:  # what points at the object
        return str(fields[0].related_model._meta.verbose_name_plural)
    return str(fields[0].verbose_name)


def value_in_words(fields: list[Any], value: Any) -> str | None:
    """One value of the record: choices by their name, days and hours in Lisbon, yes or no, lists apart by commas."""
    if value in (None, "", []):
        return None
    match value:
        case list():
            return ", ".join(value_in_words(fields, one) or "" for one in value)
        case dict():
            given = ((key, one) for key, one in value.items() if one not in (None, "", []))
            return ", ".join(f"{name_of_key([], key)}: {value_in_words([], one)}" for key, one in given)
        case bool():
            return _("yes") if value else _("no")
        case int():
            is_number_of_order = any(isinstance(one, models.SmallIntegerField) for one in fields[:1])
            return str(value) if is_number_of_order else decimal(value)
    return text_in_words(fields, str(value))


def text_in_words(fields: list[Any], value: str) -> str:
    """A text of the record: a personal value that it does not hold, a choice, a moment, a decimal, or what it says."""
    if value == CHANGED:
        return _("changed, not kept here")
    for one in fields:
        names = dict(getattr(getattr(one, "base_field", one), "flatchoices", ()))
        if value in names:
            return str(names[value])
    if MOMENT.fullmatch(value) and local(value):
        return moment(value)
    return decimal(value) if isinstance(next(iter(fields), None), models.DecimalField) else value


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

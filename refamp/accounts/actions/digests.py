"""The digest: one message a day at most to each person, with what waits for them in every room. Never an empty one.

Rooms say what stands for whom by `register_digest`, from their `AppConfig.ready()`. How often is what each person asked
for on their account: on days when something is new, and once a week while something waits; once a week; never.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import ngettext

from refamp.accounts.choices import DigestPace
from refamp.accounts.models import DigestSent, User
from refamp.jobs.actions import send_email

# Nobody is written to in the night.
EARLIEST = time(7)


@dataclass(frozen=True)
class DigestLine:
    """Something that stands for somebody on a day.

    `person` is the key of their account; `key` says what happened to what, and stays the same as long as it stands;
    `section` heads the lines of one kind; `path` is the page where one does something about it; `due` its day, if any.
    """

    person: int
    key: str
    section: str
    text: str
    path: str
    due: date | None = None


class Source(Protocol):
    """What stands on a day for some of the people, in the language that is active: a fixed number of queries."""

    def __call__(self, *, day: date, people: Collection[int]) -> Iterable[DigestLine]: ...


SOURCES: dict[str, Source] = {}


def register_digest(name: str, source: Source) -> None:
    """Say what a room has to tell; called from its `AppConfig.ready()`."""
    SOURCES[name] = source


def send_digests(*, now: datetime | None = None) -> int:
    """Write to everybody for whom something stands, as they asked for it. How many were written to.

    Run as often as one likes, and by several at once: the row of the last digest is locked, and holds the day.
    """
    here = timezone.localtime(now)
    if here.time() < EARLIEST:
        return 0
    sent = 0
    asked = User.objects.filter(is_active=True).exclude(digest=DigestPace.NEVER)
    for language, _name in settings.LANGUAGES:
        people = {person.pk: person for person in asked.filter(language=language)}
        with translation.override(language):
            for key, lines in lines_for(here.date(), people).items():
                sent += write_to(people[key], here.date(), lines)
    return sent


def lines_for(day: date, people: Collection[int]) -> dict[int, list[DigestLine]]:
    """What stands for each of these people; those for whom nothing does are not in it."""
    found: dict[int, list[DigestLine]] = {}
    if not people:
        return found
    for source in SOURCES.values():
        for line in source(day=day, people=people):
            found.setdefault(line.person, []).append(line)
    return found


@transaction.atomic
def write_to(person: User, day: date, lines: list[DigestLine]) -> bool:
    """Put a person's digest in the outbox, unless they have had it; whether it was."""
    last, _made = DigestSent.objects.select_for_update().get_or_create(person=person)
    keys = sorted({line.key for line in lines})
    if not is_due(person.digest, day, last, keys):
        # What went away and comes back is new again.
        still = [key for key in last.keys if key in keys]
        if still != last.keys:
            last.keys = still
            last.save(update_fields=["keys"])
        return False
    sections: dict[str, list[DigestLine]] = {}
    for line in sorted(lines, key=lambda line: (line.due is None, line.due or day, line.text)):
        sections.setdefault(line.section, []).append(line)
    number = len(lines)
    send_email(
        to=person.email,
        subject=ngettext("REF-AMP: %(n)s matter for you", "REF-AMP: %(n)s matters for you", number) % {"n": number},
        body=render_to_string(
            "accounts/digest.txt", {"person": person, "sections": sections, "day": day, "site": settings.SITE_URL}
        ),
    )
    last.day, last.keys = day, keys
    last.save(update_fields=["day", "keys"])
    return True


def is_due(pace: str, day: date, last: DigestSent, keys: Collection[str]) -> bool:
    """Whether a person is written to today: once a day at most, for news or as the reminder of the week."""
    if last.day is not None and last.day >= day:
        return False
    monday = day - timedelta(days=day.weekday())
    if last.day is None or last.day < monday:
        return True
    return pace == DigestPace.DAILY and bool(set(keys) - set(last.keys))

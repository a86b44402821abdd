"""Meetings as calendars read them (RFC 5545, and RFC 5546 for invitations). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vRecur, vText

LISBON = ZoneInfo("Europe/Lisbon")
PRODUCT = "-//REF-AMP//Meetings//PT"
REFRESH = timedelta(hours=6)


@dataclass(frozen=True)
class Entry:
    """One meeting in a calendar. `sequence` grows with every change sent; `stamp` is when it was last changed."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    place: str
    text: str
    url: str
    is_cancelled: bool = False


def invitation(entry: Entry, *, organizer: tuple[str, str], attendee: tuple[str, str]) -> bytes:
    """An invitation (or, cancelled, its withdrawal) to one person. Organizer and attendee are (name, address).

    No answer is asked for: nobody would read it.
    """
    calendar = begin("CANCEL" if entry.is_cancelled else "REQUEST")
    event = event_of(entry)
    event["ORGANIZER"] = address(*organizer)
    guest = address(*attendee)
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("NEEDS-ACTION")
    guest.params["RSVP"] = vText("FALSE")
    event.add("ATTENDEE", guest, encode=False)
    calendar.add_component(event)
    return calendar.to_ical()


def calendar_of(entries: Iterable[Entry], *, name: str) -> bytes:
    """A calendar to subscribe to."""
    calendar = begin("PUBLISH")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT6H")
    for entry in entries:
        calendar.add_component(event_of(entry))
    return calendar.to_ical()


def begin(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    calendar.add_component(lisbon())
    return calendar


def lisbon() -> Timezone:
    """The rules of the hours: those of the Union since 1996, good for every year to come until they change."""
    zone = Timezone()
    zone.add("TZID", str(LISBON))
    for part, name, before, after, month, hour in (
        (TimezoneDaylight(), "WEST", 0, 1, 3, 1),
        (TimezoneStandard(), "WET", 1, 0, 10, 2),
    ):
        part.add("DTSTART", datetime(1996, month, 31 if month == 3 else 27, hour))  # noqa: DTZ001, PLR2004 - local hours
        part.add("RRULE", vRecur(FREQ="YEARLY", BYMONTH=month, BYDAY="-1SU"))
        part.add("TZOFFSETFROM", timedelta(hours=before))
        part.add("TZOFFSETTO", timedelta(hours=after))
        part.add("TZNAME", name)
        zone.add_component(part)
    return zone


def event_of(entry: Entry) -> Event:
    event = Event()
    event.add("UID", entry.uid)
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", entry.stamp.astimezone(ZoneInfo("UTC")))
    event.add("DTSTART", entry.starts_at.astimezone(LISBON))
    event.add("DTEND", entry.ends_at.astimezone(LISBON))
    event.add("SUMMARY", entry.title)
    event.add("LOCATION", entry.place)
    event.add("DESCRIPTION", entry.text)
    event.add("URL", entry.url)
    event.add("STATUS", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    return event


def address(name: str, email: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{email}")
    # A quote cannot be escaped inside a parameter.
    found.params["CN"] = vText(name.replace('"', "'"))
    return found

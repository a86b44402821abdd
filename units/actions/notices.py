"""What the members of a body are written: the notice of a meeting, and whatever changes it, with its calendar entry."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from refamp.jobs.actions import send_email
from units.formulas.calendars import invitation
from units.formulas.meetings import numbered
from units.models import Meeting, Minutes
from units.queries.calendars import entry_of, organizer_of, page_of, title_of
from units.queries.meetings import invited, present_seats


def mail_everybody(meeting: Meeting, occasion: str) -> int:
    """One message to each member, in their language, with the calendar entry. How many."""
    guests = invited(meeting)
    for guest in guests:
        with translation.override(guest.person.language or settings.LANGUAGE_CODE):
            entry = entry_of(meeting, for_members=True)
            subject = {
                "convened": gettext("Notice of meeting: %(title)s"),
                "changed": gettext("Meeting changed: %(title)s"),
                "second_call": gettext("Second call: %(title)s"),
                "cancelled": gettext("Meeting cancelled: %(title)s"),
            }[occasion]
            body = render_to_string(
                "units/meetings/invitation.txt",
                {
                    "meeting": meeting,
                    "occasion": occasion,
                    "person": guest.person,
                    "title": title_of(meeting),
                    "address": page_of(meeting),
                    "points": points_of(meeting),
                },
            )
            content = invitation(
                entry,
                organizer=(str(meeting.unit), organizer_of()),
                attendee=(guest.person.name, guest.person.email),
            )
            method = "CANCEL" if entry.is_cancelled else "REQUEST"
            send_email(
                to=guest.person.email,
                subject=(subject % {"title": title_of(meeting)})[:200],
                body=body,
                attachments=[("reuniao.ics", f"text/calendar; method={method}", content)],
            )
    return len(guests)


def ask_for_amendments(minutes: Minutes) -> int:
    """Tell those who attended that they can say what they would change. How many."""
    meeting = minutes.meeting
    seats = present_seats(meeting).select_related("mandate__person", "substitute__person")
    people = {(seat.substitute or seat.mandate).person for seat in seats}
    told = sorted((one for one in people if one.is_active and one.email), key=lambda one: one.pk)
    for person in told:
        with translation.override(person.language or settings.LANGUAGE_CODE):
            title = title_of(meeting)
            send_email(
                to=person.email,
                subject=(gettext("Minutes to read: %(title)s") % {"title": title})[:200],
                body=render_to_string(
                    "units/meetings/minutes_open.txt",
                    {
                        "person": person,
                        "title": title,
                        "until": minutes.amendments_until,
                        "address": settings.SITE_URL + reverse("units:minutes", args=[meeting.public_id]),
                    },
                ),
            )
    return len(told)


def points_of(meeting: Meeting) -> list[tuple[str, str, str]]:
    """(number, title, kind in words) of each point, for a message."""
    items = {item.pk: item for item in meeting.items.all()}
    from_rows = [(item.pk, item.parent_id, item.order) for item in items.values()]
    return [
        (place.code, items[place.item].title, items[place.item].get_kind_display()) for place in numbered(from_rows)
    ]

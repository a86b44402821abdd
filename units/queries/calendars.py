"""A meeting as a calendar shows it, in the reader's language."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from refamp.base.templatetags.refamp import moment
from units.choices import MeetingState
from units.formulas.calendars import Entry
from units.models import Meeting

SECOND = 2


def title_of(meeting: Meeting) -> str:
    """Its number in the year, as in “reunião 3/2026”; before it is convened, its own title."""
    if meeting.number is None:
        return f"{meeting.unit.name}: {meeting.title}"
    return _("%(unit)s, meeting %(number)s/%(year)s") % {
        "unit": meeting.unit.name,
        "number": meeting.number,
        "year": meeting.year,
    }


def page_of(meeting: Meeting) -> str:
    """The whole address of a meeting's page."""
    return settings.SITE_URL + reverse("units:meeting", args=[meeting.public_id])


def organizer_of() -> str:
    """The address that invitations come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def entry_of(meeting: Meeting, *, for_members: bool) -> Entry:
    """`for_members`: with the address for remote presence, which is nobody else's."""
    second = meeting.call == SECOND and meeting.second_call_at is not None
    begins = meeting.second_call_at if second and meeting.second_call_at else meeting.starts_at
    ends = begins + (meeting.ends_at - meeting.starts_at)
    lines = [meeting.title]
    if second:
        lines.append(_("Second call."))
    elif meeting.second_call_at:
        lines.append(_("Second call, if the first has no quorum: %(when)s.") % {"when": moment(meeting.second_call_at)})
    if for_members and meeting.remote_link:
        lines.append(_("To take part remotely: %(link)s") % {"link": meeting.remote_link})
    if meeting.state == MeetingState.CANCELLED:
        lines.append(_("Cancelled: %(reason)s") % {"reason": meeting.cancel_reason})
    lines.append(_("Agenda and documents: %(address)s") % {"address": page_of(meeting)})
    return Entry(
        uid=f"{meeting.public_id}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}",
        sequence=meeting.ics_sequence,
        stamp=meeting.updated_at,
        starts_at=begins,
        ends_at=ends,
        title=title_of(meeting),
        place=meeting.place,
        text="\n".join(lines),
        url=page_of(meeting),
        is_cancelled=meeting.state == MeetingState.CANCELLED,
    )

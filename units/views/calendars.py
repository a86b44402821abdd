"""Calendars to subscribe to: everybody's of a body's meetings, one's own at a secret address; one meeting as a file."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from refamp.base.doors import SignedRequest, door, everyone, signed_in
from units.actions.calendars import make_calendar_address, revoke_calendar_address
from units.formulas.calendars import calendar_of
from units.queries.bodies import standing
from units.queries.calendars import entry_of
from units.queries.meetings import feed_of, live_feed, meetings_for_calendar, sees_papers_of
from units.views.meetings import meeting_or_404

SHOWN_ONCE = "calendar_address"


@door(signed_in, methods=("GET", "POST"))
def calendar_page(request: SignedRequest) -> HttpResponse:
    """One's own calendar address (shown once, revocable), and the bodies' public ones."""
    if request.method == "POST":
        if request.POST.get("do") == "revoke":
            revoke_calendar_address(actor=request.user)  # logged in
            messages.success(request, _("The address no longer works."))
        else:
            _feed, token = make_calendar_address(actor=request.user)
            request.session[SHOWN_ONCE] = settings.SITE_URL + reverse("units:calendar_feed", args=[token])
        return redirect("units:calendar")
    context = {
        "address": request.session.pop(SHOWN_ONCE, ""),
        "feed": live_feed(request.user),
        "units": [
            (unit, settings.SITE_URL + reverse("units:unit_calendar", args=[unit.code]))
            for unit in standing().order_by("kind", "code")
        ],
    }
    return render(request, "units/meetings/calendar.html", context)


def calendar(content: bytes, name: str, *, private: bool) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.ics"',
        "Cache-Control": "private, no-store" if private else "public, max-age=900",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


@door(everyone)
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever knows the address reads it: calendars log in nowhere."""
    found = feed_of(token)
    if found is None:
        raise Http404
    with translation.override(found.person.language or settings.LANGUAGE_CODE):
        entries = [entry_of(each, for_members=True) for each in meetings_for_calendar(person=found.person)]
        content = calendar_of(entries, name=_("Meetings of %(name)s") % {"name": found.person.name})
    return calendar(content, "reunioes", private=True)


@door(everyone)
def unit_feed(request: HttpRequest, code: str) -> HttpResponse:
    """The convened meetings of a body, without what is only for its members."""
    unit = get_object_or_404(standing(), code=code)
    entries = [entry_of(each, for_members=False) for each in meetings_for_calendar(unit=unit)]
    return calendar(calendar_of(entries, name=unit.name), unit.code, private=False)


@door(everyone)
def meeting_file(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One convened meeting, for a calendar."""
    meeting = meeting_or_404(request, public_id)
    if meeting.convened_at is None:
        raise Http404
    members = sees_papers_of(request.user, meeting.unit_id)
    content = calendar_of([entry_of(meeting, for_members=members)], name=meeting.unit.name)
    return calendar(content, f"reuniao-{meeting.unit.code}-{meeting.number}-{meeting.year}", private=members)

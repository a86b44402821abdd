"""What every page's shell needs."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from axes.rules import sees_drafts
from refamp.accounts.rules import is_auditor

# (heading, [(label, URL name)]). A room that is not built yet has no address and so no entry.
ROOMS = [
    (None, [(_("Home"), "lobby:home")]),
    (
        _("What and why"),
        [
            (_("Referential"), "axes:framework"),
            (_("Consultations"), "axes:consultations"),
            (_("Local plans"), "axes:local_plans"),
        ],
    ),
    (
        _("Who decides and who does what"),
        [
            (_("Units"), "units:units"),
            (_("Council"), "units:council"),
            (_("Meetings"), "units:meetings"),
            (_("Deliberations"), "units:deliberations"),
            (_("Plans"), "units:plans"),
            (_("Partners"), "units:partners"),
        ],
    ),
    (_("Territory"), [(_("Municipalities"), "territory:municipalities")]),
]
COORDINATION_ROOMS = (
    _("Coordination"),
    [
        (_("Dashboard"), "lobby:dashboard"),
        (_("Accounts"), "accounts:people"),
        (_("Jobs"), "jobs:jobs"),
        (_("Audit"), "audit:events"),
    ],
)
AUDITOR_ROOMS = (_("Audit"), [(_("Audit"), "audit:events")])


def shell(request: HttpRequest) -> dict[str, Any]:
    """The side bar (groups of {label, url, current}) and the municipality that the person works for."""
    user = getattr(request, "user", None)
    groups = list(ROOMS)
    if user is not None and sees_drafts(user):
        groups.append(COORDINATION_ROOMS)
    elif user is not None and is_auditor(user):
        groups.append(AUDITOR_ROOMS)
    return {"shell_groups": [{"label": label, "items": entries(request, rooms)} for label, rooms in groups]}


def entries(request: HttpRequest, rooms: list[tuple[Any, str]]) -> list[dict[str, Any]]:
    found = []
    for label, name in rooms:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        here = request.path == url or (url != reverse("lobby:home") and request.path.startswith(url))
        found.append({"label": label, "url": url, "current": here})
    return found

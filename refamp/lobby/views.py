"""Home, dashboard, search, and the two statements every public site owes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from axes.models import Consultation, LocalPlan
from axes.rules import sees_drafts
from refamp.accounts.privacy import REGISTER
from refamp.accounts.rules import may_use_admin
from refamp.base.doors import SignedRequest, door, everyone, signed_in
from refamp.lobby.queries import (
    axes_of,
    dashboard,
    edition_to_show,
    health,
    published_consultations,
    search,
    waiting_for,
)
from units.queries.bodies import bodies_of
from units.queries.desk import desk

DASHBOARD = gettext_lazy("Dashboard")


@door(everyone)
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for anybody; what waits for me, for who is logged in."""
    if not request.user.is_authenticated:
        return render(request, "lobby/home.html", referential(request))
    seats = bodies_of(request.user)
    return render(
        request,
        "lobby/home_signed.html",
        {
            "waiting": waiting_for(request.user, seats),
            "seats": seats,
            "roles": request.user.assignments.current().select_related("municipality"),
        },
    )


def referential(request: HttpRequest) -> dict[str, Any]:
    """The edition in force by its axes, and the consultations whose results are out."""
    edition = edition_to_show(request.user)
    return {
        "edition": edition,
        "axes": axes_of(edition) if edition else [],
        "published": published_consultations()[:6],
    }


@door(signed_in)
def more_page(request: SignedRequest) -> HttpResponse:
    """Home's second part, which it loads: what is not waiting for anybody."""
    places = {place for _role, place in request.user.held_assignments if place}
    context = referential(request) | {
        "title": _("The referential and the consultations"),
        "open_consultations": Consultation.objects.visible_to(request.user).filter(state="open")[:6],
        "plans": LocalPlan.objects.visible_to(request.user).filter(municipality__in=places)[:6] if places else [],
    }
    return part(request, "lobby/more.html", context)


@door(sees_drafts)
def dashboard_page(request: HttpRequest) -> HttpResponse:
    context = {"dashboard": dashboard(), "uses_admin": may_use_admin(request.user)}
    return render(request, "lobby/dashboard.html", context)


@door(sees_drafts)
def desk_page(request: HttpRequest) -> HttpResponse:
    """The dashboard's part on governance, which it loads; a page of its own for who comes without scripts."""
    title = _("Units, meetings, plans and tasks")
    return part(request, "lobby/desk.html", {"desk": desk(request.user), "title": title, "parent": DASHBOARD})


@door(sees_drafts)
def platform_page(request: HttpRequest) -> HttpResponse:
    """The dashboard's part on the platform itself."""
    return part(request, "lobby/platform.html", {"health": health(), "title": _("The platform"), "parent": DASHBOARD})


def part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return render(request, template, context)
    return render(request, "lobby/part.html", context | {"part": template})


@door(everyone)
def search_page(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    groups = search(request.user, query)
    total = sum(len(group.hits) for group in groups)
    return render(request, "lobby/search.html", {"q": query, "groups": groups, "total": total})


@door(everyone)
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about people, why and for how long: the register itself, which a test keeps complete."""
    return render(request, "lobby/privacy.html", {"register": REGISTER})


@door(everyone)
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "lobby/accessibility.html")

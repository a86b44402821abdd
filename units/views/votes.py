"""Deliberations: the register, one of them, its live count, and the councillor's file from which one votes."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from refamp.audit.rules import sees_audit
from refamp.base.doors import SignedRequest, check, door, everyone, refused, signed_in
from refamp.base.errors import Refused
from units.actions.votes import cast_vote
from units.choices import CLOSED_DELIBERATION, DeliberationState, MeetingState, MetropolitanAnswer
from units.filters.votes import DeliberationFilter
from units.forms.votes import VoteForm
from units.models import Deliberation, MunicipalPosition, Vote
from units.queries.bodies import mandates_of
from units.queries.decisions import (
    Line,
    decided_before,
    lines_of,
    parts_of,
    place_named,
    share_of,
    tasks_of,
    way_of,
    weighed,
)
from units.queries.effect import with_effect
from units.queries.votes import (
    Seat,
    Standing,
    ahead,
    deliberations,
    keeps_deliberations_of,
    may_abstain,
    opens_papers,
    places_spoken_for,
    seats_at,
    standing_of,
    voter_of,
)
from units.rules import chairs

PAGE = 200


@door(everyone)
def deliberations_page(request: HttpRequest) -> HttpResponse:
    """The register, newest first; above it, for who sits somewhere, what comes to a vote."""
    found = DeliberationFilter(request.GET, queryset=in_register(request), request=request)
    shown = list(found.qs[: PAGE + 1]) if found.is_valid() else []
    context = {
        "form": found.form,
        "deliberations": shown[:PAGE],
        # Beyond a page there is only more, in the files: a register is not counted to be read.
        "goes_on": len(shown) > PAGE,
        "ahead": ahead(request.user),
    }
    return render(request, "units/votes/register.html", context)


def in_register(request: HttpRequest) -> Any:
    found = deliberations(request.user).filter(state__in=sorted(CLOSED_DELIBERATION))
    return with_effect(found).order_by("-closed_at", "-pk")


def deliberation_or_404(request: HttpRequest, public_id: Any) -> Deliberation:
    found = with_effect(deliberations(request.user)).select_related(
        "unit",
        "item__meeting",
        "plan__unit",
        "plan__opinion_by",
        "amendment__plan__unit",
        "composition__unit",
        "dissolves",
        "framework",
        "proposed_by",
        "ballot",
    )
    return get_object_or_404(found, public_id=public_id)


@dataclass(frozen=True)
class Room:
    """Who is there, what they voted, how it stands."""

    seats: list[Seat]
    votes: list[Vote]
    lines: list[Line]
    now: Standing | None

    @property
    def seen(self) -> str:
        """Changes when anything changes that the count shows."""
        told: list[Any] = [(vote.municipality_id, vote.value, bool(vote.conflict), vote.version) for vote in self.votes]
        told.append([seat.presence for seat in self.seats])
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def room_of(deliberation: Deliberation, *, inside: bool) -> Room:
    """Positions ahead of the meeting are for who has a mandate."""
    seats = seats_at(deliberation)
    draft = deliberation.state == DeliberationState.DRAFT
    votes = [] if draft else list(deliberation.votes.select_related("mandate__person"))
    positions: list[MunicipalPosition] = list(deliberation.positions.all()) if inside else []
    return Room(seats, votes, lines_of(deliberation, seats, votes, positions), standing_of(deliberation, seats, votes))


def count_context(request: HttpRequest, deliberation: Deliberation, room: Room) -> dict[str, Any]:
    """What the count needs, on the page and in the fragment alike."""
    in_session = deliberation.item.meeting.state == MeetingState.IN_SESSION
    is_open = deliberation.state == DeliberationState.VOTING
    closed = deliberation.state in CLOSED_DELIBERATION
    return {
        "deliberation": deliberation,
        "lines": room.lines,
        "now": room.now,
        "counts": room.now.counts if room.now else None,
        "shows_sums": closed or not deliberation.is_secret,
        "counted": is_open or deliberation.votes_for is not None,
        "is_open": is_open,
        "is_closed": closed,
        "polls": is_open or (deliberation.state == DeliberationState.DRAFT and in_session),
        "pace": "3s" if is_open else "10s",
        "seen": f"{deliberation.state}.{room.seen}",
        "inside": bool(mandates_of(request.user)),
        "has_positions": any(line.position for line in room.lines),
    }


def parts_in(request: HttpRequest, deliberation: Deliberation) -> set[str]:
    """The parts of the table of moves that this person has here."""
    held = mandates_of(request.user)
    if not held:
        return set()
    found = {"chair"} if chairs(held, deliberation.unit_id) else set()
    return found | ({"secretariat"} if keeps_deliberations_of(request.user, deliberation.unit_id) else set())


@door(everyone)
def deliberation_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A deliberation: its text, how the seventeen voted, what it decides, its way, what follows."""
    deliberation = deliberation_or_404(request, public_id)
    parts = parts_in(request, deliberation)
    room = room_of(deliberation, inside=bool(mandates_of(request.user)))
    actions = parts_of(deliberation) if opens_papers(request.user, deliberation) else []
    context = count_context(request, deliberation, room) | {
        "weighed": weighed(actions) if actions else None,
        "way": way_of(deliberation),
        "tasks": tasks_of(deliberation) if deliberation.state in CLOSED_DELIBERATION else [],
        "declared": [line for line in room.lines if line.vote and (line.vote.declaration or line.vote.conflict)],
        "may_chair": "chair" in parts,
        "may_keep": "secretariat" in parts,
        "may_place": deliberation.state == DeliberationState.DRAFT
        and ("secretariat" in parts or bool(places_spoken_for(request.user, deliberation.unit_id))),
        "awaits": deliberation.metropolitan_answer == MetropolitanAnswer.AWAITED,
        "in_session": deliberation.item.meeting.state == MeetingState.IN_SESSION,
        "sees_history": sees_audit(request.user),
    }
    return render(request, "units/votes/deliberation.html", context)


@door(everyone)
def count_fragment(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The count as it stands now; nothing (204) where it is as it was, the whole page anew where the state changed."""
    deliberation = deliberation_or_404(request, public_id)
    room = room_of(deliberation, inside=bool(mandates_of(request.user)))
    context = count_context(request, deliberation, room)
    seen = request.GET.get("seen", "")
    if seen == context["seen"]:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    answer = render(request, "units/votes/count.html", context)
    answer["Cache-Control"] = "no-store"
    if seen and not seen.startswith(f"{deliberation.state}."):
        answer["HX-Refresh"] = "true"
    return answer


@sensitive_post_parameters("value", "declaration", "conflict")
@door(signed_in, methods=("GET", "POST"))
def file_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """The councillor's file: one page per decision, with everything one asks before voting, and the vote itself."""
    deliberation = deliberation_or_404(request, public_id)
    held = mandates_of(request.user)
    check(held)
    room = room_of(deliberation, inside=True)
    mine = my_line(request, deliberation, room)
    may_vote = (
        deliberation.state == DeliberationState.VOTING
        and mine is not None
        and voter_of(request.user, mine.seat) is not None
        and not (deliberation.is_secret and mine.vote and not mine.vote.conflict)
    )
    initial = (
        {name: getattr(mine.vote, name) for name in ("value", "declaration", "conflict")} if mine and mine.vote else {}
    )
    form = VoteForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        is_secret=deliberation.is_secret,
        may_abstain=may_abstain(deliberation),
    )
    if request.method == "POST" and mine is None:
        check(None)
    if request.method == "POST" and mine is not None and form.is_valid():
        try:
            cast_vote(
                actor=request.user, deliberation=deliberation, municipality=mine.seat.municipality, **form.cleaned_data
            )
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("It is registered."))
            return redirect("units:councillor_file", deliberation.public_id)
    opened = opens_papers(request.user, deliberation)
    actions = parts_of(deliberation) if opened else []
    place = mine.seat.municipality if mine else own_place(request)
    context = count_context(request, deliberation, room) | {
        "weighed": weighed(actions) if actions else None,
        "place": place,
        "share": share_of(actions, place.code, len(room.seats)) if place and actions else None,
        "before": decided_before(deliberation),
        "mine": mine,
        "form": form if may_vote or request.method == "POST" else None,
        "shows_opinion": opened,
        "plan": deliberation.plan or (deliberation.amendment.plan if deliberation.amendment else None),
    }
    return render(request, "units/votes/file.html", context)


def my_line(request: HttpRequest, deliberation: Deliberation, room: Room) -> Line | None:
    """The line of the municipality for which this person votes, or for which they sit."""
    own = [line for line in room.lines if voter_of(request.user, line.seat)]
    spoken = places_spoken_for(request.user, deliberation.unit_id)
    return next(iter(own), None) or next((line for line in room.lines if line.seat.municipality.pk in spoken), None)


def own_place(request: HttpRequest) -> Any:
    """The municipality for which somebody sits in any body."""
    keys = sorted(place for _unit, _position, place in mandates_of(request.user) if place is not None)
    return place_named(keys[0]) if keys else None

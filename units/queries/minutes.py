"""Minutes: what they begin with (agenda, attendance, votes; in the platform's language), and who may approve them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from refamp.audit.models import Event
from refamp.base.templatetags.refamp import day, moment
from units.choices import DeliberationState, MeetingState, Position, Presence, VoteValue
from units.models import Deliberation, Meeting, Minutes, Vote
from units.queries.bodies import mandates_in_force, mandates_of
from units.queries.calendars import SECOND
from units.queries.meetings import Chair, Point, agenda, chairs_in, present_seats, quorum_from
from units.queries.votes import seats_at
from units.rules import CHAIRS, approves_minutes

if TYPE_CHECKING:
    from units.queries.meetings import Person


def wrote(user: "Person", minutes: Minutes) -> bool:
    return user.pk == minutes.author_id or minutes.writers.filter(pk=user.pk).exists()


def approves(user: "Person", minutes: Minutes) -> bool:
    """Whether somebody may note the approval; four queries at most."""
    unit = minutes.meeting.unit_id
    came = {(seat.substitute or seat.mandate).person_id for seat in present_seats(minutes.meeting)}
    wrote_in_them = {minutes.author_id, *minutes.writers.values_list("pk", flat=True)}
    chairing = set(
        mandates_in_force(minutes.meeting.unit).filter(position__in=sorted(CHAIRS)).values_list("person", flat=True)
    )
    return approves_minutes(
        mandates_of(user),
        unit,
        wrote=user.pk in wrote_in_them,
        attended=user.pk in came,
        chair_can=bool(chairing & came - wrote_in_them),
    )


def approving_meetings(meeting: Meeting) -> QuerySet[Meeting]:
    """At which meetings its minutes can be approved: itself, at its end, or a later one of the body."""
    later = Q(starts_at__gt=meeting.starts_at, state__in=[MeetingState.IN_SESSION, MeetingState.CLOSED])
    return Meeting.objects.filter(Q(pk=meeting.pk) | later, unit=meeting.unit_id).select_related("unit").order_by(
        "starts_at", "pk"
    )  # fmt: skip


def outcome_writers(meeting: Meeting) -> set[int]:
    """Who wrote what was said at its points: their words begin the minutes."""
    return set(
        Event.objects.filter(
            object_type="units.Meeting",
            object_id=str(meeting.public_id),
            action="meeting.item_changed",
            after__has_key="outcome",
            actor__isnull=False,
        ).values_list("actor", flat=True)
    )


def first_minutes(meeting: Meeting) -> str:
    """The text that the secretary starts from: nothing in it is decided by the platform."""
    with translation.override(settings.LANGUAGE_CODE):
        chairs = chairs_in(meeting)
        votes = votes_of(meeting)
        parts = [
            opening(meeting),
            heading(_("Attendance")),
            *attendance(meeting, chairs),
            short_notice(meeting, chairs),
            heading(_("Agenda and decisions")),
        ]
        for point in agenda(meeting):
            parts += about(point, votes, len(chairs))
        parts += [heading(_("Closing of the meeting")), closing(meeting)]
        return "\n\n".join(part for part in parts if part)


def heading(words: str) -> str:
    return f"## {words}"


def hour(value: object) -> str:
    return timezone.localtime(value).strftime("%H:%M") if value else ""  # type: ignore[arg-type]


def opening(meeting: Meeting) -> str:
    second = meeting.call == SECOND
    sentence = (
        _("On %(day)s, at %(hour)s, %(unit)s met on second call (%(place)s), chaired by %(chair)s.")
        if second
        else _("On %(day)s, at %(hour)s, %(unit)s met on first call (%(place)s), chaired by %(chair)s.")
    )
    text = sentence % {
        "day": day(meeting.opened_at or meeting.starts_at, "long"),
        "hour": hour(meeting.opened_at or meeting.starts_at),
        "unit": meeting.unit.name,
        "place": meeting.place,
        "chair": meeting.presided_by or "[…]",
    }
    if meeting.first_call:
        text += " " + _(
            "The first call, for %(when)s, had no quorum: %(present)s of %(seats)s seats were taken (%(names)s)."
        ) % {
            "when": moment(meeting.starts_at, "long"),
            "present": meeting.first_call["present"],
            "seats": meeting.first_call["seats"],
            "names": "; ".join(meeting.first_call["names"]) or "–",
        }
    if meeting.is_extraordinary:
        text += " " + _("It was an extraordinary meeting.")
    return text + " " + _("The meeting (no. %(number)s/%(year)s, %(about)s) was called on %(when)s.") % {
        "when": moment(meeting.convened_at, "long"),
        "number": meeting.number,
        "year": meeting.year,
        "about": meeting.title,
    }  # fmt: skip


def attendance(meeting: Meeting, chairs: list[Chair]) -> Iterable[str]:
    standing = quorum_from(meeting, chairs)
    yield _("Seats: %(seats)s. Present: %(present)s. Needed for a quorum: %(needed)s.") % {
        "seats": standing.seats,
        "present": standing.present,
        "needed": standing.needed,
    }
    for wanted, heading in (
        ({Presence.IN_PERSON, Presence.REMOTE}, _("Present:")),
        ({Presence.EXCUSED}, _("Excused:")),
        ({Presence.ABSENT, None}, _("Absent:")),
    ):
        lines = [f"- {named(chair)}" for chair in chairs if chair.presence in wanted]
        if lines:
            yield heading
            yield "\n".join(lines)


def short_notice(meeting: Meeting, chairs: list[Chair]) -> str:
    """What heals a notice that was too short: that everybody came and nobody objected (CPA, art. 28)."""
    if not meeting.is_urgent:
        return ""
    absent = quorum_from(meeting, chairs).absent
    text = _("It was called at shorter notice than the body's rules ask for: %(reason)s") % {
        "reason": meeting.urgency_reason
    }
    if absent:
        return text + "\n" + _("Not all members came: %(absent)s were absent.") % {"absent": absent}
    return text + "\n" + _("All members came. Whether anybody objected to its taking place: […]")


def named(chair: Chair) -> str:
    """Whom a seat stands for, who sat in it, and how."""
    stands_for = chair.mandate.municipality or chair.mandate.partner
    text = f"{stands_for}: {chair.sitting.person.name}" if stands_for else chair.sitting.person.name
    notes = []
    if chair.sitting == chair.mandate and chair.mandate.position != Position.MEMBER:
        notes.append(str(chair.mandate.get_position_display()))
    if chair.sitting != chair.mandate:
        notes.append(_("in the stead of %(name)s") % {"name": chair.mandate.person.name})
    if chair.presence == Presence.REMOTE:
        notes.append(_("remotely"))
    return f"{text} ({', '.join(notes)})" if notes else text


def votes_of(meeting: Meeting) -> dict[int, Deliberation]:
    """What was decided at each point, with its votes; two queries."""
    found = Deliberation.objects.filter(item__meeting=meeting).prefetch_related(
        Prefetch("votes", Vote.objects.select_related("municipality").order_by("municipality__name"))
    )
    return {deliberation.item_id: deliberation for deliberation in found}


def about(point: Point, decisions: dict[int, Deliberation], seats: int) -> Iterable[str]:
    late = " (" + _("added after the notice") + ")" if point.item.is_late else ""
    yield heading(f"{point.code}. {point.item.title}{late}")
    if point.item.urgency_votes is not None:
        yield _("%(n)s of the %(seats)s members recognised that it must be decided at once.") % {
            "n": point.item.urgency_votes,
            "seats": seats,
        }
    if point.item.outcome:
        yield point.item.outcome
    deliberation = decisions.get(point.item.pk)
    if deliberation is not None:
        yield from decided(deliberation)
    elif not point.item.outcome:
        yield "[…]"


def decided(deliberation: Deliberation) -> Iterable[str]:
    if deliberation.state in {DeliberationState.DRAFT, DeliberationState.VOTING}:
        yield _("It was not put to the vote.")
        return
    if deliberation.state == DeliberationState.WITHDRAWN:
        yield _("It was withdrawn.")
        return
    if deliberation.number:
        yield _("Deliberation %(number)s/%(year)s: %(title)s") % {
            "number": deliberation.number,
            "year": deliberation.year,
            "title": deliberation.title,
        }
    yield deliberation.text
    yield result(deliberation)
    if not deliberation.is_secret:
        yield from by_name(deliberation)
    declarations = [
        f"- {vote.municipality}: {' '.join(vote.declaration.split())}"
        for vote in deliberation.votes.all()
        if vote.declaration.strip()
    ]
    if declarations:
        yield _("Declarations of vote:")
        yield "\n".join(declarations)
    conflicts = [
        f"- {vote.municipality}: {' '.join(vote.conflict.split())}"
        for vote in deliberation.votes.all()
        if vote.conflict.strip()
    ]
    if conflicts:
        yield _("Conflicts of interest stated:")
        yield "\n".join(conflicts)


def result(deliberation: Deliberation) -> str:
    counts = (
        ngettext("%(n)s vote for", "%(n)s votes for", deliberation.votes_for or 0) % {"n": deliberation.votes_for or 0},
        ngettext("%(n)s against", "%(n)s against", deliberation.votes_against or 0)
        % {"n": deliberation.votes_against or 0},
        ngettext("%(n)s abstention", "%(n)s abstentions", deliberation.abstentions or 0)
        % {"n": deliberation.abstentions or 0},
    )
    if deliberation.votes_for is None:
        counts = (_("nothing counted"),)
    text = _("Result: %(state)s (%(rule)s), with %(counts)s. Legal effect: %(effect)s.") % {
        "state": deliberation.get_state_display(),
        "rule": deliberation.get_rule_display(),
        "counts": ", ".join(counts),
        "effect": deliberation.get_legal_effect_display(),
    }
    if deliberation.legal_effect_basis:
        text += " " + _("Ground of the legal effect: %(ground)s") % {"ground": deliberation.legal_effect_basis}
    if deliberation.is_secret:
        text += " " + _("Secret ballot.")
    if deliberation.ballots > 1:
        text += " " + _("The first ballot was a tie, and it was voted on again.")
    if deliberation.casting_vote in {VoteValue.FOR, VoteValue.AGAINST}:
        text += " " + _("The president's casting vote decided: %(vote)s.") % {
            "vote": deliberation.get_casting_vote_display()
        }
    return text


def by_name(deliberation: Deliberation) -> Iterable[str]:
    """Who voted what, by municipality, in an open vote."""
    for value, words in (
        (VoteValue.FOR, _("In favour: %(names)s.")),
        (VoteValue.AGAINST, _("Against: %(names)s.")),
        (VoteValue.ABSTAIN, _("Abstaining: %(names)s.")),
    ):
        names = [str(vote.municipality) for vote in deliberation.votes.all() if vote.value == value]
        if names:
            yield words % {"names": ", ".join(names)}
    voted = {vote.municipality_id for vote in deliberation.votes.all()}
    present = [seat.municipality for seat in seats_at(deliberation) if seat.is_present]
    silent = [str(place) for place in present if place.pk not in voted]
    if silent:
        yield _("Present, did not vote: %(names)s.") % {"names": ", ".join(silent)}


def closing(meeting: Meeting) -> str:
    if meeting.state != MeetingState.CLOSED:
        return ""
    text = _("There being nothing else to deal with, the meeting was closed at %(hour)s.") % {
        "hour": hour(meeting.closed_at)
    }
    if meeting.summary_approved_at is None:
        return text
    return (
        text
        + " "
        + _(
            "The summary of the decisions was approved at %(hour)s, so that they take effect "
            "(CPA, art. 34, nos. 4 and 6)."
        )
        % {"hour": hour(meeting.summary_approved_at)}
    )

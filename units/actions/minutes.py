"""Minutes: drafted from what was recorded, amended by those who attended, approved by who did not write, published.

Published ones never change: the database refuses it to everybody.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.ids import uuid7
from refamp.base.pdf import render_pdf
from refamp.base.states import check_move
from refamp.base.templatetags.refamp import day
from units.actions.notices import ask_for_amendments
from units.choices import MINUTES_MOVES, AmendmentState, MeetingState, MinutesState
from units.formulas.meetings import text_digest
from units.models import Meeting, Minutes, MinutesAmendment
from units.queries.bodies import mandates_of
from units.queries.dossiers import minutes_data
from units.queries.meetings import attended, keeps_meetings_of, present_seats
from units.queries.minutes import approves, approving_meetings, first_minutes, outcome_writers, wrote
from units.rules import sits_in

MOST_CHARACTERS = 200_000
MOST_AMENDMENTS = 200


def locked_minutes(minutes: Minutes, version: int | None = None) -> Minutes:
    found = Minutes.objects.select_for_update(of=("self",)).select_related("meeting__unit").get(pk=minutes.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def move(actor: User, minutes: Minutes, state: MinutesState) -> str:
    """Move through the table of states; answers the state before. Who approves is asked for in words by its action."""
    part = check_move(MINUTES_MOVES, minutes.state, state)
    unit = minutes.meeting.unit_id
    allowed: dict[str, Callable[[], bool]] = {
        "secretariat": lambda: keeps_meetings_of(actor, unit),
        "chair": lambda: sits_in(mandates_of(actor), unit),
    }
    if not allowed[part]():
        raise NotAllowed
    before, minutes.state = minutes.state, state
    return before


def keep(minutes: Minutes, *fields: str) -> None:
    minutes.version += 1
    minutes.save(update_fields=[*fields, "version", "updated_at"])


@transaction.atomic
def draft_minutes(*, actor: User, meeting: Meeting) -> Minutes:
    """Begin the minutes of a closed meeting, filled in with its agenda, attendance and votes."""
    found = Meeting.objects.select_for_update(of=("self",)).select_related("unit").get(pk=meeting.pk)
    if not keeps_meetings_of(actor, found.unit_id):
        raise NotAllowed
    if found.state != MeetingState.CLOSED:
        raise Refused(_("Minutes are written once the meeting is closed."), code="wrong_state")
    if Minutes.objects.filter(meeting=found).exists():
        raise Refused(_("This meeting already has its minutes."), code="exists")
    try:
        with transaction.atomic():
            made = Minutes.objects.create(meeting=found, text=first_minutes(found), author=actor)
    except IntegrityError as error:  # somebody else was quicker
        raise Refused(_("This meeting already has its minutes."), code="exists") from error
    made.writers.add(actor, *outcome_writers(found))
    record(actor=actor, action="minutes.drafted", obj=made, after={"state": made.state, "text": CHANGED})
    return made


@transaction.atomic
def write_minutes(*, actor: User, minutes: Minutes, version: int | None, text: str) -> Minutes:
    """Change the text of a draft."""
    found = locked_minutes(minutes, version)
    if not keeps_meetings_of(actor, found.meeting.unit_id):
        raise NotAllowed
    if found.state != MinutesState.DRAFT:
        raise Refused(_("Only a draft is written in: take it back first."), code="wrong_state")
    new = clean(text)
    if new == found.text:
        return found
    change_text(actor, found, new)
    record(actor=actor, action="minutes.changed", obj=found, before={"text": CHANGED}, after={"text": CHANGED})
    return found


def clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused(_("Minutes say something."), code="empty", field="text")
    if len(text) > MOST_CHARACTERS:
        raise Refused(_("The text is too long."), code="too_long", field="text")
    return text


def change_text(actor: User, minutes: Minutes, text: str) -> None:
    minutes.text = text
    keep(minutes, "text")
    minutes.writers.add(actor)


@transaction.atomic
def open_to_amendments(*, actor: User, minutes: Minutes, version: int | None) -> Minutes:
    """Those who attended may now say what they would change, and are told so; for as long as the body's rule says."""
    found = step(actor, minutes, version, MinutesState.UNDER_AMENDMENT)
    days = found.meeting.unit.amendment_days
    found.amendments_until = timezone.localdate() + timedelta(days=days) if days else None
    found.save(update_fields=["amendments_until"])
    ask_for_amendments(found)
    return found


@transaction.atomic
def take_back_minutes(*, actor: User, minutes: Minutes, version: int | None) -> Minutes:
    """Back to a draft, to be written in; the amendments stay."""
    return step(actor, minutes, version, MinutesState.DRAFT)


def step(actor: User, minutes: Minutes, version: int | None, state: MinutesState) -> Minutes:
    found = locked_minutes(minutes, version)
    before = move(actor, found, state)
    keep(found, "state")
    record(actor=actor, action=f"minutes.{state.value}", obj=found, before={"state": before}, after={"state": state})
    return found


@transaction.atomic
def propose_amendment(*, actor: User, minutes: Minutes, passage: str, proposal: str) -> MinutesAmendment:
    """Somebody who attended says what a passage should read instead; without a passage, what is missing at the end."""
    found = locked_minutes(minutes)
    if not attended(actor, found.meeting):
        raise NotAllowed
    if found.state != MinutesState.UNDER_AMENDMENT:
        raise Refused(_("The minutes are not open to amendments."), code="wrong_state")
    if found.amendments_until and timezone.localdate() > found.amendments_until:
        raise Refused(_("The days for amendments are over."), code="over")
    passage, proposal = passage.replace("\r\n", "\n").strip(), proposal.replace("\r\n", "\n").strip()
    if not proposal:
        raise Refused(_("Say what it should read."), code="empty", field="proposal")
    if passage and passage not in found.text:
        raise Refused(_("The minutes do not hold this passage: copy it exactly."), code="no_passage", field="passage")
    if found.amendments.count() >= MOST_AMENDMENTS:
        raise Refused(_("There are too many amendments already."), code="too_many")
    made = MinutesAmendment.objects.create(minutes=found, author=actor, passage=passage, proposal=proposal)
    record(actor=actor, action="minutes.amendment_proposed", obj=found, after={"proposal": CHANGED})
    return made


@transaction.atomic
def answer_amendment(
    *, actor: User, amendment: MinutesAmendment, version: int | None, accepted: bool, answer: str = ""
) -> MinutesAmendment:
    """Accept an amendment, which then stands in the text, or reject it with a reason. `version` is the minutes'."""
    minutes = locked_minutes(amendment.minutes, version)
    found = MinutesAmendment.objects.select_for_update().get(pk=amendment.pk)
    if not keeps_meetings_of(actor, minutes.meeting.unit_id):
        raise NotAllowed
    if minutes.state != MinutesState.UNDER_AMENDMENT or found.state != AmendmentState.PROPOSED:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    if actor.pk == found.author_id:
        raise Refused(_("Somebody else answers one's own amendment."), code="own_amendment")
    if accepted:
        change_text(actor, minutes, amended(minutes.text, found))
        minutes.writers.add(found.author)  # whose words stand in them does not approve them
    elif not answer.strip():
        raise Refused(_("Say why it is rejected."), code="reason", field="answer")
    else:
        keep(minutes)
    found.state = AmendmentState.ACCEPTED if accepted else AmendmentState.REJECTED
    found.answer = answer.strip()
    found.save(update_fields=["state", "answer"])
    record(
        actor=actor,
        action="minutes.amendment_answered",
        obj=minutes,
        before={"state": AmendmentState.PROPOSED},
        after={"state": found.state, "text": CHANGED},
    )
    return found


def amended(text: str, amendment: MinutesAmendment) -> str:
    """The text with the amendment in it. Raises Refused where its passage is not there exactly once."""
    if not amendment.passage:
        return f"{text}\n\n{amendment.proposal}"
    if text.count(amendment.passage) != 1:
        raise Refused(
            _("The passage is not there exactly once any more: reject it, or take the minutes back to write."),
            code="no_passage",
        )
    return text.replace(amendment.passage, amendment.proposal)


@transaction.atomic
def approve_minutes(
    *,
    actor: User,
    minutes: Minutes,
    version: int | None,
    approved_in: Meeting | None = None,
    votes: tuple[int, int, int] | None = None,
    at: datetime | None = None,
) -> Minutes:
    """Who chaired notes that those who attended approved them; never somebody who wrote in them.

    At the end of their own meeting (`approved_in` None), or at a later one of the body (CPA, art. 34, no. 2). `votes`:
    for, against, abstentions, among those who attended; None is everybody in favour.
    """
    found = locked_minutes(minutes, version)
    before = move(actor, found, MinutesState.APPROVED)
    if wrote(actor, found):
        raise Refused(_("Whoever wrote the minutes does not approve them."), code="author")
    if not attended(actor, found.meeting):
        raise Refused(_("Only who attended a meeting approves its minutes (CPA, art. 34, no. 3)."), code="absent")
    if not approves(actor, found):
        raise NotAllowed
    if approved_in is not None and not approving_meetings(found.meeting).filter(pk=approved_in.pk).exists():
        raise Refused(_("They are approved at their own meeting or a later one of the body."), code="other_meeting")
    is_later = approved_in is not None and approved_in.pk != found.meeting_id
    if is_later and found.amendments_until and timezone.localdate(at) <= found.amendments_until:
        raise Refused(
            _("They are open to amendments until %(day)s.") % {"day": day(found.amendments_until)}, code="still_open"
        )
    if found.amendments.filter(state=AmendmentState.PROPOSED).exists():
        raise Refused(_("Answer every amendment first."), code="open_amendments")
    found.approved_by, found.approved_at = actor, at or timezone.now()
    found.approved_in = approved_in or found.meeting
    found.approval_for, found.approval_against, found.approval_abstained = counted(found.meeting, votes)
    keep(
        found,
        "state",
        "approved_by",
        "approved_at",
        "approved_in",
        "approval_for",
        "approval_against",
        "approval_abstained",
    )
    record(
        actor=actor,
        action="minutes.approved",
        obj=found,
        before={"state": before},
        after={"state": found.state, "at_meeting": str(found.approved_in)},
    )
    return found


def counted(meeting: Meeting, votes: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """How those who attended voted on the minutes. Raises Refused where they did not pass, or are too many."""
    came = present_seats(meeting).count()
    found = votes or (came, 0, 0)
    if sum(found) > came:
        raise Refused(
            _("%(came)s attended: no more vote on the minutes (CPA, art. 34, no. 3).") % {"came": came},
            code="too_many",
            field="votes_for",
        )
    if found[0] <= found[1]:
        raise Refused(_("More must be for them than against."), code="not_passed", field="votes_for")
    return found


@transaction.atomic
def publish_minutes(*, actor: User, minutes: Minutes, version: int | None, at: datetime | None = None) -> Minutes:
    """Everybody can read them, with the digest by which a change would show; a PDF/A is kept beside the text."""
    found = locked_minutes(minutes, version)
    before = move(actor, found, MinutesState.PUBLISHED)
    found.published_at = at or timezone.now()
    found.sha256 = text_digest(found.text)
    with translation.override(settings.LANGUAGE_CODE):
        content = render_pdf("units/meetings/minutes.typ", minutes_data(found), at=found.published_at)
    found.pdf_sha256 = hashlib.sha256(content).hexdigest()
    found.pdf.save(f"{uuid7().hex}.pdf", ContentFile(content), save=False)
    keep(found, "state", "published_at", "sha256", "pdf", "pdf_sha256")
    record(
        actor=actor,
        action="minutes.published",
        obj=found,
        before={"state": before},
        after={"state": found.state, "sha256": found.sha256, "pdf_sha256": found.pdf_sha256},
    )
    return found

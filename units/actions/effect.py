"""The summary of a meeting's decisions («minuta»), approved at its end so that they take effect before the minutes."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.actions.meetings import keep, locked_meeting
from units.choices import DeliberationState, MeetingState
from units.models import Deliberation, Meeting
from units.queries.meetings import keeps_meetings_of


@transaction.atomic
def approve_summary(
    *, actor: User | None, meeting: Meeting, version: int | None, at: datetime | None = None
) -> Meeting:
    """Who presided or keeps the meeting notes that the body approved the summary (CPA, art. 34, no. 4): once.

    After its votes are closed, before the meeting is. What passed until then takes effect from that moment (no. 6).
    """
    found = locked_meeting(meeting, version)
    if actor is not None and actor.pk != found.presided_by_id and not keeps_meetings_of(actor, found.unit_id):
        raise NotAllowed
    if found.state != MeetingState.IN_SESSION:
        raise Refused(_("This step is not possible from the present state."), code="wrong_state")
    if found.summary_approved_at is not None:
        raise Refused(_("The summary of this meeting's decisions is already approved."), code="exists")
    decisions = Deliberation.objects.filter(item__meeting=found)
    if decisions.filter(state=DeliberationState.VOTING).exists():
        raise Refused(_("A point is still being voted: close the vote first."), code="voting")
    if not decisions.filter(number__isnull=False).exists():
        raise Refused(_("Nothing was decided yet."), code="nothing_decided")
    found.summary_approved_at = at or timezone.now()
    keep(found, "summary_approved_at")
    record(
        actor=actor,
        action="meeting.summary_approved",
        obj=found,
        after={"decisions": decisions.filter(number__isnull=False).count()},
    )
    return found

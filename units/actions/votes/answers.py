"""What the Metropolitan Council says of a proposal, and an edition of the referential that is decided on."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.framework import put_in_force
from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.actions.votes.subjects import check_not_author, keep, locked_deliberation, tell_subject
from units.choices import MetropolitanAnswer
from units.models import Deliberation
from units.queries.votes import answer_of, keeps_deliberations_of


@transaction.atomic
def record_metropolitan_answer(
    *,
    actor: User | None,
    deliberation: Deliberation,
    answer: str,
    reference: str,
    on: date,
    version: int | None = None,
) -> Deliberation:
    """What the Metropolitan Council said of a proposal, once: what it decides on moves in the same transaction."""
    found = locked_deliberation(deliberation, version)
    if actor is not None and not keeps_deliberations_of(actor, found.unit_id):
        raise NotAllowed
    if found.metropolitan_answer != MetropolitanAnswer.AWAITED:
        raise Refused(_("No answer is awaited."), code="not_awaited")
    if answer not in {MetropolitanAnswer.ACCEPTED, MetropolitanAnswer.REJECTED}:
        raise Refused(_("Accepted or rejected."), code="answer", field="answer")
    check_not_author(actor, found)
    if not reference.strip():
        raise Refused(_("Name the act of the Metropolitan Council."), code="reference", field="reference")
    if found.closed_at and on < timezone.localdate(found.closed_at):
        raise Refused(_("The answer cannot come before the proposal."), code="dates", field="on")
    if on > timezone.localdate():
        raise Refused(_("That day has not come yet."), code="dates", field="on")
    keep(found, metropolitan_answer=answer, metropolitan_reference=reference.strip()[:200], metropolitan_at=on)
    record(
        actor=actor,
        action="deliberation.answered",
        obj=found,
        before={"metropolitan_answer": MetropolitanAnswer.AWAITED},
        after={"metropolitan_answer": answer, "on": on},
        reason=found.metropolitan_reference,
    )
    tell_subject(found, None)
    return found


def decide_framework(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: an edition of the referential that the seventeen agreed on is in force, the old one superseded."""
    if deliberation.framework is not None and answer_of(deliberation) == "approved":
        put_in_force(actor=None, framework=deliberation.framework, act=str(deliberation))

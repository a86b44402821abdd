"""What follows from a deliberation: tasks with an owner and a date."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from units.choices import CLOSED_DELIBERATION, FOLLOW_UP_MOVES, FollowUpState
from units.models import Deliberation, FollowUp
from units.queries.votes import keeps_deliberations_of

EDITED = ("task", "owner", "due_on")


def locked_follow_up(follow_up: FollowUp, version: int | None = None) -> FollowUp:
    found = (
        FollowUp.objects.select_for_update(of=("self",)).select_related("deliberation", "owner").get(pk=follow_up.pk)
    )
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_task(values: Mapping[str, Any]) -> None:
    if not values["task"].strip():
        raise Refused(_("Say what is to be done."), code="task", field="task")
    if not values["owner"].is_active:
        raise Refused(_("This person no longer has an account."), code="owner", field="owner")


@transaction.atomic
def add_follow_up(*, actor: User | None, deliberation: Deliberation, task: str, owner: User, due_on: date) -> FollowUp:
    """Give somebody something to do after a vote that was closed, by the secretariat of the body."""
    if actor is not None and not keeps_deliberations_of(actor, deliberation.unit_id):
        raise NotAllowed
    if deliberation.state not in CLOSED_DELIBERATION:
        raise Refused(_("Tasks follow from what was voted."), code="wrong_state")
    check_task({"task": task, "owner": owner})
    made = FollowUp.objects.create(deliberation=deliberation, task=task.strip()[:300], owner=owner, due_on=due_on)
    record(
        actor=actor,
        action="follow_up.added",
        obj=made,
        after={"task": made.task, "owner": owner, "due_on": due_on, "deliberation": str(deliberation)},
    )
    return made


@transaction.atomic
def change_follow_up(
    *, actor: User, follow_up: FollowUp, version: int | None, task: str, owner: User, due_on: date
) -> FollowUp:
    """Change an open task, by the secretariat of the body."""
    found = locked_follow_up(follow_up, version)
    if not keeps_deliberations_of(actor, found.deliberation.unit_id):
        raise NotAllowed
    if found.state != FollowUpState.OPEN:
        raise Refused(_("Only an open task changes."), code="wrong_state")
    wanted: dict[str, Any] = {"task": task.strip()[:300], "owner": owner, "due_on": due_on}
    check_task(wanted)
    before = {name: getattr(found, name) for name in EDITED if getattr(found, name) != wanted[name]}
    if not before:
        return found
    for name in before:
        setattr(found, name, wanted[name])
    found.version += 1
    found.save(update_fields=[*before, "version", "updated_at"])
    record(actor=actor, action="follow_up.changed", obj=found, before=before, after={n: wanted[n] for n in before})
    return found


@transaction.atomic
def move_follow_up(
    *, actor: User, follow_up: FollowUp, state: str, note: str = "", version: int | None = None
) -> FollowUp:
    """Done (by its owner, or the secretariat on their word), dropped, or taken up again. Dropping says why."""
    found = locked_follow_up(follow_up, version)
    part = check_move(FOLLOW_UP_MOVES, found.state, state)
    is_own = part == "owner" and found.owner_id == actor.pk
    if not is_own and not keeps_deliberations_of(actor, found.deliberation.unit_id):
        raise NotAllowed
    note = note.strip()
    if state == FollowUpState.DROPPED and not note:
        raise Refused(_("Say why."), code="reason", field="note")
    before = {"state": found.state}
    found.state = state
    found.done_at = timezone.now() if state == FollowUpState.DONE else None
    found.note = note or found.note
    found.version += 1
    found.save(update_fields=["state", "done_at", "note", "version", "updated_at"])
    record(actor=actor, action=f"follow_up.{state}", obj=found, before=before, after={"state": state}, reason=note)
    return found

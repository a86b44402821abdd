"""What people report on an action, what is derived from it, and the roll-up kept beside it."""

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from units.choices import ACTION_MOVES, STOPPED_ACTION, ActionState, ActionStatus, PlanState
from units.formulas.plans import DONE, kept
from units.models import Action, ActionPlan, Milestone, Progress, StatusOverride
from units.queries.bodies import mandates_of
from units.queries.progress import MOVED, ROLL_UP, Figure, computed, stored
from units.rules import writes_plan

REPORTED_ON = {PlanState.APPROVED, PlanState.UNDER_WAY}

# Recomputing: what the statement gives replaces what is kept, of a year or of all; figures that are gone go.
REPLACE = f"""
WITH fresh AS MATERIALIZED ({ROLL_UP}), kept AS (
    INSERT INTO units_progress (level, action_id, plan_id, lineage, year, done, whole, actions, computed_at)
    SELECT level, action_id, plan_id, lineage, year, done, whole, actions, now() FROM fresh
    ON CONFLICT ON CONSTRAINT one_progress_per_thing DO UPDATE
    SET done = EXCLUDED.done, whole = EXCLUDED.whole, actions = EXCLUDED.actions, computed_at = EXCLUDED.computed_at
    WHERE (units_progress.done, units_progress.whole, units_progress.actions)
        IS DISTINCT FROM (EXCLUDED.done, EXCLUDED.whole, EXCLUDED.actions)
)
DELETE FROM units_progress old
WHERE (
    %(year)s::int IS NULL OR old.year = %(year)s::int
    OR old.action_id IN (
        SELECT action.id FROM units_action action JOIN units_actionplan plan ON plan.id = action.plan_id
        WHERE plan.year = %(year)s::int
    )
) AND CASE old.level
    WHEN 'action' THEN old.action_id NOT IN (SELECT action_id FROM fresh WHERE level = 'action')
    WHEN 'plan' THEN old.plan_id NOT IN (SELECT plan_id FROM fresh WHERE level = 'plan')
    WHEN 'node' THEN (old.lineage, old.year) NOT IN (SELECT lineage, year FROM fresh WHERE level = 'node')
    ELSE old.year NOT IN (SELECT year FROM fresh WHERE level = 'framework')
END
"""  # noqa: S608 - both parts are written in this project
# Recomputing takes it alone, a report shares it: a report is never added to a figure that is being replaced.
TURN = 4_720_134


@transaction.atomic
def recompute_progress(*, year: int | None = None) -> None:
    """Replace the kept figures of a year, or all, by what the milestones give; right ones are left alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        cursor.execute(REPLACE, {"year": year})


def check_progress() -> list[tuple[Figure | None, Figure | None]]:
    """(kept, right) of every figure that is not what the milestones give; None where one side has none."""
    right = {figure.place: figure for figure in computed()}
    wrong: list[tuple[Figure | None, Figure | None]] = []
    for figure in stored():
        other = right.pop(figure.place, None)
        if other != figure:
            wrong.append((figure, other))
    return wrong + [(None, figure) for figure in right.values()]


def move_figures(action: Action) -> None:
    """Carry one action's new progress into everything above it. Costs the same however many actions there are.

    The caller holds the action's lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [TURN])
        cursor.execute(
            "SELECT sum(weight * progress), sum(weight) FROM units_milestone WHERE action_id = %s", [action.pk]
        )
        done, whole = cursor.fetchone()
        own = Progress.objects.filter(level=Progress.Level.ACTION, action=action).first()
        if own is None or whole is None:
            return
        before, after = kept(own.done, own.whole), kept(done, whole)
        if before is None or after is None:
            return
        Progress.objects.filter(pk=own.pk).update(done=done, whole=whole, computed_at=timezone.now())
        delta = action.weight * (after - before)
        if delta:
            cursor.execute(MOVED, {"action": action.pk, "plan": action.plan_id, "year": action.plan.year})
            keys = [key for (key,) in cursor.fetchall()]
            cursor.execute(
                "UPDATE units_progress SET done = done + %s, computed_at = now() WHERE id = ANY(%s)", [delta, keys]
            )


def hold_plans(*actions: Action) -> None:
    """Lock the plans of these actions, in one order: a plan closes before or after a report, not meanwhile."""
    plans = ActionPlan.objects.filter(pk__in=Action.objects.filter(pk__in=[each.pk for each in actions]).values("plan"))
    list(plans.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def hold_both(action: Action, into: Action) -> None:
    """Two actions are not merged into each other at once."""
    hold_plans(action, into)
    list(Action.objects.select_for_update().filter(pk__in={action.pk, into.pk}).order_by("pk").values_list("pk"))


def locked_action(actor: User, action: Action, version: int | None = None) -> Action:
    """The action of an approved plan, locked after its plan, for somebody who reports on it."""
    hold_plans(action)
    found = Action.objects.select_for_update(of=("self",)).select_related("plan__unit").get(pk=action.pk)
    if not writes_plan(mandates_of(actor), found.plan.unit_id):
        raise NotAllowed
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_reported_on(action: Action) -> None:
    if action.plan.state not in REPORTED_ON:
        raise Refused(_("Progress is reported on plans that were approved and are not closed."), code="not_approved")


def set_state(action: Action, state: str, **values: Any) -> Action:
    """Write a state that was checked, with one version more."""
    action.state = state
    for name, value in values.items():
        setattr(action, name, value)
    action.version += 1
    action.save(update_fields=["state", *values, "version", "updated_at"])
    return action


@transaction.atomic
def report_milestone(
    *,
    actor: User,
    milestone: Milestone,
    progress: int,
    on: date | None = None,
    note: str = "",
    version: int | None = None,
) -> Milestone:
    """Say how far a milestone is, in percent. The action moves with it, and so do all the figures above.

    An action begins with its first progress, and is under way again when a finished milestone goes back.
    """
    action = locked_action(actor, milestone.action)
    found = Milestone.objects.select_for_update().filter(pk=milestone.pk).first()
    if found is None:
        raise Refused(_("Somebody else has dropped this milestone."), code="gone")
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    check_reported_on(action)
    if action.state in STOPPED_ACTION:
        raise Refused(_("This action is no longer run here."), code="stopped")
    if not 0 <= progress <= DONE:
        raise Refused(_("Progress goes from 0 to 100."), code="range", field="progress")
    today = timezone.localdate()
    day = on or today
    if day > today:
        raise Refused(_("A report cannot be of a day to come."), code="future", field="on")
    if progress < found.progress and not note:
        raise Refused(_("Progress went back: say why."), code="reason", field="note")
    before = {"progress": found.progress, "done_on": found.done_on}
    found.progress = progress
    found.best_progress = max(found.best_progress, progress)
    found.done_on = (found.done_on or day) if progress == DONE else None
    found.version += 1
    found.save(update_fields=["progress", "best_progress", "done_on", "version"])
    values: dict[str, Any] = {"last_report_on": max(day, action.last_report_on or day)}
    state = action.state
    if (state == ActionState.PLANNED and progress) or (state == ActionState.DONE and progress < DONE):
        check_move(ACTION_MOVES, state, ActionState.UNDER_WAY)
        state = ActionState.UNDER_WAY
    set_state(action, state, **values)
    move_figures(action)
    record(
        actor=actor,
        action="milestone.reported",
        obj=action,
        before={"milestone": found.title, **before},
        after={"milestone": found.title, "progress": progress, "done_on": found.done_on},
        reason=note,
    )
    return found


@transaction.atomic
def move_action(
    *,
    actor: User,
    action: Action,
    state: str,
    reason: str = "",
    into: Action | None = None,
    version: int | None = None,
) -> Action:
    """Begin, finish, resume, cancel or merge an action of an approved plan."""
    if into is not None:
        hold_both(action, into)
    found = locked_action(actor, action, version)
    check_move(ACTION_MOVES, found.state, state)
    check_reported_on(found)
    before = found.state
    values: dict[str, Any] = {}
    if ActionState.CARRIED_OVER in {state, before}:
        raise Refused(_("Carry the action over to a plan instead."), code="carry_over")
    if state == ActionState.DONE and found.milestones.filter(progress__lt=DONE).exists():
        raise Refused(_("Some milestones are not done: report them first."), code="milestones")
    if state in {ActionState.CANCELLED, ActionState.MERGED}:
        if not reason:
            raise Refused(_("Say why."), code="reason", field="reason")
        values["state_reason"] = reason
    if state == ActionState.MERGED:
        values["merged_into"] = checked_target(found, into)
    set_state(found, state, **values)
    record(
        actor=actor,
        action=f"action.{state}",
        obj=found,
        before={"state": before},
        after={"state": state, **({"merged_into": str(into)} if into else {})},
        reason=reason,
    )
    if state in {ActionState.CANCELLED, ActionState.MERGED}:
        recompute_progress(year=found.plan.year)
    return found


def checked_target(action: Action, into: Action | None) -> Action:
    """The action that takes over what another was to do."""
    if into is None:
        raise Refused(_("Say into which action."), code="target", field="into")
    target = Action.objects.select_related("plan").get(pk=into.pk)
    if target.pk == action.pk:
        raise Refused(_("An action is not merged into itself."), code="target", field="into")
    if target.plan.state not in REPORTED_ON or target.state in STOPPED_ACTION:
        raise Refused(_("Merge it into an action of an approved plan that is still run."), code="target", field="into")
    return target


@transaction.atomic
def override_status(
    *, actor: User, action: Action, status: str, reason: str, until: date, version: int | None = None
) -> StatusOverride:
    """Say otherwise than the derived status, with a reason, until a day; the one in force before is withdrawn."""
    found = locked_action(actor, action, version)
    check_reported_on(found)
    if not reason:
        raise Refused(_("Say why."), code="reason", field="reason")
    if status not in ActionStatus.values:
        raise Refused(_("Unknown status."), code="status", field="status")
    if until < timezone.localdate():
        raise Refused(_("The day is past."), code="until", field="until")
    old = found.overrides.filter(withdrawn_at__isnull=True).first()
    found.overrides.filter(withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    made = StatusOverride.objects.create(action=found, status=status, reason=reason, until=until, created_by=actor)
    record(
        actor=actor,
        action="action.status_overridden",
        obj=found,
        before={"status": old.status, "until": old.until} if old else None,
        after={"status": status, "until": until},
        reason=reason,
    )
    return made


@transaction.atomic
def withdraw_override(*, actor: User, action: Action) -> Action:
    """Let the derived status speak again."""
    found = locked_action(actor, action)
    old = found.overrides.filter(withdrawn_at__isnull=True).first()
    if old is not None:
        found.overrides.filter(pk=old.pk).update(withdrawn_at=timezone.now())
        record(actor=actor, action="action.override_withdrawn", obj=found, before={"status": old.status})
    return found

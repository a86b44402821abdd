"""How actions stand on a day: the status derived, with what a person said otherwise."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from units.choices import (
    STOPPED_ACTION,
    ActionState,
    ActionStatus,
    PlanState,
)
from units.formulas.plans import DONE, Step, status_of
from units.models import (
    Action,
    Milestone,
    StatusOverride,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


def with_status(actions: QuerySet[Action], day: date | None = None) -> QuerySet[Action]:
    """`status` as `formulas.plans.status_of` derives it, with overrides, and `done`, `whole` of their progress.

    In the database, so that lists can be filtered and counted by it. `derived` is the status without overrides.
    """
    day = day or timezone.localdate()
    steps = Milestone.objects.filter(action=OuterRef("pk"))
    override = StatusOverride.objects.filter(action=OuterRef("pk"), withdrawn_at__isnull=True, until__gte=day)
    sums = steps.values("action").annotate(d=Sum(F("weight") * F("progress")), w=Sum("weight"))
    reported = Coalesce("last_report_on", "starts_on")
    stale = ExpressionWrapper(Q(age__gt=F("plan__unit__report_stale_days")), output_field=BooleanField())
    derived = Case(
        When(state__in=sorted(STOPPED_ACTION), then=Value(ActionStatus.STOPPED.value)),
        When(state=ActionState.DONE, then=Value(ActionStatus.COMPLETED.value)),
        When(Exists(steps) & ~Exists(steps.filter(progress__lt=DONE)), then=Value(ActionStatus.COMPLETED.value)),
        When(Exists(steps.filter(progress__lt=F("best_progress"))), then=Value(ActionStatus.REGRESSED.value)),
        When(Exists(steps.filter(due_on__lt=day, progress__lt=DONE)), then=Value(ActionStatus.LATE.value)),
        When(stale, then=Value(ActionStatus.LATE.value)),
        When(
            Q(state=ActionState.PLANNED) & ~Exists(steps.filter(progress__gt=0)),
            then=Value(ActionStatus.NOT_STARTED.value),
        ),
        default=Value(ActionStatus.ON_TIME.value),
        output_field=CharField(),
    )
    return (
        actions.alias(
            # Days since the latest report: PostgreSQL's date − date is a whole number, Django's an interval.
            age=Func(
                Cast(Value(day), DateField()),
                reported,
                template="(%(expressions)s)",
                arg_joiner=" - ",
                output_field=IntegerField(),
            )
        )
        .annotate(
            derived=derived,
            overridden=Subquery(override.values("status")[:1], output_field=CharField()),
            done=Subquery(sums.values("d")),
            whole=Subquery(sums.values("w")),
        )
        .annotate(status=Coalesce("overridden", "derived"))
    )


def status_on(action: Action, day: date | None = None) -> ActionStatus:
    """The same for one action whose milestones, overrides, plan and unit are loaded."""
    day = day or timezone.localdate()
    said = next((o.status for o in action.overrides.all() if o.withdrawn_at is None and o.until >= day), None)
    return status_of(
        state=action.state,
        starts_on=action.starts_on,
        last_report_on=action.last_report_on,
        steps=[Step(m.due_on, m.progress, m.best_progress) for m in action.milestones.all()],
        stale_days=action.plan.unit.report_stale_days,
        day=day,
        override=said,
    )


def approved_actions(day: date | None = None) -> QuerySet[Action]:
    """The actions of approved plans, with their status."""
    return with_status(Action.objects.approved(), day)


# Of actions with their status: what is behind in a plan that is carried out.
LATE_NOW = Q(
    status__in=[ActionStatus.LATE.value, ActionStatus.REGRESSED.value],
    plan__state__in=[PlanState.APPROVED.value, PlanState.UNDER_WAY.value],
)


def actions_late_on(day: date | None = None) -> QuerySet[Action]:
    """Actions of approved plans that are late or going back, of plans that are not closed."""
    found: QuerySet[Any] = approved_actions(day)  # with `status`, which no model field is
    return found.filter(LATE_NOW)


@dataclass(frozen=True)
class Why:
    """What makes an action late or going back: milestones overdue or fallen, days without a report where too many."""

    overdue: list[Milestone]
    fallen: list[Milestone]
    silent_days: int | None
    allowed_days: int


def why_of(action: Action, day: date | None = None) -> Why | None:
    """The reasons behind the derived status of an action whose milestones, plan and unit are loaded; None: none."""
    day = day or timezone.localdate()
    if action.state in STOPPED_ACTION or action.state == ActionState.DONE:
        return None
    steps, allowed = list(action.milestones.all()), action.plan.unit.report_stale_days
    if steps and all(step.progress == DONE for step in steps):
        return None
    silent = (day - (action.last_report_on or action.starts_on)).days
    found = Why(
        overdue=[step for step in steps if step.due_on < day and step.progress < DONE],
        fallen=[step for step in steps if step.progress < step.best_progress],
        silent_days=silent if silent > allowed else None,
        allowed_days=allowed,
    )
    return found if found.overdue or found.fallen or found.silent_days is not None else None

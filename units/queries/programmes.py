"""Programmes of several years and the actions that they group."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import (
    Count,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from units.formulas.plans import DONE, carried_id, kept, mean_of
from units.models import (
    Action,
    ActionPlan,
    BudgetLine,
    Milestone,
    Programme,
)
from units.queries.action_status import with_status
from units.queries.plans import OWN_AMOUNT, Money, counted, money_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


def programmes(user: "Person") -> QuerySet[Programme]:
    """Every programme, with how many of its actions this person may see, and what they cost."""
    seen = Action.objects.visible_to(user).filter(programme=OuterRef("pk")).order_by().values("programme")
    lines = BudgetLine.objects.filter(
        action__programme=OuterRef("pk"), action__plan__in=ActionPlan.objects.visible_to(user)
    )
    money = counted(lines)
    return (
        Programme.objects.select_related("unit")
        .annotate(
            action_count=Coalesce(Subquery(seen.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
            budget_total=Subquery(money.values("action__programme").annotate(total=Sum(OWN_AMOUNT)).values("total")),
        )
        .order_by("-starts_on", "pk")
    )


def programme_actions(user: "Person", programme: Programme) -> QuerySet[Action]:
    """Its actions in the plans that this person may see, by year."""
    return (
        with_status(Action.objects.visible_to(user).filter(programme=programme))
        .select_related("plan__unit", "lead")
        .order_by("-plan__year", "plan__unit__code", "code")
    )


def programme_money(user: "Person", programme: Programme) -> Money:
    """By year and source, over the plans that this person may see; what was carried over once, in its first year."""
    seen = ActionPlan.objects.visible_to(user)
    return money_of(BudgetLine.objects.filter(action__programme=programme, action__plan__in=seen), OWN_AMOUNT)


def weighed_once(actions: Iterable[Action]) -> tuple[Decimal, Decimal]:
    """(done, whole) over actions of several plans, one work counted once.

    What was carried over weighs where it stands now, with the milestones that were finished in the plans before.
    """
    going = {action.pk: action for action in actions}
    followed = {action.carried_from_id for action in going.values() if action.carried_from_id in going}
    steps: dict[int, dict[UUID, tuple[Decimal, int]]] = {}
    rows = Milestone.objects.filter(action__in=list(going)).values_list("action", "public_id", "weight", "progress")
    for key, public_id, weight, progress in rows.order_by("action", "order"):
        steps.setdefault(key, {})[public_id] = (weight, progress)
    total_done = total_whole = Decimal(0)
    for action in going.values():
        if action.pk in followed:
            continue
        counted_steps = list(steps.get(action.pk, {}).values())
        later, earlier = action, going.get(action.carried_from_id or 0)
        while earlier is not None:
            present = steps.get(later.pk, {})
            counted_steps += [
                step
                for public_id, step in steps.get(earlier.pk, {}).items()
                if step[1] == DONE and carried_id(public_id, later.plan_id) not in present
            ]
            later, earlier = earlier, going.get(earlier.carried_from_id or 0)
        own = kept(*mean_of(counted_steps))
        if own is not None:
            total_done += action.weight * own
            total_whole += action.weight
    return total_done, total_whole

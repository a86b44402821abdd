"""Programmes of several years and the actions that they group."""

from typing import TYPE_CHECKING

from django.db.models import (
    Count,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from units.models import (
    Action,
    ActionPlan,
    BudgetLine,
    Programme,
)
from units.queries.action_status import with_status
from units.queries.plans import Money, counted, money_of

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
            budget_total=Subquery(money.values("action__programme").annotate(total=Sum("amount")).values("total")),
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
    """By year and source, over the plans that this person may see."""
    seen = ActionPlan.objects.visible_to(user)
    return money_of(BudgetLine.objects.filter(action__programme=programme, action__plan__in=seen))

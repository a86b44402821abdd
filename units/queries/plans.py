"""Plans: who may see which, what a page of them says, who may take which step."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db.models import (
    Count,
    F,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce, Least

from axes.models import Node
from units.choices import (
    UNCOUNTED_ACTION,
    BudgetSource,
    ItemKind,
    MeetingState,
    UnitKind,
    UnitState,
)
from units.models import (
    Action,
    ActionPlan,
    AgendaItem,
    BodyRule,
    BudgetLine,
    Milestone,
    PlanAmendment,
    PlanVersion,
    Progress,
    Unit,
)
from units.queries.action_status import with_status
from units.queries.bodies import mandates_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


@dataclass(frozen=True)
class Bodies:
    """The keys of the bodies that have a part in a plan's way."""

    council: int | None
    coordination: int | None
    strategic: frozenset[int]

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str]]) -> Self:
        by_kind: dict[str, list[int]] = {}
        for key, kind in rows:
            by_kind.setdefault(kind, []).append(key)
        return cls(
            council=next(iter(by_kind.get(UnitKind.COUNCIL, [])), None),
            coordination=next(iter(by_kind.get(UnitKind.COORDINATION, [])), None),
            strategic=frozenset(by_kind.get(UnitKind.STRATEGIC, [])),
        )


def bodies() -> Bodies:
    return Bodies.of(Unit.objects.exclude(state=UnitState.DISSOLVED).order_by("pk").values_list("pk", "kind"))


def plans(user: "Person") -> QuerySet[ActionPlan]:
    """The plans that this person may see, with how many actions and how much money they hold, and their progress."""
    progress = Progress.objects.filter(level=Progress.Level.PLAN, plan=OuterRef("pk"))
    money = counted(BudgetLine.objects.filter(action__plan=OuterRef("pk"))).values("action__plan")
    return (
        ActionPlan.objects.visible_to(user)
        .select_related("unit")
        .annotate(
            action_count=Coalesce(
                Subquery(
                    Action.objects.filter(plan=OuterRef("pk")).values("plan").annotate(n=Count("pk")).values("n"),
                    output_field=IntegerField(),
                ),
                0,
            ),
            budget_total=Subquery(money.annotate(total=Sum("amount")).values("total")),
            done=Subquery(progress.values("done")),
            whole=Subquery(progress.values("whole")),
        )
    )


def actions_on_page(plan: ActionPlan) -> QuerySet[Action]:
    """A plan's actions as its page lists them: status, progress, money, what they serve, milestones."""
    money = BudgetLine.objects.filter(action=OuterRef("pk")).values("action").annotate(total=Sum("amount"))
    return (
        with_status(Action.objects.filter(plan=plan))
        .select_related("lead")
        .annotate(budget_total=Subquery(money.values("total")))
        .prefetch_related(
            Prefetch("nodes", Node.objects.select_related("framework", "parent").order_by("kind", "code")),
            Prefetch("milestones", Milestone.objects.order_by("order", "id")),
        )
        .order_by("code", "pk")
    )


def counted(lines: QuerySet[BudgetLine]) -> QuerySet[BudgetLine]:
    """Without the money of cancelled and merged actions, which every sum leaves out."""
    return lines.exclude(action__state__in=sorted(UNCOUNTED_ACTION)).order_by()


@dataclass(frozen=True)
class Money:
    """Euro by year and source; `total` is their sum; `left_out` that of cancelled and merged actions. None: no line."""

    rows: list[tuple[int, str, Decimal]]
    total: Decimal | None
    left_out: Decimal | None


# Of a line, what does not already stand in an earlier plan: what sums over several plans add up.
OWN_AMOUNT = F("amount") - Least(F("brought"), F("amount"))


def money_of(lines: QuerySet[BudgetLine], amount: Any = "amount") -> Money:
    """The money of some actions, summed by the database, exactly. Over several plans: `OWN_AMOUNT`."""
    stopped = Q(action__state__in=sorted(UNCOUNTED_ACTION))
    sums = lines.order_by("year", "source").values_list("year", "source")
    found = sums.annotate(total=Sum(amount, filter=~stopped), stopped=Sum(amount, filter=stopped))
    rows, stopped_sums = [], []
    for year, source, total, left in found:
        if total is not None:
            rows.append((year, str(BudgetSource(source).label), total))
        if left is not None:
            stopped_sums.append(left)
    return Money(
        rows,
        sum((total for _year, _source, total in rows), Decimal(0)) if rows else None,
        sum(stopped_sums, Decimal(0)) if stopped_sums else None,
    )


def money_of_action(action: Action) -> Money:
    """The money of one action whose budget is loaded, whatever its state."""
    rows = [(line.year, str(line.get_source_display()), line.amount) for line in action.budget.all()]
    total = sum((amount for _year, _source, amount in rows), Decimal(0)) if rows else None
    return Money(rows, total, None)


def versions_of(plan: ActionPlan) -> QuerySet[PlanVersion]:
    return plan.versions.select_related("deliberation", "amendment").defer("content").order_by("number")


def open_amendment(plan: ActionPlan) -> PlanAmendment | None:
    return plan.amendments.exclude(state__in=["approved", "rejected"]).first()


def next_number(numbered: QuerySet) -> int:
    return (numbered.aggregate(last=Max("number"))["last"] or 0) + 1


def plans_by_state(year: int | None = None) -> dict[str, int]:
    """How many plans stand in each state, of a year or of all."""
    found = ActionPlan.objects.all() if year is None else ActionPlan.objects.filter(year=year)
    return dict(found.order_by().values_list("state").annotate(n=Count("pk")))


def free_items() -> QuerySet[AgendaItem]:
    """Points for decision of the Council's coming meetings that have nothing to decide on yet."""
    return (
        AgendaItem.objects.filter(
            meeting__unit__kind=UnitKind.COUNCIL,
            meeting__state__in=[MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION],
            kind=ItemKind.DECISION,
            deliberation__isnull=True,
        )
        .select_related("meeting__unit")
        .order_by("meeting__starts_at", "order")
    )


def rules_of_council() -> list[tuple[str, str]]:
    """(rule, its name), the usual one first."""
    found = BodyRule.objects.filter(unit__kind=UnitKind.COUNCIL).order_by("-is_default", "id")
    return [(rule.rule, rule.get_rule_display()) for rule in found]


def writable_units(user: "Person") -> QuerySet[Unit]:
    """The bodies that plan in which somebody has a mandate today."""
    held = {unit for unit, _position, _place in mandates_of(user)}
    return Unit.objects.filter(pk__in=held).exclude(kind=UnitKind.COUNCIL).order_by("code")

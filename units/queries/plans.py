"""Plans and what they hold: who may see them, what they say, how their actions stand."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from refamp.territory.models import Municipality
from units.choices import (
    APPROVED_PLAN,
    STOPPED_ACTION,
    UNCOUNTED_ACTION,
    ActionState,
    ActionStatus,
    BudgetSource,
    ItemKind,
    MeetingState,
    UnitKind,
    UnitState,
)
from units.formulas.plans import DONE, Step, canonical, status_of
from units.models import (
    Action,
    ActionNode,
    ActionPartner,
    ActionPlace,
    ActionPlan,
    AgendaItem,
    BodyRule,
    BudgetLine,
    Milestone,
    Partner,
    PlanAmendment,
    PlanVersion,
    Programme,
    Progress,
    Risk,
    StatusOverride,
    Unit,
)
from units.models.plans import SERVED_KINDS
from units.queries.bodies import mandates_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


# Who ----------------------------------------------------------------------------------------------------------------


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


# Plans --------------------------------------------------------------------------------------------------------------


def plans(user: "Person") -> QuerySet[ActionPlan]:
    """The plans that this person may see, with how many actions and how much money they hold, and their progress."""
    progress = Progress.objects.filter(level=Progress.Level.PLAN, plan=OuterRef("pk"))
    money = BudgetLine.objects.filter(action__plan=OuterRef("pk")).values("action__plan")
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


@dataclass(frozen=True)
class Known:
    """What the words of a plan's content can mean."""

    year: int
    nodes: Mapping[str, Node]
    places: Mapping[str, Municipality]
    partners: Mapping[str, Partner]
    programmes: Mapping[str, Programme]


def actions_with_all(actions: QuerySet[Action]) -> QuerySet[Action]:
    """With everything that a content or a page of an action says, in one query per kind of thing."""
    return actions.select_related("lead", "programme", "carried_from", "plan__unit").prefetch_related(
        Prefetch(
            "nodes",
            Node.objects.select_related("framework", "parent__parent__parent").order_by("kind", "code"),
        ),
        Prefetch("municipalities", Municipality.objects.order_by("code")),
        Prefetch("partners", Partner.objects.order_by("public_id")),
        Prefetch("budget", BudgetLine.objects.order_by("year", "source")),
        Prefetch("milestones", Milestone.objects.order_by("order", "id")),
        Prefetch("risks", Risk.objects.order_by("id")),
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


def money_of(plan: ActionPlan) -> list[tuple[int, str, Any]]:
    """(year, source, euro) of all the actions that are not cancelled or merged."""
    found = BudgetLine.objects.filter(action__plan=plan).exclude(action__state__in=sorted(UNCOUNTED_ACTION))
    rows = found.order_by("year", "source").values_list("year", "source").annotate(total=Sum("amount"))
    return [(year, str(BudgetSource(source).label), total) for year, source, total in rows]


def content_of(plan: ActionPlan) -> dict[str, Any]:
    """A plan as its versions, its amendments and its workbook say it: plain JSON, in a fixed order."""
    actions = actions_with_all(Action.objects.filter(plan=plan)).order_by("code", "key")
    return {
        "unit": plan.unit.code,
        "year": plan.year,
        "title": plan.title,
        "summary": plan.summary,
        "actions": [content_of_action(action) for action in actions],
    }


@dataclass(frozen=True)
class Links:
    """What an action is tied to, in the order in which a content says it."""

    nodes: list[Node]
    places: list[Municipality]
    partners: list[Partner]


def links_of(action: Action) -> Links:
    return Links(list(action.nodes.all()), list(action.municipalities.all()), list(action.partners.all()))


def action_for_form(user: "Person", public_id: Any) -> Action | None:
    """An action as its form needs it: parts loaded, links as lists of keys (`known_links` makes them objects)."""

    def keys(model: Any, path: str) -> ArraySubquery:
        return ArraySubquery(model.objects.filter(action=OuterRef("pk")).values(path))

    return (
        Action.objects.visible_to(user)
        .filter(public_id=public_id)
        .select_related("lead", "programme", "carried_from", "plan__unit")
        .prefetch_related(
            Prefetch("budget", BudgetLine.objects.order_by("year", "source")),
            Prefetch("milestones", Milestone.objects.order_by("order", "id")),
            Prefetch("risks", Risk.objects.order_by("id")),
        )
        .annotate(
            node_keys=keys(ActionNode, "node__lineage"),
            place_keys=keys(ActionPlace, "municipality__code"),
            partner_keys=keys(ActionPartner, "partner__public_id"),
        )
        .first()
    )


def known_links(action: Any, known: Known) -> Links:
    """The links of `action_for_form` as objects."""
    nodes = [known.nodes[str(key)] for key in action.node_keys]
    return Links(
        sorted(nodes, key=lambda node: (node.kind, node.code)),
        [known.places[code] for code in sorted(action.place_keys)],
        [known.partners[key] for key in sorted(str(key) for key in action.partner_keys)],
    )


def content_of_action(action: Action, links: Links | None = None) -> dict[str, Any]:
    links = links or links_of(action)
    return {
        "key": str(action.key),
        "code": action.code,
        "title": action.title,
        "description": action.description,
        "scope": action.scope,
        "serves": [
            {"kind": node.kind, "code": node.code, "wording": node.wording, "lineage": str(node.lineage)}
            for node in links.nodes
        ],
        "municipalities": [place.code for place in links.places],
        "lead": action.lead.code if action.lead else None,
        "partners": [{"id": str(partner.public_id), "name": partner.name} for partner in links.partners],
        "programme": action.programme.code if action.programme else None,
        "target_group": action.target_group,
        "people_expected": action.people_expected,
        "starts_on": action.starts_on.isoformat(),
        "ends_on": action.ends_on.isoformat(),
        "weight": f"{action.weight:.2f}",
        "carried_from": str(action.carried_from.public_id) if action.carried_from else None,
        "milestones": [
            {
                "id": str(milestone.public_id),
                "title": milestone.title,
                "due_on": milestone.due_on.isoformat(),
                "weight": f"{milestone.weight:.2f}",
            }
            for milestone in action.milestones.all()
        ],
        "budget": [
            {"year": line.year, "source": line.source, "amount": f"{line.amount:.2f}"} for line in action.budget.all()
        ],
        "risks": [
            {
                "description": risk.description,
                "likelihood": risk.likelihood,
                "impact": risk.impact,
                "mitigation": risk.mitigation,
            }
            for risk in action.risks.all()
        ],
    }


def text_of(plan: ActionPlan) -> str:
    """The bytes of which a version's digest is taken."""
    return canonical(content_of(plan))


def served_nodes() -> QuerySet[Node]:
    """The operational responses and action lines of the edition in force, in reading order."""
    return (
        Node.objects.filter(framework__state=FrameworkState.IN_FORCE, kind__in=SERVED_KINDS)
        .select_related("framework", "parent__parent__parent")
        .order_by("kind", "code")
    )


def path_of(node: Node) -> list[Node]:
    """What a node stands under, from the top, where that is loaded with it."""
    path: list[Node] = []
    while node.parent_id is not None and node.parent is not None:
        node = node.parent
        path.insert(0, node)
    return path


def group_of(node: Node) -> str:
    """The problem area of a response, the strategic action of a line, with what stands above it."""
    path = [above for above in path_of(node) if above.kind != NodeKind.FOCUS_HEADING]
    return " › ".join([*(above.code for above in path[:-1]), *(f"{a.code} {a.wording}" for a in path[-1:])])


def known_for(plan: ActionPlan, content: Mapping[str, Any] | None = None) -> Known:
    """The edition in force, and what the plan was already tied to, whatever the edition.

    `content`: one that was agreed; what it names is known from the latest edition that has it.
    """
    agreed = {node["lineage"] for action in (content or {}).get("actions", ()) for node in action["serves"]}
    in_force = Q(framework__state=FrameworkState.IN_FORCE)
    tied = Q(pk__in=ActionNode.objects.filter(action__plan=plan).values("node"))
    found = Node.objects.filter(in_force | tied | Q(lineage__in=agreed), kind__in=SERVED_KINDS).annotate(
        # What is tied stays tied to the edition it was agreed under; else the edition in force, else the latest.
        rank=Case(When(tied, then=2), When(in_force, then=1), default=0, output_field=IntegerField())
    )
    nodes = {
        str(node.lineage): node
        for node in found.select_related("framework", "parent__parent__parent").order_by("rank", "framework_id")
    }
    return Known(
        year=plan.year,
        nodes=nodes,
        places={place.code: place for place in Municipality.objects.filter(valid_to__isnull=True)},
        partners={str(partner.public_id): partner for partner in Partner.objects.all()},
        programmes={programme.code: programme for programme in Programme.objects.all()},
    )


def present_nodes(action: Action) -> QuerySet[Node]:
    """What an action serves, as the edition in force has it."""
    return served_nodes().filter(lineage__in=action.nodes.values("lineage"))


def free_code(plan: ActionPlan, wanted: str = "") -> str:
    """The code wanted, or the plan's next free one: A01, A02 and so on."""
    taken = set(plan.actions.values_list("code", flat=True))
    if wanted and wanted not in taken:
        return wanted
    return next(code for number in range(1, len(taken) + 2) if (code := f"A{number:02d}") not in taken)


def versions_of(plan: ActionPlan) -> QuerySet[PlanVersion]:
    return plan.versions.select_related("deliberation", "amendment").defer("content").order_by("number")


def open_amendment(plan: ActionPlan) -> PlanAmendment | None:
    return plan.amendments.exclude(state__in=["approved", "rejected"]).first()


def agreed_content(amendment: PlanAmendment) -> dict[str, Any]:
    """What an amendment is compared with: the plan as it is, or as it was before the amendment was applied."""
    applied = PlanVersion.objects.filter(amendment=amendment).first()
    if applied is None:
        return content_of(amendment.plan)
    before = PlanVersion.objects.get(plan=amendment.plan_id, number=applied.number - 1)
    return json.loads(before.content)


def next_number(numbered: QuerySet) -> int:
    return (numbered.aggregate(last=Max("number"))["last"] or 0) + 1


# Status -------------------------------------------------------------------------------------------------------------


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


def actions_late_on(day: date | None = None) -> QuerySet[Action]:
    """Actions of approved plans that are late or going back, of plans that are not closed."""
    late = [ActionStatus.LATE.value, ActionStatus.REGRESSED.value]
    return approved_actions(day).filter(status__in=late).exclude(plan__state="closed")


def plans_by_state(year: int | None = None) -> dict[str, int]:
    """How many plans stand in each state, of a year or of all."""
    found = ActionPlan.objects.all() if year is None else ActionPlan.objects.filter(year=year)
    return dict(found.order_by().values_list("state").annotate(n=Count("pk")))


APPROVED_STATES = sorted(APPROVED_PLAN)


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


def programmes(user: "Person") -> QuerySet[Programme]:
    """Every programme, with how many of its actions this person may see, and what they cost."""
    seen = Action.objects.visible_to(user).filter(programme=OuterRef("pk")).order_by().values("programme")
    money = BudgetLine.objects.filter(
        action__programme=OuterRef("pk"), action__plan__in=ActionPlan.objects.visible_to(user)
    )
    return (
        Programme.objects.select_related("unit")
        .annotate(
            action_count=Coalesce(Subquery(seen.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
            budget_total=Subquery(
                money.order_by().values("action__programme").annotate(total=Sum("amount")).values("total")
            ),
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

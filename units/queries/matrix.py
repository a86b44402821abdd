"""Who works on what: operational responses and action lines against units and years, holes included."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet

from axes.models import Node
from units.choices import UNCOUNTED_ACTION, UnitState
from units.formulas.plans import kept, percent
from units.models import Action, ActionNode, ActionPlan, Unit
from units.queries.action_status import with_status
from units.queries.plan_content import group_of, path_of, served_nodes

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


@dataclass
class Cell:
    """The actions of a unit in a year for a response or line."""

    actions: list[Action] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.actions)

    @property
    def progress(self) -> Any:
        """In percent, weighed as everywhere; None where there is nothing."""
        done, whole = weighed(self.actions)
        return percent(done, whole)

    @property
    def late(self) -> int:
        """Late or going back."""
        return sum(action.status in {"late", "regressed"} for action in self.actions)  # type: ignore[attr-defined]


def weighed(actions: Iterable[Any]) -> tuple[Any, Any]:
    """(done, whole) over actions that carry the sums of their milestones."""
    done = whole = 0
    for action in actions:
        own = kept(action.done, action.whole) if action.whole else None
        if own is not None:
            done += action.weight * own
            whole += action.weight
    return done, whole


@dataclass
class Row:
    """A response or line, where it stands, and its cells by column key; a hole has none with actions."""

    node: Node
    group: str
    axis: str
    cells: Mapping[Any, Cell]

    @property
    def is_hole(self) -> bool:
        return not any(cell.count for cell in self.cells.values())

    @property
    def total(self) -> int:
        """Each action once."""
        return len({action.pk for cell in self.cells.values() for action in cell.actions})


@dataclass
class Column:
    """A column of the matrix: its key, what it is called, its unit and its year where it is of one."""

    key: Any
    label: str
    title: str = ""
    unit: str | None = None
    year: int | None = None


@dataclass
class Matrix:
    """`heads`: what several columns share, with how many of them; empty where columns have one head each."""

    columns: list[Column]
    rows: list[Row]
    heads: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """The rows under what they stand under, in reading order."""
        return [(name, list(rows)) for name, rows in groupby(self.rows, key=lambda row: row.group)]

    @property
    def holes(self) -> int:
        return sum(row.is_hole for row in self.rows)

    @property
    def served(self) -> int:
        return len(self.rows) - self.holes


def planning_units() -> QuerySet[Unit]:
    """The bodies that plan: all but the Council."""
    return Unit.objects.exclude(state=UnitState.DISSOLVED).exclude(kind="council").order_by("-kind", "code")


def planned_years(plans: QuerySet[ActionPlan]) -> list[int]:
    """The years of plans that somebody may see, the latest first: not even the year of another's draft is told."""
    return list(plans.order_by("-year").values_list("year", flat=True).distinct())


def links(plans: QuerySet[ActionPlan], years: Iterable[int] | None, unit: Unit | None) -> Iterator[tuple[UUID, Action]]:
    """(lineage, action) of everything that is served in the plans, by the actions that still count."""
    actions = Action.objects.filter(plan__in=plans).exclude(state__in=sorted(UNCOUNTED_ACTION))
    if years is not None:
        actions = actions.filter(plan__year__in=years)
    if unit is not None:
        actions = actions.filter(plan__unit=unit)
    found = {action.pk: action for action in with_status(actions.select_related("plan"))}
    served = ActionNode.objects.filter(action__in=found).values_list("node__lineage", "action_id")
    for lineage, key in served.order_by("action__code", "action_id"):
        yield lineage, found[key]


def matrix(
    user: "Person",
    *,
    year: int | None,
    by: str = "unit",
    unit: Unit | None = None,
    axis: str = "",
    drafts: bool = False,
    holes: bool = False,
) -> Matrix:
    """Responses and lines of the edition in force against units (of a year, or of all) or against years.

    `drafts` adds the plans that this person may see before they are approved. `holes`: only what nobody works on.
    """
    plans = ActionPlan.objects.visible_to(user) if drafts else ActionPlan.objects.approved()
    units = [unit] if unit else list(planning_units())
    years = sorted([year] if year else planned_years(plans))
    keys = {
        "unit": lambda action: action.plan.unit_id,
        "year": lambda action: action.plan.year,
        "both": lambda action: (action.plan.unit_id, action.plan.year),
    }
    key_of = keys[by]
    cells: dict[UUID, dict[Any, Cell]] = {}
    for lineage, action in links(plans, [year] if year else None, unit):
        cells.setdefault(lineage, {}).setdefault(key_of(action), Cell()).actions.append(action)
    columns = columns_of(by, units, years, year)
    rows = []
    for node in served_nodes():
        path = path_of(node)
        top = path[0] if path else node
        if axis and top.code != axis:
            continue
        found = cells.get(node.lineage, {})
        row = Row(node, group_of(node), top.code, {each.key: found.get(each.key, Cell()) for each in columns})
        if not holes or row.is_hole:
            rows.append(row)
    rows.sort(key=lambda row: (row.node.kind != "operational_response", row.node.code))
    heads = [(each.code, each.name, len(years)) for each in units] if by == "both" else []
    return Matrix(columns, rows, heads)


def columns_of(by: str, units: list[Unit], years: list[int], year: int | None) -> list[Column]:
    """Units (of a year or of all), years, or years within units."""
    if by == "year":
        return [Column(each, str(each), year=each) for each in years]
    if by == "both":
        return [Column((one.pk, each), str(each), unit=one.code, year=each) for one in units for each in years]
    return [Column(each.pk, each.code, each.name, unit=each.code, year=year) for each in units]


MATRIX_COLUMNS = ("kind", "code", "wording", "under", "year", "unit", "actions", "late", "progress", "codes")


def matrix_rows(found: Matrix, *, unit: Unit | None) -> Iterator[dict[str, Any]]:
    """The matrix in long form: one row per response or line and column, holes as 0. `unit`: the only one asked for."""
    for row in found.rows:
        for column in found.columns:
            cell = row.cells[column.key]
            yield {
                "kind": row.node.kind,
                "code": row.node.code,
                "wording": row.node.wording,
                "under": row.group,
                "year": column.year,
                "unit": column.unit or (unit.code if unit else None),
                "actions": cell.count,
                "late": cell.late,
                "progress": cell.progress,
                "codes": [f"{action.plan.year}/{action.code}" for action in cell.actions],
            }


def serving(user: "Person", lineages: Iterable[UUID]) -> QuerySet[Action]:
    """The actions, in the plans that this person may see, that serve any of these responses and lines."""
    return (
        with_status(
            Action.objects.visible_to(user)
            .filter(pk__in=ActionNode.objects.filter(node__lineage__in=list(lineages)).values("action"))
            .exclude(state__in=sorted(UNCOUNTED_ACTION))
        )
        .select_related("plan__unit", "lead")
        .order_by("-plan__year", "plan__unit__code", "code")
    )


def served_below(node: Node) -> list[UUID]:
    """The lineages of a node and of everything below it in its edition."""
    children: dict[int | None, list[tuple[int, UUID]]] = {}
    for key, parent, lineage in Node.objects.filter(framework=node.framework_id).values_list(
        "pk", "parent_id", "lineage"
    ):
        children.setdefault(parent, []).append((key, lineage))
    found, waiting = [node.lineage], [node.pk]
    while waiting:
        for key, lineage in children.get(waiting.pop(), []):
            found.append(lineage)
            waiting.append(key)
    return found

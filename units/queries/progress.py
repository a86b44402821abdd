"""The roll-up: progress of actions, plans, nodes of the referential and whole years, with the weights behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from units.formulas.plans import percent
from units.models import ActionPlan, Progress

# Every figure that `Progress` keeps, from the milestones up. %(year)s narrows it to a year; null takes all.
# `above` walks from a node that something serves to the top of its edition; a figure is known by lineage, so that
# editions can follow each other. An action that serves two responses of an area counts in the area once.
ROLL_UP = """
WITH RECURSIVE counted AS (
    SELECT action.id, action.plan_id, plan.year, action.weight
    FROM units_action action JOIN units_actionplan plan ON plan.id = action.plan_id
    WHERE plan.state IN ('approved', 'under_way', 'closed') AND action.state NOT IN ('cancelled', 'merged')
    AND (%(year)s::int IS NULL OR plan.year = %(year)s::int)
), sums AS (
    SELECT milestone.action_id, sum(milestone.weight * milestone.progress) AS done, sum(milestone.weight) AS whole
    FROM units_milestone milestone JOIN counted ON counted.id = milestone.action_id GROUP BY milestone.action_id
), own AS (
    SELECT counted.*, sums.done, sums.whole, round(sums.done / sums.whole, 4) AS percent
    FROM counted JOIN sums ON sums.action_id = counted.id
), above (base, node, parent, lineage) AS (
    SELECT id, id, parent_id, lineage FROM axes_node
    WHERE id IN (SELECT link.node_id FROM units_actionnode link JOIN counted ON counted.id = link.action_id)
    UNION ALL
    SELECT above.base, node.id, node.parent_id, node.lineage FROM above JOIN axes_node node ON node.id = above.parent
), served AS (
    SELECT DISTINCT link.action_id, above.lineage FROM units_actionnode link JOIN above ON above.base = link.node_id
)
SELECT 'action' AS level, id AS action_id, NULL::bigint AS plan_id, NULL::uuid AS lineage, NULL::int AS year,
    done, whole, 1 AS actions FROM own
UNION ALL
SELECT 'plan', NULL, plan_id, NULL, year, sum(weight * percent), sum(weight), count(*) FROM own GROUP BY plan_id, year
UNION ALL
SELECT 'node', NULL, NULL, served.lineage, own.year, sum(own.weight * own.percent), sum(own.weight), count(*)
FROM own JOIN served ON served.action_id = own.id GROUP BY served.lineage, own.year
UNION ALL
SELECT 'framework', NULL, NULL, NULL, year, sum(weight * percent), sum(weight), count(*) FROM own GROUP BY year
"""
# The keys of the figures that one action moves, its own apart, in the order in which they are locked.
MOVED = """
WITH RECURSIVE above (parent, lineage) AS (
    SELECT node.parent_id, node.lineage FROM units_actionnode link JOIN axes_node node ON node.id = link.node_id
    WHERE link.action_id = %(action)s
    UNION
    SELECT node.parent_id, node.lineage FROM above JOIN axes_node node ON node.id = above.parent
)
SELECT progress.id FROM units_progress progress
WHERE (progress.level = 'plan' AND progress.plan_id = %(plan)s)
    OR (progress.level = 'framework' AND progress.year = %(year)s)
    OR (progress.level = 'node' AND progress.year = %(year)s AND progress.lineage IN (SELECT lineage FROM above))
ORDER BY progress.id
FOR UPDATE OF progress
"""


@dataclass(frozen=True, order=True)
class Figure:
    """One figure of the roll-up: `percent` of `actions` actions that weigh `whole` together."""

    level: str
    action: int | None
    plan: int | None
    lineage: str | None
    year: int | None
    done: Decimal
    whole: Decimal
    actions: int

    @property
    def place(self) -> tuple[Any, ...]:
        return (self.level, self.action, self.plan, self.lineage, self.year)


def computed(year: int | None = None) -> Iterator[Figure]:
    """The figures as the milestones give them now."""
    with connection.cursor() as cursor:
        cursor.execute(ROLL_UP, {"year": year})
        while rows := cursor.fetchmany(5000):
            for level, action, plan, lineage, of_year, done, whole, actions in rows:
                yield Figure(level, action, plan, str(lineage) if lineage else None, of_year, done, whole, actions)


def stored() -> Iterator[Figure]:
    """The figures as they are kept."""
    names = ("level", "action_id", "plan_id", "lineage", "year", "done", "whole", "actions")
    for row in Progress.objects.values_list(*names).iterator(chunk_size=5000):
        level, action, plan, lineage, year, done, whole, actions = row
        yield Figure(level, action, plan, str(lineage) if lineage else None, year, done, whole, actions)


def progress_of_nodes(year: int, lineages: Iterable[UUID] | None = None) -> dict[UUID | None, Progress]:
    """By lineage, the progress of a year; under None the whole referential's."""
    found = Progress.objects.filter(level__in=[Progress.Level.NODE, Progress.Level.FRAMEWORK], year=year)
    if lineages is not None:
        found = found.filter(lineage__in=list(lineages))
    return {row.lineage: row for row in found}


# From the top of the referential to what actions serve; what stands under an axis comes before the strategic actions.
ROLLED_KINDS = [
    NodeKind.PRIORITY_AXIS,
    NodeKind.PROBLEM_AREA,
    NodeKind.FOCUS_HEADING,
    NodeKind.OPERATIONAL_RESPONSE,
    NodeKind.STRATEGIC_ACTION,
    NodeKind.ACTION_LINE,
]


@dataclass(frozen=True)
class Level:
    """A line of the roll-up: a node of the edition in force (None: the referential itself) and its figure of a year."""

    node: Node | None
    depth: int
    figure: Progress | None

    @property
    def percent(self) -> Decimal | None:
        return shown(self.figure)


def rolled_up(year: int) -> list[Level]:
    """The whole edition in force with the progress of a year at every level, in reading order, weights included."""
    figures = progress_of_nodes(year)
    nodes = Node.objects.filter(framework__state=FrameworkState.IN_FORCE, kind__in=ROLLED_KINDS)
    below: dict[int | None, list[Node]] = {}
    for node in nodes.select_related("framework").order_by("order", "code", "pk"):
        below.setdefault(node.parent_id, []).append(node)
    lines = [Level(None, 0, figures.get(None))]

    def walk(parent: int | None, depth: int) -> None:
        for node in sorted(below.get(parent, []), key=lambda each: ROLLED_KINDS.index(NodeKind(each.kind))):
            lines.append(Level(node, depth, figures.get(node.lineage)))
            walk(node.pk, depth + 1)

    walk(None, 1)
    return lines


PROGRESS_COLUMNS = ("level", "kind", "code", "wording", "year", "progress", "status", "weight", "actions")


def progress_rows(lines: Iterable[Level], year: int) -> Iterator[dict[str, Any]]:
    """The roll-up in long form; `level` 0 is the referential."""
    for line in lines:
        figure = line.figure
        yield {
            "level": line.depth,
            "kind": line.node.kind if line.node else "framework",
            "code": line.node.code if line.node else None,
            "wording": line.node.wording if line.node else None,
            "year": year,
            "progress": line.percent,
            "status": "missing" if line.percent is None else None,
            "weight": figure.whole if figure else None,
            "actions": figure.actions if figure else 0,
        }


def progress_over_years(lineage: UUID) -> QuerySet[Progress]:
    return Progress.objects.filter(level=Progress.Level.NODE, lineage=lineage).order_by("-year")


def shown(row: Progress | None) -> Decimal | None:
    """A kept figure in percent; None is no data."""
    return None if row is None else percent(row.done, row.whole)


def approved_years() -> list[int]:
    """The years with an approved plan, the latest first."""
    return list(ActionPlan.objects.approved().order_by("-year").values_list("year", flat=True).distinct())


def latest_year() -> int | None:
    """The latest year with an approved plan."""
    return ActionPlan.objects.approved().aggregate(last=Max("year"))["last"]

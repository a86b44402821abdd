"""The roll-up: progress of actions, plans, nodes of the referential and whole years, with the weights behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

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


def progress_over_years(lineage: UUID) -> QuerySet[Progress]:
    return Progress.objects.filter(level=Progress.Level.NODE, lineage=lineage).order_by("-year")


def shown(row: Progress | None) -> Decimal | None:
    """A kept figure in percent; None is no data."""
    return None if row is None else percent(row.done, row.whole)


def latest_year() -> int | None:
    """The latest year with an approved plan."""
    return ActionPlan.objects.approved().aggregate(last=Max("year"))["last"]

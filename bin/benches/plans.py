"""The roll-up of plans: 20 years × 4 units × 200 actions × 8 milestones, full and after one milestone.

    bin/bench plans [--size smallest|middle|largest] [--strict]

Prints, at three sizes: the time of the full roll-up into an empty table and when all is right already, beside one
hand-written SQL statement that writes the same figures; the time of one report on a milestone; and how both grow. With
--strict, exit code 1 where the full roll-up takes more than 1.5 times the statement, or a report is not flat (1.5).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import django
import pgtrigger
from django.core.management import call_command
from django.db import connection, transaction

SIZES = {"smallest": 2, "middle": 7, "largest": 20}
UNITS, ACTIONS, MILESTONES = 4, 200, 8
CEILING, FLAT = 1.5, 1.5
ROUNDS, REPORTS = 5, 40

# The same figures as `Progress` keeps, written by hand in one statement: what the formulas say and nothing else.
BY_HAND = """
INSERT INTO units_progress (level, action_id, plan_id, lineage, year, done, whole, actions, computed_at)
WITH RECURSIVE own AS (
    SELECT a.id, a.plan_id, p.year, a.weight, sum(m.weight * m.progress) AS done, sum(m.weight) AS whole
    FROM units_action a JOIN units_actionplan p ON p.id = a.plan_id JOIN units_milestone m ON m.action_id = a.id
    WHERE p.state IN ('approved', 'under_way', 'closed') AND a.state NOT IN ('cancelled', 'merged')
    GROUP BY a.id, a.plan_id, p.year, a.weight
), path (base, parent, lineage) AS (
    SELECT id, parent_id, lineage FROM axes_node WHERE kind IN ('operational_response', 'action_line')
    UNION ALL
    SELECT path.base, n.parent_id, n.lineage FROM path JOIN axes_node n ON n.id = path.parent
)
SELECT 'action', id, NULL::bigint, NULL::uuid, NULL::int, done, whole, 1, now() FROM own
UNION ALL
SELECT 'plan', NULL, plan_id, NULL, year, sum(weight * round(done / whole, 4)), sum(weight), count(*), now()
FROM own GROUP BY plan_id, year
UNION ALL
SELECT 'framework', NULL, NULL, NULL, year, sum(weight * round(done / whole, 4)), sum(weight), count(*), now()
FROM own GROUP BY year
UNION ALL
SELECT 'node', NULL, NULL, lineage, year, sum(weight * round(done / whole, 4)), sum(weight), count(*), now()
FROM (
    SELECT DISTINCT own.id, path.lineage, own.year, own.weight, own.done, own.whole
    FROM own JOIN units_actionnode s ON s.action_id = own.id JOIN path ON path.base = s.node_id
) each GROUP BY lineage, year
"""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench plans", description=__doc__)
    parser.add_argument("--size", choices=SIZES, help="only this one (default: all three)")
    parser.add_argument("--strict", action="store_true", help="fail above the ceilings")
    options = parser.parse_args(argv)
    django.setup()
    call_command("load_territory", verbosity=0)
    call_command("load_framework", verbosity=0)
    sizes = [SIZES[options.size]] if options.size else list(SIZES.values())
    worst, fulls, reports = 0.0, [], []
    for years in sizes:
        member = fill(years)
        full, again, hand, report = measure(member)
        worst = max(worst, full / hand)
        count = years * UNITS * ACTIONS
        fulls.append((count, full))
        reports.append((count, report))
        print(
            f"{years:>2} years, {count:>6} actions, {count * MILESTONES:>7} milestones: "
            f"full {full * 1000:8.1f} ms, nothing to change {again * 1000:8.1f} ms, by hand {hand * 1000:8.1f} ms, "
            f"ratio {full / hand:5.2f}; one report {report * 1000:6.2f} ms",
            flush=True,
        )
    flat = 1.0
    if len(sizes) > 1:
        growth = fulls[-1][0] / fulls[0][0]
        flat = reports[-1][1] / reports[0][1]
        print(
            f"from {fulls[0][0]} to {fulls[-1][0]} actions (x {growth:.0f}): full x {fulls[-1][1] / fulls[0][1]:.2f}, "
            f"one report x {flat:.2f}"
        )
    print(f"worst ratio {worst:.2f}, ceiling {CEILING}; one report flat within {flat:.2f}, ceiling {FLAT}")
    return int(options.strict and (worst > CEILING or flat > FLAT))


def fill(years: int) -> object:
    """Bring the tables to so many years of approved plans; the answer is somebody who may report on all of them."""
    from refamp.accounts.models import User  # noqa: PLC0415 - models exist only after django.setup()
    from units.models import ActionPlan, Mandate, Unit  # noqa: PLC0415

    member, _made = User.objects.get_or_create(email="medida@example.org", defaults={"name": "Medida"})
    first = 2100 - years + 1
    with pgtrigger.ignore():
        for number in range(UNITS):
            unit, _made = Unit.objects.get_or_create(
                code=f"M{number}",
                defaults={
                    "kind": "technical_team", "name": f"Medida {number}", "state": "constituted", "members_min": 1,
                    "members_max": 9,
                },
            )  # fmt: skip
            Mandate.objects.get_or_create(
                unit=unit, person=member, defaults={"starts_on": date(2020, 1, 1), "act": "medida"}
            )
            for year in range(first, 2101):
                ActionPlan.objects.get_or_create(
                    unit=unit, year=year, defaults={"title": f"Plano {year}", "state": "under_way"}
                )
        fill_actions()
    with connection.cursor() as cursor:
        for table in ("units_action", "units_milestone", "units_actionnode", "units_actionplan", "units_progress"):
            cursor.execute(f"VACUUM ANALYZE {table}")  # as autovacuum would in a minute
    return member


def fill_actions() -> None:
    """So many actions per plan that has none, each serving two nodes, with so many milestones."""
    from axes.models import Node  # noqa: PLC0415
    from refamp.base.ids import uuid7  # noqa: PLC0415
    from units.models import Action, ActionNode, ActionPlan, Milestone  # noqa: PLC0415

    kinds = ["operational_response", "action_line"]
    nodes = list(Node.objects.filter(kind__in=kinds).order_by("pk").values_list("pk", flat=True))
    for plan in ActionPlan.objects.filter(actions__isnull=True):
        made = Action.objects.bulk_create(
            Action(
                plan=plan, key=uuid7(), code=f"A{n:03d}", title=f"Ação {n}", scope="supramunicipal",
                starts_on=date(plan.year, 1, 1), ends_on=date(plan.year, 12, 31), weight=n % 5 + 1, state="under_way",
            )
            for n in range(ACTIONS)
        )  # fmt: skip
        ActionNode.objects.bulk_create(
            ActionNode(action=action, node_id=nodes[(place + step) % len(nodes)])
            for place, action in enumerate(made)
            for step in (0, 13)
        )
        Milestone.objects.bulk_create(
            Milestone(
                action=action, order=order, title=f"Marco {order}", due_on=date(plan.year, 12, 31), weight=order,
                progress=(place * 7 + order * 13) % 100, best_progress=(place * 7 + order * 13) % 100,
            )
            for place, action in enumerate(made)
            for order in range(1, MILESTONES + 1)
        )  # fmt: skip


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE units_progress")


def by_hand() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HAND)


def measure(member: Any) -> tuple[float, float, float, float]:
    """Medians, in turns: (ours into an empty table, ours when all is right, by hand, one report), in seconds."""
    from units.actions.progress import check_progress, recompute_progress, report_milestone  # noqa: PLC0415
    from units.models import Milestone  # noqa: PLC0415

    full, again, hand = [], [], []
    for _turn in range(ROUNDS):
        empty()
        hand.append(timed(by_hand))
        if check_progress():
            raise SystemExit("The statement written by hand and the formulas disagree.")
        empty()
        full.append(timed(recompute_progress))
        again.append(timed(recompute_progress))
    keys = list(Milestone.objects.order_by("pk").values_list("pk", flat=True))
    reports = []
    for turn in range(REPORTS):
        milestone = Milestone.objects.select_related("action").get(pk=keys[turn * len(keys) // REPORTS])

        def report(milestone: Milestone = milestone) -> None:
            report_milestone(actor=member, milestone=milestone, progress=milestone.progress + 1, note="medida")

        reports.append(timed(report))
    if check_progress():
        raise SystemExit("The figures kept by the reports are not those of a full roll-up.")
    return statistics.median(full), statistics.median(again), statistics.median(hand), statistics.median(reports)

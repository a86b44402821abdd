"""Representativeness at three sizes: a full recomputation against one hand-written statement, and one respondent more.

    bin/bench representativeness [--size smallest|middle|largest]

Without --size it measures the three and prints how the cost grows. Every ratio compares two things measured in this run
on this machine; times are medians.

The bar: full recomputation at most 1.3 times the statement; one respondent more flat (at most 1.5 times) between the
smallest and the largest size.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable

import django

SIZES = {"smallest": 10_000, "middle": 100_000, "largest": 1_000_000}
PER_RESPONDENT = 5
TOPICS, PLACES = 16, 17
GROUPS = ("elected", "director", "technician", "partner")
RATIO, FLAT = 1.3, 1.5

# What somebody would write who wants the same figures once: counts by stratum, topic and scale, from the answers.
BY_HAND = """
    SELECT m.topic_id, m.scale, r.municipality_id, r."group", count(*), GROUPING(r.municipality_id, r."group")
    FROM axes_mention m JOIN axes_respondent r ON r.id = m.respondent_id
    WHERE r.consultation_id = %s AND r.withdrawn_at IS NULL
    GROUP BY GROUPING SETS
        ((m.topic_id, m.scale), (m.topic_id, m.scale, r.municipality_id), (m.topic_id, m.scale, r."group"))
    UNION ALL
    SELECT NULL, NULL, municipality_id, "group", count(*), GROUPING(municipality_id, "group")
    FROM axes_respondent WHERE consultation_id = %s AND withdrawn_at IS NULL
    GROUP BY GROUPING SETS ((), (municipality_id), ("group"))
"""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def slope(sizes: list[int], seconds: list[float]) -> float:
    """The exponent b of seconds ~ size^b, by least squares on logarithms: 0 is flat, 1 grows with the table."""
    x, y = [math.log(size) for size in sizes], [math.log(one) for one in seconds]
    return statistics.linear_regression(x, y).slope


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench representativeness", description=__doc__)
    parser.add_argument("--size", choices=SIZES, help="only this one (default: all three)")
    asked = parser.parse_args(argv).size
    sizes = [SIZES[asked]] if asked else list(SIZES.values())
    django.setup()
    from benches._consultation import (  # noqa: PLC0415 - models only load now
        Bench,
    )

    benches = [Bench(size) for size in sizes]
    by_hand, recount, one_more = [], [], []
    for bench in benches:
        # In turns, so that whatever else this machine is doing meets both alike.
        turns = []
        for _ in range(7):
            bench.forget()
            turns.append((seconds(bench.by_hand), seconds(bench.recount)))
        by_hand.append(statistics.median(turn[0] for turn in turns))
        recount.append(statistics.median(turn[1] for turn in turns))
    rounds = [[seconds(bench.one_more) for bench in benches] for _ in range(61)]
    one_more = [statistics.median(column) for column in zip(*rounds, strict=True)]
    for bench in benches:
        bench.check()
    return report(sizes, by_hand, recount, one_more)


def report(sizes: list[int], by_hand: list[float], recount: list[float], one_more: list[float]) -> int:
    """Print the figures; 1 where a bar is missed."""
    print(f"{'mentions':>10} {'by hand':>10} {'recount':>10} {'ratio':>7} {'one more':>10}")
    for size, hand, full, more in zip(sizes, by_hand, recount, one_more, strict=True):
        print(f"{size:>10,} {hand * 1e3:>8.1f}ms {full * 1e3:>8.1f}ms {full / hand:>7.2f} {more * 1e3:>8.2f}ms")
    ratio = recount[-1] / by_hand[-1]
    largest = SIZES["largest"]
    print(f"full recomputation to hand-written statement at {sizes[-1]:,}: {ratio:.2f} (bar {RATIO} at {largest:,})")
    met = ratio <= RATIO or sizes[-1] < largest
    if len(sizes) > 1:
        flat = one_more[-1] / one_more[0]
        print(f"one respondent more, {sizes[-1]:,} to {sizes[0]:,}: {flat:.2f} (bar {FLAT})")
        print(
            f"slope: full recomputation {slope(sizes, recount):.2f}, one respondent more {slope(sizes, one_more):.2f}"
        )
        met = met and flat <= FLAT
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

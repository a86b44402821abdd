"""Somebody who collects everything that was released and solves for what was hidden, with scipy's linear programmes.

Everything shown is an equation. Hidden counts are variables that are whole in truth and here merely real, so that what
the attacker may conclude is, if anything, understated by the integers: callers therefore ask for intervals of width 1.
"""

from collections.abc import Hashable, Mapping
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

Variable = Hashable


class Attack:
    def __init__(self) -> None:
        self.places: dict[Variable, int] = {}
        self.bounds: list[tuple[float, float | None]] = []
        self.equal: list[tuple[dict[int, float], float]] = []
        self.at_most: list[tuple[dict[int, float], float]] = []

    def variable(self, name: Variable, known: int | None = None) -> int:
        """A count, with its value where it was shown; hidden counts are never negative."""
        if name not in self.places:
            self.places[name] = len(self.places)
            self.bounds.append((0, None))
        place = self.places[name]
        if known is not None:
            low, high = self.bounds[place]
            assert low <= known <= (known if high is None else high), f"{name}: told twice, differently"
            self.bounds[place] = (known, known)
        return place

    def sum_is(self, total: Variable, parts: list[Variable]) -> None:
        row = dict.fromkeys((self.variable(part) for part in parts), 1.0)
        row[self.variable(total)] = -1.0
        self.equal.append((row, 0))

    def is_at_most(self, smaller: Variable, larger: Variable) -> None:
        self.at_most.append(({self.variable(smaller): 1.0, self.variable(larger): -1.0}, 0))

    def matrix(self, rows: list[tuple[dict[int, float], float]]):
        if not rows:
            return None, None
        entries = [(i, place, factor) for i, (row, _) in enumerate(rows) for place, factor in row.items()]
        i, j, v = zip(*entries, strict=True)
        return coo_array((v, (i, j)), shape=(len(rows), len(self.places))), np.array([b for _, b in rows])

    def interval(self, name: Variable) -> tuple[float, float]:
        a_eq, b_eq = self.matrix(self.equal)
        a_ub, b_ub = self.matrix(self.at_most)
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(self.places))
            cost[self.places[name]] = sign
            found = linprog(cost, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=b_eq, bounds=self.bounds, method="highs")
            if found.status == 3:  # unbounded: nothing at all is known on this side
                ends.append(float("-inf"))
                continue
            assert found.status == 0, found.message
            ends.append(found.fun)
        return ends[0], -ends[1]

    def pinned(self, width: float = 1) -> dict[Variable, tuple[float, float]]:
        """The hidden counts that are known to within less than `width`, and what is known of them."""
        hidden = [name for name, place in self.places.items() if self.bounds[place][0] != self.bounds[place][1]]
        found = {name: self.interval(name) for name in hidden}
        return {name: ends for name, ends in found.items() if ends[1] - ends[0] < width - 1e-6}


def attack_releases(releases: list[Mapping[tuple, int | None]], *, only_added: bool = True) -> Attack:
    """`releases`: what was shown at each, {(dimension, key, item): count or None where hidden}; dimension "all" has the
    key None, item None counts respondents. `only_added`: the attacker also knows that no answer was taken away.
    """
    attack = Attack()
    for number, cells in enumerate(releases):
        for cell, count in cells.items():
            attack.variable((number, *cell), count)
        dimensions = {dimension for dimension, _key, _item in cells} - {"all"}
        for item in {item for _dimension, _key, item in cells}:
            for dimension in dimensions:
                parts = [(number, d, key, i) for d, key, i in cells if d == dimension and i == item]
                attack.sum_is((number, "all", None, item), parts)
        for dimension, key, item in cells:
            if item is not None:
                attack.is_at_most((number, dimension, key, item), (number, dimension, key, None))
    if only_added:
        for (before, old), (after, new) in pairwise(enumerate(releases)):
            for cell in old.keys() & new.keys():
                attack.is_at_most((before, *cell), (after, *cell))
    return attack

"""Which counts may not be shown: decided once, when results are frozen, for page, chart, CSV, XLSX and API alike.

The tables
    Respondents: N = Σ nᵢ over municipalities, and the same N = Σ nⱼ over groups. Mentions of one topic at one scale:
    M = Σ mᵢ over municipalities, and the same M over groups. "Not stated" is one more stratum of each, and is treated
    as one even where nothing of it is published. Municipality by group is never published, and topics share no total.

The rule (k is the smallest cell shown)
    Primary: a count of respondents from 1 to k - 1, with every count of mentions of those people; a count of mentions
    from 1 to k - 1. Zeros are shown. Complementary: as many other counts as it takes, the smallest useful first,
    zeros last.

The attacker
    knows this rule and this program, all that was ever released, that counts are whole and not negative, that nobody
    names a topic twice (m ≤ n), and that as a rule answers are added, not taken away. They do not know other people's
    answers. From one equation, Σ hidden = total - Σ shown, with bounds on each term, the values that a hidden count
    can take form an interval, computed here exactly (one equation with bounds is a linear programme solved by hand).
    It must be at least k - 2 wide, as wide as what the rule itself gives away (1 to k - 1), and where the data are
    too few for that, at least 1: nothing hidden is ever pinned. So that this also holds against somebody who knows
    the rule, a hidden count of mentions is taken to be 1 or more unless zeros are hidden too: with M = 5 and five
    strata of one each, to hide the five ones alone would show them.

    Cf. L. Willenborg and T. de Waal, Elements of Statistical Disclosure Control, Springer 2001, ch. 4 (secondary
    suppression, protection intervals); A. Hundepool et al., Statistical Disclosure Control, Wiley 2012, ch. 4
    (sliding protection).

    Not covered: respondents who pool what they know of themselves; links between topics that follow from one
    municipality's respondents all being of one group (that table is never published).

Implied figures
    Where nobody at all named a topic (M = 0, shown), nobody named it in a stratum either: such a zero is no secret
    and is not marked hidden, even where the stratum's respondents are. Likewise, where nobody who came since an
    earlier release named it (the same M, shown in both), what that release showed for a stratum still holds and stays
    shown.

Several releases
    The difference of two releases is a table of the people who came between them, so the same rule holds for it. (a)
    A release whose N differs from that of an earlier shown one by 1 to k - 1 is withheld as a whole (`is_too_close`).
    (b) A count that was shown and has changed by 1 to k - 1 is hidden. (c) A count that was hidden is shown only once
    it has grown by k or more, its respondents too: otherwise the new figure is a close upper bound of the old secret.
    What was shown earlier is a lower bound of what is hidden now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Item = Any  # hashable: a topic at a scale
Key = Any  # hashable: a municipality or a group; None: not stated
Interval = tuple[int, int]


@dataclass(frozen=True)
class Counts:
    """What is to be released. `mentions` may leave out zeros; `totals` holds every topic and scale that was asked."""

    respondents: int
    totals: Mapping[Item, int]
    strata: Mapping[str, Mapping[Key, int]]
    mentions: Mapping[tuple[str, Key, Item], int]

    def named(self, dimension: str, key: Key, item: Item) -> int:
        return self.mentions.get((dimension, key, item), 0)


@dataclass(frozen=True)
class Hidden:
    """What of it may not be shown. `everything`: even the number of respondents."""

    everything: bool = False
    totals: frozenset[Item] = frozenset()
    respondents: frozenset[tuple[str, Key]] = frozenset()
    mentions: frozenset[tuple[str, Key, Item]] = frozenset()


Release = tuple[Counts, Hidden]


def is_too_close(counts: Counts, earlier: Iterable[Release], minimum: int) -> bool:
    """Whether the difference to an earlier shown release would be the answers of 1 to k - 1 people."""
    return any(0 < abs(counts.respondents - old.respondents) < minimum for old, _hidden in earlier)


def hide(counts: Counts, minimum: int, earlier: Sequence[Release] = ()) -> Hidden:
    """Decide what of a release may not be shown. `minimum` is k; `earlier` are the releases that were shown before."""
    n = counts.respondents
    if 0 < n < minimum or any(old.everything and n - was.respondents < minimum for was, old in earlier):
        return Hidden(everything=True)
    respondents = {dimension: hide_respondents(counts, dimension, minimum, earlier) for dimension in counts.strata}
    totals: set[Item] = set()
    mentions: set[tuple[str, Key, Item]] = set()
    for item in counts.totals:
        row = hide_mentions(counts, item, respondents, minimum, earlier)
        if row.total_hidden:
            totals.add(item)
        mentions.update((dimension, key, item) for dimension, terms in row.terms.items() for key in terms.hidden)
    return Hidden(
        totals=frozenset(totals),
        respondents=frozenset((dimension, key) for dimension, keys in respondents.items() for key in keys),
        mentions=frozenset(mentions),
    )


def is_small(count: int, minimum: int) -> bool:
    return 0 < count < minimum


def changed_too_little(now: int, then: int, *, was_hidden: bool, minimum: int) -> bool:
    """Rules (b) and (c) for one count."""
    return now - then < minimum if was_hidden else is_small(abs(now - then), minimum)


@dataclass
class Terms:
    """One equation: the terms of a total in one dimension, and which of them are hidden.

    `floor` is what an earlier release says a hidden term is at least; `ceiling` what it is at most. `pooled` are terms
    whose ceilings are themselves hidden and sum to `pool`, each of them at least `pool_floor`; their own floor is 0.
    `implied` are known to everybody already and are no use to hide.
    """

    values: dict[Key, int]
    ceiling: dict[Key, int]
    floor: dict[Key, int] = field(default_factory=dict)
    pooled: frozenset[Key] = frozenset()
    pool: int = 0
    pool_floor: int = 0
    implied: frozenset[Key] = frozenset()
    hidden: set[Key] = field(default_factory=set)

    def shown_sum(self) -> int:
        return sum(value for key, value in self.values.items() if key not in self.hidden)

    def smallest(self) -> int:
        """What somebody who knows the rule takes a hidden term to be at least."""
        own = self.hidden - self.pooled
        zero_hidden = any(self.values[key] == 0 for key in own)
        all_hidden = all(key in self.hidden for key, most in self.ceiling.items() if most and key not in self.implied)
        return 0 if zero_hidden or all_hidden else 1

    def low(self, key: Key, smallest: int) -> int:
        return max(0 if key in self.pooled else smallest, self.floor.get(key, 0))

    def most(self, without: Key | None = None) -> int:
        """The largest sum of the hidden terms, leaving one out."""
        inside = [self.ceiling[key] for key in self.hidden & self.pooled if key != without]
        outside = sum(self.ceiling[key] for key in self.hidden - self.pooled if key != without)
        spare = self.pool_floor if without in self.pooled and without in self.hidden else 0
        return outside + min(self.pool - spare, sum(inside))

    def range_of_sum(self) -> Interval:
        smallest, shown = self.smallest(), self.shown_sum()
        return shown + sum(self.low(key, smallest) for key in self.hidden), shown + self.most()

    def intervals(self, total: Interval) -> dict[Key, Interval]:
        """What each hidden term can be, given what the total can be."""
        smallest, shown = self.smallest(), self.shown_sum()
        lows = {key: self.low(key, smallest) for key in self.hidden}
        least = sum(lows.values())
        return {
            key: (
                max(low, total[0] - shown - self.most(without=key)),
                min(self.ceiling[key], total[1] - shown - (least - low)),
            )
            for key, low in lows.items()
        }

    def missing_width(self, total: Interval, wanted: int) -> tuple[int, int]:
        """How many hidden terms are pinned, and by how much all of them fall short of the width that is wanted."""
        widths = [high - low for low, high in self.intervals(total).values()]
        return sum(width < 1 for width in widths), sum(max(0, wanted - width) for width in widths)

    def candidates(self) -> Iterator[Key]:
        """What could be hidden in addition: the smallest first, zeros last; not where there is nobody."""
        free = [key for key, most in self.ceiling.items() if most and key not in self.hidden | self.implied]
        yield from sorted(free, key=lambda key: (self.values[key] == 0, self.values[key]))


def hide_one_more(terms: Terms, total: Interval, wanted: int) -> bool:
    """Hide the smallest further term that helps; the smallest of all where none helps but one is pinned.

    False where nothing more is needed or possible.
    """
    before = terms.missing_width(total, wanted)
    if before == (0, 0):
        return False
    choices = list(terms.candidates())
    for key in choices:
        terms.hidden.add(key)
        if terms.missing_width(total, wanted) < before:
            return True
        terms.hidden.discard(key)
    if before[0] and choices:
        terms.hidden.add(choices[0])
        return True
    return False


def hide_respondents(counts: Counts, dimension: str, minimum: int, earlier: Sequence[Release]) -> set[Key]:
    """Which strata's respondents are hidden."""
    n = counts.respondents
    # A "not stated" of nobody is known to be nobody: nothing can hide behind it.
    values = {key: count for key, count in counts.strata[dimension].items() if key is not None or count}
    terms = Terms(values=values, ceiling=dict.fromkeys(values, n))
    for key, now in values.items():
        for was, old in earlier:
            then, was_hidden = was.strata[dimension].get(key, 0), old.everything or (dimension, key) in old.respondents
            if changed_too_little(now, then, was_hidden=was_hidden, minimum=minimum):
                terms.hidden.add(key)
            if not was_hidden and was.respondents != n:
                terms.floor[key] = max(terms.floor.get(key, 0), min(then, now))
        if is_small(now, minimum):
            terms.hidden.add(key)
    while hide_one_more(terms, (n, n), minimum - 2):
        pass
    return terms.hidden


@dataclass
class Row:
    """A topic at a scale: its total and its terms in each dimension."""

    total: int
    bounds: Interval
    total_hidden: bool
    terms: dict[str, Terms]

    def range_of_total(self) -> Interval:
        if not self.total_hidden:
            return self.total, self.total
        ranges = [self.bounds, *(terms.range_of_sum() for terms in self.terms.values())]
        return max(low for low, _high in ranges), min(high for _low, high in ranges)


def hide_mentions(
    counts: Counts, item: Item, respondents: Mapping[str, set[Key]], minimum: int, earlier: Sequence[Release]
) -> Row:
    """Which counts of one topic at one scale are hidden."""
    row = row_of(counts, item, respondents, minimum, earlier)
    if row.total == 0 and not row.total_hidden:
        for terms in row.terms.values():
            terms.hidden.clear()
        return row
    wanted = minimum - 2
    while True:
        while any(
            [widen_total(row, wanted), *(hide_one_more(t, row.range_of_total(), wanted) for t in row.terms.values())]
        ):
            pass
        pinned = any(terms.missing_width(row.range_of_total(), 1)[0] for terms in row.terms.values())
        if not pinned or row.total_hidden:
            return row
        # Nothing in the row is left to hide behind but its total.
        row.total_hidden, row.bounds = True, (0, counts.respondents)


def widen_total(row: Row, wanted: int) -> bool:
    """Where a hidden total can be told from its terms, hide one more of them in the dimension that tells most."""
    if not row.total_hidden:
        return False
    low, high = row.range_of_total()
    if high - low >= min(wanted, row.bounds[1] - row.bounds[0]):
        return False
    choices = [(terms, next(terms.candidates(), None)) for terms in row.terms.values()]
    open_ones = [(terms, terms.range_of_sum()) for terms, key in choices if key is not None]
    if not open_ones:
        return False
    narrowest, _range = min(open_ones, key=lambda one: one[1][1] - one[1][0])
    narrowest.hidden.add(next(narrowest.candidates()))
    return True


def row_of(
    counts: Counts, item: Item, respondents: Mapping[str, set[Key]], minimum: int, earlier: Sequence[Release]
) -> Row:
    """The row as the rules for single counts leave it, before anything complementary."""
    total = counts.totals[item]
    asked = [(was, old) for was, old in earlier if item in was.totals]
    bounds, total_hidden = total_bounds(counts, item, asked, minimum)
    terms = {
        dimension: terms_of(counts, item, dimension, respondents[dimension], asked, minimum=minimum)
        for dimension in counts.strata
    }
    if not total_hidden:
        for dimension, one in terms.items():
            one.implied = implied_terms(counts, item, dimension, asked)
            one.pool -= sum(one.values[key] for key in one.implied & one.pooled)
            one.hidden -= one.implied
    return Row(total=total, bounds=bounds, total_hidden=total_hidden, terms=terms)


def total_bounds(counts: Counts, item: Item, asked: Sequence[Release], minimum: int) -> tuple[Interval, bool]:
    """What a hidden total can be for somebody who knows why totals are hidden; and whether it is."""
    total, low, high, hidden = counts.totals[item], 0, counts.respondents, False
    if is_small(total, minimum):
        low, high, hidden = 1, minimum - 1, True
    for was, old in asked:
        then, was_hidden = was.totals[item], old.everything or item in old.totals
        if not changed_too_little(total, then, was_hidden=was_hidden, minimum=minimum):
            continue
        hidden = True
        if not was_hidden and total > then:
            low, high = max(low, then + 1), min(high, then + minimum - 1)
        elif not was_hidden:
            low, high = max(low, then - minimum + 1), min(high, then - 1)
    return (low, high), hidden


def terms_of(
    counts: Counts, item: Item, dimension: str, unknown: set[Key], asked: Sequence[Release], *, minimum: int
) -> Terms:
    """One dimension of a row. `unknown` are the strata whose respondents are hidden: so are all their mentions."""
    strata = {key: count for key, count in counts.strata[dimension].items() if key is not None or count}
    pool = sum(strata[key] for key in unknown)
    zero_hidden = any(strata[key] == 0 for key in unknown)
    least = 0 if zero_hidden or len(unknown) == sum(1 for count in strata.values() if count) else 1
    at_most = pool - least * (len(unknown) - 1)
    terms = Terms(
        values={key: counts.named(dimension, key, item) for key in strata},
        ceiling={key: at_most if key in unknown else count for key, count in strata.items()},
        pooled=frozenset(unknown),
        pool=pool,
        pool_floor=least,
        hidden=set(unknown),
    )
    for key, people in strata.items():
        now = terms.values[key]
        if is_small(now, minimum):
            terms.hidden.add(key)
        for was, old in asked:
            then, was_hidden = was.named(dimension, key, item), old.everything or (dimension, key, item) in old.mentions
            grown = people - was.strata[dimension].get(key, 0)
            if (
                key not in unknown
                and people
                and (
                    changed_too_little(now, then, was_hidden=was_hidden, minimum=minimum)
                    or (was_hidden and grown < minimum)
                )
            ):
                terms.hidden.add(key)
            if not was_hidden and was.totals[item] != counts.totals[item]:
                terms.floor[key] = max(terms.floor.get(key, 0), min(then, now))
    return terms


def implied_terms(counts: Counts, item: Item, dimension: str, asked: Sequence[Release]) -> frozenset[Key]:
    """The strata whose mentions an earlier release showed, and among whose newcomers there cannot be any."""
    return frozenset(
        key
        for was, old in asked
        if item not in old.totals and not old.everything and was.totals[item] == counts.totals[item]
        for key in counts.strata[dimension]
        if (dimension, key, item) not in old.mentions
        and was.named(dimension, key, item) == counts.named(dimension, key, item)
    )

"""Whether two coders who work apart read the same texts the same way."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from axes.formulas.representativeness import rounded

__all__ = ["kappa", "kappa_per_topic", "mean_kappa", "rounded"]

Topic = TypeVar("Topic", bound=Hashable)


def kappa(both: int, only_first: int, only_second: int, neither: int) -> Fraction | None:
    """Cohen's kappa of two coders and a yes-or-no question, from the four cells of their table.

    κ = (pₒ - pₑ) / (1 - pₑ), pₒ the share of texts on which they agree and pₑ what chance would give from how often
    each says yes. J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20
    (1960) 37-46.

    None (no data) without texts, and where both say the same thing of every text: then pₑ = 1 and κ is 0/0, undefined,
    neither perfect agreement nor none. Where only one of them never varies, κ is 0.
    """
    n = both + only_first + only_second + neither
    if min(both, only_first, only_second, neither) < 0:
        raise ValueError("counts cannot be negative")
    if n == 0:
        return None
    observed = Fraction(both + neither, n)
    yes_first, yes_second = both + only_first, both + only_second
    expected = Fraction(yes_first * yes_second + (n - yes_first) * (n - yes_second), n * n)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def kappa_per_topic(
    readings: Sequence[tuple[Collection[Topic], Collection[Topic]]], topics: Iterable[Topic]
) -> dict[Topic, Fraction | None]:
    """Kappa of "named or not", topic by topic. `readings`: per text, what the first and what the second coder named."""
    found = {}
    for topic in topics:
        cells = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
        for first, second in readings:
            cells[topic in first, topic in second] += 1
        found[topic] = kappa(cells[True, True], cells[True, False], cells[False, True], cells[False, False])
    return found


def mean_kappa(per_topic: Mapping[Any, Fraction | None]) -> Fraction | None:
    """The plain mean over the topics that have a kappa; None where none has."""
    known = [value for value in per_topic.values() if value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None

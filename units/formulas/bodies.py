"""How large a unit should be, and how evenly an effort is shared. Pure, exact: counts and money in, fractions out."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

FEWEST, MOST = 3, 5

Amount = int | Decimal | Fraction


def size_for(problem_areas: int) -> tuple[int, int]:
    """(fewest, most) members of a strategic unit whose axis covers so many problem areas.

    The document says "between 3 and 5 members; adjust the number to the problem areas covered" and no more. Our
    reading: one member per problem area and one to coordinate, one more at most, never outside 3 to 5. So four problem
    areas ask for 5, two for 3 or 4, one for 3.
    """
    return clamp(problem_areas + 1), clamp(problem_areas + 2)


def clamp(number: int) -> int:
    return max(FEWEST, min(MOST, number))


def shares(values: Sequence[Amount]) -> list[Fraction] | None:
    """Each part of the whole, exact; None where there is nothing to share.

    Raises ValueError for a negative amount: an effort is not negative.
    """
    exact = [Fraction(value) for value in values]
    if any(value < 0 for value in exact):
        raise ValueError("An effort cannot be negative.")
    total = sum(exact, Fraction(0))
    return [value / total for value in exact] if total else None


def lorenz(values: Sequence[Amount]) -> list[tuple[Fraction, Fraction]] | None:
    """The points of the Lorenz curve, from (0, 0) to (1, 1): share of those who give least, share of what they give.

    M. O. Lorenz, "Methods of Measuring the Concentration of Wealth", Publications of the American Statistical
    Association 9 (70), 1905. None where there is nothing to share.
    """
    parts = shares(values)
    if parts is None:
        return None
    points, so_far = [(Fraction(0), Fraction(0))], Fraction(0)
    for place, part in enumerate(sorted(parts), start=1):
        so_far += part
        points.append((Fraction(place, len(parts)), so_far))
    return points


def gini(values: Sequence[Amount]) -> Fraction | None:
    """0: everybody gives the same; towards 1: one gives everything. None where there is nothing to share.

    Half the mean absolute difference of all pairs over the mean (C. Gini, "Variabilità e mutabilità", 1912), which is
    one less twice the area under the Lorenz curve; computed from the ordered values as in A. Sen, "On Economic
    Inequality", 1973. Of n values the largest possible is (n − 1)/n.
    """
    parts = shares(values)
    if parts is None:
        return None
    count = len(parts)
    weighted = sum((place * part for place, part in enumerate(sorted(parts), start=1)), Fraction(0))
    return (2 * weighted - (count + 1)) / count


def least_gini(total: int, count: int) -> Fraction | None:
    """The smallest that whole things shared among so many can have: everybody the same, some one more."""
    if count < 1:
        return None
    each, over = divmod(total, count)
    return gini([each] * (count - over) + [each + 1] * over)


def rounded(value: Fraction | None, decimals: int) -> Decimal | None:
    """A fraction to so many decimals, half to even, from its exact value."""
    if value is None:
        return None
    whole = round(value * 10**decimals)
    return Decimal(whole).scaleb(-decimals)

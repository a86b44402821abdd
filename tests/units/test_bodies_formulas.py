"""Size of a unit, Lorenz curve and Gini coefficient."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from units.formulas.bodies import gini, least_gini, lorenz, rounded, shares, size_for

AMOUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("areas", "size"), [(0, (3, 3)), (1, (3, 3)), (2, (3, 4)), (3, (4, 5)), (4, (5, 5)), (9, (5, 5))]
)
def test_a_unit_is_sized_to_its_problem_areas_between_three_and_five(areas, size):
    assert size_for(areas) == size


@pytest.mark.parametrize(
    ("values", "published"),
    [
        # The example of the R package ineq (A. Zeileis, C. Kleiber), whose incomes many manuals use.
        ([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261], "0.4620911"),
        # The example of the R package phylotools (J. Zhang).
        ([1, 3, 2, 1, 1, 1, 4], "0.3076923"),
        # Z. Bobbitt, "How to Calculate Gini Coefficient in R", Statology: by income, and by income and frequency.
        ([50, 50, 70, 70, 70, 90, 150, 150, 150, 150], "0.2260000"),
        (
            [
                value
                for value, times in zip(
                    (10, 20, 25, 55, 70, 90, 110, 115, 130), (6, 7, 7, 14, 22, 20, 8, 4, 1), strict=True
                )
                for _time in range(times)
            ],
            "0.2632289",
        ),
    ],
)
def test_gini_of_published_worked_examples(values, published):
    assert str(rounded(gini(values), 7)) == published


@pytest.mark.parametrize("count", [1, 2, 3, 10, 17])
def test_the_first_whole_numbers_have_the_known_gini(count):
    """Of 1, 2, …, n it is (n − 1)/(3n): Σ i² and Σ i in closed form."""
    assert gini(range(1, count + 1)) == Fraction(count - 1, 3 * count)


@pytest.mark.parametrize("count", [1, 2, 17])
def test_one_who_gives_everything_reaches_the_largest_gini(count):
    assert gini([0] * (count - 1) + [5]) == Fraction(count - 1, count)


@pytest.mark.parametrize("count", [1, 2, 17])
def test_everybody_who_gives_the_same_has_no_gini(count):
    assert gini([Decimal("2.50")] * count) == 0


@pytest.mark.parametrize("values", [[], [0], [0, 0, 0]])
def test_nothing_to_share_has_neither_curve_nor_gini(values):
    assert (shares(values), lorenz(values), gini(values)) == (None, None, None)


@pytest.mark.parametrize(
    ("total", "count", "least"), [(0, 17, None), (17, 17, 0), (18, 17, Fraction(16, 17 * 18)), (3, 2, Fraction(1, 6))]
)
def test_whole_things_cannot_always_be_shared_evenly(total, count, least):
    """18 over 17: sixteen have one, one has two, which is 16/(17 · 18)."""
    assert least_gini(total, count) == least


def test_a_negative_effort_is_refused():
    with pytest.raises(ValueError, match="negative"):
        gini([1, -1])


@given(AMOUNTS)
def test_gini_is_one_less_twice_the_area_under_the_curve(values):
    points = lorenz(values)
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))
    assert gini(values) == 1 - 2 * area


@given(AMOUNTS)
def test_gini_is_half_the_mean_difference_of_all_pairs_over_the_mean(values):
    """Gini's own definition, against the form over ordered values."""
    count, total = len(values), sum(values)
    assert gini(values) == Fraction(sum(abs(a - b) for a in values for b in values), 2 * count * total)


@given(AMOUNTS, st.integers(1, 1000))
def test_gini_does_not_depend_on_the_unit_or_the_order(values, factor):
    assert gini([value * factor for value in reversed(values)]) == gini(values)


@given(AMOUNTS)
def test_the_curve_rises_below_the_diagonal_from_nothing_to_everything(values):
    points = lorenz(values)
    assert points[0] == (0, 0)
    assert points[-1] == (1, 1)
    assert all(y1 <= y2 <= x2 for (_x1, y1), (x2, y2) in pairwise(points))


@given(AMOUNTS.filter(lambda values: len(values) > 1), st.data())
def test_giving_from_who_gives_more_to_who_gives_less_never_raises_gini(values, data):
    """The principle of transfers (Dalton, 1920)."""
    ordered = sorted(values)
    low = data.draw(st.integers(0, len(ordered) - 2))
    high = data.draw(st.integers(low + 1, len(ordered) - 1))
    step = data.draw(st.integers(0, (ordered[high] - ordered[low]) // 2))
    moved = list(ordered)
    moved[low] += step
    moved[high] -= step
    assert gini(moved) <= gini(values)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (Fraction(1, 32), 4, "0.0312"),
        (Fraction(3, 32), 4, "0.0938"),
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(2), 2, "2.00"),
    ],
)
def test_fractions_are_rounded_half_to_even_from_their_exact_value(value, decimals, expected):
    assert str(rounded(value, decimals)) == expected

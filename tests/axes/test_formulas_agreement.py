"""Cohen's kappa against published examples, and where it is undefined."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axes.formulas.agreement import kappa, kappa_per_topic, mean_kappa, rounded

cells = st.tuples(*[st.integers(0, 60)] * 4)


def test_kappa_of_a_textbook_table():
    """20 both, 5 and 10 apart, 15 neither: pₒ 0.7, pₑ 0.5, κ 0.4 (the grant-proposal example of many textbooks)."""
    assert kappa(20, 5, 10, 15) == Fraction(2, 5)


def test_the_same_agreement_with_other_margins_gives_another_kappa():
    """J. Sim and C. C. Wright 2005 and others: 60 % agreement, once κ 0.1304, once κ 0.2593."""
    assert str(rounded(kappa(45, 15, 25, 15), 4)) == "0.1304"
    assert str(rounded(kappa(25, 35, 5, 35), 4)) == "0.2593"


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (7, 0, 0, 0), (0, 0, 0, 7)])
def test_kappa_is_undefined_without_texts_and_where_nothing_varies(table):
    assert kappa(*table) is None


def test_one_constant_coder_agrees_no_better_than_chance():
    assert kappa(0, 4, 0, 6) == 0


def test_negative_counts_are_a_mistake():
    with pytest.raises(ValueError, match="negative"):
        kappa(-1, 0, 0, 1)


@given(cells)
def test_kappa_is_symmetric_and_at_most_one(table):
    both, first, second, neither = table
    value = kappa(*table)
    assert value == kappa(both, second, first, neither) == kappa(neither, second, first, both)
    assert value is None or -1 <= value <= 1
    assert (value == 1) == (first == second == 0 and both > 0 and neither > 0)


def test_kappa_topic_by_topic_and_its_mean():
    readings = [({"a"}, {"a"}), ({"a", "b"}, {"b"}), (set(), set()), ({"b"}, {"a", "b"})]
    found = kappa_per_topic(readings, ["a", "b", "c"])
    assert found == {"a": Fraction(0), "b": Fraction(1), "c": None}
    assert mean_kappa(found) == Fraction(1, 2)
    assert mean_kappa({"c": None}) is None

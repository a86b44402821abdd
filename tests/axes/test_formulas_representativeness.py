"""Shares, intervals and similarity, against published worked examples and against what must hold for all counts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axes.formulas.representativeness import (
    Z,
    agrees,
    proportional_similarity,
    response_rate,
    rounded,
    share,
    wilson,
)

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
samples = st.tuples(counts, st.integers(0, 5000)).map(lambda drawn: (*drawn[0], drawn[0][1] + drawn[1]))
tables = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1000))


# R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998) 857-872,
# table I, method 3 (Wilson score without continuity correction), at its four decimals.
@pytest.mark.parametrize(
    ("mentions", "respondents", "low", "high"),
    [
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_wilson_gives_newcombes_published_intervals(mentions, respondents, low, high):
    # As he printed them, in parts of one: ours in percent have the same four digits.
    assert wilson(mentions, respondents) == pytest.approx(
        (Decimal(low) * 100, Decimal(high) * 100), abs=Decimal("0.01")
    )


@given(counts)
def test_the_interval_holds_the_share_and_stays_between_0_and_100(drawn):
    mentions, respondents = drawn
    low, high = wilson(mentions, respondents)
    assert 0 <= low <= share(mentions, respondents) <= high <= 100


@given(counts)
def test_the_bounds_solve_the_score_equation(drawn):
    """(p̂ - p)² = z² p(1 - p)/n at both ends, within what rounding to two decimals allows."""
    mentions, respondents = drawn
    estimate = Fraction(mentions, respondents)
    for bound, inwards in zip(wilson(mentions, respondents), (1, -1), strict=True):
        for shift, outside in ((Fraction(inwards, 10**4), False), (Fraction(-inwards, 10**4), True)):
            p = Fraction(bound) / 100 + shift
            if 0 < p < 1 and (p < estimate) == (inwards == 1):
                distance = (estimate - p) ** 2 - Fraction(Z) ** 2 * p * (1 - p) / respondents
                assert (distance > 0) == outside


@given(counts)
def test_the_interval_of_the_others_is_the_mirror_image(drawn):
    mentions, respondents = drawn
    low, high = wilson(mentions, respondents)
    other_low, other_high = wilson(respondents - mentions, respondents)
    assert abs(low + other_high - 100) <= Decimal("0.01")
    assert abs(high + other_low - 100) <= Decimal("0.01")


@given(samples)
def test_a_known_frame_only_narrows_the_interval(drawn):
    mentions, respondents, frame = drawn
    wide, narrow = wilson(mentions, respondents), wilson(mentions, respondents, frame)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@given(counts)
def test_when_everybody_in_the_frame_answered_the_interval_is_the_share(drawn):
    mentions, respondents = drawn
    figure = share(mentions, respondents)
    assert wilson(mentions, respondents, respondents) == (figure, figure)


def test_a_frame_smaller_than_the_answers_is_a_mistake():
    with pytest.raises(ValueError, match="frame"):
        wilson(3, 10, 9)


def test_nobody_has_no_share_and_no_interval():
    assert share(0, 0) is None
    assert wilson(0, 0) is None
    assert agrees("0", 0, 0) is None


@pytest.mark.parametrize(("mentions", "respondents"), [(5, 4), (-1, 4)])
def test_more_mentions_than_respondents_are_a_mistake(mentions, respondents):
    with pytest.raises(ValueError, match="once per respondent"):
        share(mentions, respondents)


def test_rounding_is_half_even_from_the_exact_fraction():
    assert str(share(1, 32)) == "3.12"  # 3.125
    assert str(share(3, 32)) == "9.38"  # 9.375
    assert str(share(1, 3)) == "33.33"
    assert str(share(0, 7)) == "0.00"
    assert rounded(None) is None


@given(counts)
def test_a_rounded_share_is_within_half_a_unit(drawn):
    mentions, respondents = drawn
    assert abs(Fraction(share(mentions, respondents)) - Fraction(100 * mentions, respondents)) <= Fraction(1, 200)


# The figures of 12 March 2014: three printed shares are not what their counts give over 48.
@pytest.mark.parametrize(
    ("printed", "mentions", "expected"),
    [
        ("22.92", 11, True),
        ("64.50", 31, False),
        ("58.43", 28, False),
        ("29.16", 14, False),
        ("0", 0, True),
        ("37.50", 18, True),
    ],
)
def test_a_printed_share_agrees_at_its_own_number_of_decimals(printed, mentions, expected):
    assert agrees(printed, mentions, 48) is expected


@given(counts, st.integers(0, 6))
def test_what_is_printed_as_computed_agrees(drawn, decimals):
    assert agrees(str(share(*drawn, decimals)), *drawn)


def test_a_response_rate_can_pass_100_and_needs_a_plan():
    assert response_rate(48, 68) == Decimal("70.59")
    assert response_rate(12, 10) == Decimal("120.00")
    assert response_rate(3, 0) is None


def test_similarity_of_a_hand_calculation():
    """p = (0.5, 0.3, 0.2), q = (0.4, 0.4, 0.2): 0.4 + 0.3 + 0.2 = 0.9."""
    found = proportional_similarity({"a": 5, "b": 3, "c": 2}, {"a": 40, "b": 40, "c": 20})
    assert (found.value, found.stated, found.not_stated) == (Decimal("90.00"), 10, 0)


def test_who_did_not_state_it_stands_apart():
    found = proportional_similarity({"a": 5, "b": 5, None: 7}, {"a": 1, "b": 1})
    assert (found.value, found.stated, found.not_stated) == (Decimal("100.00"), 10, 7)


@pytest.mark.parametrize(
    ("observed", "reference"), [({}, {"a": 1}), ({"a": 1}, {}), ({"a": 0}, {"a": 1}), ({None: 3}, {"a": 1})]
)
def test_nothing_to_compare_is_no_data(observed, reference):
    assert proportional_similarity(observed, reference).value is None


@given(tables, tables)
def test_similarity_is_symmetric_and_between_0_and_100(one, other):
    value = proportional_similarity(one, other).value
    assert value == proportional_similarity(other, one).value
    assert value is None or 0 <= value <= 100


@given(tables, st.integers(1, 50))
def test_the_same_proportions_are_wholly_similar(table, factor):
    value = proportional_similarity(table, {key: count * factor for key, count in table.items()}).value
    assert value == (Decimal("100.00") if sum(table.values()) else None)

"""What is hidden cannot be worked out again, from one release or from several."""

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axes.formulas.suppression import Counts, Hidden, hide, is_too_close
from tests.axes.attack import attack_releases

K = 5


def counts_of(answers: list[tuple], places: list, groups: list, items: list) -> Counts:
    """From (place, group, items named) of each respondent; None: not stated."""
    strata = {
        "municipality": {key: sum(a[0] == key for a in answers) for key in [*places, None]},
        "group": {key: sum(a[1] == key for a in answers) for key in [*groups, None]},
    }
    mentions: Counter = Counter()
    for place, group, named in answers:
        for item in named:
            mentions["municipality", place, item] += 1
            mentions["group", group, item] += 1
    totals = {item: sum(item in a[2] for a in answers) for item in items}
    return Counts(respondents=len(answers), totals=totals, strata=strata, mentions=mentions)


def published(counts: Counts, hidden: Hidden) -> dict:
    """What everybody sees, "not stated" included where nothing forbids it."""

    def show(value, is_hidden):
        return None if is_hidden or hidden.everything else value

    cells = {("all", None, None): show(counts.respondents, False)}
    for item, total in counts.totals.items():
        cells["all", None, item] = show(total, item in hidden.totals)
    for dimension, strata in counts.strata.items():
        for key, n in strata.items():
            if key is None and not n:
                continue
            cells[dimension, key, None] = show(n, (dimension, key) in hidden.respondents)
            for item in counts.totals:
                cells[dimension, key, item] = show(
                    counts.named(dimension, key, item), (dimension, key, item) in hidden.mentions
                )
    return cells


def one(n: dict, m: dict | None = None, groups: dict | None = None) -> Counts:
    """A table with one topic: respondents and mentions by municipality (group: all in one)."""
    m = m or {}
    total, named = sum(n.values()), sum(m.values())
    mentions = {("municipality", key, "t"): count for key, count in m.items()} | {("group", "g", "t"): named}
    return Counts(respondents=total, totals={"t": named}, strata={"municipality": n, "group": groups or {"g": total}},
                  mentions=mentions)  # fmt: skip


def test_large_counts_and_zeros_are_shown():
    hidden = hide(one({"a": 10, "b": 0, "c": 20}, {"a": 5, "c": 7}), K)
    assert hidden == Hidden()


def test_fewer_than_k_respondents_are_hidden_with_the_smallest_other_stratum():
    hidden = hide(one({"a": 3, "b": 30, "c": 12, "d": 0}), K)
    assert hidden.respondents == {("municipality", "a"), ("municipality", "c")}


def test_two_small_strata_hide_each_other():
    hidden = hide(one({"a": 3, "b": 4, "c": 12, "d": 40}), K)
    assert hidden.respondents == {("municipality", "a"), ("municipality", "b")}


def test_mentions_from_one_to_k_minus_one_are_hidden_with_the_smallest_other():
    hidden = hide(one({"a": 20, "b": 20, "c": 20, "d": 20}, {"a": 2, "b": 9, "c": 6, "d": 0}), K)
    assert hidden.respondents == frozenset()
    assert hidden.mentions == {("municipality", "a", "t"), ("municipality", "c", "t")}


def test_mentions_of_hidden_respondents_are_hidden_too():
    hidden = hide(one({"a": 3, "b": 4, "c": 12, "d": 40}, {"a": 3, "b": 4, "c": 10, "d": 20}), K)
    assert {("municipality", "a", "t"), ("municipality", "b", "t")} <= hidden.mentions


def test_a_total_below_k_is_hidden_and_not_told_by_its_parts():
    hidden = hide(one({"a": 20, "b": 20, "c": 20}, {"a": 3}), K)
    assert hidden.totals == {"t"}
    assert ("group", "g", "t") in hidden.mentions
    assert ("municipality", "a", "t") in hidden.mentions


def test_a_zero_is_shown_where_nobody_at_all_named_it():
    hidden = hide(one({"a": 3, "b": 4, "c": 12}, {}), K)
    assert not hidden.totals
    assert not hidden.mentions


def test_five_strata_of_one_are_not_told_by_their_sum():
    """S = 5 over five hidden ones would be five times 1 for whoever knows that zeros are shown."""
    m = dict.fromkeys("abcde", 1)
    hidden = hide(one(dict.fromkeys("abcdefg", 20), m), K)
    assert len([1 for dimension, _, _ in hidden.mentions if dimension == "municipality"]) > 5


def test_everybody_naming_it_pins_nothing():
    counts = one({"a": 5, "b": 5, "c": 30}, {"a": 4, "b": 5, "c": 30})
    assert attack_releases([published(counts, hide(counts, K))]).pinned() == {}


def test_fewer_than_k_in_all_show_nothing():
    assert hide(one({"a": 2, "b": 2}), K).everything


def test_nobody_is_a_zero_and_shown():
    assert hide(one({"a": 0, "b": 0}), K) == Hidden()


def test_a_release_that_differs_by_few_is_withheld():
    first, second = one({"a": 10, "b": 20}), one({"a": 11, "b": 20})
    assert is_too_close(second, [(first, hide(first, K))], K)
    assert not is_too_close(first, [(first, hide(first, K))], K)
    assert not is_too_close(one({"a": 15, "b": 20}), [(first, hide(first, K))], K)


def test_a_stratum_that_grew_by_few_is_hidden_in_the_second_release():
    first, second = one({"a": 10, "b": 20, "c": 30}), one({"a": 12, "b": 29, "c": 37})
    hidden = hide(second, K, [(first, hide(first, K))])
    assert ("municipality", "a") in hidden.respondents
    assert len(hidden.respondents) >= 2


def test_a_hidden_stratum_reappears_only_when_it_grew_by_k():
    first = one({"a": 3, "b": 4, "c": 30})
    shown_first = (first, hide(first, K))
    grown_little = one({"a": 6, "b": 24, "c": 40})
    assert ("municipality", "a") in hide(grown_little, K, [shown_first]).respondents
    grown_enough = one({"a": 8, "b": 24, "c": 40})
    assert hide(grown_enough, K, [shown_first]).respondents == frozenset()


def test_mentions_that_grew_by_few_are_hidden_in_the_second_release():
    n, m = {"a": 20, "b": 20, "c": 20}, {"a": 10, "b": 10, "c": 10}
    first, second = one(n, m), one({"a": 30, "b": 30, "c": 30}, m | {"a": 12, "b": 20})
    hidden = hide(second, K, [(first, hide(first, K))])
    assert ("municipality", "a", "t") in hidden.mentions


def drawn_answers(chance: random.Random, number: int, places: list, groups: list, items: list) -> list[tuple]:
    weights = [chance.choice([0.2, 1, 3]) for _ in places]
    likely = {item: chance.choice([0.0, 0.03, 0.1, 0.3, 0.7, 0.97, 1.0]) for item in items}
    unstated = chance.choice([0, 0, 0.1])
    return [
        (
            None if chance.random() < unstated else chance.choices(places, weights)[0],
            None if chance.random() < unstated else chance.choice(groups),
            frozenset(item for item in items if chance.random() < likely[item]),
        )
        for _ in range(number)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_a_linear_programme_pins_nothing_in_random_consultations(seed):
    chance = random.Random(seed)  # noqa: S311 - the same every time
    places, groups, items = (
        list(range(chance.choice([2, 4, 8]))),
        ["x", "y", "z"][: chance.choice([2, 3])],
        ["s", "t", "u"],
    )
    answers = drawn_answers(chance, chance.choice([6, 12, 25, 60, 150]), places, groups, items)
    counts = counts_of(answers, places, groups, items)
    assert attack_releases([published(counts, hide(counts, K))]).pinned() == {}


@pytest.mark.parametrize("seed", range(12))
def test_a_linear_programme_pins_nothing_over_two_releases(seed):
    chance = random.Random(1000 + seed)  # noqa: S311 - the same every time
    places, groups, items = list(range(chance.choice([3, 6]))), ["x", "y", "z"], ["s", "t"]
    answers = drawn_answers(chance, chance.choice([8, 30, 80]), places, groups, items)
    more = answers + drawn_answers(chance, chance.choice([5, 9, 40]), places, groups, items)
    first, second = counts_of(answers, places, groups, items), counts_of(more, places, groups, items)
    shown_first = (first, hide(first, K))
    cells = [published(*shown_first), published(second, hide(second, K, [shown_first]))]
    assert attack_releases(cells).pinned() == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    answers=st.lists(
        st.tuples(st.sampled_from([0, 1, 2, None]), st.sampled_from(["x", "y"]), st.frozensets(st.sampled_from("st"))),
        max_size=30,
    ),
    minimum=st.sampled_from([3, 5]),
)
def test_no_small_consultation_shows_a_small_count_or_lets_one_be_worked_out(answers, minimum):
    counts = counts_of(answers, [0, 1, 2], ["x", "y"], ["s", "t"])
    cells = published(counts, hide(counts, minimum))
    assert all(count is None or count == 0 or count >= minimum for count in cells.values())
    assert attack_releases([cells]).pinned() == {}

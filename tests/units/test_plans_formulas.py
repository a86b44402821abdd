"""Progress, status and versions as pure functions."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from units.choices import ActionState, ActionStatus
from units.formulas.plans import (
    Step,
    canonical,
    difference,
    digest,
    kept,
    mean_of,
    percent,
    roll_up,
    status_of,
)

weights = st.integers(1, 999_999).map(lambda hundredths: Decimal(hundredths) / 100)
progress = st.integers(0, 100)
milestones = st.lists(st.tuples(weights, progress), min_size=1, max_size=6)
actions = st.lists(st.tuples(weights, milestones), min_size=1, max_size=5)
DAY = date(2026, 6, 1)
# A busy machine is no reason to fail.
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@calm
@given(milestones)
def test_progress_lies_between_the_least_and_the_greatest_milestone(given_milestones):
    own = kept(*mean_of(given_milestones))
    assert min(p for _w, p in given_milestones) <= own <= max(p for _w, p in given_milestones)


@calm
@given(milestones, st.randoms())
def test_the_order_of_milestones_does_not_matter(given_milestones, random):
    mixed = list(given_milestones)
    random.shuffle(mixed)
    assert mean_of(mixed) == mean_of(given_milestones)


@calm
@given(milestones, st.data())
def test_a_milestone_that_advances_never_takes_the_action_back(given_milestones, data):
    place = data.draw(st.integers(0, len(given_milestones) - 1))
    weight, now = given_milestones[place]
    later = [*given_milestones[:place], (weight, data.draw(st.integers(now, 100))), *given_milestones[place + 1 :]]
    assert kept(*mean_of(later)) >= kept(*mean_of(given_milestones))


@calm
@given(milestones, st.integers(1, 9))
def test_only_the_proportion_of_weights_counts(given_milestones, factor):
    scaled = [(weight * factor, p) for weight, p in given_milestones]
    assert kept(*mean_of(scaled)) == kept(*mean_of(given_milestones))


@calm
@given(actions, actions)
def test_a_roll_up_of_two_heaps_is_the_sum_of_their_roll_ups(some, others):
    together = roll_up([*some, *others])
    assert together == tuple(a + b for a, b in zip(roll_up(some), roll_up(others), strict=True))


@calm
@given(actions)
def test_a_roll_up_lies_between_its_actions(given_actions):
    done, whole, count = roll_up(given_actions)
    own = [kept(*mean_of(m)) for _w, m in given_actions]
    assert count == len(given_actions)
    assert min(own) * whole <= done <= max(own) * whole


def test_no_milestones_is_no_data_and_not_zero():
    assert percent(*mean_of([])) is None
    assert percent(None, None) is None
    assert roll_up([(Decimal(1), [])]) == (0, 0, 0)
    assert percent(Decimal(0), Decimal(1)) == Decimal("0.00")


@pytest.mark.parametrize(
    ("done", "whole", "shown", "stored"),
    [
        ("100", "3", "33.33", "33.3333"),
        ("200", "3", "66.67", "66.6667"),
        ("1", "32", "0.03", "0.0313"),
        ("1", "8", "0.12", "0.1250"),
        ("3", "8", "0.38", "0.3750"),
        ("1", "16000", "0.00", "0.0001"),
    ],
)
def test_shown_figures_round_half_to_even_and_kept_ones_half_up(done, whole, shown, stored):
    assert percent(Decimal(done), Decimal(whole)) == Decimal(shown)
    assert kept(Decimal(done), Decimal(whole)) == Decimal(stored)


def status(*steps, state=ActionState.UNDER_WAY, reported=date(2026, 5, 20), **changes):
    given = {
        "state": state,
        "starts_on": date(2026, 1, 1),
        "last_report_on": reported,
        "steps": [Step(*step) for step in steps],
        "stale_days": 180,
        "day": DAY,
    }
    return status_of(**given | changes)


LATER, EARLIER = DAY + timedelta(days=1), DAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (ActionStatus.ON_TIME, status((LATER, 20, 20))),
        (ActionStatus.ON_TIME, status((DAY, 20, 20))),
        (ActionStatus.LATE, status((EARLIER, 20, 20))),
        (ActionStatus.ON_TIME, status((EARLIER, 100, 100), (LATER, 0, 0))),
        (ActionStatus.REGRESSED, status((EARLIER, 20, 30))),
        (ActionStatus.REGRESSED, status((LATER, 0, 10), state=ActionState.PLANNED)),
        (ActionStatus.COMPLETED, status((EARLIER, 100, 100))),
        (ActionStatus.COMPLETED, status((EARLIER, 90, 90), state=ActionState.DONE)),
        (ActionStatus.NOT_STARTED, status((LATER, 0, 0), state=ActionState.PLANNED)),
        (ActionStatus.LATE, status((EARLIER, 0, 0), state=ActionState.PLANNED)),
        (ActionStatus.STOPPED, status((EARLIER, 0, 10), state=ActionState.CANCELLED)),
        (ActionStatus.STOPPED, status((EARLIER, 0, 10), state=ActionState.MERGED)),
        (ActionStatus.STOPPED, status((EARLIER, 0, 10), state=ActionState.CARRIED_OVER)),
        (ActionStatus.ON_TIME, status((LATER, 20, 20), reported=DAY - timedelta(days=180))),
        (ActionStatus.LATE, status((LATER, 20, 20), reported=DAY - timedelta(days=181))),
        (ActionStatus.LATE, status((LATER, 20, 20), reported=None, day=date(2026, 7, 1), stale_days=180)),
        (ActionStatus.LATE, status((LATER, 20, 20), override=ActionStatus.LATE)),
    ],
)
def test_status_table(expected, got):
    assert got == expected


def one(key, **changes):
    return {"key": key, "code": key, "title": "T", "weight": "1.00"} | changes


keys = st.lists(st.sampled_from("abcdefgh"), unique=True)
plans = st.builds(
    lambda title, ks, w: {"title": title, "actions": [one(k, weight=w) for k in ks]},
    st.text(max_size=5), keys, st.sampled_from(["1.00", "2.00"]),
)  # fmt: skip


@calm
@given(plans)
def test_a_content_does_not_differ_from_itself(content):
    assert not difference(content, content)
    assert difference(content, content).unchanged == len(content["actions"])


@calm
@given(plans, plans)
def test_the_difference_read_backwards_swaps_added_and_removed(old, new):
    there, back = difference(old, new), difference(new, old)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert len(there.changed) == len(back.changed)
    assert {c.field: (c.before, c.after) for c in there.head} == {c.field: (c.after, c.before) for c in back.head}


def test_the_same_content_has_the_same_bytes_whatever_the_order_of_its_keys():
    assert canonical({"a": 1, "b": "ção"}) == canonical({"b": "ção", "a": 1}) == '{"a":1,"b":"ção"}'
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

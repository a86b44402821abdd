"""What the demonstration tells holds together: nothing is decided before it was proposed, nobody sits twice."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from units.choices import EndReason, MeetingState, MinutesState
from units.management.commands.load_demo_governance import Days
from units.models import ActionPlan, Composition, Deliberation, Mandate, Meeting, Minutes, MinutesAmendment
from units.queries.effect import with_effect

YEAR = timezone.localdate().year


@pytest.fixture
def shown(db):
    call_command("load_territory", verbosity=0)
    call_command("load_framework", verbosity=0)
    call_command("load_governance", verbosity=0)
    call_command("demo", "--force", "--no-consultations", verbosity=0)


def test_the_demonstration_tells_a_story_that_holds_together(shown):
    every_decision_came_after_what_it_decides_on()
    the_council_changed_as_a_whole_and_no_name_is_two_people()


def every_decision_came_after_what_it_decides_on():
    decided = Deliberation.objects.exclude(closed_at=None)
    assert decided.count() == 14
    assert not decided.filter(proposed_at__gte=F("item__meeting__convened_at")).exists()
    assert not decided.filter(closed_at__gt=F("item__meeting__closed_at")).exists()
    assert not with_effect(decided.filter(state="passed")).filter(effective_at=None).exists()
    assert not decided.filter(plan__submitted_at__gte=F("proposed_at")).exists()
    assert not decided.filter(composition__created_at__gte=F("proposed_at")).exists()
    for plan in ActionPlan.objects.all():
        assert plan.deliberations.get().closed_at.date() < date(plan.year, 1, 1)
    assert Composition.objects.filter(is_agreed=True).count() == 4
    assert not MinutesAmendment.objects.filter(proposed_at__gte=F("minutes__approved_at")).exists()
    assert Minutes.objects.filter(state=MinutesState.PUBLISHED).count() == 2
    assert Counter(Meeting.objects.values_list("state", flat=True)) == {
        MeetingState.CLOSED: 4,
        MeetingState.CONVENED: 2,
    }
    numbers = list(decided.order_by("closed_at").values_list("year", "number"))
    assert numbers == sorted(numbers)


def the_council_changed_as_a_whole_and_no_name_is_two_people():
    council = Mandate.objects.filter(unit__code="CV", is_seat=True)
    assert council.filter(ends_on=None, starts_on=date(YEAR - 1, 10, 31)).count() == 17
    assert council.filter(ends_on=date(YEAR - 1, 10, 30), end_reason=EndReason.ELECTION).count() == 17
    people = {(one.person_id, one.person.name) for one in Mandate.objects.select_related("person")}
    assert len({name for _key, name in people}) == len(people)
    places: dict[int, set[int]] = {}
    for person, place in Mandate.objects.exclude(municipality=None).values_list("person", "municipality"):
        places.setdefault(person, set()).add(place)
    assert {len(each) for each in places.values()} == {1}


@pytest.mark.parametrize("today", [date(YEAR, 1, 1) + timedelta(days=each) for each in (0, 20, 59, 181, 364)])
def test_the_days_come_in_their_order_in_any_week_of_the_year(today):
    days = Days.before(today)
    order = (days.founded, days.units, days.earlier, days.elected, days.later, days.held, today, days.coming)
    assert list(order) == sorted(set(order))

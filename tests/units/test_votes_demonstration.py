"""The demonstration's votes go through the same actions as people's."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from refamp.territory.models import Municipality
from tests.factories import BodyRuleFactory, MandateFactory, MeetingFactory, UnitFactory
from units.actions.vote_demonstration import demo_votes
from units.choices import DecisionRule, ItemKind, MeetingState, MetropolitanAnswer, Position, UnitKind
from units.models import AgendaItem, Deliberation, FollowUp

pytestmark = pytest.mark.django_db


@pytest.fixture
def meetings():
    """One meeting of a Council of seventeen a month ago, and one in a month."""
    call_command("load_territory", verbosity=0)
    unit = UnitFactory(code="CV", kind=UnitKind.COUNCIL, axis_lineage=None, members_min=17, members_max=17)
    UnitFactory(code="UCE", kind=UnitKind.COORDINATION, axis_lineage=None)
    for rule in DecisionRule:
        BodyRuleFactory(unit=unit, rule=rule)
    for number, place in enumerate(Municipality.objects.filter(valid_to__isnull=True).order_by("code")):
        MandateFactory(unit=unit, municipality=place, position=Position.PRESIDENT if number == 0 else Position.MEMBER)
    month = timedelta(days=30)
    made = []
    for starts in (timezone.now() - month, timezone.now() + month):
        meeting = MeetingFactory(unit=unit, starts_at=starts, state=MeetingState.DRAFT, number=None, convened_at=None)
        AgendaItem.objects.create(meeting=meeting, order=1, title="Informações", kind=ItemKind.INFORMATION)
        made.append(meeting)
    return made


def test_the_demonstration_has_one_of_each_kind_and_can_be_run_again(meetings):
    held, coming = meetings
    made = demo_votes(held=held, coming=coming)
    closed = {one.title.split()[0]: (one.state, one.votes_for, one.votes_against, one.abstentions) for one in made[:4]}
    assert closed == {
        "Rede": ("passed", 14, 1, 1),
        "Tabela": ("failed", 7, 7, 2),
        "Candidatura": ("passed", 14, 0, 1),
        "Designação": ("passed", 12, 3, 1),
    }
    assert [one.number for one in made] == [1, 2, 3, 4, None]
    assert made[2].metropolitan_answer == MetropolitanAnswer.AWAITED
    assert set(made[3].votes.values_list("value", flat=True)) == {"", "absent"}
    assert made[4].positions.count() == 8
    assert sorted(FollowUp.objects.values_list("state", flat=True)) == ["done", "open", "open"]
    held.refresh_from_db()
    assert held.state == MeetingState.CLOSED
    before = Deliberation.objects.count()
    demo_votes(held=held, coming=coming)
    assert (Deliberation.objects.count(), FollowUp.objects.count()) == (before, 3)

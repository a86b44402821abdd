"""The demonstration plans, through real deliberations; and workbooks there and back."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from axes.models import Node
from tests.factories import MandateFactory, UnitFactory
from units.actions.attendance import Taken, record_attendance
from units.actions.plan_demonstration import demo_plans
from units.actions.progress import check_progress
from units.actions.votes import cast_vote, close_voting, open_voting
from units.choices import DecisionRule, Position, Presence, UnitKind
from units.formulas.plans import canonical, digest
from units.models import Action, ActionPlan, Deliberation, Mandate, Meeting, Programme
from units.queries.action_status import approved_actions
from units.queries.matrix import matrix

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


def bodies():
    from refamp.territory.models import Municipality  # noqa: PLC0415 - loaded by the test

    places = list(Municipality.objects.filter(valid_to__isnull=True).order_by("code")[:17])
    for number in range(1, 5):
        axis = Node.objects.get(framework__state="in_force", kind="priority_axis", code=f"EP{number}")
        unit = UnitFactory(code=f"UE{number}", axis_lineage=axis.lineage)
        for position in (Position.COORDINATOR, Position.MEMBER):
            MandateFactory(unit=unit, position=position)
    coordination = UnitFactory(code="UCE", kind=UnitKind.COORDINATION, axis_lineage=None)
    for _ in range(3):
        MandateFactory(unit=coordination)
    council = UnitFactory(code="CV", kind=UnitKind.COUNCIL, axis_lineage=None, members_min=17, members_max=17)
    council.decision_rules.create(rule=DecisionRule.SIMPLE_MAJORITY, legal_basis="CPA", is_default=True)
    for place in places:
        MandateFactory(unit=council, municipality=place, is_seat=True)
    return council, places


def meeting(council, number):
    now = timezone.now()
    return Meeting.objects.create(
        unit=council, number=number, year=YEAR, title="Reunião", starts_at=now, ends_at=now + timedelta(hours=2),
        place="Porto",
    )  # fmt: skip


def hold(found):
    """Everybody is there and votes for, as the meeting's own steps would have it."""
    Meeting.objects.filter(pk=found.pk).update(state="convened", convened_at=timezone.now())
    Meeting.objects.filter(pk=found.pk).update(state="in_session", opened_at=timezone.now())
    found.refresh_from_db()
    seats = list(Mandate.objects.filter(unit=found.unit).select_related("municipality"))
    record_attendance(actor=None, meeting=found, taken=[Taken(seat, Presence.IN_PERSON) for seat in seats])
    for deliberation in Deliberation.objects.filter(item__meeting=found).order_by("pk"):
        open_voting(actor=None, deliberation=deliberation)
        for seat in seats:
            cast_vote(actor=None, deliberation=deliberation, municipality=seat.municipality, value="for")
        close_voting(actor=None, deliberation=deliberation)


@pytest.fixture
def demonstration():
    call_command("load_territory")
    call_command("load_framework")
    council, _places = bodies()
    return demo_plans(earlier=meeting(council, 1), later=meeting(council, 2), hold=hold)


def test_the_demonstration_shows_everything_that_plans_can_show(demonstration):
    plans = ActionPlan.objects.filter(year=YEAR)
    assert {plan.unit.code: plan.state for plan in plans} == dict.fromkeys(
        ("UE1", "UE2", "UE3", "UE4", "UCE"), "under_way"
    )
    assert ActionPlan.objects.get(year=YEAR - 1).state == "closed"
    statuses = set(approved_actions().filter(plan__year=YEAR).values_list("status", flat=True))
    assert statuses >= {"late", "regressed"}
    assert Action.objects.filter(plan__year=YEAR, carried_from__isnull=False).count() == 1
    assert Action.objects.get(plan__year=YEAR - 1, code="A03").state == "carried_over"
    assert Action.objects.filter(overrides__withdrawn_at__isnull=True, overrides__isnull=False).count() == 1
    found = matrix(None, year=YEAR)
    assert (found.served, found.holes) == (25, 22)
    assert Programme.objects.count() == 2
    assert check_progress() == []
    for plan in ActionPlan.objects.all():
        version = plan.versions.get()
        assert version.deliberation.state == "passed"
        assert version.sha256 == digest(version.content)
        assert canonical.__module__ == "units.formulas.plans"

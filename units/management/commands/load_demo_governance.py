"""The demonstration of governance: bodies, meetings, decisions and plans, by the same actions as people's."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from units.actions.agenda import add_item
from units.actions.body_demonstration import demo_bodies, demo_compositions
from units.actions.meeting_demonstration import demo_meetings
from units.actions.meetings import prepare_meeting
from units.actions.plan_demonstration import demo_plans
from units.actions.vote_demonstration import demo_votes, hold_demo_meeting, propose_demo_texts
from units.choices import ItemKind
from units.models import Meeting
from units.queries.bodies import council


class Command(BaseCommand):
    help = "Constitutes the bodies with people who do not exist, holds meetings, decides on plans. Run again: nothing."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        if not demo_bodies():
            self.stdout.write("A Council sits already: nothing changed.")
            return
        founding = meeting("Constituição das unidades estratégicas", days=-120)
        demo_compositions(founding)
        hold_demo_meeting(founding)
        earlier, later = meeting("Planos do ano anterior", days=-90), meeting("Planos do ano", days=-30)
        propose_demo_texts(later)
        demo_plans(earlier=earlier, later=later, hold=hold_demo_meeting)
        coming = meeting("Reunião ordinária", days=21)
        demo_votes(held=later, coming=coming)
        demo_meetings(held=later, coming=coming)
        self.stdout.write("Demonstration of governance: bodies constituted, three meetings held, two convened.")


def meeting(title: str, *, days: int) -> Meeting:
    """A meeting of the Council so many days from today, at ten in the morning."""
    unit = council()
    assert unit is not None, "demo_bodies has just constituted it"  # noqa: S101 - cannot be
    day = timezone.localdate() + timedelta(days=days)
    starts = datetime.combine(day, time(10), tzinfo=timezone.get_current_timezone())
    made = prepare_meeting(
        actor=None,
        unit=unit,
        data={
            "title": f"{title} (demonstração)",
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=2),
            "place": "Porto (demonstração)",
        },
    )
    add_item(actor=None, meeting=made, title="Informações", kind=ItemKind.INFORMATION)
    return made

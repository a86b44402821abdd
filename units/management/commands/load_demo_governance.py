"""The demonstration of governance: bodies, meetings, decisions and plans, by the same actions as people's."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from units.actions.agenda import add_item
from units.actions.body_demonstration import demo_bodies, demo_compositions, demo_election
from units.actions.meeting_demonstration import demo_meetings, demo_minutes
from units.actions.meetings import prepare_meeting
from units.actions.plan_demonstration import demo_plans
from units.actions.vote_demonstration import demo_votes, hold_demo_meeting
from units.choices import ItemKind
from units.models import Meeting
from units.queries.bodies import council


class Command(BaseCommand):
    help = "Constitutes the bodies with people who do not exist, holds meetings, decides on plans. Run again: nothing."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        days = Days.before(timezone.localdate())
        if not demo_bodies(days.founded):
            self.stdout.write("A Council sits already: nothing changed.")
            return
        founding = meeting("Constituição das unidades estratégicas", days.units)
        demo_compositions(founding)
        hold_demo_meeting(founding)
        earlier = meeting(f"Planos de {days.year - 1}", days.earlier)
        later = meeting(f"Planos de {days.year}", days.later)
        demo_plans(earlier=earlier, later=later, hold=hold_demo_meeting, between=lambda: demo_election(days.elected))
        demo_minutes(later)
        held = meeting("Reunião ordinária", days.held)
        coming = meeting("Reunião ordinária", days.coming)
        demo_votes(held=held, coming=coming)
        demo_meetings(held=held, coming=coming)
        self.stdout.write("Demonstration of governance: bodies constituted, four meetings held, two convened.")


@dataclass(frozen=True)
class Days:
    """When what happened: each plan is decided before the year it is for, each body sits before it decides."""

    year: int
    founded: date
    units: date
    earlier: date
    elected: date
    later: date
    held: date
    coming: date

    @classmethod
    def before(cls, today: date) -> Self:
        year = today.year
        return cls(
            year=year,
            founded=date(year - 2, 9, 1),
            units=thursday(date(year - 2, 9, 24)),
            earlier=thursday(date(year - 2, 12, 12)),
            elected=date(year - 1, 10, 31),
            # In the first weeks of a year the last ordinary meeting must still come after this one.
            later=thursday(min(date(year - 1, 12, 12), today - timedelta(days=45))),
            held=thursday(today - timedelta(days=28)),
            coming=thursday(today + timedelta(days=27)),
        )


def thursday(day: date) -> date:
    """That day, or the Thursday before it."""
    return day - timedelta(days=(day.weekday() - 3) % 7)


def meeting(title: str, day: date) -> Meeting:
    """A meeting of the Council on a day, at ten in the morning."""
    unit = council()
    assert unit is not None, "demo_bodies has just constituted it"  # noqa: S101 - cannot be
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

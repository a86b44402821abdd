"""What the worker does by the calendar."""

from celery import shared_task
from django.utils import timezone

from axes.actions.phases import turn_phases as turn_due_phases


@shared_task(name="axes.tasks.turn_phases")
def turn_phases() -> int:
    return turn_due_phases(today=timezone.localdate())

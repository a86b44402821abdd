"""What the worker runs."""

from axes.tasks.answers import erase_contacts
from axes.tasks.consultation import turn_phases

__all__ = ["erase_contacts", "turn_phases"]

"""What the worker runs."""

from axes.tasks.answers import erase_contacts

__all__ = ["erase_contacts"]

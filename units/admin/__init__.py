"""The staff's door: reads all, writes only through actions."""

from units.admin import bodies, meetings, plans, votes

__all__ = ["bodies", "meetings", "plans", "votes"]

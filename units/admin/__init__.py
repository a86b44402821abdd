"""The staff's door: reads all, writes only through actions."""

from units.admin import bodies

__all__ = ["bodies"]

"""Who may see and change the territory. It is public; only the command line changes it."""

from typing import Any


def may_read(_user: Any) -> bool:
    """Everybody."""
    return True

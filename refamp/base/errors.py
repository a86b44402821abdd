"""What an action answers when it will not do what it was asked."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The rules of the field forbid it.

    `message` is for a person, in their language; `code` for a machine; `field` names the input at fault, if one is.
    """

    def __init__(self, message: str | Promise, *, code: str = "refused", field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.field = message, code, field


class Stale(Refused):
    """Somebody else saved first. `current` is the object as it is now."""

    def __init__(self, message: str | Promise, *, current: Any) -> None:
        super().__init__(message, code="stale")
        self.current = current


class NotAllowed(PermissionDenied):
    """The person may not do it (the doors answer 403, or 404 where even existence is not theirs to know)."""

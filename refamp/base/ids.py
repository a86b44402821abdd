"""Public identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7 as make


def uuid7() -> UUID:
    """A time-ordered random identifier (RFC 9562, version 7), under a name of ours that migrations can keep."""
    return make()

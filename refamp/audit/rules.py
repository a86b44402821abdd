"""Who may read the record. Accounts stand on a higher floor, so the two roles are known by their words."""

from __future__ import annotations

from typing import Any

READERS = frozenset({"auditor", "coordination"})


def sees_audit(user: Any) -> bool:
    """Auditors and the coordination unit."""
    return bool(user.is_authenticated and user.is_active and READERS & user.held_roles)

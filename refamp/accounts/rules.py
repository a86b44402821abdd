"""Who is who. Every other room's rules begin here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refamp.accounts.choices import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User
    from refamp.territory.models import Municipality


def has_role(user: User | AnonymousUser, *roles: Role) -> bool:
    """Whether an active person holds at least one of the roles today."""
    return user.is_authenticated and user.is_active and any(role in user.held_roles for role in roles)


def is_coordination(user: User | AnonymousUser) -> bool:
    return has_role(user, Role.COORDINATION)


def is_auditor(user: User | AnonymousUser) -> bool:
    return has_role(user, Role.AUDITOR)


def works_for(user: User | AnonymousUser, municipality: Municipality | int | None) -> bool:
    """Whether somebody is a technician of this municipality (given as object or key)."""
    key = getattr(municipality, "pk", municipality)
    return (
        user.is_authenticated
        and user.is_active
        and key is not None
        and any(role == Role.TECHNICIAN and place == key for role, place in user.held_assignments)
    )


def may_use_admin(user: User | AnonymousUser) -> bool:
    return is_coordination(user) or (user.is_authenticated and user.is_active and user.is_superuser)

"""Who is who. Every other room's rules begin here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refamp.accounts.choices import ROLES_WITH_SECOND_FACTOR, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import ApiToken, User
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
    """A person, never a token that acts for one municipality."""
    if not user.is_authenticated or not user.is_active or user.acts_only_for is not None:
        return False
    return is_coordination(user) or user.is_superuser


def owes_second_factor(user: User | AnonymousUser) -> bool:
    """Whoever could do much harm with a stolen password: the coordination unit, auditors, whoever uses the admin."""
    return has_role(user, *ROLES_WITH_SECOND_FACTOR) or may_use_admin(user)


def may_manage_people(user: User | AnonymousUser) -> bool:
    """Invite, see who holds which role, see every token."""
    return is_coordination(user)


def may_change_roles_of(user: User | AnonymousUser, person: User) -> bool:
    """Nobody gives a role to, or takes one from, themselves: a second person of the coordination unit does."""
    return is_coordination(user) and person.pk != user.pk and person.erased_at is None


def may_erase(user: User | AnonymousUser, person: User) -> bool:
    """Asked for by the person, carried out by somebody else of the coordination unit."""
    return may_change_roles_of(user, person)


def may_revoke_token(user: User | AnonymousUser, token: ApiToken) -> bool:
    return user.is_authenticated and user.is_active and (token.user_id == user.pk or is_coordination(user))

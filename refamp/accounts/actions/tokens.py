"""Tokens of other systems."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.choices import LONGEST_TOKEN_DAYS, ROLES_OF_A_MUNICIPALITY, Scope
from refamp.accounts.models import ApiToken, User
from refamp.accounts.queries import has_second_factor
from refamp.accounts.rules import may_revoke_token, owes_second_factor
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from refamp.territory.models import Municipality

PREFIX = "refamp"
REMEMBERED_AT_MOST_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal. The secrets are 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_token(
    *,
    actor: User | None,
    owner: User,
    name: str,
    scopes: Iterable[str],
    days: int,
    municipality: Municipality | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that acts for its owner; the answer is the row and what to show once: `refamp_<key>_<secret>`.

    With a municipality it acts only for it, so the owner must hold a role there. Whoever owes a second factor has to
    have set it up: a token goes past it.
    """
    if actor is not None and actor.pk != owner.pk:
        raise NotAllowed
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(Scope.values):
        raise Refused(_("Choose what the token may do."), code="unknown_scope", field="scopes")
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise Refused(_("A token lives for 1 to 366 days."), code="out_of_range", field="days")
    with transaction.atomic():
        owner = User.objects.select_for_update().get(pk=owner.pk)
        if not owner.is_active:
            raise Refused(_("This account is inactive."), code="inactive")
        if owes_second_factor(owner) and not has_second_factor(owner):
            raise Refused(_("Set up the second factor first: a token goes past it."), code="second_factor")
        if municipality is not None and not any(
            place == municipality.pk and role in ROLES_OF_A_MUNICIPALITY for role, place in owner.held_assignments
        ):
            raise Refused(
                _("The account holds no role in this municipality."), code="no_role_there", field="municipality"
            )
        key, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        token = ApiToken.objects.create(
            user=owner,
            name=name.strip(),
            key=key,
            secret_hash=digest(secret),
            scopes=wanted,
            municipality=municipality,
            expires_at=timezone.now() + timedelta(days=days),
        )
        record(
            actor=actor,
            action="token.made",
            obj=token,
            after={
                "key": key,
                "scopes": wanted,
                "municipality": municipality and municipality.code,
                "expires_at": token.expires_at,
            },
        )
        return token, f"{PREFIX}_{key}_{secret}"


def revoke_token(*, actor: User | None, token: ApiToken, reason: str = "") -> ApiToken:
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(pk=token.pk)
        if actor is not None and not may_revoke_token(actor, token):
            raise NotAllowed
        if token.revoked_at is not None:
            raise Refused(_("This token was already revoked."), code="wrong_state")
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(actor=actor, action="token.revoked", obj=token, before={"key": token.key}, reason=reason)
        return token


def note_use(*, token: ApiToken) -> None:
    """Remember when a token was last used, at most once a minute: busy systems would otherwise write at every call."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > REMEMBERED_AT_MOST_EVERY:
        ApiToken.objects.filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - REMEMBERED_AT_MOST_EVERY), pk=token.pk
        ).update(last_used_at=now)

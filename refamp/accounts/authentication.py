"""Who calls: a system with a token, or a person with a session and, where they owe it, a second factor."""

import hmac
from enum import Enum

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from refamp.accounts.actions import digest, note_use
from refamp.accounts.actions.tokens import PREFIX
from refamp.accounts.models import ApiToken, User
from refamp.accounts.queries import has_second_factor
from refamp.accounts.rules import owes_second_factor


class Factor(Enum):
    """Where a session stands with its second factor."""

    NOT_OWED_OR_SHOWN = "fine"
    TO_SET_UP = "to_set_up"
    TO_SHOW = "to_show"


def signed_in_user(request: HttpRequest) -> User:
    """The person behind a door that lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101 - the door has already asked
    return request.user


def second_factor(request: HttpRequest) -> Factor:
    """A factor set up in another session does not raise this one: it has to be shown here too."""
    if not isinstance(request.user, User) or not owes_second_factor(request.user):
        return Factor.NOT_OWED_OR_SHOWN
    if not has_second_factor(request.user):
        return Factor.TO_SET_UP
    shown = any(entry.get("method") == "mfa" for entry in get_authentication_records(request, request.user))
    return Factor.NOT_OWED_OR_SHOWN if shown else Factor.TO_SHOW


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer refamp_<key>_<secret>`. What is wrong with a token is not told apart to the caller."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        parts = given.strip().split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:  # noqa: PLR2004 - prefix, key, secret
            raise AuthenticationFailed(_("This token is not valid."))
        _prefix, key, secret = parts
        token = ApiToken.objects.usable().select_related("user", "municipality").filter(key=key[:16]).first()
        known = token.secret_hash if token else "0" * 64
        if not hmac.compare_digest(known, digest(secret)) or token is None:
            raise AuthenticationFailed(_("This token is not valid."))
        note_use(token=token)
        user = token.user
        user.acts_only_for = token.municipality_id
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="REF-AMP"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with its CSRF token, and only after the second factor."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = super().authenticate(request)
        if found is not None and second_factor(request._request) is not Factor.NOT_OWED_OR_SHOWN:
            raise PermissionDenied(_("Set up or show your second factor first."), code="second_factor")
        return found

"""Who may call: the rule that the door declares, and the scopes of the token where one is used."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class DeclaredPermission(BasePermission):
    """`read_rule(user)` for reading, `write_rule(user)` for the rest; a token also needs the scope for it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        safe = request.method in SAFE_METHODS
        rule = getattr(view, "read_rule" if safe else "write_rule", None)
        if rule is None:
            if safe:
                raise ImproperlyConfigured(f"{type(view).__name__} declares no rule.")
            # No write rule: nobody writes here. The method itself is answered 405 before this is asked.
            return False
        if not rule(request.user):
            return False
        scopes = getattr(request.auth, "scopes", None)
        needed = "read" if safe else f"write:{view.scope}"
        if scopes is not None and needed not in scopes:
            raise PermissionDenied(_("This token does not have the scope for it."), code="scope")
        return True

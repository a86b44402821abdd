"""Whoever owes a second factor goes and sets it up first. Language follows the account."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from refamp.accounts.authentication import Factor, second_factor

# What one needs on the way to a second factor, and what says how to get help.
OPEN = {
    "accounts:second_factor",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "account_logout",
    "set_language",
    "lobby:privacy",
    "lobby:accessibility",
    "lobby:healthz",
    "lobby:readyz",
}
# Only while there is no factor yet: whoever has one shows it before another is added, or a stolen password would do.
TO_SET_UP = {"accounts:activate_codes", "accounts:add_key"}


class RequireSecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """The API asks for itself (`SessionAuthentication`): a token goes past the factor, and it answers in JSON."""
        match = request.resolver_match
        if (
            hasattr(view, "cls")
            or match is None
            or match.view_name in OPEN
            or settings.SESSION_COOKIE_NAME not in request.COOKIES
        ):
            return None
        state = second_factor(request)
        if state is Factor.NOT_OWED_OR_SHOWN or (state is Factor.TO_SET_UP and match.view_name in TO_SET_UP):
            return None
        back = urlencode({"next": request.get_full_path() if request.method == "GET" else "/"})
        name = "accounts:second_factor" if state is Factor.TO_SET_UP else "mfa_reauthenticate"
        return away(request, f"{reverse(name)}?{back}")


def away(request: HttpRequest, address: str) -> HttpResponse:
    """A fragment cannot follow a redirect into a whole page: it is told to load the page instead."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)

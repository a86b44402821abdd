"""Second factors: the library's pages, which here also mark the session in which a factor was set up."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from refamp.accounts.authentication import Factor, signed_in_user
from refamp.accounts.authentication import second_factor as state_of
from refamp.accounts.rules import owes_second_factor
from refamp.audit.actions import CHANGED, record
from refamp.base.doors import door, signed_in

NEXT = "after_second_factor"


@door(signed_in)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why a second factor is needed, and the two ways to set one up."""
    target = request.GET.get("next", "")
    if target and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        request.session[NEXT] = target
    if state_of(request) is not Factor.TO_SET_UP and owes_second_factor(request.user):
        # Not `redirect`, which takes a word without a slash for the name of a view.
        return HttpResponseRedirect(request.session.pop(NEXT, None) or reverse("lobby:home"))
    return render(request, "accounts/second_factor.html", {"next": target})


class Shown:
    """Whoever has just set a factor up has shown it: in this session they need not show it again."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[misc]  # the library's view beside which this stands
        user = signed_in_user(self.request)
        factor = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).latest("pk")
        record_authentication(self.request, user, "mfa", id=factor.pk, type=factor.type)
        record(
            actor=user,
            action="account.second_factor_added",
            obj=user,
            after={"kind": factor.type, "second_factor": CHANGED},
            label=f"conta {str(user.public_id)[-8:]}",
        )
        return response


class ActivateCodes(Shown, ActivateTOTPView):
    """A code app (TOTP)."""


class AddKey(Shown, AddWebAuthnView):
    """A passkey or a security key."""


activate_codes = door(signed_in, methods=("GET", "POST"))(ActivateCodes.as_view())
add_key = door(signed_in, methods=("GET", "POST"))(AddKey.as_view())


@door(signed_in, methods=("GET", "POST"))
def not_here(request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """Addresses of the login library that this platform does without."""
    return redirect(reverse("accounts:me"))

"""My own tokens."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from refamp.accounts.actions import make_token, revoke_token
from refamp.accounts.authentication import signed_in_user
from refamp.accounts.forms import TokenForm
from refamp.accounts.queries import tokens_of
from refamp.base.doors import door, refused, signed_in
from refamp.base.errors import Refused


@door(signed_in, methods=("GET", "POST"))
@reauthentication_required
def tokens(request: HttpRequest) -> HttpResponse:
    """What I gave to other systems; a new one is shown once, on the answer to the form itself."""
    form, fresh = TokenForm(request.POST or None, owner=signed_in_user(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            _token, fresh = make_token(
                actor=signed_in_user(request), owner=signed_in_user(request), **form.cleaned_data
            )
        except Refused as error:
            refused(request, form, error)
        else:
            form = TokenForm(owner=signed_in_user(request))
    answer = render(
        request, "accounts/tokens.html", {"form": form, "fresh": fresh, "tokens": tokens_of(signed_in_user(request))}
    )
    answer["Cache-Control"] = "no-store"
    return answer


@door(signed_in, methods=("POST",))
def token_revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    token = get_object_or_404(tokens_of(signed_in_user(request)), public_id=public_id)
    try:
        revoke_token(actor=signed_in_user(request), token=token)
        messages.success(request, _("Token revoked."))
    except Refused as error:
        refused(request, None, error)
    return redirect("accounts:tokens")

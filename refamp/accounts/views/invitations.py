"""Inviting, and being invited."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from refamp.accounts.actions import accept_invitation, digest, resend_invitation, send_invitation, withdraw_invitation
from refamp.accounts.authentication import signed_in_user
from refamp.accounts.forms import AcceptForm, InvitationForm
from refamp.accounts.models import Invitation
from refamp.accounts.queries import is_usable, open_invitations
from refamp.accounts.rules import may_manage_people
from refamp.base.doors import door, everyone, refused
from refamp.base.errors import Refused


@door(may_manage_people, methods=("GET", "POST"))
def invitations(request: HttpRequest) -> HttpResponse:
    """Who was invited and has not come yet, and a form to invite."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            send_invitation(actor=signed_in_user(request), **form.cleaned_data)
        except Refused as error:
            refused(request, form, error)
        else:
            messages.success(request, _("Invitation sent."))
            return redirect("accounts:invitations")
    return render(request, "accounts/invitations.html", {"form": form, "invitations": open_invitations()})


def step(request: HttpRequest, public_id: UUID, action: Any, done: str) -> HttpResponse:
    invitation = get_object_or_404(Invitation, public_id=public_id)
    try:
        action(actor=signed_in_user(request), invitation=invitation)
        messages.success(request, done)
    except Refused as error:
        refused(request, None, error)
    return redirect("accounts:invitations")


@door(may_manage_people, methods=("POST",))
def invitation_resend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return step(request, public_id, resend_invitation, _("Invitation sent again. The earlier link no longer works."))


@door(may_manage_people, methods=("POST",))
def invitation_withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return step(request, public_id, withdraw_invitation, _("Invitation withdrawn."))


@sensitive_post_parameters("password", "password_again")
@door(everyone, methods=("GET", "POST"))
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link: choose name and password, and be logged in through the login library."""
    too_many = ratelimit.consume_or_429(request, action="accept_invitation")
    if too_many is not None:
        return too_many
    invitation = Invitation.objects.select_related("municipality").filter(token_hash=digest(token)).first()
    if invitation is None or not is_usable(invitation):
        return render(request, "accounts/accept_gone.html", status=410 if invitation else 404)
    form = AcceptForm(request.POST or None, initial={"name": invitation.name}, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_invitation(
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=get_language() or "pt-pt",
            )
        except Refused as error:
            refused(request, form, error)
        else:
            get_adapter(request).login(request, user)
            # They have just chosen it: the second factor that follows need not ask for it again.
            record_authentication(request, user, "password", reauthenticated=True)
            return redirect("lobby:home")
    answer = render(request, "accounts/accept.html", {"form": form, "invitation": invitation})
    # Not `no-referrer`: browsers then send `Origin: null` with the form, which the check against forgery refuses.
    answer["Referrer-Policy"], answer["Cache-Control"] = "same-origin", "no-store"
    return answer

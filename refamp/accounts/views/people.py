"""People and their roles, for the coordination unit."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from refamp.accounts.actions import (
    deactivate_account,
    end_role,
    erase_person,
    grant_role,
    reactivate_account,
    reset_second_factor,
    revoke_token,
)
from refamp.accounts.authentication import signed_in_user
from refamp.accounts.choices import Role
from refamp.accounts.forms import ReasonForm, RoleForm
from refamp.accounts.models import ApiToken, Assignment, User
from refamp.accounts.queries import all_tokens, has_second_factor, open_invitations, people
from refamp.accounts.rules import may_change_roles_of, may_manage_people
from refamp.base.doors import check, door, refused
from refamp.base.errors import Refused
from refamp.base.text import fold


@door(may_manage_people)
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody, filtered by role and by a part of name or address."""
    wanted, role = fold(request.GET.get("q", "")), request.GET.get("role", "")
    found = list(people())
    if role in Role.values:
        found = [
            person for person in found if role in {held.role for held in getattr(person, "present_assignments", [])}
        ]
    if wanted:
        found = [person for person in found if wanted in fold(f"{person.name} {person.email}")]
    return render(
        request,
        "accounts/people.html",
        {
            "people": found,
            "roles": Role.choices,
            "role": role,
            "q": request.GET.get("q", ""),
            "waiting": open_invitations().count(),
        },
    )


@door(may_manage_people, methods=("GET", "POST"))
def person_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One account: what it holds, and a form to give it a role."""
    person = get_object_or_404(people(), public_id=public_id)
    form = RoleForm(request.POST or None)
    if request.method == "POST":
        check(may_change_roles_of(request.user, person))
        if form.is_valid():
            try:
                grant_role(actor=signed_in_user(request), person=person, **form.cleaned_data)
            except Refused as error:
                refused(request, form, error)
            else:
                messages.success(request, _("Role added."))
                return redirect("accounts:person", public_id)
    return render(
        request,
        "accounts/person.html",
        {
            "person": person,
            "form": form,
            "may_change": may_change_roles_of(request.user, person),
            "has_factor": has_second_factor(person),
        },
    )


# What may be done with an account, each asked before and with its reason: address → (action, question, consequence).
STEPS: dict[str, tuple[Callable[..., User], Any, Any]] = {
    "desativar": (
        deactivate_account,
        gettext_lazy("Deactivate this account?"),
        gettext_lazy("Sessions and tokens stop working at once."),
    ),
    "reativar": (
        reactivate_account,
        gettext_lazy("Make this account active again?"),
        gettext_lazy("The person can log in again."),
    ),
    "repor-segundo-fator": (
        reset_second_factor,
        gettext_lazy("Take the second factor away?"),
        gettext_lazy("The person sets up a new one at the next login. Make sure that it is really they who ask."),
    ),
    "apagar": (
        erase_person,
        gettext_lazy("Erase the personal data of this account?"),
        gettext_lazy("This cannot be undone. What was done with the account stays, under a pseudonym."),
    ),
}


@door(may_manage_people, methods=("GET", "POST"))
def person_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    """Ask, then do one of `STEPS`."""
    person = get_object_or_404(people(), public_id=public_id)
    check(may_change_roles_of(request.user, person))
    action, question, consequence = STEPS[step]
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            action(actor=signed_in_user(request), person=person, reason=form.cleaned_data["reason"])
        except Refused as error:
            refused(request, form, error)
        else:
            messages.success(request, _("Done."))
            return redirect("accounts:people")
    context = {"person": person, "form": form, "question": question, "consequence": consequence, "step": step}
    return render(request, "accounts/person_step.html", context)


@door(may_manage_people, methods=("POST",))
def role_end(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    assignment = get_object_or_404(Assignment.objects.current(), pk=pk, user__public_id=public_id)
    try:
        end_role(actor=signed_in_user(request), assignment=assignment)
        messages.success(request, _("Role ended."))
    except Refused as error:
        refused(request, None, error)
    return redirect("accounts:person", public_id)


@door(may_manage_people)
def every_token(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/tokens_all.html", {"tokens": all_tokens()[:500]})


@door(may_manage_people, methods=("POST",))
def any_token_revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    token = get_object_or_404(ApiToken, public_id=public_id)
    try:
        revoke_token(actor=signed_in_user(request), token=token)
        messages.success(request, _("Token revoked."))
    except Refused as error:
        refused(request, None, error)
    return redirect("accounts:tokens_all")

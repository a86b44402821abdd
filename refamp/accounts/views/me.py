"""My own account."""

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from refamp.accounts.actions import ask_for_erasure, change_own_details, export_person
from refamp.accounts.authentication import signed_in_user
from refamp.accounts.forms import DetailsForm
from refamp.accounts.models import Assignment
from refamp.accounts.queries import SECOND_FACTORS, tokens_of
from refamp.accounts.rules import owes_second_factor
from refamp.base.doors import door, refused, signed_in
from refamp.base.errors import Refused, Stale


@door(signed_in, methods=("GET", "POST"))
def me(request: HttpRequest) -> HttpResponse:
    person = signed_in_user(request)
    form = DetailsForm(
        request.POST or None, initial={name: getattr(person, name) for name in ("name", "language", "digest")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            version = int(request.POST.get("version", "") or 0)
            person = change_own_details(actor=person, version=version, **form.cleaned_data)
        except Stale as stale:
            form.add_error(None, str(stale.message))
            person = stale.current
        except (Refused, ValueError) as error:
            refused(request, form, error if isinstance(error, Refused) else Refused(_("Reload the page.")))
        else:
            messages.success(request, _("Saved."))
            return in_language(redirect("accounts:me"), person.language)
    return render(
        request,
        "accounts/me.html",
        {
            "form": form,
            "person": person,
            "roles": Assignment.objects.current().filter(user=person).select_related("municipality"),
            "factors": Authenticator.objects.filter(user=person, type__in=SECOND_FACTORS).order_by("created_at"),
            "owes_factor": owes_second_factor(person),
            "sessions": UserSession.objects.filter(user=person).count(),
            "tokens": tokens_of(person).usable().count(),
        },
    )


def in_language(response: HttpResponse, language: str) -> HttpResponse:
    """The browser remembers the language that the account prefers."""
    translation.activate(language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", secure=settings.SECURE_SITE
    )
    return response


@door(signed_in)
@reauthentication_required
def export(request: HttpRequest) -> HttpResponse:
    """A copy of my data, as a file."""
    answer = JsonResponse(
        export_person(person=signed_in_user(request)), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = 'attachment; filename="os-meus-dados.json"'
    answer["Cache-Control"] = "no-store"
    return answer


@door(signed_in, methods=("GET", "POST"))
@reauthentication_required
def erase(request: HttpRequest) -> HttpResponse:
    """Ask that my data be erased."""
    if request.method == "POST":
        try:
            ask_for_erasure(actor=signed_in_user(request))
            messages.success(request, _("Your request was noted. The coordination unit answers within a month."))
        except Refused as error:
            refused(request, None, error)
        return redirect("accounts:me")
    return render(request, "accounts/erase.html", {"person": request.user})

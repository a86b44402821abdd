"""Accounts in the admin: to look at, and to switch on and off through the actions. Passwords are never shown."""

from importlib import import_module
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from refamp.accounts.actions import deactivate_account, reactivate_account, revoke_token, withdraw_invitation
from refamp.accounts.models import ApiToken, Assignment, DigestSent, Invitation, User
from refamp.base.admin import ReadOnlyAdmin
from refamp.base.errors import Refused

admin.site.site_header = _("REF-AMP · tables")
admin.site.site_title = _("REF-AMP · tables")
admin.site.index_title = _("Tables")
# One way in for everybody: the admin's own login page knows neither second factors nor limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Tables of the login library that say nothing more than ours do, or that nobody may read: secrets of second factors.
# They are loaded first, so that what they register can be taken out.
for app in ("allauth.account", "allauth.mfa", "allauth.usersessions", "django.contrib.auth"):
    import_module(f"{app}.admin")
for model in (Authenticator, EmailAddress, UserSession, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def one_by_one(request: HttpRequest, action: Any, name: str, rows: QuerySet) -> None:
    """Call an action for each chosen row and say what came of it."""
    done = 0
    for row in rows:
        try:
            action(actor=request.user, **{name: row})
        except Refused as error:
            messages.error(request, f"{row}: {error.message}")
        else:
            done += 1
    if done:
        messages.success(request, _("Done: %(number)d.") % {"number": done})


class AssignmentInline(admin.TabularInline):
    model = Assignment
    extra = 0
    can_delete = False
    fields = ["role", "municipality", "starts_on", "ends_on"]
    readonly_fields = ["role", "municipality", "starts_on", "ends_on"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "is_active", "last_login", "erased_at"]
    list_filter = ["is_active", "assignments__role"]
    search_fields = ["name", "email"]
    exclude = ["password", "groups", "user_permissions"]
    inlines = [AssignmentInline]
    actions = ["deactivate", "reactivate"]

    @admin.action(description=_("Deactivate the chosen accounts"))
    def deactivate(self, request: HttpRequest, rows: QuerySet) -> None:
        one_by_one(request, deactivate_account, "person", rows)

    @admin.action(description=_("Make the chosen accounts active again"))
    def reactivate(self, request: HttpRequest, rows: QuerySet) -> None:
        one_by_one(request, reactivate_account, "person", rows)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ["user", "role", "municipality", "starts_on", "ends_on"]
    list_filter = ["role", "municipality"]
    list_select_related = ["user", "municipality"]
    search_fields = ["user__name", "user__email"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "role", "municipality", "created_at", "expires_at", "accepted_at", "withdrawn_at"]
    list_filter = ["role"]
    list_select_related = ["municipality"]
    search_fields = ["name", "email"]
    exclude = ["token_hash"]
    actions = ["withdraw"]

    @admin.action(description=_("Withdraw the chosen invitations"))
    def withdraw(self, request: HttpRequest, rows: QuerySet) -> None:
        one_by_one(request, withdraw_invitation, "invitation", rows)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "key", "municipality", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user", "municipality"]
    search_fields = ["name", "key", "user__name"]
    exclude = ["secret_hash"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke the chosen tokens"))
    def revoke(self, request: HttpRequest, rows: QuerySet) -> None:
        one_by_one(request, revoke_token, "token", rows)


@admin.register(DigestSent)
class DigestSentAdmin(ReadOnlyAdmin):
    list_display = ["person", "day"]
    list_select_related = ["person"]

"""Accounts and the roles they hold."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.choices import ROLES_OF_A_MUNICIPALITY, DigestPace, Role
from refamp.accounts.models import Assignment, User
from refamp.accounts.rules import may_change_roles_of
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.territory.models import Municipality


def label_of(person: User) -> str:
    """How the audit record names an account: never by a name or an address, which must remain erasable."""
    return f"conta {str(person.public_id)[-8:]}"


def create_account(
    *, actor: User | None, email: str, name: str, password: str | None = None, language: str = "pt-pt", **fields: bool
) -> User:
    """Make an account without any role. The address is kept in lower case."""
    with transaction.atomic():
        if User.objects.filter(email=email.strip().lower()).exists():
            raise Refused(_("This address already has an account."), code="exists", field="email")
        user = User.objects.create_user(email.strip(), password, name=name.strip(), language=language, **fields)
        record(
            actor=actor or user,
            action="account.created",
            obj=user,
            after={"email": CHANGED, "name": CHANGED},
            label=label_of(user),
        )
        return user


def check_may_change(actor: User | None, person: User) -> None:
    """`actor` None is the platform itself (command line, demonstration)."""
    if actor is None or may_change_roles_of(actor, person):
        return
    if actor.pk == person.pk:
        raise Refused(_("Nobody changes their own roles: ask a colleague of the coordination unit."), code="own_roles")
    raise NotAllowed


def grant_role(
    *, actor: User | None, person: User, role: str, municipality: Municipality | None = None, reason: str = ""
) -> Assignment:
    """Give somebody a role from today. Local roles need their municipality, the others have none."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        check_may_change(actor, person)
        local = role in ROLES_OF_A_MUNICIPALITY
        if local and municipality is None:
            raise Refused(_("This role belongs to a municipality: say which."), code="no_place", field="municipality")
        place = municipality if local else None
        if person.assignments.current().filter(role=role, municipality=place).exists():
            raise Refused(_("This account already has this role there."), code="exists", field="role")
        assignment = Assignment.objects.create(user=person, role=role, municipality=place)
        record(
            actor=actor,
            action="account.role_granted",
            obj=person,
            after={"role": role, "municipality": place and place.code},
            reason=reason,
            label=label_of(person),
        )
        return assignment


def end_role(*, actor: User | None, assignment: Assignment, reason: str = "") -> Assignment:
    """Take a role away at once: yesterday was its last day, or today where it began today and never counted."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=assignment.user_id)
        assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
        check_may_change(actor, person)
        today = timezone.localdate()
        if assignment.ends_on is not None and assignment.ends_on < today:
            raise Refused(_("This role has already ended."), code="wrong_state")
        before = {"role": assignment.role, "municipality": assignment.municipality and assignment.municipality.code}
        if assignment.starts_on >= today:
            assignment.delete()
        else:
            assignment.ends_on = today - timedelta(days=1)
            assignment.save(update_fields=["ends_on"])
        record(
            actor=actor, action="account.role_ended", obj=person, before=before, reason=reason, label=label_of(person)
        )
        return assignment


def deactivate_account(*, actor: User | None, person: User, reason: str = "") -> User:
    """Shut somebody out: sessions and tokens stop working at once, what they did stays."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        check_may_change(actor, person)
        if not person.is_active:
            raise Refused(_("This account is already inactive."), code="wrong_state")
        person.is_active = False
        person.version += 1
        person.save(update_fields=["is_active", "version"])
        person.tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        record(
            actor=actor,
            action="account.deactivated",
            obj=person,
            before={"is_active": True},
            after={"is_active": False},
            reason=reason,
            label=label_of(person),
        )
        return person


def reactivate_account(*, actor: User | None, person: User, reason: str = "") -> User:
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        check_may_change(actor, person)
        if person.is_active or person.erased_at is not None:
            raise Refused(_("This account cannot be made active again."), code="wrong_state")
        person.is_active = True
        person.version += 1
        person.save(update_fields=["is_active", "version"])
        record(
            actor=actor,
            action="account.reactivated",
            obj=person,
            before={"is_active": False},
            after={"is_active": True},
            reason=reason,
            label=label_of(person),
        )
        return person


def change_own_details(*, actor: User, name: str, language: str, digest: str, version: int) -> User:
    """What one may say about oneself."""
    if digest not in DigestPace.values:
        raise Refused(_("Unknown choice."), code="unknown", field="digest")
    if language not in dict(settings.LANGUAGES):
        raise Refused(_("Unknown language."), code="unknown", field="language")
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=actor.pk)
        if person.version != version:
            raise Stale(_("Somebody saved your account in the meantime: look again."), current=person)
        wanted = {"name": name, "language": language, "digest": digest}
        changed = {key: CHANGED for key, value in wanted.items() if getattr(person, key) != value}
        person.name, person.language, person.digest = name, language, digest
        person.version += 1
        person.save(update_fields=["name", "language", "digest", "version"])
        if changed:
            record(actor=actor, action="account.details_changed", obj=person, after=changed, label=label_of(person))
        return person


def reset_second_factor(*, actor: User | None, person: User, reason: str) -> User:
    """Somebody lost phone and recovery codes: take the factors away, so that they set up new ones at the next login."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        check_may_change(actor, person)
        removed, _kinds = Authenticator.objects.filter(user=person).delete()
        if not removed:
            raise Refused(_("This account has no second factor."), code="wrong_state")
        record(
            actor=actor,
            action="account.second_factor_reset",
            obj=person,
            after={"second_factor": CHANGED},
            reason=reason,
            label=label_of(person),
        )
        return person


def has_coordination() -> bool:
    """Whether anybody at all runs the platform (asked by the command that makes the first account)."""
    return Assignment.objects.current().filter(role=Role.COORDINATION, user__is_active=True).exists()

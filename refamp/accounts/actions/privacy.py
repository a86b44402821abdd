"""What the general data protection regulation gives a person: a copy of their data, and its end."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.actions.people import label_of
from refamp.accounts.models import ApiToken, DigestSent, Invitation, User
from refamp.accounts.rules import may_erase
from refamp.audit.actions import CHANGED, record
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email

ERASED_NAME = "Conta apagada"


def export_person(*, person: User) -> dict[str, Any]:
    """Everything that is kept about an account, for its owner. Secrets and their hashes are left out."""
    return {
        "account": {
            "id": str(person.public_id),
            "email": person.email,
            "name": person.name,
            "language": person.language,
            "digest": person.digest,
            "joined_at": person.joined_at,
            "last_login": person.last_login,
        },
        "roles": [
            {
                "role": held.role,
                "municipality": held.municipality and held.municipality.code,
                "from": held.starts_on,
                "until": held.ends_on,
            }
            for held in person.assignments.select_related("municipality")
        ],
        "second_factors": [
            {"kind": factor.type, "made_at": factor.created_at, "last_used_at": factor.last_used_at}
            for factor in Authenticator.objects.filter(user=person)
        ],
        "sessions": [
            {"address": session.ip, "browser": session.user_agent, "began_at": session.created_at}
            for session in UserSession.objects.filter(user=person)
        ],
        "tokens": [
            {
                "name": token.name,
                "key": token.key,
                "scopes": token.scopes,
                "made_at": token.created_at,
                "expires_at": token.expires_at,
                "last_used_at": token.last_used_at,
                "revoked_at": token.revoked_at,
            }
            for token in person.tokens.all()
        ],
        "invitations": [
            {"role": invitation.role, "sent_at": invitation.created_at, "accepted_at": invitation.accepted_at}
            for invitation in Invitation.objects.filter(email=person.email)
        ],
        "what_you_did": [
            {"at": event.at, "action": event.action, "object": event.object_label, "reason": event.reason}
            for event in Event.objects.filter(actor=person).order_by("id").iterator()
        ],
    }


def ask_for_erasure(*, actor: User) -> User:
    """The person asks; somebody of the coordination unit, who is told on their dashboard, carries it out."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=actor.pk)
        if person.erasure_asked_at is not None:
            raise Refused(_("You have already asked for this."), code="wrong_state")
        person.erasure_asked_at = timezone.now()
        person.save(update_fields=["erasure_asked_at"])
        record(actor=actor, action="account.erasure_asked", obj=person, label=label_of(person))
        return person


def erase_person(*, actor: User | None, person: User, reason: str = "") -> User:
    """Erase who an account belonged to. What was done with it stays, under a pseudonym.

    `actor` None is the platform itself (the command that erases again after a backup was restored).
    """
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        if person.erased_at is not None:
            raise Refused(_("This account was already erased."), code="wrong_state")
        if actor is not None and not may_erase(actor, person):
            raise NotAllowed
        sessions = UserSession.objects.filter(user=person)
        Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
        sessions.delete()
        Authenticator.objects.filter(user=person).delete()
        EmailAddress.objects.filter(user=person).delete()
        Email.objects.filter(to=person.email).delete()
        DigestSent.objects.filter(person=person).delete()
        ApiToken.objects.filter(user=person).update(name="", revoked_at=timezone.now())
        Invitation.objects.open().filter(email=person.email).update(withdrawn_at=timezone.now())
        Invitation.objects.filter(email=person.email).update(email=address_of(person), name=ERASED_NAME)
        today = timezone.localdate()
        person.assignments.filter(starts_on__gte=today).delete()
        person.assignments.current().update(ends_on=today - timedelta(days=1))
        person.email, person.name, person.last_login = address_of(person), ERASED_NAME, None
        person.is_active, person.is_superuser = False, False
        person.erased_at = timezone.now()
        person.version += 1
        person.set_unusable_password()
        person.save()
        record(
            actor=actor,
            action="account.erased",
            obj=person,
            after={"email": CHANGED, "name": CHANGED},
            reason=reason,
            label=label_of(person),
        )
        return person


def address_of(person: User) -> str:
    """An address that can receive nothing (RFC 2606) and keeps the column unique."""
    return f"{person.public_id}@erased.invalid"

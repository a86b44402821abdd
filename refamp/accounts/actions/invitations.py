"""The way in."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.actions.people import create_account, label_of
from refamp.accounts.actions.tokens import digest
from refamp.accounts.choices import INVITATION_DAYS, ROLES_OF_A_MUNICIPALITY, Role
from refamp.accounts.models import Assignment, Invitation, User
from refamp.accounts.queries import is_usable
from refamp.accounts.rules import may_manage_people
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import send_email
from refamp.territory.models import Municipality


def label(invitation: Invitation) -> str:
    return f"convite {str(invitation.public_id)[-8:]}"


def send_invitation(
    *, actor: User, email: str, name: str, role: str, municipality: Municipality | None = None
) -> Invitation:
    """Invite somebody to one role. The link goes by e-mail; only its hash stays here."""
    if not may_manage_people(actor):
        raise NotAllowed
    email = email.strip().lower()
    if email == actor.email:
        raise Refused(_("Nobody changes their own roles: ask a colleague of the coordination unit."), code="own_roles")
    place = municipality if role in ROLES_OF_A_MUNICIPALITY else None
    if role in ROLES_OF_A_MUNICIPALITY and place is None:
        raise Refused(_("This role belongs to a municipality: say which."), code="no_place", field="municipality")
    if User.objects.filter(email=email).exists():
        raise Refused(_("This address already has an account: add the role on its page."), code="exists", field="email")
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                name=name.strip(),
                role=role,
                municipality=place,
                token_hash=digest(token),
                invited_by=actor,
                expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
            )
            mail(invitation, token)
            record(
                actor=actor,
                action="invitation.sent",
                obj=invitation,
                after={"email": CHANGED, "role": role, "municipality": place and place.code},
                label=label(invitation),
            )
    except IntegrityError as error:
        if "one_open_invitation" not in str(error):
            raise
        raise Refused(
            _("This person already has an open invitation to this role: send it again."), code="exists", field="email"
        ) from error
    return invitation


def mail(invitation: Invitation, token: str) -> None:
    """Write the message into the outbox, in the platform's first language: we do not know theirs yet."""
    with translation.override(settings.LANGUAGE_CODE):
        link = settings.SITE_URL + reverse("accounts:accept", args=[token])
        send_email(
            to=invitation.email,
            subject=gettext("Invitation to the REF-AMP platform"),
            body=gettext(
                "Hello %(name)s,\n\nthe strategic coordination unit invites you to work on the REF-AMP platform, "
                "as %(role)s.\n\nOpen this address to choose your password. It works once, until %(day)s:\n\n"
                "%(link)s\n\n"
                "If you were not expecting this, do nothing: without the link no account is made.\n"
            )
            % {
                "name": invitation.name,
                "role": str(Role(invitation.role).label),
                "day": date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT"),
                "link": link,
            },
        )


def resend_invitation(*, actor: User, invitation: Invitation) -> Invitation:
    """Send a new link; the old one stops working."""
    if not may_manage_people(actor):
        raise NotAllowed
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if invitation.accepted_at or invitation.withdrawn_at:
            raise Refused(_("This invitation is no longer open."), code="wrong_state")
        token = secrets.token_urlsafe(32)
        invitation.token_hash = digest(token)
        invitation.expires_at = timezone.now() + timedelta(days=INVITATION_DAYS)
        invitation.save(update_fields=["token_hash", "expires_at"])
        mail(invitation, token)
        record(actor=actor, action="invitation.sent_again", obj=invitation, label=label(invitation))
        return invitation


def withdraw_invitation(*, actor: User, invitation: Invitation, reason: str = "") -> Invitation:
    if not may_manage_people(actor):
        raise NotAllowed
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if invitation.accepted_at or invitation.withdrawn_at:
            raise Refused(_("This invitation is no longer open."), code="wrong_state")
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        record(actor=actor, action="invitation.withdrawn", obj=invitation, reason=reason, label=label(invitation))
        return invitation


def accept_invitation(*, token: str, name: str, password: str, language: str = "pt-pt") -> User:
    """Make the account and give it the role. The row is locked: of two clicks at once, one gets in."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(token_hash=digest(token)).first()
        if invitation is None or not is_usable(invitation):
            raise Refused(_("This invitation is no longer valid. Ask for a new one."), code="not_usable")
        user = create_account(actor=None, email=invitation.email, name=name, password=password, language=language)
        Assignment.objects.create(user=user, role=invitation.role, municipality=invitation.municipality)
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        record(
            actor=user,
            action="invitation.accepted",
            obj=invitation,
            after={"role": invitation.role, "account": label_of(user)},
            label=label(invitation),
        )
        return user

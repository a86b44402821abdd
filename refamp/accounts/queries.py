"""What others ask about people."""

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from refamp.accounts.choices import ROLES_WITH_SECOND_FACTOR
from refamp.accounts.models import ApiToken, ApiTokenQuerySet, Assignment, Invitation, User

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_factor(user: User) -> bool:
    """Whether somebody has set up a code app or a key. Recovery codes alone are none."""
    return Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def people() -> "QuerySet[User]":
    """Accounts with what they hold today and whether they have a second factor, in alphabetical order."""
    return (
        User.objects.filter(erased_at__isnull=True)
        .annotate(
            has_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)),
            live_tokens=Count(
                "tokens", filter=Q(tokens__revoked_at__isnull=True, tokens__expires_at__gt=timezone.now())
            ),
        )
        .prefetch_related(
            Prefetch(
                "assignments",
                Assignment.objects.current().select_related("municipality"),
                to_attr="present_assignments",
            )
        )
        .order_by("name", "id")
    )


def people_without_second_factor() -> "QuerySet[User]":
    """Those who owe one and have not set it up: they cannot enter before they do."""
    owing = Assignment.objects.current().filter(role__in=sorted(ROLES_WITH_SECOND_FACTOR)).values("user")
    found = people().filter(Q(pk__in=owing) | Q(is_superuser=True), is_active=True)
    return found.exclude(Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)))


def open_invitations() -> "QuerySet[Invitation]":
    return Invitation.objects.open().select_related("municipality", "invited_by")


def tokens_of(user: User) -> "ApiTokenQuerySet":
    return ApiTokenQuerySet(ApiToken).filter(user=user).select_related("municipality", "user")


def all_tokens() -> "ApiTokenQuerySet":
    return ApiTokenQuerySet(ApiToken).select_related("municipality", "user")


def is_usable(invitation: Invitation) -> bool:
    """Whether the link of an invitation still lets somebody in."""
    return invitation.accepted_at is None and invitation.withdrawn_at is None and invitation.expires_at > timezone.now()

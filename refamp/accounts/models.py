"""People, their roles, invitations, and the tokens of other systems."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from refamp.accounts.choices import ROLES_OF_A_MUNICIPALITY, DigestPace, Role, Scope
from refamp.base.fields import PublicIdField, VersionField
from refamp.territory.models import Municipality


class UserManager(BaseUserManager["User"]):
    """Accounts are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who may log in. What they may do comes from `Assignment`, never from here."""

    public_id = PublicIdField()
    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(_("language"), max_length=5, default="pt-pt")
    digest = models.CharField(
        _("digest by e-mail"),
        max_length=6,
        choices=DigestPace,
        default=DigestPace.DAILY,
        db_default=Value(DigestPace.DAILY.value),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_demonstration = models.BooleanField(_("demonstration account"), default=False)
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)
    erasure_asked_at = models.DateTimeField(_("asked for erasure at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("personal data erased at"), null=True, blank=True)
    version = VersionField()

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    # A token made for one municipality: only what the person is there counts, and nothing that reaches further.
    acts_only_for: int | None = None

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="one_account_per_email",
                violation_error_message=_("This address already has an account."),
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="email_is_lower_case",
                violation_error_message=_("Addresses are kept in lower case."),
            ),
            models.CheckConstraint(
                condition=Q(digest__in=DigestPace.values),
                name="digest_pace_is_known",
                violation_error_message=_("Unknown choice."),
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(is_active=False),
                name="erased_account_is_not_active",
                violation_error_message=_("An account whose data was erased cannot be used again."),
            ),
        ]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """What the admin asks; the answer is a role."""
        return self.is_active and (self.is_superuser or Role.COORDINATION in self.held_roles)

    @cached_property
    def held_assignments(self) -> frozenset[tuple[str, int | None]]:
        """(role, municipality key) of today, read once per request."""
        held = Assignment.objects.current().filter(user=self)
        if self.acts_only_for is not None:
            held = held.filter(municipality=self.acts_only_for, role__in=sorted(ROLES_OF_A_MUNICIPALITY))
        return frozenset(held.values_list("role", "municipality_id"))

    @cached_property
    def held_roles(self) -> frozenset[str]:
        return frozenset(role for role, _place in self.held_assignments)


class AssignmentQuerySet(models.QuerySet):
    def current(self) -> "AssignmentQuerySet":
        today = timezone.localdate()
        return self.filter(Q(starts_on__lte=today), Q(ends_on__isnull=True) | Q(ends_on__gte=today))


class Assignment(models.Model):
    """A role that somebody holds, and where, from a first to a last day."""

    user = models.ForeignKey(User, models.CASCADE, related_name="assignments", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=15, choices=Role)
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("municipality")
    )
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["user", "role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "municipality"],
                condition=Q(ends_on__isnull=True),
                nulls_distinct=False,
                name="one_open_assignment_per_role_and_place",
                violation_error_message=_("This account already has this role there."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="role_is_known", violation_error_message=_("Unknown role.")
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(ROLES_OF_A_MUNICIPALITY), municipality__isnull=False)
                | ~Q(role__in=sorted(ROLES_OF_A_MUNICIPALITY)),
                name="local_role_has_its_municipality",
                violation_error_message=_("This role belongs to a municipality: say which."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="assignment_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("role held")
        verbose_name_plural = _("roles held")

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class InvitationQuerySet(models.QuerySet):
    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; it may have expired and wait to be sent again."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)


class Invitation(models.Model):
    """The way in: sign-up is closed. The token is mailed, only its hash is kept."""

    public_id = PublicIdField()
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=15, choices=Role)
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("municipality")
    )
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("invited by"))
    created_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "role", "municipality"],
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                nulls_distinct=False,
                name="one_open_invitation_per_address_role_and_place",
                violation_error_message=_("This person already has an open invitation to this role: send it again."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values),
                name="invited_role_is_known",
                violation_error_message=_("Unknown role."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(ROLES_OF_A_MUNICIPALITY), municipality__isnull=False)
                | ~Q(role__in=sorted(ROLES_OF_A_MUNICIPALITY)),
                name="invited_local_role_has_its_municipality",
                violation_error_message=_("This role belongs to a municipality: say which."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="accepted_invitation_is_not_withdrawn",
                violation_error_message=_("An invitation that was accepted cannot be withdrawn."),
            ),
        ]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.name} · {self.get_role_display()}"


class ApiTokenQuerySet(models.QuerySet):
    def usable(self) -> "ApiTokenQuerySet":
        return self.filter(revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True)


class ApiToken(models.Model):
    """How another system comes in, on behalf of an account. `refamp_<key>_<secret>`; only the secret's hash is kept."""

    public_id = PublicIdField()
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("account"))
    name = models.CharField(_("what it is for"), max_length=100)
    key = models.CharField(_("key"), max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(_("secret hash"), max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("scopes"))
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("municipality")
    )
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0),
                name="token_scopes_are_known",
                violation_error_message=_("Unknown scope."),
            )
        ]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name


class DigestSent(models.Model):
    """The last digest that somebody got: on which day, and which lines stood in it."""

    person = models.OneToOneField(User, models.CASCADE, related_name="+", verbose_name=_("account"))
    day = models.DateField(_("day"), null=True)
    keys = ArrayField(models.CharField(max_length=160), default=list, verbose_name=_("what it told"))

    class Meta:
        verbose_name = _("last digest")
        verbose_name_plural = _("last digests")

    def __str__(self) -> str:
        return f"{self.person} · {self.day}"

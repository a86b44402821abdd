"""Programmes of several years, annual plans, their actions, and every version that was ever approved.

A plan that was submitted is locked by the database: what its actions are, cost and serve changes only while an
amendment that was approved is being applied (approved, its version not yet written: both happen in one transaction).
What people report (progress, state) stays free.
"""

from typing import TYPE_CHECKING, Any, Self

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import NodeKind
from refamp.accounts.rules import is_coordination
from refamp.base.fields import PublicIdField, VersionField
from units.choices import (
    APPROVED_PLAN,
    DECIDED_AMENDMENT,
    PlanAmendmentState,
    PlanState,
    UnitKind,
)
from units.models.bodies import Unit
from units.models.mandates import Mandate
from units.models.plan_locks import (
    AMENDMENT_WAY,
    AUTHORS_STAY,
    LOCK,
    PLAN_WAY,
    VERSION_IS_DECIDED,
    unless_open,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

SERVED_KINDS = [NodeKind.OPERATIONAL_RESPONSE, NodeKind.ACTION_LINE]


def units_of(user: "User") -> models.QuerySet[Any, Any]:
    """The keys of the units in which somebody has a mandate today."""
    today = timezone.localdate()
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gte=today))
    return Mandate.objects.filter(in_force, person=user).values("unit")


class Programme(models.Model):
    """A project of several years that groups actions of several plans."""

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=250)
    purpose = models.TextField(_("purpose"), blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="programmes", verbose_name=_("unit"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["-starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="programme_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            )
        ]
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")

    def __str__(self) -> str:
        return self.name


class ActionPlanQuerySet(models.QuerySet):
    def approved(self) -> Self:
        return self.filter(state__in=sorted(APPROVED_PLAN))

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Approved ones are for everybody. Before that: the unit's members, who gives the opinion, who votes."""
        if not user.is_authenticated or not user.is_active or user.acts_only_for is not None:
            return self.approved()
        if is_coordination(user):
            return self
        held = units_of(user)
        of_coordination = Q(unit__kind=UnitKind.COORDINATION)
        reviewed = (~of_coordination & Q(Exists(held.filter(unit__kind=UnitKind.COORDINATION)))) | (
            of_coordination & Q(Exists(held.filter(unit__kind=UnitKind.STRATEGIC)))
        )
        decided = Q(state__in=[PlanState.BEFORE_COUNCIL, PlanState.AWAITING_METROPOLITAN])
        return self.filter(
            Q(state__in=sorted(APPROVED_PLAN))
            | Q(unit__in=held)
            | (~Q(state=PlanState.DRAFT) & reviewed)
            | (decided & Q(Exists(held.filter(unit__kind=UnitKind.COUNCIL))))
        )


class ActionPlan(models.Model):
    """A unit's plan for a year. Submitted, it is locked; approved, only a numbered amendment changes it."""

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="plans", verbose_name=_("unit"))
    year = models.PositiveSmallIntegerField(_("year"), validators=[MinValueValidator(2014), MaxValueValidator(2100)])
    title = models.CharField(_("title"), max_length=250)
    summary = models.TextField(_("summary"), blank=True)
    state = models.CharField(_("state"), max_length=22, choices=PlanState, default=PlanState.DRAFT)
    opinion = models.TextField(_("opinion"), blank=True)
    opinion_is_favourable = models.BooleanField(_("opinion is favourable"), null=True, blank=True)
    opinion_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("opinion by")
    )
    return_reason = models.TextField(_("why it was returned"), blank=True)
    # Where a deliberation returned it: what `queries.reasons.told` puts into the reader's words.
    return_facts = models.JSONField(_("what returned it"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("author")
    )
    # Everybody who wrote in it: none of them gives the opinion on it.
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("authors"))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = ActionPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "unit", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year"],
                name="one_plan_per_unit_and_year",
                violation_error_message=_("This unit already has a plan for this year."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanState.values),
                name="plan_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(opinion_by__isnull=True) | Q(submitted_by__isnull=True) | ~Q(opinion_by=F("submitted_by")),
                name="plan_opinion_is_not_its_authors",
                violation_error_message=_("Whoever submitted a plan does not give the opinion on it."),
            ),
            models.CheckConstraint(
                condition=~Q(state=PlanState.RETURNED) | ~Q(return_reason="") | Q(return_facts__isnull=False),
                name="returned_plan_says_why",
                violation_error_message=_("Say why."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=LOCK,
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=unless_open(
                    "OLD.id",
                    (
                        *("state", "opinion", "opinion_is_favourable", "opinion_by_id", "return_reason"),
                        "return_facts",
                        *("submitted_by_id", "submitted_at", "updated_at", "version"),
                    ),
                ),
            ),
            PLAN_WAY,
        ]
        verbose_name = _("annual plan")
        verbose_name_plural = _("annual plans")

    def __str__(self) -> str:
        return f"{self.title} ({self.year})"


class PlanAuthor(ActionPlan.authors.through):  # type: ignore[name-defined]  # made by Django
    """Somebody who wrote in a plan: only here for its trigger."""

    class Meta:
        proxy = True
        triggers = [AUTHORS_STAY]
        verbose_name = _("author of a plan")
        verbose_name_plural = _("authors of plans")

    def __str__(self) -> str:
        return f"{self.actionplan_id} · {self.user_id}"


class PlanAmendment(models.Model):
    """A numbered change to an approved plan: the whole content as it would be, approved like the plan was."""

    public_id = PublicIdField()
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="amendments", verbose_name=_("plan"))
    number = models.PositiveSmallIntegerField(_("number"))
    reason = models.TextField(_("reason"))
    content = models.JSONField(_("content"), default=dict)
    state = models.CharField(_("state"), max_length=22, choices=PlanAmendmentState, default=PlanAmendmentState.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("made at"), default=timezone.now)
    # Everybody who wrote in it: none of them weighs it, brings it before the Council or closes the vote on it.
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("authors"))
    opinion = models.TextField(_("opinion"), blank=True, default="", db_default="")
    opinion_is_favourable = models.BooleanField(_("opinion is favourable"), null=True, blank=True)
    opinion_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("opinion by")
    )
    decision_note = models.TextField(_("what was decided"), blank=True)
    decision_facts = models.JSONField(_("what decided it"), null=True, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"],
                condition=~Q(state__in=DECIDED_AMENDMENT),
                name="one_open_amendment_per_plan",
                violation_error_message=_("This plan already has an amendment that was not decided."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="amendment_says_why",
                violation_error_message=_("Say why."),
            ),
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="one_amendment_per_plan_and_number",
                violation_error_message=_("This number is already taken."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanAmendmentState.values),
                name="plan_amendment_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_amendment_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=DECIDED_AMENDMENT),
            ),
            AMENDMENT_WAY,
        ]
        verbose_name = _("amendment to a plan")
        verbose_name_plural = _("amendments to plans")

    def __str__(self) -> str:
        return f"{self.plan} · {self.number}"


class PlanAmendmentAuthor(PlanAmendment.authors.through):  # type: ignore[name-defined]  # made by Django
    """Somebody who wrote in an amendment: only here for its trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Protect(name="authors_of_an_amendment_stay", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
        verbose_name = _("author of an amendment")
        verbose_name_plural = _("authors of amendments")

    def __str__(self) -> str:
        return f"{self.planamendment_id} · {self.user_id}"


class PlanVersion(models.Model):
    """A plan as it was approved, byte for byte, for ever. `content` is canonical JSON text; `sha256` its digest."""

    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="versions", verbose_name=_("plan"))
    number = models.PositiveSmallIntegerField(_("number"))
    content = models.TextField(_("content"))
    sha256 = models.CharField("SHA-256", max_length=64)
    amendment = models.OneToOneField(
        PlanAmendment, models.PROTECT, null=True, related_name="approved_version", verbose_name=_("amendment")
    )
    deliberation = models.ForeignKey(
        "units.Deliberation", models.PROTECT, related_name="plan_versions", verbose_name=_("deliberation")
    )
    approved_at = models.DateTimeField(_("approved at"), default=timezone.now)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="one_version_per_plan_and_number",
                violation_error_message=_("This version is already there."),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="approved_version_never_changes", operation=pgtrigger.Update | pgtrigger.Delete),
            VERSION_IS_DECIDED,
        ]
        verbose_name = _("approved version")
        verbose_name_plural = _("approved versions")

    def __str__(self) -> str:
        return f"{self.plan} · {self.number}"

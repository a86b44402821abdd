"""Programmes of several years, annual plans, their actions, and every version that was ever approved."""

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.models import Node
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.ids import uuid7
from refamp.territory.models import Municipality
from units.choices import (
    ActionScope,
    ActionState,
    ActionStatus,
    BudgetSource,
    Level,
    PlanAmendmentState,
    PlanState,
)
from units.models.bodies import Partner, Unit


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


class ActionPlan(models.Model):
    """A unit's plan for a year. Approved, it is locked: only a numbered amendment that was approved changes it."""

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
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("author")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

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
        ]
        verbose_name = _("annual plan")
        verbose_name_plural = _("annual plans")

    def __str__(self) -> str:
        return f"{self.title} ({self.year})"


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
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
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
        verbose_name = _("amendment to a plan")
        verbose_name_plural = _("amendments to plans")

    def __str__(self) -> str:
        return f"{self.plan} · {self.number}"


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
            pgtrigger.Protect(name="approved_version_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
        verbose_name = _("approved version")
        verbose_name_plural = _("approved versions")

    def __str__(self) -> str:
        return f"{self.plan} · {self.number}"


class Action(models.Model):
    """What is done, by whom, until when. `key` is kept by versions and by the action that carries it over.

    `weight` is its share in the roll-ups (a positive number; shown). Money is euro.
    """

    public_id = PublicIdField()
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="actions", verbose_name=_("plan"))
    key = models.UUIDField(_("key"), default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20)
    title = models.CharField(_("title"), max_length=250)
    description = models.TextField(_("description"), blank=True)
    scope = models.CharField(_("scope"), max_length=15, choices=ActionScope)
    nodes = models.ManyToManyField(Node, related_name="served_by", verbose_name=_("serves"))
    municipalities = models.ManyToManyField(
        Municipality, related_name="+", blank=True, verbose_name=_("municipalities")
    )
    lead = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="led_actions", verbose_name=_("led by")
    )
    partners = models.ManyToManyField(Partner, related_name="actions", blank=True, verbose_name=_("partners"))
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, related_name="actions", verbose_name=_("programme")
    )
    target_group = models.CharField(_("target group"), max_length=250, blank=True)
    people_expected = models.PositiveIntegerField(_("people to be reached"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    weight = models.DecimalField(
        _("weight"), max_digits=6, decimal_places=2, default=1, validators=[MinValueValidator(0)]
    )
    state = models.CharField(_("state"), max_length=12, choices=ActionState, default=ActionState.PLANNED)
    state_reason = models.TextField(_("reason"), blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", verbose_name=_("merged into")
    )
    carried_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="carried_to", verbose_name=_("carried over from")
    )
    last_report_on = models.DateField(_("latest report"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["plan", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "code"],
                name="one_action_per_plan_and_code",
                violation_error_message=_("This plan already has an action with this code."),
            ),
            models.UniqueConstraint(
                fields=["plan", "key"],
                name="one_action_per_plan_and_key",
                violation_error_message=_("This plan already holds this action."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="action_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
            models.CheckConstraint(
                condition=Q(scope__in=ActionScope.values),
                name="action_scope_is_known",
                violation_error_message=_("Unknown scope."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=ActionState.values),
                name="action_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0),
                name="action_weight_is_positive",
                violation_error_message=_("The weight must be more than zero."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["cancelled", "merged"]) | ~Q(state_reason=""),
                name="stopped_action_says_why",
                violation_error_message=_("Say why."),
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="merged_action_says_into_which",
                violation_error_message=_("Say into which action."),
            ),
        ]
        verbose_name = _("action")
        verbose_name_plural = _("actions")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class BudgetLine(models.Model):
    """Money for an action by year and source, in euro."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="budget", verbose_name=_("action"))
    year = models.PositiveSmallIntegerField(_("year"))
    source = models.CharField(_("source"), max_length=15, choices=BudgetSource)
    amount = models.DecimalField(_("amount (€)"), max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["action", "year", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "year", "source"],
                name="one_budget_line_per_year_and_source",
                violation_error_message=_("This line is already there."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="budget_is_not_negative",
                violation_error_message=_("The amount cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(source__in=BudgetSource.values),
                name="budget_source_is_known",
                violation_error_message=_("Unknown source."),
            ),
        ]
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")

    def __str__(self) -> str:
        return f"{self.year} {self.get_source_display()} {self.amount}"


class Milestone(models.Model):
    """A step of an action. `progress` in percent; `best_progress` the highest it ever was, so that going back shows."""

    public_id = PublicIdField()
    action = models.ForeignKey(Action, models.CASCADE, related_name="milestones", verbose_name=_("action"))
    order = models.PositiveSmallIntegerField(_("order"))
    title = models.CharField(_("title"), max_length=250)
    due_on = models.DateField(_("due on"))
    weight = models.DecimalField(_("weight"), max_digits=6, decimal_places=2, default=1)
    progress = models.PositiveSmallIntegerField(_("progress (%)"), default=0)
    best_progress = models.PositiveSmallIntegerField(_("best progress (%)"), default=0, editable=False)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    version = VersionField()

    class Meta:
        ordering = ["action", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "order"],
                name="one_milestone_per_place",
                violation_error_message=_("Two milestones cannot have the same place."),
            ),
            models.CheckConstraint(
                condition=Q(progress__lte=100),
                name="progress_is_at_most_100",
                violation_error_message=_("Progress goes from 0 to 100."),
            ),
            models.CheckConstraint(
                condition=Q(best_progress__gte=F("progress"), best_progress__lte=100),
                name="best_progress_is_the_best",
                violation_error_message=_("The best progress cannot be below the present one."),
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0),
                name="milestone_weight_is_positive",
                violation_error_message=_("The weight must be more than zero."),
            ),
            models.CheckConstraint(
                condition=Q(done_on__isnull=False, progress=100) | (Q(done_on__isnull=True) & Q(progress__lt=100)),
                name="milestone_is_done_at_100",
                violation_error_message=_("A milestone is done when its progress is 100 %."),
            ),
        ]
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")

    def __str__(self) -> str:
        return self.title


class Risk(models.Model):
    """What may go wrong with an action, and what is done about it."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="risks", verbose_name=_("action"))
    description = models.CharField(_("risk"), max_length=300)
    likelihood = models.CharField(_("likelihood"), max_length=6, choices=Level)
    impact = models.CharField(_("impact"), max_length=6, choices=Level)
    mitigation = models.TextField(_("mitigation"), blank=True)

    class Meta:
        ordering = ["action", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__in=Level.values, impact__in=Level.values),
                name="risk_levels_are_known",
                violation_error_message=_("Unknown level."),
            )
        ]
        verbose_name = _("risk")
        verbose_name_plural = _("risks")

    def __str__(self) -> str:
        return self.description


class StatusOverride(models.Model):
    """A person says otherwise than the derived status, with a reason, until a day."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="overrides", verbose_name=_("action"))
    status = models.CharField(_("status"), max_length=12, choices=ActionStatus)
    reason = models.TextField(_("reason"))
    until = models.DateField(_("until"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set by"))
    created_at = models.DateTimeField(_("set at"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_override_per_action",
                violation_error_message=_("This action already has an override: withdraw it first."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="override_says_why",
                violation_error_message=_("Say why."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=ActionStatus.values),
                name="override_status_is_known",
                violation_error_message=_("Unknown status."),
            ),
        ]
        verbose_name = _("status override")
        verbose_name_plural = _("status overrides")

    def __str__(self) -> str:
        return f"{self.action} · {self.get_status_display()}"


class Progress(models.Model):
    """The roll-up kept by the actions: progress of an action and, by node lineage and year, of what it serves.

    `done` = Σ weight × progress, `whole` = Σ weight; their quotient is the progress in percent, with its weights shown.
    """

    class Level(models.TextChoices):
        ACTION = "action", _("action")
        NODE = "node", _("node")
        PLAN = "plan", _("plan")

    level = models.CharField(_("level"), max_length=6, choices=Level)
    action = models.OneToOneField(Action, models.CASCADE, null=True, related_name="progress", verbose_name=_("action"))
    plan = models.ForeignKey(ActionPlan, models.CASCADE, null=True, related_name="+", verbose_name=_("plan"))
    lineage = models.UUIDField(_("node"), null=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True)
    done = models.DecimalField(_("done"), max_digits=16, decimal_places=4, default=0)
    whole = models.DecimalField(_("weight"), max_digits=14, decimal_places=4, default=0)
    actions = models.PositiveIntegerField(_("actions"), default=0)
    computed_at = models.DateTimeField(_("computed at"), auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "action", "plan", "lineage", "year"],
                nulls_distinct=False,
                name="one_progress_per_thing",
                violation_error_message=_("This figure is already there."),
            )
        ]
        verbose_name = _("progress")
        verbose_name_plural = _("progress")

    def __str__(self) -> str:
        return f"{self.level} {self.done}/{self.whole}"

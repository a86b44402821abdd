"""The actions of a plan, what belongs to them, and how far they are."""

from typing import TYPE_CHECKING, Self

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.models import Node
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.ids import uuid7
from refamp.base.sql import refusal
from refamp.territory.models import Municipality
from units.choices import (
    APPROVED_PLAN,
    ActionScope,
    ActionState,
    ActionStatus,
    BudgetSource,
    Level,
)
from units.models.bodies import Partner

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

from units.models.plans import ANY_CHANGE, LOCK, ActionPlan, Programme, lock_of_parts, unless_open


class ActionQuerySet(models.QuerySet):
    def approved(self) -> Self:
        return self.filter(plan__state__in=sorted(APPROVED_PLAN))

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of the plans that this person may see."""
        return self.filter(plan__in=ActionPlan.objects.visible_to(user))


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
    nodes = models.ManyToManyField(Node, through="ActionNode", related_name="served_by", verbose_name=_("serves"))
    municipalities = models.ManyToManyField(
        Municipality, through="ActionPlace", related_name="+", blank=True, verbose_name=_("municipalities")
    )
    lead = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="led_actions", verbose_name=_("led by")
    )
    partners = models.ManyToManyField(
        Partner, through="ActionPartner", related_name="actions", blank=True, verbose_name=_("partners")
    )
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

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "code", "id"]
        indexes = [models.Index(fields=["key"], name="action_by_key")]
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
        triggers = [
            pgtrigger.Trigger(
                name=LOCK,
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=unless_open(
                    "OLD.plan_id, NEW.plan_id",
                    ("state", "state_reason", "merged_into_id", "last_report_on", "updated_at", "version"),
                ),
            )
        ]
        verbose_name = _("action")
        verbose_name_plural = _("actions")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ActionNode(models.Model):
    """An action serves an operational response or an action line, nothing else of the referential."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="serving", verbose_name=_("action"))
    node = models.ForeignKey(Node, models.PROTECT, related_name="+", verbose_name=_("serves"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "node"],
                name="action_serves_a_node_once",
                violation_error_message=_("This action already serves it."),
            )
        ]
        triggers = [
            lock_of_parts(),
            pgtrigger.Trigger(
                name="action_serves_responses_and_lines",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"""
                    IF EXISTS (
                        SELECT 1 FROM axes_node
                        WHERE id = NEW.node_id AND kind NOT IN ('operational_response', 'action_line')
                    ) THEN
                        {refusal("action_serves_responses_and_lines", "An action serves responses and action lines.")}
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        verbose_name = _("what an action serves")
        verbose_name_plural = _("what actions serve")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.node_id}"


class ActionPlace(models.Model):
    """A municipality takes part in an action."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="places", verbose_name=_("action"))
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "municipality"],
                name="municipality_is_in_an_action_once",
                violation_error_message=_("This municipality is already in the action."),
            )
        ]
        triggers = [lock_of_parts()]
        verbose_name = _("municipality of an action")
        verbose_name_plural = _("municipalities of actions")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.municipality_id}"


class ActionPartner(models.Model):
    """A partner takes part in an action."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="partnered", verbose_name=_("action"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "partner"],
                name="partner_is_in_an_action_once",
                violation_error_message=_("This partner is already in the action."),
            )
        ]
        triggers = [lock_of_parts()]
        verbose_name = _("partner of an action")
        verbose_name_plural = _("partners of actions")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.partner_id}"


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
        triggers = [lock_of_parts()]
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
                condition=Q(progress__lte=100, best_progress__lte=100),
                name="progress_is_at_most_100",
                violation_error_message=_("Progress goes from 0 to 100."),
            ),
            models.CheckConstraint(
                condition=Q(best_progress__gte=F("progress")),
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
        triggers = [
            lock_of_parts(("progress", "best_progress", "done_on", "version")),
            pgtrigger.Trigger(
                name="best_progress_never_falls",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__best_progress__lt=pgtrigger.F("old__best_progress")),
                func=refusal("best_progress_never_falls", "The best progress never falls."),
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
        triggers = [lock_of_parts()]
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
    """The roll-up kept by the actions, of approved plans only: by action, plan and year, node lineage and year, year.

    `done` = Σ weight × progress, `whole` = Σ weight: their quotient is the progress in percent, with its weights shown.
    Of an action the weights are those of its milestones; everywhere else those of the actions, each counted once, with
    its progress kept to four decimals; cancelled and merged ones are left out.
    """

    class Level(models.TextChoices):
        ACTION = "action", _("action")
        NODE = "node", _("node")
        PLAN = "plan", _("plan")
        FRAMEWORK = "framework", _("referential")

    level = models.CharField(_("level"), max_length=10, choices=Level)
    action = models.OneToOneField(Action, models.CASCADE, null=True, related_name="progress", verbose_name=_("action"))
    plan = models.ForeignKey(ActionPlan, models.CASCADE, null=True, related_name="+", verbose_name=_("plan"))
    lineage = models.UUIDField(_("node"), null=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True)
    done = models.DecimalField(_("done"), max_digits=20, decimal_places=6, default=0)
    whole = models.DecimalField(_("weight"), max_digits=16, decimal_places=4, default=0)
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
        indexes = [models.Index(fields=["lineage", "year"], name="progress_by_node_and_year")]
        verbose_name = _("progress")
        verbose_name_plural = _("progress")

    def __str__(self) -> str:
        return f"{self.level} {self.done}/{self.whole}"

"""What belongs to an action: money by year and source, milestones, risks."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from units.choices import BudgetSource, Level
from units.models.plan_actions import Action
from units.models.plan_locks import lock_of_parts


class BudgetLine(models.Model):
    """Money for an action by year and source, in euro."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="budget", verbose_name=_("action"))
    year = models.PositiveSmallIntegerField(_("year"))
    source = models.CharField(_("source"), max_length=15, choices=BudgetSource)
    amount = models.DecimalField(_("amount (€)"), max_digits=14, decimal_places=2)
    # How much of it already stands in the plan that the action was carried over from: sums over plans count it there.
    brought = models.DecimalField(
        _("brought over (€)"), max_digits=14, decimal_places=2, default=0, db_default=0, editable=False
    )

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

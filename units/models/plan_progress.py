"""How far actions are: what a person says of one, and the figures kept beside the plans."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from units.choices import ActionStatus
from units.models.plan_actions import Action
from units.models.plans import ActionPlan


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

"""What the worker computes, and the copies of it that are frozen when a phase closes."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from axes.choices import Group, Scale
from axes.models.consultation import Consultation, Phase, Topic
from refamp.base.fields import PublicIdField
from refamp.territory.models import Municipality


class Tally(models.Model):
    """A change still to be added to the summary, written in the transaction that made it.

    `topic` and `scale` null: respondents; otherwise mentions. The worker folds these rows into `Representativeness` and
    deletes them, so that one answer more costs the same whether ten or a million came before.
    """

    consultation = models.ForeignKey(Consultation, models.CASCADE, related_name="+", verbose_name=_("consultation"))
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, related_name="+", verbose_name=_("topic"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale, null=True)  # noqa: DJ001 - null with topic
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+")
    group = models.CharField(_("group"), max_length=12, choices=Group, null=True)  # noqa: DJ001 - null: not stated
    change = models.BigIntegerField(_("change"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(topic__isnull=True, scale__isnull=True) | Q(topic__isnull=False, scale__isnull=False),
                name="tally_has_topic_and_scale_or_neither",
                violation_error_message=_("A mention has a topic and a scale."),
            )
        ]
        verbose_name = _("change to be counted")
        verbose_name_plural = _("changes to be counted")

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.change:+d}"


class Representativeness(models.Model):
    """How often something was counted in one stratum: counts only, shares are computed by `formulas.py`.

    Strata are everybody (`dimension` "all"), a municipality or a group; in "municipality" and "group" a null is those
    who did not state it. A row without topic counts respondents, one with topic and scale counts mentions.
    """

    class Dimension(models.TextChoices):
        ALL = "all", _("everybody")
        MUNICIPALITY = "municipality", _("municipality")
        GROUP = "group", _("group")

    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="representativeness", verbose_name=_("consultation")
    )
    dimension = models.CharField(_("stratum"), max_length=12, choices=Dimension)
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+")
    group = models.CharField(_("group"), max_length=12, choices=Group, null=True)  # noqa: DJ001 - null: not stated
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, related_name="+", verbose_name=_("topic"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale, null=True)  # noqa: DJ001 - null with topic
    count = models.PositiveBigIntegerField(_("count"), default=0)
    computed_at = models.DateTimeField(_("computed at"), auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "dimension", "municipality", "group", "topic", "scale"],
                nulls_distinct=False,
                name="one_count_per_stratum_topic_and_scale",
                violation_error_message=_("This count is already there."),
            )
        ]
        verbose_name = _("representativeness")
        verbose_name_plural = _("representativeness")

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.dimension} {self.count}"


class Release(models.Model):
    """The results as they stood when a phase closed: what everybody but the coordination unit sees.

    `is_withheld`: it differs from an earlier release by so few respondents that the difference would tell what they
    said, so the earlier one goes on being shown.
    """

    public_id = PublicIdField()
    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="releases", verbose_name=_("consultation")
    )
    phase = models.OneToOneField(Phase, models.PROTECT, related_name="release", verbose_name=_("phase"))
    minimum_cell = models.PositiveSmallIntegerField(_("smallest cell shown"))
    respondents = models.PositiveBigIntegerField(_("respondents"))
    is_withheld = models.BooleanField(_("withheld"), default=False)
    frozen_at = models.DateTimeField(_("frozen at"), auto_now_add=True)

    class Meta:
        ordering = ["consultation", "id"]
        triggers = [pgtrigger.Protect(name="release_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]
        verbose_name = _("frozen results")
        verbose_name_plural = _("frozen results")

    def __str__(self) -> str:
        return f"{self.consultation} · {self.phase}"


class ReleasedResult(models.Model):
    """One frozen count, with the decision whether it may be shown. Same strata as `Representativeness`."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="results", verbose_name=_("frozen results"))
    dimension = models.CharField(_("stratum"), max_length=12, choices=Representativeness.Dimension)
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+")
    group = models.CharField(_("group"), max_length=12, choices=Group, null=True)  # noqa: DJ001 - null: not stated
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, related_name="+", verbose_name=_("topic"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale, null=True)  # noqa: DJ001 - null with topic
    count = models.PositiveBigIntegerField(_("count"))
    is_hidden = models.BooleanField(_("hidden"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "dimension", "municipality", "group", "topic", "scale"],
                nulls_distinct=False,
                name="one_released_count_per_stratum_topic_and_scale",
                violation_error_message=_("This count is already there."),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="released_result_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
        verbose_name = _("frozen count")
        verbose_name_plural = _("frozen counts")

    def __str__(self) -> str:
        return f"{self.release_id} {self.dimension} {self.count}"

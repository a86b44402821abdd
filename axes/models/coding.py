"""Free text, coded into topics by two who work apart and settled by a third."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from axes.choices import CodingRole, Scale, TextState
from axes.models.consultation import Respondent, Topic
from refamp.base.fields import PublicIdField


class FreeText(models.Model):
    """What a respondent wrote in their own words about one scale."""

    public_id = PublicIdField()
    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="texts", verbose_name=_("respondent"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale)
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=10, choices=TextState, default=TextState.TO_CODE)
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "scale"],
                name="one_text_per_respondent_and_scale",
                violation_error_message=_("This respondent already has a text for this scale."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=TextState.values),
                name="text_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
        ]
        verbose_name = _("free text")
        verbose_name_plural = _("free texts")

    def __str__(self) -> str:
        return f"{self.respondent_id} · {self.scale}"


class CodeAssignment(models.Model):
    """One coder's reading of one text. Two readings, then a third where they differ; none sees another's before."""

    text = models.ForeignKey(FreeText, models.CASCADE, related_name="assignments", verbose_name=_("text"))
    role = models.CharField(_("role"), max_length=10, choices=CodingRole)
    coder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("coder"))
    topics = models.ManyToManyField(Topic, related_name="+", verbose_name=_("topics"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        ordering = ["text", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["text", "role"],
                name="one_coder_per_text_and_role",
                violation_error_message=_("This text already has a coder in this role."),
            ),
            models.UniqueConstraint(
                fields=["text", "coder"],
                name="nobody_codes_a_text_twice",
                violation_error_message=_("The same person cannot code a text twice."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=CodingRole.values),
                name="coding_role_is_known",
                violation_error_message=_("Unknown role."),
            ),
        ]
        verbose_name = _("coding")
        verbose_name_plural = _("codings")

    def __str__(self) -> str:
        return f"{self.text_id} · {self.get_role_display()}"

"""Consultations, who answers them and what they named."""

from typing import TYPE_CHECKING, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.choices import Channel, ConsultationState, Group, PhaseState, Scale
from axes.models.framework import Framework, Node
from axes.rules import sees_drafts
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from refamp.jobs.models import Upload
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User


class ConsultationQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Anyone: those with published results. Who logged in: all that are out of preparation. Coordination: all."""
        if sees_drafts(user):
            return self
        if user.is_authenticated:
            return self.exclude(state=ConsultationState.DRAFT)
        return self.filter(published_at__isnull=False)


class Consultation(models.Model):
    """A consultation on an edition. `minimum_cell` is k: smaller cells are hidden from all but the coordination unit.

    `frame_size` is how many people could have been asked, where that is known (finite-population correction).
    """

    public_id = PublicIdField()
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="consultations", verbose_name=_("edition"))
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ConsultationState, default=ConsultationState.DRAFT)
    target_groups = ArrayField(
        models.CharField(max_length=12, choices=Group), default=list, verbose_name=_("target groups")
    )
    minimum_cell = models.PositiveSmallIntegerField(_("smallest cell shown"), default=5)
    frame_size = models.PositiveIntegerField(_("people in the frame"), null=True, blank=True)
    provenance = models.TextField(
        _("where the answers come from"),
        blank=True,
        help_text=_("Shown above every result, for example that it is fictitious."),
    )
    is_demonstration = models.BooleanField(_("demonstration"), default=False)
    published_at = models.DateTimeField(_("results published at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConsultationState.values),
                name="consultation_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(minimum_cell__gte=3),
                name="smallest_cell_is_at_least_three",
                violation_error_message=_("Cells of one or two people must never be shown."),
            ),
            models.CheckConstraint(
                condition=Q(target_groups__contained_by=Group.values),
                name="target_groups_are_known",
                violation_error_message=_("Unknown group."),
            ),
        ]
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")

    def __str__(self) -> str:
        return self.title


class Phase(models.Model):
    """A stretch of a consultation. Closing it freezes the results that the others may see."""

    public_id = PublicIdField()
    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="phases", verbose_name=_("consultation")
    )
    name = models.CharField(_("name"), max_length=150)
    opens_on = models.DateField(_("opens on"))
    closes_on = models.DateField(_("closes on"), help_text=_("The last day on which answers are taken."))
    state = models.CharField(_("state"), max_length=10, choices=PhaseState, default=PhaseState.PLANNED)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    version = VersionField()

    class Meta:
        ordering = ["consultation", "opens_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation"],
                condition=Q(state="open"),
                name="one_open_phase_per_consultation",
                violation_error_message=_("Close the open phase first."),
            ),
            models.UniqueConstraint(
                fields=["consultation", "name"],
                name="one_phase_per_name",
                violation_error_message=_("This consultation already has a phase of this name."),
            ),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")),
                name="phase_closes_after_it_opens",
                violation_error_message=_("The last day cannot come before the first."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=PhaseState.values),
                name="phase_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
        ]
        verbose_name = _("phase")
        verbose_name_plural = _("phases")

    def __str__(self) -> str:
        return self.name


class Quota(models.Model):
    """How many answers the plan expects from a group in a municipality."""

    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="quotas", verbose_name=_("consultation")
    )
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))
    group = models.CharField(_("group"), max_length=12, choices=Group)
    expected = models.PositiveIntegerField(_("expected answers"))

    class Meta:
        ordering = ["consultation", "municipality", "group"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "municipality", "group"],
                name="one_quota_per_municipality_and_group",
                violation_error_message=_("This quota is already there."),
            ),
            models.CheckConstraint(
                condition=Q(group__in=Group.values),
                name="quota_group_is_known",
                violation_error_message=_("Unknown group."),
            ),
        ]
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")

    def __str__(self) -> str:
        return f"{self.municipality} · {self.get_group_display()}: {self.expected}"


class Topic(models.Model):
    """An entry of the code book: the node it stands for and the scales at which it was asked."""

    public_id = PublicIdField()
    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="topics", verbose_name=_("consultation")
    )
    code = models.CharField(_("code"), max_length=20)
    label = models.CharField(_("label"), max_length=300)
    node = models.ForeignKey(Node, models.PROTECT, related_name="topics", verbose_name=_("stands for"))
    scales = ArrayField(models.CharField(max_length=12, choices=Scale), verbose_name=_("asked at"))
    order = models.PositiveSmallIntegerField(_("order"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["consultation", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "code"],
                name="one_topic_per_code",
                violation_error_message=_("This code book already has this code."),
            ),
            models.CheckConstraint(
                condition=Q(scales__contained_by=Scale.values) & Q(scales__len__gt=0),
                name="topic_scales_are_known",
                violation_error_message=_("Say at which scales it is asked."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="topic_keeps_what_was_named",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                condition=pgtrigger.AnyChange("consultation", "scales"),
                func=f"""
                    IF NEW.consultation_id <> OLD.consultation_id OR EXISTS (
                        SELECT 1 FROM axes_mention WHERE topic_id = NEW.id AND NOT scale = ANY(NEW.scales)
                    ) THEN
                        {refusal("topic_keeps_what_was_named", "A scale at which a topic was named stays.")}
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - constants
            )
        ]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class PublishedFigure(models.Model):
    """What the source prints for a topic, kept exactly: the share as text, the count if one is printed.

    `row` is the printed label of the row, `scale` the column it stands in; `in_column` is false where the figure
    stands in no column and the scale is our reading.
    """

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="published_figures", verbose_name=_("topic"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale)
    in_column = models.BooleanField(_("stands in a column"), default=True)
    share = models.CharField(_("share as printed"), max_length=10)
    count = models.PositiveIntegerField(_("count as printed"), null=True)
    inferred_count = models.PositiveIntegerField(_("count we infer"), null=True)
    asterisk = models.BooleanField(_("has an asterisk"), default=False)
    as_printed = models.CharField(_("the cell as printed"), max_length=30)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["topic", "scale"]
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "scale"],
                name="one_published_figure_per_topic_and_scale",
                violation_error_message=_("This figure is already there."),
            ),
            models.CheckConstraint(
                condition=Q(scale__in=Scale.values),
                name="published_scale_is_known",
                violation_error_message=_("Unknown scale."),
            ),
        ]
        verbose_name = _("published figure")
        verbose_name_plural = _("published figures")

    def __str__(self) -> str:
        return self.as_printed


class Invitee(models.Model):
    """Whom to invite: contact data, tied to no answer and erased on schedule. The link's token is kept as a hash."""

    public_id = PublicIdField()
    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="invitees", verbose_name=_("consultation")
    )
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))
    group = models.CharField(_("group"), max_length=12, choices=Group)
    email = models.EmailField(_("e-mail"), blank=True)
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField(_("invited at"), null=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True)
    has_answered = models.BooleanField(_("has answered"), default=False)
    erase_on = models.DateField(_("address is erased on"))
    erased_at = models.DateTimeField(_("address erased at"), null=True)

    class Meta:
        ordering = ["consultation", "municipality", "group", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "email"],
                condition=~Q(email=""),
                name="one_invitation_per_address",
                violation_error_message=_("This address is already invited."),
            ),
            models.CheckConstraint(
                condition=Q(group__in=Group.values),
                name="invitee_group_is_known",
                violation_error_message=_("Unknown group."),
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(email=""),
                name="erased_invitee_has_no_address",
                violation_error_message=_("An erased invitation keeps no address."),
            ),
        ]
        verbose_name = _("invited person")
        verbose_name_plural = _("invited people")

    def __str__(self) -> str:
        return str(self.public_id)


class Respondent(models.Model):
    """A pseudonym with a municipality and a group, frozen when they answer. Null: not stated.

    `reference` is the name that the file or form gave them, unique among those that were not withdrawn.
    """

    public_id = PublicIdField()
    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="respondents", verbose_name=_("consultation")
    )
    phase = models.ForeignKey(Phase, models.PROTECT, null=True, related_name="+", verbose_name=_("phase"))
    reference = models.CharField(_("reference"), max_length=100)
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, related_name="+", verbose_name=_("municipality")
    )
    group = models.CharField(_("group"), max_length=12, choices=Group, null=True)  # noqa: DJ001 - null: not stated
    channel = models.CharField(_("came by"), max_length=15, choices=Channel)
    upload = models.ForeignKey(Upload, models.PROTECT, null=True, related_name="+", verbose_name=_("import"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("entered by")
    )
    answered_at = models.DateTimeField(_("answered at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["upload"], name="respondent_of_upload")]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "reference"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_respondent_per_reference",
                violation_error_message=_("This respondent has already answered."),
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=True) | Q(group__in=Group.values),
                name="respondent_group_is_known",
                violation_error_message=_("Unknown group."),
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values),
                name="respondent_channel_is_known",
                violation_error_message=_("Unknown channel."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="group_and_municipality_are_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("consultation", "municipality", "group"),
            )
        ]
        verbose_name = _("respondent")
        verbose_name_plural = _("respondents")

    def __str__(self) -> str:
        return self.reference


def was_asked(operation: pgtrigger.Operation, name: str) -> pgtrigger.Trigger:
    """Refuse mentions of what their respondent was not asked: once per statement, which an import does not feel."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=operation,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(new="arrived"),
        func=f"""
            IF EXISTS (
                SELECT 1 FROM arrived m
                JOIN axes_respondent r ON r.id = m.respondent_id JOIN axes_topic t ON t.id = m.topic_id
                WHERE t.consultation_id <> r.consultation_id OR NOT m.scale = ANY(t.scales)
            ) THEN
                {refusal("mention_was_asked", "A topic is named at a scale at which its consultation asks for it.")}
            END IF;
            RETURN NULL;
        """,  # noqa: S608 - constants
    )


class Mention(models.Model):
    """A respondent named a topic at a scale, once."""

    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="mentions", verbose_name=_("respondent"))
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="mentions", verbose_name=_("topic"))
    scale = models.CharField(_("scale"), max_length=12, choices=Scale)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "topic", "scale"],
                name="one_mention_per_respondent_topic_and_scale",
                violation_error_message=_("A topic counts once per respondent and scale."),
            ),
            models.CheckConstraint(
                condition=Q(scale__in=Scale.values),
                name="mention_scale_is_known",
                violation_error_message=_("Unknown scale."),
            ),
        ]
        triggers = [
            was_asked(pgtrigger.Insert, "mention_was_asked"),
            was_asked(pgtrigger.Update, "changed_mention_was_asked"),
        ]
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")

    def __str__(self) -> str:
        return f"{self.respondent_id} · {self.topic_id} · {self.scale}"

"""Bodies and the rules by which they decide."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from units.choices import DecisionRule, LegalEffect, NoticeUnit, SecondCallQuorum, UnitKind, UnitState


class Unit(models.Model):
    """A body of governance. `axis_lineage` names the priority axis it serves, whatever the edition.

    `members_min`, `members_max` count seats without substitutes. `notice_days` is the legal notice of a meeting, in
    `notice_unit`; `amendment_days` for how long minutes stay open to amendments (0: the body sets no time);
    `report_stale_days` after how many days without a report an action of its plans is late.
    """

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=12, unique=True)
    kind = models.CharField(_("kind"), max_length=15, choices=UnitKind)
    name = models.CharField(_("name"), max_length=200)
    axis_lineage = models.UUIDField(_("axis served"), null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=UnitState, default=UnitState.PROPOSED)
    members_min = models.PositiveSmallIntegerField(_("fewest members"))
    members_max = models.PositiveSmallIntegerField(_("most members"))
    is_transitory = models.BooleanField(_("transitory composition"), default=False)
    founding_act = models.TextField(_("act that founded it"), blank=True)
    has_casting_vote = models.BooleanField(_("its president has a casting vote"), default=False)
    secret_on_persons = models.BooleanField(_("decisions about persons are secret"), default=True)
    notice_days = models.PositiveSmallIntegerField(_("days of notice"), default=2)
    notice_unit = models.CharField(
        _("how these days are counted"),
        max_length=12,
        choices=NoticeUnit,
        default=NoticeUnit.HOURS,
        db_default=NoticeUnit.HOURS,
    )
    notice_basis = models.CharField(_("legal basis of the notice"), max_length=200, blank=True)
    amendment_days = models.PositiveSmallIntegerField(_("days for amendments to the minutes"), default=0, db_default=0)
    report_stale_days = models.PositiveSmallIntegerField(_("days after which a report is stale"), default=180)
    second_call_quorum = models.CharField(
        _("quorum on second call"), max_length=5, choices=SecondCallQuorum, default=SecondCallQuorum.THIRD
    )
    # What its decisions are in law unless said otherwise, and on what ground those on its own units and plans bind.
    default_effect = models.CharField(
        _("legal effect unless another is chosen"),
        max_length=10,
        choices=LegalEffect,
        default=LegalEffect.PROPOSAL,
        db_default="proposal",
    )
    binding_basis = models.CharField(
        _("ground of what binds by itself"), max_length=400, default="", db_default="", blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=UnitKind.values),
                name="unit_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=UnitState.values),
                name="unit_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(members_min__gte=1, members_max__gte=F("members_min")),
                name="unit_has_room_for_its_fewest_members",
                violation_error_message=_("The most members cannot be fewer than the fewest."),
            ),
            models.CheckConstraint(
                condition=Q(kind="strategic", axis_lineage__isnull=False) | ~Q(kind="strategic"),
                name="strategic_unit_serves_an_axis",
                violation_error_message=_("A strategic unit serves one priority axis."),
            ),
            models.CheckConstraint(
                condition=Q(notice_unit__in=NoticeUnit.values),
                name="notice_unit_is_known",
                violation_error_message=_("Unknown unit of time."),
            ),
            models.UniqueConstraint(
                fields=["axis_lineage"],
                condition=Q(kind="strategic") & ~Q(state="dissolved"),
                name="one_strategic_unit_per_axis",
                violation_error_message=_("This axis already has its unit."),
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind__in=["council", "coordination"]) & ~Q(state="dissolved"),
                name="one_council_and_one_coordination_unit",
                violation_error_message=_("There is already such a body."),
            ),
            models.CheckConstraint(
                condition=Q(second_call_quorum__in=SecondCallQuorum.values),
                name="second_call_quorum_is_known",
                violation_error_message=_("Unknown quorum."),
            ),
            models.CheckConstraint(
                condition=Q(default_effect__in=LegalEffect.values),
                name="default_effect_is_known",
                violation_error_message=_("Unknown effect."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="unit_keeps_its_kind",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("kind"),
                func=refusal("unit_keeps_its_kind", "A body keeps its kind."),
            ),
            pgtrigger.Trigger(
                name="dissolved_unit_stays_dissolved",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state="dissolved") & ~pgtrigger.Q(new__state="dissolved"),
                func=refusal("dissolved_unit_stays_dissolved", "A unit that was dissolved stays dissolved."),
            ),
        ]
        verbose_name = _("unit")
        verbose_name_plural = _("units")

    def __str__(self) -> str:
        return self.name


class BodyRule(models.Model):
    """A rule by which a body may decide, and on what legal ground."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="decision_rules", verbose_name=_("unit"))
    rule = models.CharField(_("rule"), max_length=20, choices=DecisionRule)
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    is_default = models.BooleanField(_("used unless another is chosen"), default=False)

    class Meta:
        ordering = ["unit", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "rule"],
                name="one_entry_per_body_and_rule",
                violation_error_message=_("This body already has this rule."),
            ),
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(is_default=True),
                name="one_default_rule_per_body",
                violation_error_message=_("Only one rule can be the default."),
            ),
            models.CheckConstraint(
                condition=Q(rule__in=DecisionRule.values),
                name="body_rule_is_known",
                violation_error_message=_("Unknown rule."),
            ),
        ]
        verbose_name = _("decision rule")
        verbose_name_plural = _("decision rules")

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_rule_display()}"

"""Bodies, who sits in them and how they decide; partners and partnerships."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import Fold, refusal
from refamp.territory.models import Municipality
from units.choices import (
    DecisionRule,
    EndReason,
    PartnerKind,
    PartnerRole,
    Position,
    SecondCallQuorum,
    UnitKind,
    UnitState,
)


def period() -> Func:
    """[starts_on, ends_on]: both days are in force."""
    return Func(F("starts_on"), F("ends_on"), Value("[]"), function="daterange", output_field=DateRangeField())


# A seat of the Council is what the body and the position say, whatever the row claims.
KEEP_SEAT_TRUE = f"""
    SELECT kind INTO body FROM units_unit WHERE id = NEW.unit_id;
    NEW.is_seat := body = 'council' AND NEW.position <> 'substitute';
    IF body = 'council' AND NEW.municipality_id IS NULL THEN
        {refusal("council_seat_has_its_municipality", "A seat of the Council is a municipality''s.")}
    END IF;
    RETURN NEW;
"""

DECIDED = "decided_composition_never_changes"
KEEP_DECIDED = f"""
    IF EXISTS (
        SELECT 1 FROM units_composition
        WHERE id IN (OLD.composition_id, NEW.composition_id) AND is_agreed IS NOT NULL
    ) THEN
        {refusal(DECIDED, "A composition on which was decided never changes.")}
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


class Unit(models.Model):
    """A body of governance. `axis_lineage` names the priority axis it serves, whatever the edition.

    `members_min`, `members_max` count seats without substitutes. `notice_days` is the legal notice of a meeting;
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
    notice_basis = models.CharField(_("legal basis of the notice"), max_length=200, blank=True)
    report_stale_days = models.PositiveSmallIntegerField(_("days after which a report is stale"), default=180)
    second_call_quorum = models.CharField(
        _("quorum on second call"), max_length=5, choices=SecondCallQuorum, default=SecondCallQuorum.THIRD
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
        ]
        triggers = [
            pgtrigger.Trigger(
                name="unit_keeps_its_kind",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("kind"),
                func=refusal("unit_keeps_its_kind", "A body keeps its kind."),
            )
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


class PartnerQuerySet(models.QuerySet):
    def active_on(self, day: object) -> Self:
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day))


class Partner(models.Model):
    """A body that works with the units: of one kind, in one or more of three roles."""

    public_id = PublicIdField()
    name = models.CharField(_("name"), max_length=250)
    acronym = models.CharField(_("acronym"), max_length=30, blank=True)
    kind = models.CharField(_("kind"), max_length=25, choices=PartnerKind)
    roles = ArrayField(models.CharField(max_length=25, choices=PartnerRole), verbose_name=_("roles"))
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("seat")
    )
    website = models.URLField(_("website"), blank=True)
    note = models.TextField(_("note"), blank=True)
    started_on = models.DateField(_("partner since"), null=True, blank=True)
    ended_on = models.DateField(_("partner until"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering = [Fold("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                Fold("name"),
                name="one_partner_per_name",
                violation_error_message=_("There is already a partner of this name."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PartnerKind.values),
                name="partner_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(roles__contained_by=PartnerRole.values) & Q(roles__len__gt=0),
                name="partner_roles_are_known",
                violation_error_message=_("A partner has at least one of the three roles."),
            ),
            models.CheckConstraint(
                condition=Q(started_on__isnull=True) | Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="partner_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return self.name


class Mandate(models.Model):
    """A person sits in a unit, for a municipality or a partner, from a first to a last day.

    `is_seat`: holds a seat of the Council, and is not a substitute; the database keeps it true to body and position
    and refuses a second one of the same municipality. `hours_month` is the effort agreed. A mandate is ended, never
    deleted.
    """

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="mandates", verbose_name=_("unit"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="mandates", verbose_name=_("person")
    )
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        verbose_name=_("for the municipality"),
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="mandates", verbose_name=_("for the partner")
    )
    position = models.CharField(_("position"), max_length=15, choices=Position, default=Position.MEMBER)
    is_seat = models.BooleanField(_("holds a seat of the Council"), default=False, editable=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    end_reason = models.CharField(_("ended by"), max_length=12, choices=EndReason, blank=True)
    hours_month = models.DecimalField(_("hours a month"), max_digits=5, decimal_places=1, null=True, blank=True)
    act = models.TextField(_("act that named them"), blank=True)
    end_act = models.TextField(_("act that ended it"), blank=True)
    deliberation = models.ForeignKey(
        "units.Deliberation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        verbose_name=_("deliberation"),
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["unit", "starts_on", "id"]
        constraints = [
            ExclusionConstraint(
                name="no_overlapping_mandates_of_a_person_in_a_unit",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This person already has a mandate in this unit in these days."),
            ),
            ExclusionConstraint(
                name="one_sitting_councillor_per_municipality",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("municipality", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_seat=True),
                violation_error_message=_("This municipality already has a sitting councillor in these days."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="mandate_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
            models.CheckConstraint(
                condition=Q(position__in=Position.values),
                name="mandate_position_is_known",
                violation_error_message=_("Unknown position."),
            ),
            models.CheckConstraint(
                condition=Q(municipality__isnull=True) | Q(partner__isnull=True),
                name="mandate_stands_for_one",
                violation_error_message=_("A mandate stands for a municipality or for a partner, not for both."),
            ),
            models.CheckConstraint(
                condition=Q(is_seat=False) | Q(municipality__isnull=False),
                name="council_seat_has_its_municipality",
                violation_error_message=_("A seat of the Council is a municipality's."),
            ),
            models.CheckConstraint(
                condition=Q(deliberation__isnull=False) | ~Q(act=""),
                name="mandate_names_its_act",
                violation_error_message=_("Say which deliberation or act named this person."),
            ),
            models.CheckConstraint(
                condition=Q(hours_month__isnull=True) | Q(hours_month__gte=0),
                name="mandate_hours_are_not_negative",
                violation_error_message=_("Hours cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(end_reason="") | Q(end_reason__in=EndReason.values, ends_on__isnull=False),
                name="mandate_that_ended_says_when_and_why",
                violation_error_message=_("A mandate that ended has its last day and a known reason."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="seat_of_the_council_is_kept_true",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("body", "text")],
                func=KEEP_SEAT_TRUE,
            ),
            pgtrigger.Protect(name="mandates_are_ended_never_deleted", operation=pgtrigger.Delete),
        ]
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")

    def __str__(self) -> str:
        return f"{self.person} · {self.unit}"


class Composition(models.Model):
    """A proposed composition of a unit: what the coordination unit proposes and the seventeen agree by deliberation."""

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="compositions", verbose_name=_("unit"))
    starts_on = models.DateField(_("from"))
    grounds_effort = models.TextField(_("shared effort"), help_text=_("How the effort is shared among the seventeen."))
    grounds_competences = models.TextField(_("competences the unit needs"))
    grounds_profile = models.TextField(_("strategic profile of social action in the area"))
    is_agreed = models.BooleanField(_("agreed"), null=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    created_at = models.DateTimeField(_("proposed at"), default=timezone.now)
    version = VersionField()

    class Meta:
        ordering = ["-id"]
        triggers = [
            pgtrigger.Trigger(
                name=DECIDED,
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__is_agreed__isnull=False),
                func=refusal(DECIDED, "A composition on which was decided never changes."),
            )
        ]
        verbose_name = _("proposed composition")
        verbose_name_plural = _("proposed compositions")

    def __str__(self) -> str:
        return f"{self.unit} · {self.starts_on}"


class CompositionSeat(models.Model):
    """One person in a proposed composition."""

    composition = models.ForeignKey(Composition, models.CASCADE, related_name="seats", verbose_name=_("composition"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the municipality")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the partner")
    )
    position = models.CharField(_("position"), max_length=15, choices=Position, default=Position.MEMBER)
    hours_month = models.DecimalField(_("hours a month"), max_digits=5, decimal_places=1, null=True, blank=True)

    class Meta:
        ordering = ["composition", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["composition", "person"],
                name="one_seat_per_person_in_a_composition",
                violation_error_message=_("This person is already in the composition."),
            ),
            models.CheckConstraint(
                condition=Q(position__in=Position.values),
                name="proposed_position_is_known",
                violation_error_message=_("Unknown position."),
            ),
            models.CheckConstraint(
                condition=Q(municipality__isnull=True) | Q(partner__isnull=True),
                name="proposed_seat_stands_for_one",
                violation_error_message=_("A mandate stands for a municipality or for a partner, not for both."),
            ),
            models.CheckConstraint(
                condition=Q(hours_month__isnull=True) | Q(hours_month__gte=0),
                name="proposed_hours_are_not_negative",
                violation_error_message=_("Hours cannot be negative."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=DECIDED,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=KEEP_DECIDED,
            )
        ]
        verbose_name = _("proposed seat")
        verbose_name_plural = _("proposed seats")

    def __str__(self) -> str:
        return f"{self.person} · {self.get_position_display()}"


class Partnership(models.Model):
    """A partner works with a unit, in some of its roles, for some time."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="partnerships", verbose_name=_("partner"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="partnerships", verbose_name=_("unit"))
    roles = ArrayField(models.CharField(max_length=25, choices=PartnerRole), verbose_name=_("roles"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    purpose = models.TextField(_("purpose"), blank=True)
    version = VersionField()

    class Meta:
        ordering = ["partner", "unit", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "unit", "starts_on"],
                name="one_partnership_per_start",
                violation_error_message=_("This partnership is already there."),
            ),
            models.CheckConstraint(
                condition=Q(roles__contained_by=PartnerRole.values) & Q(roles__len__gt=0),
                name="partnership_roles_are_known",
                violation_error_message=_("Say in which role."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="partnership_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("partnership")
        verbose_name_plural = _("partnerships")

    def __str__(self) -> str:
        return f"{self.partner} · {self.unit}"

"""Who sits in a body, for whom, from when to when."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from refamp.territory.models import Municipality
from units.choices import EndReason, Position
from units.models.bodies import Unit
from units.models.partners import Partner


def period() -> Func:
    """[starts_on, ends_on]: both days are in force."""
    return Func(F("starts_on"), F("ends_on"), Value("[]"), function="daterange", output_field=DateRangeField())


# A seat of the Council is what the body and the position say, whatever the row claims.
KEEP_SEAT_TRUE = f"""
    SELECT kind, state INTO body FROM units_unit WHERE id = NEW.unit_id;
    NEW.is_seat := body.kind = 'council' AND NEW.position <> 'substitute';
    IF TG_OP = 'INSERT' AND body.state = 'dissolved' THEN
        {refusal("dissolved_unit_takes_nobody", "Nobody is named to a unit that was dissolved.")}
    END IF;
    IF body.kind = 'council' AND NEW.municipality_id IS NULL THEN
        {refusal("council_seat_has_its_municipality", "A seat of the Council is a municipality''s.")}
    END IF;
    RETURN NEW;
"""


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
                declare=[("body", "record")],
                func=KEEP_SEAT_TRUE,
            ),
            # What was entered by mistake is first marked so, with its record.
            pgtrigger.Protect(
                name="mandates_are_ended_never_deleted",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__end_reason="undone"),
            ),
        ]
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")

    def __str__(self) -> str:
        return f"{self.person} · {self.unit}"

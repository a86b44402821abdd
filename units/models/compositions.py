"""Proposed compositions: who would sit in a unit, on which grounds."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from refamp.territory.models import Municipality
from units.choices import Position
from units.models.bodies import Unit
from units.models.partners import Partner

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
    writers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("wrote in it")
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

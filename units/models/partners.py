"""Partners, and with which unit they work."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import Fold
from refamp.territory.models import Municipality
from units.choices import PartnerKind, PartnerRole
from units.models.bodies import Unit


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

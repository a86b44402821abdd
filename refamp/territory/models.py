"""Places and how many people live there."""

import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField
from refamp.base.sql import Fold
from refamp.territory.choices import CensusMeasure


class PlaceQuerySet(models.QuerySet):
    """Places know time: a figure of 2021 belongs to the places of 2021."""

    def valid_on(self, day: datetime.date) -> Self:
        """Those that existed on a day; `valid_to` is the last day, null while they exist."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gte=day)
        )


class Place(models.Model):
    """What a municipality and a parish have in common. `boundary` is a GeoJSON geometry in WGS 84, where loaded."""

    public_id = PublicIdField()
    code = models.CharField(_("official code"), max_length=6)
    name = models.CharField(_("name"), max_length=200)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    boundary = models.JSONField(_("boundary"), null=True, blank=True, editable=False)
    boundary_source = models.CharField(_("source of the boundary"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Municipality(Place):
    """A município. `tile_x`, `tile_y` are its column and row on the tile map; lon, lat in degrees, area in km²."""

    short_name = models.CharField(_("short name"), max_length=20)
    district = models.CharField(_("district"), max_length=50)
    nuts3 = models.CharField("NUTS 3", max_length=5)
    lon = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5)
    lat = models.DecimalField(_("latitude"), max_digits=7, decimal_places=5)
    area_km2 = models.DecimalField(_("area (km²)"), max_digits=8, decimal_places=2)
    tile_x = models.PositiveSmallIntegerField(_("tile column"))
    tile_y = models.PositiveSmallIntegerField(_("tile row"))

    class Meta(Place.Meta):
        abstract = False
        ordering = [Fold("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(valid_to__isnull=True),
                name="one_present_municipality_per_code",
                violation_error_message=_("There is already a municipality with this code."),
            ),
            models.UniqueConstraint(
                fields=["tile_x", "tile_y"],
                condition=Q(valid_to__isnull=True),
                name="one_municipality_per_tile",
                violation_error_message=_("Two municipalities cannot stand on one tile."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="municipality_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("municipality")
        verbose_name_plural = _("municipalities")


class Parish(Place):
    """A freguesia."""

    municipality = models.ForeignKey(
        Municipality, models.PROTECT, related_name="parishes", verbose_name=_("municipality")
    )

    class Meta(Place.Meta):
        abstract = False
        ordering = ["code", "id"]
        # Lists are read in this order, a page at a time.
        indexes = [models.Index(fields=["code", "id"], name="parish_by_code")]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(valid_to__isnull=True),
                name="one_present_parish_per_code",
                violation_error_message=_("There is already a parish with this code."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="parish_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("parish")
        verbose_name_plural = _("parishes")


class CensusCount(models.Model):
    """How many people a census counted in a municipality."""

    municipality = models.ForeignKey(
        Municipality, models.PROTECT, related_name="census_counts", verbose_name=_("municipality")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    measure = models.CharField(_("measure"), max_length=30, choices=CensusMeasure)
    people = models.PositiveIntegerField(_("people"))
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        ordering = ["municipality", "year", "measure"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "year", "measure"],
                name="one_census_count_per_place_year_and_measure",
                violation_error_message=_("This count is already there."),
            ),
            models.CheckConstraint(
                condition=Q(measure__in=CensusMeasure.values),
                name="census_measure_is_known",
                violation_error_message=_("Unknown measure."),
            ),
        ]
        verbose_name = _("census count")
        verbose_name_plural = _("census counts")

    def __str__(self) -> str:
        return f"{self.municipality} {self.year} {self.get_measure_display()}"

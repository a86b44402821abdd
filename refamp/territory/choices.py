"""What the census counts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CensusMeasure(TextChoices):
    RESIDENT_POPULATION = "resident_population", _("resident population")
    POPULATION_0_14 = "population_0_14", _("population aged 0 to 14")
    POPULATION_65_PLUS = "population_65_plus", _("population aged 65 and over")


# What the audit record calls the changes of this room.
TERRITORY_EVENTS = {
    "census_count.created": _("Census count loaded"),
    "census_count.updated": _("Census count changed"),
    "municipality.created": _("Municipality loaded"),
    "municipality.updated": _("Municipality changed"),
    "parish.created": _("Parish loaded"),
    "parish.updated": _("Parish changed"),
    "parish.closed": _("Parish ended"),
}

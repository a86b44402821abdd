"""What the census counts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CensusMeasure(TextChoices):
    RESIDENT_POPULATION = "resident_population", _("resident population")
    POPULATION_0_14 = "population_0_14", _("population aged 0 to 14")
    POPULATION_65_PLUS = "population_65_plus", _("population aged 65 and over")

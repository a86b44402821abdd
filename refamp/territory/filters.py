"""What lists of places may be asked."""

import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from refamp.base.api.errors import NotKnownForThatDay
from refamp.territory.models import Municipality, Parish
from refamp.territory.queries import parishes_recorded_on, recorded_days


class PlaceFilters(filters.FilterSet):
    """`?on=` asks for another day than today, which is what the door takes where nothing is said."""

    on = filters.DateFilter(method="valid_on", help_text="The places of this day; today where it is not said.")

    def valid_on(self, queryset: QuerySet, _name: str, day: datetime.date) -> QuerySet:
        return queryset.valid_on(day)  # type: ignore[attr-defined]


class MunicipalityFilters(PlaceFilters):
    district = filters.CharFilter(help_text="Porto or Aveiro.")

    class Meta:
        model = Municipality
        fields = ("on", "district")


class ParishFilters(PlaceFilters):
    municipality = filters.CharFilter(field_name="municipality__code", help_text="The code of a municipality.")

    def valid_on(self, queryset: QuerySet, name: str, day: datetime.date) -> QuerySet:
        """Raises NotKnownForThatDay where no list covers the day: an empty answer would say that there were none."""
        if not parishes_recorded_on(day):
            first, last = recorded_days()
            raise NotKnownForThatDay(
                _("No list of parishes is recorded for %(day)s. Those recorded begin on %(first)s and end %(last)s.")
                % {"day": day.isoformat(), "first": first or "–", "last": last or _("nowhere yet")}
            )
        return super().valid_on(queryset, name, day)

    class Meta:
        model = Parish
        fields = ("on", "municipality")

"""The territory for other systems."""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from refamp.base.api.columns import Row
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet
from refamp.base.sql import Fold
from refamp.territory.filters import MunicipalityFilters, ParishFilters
from refamp.territory.models import Municipality, Parish, PlaceQuerySet
from refamp.territory.queries import census_for, population
from refamp.territory.rules import may_read
from refamp.territory.serializers import MunicipalityDetailSerializer, MunicipalitySerializer, ParishSerializer

HAS_BOUNDARY = ExpressionWrapper(Q(boundary__isnull=False), output_field=BooleanField())


def of_the_day(places: PlaceQuerySet, door: ReadViewSet) -> PlaceQuerySet:
    """A list is that of today, unless it is asked for another day; a code may also be that of a place that is gone."""
    if door.is_list and not door.request.query_params.get("on"):
        return places.valid_on(timezone.localdate())
    return places


class MunicipalityViewSet(ReadViewSet):
    """The municipalities of the area, with their residents; with boundaries as GeoJSON once those are loaded."""

    read_rule = may_read
    scope = "territory"
    serializer_class = MunicipalitySerializer
    detail_serializer_class = MunicipalityDetailSerializer
    filterset_class = MunicipalityFilters
    lookup_field = "code"
    ordering = ("name",)
    ordering_fields = {
        "name": Order(Fold("name"), never_null=True),
        "code": "code",
        "area_km2": "area_km2",
        "population_2011": population(2011),
        "population_2021": population(2021),
        "updated_at": "updated_at",
    }
    search_fields = ("name", "code")
    columns = {
        "population_2011": population(2011),
        "population_2021": population(2021),
        "has_boundary": HAS_BOUNDARY,
        "census": None,
    }
    geometry = "boundary"

    def queryset_for(self, user: Any) -> QuerySet:
        return of_the_day(Municipality.objects.all(), self)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        if self.is_detail and self.wants("census"):
            found = census_for(keys)
            for row, key in zip(rows, keys, strict=True):
                row["census"] = found[key]


class ParishViewSet(ReadViewSet):
    """The parishes of today, or of another day that is recorded (`on`)."""

    read_rule = may_read
    scope = "territory"
    serializer_class = ParishSerializer
    filterset_class = ParishFilters
    lookup_field = "code"
    ordering = ("code",)
    ordering_fields = {
        "code": "code",
        "name": Order(Fold("name"), never_null=True),
        "municipality": "municipality__code",
        "valid_from": "valid_from",
        "updated_at": "updated_at",
    }
    search_fields = ("name", "code", "municipality__name")
    columns = {"has_boundary": HAS_BOUNDARY}
    geometry = "boundary"

    def queryset_for(self, user: Any) -> QuerySet:
        return of_the_day(Parish.objects.all(), self)

    def looked_up(self, queryset: QuerySet) -> QuerySet:
        """Of several parishes that had a code one after the other, the latest."""
        return super().looked_up(queryset).order_by("-valid_from", "-pk")


def register(router: Router) -> None:
    router.register("municipalities", MunicipalityViewSet)
    router.register("parishes", ParishViewSet)

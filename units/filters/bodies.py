"""What lists of bodies, mandates and partners can be narrowed by, on page, API and export alike."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from refamp.territory.models import Municipality
from units.choices import PartnerKind, PartnerRole, Position, UnitKind, UnitState
from units.models import Mandate, Partner, Unit
from units.queries.bodies import in_force_on, present_municipalities


def present(_request: object) -> QuerySet[Municipality]:
    return present_municipalities()


def every_unit(_request: object) -> QuerySet[Unit]:
    return Unit.objects.order_by("kind", "code")


class UnitFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=UnitKind.choices, label=_("Kind"))
    state = django_filters.ChoiceFilter(choices=UnitState.choices, label=_("State"))

    class Meta:
        model = Unit
        fields: list[str] = []


class MandateFilter(django_filters.FilterSet):
    unit = django_filters.ModelChoiceFilter(queryset=every_unit, to_field_name="code", label=_("Code of the unit"))
    municipality = django_filters.ModelChoiceFilter(
        queryset=present, to_field_name="code", label=_("Code of the municipality")
    )
    position = django_filters.ChoiceFilter(choices=Position.choices, label=_("Position"))
    is_seat = django_filters.BooleanFilter(label=_("Whether it is a seat of the Council"))
    on = django_filters.DateFilter(method="in_force", label=_("In force on this day"))

    class Meta:
        model = Mandate
        fields: list[str] = []

    def in_force(self, rows: QuerySet[Mandate], _name: str, day: object) -> QuerySet[Mandate]:
        return rows.filter(in_force_on(day))  # type: ignore[arg-type]  # a date


class PartnerFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=PartnerKind.choices, label=_("Kind"), empty_label=_("all"))
    role = django_filters.ChoiceFilter(
        choices=PartnerRole.choices, label=_("Role"), empty_label=_("all"), method="in_role"
    )
    unit = django_filters.ModelChoiceFilter(
        queryset=every_unit,
        to_field_name="code",
        label=_("Works with the unit"),
        empty_label=_("all"),
        method="with_unit",
    )
    municipality = django_filters.ModelChoiceFilter(
        queryset=present, to_field_name="code", label=_("Municipality of its seat"), empty_label=_("all")
    )

    class Meta:
        model = Partner
        fields: list[str] = []

    def in_role(self, rows: QuerySet[Partner], _name: str, role: str) -> QuerySet[Partner]:
        return rows.filter(roles__contains=[role])

    @extend_schema_field(OpenApiTypes.STR)
    def with_unit(self, rows: QuerySet[Partner], _name: str, unit: Unit) -> QuerySet[Partner]:
        """Partnerships that have not ended."""
        return rows.filter(partnerships__unit=unit, partnerships__ends_on__isnull=True).distinct()

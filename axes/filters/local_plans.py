"""What the list of local plans can be narrowed by, on page, API and export alike."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from axes.choices import LocalPlanKind
from axes.models import LocalPlan, Node
from axes.queries.framework import problem_areas_for_plans
from refamp.territory.models import Municipality


def present_municipalities(_request: object) -> QuerySet[Municipality]:
    return Municipality.objects.filter(valid_to__isnull=True)


def present_areas(_request: object) -> QuerySet[Node]:
    return problem_areas_for_plans()


@extend_schema_field(OpenApiTypes.STR)
class NodeFilter(django_filters.ModelChoiceFilter):
    """A problem area, in whichever edition a priority is tied to it."""

    def filter(self, qs: QuerySet, value: Node | None) -> QuerySet:
        return qs if value is None else qs.filter(priorities__problem_area__lineage=value.lineage).distinct()


class LocalPlanFilter(django_filters.FilterSet):
    municipality = django_filters.ModelChoiceFilter(
        queryset=present_municipalities, to_field_name="code", label=_("Municipality"), empty_label=_("all")
    )
    kind = django_filters.ChoiceFilter(choices=LocalPlanKind.choices, label=_("Kind"), empty_label=_("all"))
    problem_area = NodeFilter(
        queryset=present_areas, to_field_name="code", label=_("Problem area"), empty_label=_("all")
    )

    class Meta:
        model = LocalPlan
        fields: list[str] = []

"""What the list of meetings can be narrowed by, on page and API alike."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from units.choices import MeetingState
from units.models import Meeting, Unit
from units.queries.bodies import standing


def bodies(_request: object) -> QuerySet[Unit]:
    return standing().order_by("kind", "code")


class MeetingFilter(django_filters.FilterSet):
    unit = django_filters.ModelChoiceFilter(
        queryset=bodies, to_field_name="code", label=_("Body"), empty_label=_("all")
    )  # fmt: skip
    year = django_filters.NumberFilter(label=_("Year"), min_value=2014, max_value=2100)
    state = django_filters.ChoiceFilter(choices=MeetingState.choices, label=_("State"), empty_label=_("all"))
    is_extraordinary = django_filters.BooleanFilter(label=_("Extraordinary"))

    class Meta:
        model = Meeting
        fields: list[str] = []

"""What the API's list of events may be narrowed by."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from refamp.audit.models import Event
from refamp.audit.queries import events_matching


class EventFilter(django_filters.FilterSet):
    actor = django_filters.CharFilter(method="by_actor")
    action = django_filters.CharFilter(method="by_action")
    object_type = django_filters.CharFilter()
    object_id = django_filters.CharFilter()
    since = django_filters.DateFilter(method="from_day")
    until = django_filters.DateFilter(method="to_day")

    class Meta:
        model = Event
        fields: list[str] = []

    def by_actor(self, events: QuerySet, _name: str, value: Any) -> QuerySet:
        return events_matching(events, who=value)

    def by_action(self, events: QuerySet, _name: str, value: Any) -> QuerySet:
        return events_matching(events, action=value)

    def from_day(self, events: QuerySet, _name: str, value: Any) -> QuerySet:
        return events_matching(events, since=value)

    def to_day(self, events: QuerySet, _name: str, value: Any) -> QuerySet:
        return events_matching(events, until=value)

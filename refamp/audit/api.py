"""The record for machines: to read."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from refamp.audit.filters import EventFilter
from refamp.audit.models import Event, Seal
from refamp.audit.rules import sees_audit
from refamp.audit.serializers import EventSerializer
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet


class EventViewSet(ReadViewSet):
    """What was done, by whom, to what: for auditors and the coordination unit."""

    read_rule = sees_audit
    scope = "audit"
    model = Event
    serializer_class = EventSerializer
    filterset_class = EventFilter
    ordering = ("-recorded",)
    ordering_fields = {"recorded": Order("id", never_null=True), "at": Order("at", never_null=True)}
    columns = {"sealed": Exists(Seal.objects.filter(event_id=OuterRef("pk")))}
    file_name = "audit_events"

    def queryset_for(self, user: Any) -> QuerySet:
        return Event.objects.all() if sees_audit(user) else Event.objects.none()


def register(router: Router) -> None:
    router.register("audit-events", EventViewSet)

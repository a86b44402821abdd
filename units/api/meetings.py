"""Meetings for other systems: whatever was convened is public, with its agenda; how many came, once it is closed.

Of its documents, everybody is told of the public ones; those who see the body's papers, of all.
"""

from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from django.urls import reverse

from refamp.base.api.columns import Row, reference
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet
from refamp.base.doors import everyone
from refamp.base.sql import Fold
from units.choices import CLOSED_DELIBERATION, PRESENT, MeetingState, MinutesState
from units.filters.meetings import MeetingFilter
from units.formulas.meetings import numbered
from units.models import AgendaItem, Attendance, Deliberation, Meeting, MeetingDocument, Minutes
from units.queries.meetings import meetings, sees_papers_of
from units.serializers.meetings import MeetingSerializer

STATUS = Case(
    When(state=MeetingState.CLOSED, then=Value(None)),
    When(state=MeetingState.CANCELLED, then=Value("not_applicable")),
    default=Value("not_collected"),
    output_field=CharField(null=True),
)


class MeetingViewSet(ReadViewSet):
    """The meetings of the bodies. They are prepared and convened on the page."""

    read_rule = everyone
    scope = "units"
    model = Meeting
    serializer_class = MeetingSerializer
    filterset_class = MeetingFilter
    ordering = ("-starts_at",)
    ordering_fields = {
        "starts_at": "starts_at",
        "year": "year",
        "number": "number",
        "unit": "unit__code",
        "title": Order(Fold("title"), never_null=True),
        "updated_at": "updated_at",
    }
    search_fields = ("title", "place", "unit__name")
    columns = {
        "attendance_status": STATUS,
        **dict.fromkeys(("agenda", "documents", "seats", "present", "minutes_sha256", "minutes_url", "ics_url")),
    }

    def queryset_for(self, user: Any) -> QuerySet:
        return meetings(user)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Agenda, documents, attendance and minutes by one query each, whatever the number of rows."""
        facts = {
            row["pk"]: row
            for row in Meeting.objects.filter(pk__in=keys).values("pk", "public_id", "unit", "state", "convened_at")
        }
        points = self.points(keys) if self.wants("agenda") or self.wants("documents") else {}
        papers = self.papers(facts, points) if self.wants("documents") else {}
        came = self.came([key for key in keys if key in facts and facts[key]["state"] == MeetingState.CLOSED])
        minutes = self.published(keys)
        for row, key in zip(rows, keys, strict=True):
            fact, seats = facts[key], came.get(key)
            about = minutes.get(key)
            values = {
                "agenda": [point for _pk, point in points.get(key, [])],
                "documents": papers.get(key, []),
                "seats": seats["seats"] if seats else None,
                "present": seats["present"] if seats else None,
                "minutes_sha256": about,
                "minutes_url": self.origin + reverse("units:minutes_pdf", args=[fact["public_id"]]) if about else None,
                "ics_url": self.origin + reverse("units:meeting_ics", args=[fact["public_id"]])
                if fact["convened_at"]
                else None,
            }
            row.update({name: value for name, value in values.items() if self.wants(name)})

    def points(self, keys: list[Any]) -> dict[Any, list[tuple[int, Row]]]:
        """Of each meeting its points as they are read, with their keys."""
        items: dict[Any, dict[int, AgendaItem]] = {}
        for item in AgendaItem.objects.filter(meeting__in=keys).select_related("deliberation"):
            items.setdefault(item.meeting_id, {})[item.pk] = item
        found: dict[Any, list[tuple[int, Row]]] = {}
        for key, known in items.items():
            places = numbered([(item.pk, item.parent_id, item.order) for item in known.values()])
            found[key] = [(place.item, self.point(known[place.item], place.code)) for place in places]
        return found

    def point(self, item: AgendaItem, code: str) -> Row:
        deliberation = getattr(item, "deliberation", None)
        is_closed = deliberation is not None and deliberation.state in CLOSED_DELIBERATION
        return {
            "code": code,
            "title": item.title,
            "kind": item.kind,
            "is_late": item.is_late,
            "urgency_votes": item.urgency_votes,
            "deliberation": self.decided(deliberation) if deliberation is not None and is_closed else None,
        }

    def decided(self, deliberation: Deliberation) -> Row | None:
        key = str(deliberation.public_id)
        return reference(key, deliberation.title, self.origin + reverse("api:deliberations-detail", args=[key]))

    def papers(self, facts: dict[Any, Row], points: dict[Any, list[tuple[int, Row]]]) -> dict[Any, list[Row]]:
        codes = {pk: point["code"] for rows in points.values() for pk, point in rows}
        seen = [key for key, fact in facts.items() if sees_papers_of(self.request.user, fact["unit"])]
        found: dict[Any, list[Row]] = {}
        documents = MeetingDocument.objects.filter(
            Q(is_public=True) | Q(meeting__in=seen), meeting__in=list(facts), withdrawn_at__isnull=True
        )
        for document in documents.order_by("pk"):
            address = reverse("units:document", args=[facts[document.meeting_id]["public_id"], document.public_id])
            found.setdefault(document.meeting_id, []).append(
                {
                    "title": document.title,
                    "file_name": document.file_name,
                    "size": document.size,
                    "sha256": document.sha256,
                    "is_late": document.is_late,
                    "is_public": document.is_public,
                    "point": codes.get(document.item_id or 0, ""),
                    "url": self.origin + address,
                }
            )
        return found

    def came(self, keys: list[Any]) -> dict[Any, Any]:
        if not (self.wants("seats") or self.wants("present")):
            return {}
        rows = (
            Attendance.objects.filter(meeting__in=keys)
            .order_by()
            .values("meeting")
            .annotate(seats=Count("pk"), present=Count("pk", filter=Q(presence__in=sorted(PRESENT))))
        )
        return {row["meeting"]: row for row in rows}

    def published(self, keys: list[Any]) -> dict[Any, str]:
        if not (self.wants("minutes_sha256") or self.wants("minutes_url")):
            return {}
        found = Minutes.objects.filter(meeting__in=keys, state=MinutesState.PUBLISHED)
        return dict(found.values_list("meeting", "sha256"))


def register(router: Router) -> None:
    router.register("meetings", MeetingViewSet)

"""Consultations, their code books and their results, for other systems."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from axes.api.framework import PREFIXES
from axes.choices import Group, Scale
from axes.models import Consultation, Topic
from axes.models.results import Representativeness
from axes.queries.results import ResultRow, Results, results_for
from axes.serializers.results import (
    ConsultationDetailSerializer,
    ConsultationSerializer,
    RepresentativenessSerializer,
    TopicSerializer,
)
from refamp.base.api.columns import Row, reference
from refamp.base.api.conditional import conditional, digest
from refamp.base.api.errors import BadCursor, BadParameters
from refamp.base.api.formats import MEDIA_TYPES
from refamp.base.api.pagination import Cursor, read_cursor, read_limit
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet
from refamp.base.doors import everyone
from refamp.base.export import csv_lines, flat_row, xlsx_file

POSITION = "position"
FILTERS: dict[str, tuple[str, list[str] | None]] = {
    "topic": ("Code of a topic.", None),
    "scale": ("Scale.", Scale.values),
    "municipality": ("Code of a municipality.", None),
    "group": ("Group.", Group.values),
    "dimension": ("Everybody, by municipality, or by group.", Representativeness.Dimension.values),
}


class ConsultationViewSet(ReadViewSet):
    """Consultations. Without a login: those with published results."""

    read_rule = everyone
    scope = "axes"
    serializer_class = ConsultationSerializer
    detail_serializer_class = ConsultationDetailSerializer
    ordering = ("-published_at",)
    ordering_fields = ("published_at", "title", "updated_at")
    search_fields = ("title", "description")
    columns = {"phases": None}

    def queryset_for(self, user: Any) -> QuerySet:
        return Consultation.objects.visible_to(user)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        if self.is_detail and self.wants("phases"):
            fields = ("name", "state", "opens_on", "closes_on", "closed_at")
            for row, key in zip(rows, keys, strict=True):
                row["phases"] = list(Consultation.objects.get(pk=key).phases.values(*fields))


class OfConsultation(ReadViewSet, abstract=True):
    """What stands under the address of one consultation."""

    read_rule = everyone
    scope = "axes"

    @cached_property
    def consultation(self) -> Consultation:
        """The consultation of the address; 404 where this caller may not see it."""
        try:
            seen = Consultation.objects.visible_to(self.request.user).select_related("framework")
            return seen.get(public_id=self.kwargs["consultation"])
        except (Consultation.DoesNotExist, ValidationError) as error:
            raise Http404 from error


class TopicViewSet(OfConsultation):
    """The code book of a consultation."""

    serializer_class = TopicSerializer
    model = Topic
    lookup_field = "code"
    ordering = ("order",)
    ordering_fields = ("order", "code", "label")
    search_fields = ("code", "label")

    def queryset_for(self, user: Any) -> QuerySet:
        return Topic.objects.filter(consultation=self.consultation)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """The node's address, in its own edition; null for a kind that has no door."""
        if not self.wants("node"):
            return
        edition = urlencode({"framework": self.consultation.framework.code})
        kinds = dict(Topic.objects.filter(pk__in=keys).values_list("pk", "node__kind"))
        for row, key in zip(rows, keys, strict=True):
            url = self.address(PREFIXES.get(kinds[key]), row["node"]["id"])
            row["node"]["url"] = f"{url}?{edition}" if url else None


class RepresentativenessViewSet(OfConsultation):
    """How many named each topic: everybody, and by municipality and group.

    The coordination unit reads what is counted now; everybody else what was frozen when a phase closed.
    """

    serializer_class = RepresentativenessSerializer
    model = Topic
    filter_backends = ()
    file_name = "representativeness"

    def known_parameters(self) -> frozenset[str]:
        return frozenset({"format", "limit", "cursor", "count", "fields", *FILTERS})

    @extend_schema(
        parameters=[
            OpenApiParameter(name, str, description=meaning, enum=choices)
            for name, (meaning, choices) in FILTERS.items()
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        results = results_for(self.consultation, request.user)
        rows = list(self.filtered(results))
        return self.page_of(rows) if self.format == "json" else self.file_of(rows)

    def filtered(self, results: Results) -> Iterator[ResultRow]:
        """The rows that the parameters ask for, in their one order. An unknown code is a 400, not an empty list."""
        known = {name: choices for name, (_meaning, choices) in FILTERS.items()} | {
            "topic": list(Topic.objects.filter(consultation=self.consultation).values_list("code", flat=True)),
            "municipality": [place.code for place in results.municipalities],
        }
        asked = {
            name: set(self.request.query_params.getlist(name)) for name in FILTERS if name in self.request.query_params
        }
        wrong = [name for name, values in asked.items() if values - set(known[name] or [])]
        if wrong:
            raise BadParameters([(name, "invalid", _("There is no such value here.")) for name in wrong])
        for row in results.rows:
            values = {
                "topic": row.topic.code,
                "scale": row.scale,
                "municipality": row.municipality.code if row.municipality else None,
                "group": row.group,
                "dimension": row.dimension,
            }
            if all(values[name] in chosen for name, chosen in asked.items()):
                yield row

    def page_of(self, rows: Sequence[ResultRow]) -> HttpResponse:
        """A page of JSON. The cursor names the row beside which it begins."""
        query = self.request.query_params
        limit = read_limit(query.get("limit"))
        if query.get("count", "exact") != "exact":
            raise BadParameters([("count", "invalid", _("The only value is “exact”."))])
        first, last = 0, min(limit, len(rows))
        if "cursor" in query:
            cursor = read_cursor(query["cursor"], POSITION, 0)
            place = next((number for number, row in enumerate(rows) if row.identity == cursor.key[0]), None)
            if place is None:
                raise BadCursor
            first, last = (max(0, place - limit), place) if cursor.backwards else (place + 1, place + 1 + limit)
        page = rows[first:last]
        after = page and last < len(rows) and self.beside(page[-1], backwards=False)
        before = page and first > 0 and self.beside(page[0], backwards=True)
        body: dict[str, Any] = {"next": after or None, "previous": before or None}
        if "count" in query:
            body["count"] = len(rows)
        body["results"] = [self.cut(self.shown(row, exact=False)) for row in page]
        response = self.answer(body)
        links = [f'<{url}>; rel="{rel}"' for url, rel in ((after, "next"), (before, "prev")) if url]
        if links:
            response["Link"] = ", ".join(links)
        return conditional(self.request, response, f"{digest(response.content)}.json")

    def beside(self, row: ResultRow, *, backwards: bool) -> str:
        return self.page_address(Cursor(POSITION, [row.identity], backwards).write())

    def file_of(self, rows: Iterable[ResultRow]) -> StreamingHttpResponse:
        columns = self.flat_columns()
        flat = (flat_row(self.cut(self.shown(row, exact=True))) for row in rows)
        name = f"{self.file_name}.{self.format}"
        if self.format == "csv":
            kind = f"{MEDIA_TYPES['csv']}; charset=utf-8; header=present"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return StreamingHttpResponse(csv_lines(columns, flat), content_type=kind, headers=headers)
        file = xlsx_file(columns, flat, sheet=self.file_name)
        return FileResponse(file, as_attachment=True, filename=name, content_type=MEDIA_TYPES["xlsx"])

    def cut(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if self.wants(name)}

    def shown(self, row: ResultRow, *, exact: bool) -> Row:
        """One row. `exact` keeps figures as numbers, for a spreadsheet; JSON carries them as text."""

        def figure(value: Any) -> Any:
            return value if exact or value is None else str(value)

        place = row.municipality
        return {
            "topic": reference(row.topic.code, row.topic.label, self.topic_address(row.topic.code)),
            "topic_code": row.topic.code,
            "scale": row.scale,
            "group": row.group,
            "municipality": self.reference(place.code, place.name, "municipalities") if place else None,
            "dimension": row.dimension,
            "mentions": row.mentions,
            "respondents": row.respondents,
            "share": figure(row.share),
            "ci_low": figure(row.ci_low),
            "ci_high": figure(row.ci_high),
            "suppressed": row.suppressed,
            "published_count": row.published_count,
            "published_share": row.published_share,
            "agrees": row.agrees,
        }

    def topic_address(self, code: str) -> str:
        return self.origin + reverse("api:consultation-topics-detail", args=[self.consultation.public_id, code])


def register(router: Router) -> None:
    router.register("consultations", ConsultationViewSet)
    under = r"consultations/(?P<consultation>[^/]+)"
    router.register(f"{under}/topics", TopicViewSet, "consultation-topics")
    router.register(f"{under}/representativeness", RepresentativenessViewSet, "consultation-representativeness")

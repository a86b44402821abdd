"""The doors of the API. A door without a declared rule does not start.

    class MunicipalityViewSet(ReadViewSet):
        read_rule = everyone
        scope = "territory"
        serializer_class = MunicipalitySerializer
        lookup_field = "code"
        ordering = ("name",)
        ordering_fields = {"name": Order(Fold("name"), never_null=True), "code": "code"}
        search_fields = ("name",)

        def queryset_for(self, user):
            return Municipality.objects.all()

The serializer declares the shape, for the schema and for the query of plain values that answers it; what a field needs
beyond its `source` stands in `columns`, and what no single query gives is put into the rows by `finish`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from refamp.base.api import idempotency
from refamp.base.api.columns import Plan, Row, fields_of, plan_of, select
from refamp.base.api.conditional import check_version, conditional, digest, expected_versions
from refamp.base.api.door import Door
from refamp.base.api.errors import BadParameters
from refamp.base.api.filters import names_of
from refamp.base.api.formats import MEDIA_TYPES, encode
from refamp.base.api.pagination import Cursor, KeysetPagination, Order, Term, read_cursor, read_limit, terms_of
from refamp.base.api.streams import StreamingDoor, feature, iter_file

PLANS: dict[Any, Plan] = {}


@dataclass(frozen=True)
class Asked:
    """What the query parameters of a list say, once they are known to be well formed."""

    limit: int
    cursor: Cursor | None
    ordering: str
    terms: list[Term]
    annotations: dict[str, Any]
    count: bool


class ReadViewSet(StreamingDoor, GenericViewSet, abstract=True):
    """List and object: `{"next", "previous", "results"}`, keyset pages, CSV, XLSX, GeoJSON where `geometry` is set."""

    serializer_class: Any = None
    detail_serializer_class: Any = None
    model: type[Model] | None = None
    lookup_field = "public_id"
    lookup_value_regex = "[^/]+"
    # The order where none is asked for; names of `ordering_fields`, `-` for descending.
    ordering: Sequence[str] = ()
    # What may be asked for: names, or name → path, expression or Order.
    ordering_fields: Sequence[str] | Mapping[str, Any] = ()
    search_fields: Sequence[str] = ()
    filterset_class: Any = None
    # Field → path or expression where it is not the serializer's `source`; None leaves it to `finish`.
    columns: Mapping[str, Any] = {}
    # The columns of CSV and XLSX, in order; all of the serializer's where empty.
    export_columns: Sequence[str] = ()
    # The path of a GeoJSON geometry.
    geometry: str | None = None
    file_name = ""
    # For an extra action that answers a list: `@action(detail=True, as_list=True, serializer_class=…, ordering=…)`.
    as_list = False
    action: Any

    # What a room says about its objects

    def queryset_for(self, user: Any) -> QuerySet:
        """What this person may see: the model's `visible_to(user)`."""
        raise NotImplementedError

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """Put into the rows what their query did not give. `keys` are their primary keys, in the same order.

        It is called once per page and once per thousand rows of a stream: ask for all of them at once.
        `self.asked_fields` says which fields are wanted (None: all), `self.is_detail` whether it is one object.
        """

    @classmethod
    def offers(cls, action: str) -> bool:
        """A list or an object is offered by a door that says which there are, or answers in a way of its own."""
        if action in {"list", "retrieve"} and not defines(cls, ReadViewSet, "queryset_for", action):
            return False
        return super().offers(action)

    # Parameters

    @property
    def is_list(self) -> bool:
        return self.action == "list" or self.as_list

    @property
    def is_detail(self) -> bool:
        return self.action == "retrieve"

    @property
    def offered_formats(self) -> Sequence[str]:  # type: ignore[override]
        geo = ("geojson",) if self.geometry else ()
        if self.is_list:
            return ("json", "csv", "xlsx", *geo)
        return ("json", *geo) if self.is_detail else ("json",)

    def known_parameters(self) -> frozenset[str]:
        known = {"format", *self.extra_parameters}
        if self.is_list:
            known |= {"limit", "cursor", "count", "fields", "ordering"} | names_of(self.filterset_class)
            known |= {"search"} if self.search_fields else set()
        elif self.is_detail:
            known.add("fields")
        return frozenset(known)

    def shown_serializer(self) -> Any:
        return (self.detail_serializer_class if self.is_detail else None) or self.serializer_class

    def get_serializer_class(self) -> Any:
        return self.shown_serializer()

    @cached_property
    def asked_fields(self) -> frozenset[str] | None:
        text = self.request.query_params.get("fields")
        if text is None:
            return None
        names = [name.strip() for name in text.split(",")]
        known = fields_of(self.shown_serializer())
        unknown = [name for name in names if name not in known]
        if unknown:
            raise BadParameters([("fields", "unknown", _("There is no field “%s”.") % name) for name in unknown])
        return frozenset(names)

    def wants(self, field: str) -> bool:
        return self.asked_fields is None or field in self.asked_fields

    def plan(self) -> Plan:
        """What to ask for; of the whole object it is planned once."""
        serializer = self.shown_serializer()
        if self.asked_fields is not None:
            return plan_of(serializer, self.columns, self.asked_fields)
        key = (type(self), self.action, serializer)
        if key not in PLANS:
            PLANS[key] = plan_of(serializer, self.columns, None)
        return PLANS[key]

    def orders(self) -> dict[str, Order]:
        known = self.ordering_fields
        pairs = known.items() if isinstance(known, Mapping) else ((name, name) for name in known)
        return {name: by if isinstance(by, Order) else Order(by) for name, by in pairs}

    def asked(self, queryset: QuerySet) -> Asked:
        query, known = self.request.query_params, self.orders()
        text = query.get("ordering")
        asked = list(self.ordering) if text is None else [name.strip() for name in text.split(",")]
        wrong = [name for name in asked if name.removeprefix("-") not in known]
        if wrong:
            raise BadParameters(
                [("ordering", "unknown", _("This list cannot be ordered by “%s”.") % name) for name in wrong]
            )
        # A term said again orders nothing more.
        once: dict[str, str] = {}
        for name in asked:
            once.setdefault(name.removeprefix("-"), name)
        names = list(once.values())
        if query.get("count", "exact") != "exact":
            raise BadParameters([("count", "invalid", _("The only value is “exact”."))])
        ordering = ",".join(names)
        terms, annotations = terms_of(queryset.model, names, known)
        cursor = read_cursor(query["cursor"], ordering, len(terms)) if "cursor" in query else None
        return Asked(read_limit(query.get("limit")), cursor, ordering, terms, annotations, "count" in query)

    # The two readings

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            model = self.model or getattr(getattr(self.serializer_class, "Meta", None), "model", None)
            return model._default_manager.none() if model else self.queryset_for(AnonymousUser())
        try:
            return self.queryset_for(self.request.user)
        except (ValueError, ValidationError) as error:
            # An address whose other parts (a consultation's id) are not even well formed.
            raise Http404 from error

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.answer_list(self.filter_queryset(self.get_queryset()))

    def answer_list(self, queryset: QuerySet) -> HttpResponseBase:
        """One page of JSON, or the whole filter as a stream."""
        asked = self.asked(queryset)
        queryset = queryset.annotate(**asked.annotations) if asked.annotations else queryset
        plan = self.plan()
        if self.format != "json":
            return self.stream(queryset.order_by(*(t.order(backwards=False) for t in asked.terms), "pk"), plan)
        return self.page(queryset, asked, plan)

    def page(self, queryset: QuerySet, asked: Asked, plan: Plan) -> HttpResponse:
        aliases = [term.alias for term in asked.terms]
        window = KeysetPagination().window(queryset, asked.terms, asked.cursor, asked.limit)
        found = list(select(window, plan, aliases))
        more, found = len(found) > asked.limit, found[: asked.limit]
        backwards = asked.cursor is not None and asked.cursor.backwards
        if backwards:
            found.reverse()
        skip = 1 + len(aliases)
        rows = [plan.row(values[skip:], self.address) for values in found]
        self.finish(rows, [values[0] for values in found])

        def beside(values: tuple[Any, ...], *, backwards: bool) -> str:
            key = [*values[1:skip], values[0]]
            return self.page_address(Cursor(asked.ordering, key, backwards).write())

        after = beside(found[-1], backwards=False) if found and (more or backwards) else None
        before = (
            beside(found[0], backwards=True) if found and (more if backwards else asked.cursor is not None) else None
        )
        body: dict[str, Any] = {"next": after, "previous": before}
        if asked.count:
            body["count"] = queryset.count()
        body["results"] = rows
        response = self.answer(body)
        links = [f'<{url}>; rel="{rel}"' for url, rel in ((after, "next"), (before, "prev")) if url]
        if links:
            response["Link"] = ", ".join(links)
        # Digest of the bytes: right whatever the rows came from.
        return conditional(self.request, response, f"{digest(response.content)}.json")

    def page_address(self, cursor: str) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        return f"{self.origin}{self.request.path}?{query.urlencode()}"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.answer_object(self.get_queryset())

    def answer_object(self, queryset: QuerySet, *, status: int = 200, conditions: bool = True) -> HttpResponse:
        """The object of the address, with its version in the entity tag."""
        plan = self.plan()
        geo = self.format == "geojson"
        version = ["version"] if has_version(queryset.model) else []
        keys = [*version, *([str(self.geometry), self.lookup_field] if geo else [])]
        values = select(self.looked_up(queryset), plan, keys).first()
        if values is None:
            raise Http404
        row = plan.row(values[1 + len(keys) :], self.address)
        self.finish([row], [values[0]])
        if geo:
            response = HttpResponse(encode(feature(values[-len(plan.paths) - 1], values[-len(plan.paths) - 2], row)))
            response["Content-Type"] = MEDIA_TYPES["geojson"]
        else:
            response = self.answer(row, status=status)
        tag = f"{values[1] if version else 0}.{digest(response.content)}"
        if not conditions:
            response["ETag"] = f'"{tag}"'
            return response
        return conditional(self.request, response, tag)

    def looked_up(self, queryset: QuerySet) -> QuerySet:
        value = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        try:
            return queryset.filter(**{self.lookup_field: value}).order_by("pk")
        except (ValueError, TypeError, ValidationError) as error:
            raise Http404 from error

    def get_object(self) -> Any:
        found = self.looked_up(self.get_queryset()).first()
        if found is None:
            raise Http404
        return found


def defines(cls: type, base: type, *names: str) -> bool:
    """Whether a class says one of these itself, other than its base."""
    return any(getattr(cls, name) is not getattr(base, name) for name in names)


def has_version(model: type[Model]) -> bool:
    return any(field.name == "version" for field in model._meta.concrete_fields)


class WriteViewSet(ReadViewSet, abstract=True):
    """A door through which things are also made and changed; each by an action of the room.

    `write_serializer_class` reads what comes in. `create_object` and `update_object` call the room's action and give
    back the object; a door offers only those that it defines. `may_change(user, obj)` is the room's predicate on one
    object.
    """

    write_serializer_class: Any = None

    @classmethod
    def offers(cls, action: str) -> bool:
        """What can be made and what can be changed is said by `create_object` and `update_object`."""
        if action == "create" and not defines(cls, WriteViewSet, "create", "create_once", "create_object"):
            return False
        if action == "partial_update" and not defines(cls, WriteViewSet, "partial_update", "update_object"):
            return False
        return super().offers(action)

    def get_serializer_class(self) -> Any:
        if self.action in {"create", "partial_update"}:
            return self.write_serializer_class
        return super().get_serializer_class()

    def create_object(self, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def update_object(self, obj: Any, data: dict[str, Any], version: int | None) -> Any:
        """`version` is what the caller expects to change (None: whichever); the action compares under its lock."""
        raise NotImplementedError

    def may_change(self, user: Any, obj: Any) -> bool:
        return True

    def read_body(self, obj: Any = None) -> dict[str, Any]:
        serializer = self.get_serializer(obj, data=self.request.data, partial=obj is not None)
        serializer.is_valid(raise_exception=True)
        known = serializer.fields if hasattr(serializer, "fields") else {}
        unknown = [name for name in self.request.data if name not in known]
        if unknown:
            raise serializers.ValidationError(
                {name: serializers.ErrorDetail(str(_("There is no such field.")), code="unknown") for name in unknown}
            )
        return dict(serializer.validated_data)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return idempotency.once(self, request, self.create_once)

    def create_once(self) -> HttpResponse:
        with transaction.atomic():
            made = self.create_object(self.read_body())
        return self.answer_written(made, status=201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if not self.may_change(request.user, obj):
            self.permission_denied(request)
        version = check_version(request._request, obj.version)
        return self.answer_written(self.update_object(obj, self.read_body(obj), version))

    def answer_written(self, obj: Any, *, status: int = 200) -> HttpResponse:
        """The object as a reading would show it, with its address and its new version."""
        self.action = "retrieve"
        identifier = getattr(obj, self.lookup_field)
        self.kwargs = {**self.kwargs, self.lookup_field: str(identifier)}
        queryset = obj._meta.model._default_manager.filter(pk=obj.pk)
        response = self.answer_object(queryset, status=status, conditions=False)
        url = self.address(self.basename, identifier)
        if status == 201 and url:  # noqa: PLR2004 - Created
            response["Location"] = url
        return response


__all__ = [
    "Door",
    "Order",
    "ReadViewSet",
    "WriteViewSet",
    "check_version",
    "expected_versions",
    "iter_file",
]

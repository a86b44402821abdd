"""Keyset pages over (ordering, id), nulls last, with cursors that only this server can write.

Django REST Framework's own cursor pagination loops above a thousand equal keys and loses nulls, hence this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import BaseExpression
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination

from refamp.base.api.errors import BadCursor, BadParameters

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
SIGNER = signing.Signer(salt="refamp.api.cursor")


@dataclass(frozen=True)
class Order:
    """One term that a list may be ordered by.

    `never_null` lets an index answer (an expression is taken as nullable).
    """

    by: str | BaseExpression
    never_null: bool = False


@dataclass(frozen=True)
class Term:
    """One term that a list is ordered by."""

    name: str
    alias: str
    descending: bool
    never_null: bool

    def order(self, *, backwards: bool) -> Any:
        descending = self.descending != backwards
        expression = F(self.alias)
        if self.never_null:
            return expression.desc() if descending else expression.asc()
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
        return expression.desc(**nulls) if descending else expression.asc(**nulls)

    def beyond(self, value: Any, *, backwards: bool) -> Q | None:
        """Rows further on in this term than a value; None where there cannot be any."""
        if value is None:
            return Q(**{f"{self.alias}__isnull": False}) if backwards else None
        further = Q(**{f"{self.alias}__{'lt' if self.descending != backwards else 'gt'}": value})
        return further if backwards or self.never_null else further | Q(**{f"{self.alias}__isnull": True})

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.alias}__isnull": True}) if value is None else Q(**{self.alias: value})

    def not_before(self, value: Any, *, backwards: bool) -> Q:
        """A bound that repeats what `beyond` says in a form an index can answer."""
        if value is None or not self.never_null:
            return Q()
        return Q(**{f"{self.alias}__{'lte' if self.descending != backwards else 'gte'}": value})


def terms_of(model: Any, asked: Sequence[str], known: Mapping[str, Order]) -> tuple[list[Term], dict[str, Any]]:
    """Read `["-name", "code"]`: the terms, and the annotations that give them their values."""
    terms, annotations = [], {}
    for index, text in enumerate(asked):
        name = text.removeprefix("-")
        order = known[name]
        if isinstance(order.by, str):
            # A plain path needs no name of its own.
            alias, never_null = order.by, order.never_null or not nullable(model, order.by)
        else:
            alias, never_null = f"keyset{index}", order.never_null
            annotations[alias] = order.by
        terms.append(Term(name, alias, text.startswith("-"), never_null))
    return terms, annotations


@cache
def nullable(model: Any, path: str) -> bool:
    """Whether a path can lead to null; what is not a plain path of fields is taken to."""
    for part in path.split("__"):
        try:
            field = model._meta.get_field("id" if part == "pk" else part)
        except (FieldDoesNotExist, AttributeError):
            return True
        if field.null or (field.is_relation and not field.concrete):
            return True
        model = field.related_model
    return False


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: beyond this key, onwards or backwards."""

    ordering: str
    key: list[Any]
    backwards: bool

    def write(self) -> str:
        return SIGNER.sign_object([self.ordering, [portable(each) for each in self.key], int(self.backwards)])


def portable(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def read_cursor(text: str, ordering: str, terms: int) -> Cursor:
    """Raises BadCursor for what we did not write, or wrote for another order."""
    try:
        written_for, key, backwards = SIGNER.unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadCursor from error
    if written_for != ordering or len(key) != terms + 1:
        raise BadCursor
    return Cursor(ordering, key, bool(backwards))


def read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)) and 1 <= int(text) <= MAX_LIMIT):
        raise BadParameters([("limit", "invalid", _("A whole number from 1 to 1000."))])
    return int(text)


class KeysetPagination(BasePagination):
    """What `ReadViewSet` pages with.

    It is asked by that class; for the schema it also speaks the framework's dialect.
    """

    def window(self, queryset: QuerySet, terms: list[Term], cursor: Cursor | None, limit: int) -> QuerySet:
        """The rows of one page and one more, in the order of reading (backwards pages from their end)."""
        backwards = cursor is not None and cursor.backwards
        if cursor is not None:
            queryset = queryset.filter(beyond(terms, cursor))
        identity = "-pk" if backwards else "pk"
        return queryset.order_by(*(term.order(backwards=backwards) for term in terms), identity)[: limit + 1]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link
                | {
                    "description": "The next page, null on the last.",
                    "example": "https://example.org/api/v1/…?cursor=…",
                },
                "previous": link | {"description": "The page before, null on the first."},
                "count": {"type": "integer", "description": "Only with `count=exact`.", "example": 17},
                "results": schema,
            },
        }

    def get_results(self, data: Any) -> Any:
        return data["results"]


def beyond(terms: list[Term], cursor: Cursor) -> Q:
    """(k0, k1, …, id) further on than the cursor's, each term in its own direction, nulls last."""
    *values, pk = cursor.key
    condition = Q(**{f"pk__{'lt' if cursor.backwards else 'gt'}": pk})
    for term, value in zip(reversed(terms), reversed(values), strict=True):
        further = term.beyond(value, backwards=cursor.backwards)
        same = term.equal(value) & condition
        condition = same if further is None else further | same
    if terms:
        condition &= terms[0].not_before(values[0], backwards=cursor.backwards)
    return condition

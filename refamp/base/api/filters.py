"""What a list may be asked: declared filters and search. An unknown parameter is an error, not silence."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.utils.translation import gettext_lazy as _
from django_filters.filterset import BaseFilterSet
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.widgets import SuffixedMultiWidget
from rest_framework.request import Request

from refamp.base.api.errors import BadParameters
from refamp.base.sql import Fold
from refamp.base.text import fold

MAX_SEARCH = 200


class DeclaredFilterBackend(DjangoFilterBackend):
    """The door's `filterset_class` and `search_fields`."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        query = request.query_params
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class is not None and (own_defaults(filterset_class) or names_of(filterset_class) & query.keys()):
            filterset = filterset_class(query, queryset=queryset, request=request)
            if not filterset.is_valid():
                raise BadParameters(form_problems(filterset.form))
            queryset = filterset.qs
        if "search" in query:
            queryset = search(queryset, view.search_fields, query["search"])
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []


def own_defaults(filterset_class: type[BaseFilterSet]) -> bool:
    """Whether the filters also say something when nothing is asked."""
    return (
        filterset_class.qs is not BaseFilterSet.qs
        or filterset_class.filter_queryset is not BaseFilterSet.filter_queryset
        or any(each.extra.get("required") for each in filterset_class.base_filters.values())
    )


NAMES: dict[type, frozenset[str]] = {}


def names_of(filterset_class: type[BaseFilterSet] | None) -> frozenset[str]:
    """The query parameters of a filter set; a range has two."""
    if filterset_class is None:
        return frozenset()
    if filterset_class not in NAMES:
        NAMES[filterset_class] = frozenset(parameter_names(filterset_class))
    return NAMES[filterset_class]


def parameter_names(filterset_class: type[BaseFilterSet]) -> Iterable[str]:
    for name, each in filterset_class.base_filters.items():
        widget = each.field.widget
        if isinstance(widget, SuffixedMultiWidget):
            yield from (widget.suffixed(name, suffix) for suffix in widget.suffixes)
        else:
            yield name


def form_problems(form: BaseForm) -> Iterable[tuple[str, str, str]]:
    for name, errors in form.errors.as_data().items():
        for error in errors:
            for message in error.messages:
                yield name, error.code or "invalid", message


def search(queryset: QuerySet, fields: Iterable[str], text: str) -> QuerySet:
    """Every word in at least one of the fields, accents and case forgiven."""
    if len(text) > MAX_SEARCH:
        raise BadParameters([("search", "max_length", _("At most 200 characters."))])
    aliases = {f"search{index}": Fold(field) for index, field in enumerate(fields)}
    queryset = queryset.alias(**aliases)
    for word in fold(text).split():
        found = Q()
        for alias in aliases:
            found |= Q(**{f"{alias}__contains": word})
        queryset = queryset.filter(found)
    return queryset

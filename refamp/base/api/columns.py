"""From a serializer's fields to rows of a single `values_list` query: the serializer declares, the query answers.

A list of a thousand objects is one query of plain values and one dict per row; no model and no serializer is built.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers

Row = dict[str, Any]
# Many rows speak of few objects; a stream of a million others must not fill the memory.
REMEMBERED = 1000
PLACEHOLDER = "--id--"


def reference(identifier: Any, label: Any, url: str | None) -> Row | None:
    """Another object as this API names it; None where there is none."""
    return None if identifier is None else {"id": identifier, "label": label, "url": url}


class ReferenceField(serializers.Field):
    """Another object as `{"id", "label", "url"}`; in CSV and XLSX two columns, `x_id` and `x_label`.

    `id` and `label` are paths from the row (`municipality__code`); `to` is the prefix under which its door is
    registered (`municipalities`), or None where it has no address. `allow_null=False` where there always is one.
    """

    def __init__(self, *, id: str, label: str, to: str | None, **options: Any) -> None:  # noqa: A002 - the API's word
        super().__init__(**{"read_only": True, "allow_null": True} | options)
        self.id_path, self.label_path, self.to = id, label, to

    def to_representation(self, value: Any) -> Any:
        return value


class Addresses:
    """The absolute address of any object, without asking the resolver once per row."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.prefixes: dict[str, tuple[str, str]] = {}
        self.known: dict[tuple[str, Any], str] = {}

    def __call__(self, to: str | None, identifier: Any) -> str | None:
        if to is None or identifier is None:
            return None
        known = self.known.get((to, identifier))
        if known is None:
            known = self.write(to, identifier)
            if len(self.known) < REMEMBERED:
                self.known[to, identifier] = known
        return known

    def write(self, to: str, identifier: Any) -> str:
        if to not in self.prefixes:
            before, _mark, after = reverse(f"api:{to}-detail", args=[PLACEHOLDER]).partition(PLACEHOLDER)
            self.prefixes[to] = (self.origin + before, after)
        before, after = self.prefixes[to]
        return before + quote(str(identifier), safe="") + after


@dataclass(frozen=True)
class Plan:
    """Which values to ask for (`paths`, in order) and how to put them into a row."""

    names: tuple[str, ...]
    paths: tuple[Any, ...]
    references: tuple[tuple[str, int, str | None], ...]

    def row(self, values: tuple[Any, ...], address: Addresses) -> Row:
        row: Row = dict(zip(self.names, values, strict=False))
        for name, label, to in self.references:
            identifier = row[name]
            row[name] = reference(identifier, values[label], address(to, identifier))
        return row


def plan_of(
    serializer_class: type[serializers.BaseSerializer], extra: Mapping[str, Any], asked: frozenset[str] | None
) -> Plan:
    """Plan the query for the fields asked for (all where None).

    `extra` maps a field's name to another path or expression than its `source`; None leaves it to the door's `finish`.
    """
    names: list[str] = []
    paths: list[Any] = []
    labels: list[tuple[str, str, str | None]] = []
    for name, field in fields_of(serializer_class).items():
        if asked is not None and name not in asked:
            continue
        if name in extra:
            path = extra[name]
        elif isinstance(field, ReferenceField):
            path = field.id_path
            labels.append((name, field.label_path, field.to))
        elif isinstance(field, serializers.SerializerMethodField | serializers.BaseSerializer) or field.source == "*":
            path = None
        else:
            path = (field.source or name).replace(".", "__")
        if path is not None:
            names.append(name)
            paths.append(path)
    references = tuple((name, len(paths) + index, to) for index, (name, _label, to) in enumerate(labels))
    return Plan(tuple(names), (*paths, *(label for _name, label, _to in labels)), references)


FIELDS: dict[type, dict[str, Any]] = {}


def fields_of(serializer_class: type[serializers.BaseSerializer]) -> dict[str, Any]:
    """The readable fields, built once per process: they are only read."""
    if serializer_class not in FIELDS:
        fields = getattr(serializer_class(), "fields", {})
        FIELDS[serializer_class] = {name: field for name, field in fields.items() if not field.write_only}
    return FIELDS[serializer_class]


def select(queryset: QuerySet, plan: Plan, keys: Iterable[str] = ()) -> QuerySet:
    """The query of plain values: primary key, ordering keys, then what the plan needs."""
    annotated, flat = queryset, []
    for index, path in enumerate(plan.paths):
        if isinstance(path, str):
            flat.append(path)
        else:
            alias = f"column{index}"
            annotated = annotated.annotate(**{alias: path})
            flat.append(alias)
    return annotated.values_list("pk", *keys, *flat)

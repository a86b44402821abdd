"""The whole filter of a list, streamed: CSV, XLSX, GeoJSON."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework import serializers

from refamp.base.api.columns import Plan, ReferenceField, Row, fields_of, select
from refamp.base.api.door import Door
from refamp.base.api.errors import TooManyRows
from refamp.base.api.formats import MEDIA_TYPES, encode
from refamp.base.export import WorksheetFull, csv_lines, flat_row, xlsx_file

CHUNK = 1000


class StreamingDoor(Door, abstract=True):
    """What a list needs to answer its whole filter at once, a thousand rows in memory at a time."""

    basename: Any
    lookup_field: str
    geometry: str | None
    file_name: str
    export_columns: Sequence[str]

    def shown_serializer(self) -> Any:
        raise NotImplementedError

    def wants(self, field: str) -> bool:
        raise NotImplementedError

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        raise NotImplementedError

    def stream(self, queryset: QuerySet, plan: Plan) -> HttpResponseBase:
        name = self.file_name or (self.basename or "data").replace("-", "_")
        disposition = {"Content-Disposition": f'attachment; filename="{name}.{self.format}"'}
        if self.format == "geojson":
            return StreamingHttpResponse(
                self.feature_collection(queryset, plan), content_type=MEDIA_TYPES["geojson"], headers=disposition
            )
        columns = self.flat_columns()
        rows = self.flat_rows(queryset, plan)
        if self.format == "csv":
            return StreamingHttpResponse(
                csv_lines(columns, rows),
                content_type=f"{MEDIA_TYPES['csv']}; charset=utf-8; header=present",
                headers=disposition,
            )
        try:
            file = xlsx_file(columns, rows)
        except WorksheetFull as error:
            raise TooManyRows from error
        return StreamingHttpResponse(iter_file(file), content_type=MEDIA_TYPES["xlsx"], headers=disposition)

    def all_rows(
        self, queryset: QuerySet, plan: Plan, keys: Sequence[str] = ()
    ) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Every row of the filter, a thousand at a time, over one cursor of the database: one moment's truth."""
        found = select(queryset, plan, keys).iterator(chunk_size=CHUNK)
        skip = 1 + len(keys)
        while chunk := list(islice(found, CHUNK)):
            rows = [plan.row(values[skip:], self.address) for values in chunk]
            self.finish(rows, [values[0] for values in chunk])
            yield from zip(chunk, rows, strict=True)

    def flat_rows(self, queryset: QuerySet, plan: Plan) -> Iterator[Row]:
        figures = [
            name
            for name, field in fields_of(self.shown_serializer()).items()
            if isinstance(field, serializers.DecimalField)
        ]
        for _values, row in self.all_rows(queryset, plan):
            for name in figures:
                # A figure that `finish` wrote as text is a number in a spreadsheet all the same.
                if isinstance(row.get(name), str):
                    row[name] = Decimal(row[name])
            yield flat_row(row)

    def flat_columns(self) -> Sequence[str]:
        names = [
            column
            for name, field in fields_of(self.shown_serializer()).items()
            if self.wants(name)
            for column in flat_names(name, field)
        ]
        if self.export_columns and "fields" not in self.request.query_params:
            return list(self.export_columns)
        return names

    def feature_collection(self, queryset: QuerySet, plan: Plan) -> Iterator[bytes]:
        separator = b'{"type":"FeatureCollection","features":['
        for values, row in self.all_rows(queryset, plan, [str(self.geometry), self.lookup_field]):
            yield separator + encode(feature(values[2], values[1], row))
            separator = b","
        yield b"]}" if separator == b"," else separator + b"]}"


def feature(identifier: Any, geometry: Any, row: Row) -> Row:
    """RFC 7946; the geometry is null where no boundary is loaded."""
    return {"type": "Feature", "id": str(identifier), "geometry": geometry, "properties": row}


def flat_names(name: str, field: Any) -> Iterable[str]:
    if isinstance(field, ReferenceField):
        return (f"{name}_id", f"{name}_label")
    if isinstance(field, serializers.Serializer):
        return tuple(f"{name}_{inner}" for inner in field.fields if inner != "url")
    return (name,)


def iter_file(file: Any) -> Iterator[bytes]:
    with file:
        while block := file.read(64 * 1024):
            yield block

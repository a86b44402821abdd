"""The OpenAPI description, arranged for reading."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Line:
    """A parameter, a field of a body or an answer: what it is called, what it holds, what it means."""

    name: str
    kind: str
    text: str
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    text: str
    parameters: list[Line] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)
    fields: list[Line] = field(default_factory=list)
    answers: list[Line] = field(default_factory=list)


@cache
def reference() -> dict[str, list[Operation]]:
    """Operations by group. The description changes only with the code: made once per process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    groups: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                group = (item[method].get("tags") or [""])[0]
                groups.setdefault(group, []).append(operation(schema, method, path, item[method]))
    return groups


def operation(schema: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> Operation:
    answers = said.get("responses", {})
    good: dict[str, Any] = next((answers[code] for code in answers if str(code).startswith("2")), {})
    return Operation(
        id=said.get("operationId", ""),
        method=method.upper(),
        path=path,
        text=said.get("description") or said.get("summary") or "",
        parameters=[
            Line(
                each["name"], kind_of(each.get("schema", {})), each.get("description", ""), each.get("required", False)
            )
            for each in (resolved(schema, one) for one in said.get("parameters", []))
        ],
        body=fields_of(schema, said.get("requestBody", {})),
        fields=fields_of(schema, resolved(schema, good)),
        answers=[
            Line(str(code), ", ".join(answer.get("content", {})), answer.get("description", ""))
            for code, answer in ((code, resolved(schema, one)) for code, one in answers.items())
        ],
    )


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` points at."""
    while "$ref" in part:
        found: Any = schema
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def fields_of(schema: dict[str, Any], holder: dict[str, Any]) -> list[Line]:
    """The fields of the first described content; of one row, where it is a list of rows."""
    for content in holder.get("content", {}).values():
        described = resolved(schema, content.get("schema", {}))
        rows = described.get("properties", {}).get("results")
        if rows:
            described = resolved(schema, resolved(schema, rows).get("items", {}))
        needed = described.get("required", [])
        found = [
            Line(name, kind_of(resolved(schema, each)), each.get("description", ""), name in needed)
            for name, each in described.get("properties", {}).items()
        ]
        if found:
            return found
    return []


def kind_of(said: dict[str, Any]) -> str:
    """`string (uuid)`, `integer or null`, `elected | director`: a type in a few words."""
    if "enum" in said:
        return " | ".join("null" if value is None else str(value) for value in said["enum"])
    kind = said.get("type", "object" if "properties" in said else "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({said['format']})" if "format" in said else words

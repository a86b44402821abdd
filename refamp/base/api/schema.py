"""OpenAPI 3.1 from the doors themselves: parameters, formats, headers and errors are read off what they declare."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from refamp.base.api.formats import MEDIA_TYPES
from refamp.base.api.pagination import DEFAULT_LIMIT, MAX_LIMIT

PROBLEM = "application/problem+json"
MEANINGS = {
    "400": "The address or the body cannot be used; `errors` says where.",
    "401": "Nobody, or a token that is not valid.",
    "403": "Not allowed, or outside the token's scopes.",
    "404": "It does not exist, or not for this caller.",
    "406": "Not in any format that was asked for.",
    "409": "It conflicts with what is already there, or the state forbids it.",
    "412": "Somebody else changed it: `If-Match` names an older version.",
    "413": "Too large; for a worksheet, too many rows.",
    "415": "The body is not in a media type that is understood here.",
    "422": "The `Idempotency-Key` was used for another call.",
    "428": "`If-Match` is missing.",
    "429": "Too many calls; `Retry-After` says for how long.",
}
ETAG = {"ETag": {"description": "`version.representation`, strong.", "schema": {"type": "string"}}}
NO_NUL = r"^[^\u0000]*$"
LINK = {"Link": {"description": "RFC 8288: `next` and `prev`.", "schema": {"type": "string"}}}


class ProblemDetailsErrorSerializer(serializers.Serializer):
    pointer = serializers.CharField(help_text="JSON pointer into the body, or `#/query/…` for a parameter.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="In the caller's language.")


class ProblemDetailsSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField(help_text="`about:blank`: the status says what it is.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="The path that was called.")
    code = serializers.CharField(help_text="For programs: stays the same in every language.")
    errors = ProblemDetailsErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class ReferenceSerializer(serializers.Serializer):
    """Another object."""

    id = serializers.CharField(help_text="Its code where it has one.")
    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.URLField(allow_null=True, help_text="Null where it has no address of its own.")


class ReferenceFieldExtension(OpenApiSerializerFieldExtension):
    target_class = "refamp.base.api.columns.ReferenceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        return auto_schema.resolve_serializer(ReferenceSerializer, "response").ref


def parameter(name: str, schema: dict[str, Any], description: str, **more: Any) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description} | more


class Schema(AutoSchema):
    """One operation of a `Door`."""

    view: Any

    @property
    def offered(self) -> list[str]:
        return list(getattr(self.view, "offered_formats", ("json",)))

    def _is_list_view(self, serializer: Any = None) -> bool:
        if hasattr(self.view, "is_list"):
            return bool(self.view.is_list)
        return super()._is_list_view(serializer)

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "scope", "") or "api"]

    def get_auth(self) -> list[dict[str, Any]]:
        auths = super().get_auth()
        rule = getattr(self.view, "read_rule" if self.method in SAFE_METHODS else "write_rule", None)
        # What a stranger may do needs no credentials: the empty requirement says so.
        return [*auths, {}] if rule is not None and rule(AnonymousUser()) else auths

    def get_request_serializer(self) -> Any:
        if getattr(self.view, "action", None) in {"create", "partial_update"}:
            return self.view.write_serializer_class
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        view = self.view
        if getattr(view, "action", None) in {"create", "partial_update"}:
            shown = view.detail_serializer_class or view.serializer_class
            return {"201" if view.action == "create" else "200": shown}
        return super().get_response_serializers()

    def map_renderers(self, attribute: str) -> list[Any]:
        return [MEDIA_TYPES["json"] if attribute == "media_type" else "json"]

    def get_filter_backends(self) -> list[Any]:
        return getattr(self.view, "filter_backends", []) if self._is_list_view() else []

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        return []

    def _get_parameters(self) -> list[dict[str, Any]]:
        parameters = super()._get_parameters()
        have = {each["name"] for each in parameters}
        parameters += [each for each in self.own_parameters() if each["name"] not in have]
        for each in parameters:
            schema = each["schema"]
            if (
                each["in"] == "query"
                and schema.get("type") == "string"
                and not {"enum", "format", "pattern"} & schema.keys()
            ):
                schema["pattern"] = NO_NUL
        return parameters

    def own_parameters(self) -> list[dict[str, Any]]:
        view = self.view
        found = [
            parameter("format", {"type": "string", "enum": self.offered}, "The format, instead of by `Accept`."),
        ]
        if not hasattr(view, "is_list"):
            return found
        if view.is_list:
            found += self.list_parameters()
        if view.is_list or view.is_detail:
            names = list(getattr(view.shown_serializer()(), "fields", {}))
            found.append(
                parameter(
                    "fields",
                    {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1},
                    "Only these fields, separated by commas.",
                    style="form",
                    explode=False,
                    example=names[:2],
                )
            )
        if view.action == "partial_update":
            found.append(self.header("If-Match", "The ETag of the version that is being changed.", required=False))
        if view.action == "create":
            found.append(self.header("Idempotency-Key", "Makes calling twice create once.", required=False))
        return found

    def list_parameters(self) -> list[dict[str, Any]]:
        view = self.view
        terms = [sign + name for name in view.orders() for sign in ("", "-")]
        found = [
            parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "How many on a page. CSV, XLSX and GeoJSON answer the whole filter.",
            ),
            parameter("cursor", {"type": "string"}, "From `next` or `previous`; opaque."),
            parameter(
                "count", {"type": "string", "enum": ["exact"]}, "Adds `count`, the number of rows of the filter."
            ),
        ]
        if terms:
            found.append(
                parameter(
                    "ordering",
                    {"type": "array", "items": {"type": "string", "enum": terms}, "minItems": 1},
                    "Terms separated by commas, `-` for descending; no value comes last. "
                    f"Default: `{','.join(view.ordering)}`.",
                    style="form",
                    explode=False,
                    example=terms[:1],
                )
            )
        if view.search_fields:
            found.append(
                parameter(
                    "search", {"type": "string", "maxLength": 200}, "Words, accents and case forgiven; all must occur."
                )
            )
        return found

    def header(self, name: str, description: str, *, required: bool) -> dict[str, Any]:
        return {
            "in": "header",
            "name": name,
            "required": required,
            "schema": {"type": "string"},
            "description": description,
        }

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        for code, response in responses.items():
            if code.startswith("2") and "content" in response:
                self.complete(response)
        if self.method == "GET" and hasattr(self.view, "is_list"):
            responses["304"] = {"description": "The caller has it already (`If-None-Match`).", "headers": ETAG}
        if getattr(self.view, "is_list", False) or getattr(self.view, "is_detail", False):
            self.forgive_absent_fields()
        problem = self.resolve_serializer(ProblemDetailsSerializer, "response").ref
        for code in self.error_codes():
            responses.setdefault(code, self.error(code, problem))
        return operation

    def forgive_absent_fields(self) -> None:
        """With `fields=` any field may be absent: the description must not promise it."""
        component = self.resolve_serializer(self.view.shown_serializer(), "response")
        if component.name and component in self.registry:
            self.registry[component].schema.pop("required", None)

    def complete(self, response: dict[str, Any]) -> None:
        """The other formats beside JSON, and the headers."""
        content = response["content"]
        if "csv" in self.offered:
            content[MEDIA_TYPES["csv"]] = {"schema": {"type": "string"}}
        if "xlsx" in self.offered:
            content[MEDIA_TYPES["xlsx"]] = {"schema": {"type": "string", "format": "binary"}}
        if "geojson" in self.offered:
            kind = "FeatureCollection" if self._is_list_view() else "Feature"
            content[MEDIA_TYPES["geojson"]] = {
                "schema": {"type": "object", "required": ["type"], "properties": {"type": {"const": kind}}}
            }
        response["headers"] = response.get("headers", {}) | ETAG | (LINK if self._is_list_view() else {})
        response["description"] = response.get("description") or "Done."

    def error_codes(self) -> list[str]:
        view, codes = self.view, ["400", "401", "403", "406", "429"]
        if "{" in self.path or getattr(view, "filterset_class", None):
            codes.append("404")
        if getattr(view, "is_list", False):
            codes.append("413")
        if self.method not in SAFE_METHODS:
            codes += ["409", "413", "415"]
            if getattr(view, "action", None) == "create":
                codes.append("422")
            if getattr(view, "action", None) == "partial_update":
                codes += ["412", "428"]
        return sorted(codes)

    def error(self, code: str, schema: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = {"description": MEANINGS[code], "content": {PROBLEM: {"schema": schema}}}
        if code == "400":
            response["content"][PROBLEM]["example"] = {
                "type": "about:blank",
                "title": "Bad request",
                "status": 400,
                "detail": "The address has parameters that cannot be used.",
                "instance": self.path,
                "code": "parameters",
                "errors": [{"pointer": "#/query/limit", "code": "invalid", "detail": "A whole number from 1 to 1000."}],
            }
        if code == "429":
            response["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
        return response

"""Which form the answer takes: by `?format=`, else by `Accept`."""

from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import _MediaType

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}


def encode(data: Any) -> bytes:
    """JSON as this API writes it: exact figures as strings, moments in UTC with a Z."""
    return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class JSONRenderer(BaseRenderer):
    media_type = MEDIA_TYPES["json"]
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else encode(data)


def quality(media: _MediaType) -> float:
    try:
        return float(media.params.get("q", 1))
    except ValueError:
        return 0.0


class Negotiation(BaseContentNegotiation):
    """Chooses the door's format; the renderer is always JSON's, for streams are written by the door itself.

    The chosen format is left on the view as `view.format`. Django REST Framework's own ignores `q`.
    """

    def select_parser(self, request: Request, parsers: Any) -> Any:
        asked = _MediaType(request.content_type or "")
        return next((parser for parser in parsers if _MediaType(parser.media_type).match(asked)), None)

    def select_renderer(self, request: Request, renderers: Any, _format_suffix: Any = None) -> tuple[Any, str]:
        view = request.parser_context["view"]
        offered = tuple(getattr(view, "offered_formats", ("json",)))
        view.format = self.choose(request, offered)
        return renderers[0], MEDIA_TYPES.get(view.format, MEDIA_TYPES["json"])

    def choose(self, request: Request, offered: tuple[str, ...]) -> str:
        asked = request._request.GET.get("format")
        if asked is not None:
            if asked in offered:
                return asked
            raise NotAcceptable(_("This address does not answer in that format."))
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept in ("*/*", "application/json"):
            return offered[0]
        ranges = [_MediaType(part) for part in accept.split(",") if part.strip()]
        best, chosen = 0.0, None
        for name in offered:
            media = _MediaType(MEDIA_TYPES[name])
            matching = [each for each in ranges if matches(each, media)]
            # The most specific range speaks for a type: `text/csv;q=0, */*` refuses CSV.
            rank = quality(max(matching, key=lambda each: each.precedence)) if matching else 0.0
            if rank > best:
                best, chosen = rank, name
        if chosen is None:
            raise NotAcceptable(_("This address does not answer in that format."))
        return chosen


def matches(asked: _MediaType, media: _MediaType) -> bool:
    return asked.main_type in ("*", media.main_type) and asked.sub_type in ("*", media.sub_type)

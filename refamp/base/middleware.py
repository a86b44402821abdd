"""What every request is asked first, and what every answer carries."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from refamp.base.api.problems import problem_response
from refamp.base.context import request_id
from refamp.base.ids import uuid7

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Take the caller's `X-Request-ID` where it is harmless, make one otherwise, and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get("X-Request-ID", "")
        name = asked if ACCEPTED.fullmatch(asked) else str(uuid7())
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = name
        return response


class PrivatePagesMiddleware:
    """What a session was shown stays in no cache, neither on the way nor on a computer that others use after.

    Views that say something themselves (the API, whose answers are checked again at every use) are left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class BodySizeMiddleware:
    """Refuse a body larger than anything here takes before a byte of it is kept: whoever sends it may be nobody.

    A body without a declared length is not read at all (WSGI hands on as many bytes as were announced).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if not announced.isdigit() or int(announced[:20]) <= settings.REQUEST_MAX_BYTES:
            return self.get_response(request)
        said = gettext("The request is too large.")
        if request.path.startswith("/api/"):
            return problem_response(request, 413, detail=said, code="too_large")
        return HttpResponse(said, status=413, content_type="text/plain; charset=utf-8")


class NoNulMiddleware:
    """An address with a NUL in it names nothing and asks nothing: no text of the database can hold one.

    Forms refuse it in a body; the API, which says which parameter it was, refuses it by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            if "\x00" in request.path_info:
                raise Http404
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest
        return self.get_response(request)

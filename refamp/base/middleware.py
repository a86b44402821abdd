"""One identifier per request, in the log, the audit record and the answer."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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

"""Every error as RFC 9457 `application/problem+json`, in the caller's language."""

import logging
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from refamp.base.api.errors import BadParameters, Conflict, PreconditionFailed, flatten
from refamp.base.errors import Refused, Stale

logger = logging.getLogger(__name__)

TITLES = {
    400: _("Bad request"),
    401: _("Not authenticated"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("Not acceptable"),
    409: _("Conflict"),
    412: _("Stale"),
    413: _("Too large"),
    415: _("Unsupported media type"),
    422: _("Cannot be done"),
    428: _("Precondition required"),
    429: _("Too many requests"),
    500: _("Our fault"),
    503: _("Not ready"),
}


def problem_response(
    request: HttpRequest,
    status: int,
    *,
    detail: Any = "",
    code: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """Build the answer: `type, title, status, detail, instance`, our `code`, `errors[]` where there are any."""
    body = {
        "type": "about:blank",
        "title": str(TITLES.get(status) or HTTPStatus(status).phrase),
        "status": status,
        "detail": str(detail),
        "instance": request.path,
        "code": code or HTTPStatus(status).name.lower(),
        **({"errors": errors} if errors else {}),
        **more,
    }
    response = HttpResponse(
        orjson.dumps(body, default=str), status=status, content_type="application/problem+json", headers=headers
    )
    response["Cache-Control"] = "no-store"
    return response


def problem(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn any exception of an API door into a problem; Django REST Framework's EXCEPTION_HANDLER."""
    request = context["request"]._request
    if isinstance(exc, exceptions.APIException):
        return known(request, exc)
    if isinstance(exc, InterfaceError | OperationalError):
        logger.error("the database does not answer", exc_info=exc)
        return problem_response(request, 503, detail=_("Come back in a moment."), headers={"Retry-After": "5"})
    translated = translate(exc)
    if translated is not None:
        return known(request, translated)
    if settings.DEBUG:
        return None
    logger.error("%s %s", request.method, request.path, exc_info=exc)
    return problem_response(request, 500, detail=_("Something went wrong here; it has been recorded."))


def translate(exc: Exception) -> exceptions.APIException | None:  # noqa: C901, PLR0911 - one line per kind
    """What the rest of the house raises, as the API says it."""
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, Stale):
        return PreconditionFailed(str(exc.message))
    if isinstance(exc, Refused):
        if exc.field:
            return exceptions.ValidationError({exc.field: [exceptions.ErrorDetail(str(exc.message), code=exc.code)]})
        return Conflict(str(exc.message), code=exc.code)
    if isinstance(exc, ValidationError):
        return exceptions.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    if isinstance(exc, IntegrityError):
        return Conflict(constraint_message(exc))
    if isinstance(exc, DataError):
        return exceptions.ParseError(_("A value is outside what can be stored."), code="out_of_range")
    if isinstance(exc, RequestDataTooBig):
        too_big = exceptions.APIException(_("The request is too large."), code="too_large")
        too_big.status_code = 413
        return too_big
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError()
    return None


def known(request: HttpRequest, exc: exceptions.APIException) -> HttpResponse:
    headers: dict[str, str] = {}
    challenge, wait = getattr(exc, "auth_header", None), getattr(exc, "wait", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if wait is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    if isinstance(exc, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(getattr(exc, "allowed", ()))
    errors: list[dict[str, str]] | None = None
    detail: Any = exc.detail
    code = str(exc.get_codes()) if isinstance(detail, str) else exc.default_code
    if isinstance(exc, BadParameters):
        errors = exc.problems
    elif not isinstance(detail, str):
        errors = list(flatten(detail))
        detail = _("Some values cannot be used.")
    return problem_response(request, exc.status_code, detail=detail, code=code, errors=errors, headers=headers)


@cache
def messages() -> dict[str, Any]:
    """The human message of each database constraint, by its name."""
    return {
        constraint.name: constraint.violation_error_message
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }


def constraint_message(error: IntegrityError) -> Any:
    """What the violated constraint says to a person."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return messages().get(getattr(diagnosis, "constraint_name", "") or "", Conflict.default_detail)

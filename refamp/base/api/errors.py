"""What the doors of the API raise beside what Django REST Framework has."""

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException

Text = str | Promise


class BadParameters(APIException):
    """Query parameters that are unknown, repeated or ill formed: `(name, code, what is wrong)` each."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = _("The address has parameters that cannot be used.")
    default_code = "parameters"

    def __init__(self, problems: Iterable[tuple[str, str, Text]]) -> None:
        super().__init__()
        self.problems = [
            {"pointer": f"#/query/{name}", "code": code, "detail": str(detail)} for name, code, detail in problems
        ]


class BadCursor(BadParameters):
    def __init__(self) -> None:
        super().__init__([("cursor", "invalid", _("This cursor was not issued for this list and this ordering."))])


class PreconditionRequired(APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = _("Say with If-Match which version you are changing.")
    default_code = "precondition_required"


class PreconditionFailed(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("Somebody else changed it in the meantime: read it again.")
    default_code = "stale"


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("It conflicts with what is already there.")
    default_code = "conflict"


class Unprocessable(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = _("It was understood and cannot be done.")
    default_code = "unprocessable"


class TooManyRows(APIException):
    """A worksheet ends at 1,048,576 rows."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("This is more than a worksheet holds: ask for CSV, or filter.")
    default_code = "too_many_rows"


class NotKnownForThatDay(APIException):
    """Nothing is recorded about that day: an empty list would say that nothing existed."""

    status_code = status.HTTP_404_NOT_FOUND
    default_detail = _("Nothing is recorded for that day.")
    default_code = "not_recorded"


def flatten(detail: Any, pointer: str = "#") -> Iterable[dict[str, str]]:
    """Each message of a validation error with the JSON pointer of what it speaks of."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            yield from flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{escaped}")
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            yield from flatten(value, f"{pointer}/{index}" if isinstance(value, dict) and value else pointer)
    else:
        yield {"pointer": pointer, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}

"""Every page has a declared rule: who may come in at all. What they see inside is the queryset's `visible_to`."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import IO, Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponseBase, QueryDict
from django.views.decorators.http import require_http_methods

from refamp.base.errors import Refused

Rule = Callable[[Any], bool]
View = Callable[..., HttpResponseBase]


class SignedRequest(HttpRequest):
    """For typing only: a request whose door let nobody in who is not logged in."""

    user: Any


def everyone(_user: Any) -> bool:
    """The public portal."""
    return True


def signed_in(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active)


def door(rule: Rule, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Declare who may enter a view and by which methods.

    Who is not logged in is sent to log in; who is and may not, gets a 403. `tests/test_house.py` finds a view without.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not rule(request.user):
                if not request.user.is_authenticated:
                    return redirect_to_login(request.get_full_path())
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded = require_http_methods(sorted({*methods, "HEAD"} if "GET" in methods else methods))(guarded)
        guarded.rule = rule  # type: ignore[attr-defined]  # read by the house test
        return guarded

    return declare


def check(allowed: object) -> None:
    """Refuse with 403 what this person may not do with an object that they may see."""
    if not allowed:
        raise PermissionDenied


def refused(request: HttpRequest, form: Any, error: Refused) -> None:
    """Say on the form, beside its field where it has one, or above the page, why an action was refused."""
    if form is None:
        messages.error(request, str(error.message))
    else:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))


# Saving is optimistic -------------------------------------------------------------------------------------------------


def version_of(request: HttpRequest) -> int | None:
    """Which version of an object a button was shown for; None where it does not say."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


def with_version(data: QueryDict, version: int) -> QueryDict:
    """What was typed, now on top of the present version: whoever saves again has seen both."""
    changed = data.copy()
    changed["version"] = str(version)
    return changed


def stale_rows(form: Any, current: Any, names: Iterable[str]) -> list[dict[str, Any]]:
    """Field by field, what somebody else saved beside what was typed."""
    return [
        {"label": form.fields[name].label, "saved": getattr(current, name), "yours": form.cleaned_data.get(name)}
        for name in names
    ]


# Files ----------------------------------------------------------------------------------------------------------------


def attachment(file: IO[bytes], name: str, content_type: str = "application/pdf") -> FileResponse:
    """A file to keep, never shown in place: what somebody else wrote does nothing here."""
    return FileResponse(
        file,
        as_attachment=True,
        filename=name,
        content_type=content_type,
        headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"},
    )

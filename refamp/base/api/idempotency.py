"""Creating twice is safe: the second call with the same `Idempotency-Key` gets the first one's answer.

Where the answers are kept belongs to a room (this floor has no tables): it hands its store over when it starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from refamp.base.api.errors import BadParameters, Unprocessable
from refamp.base.api.throttling import CallerThrottle

LONGEST = 255
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


@dataclass(frozen=True)
class Answer:
    """What was answered the first time, and to which call."""

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: str


class Store(Protocol):
    """Both are called inside one transaction, the one in which the thing is created."""

    def claim(self, *, caller: str, key: str, fingerprint: str) -> Answer | None:
        """Take the key, waiting for another call that holds it; the answer already given under it, if there is one."""

    def keep(self, *, caller: str, key: str, status: int, headers: dict[str, str], body: str) -> None:
        """Remember the answer."""


stores: list[Store] = []


def register(store: Store) -> None:
    """Say where answers are kept. Called by a room's `AppConfig.ready()`."""
    stores[:] = [store]


class BadKey(BadParameters):
    def __init__(self) -> None:
        super().__init__([])
        self.problems = [
            {
                "pointer": "#/header/Idempotency-Key",
                "code": "invalid",
                "detail": str(_("From 1 to 255 printable characters.")),
            }
        ]


def once(view: Any, request: Request, create: Callable[[], HttpResponse]) -> HttpResponse:
    """Create, or answer what was answered before.

    What is refused is forgotten, so that a corrected call may use the key again. Raises Unprocessable (422) for a key
    that was used for another call.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return create()
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise BadKey
    (store,) = stores
    caller, _scope = CallerThrottle().caller(request)
    fingerprint = sha256(
        b"\n".join([str(request.method).encode(), request.get_full_path().encode(), body_of(request)])
    ).hexdigest()
    with transaction.atomic():
        before = store.claim(caller=caller, key=key, fingerprint=fingerprint)
        if before is not None:
            if before.fingerprint != fingerprint:
                raise Unprocessable(_("This Idempotency-Key was used for another call."), code="key_reused")
            return HttpResponse(
                before.body, status=before.status, headers={**before.headers, "Idempotency-Replayed": "true"}
            )
        response = create()
        kept = {name: response[name] for name in KEPT_HEADERS if name in response}
        store.keep(caller=caller, key=key, status=response.status_code, headers=kept, body=response.content.decode())
    return response


def body_of(request: Request) -> bytes:
    """What was sent, whatever its form: files count with their name and content."""
    if request.content_type.startswith("multipart/"):
        fields: Any = request.data
        parts = [
            f"{name}={value}".encode()
            for name, values in sorted(fields.lists())
            for value in values
            if isinstance(value, str)
        ]
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                parts += [name.encode(), str(file.name).encode(), sha256(file.read()).digest()]
                file.seek(0)
        return b"\n".join(parts)
    return repr(request.data).encode()

"""How often one caller may call: per token, else per account, else per address.

Calls are counted in fixed windows in the shared cache. A process does not ask it for every call: it takes a fiftieth
of the limit at a time and serves calls from that, so that counting costs next to nothing. What a process has taken and
not used is lost with the window: with many processes a caller may be stopped a few percent early, never late.
"""

import logging
import re
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)
PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHARE = 50
KEPT = 10_000


def read_rate(text: str) -> tuple[int, int]:
    """`"600/min"` → (600, 60)."""
    match = re.fullmatch(r"(\d+)/([smhd])[a-z]*", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a rate such as 600/min")
    return int(match[1]), PERIODS[match[2]]


@dataclass
class Lease:
    """What this process may still serve of a caller's window, and whether the window has more."""

    left: int
    used_up: bool


leases: dict[str, Lease] = {}
lock = Lock()


class CallerThrottle(BaseThrottle):
    """A cache that is away stops nobody."""

    wait_seconds: float | None = None

    def allow_request(self, request: Request, _view: Any) -> bool:
        ident, scope = self.caller(request)
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(scope)
        if not rate:
            return True
        limit, period = read_rate(str(rate))
        now = time.time()
        key = f"calls:{ident}:{limit}:{period}:{int(now // period)}"
        with lock:
            if len(leases) > KEPT:
                leases.clear()
            lease = leases.get(key)
            if lease is None or (not lease.left and not lease.used_up):
                lease = leases[key] = take(key, limit, period)
            if lease.left:
                lease.left -= 1
                return True
        self.wait_seconds = period - now % period
        return False

    def wait(self) -> float | None:
        return self.wait_seconds

    def caller(self, request: Request) -> tuple[str, str]:
        """Who is counted, and by which rate."""
        if request.auth is not None:
            return f"token:{getattr(request.auth, 'pk', request.auth)}", "caller"
        if request.user is not None and request.user.is_authenticated:
            return f"user:{request.user.pk}", "caller"
        return f"address:{self.get_ident(request)}", "anonymous"


def take(key: str, limit: int, period: int) -> Lease:
    """Take a share of the window from the shared count."""
    share = max(1, limit // SHARE)
    try:
        try:
            taken = cache.incr(key, share)
        except ValueError:
            taken = share if cache.add(key, share, timeout=period) else cache.incr(key, share)
    except Exception:
        logger.warning("calls are not being counted: the cache does not answer", exc_info=True)
        return Lease(left=1, used_up=False)
    left = share - max(0, taken - limit)
    return Lease(left=max(0, left), used_up=left < share)

"""How often one caller may call: per token, else per account, else per address."""

import logging
import re
import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)
PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_rate(text: str) -> tuple[int, int]:
    """`"600/min"` → (600, 60)."""
    match = re.fullmatch(r"(\d+)/([smhd])[a-z]*", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a rate such as 600/min")
    return int(match[1]), PERIODS[match[2]]


class CallerThrottle(BaseThrottle):
    """Counts calls in fixed windows, in the shared cache. A cache that is away stops nobody."""

    wait_seconds: float | None = None

    def allow_request(self, request: Request, _view: Any) -> bool:
        ident, scope = self.caller(request)
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(scope)
        if not rate:
            return True
        limit, period = read_rate(str(rate))
        now = time.time()
        key = f"calls:{ident}:{int(now // period)}"
        try:
            # Most calls are not the first of their window: one round trip for those.
            try:
                calls = cache.incr(key)
            except ValueError:
                calls = 1 if cache.add(key, 1, timeout=period) else cache.incr(key)
        except Exception:
            logger.warning("calls are not being counted: the cache does not answer", exc_info=True)
            return True
        if calls > limit:
            self.wait_seconds = period - now % period
            return False
        return True

    def wait(self) -> float | None:
        return self.wait_seconds

    def caller(self, request: Request) -> tuple[str, str]:
        """Who is counted, and by which rate."""
        if request.auth is not None:
            return f"token:{getattr(request.auth, 'pk', request.auth)}", "caller"
        if request.user is not None and request.user.is_authenticated:
            return f"user:{request.user.pk}", "caller"
        return f"address:{self.get_ident(request)}", "anonymous"

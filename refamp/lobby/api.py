"""What machines ask before they send anybody here: that the process lives, that everything behind it is there."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from refamp.base.doors import door, everyone
from refamp.jobs.models import Canary

CANARY_AGE = timedelta(seconds=60)
PATIENCE_MS = 2000


class NotReadyError(Exception):
    """A part that does not do its work; the text says why."""


@door(everyone)
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process lives; nothing behind it is asked."""
    return answer({"status": "ok"}, 200)


@door(everyone)
def readyz(_request: HttpRequest) -> HttpResponse:
    """Each part with what it took; 503 when one fails."""
    parts = {name: tried(part) for name, part in PARTS.items()}
    ready = all(part["ok"] for part in parts.values())
    return answer({"status": "ok" if ready else "failing", "parts": parts}, 200 if ready else 503)


def answer(body: dict[str, Any], status: int) -> HttpResponse:
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def tried(part: Callable[[], None]) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        part()
    except (NotReadyError, DatabaseError, redis.RedisError, OSError) as error:
        # What the driver says may name hosts and accounts: the kind is enough here, the log has the rest.
        reason = str(error) if isinstance(error, NotReadyError) else type(error).__name__
        return {"ok": False, "detail": reason, "ms": elapsed(start)}
    return {"ok": True, "ms": elapsed(start)}


def elapsed(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)


def quickly(ask: Callable[[], Any]) -> Any:
    """A question to the database that gives up after two seconds."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MS])
        return ask()


def database() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    quickly(ask)


@cache
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {})


def migrations() -> None:
    applied = quickly(lambda: MigrationRecorder(connection).applied_migrations())
    waiting = sorted(migrations_on_disk() - set(applied))
    if waiting:
        raise NotReadyError(f"{len(waiting)} not applied, first {'.'.join(waiting[0])}")


@cache
def broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL.replace("redis+socket://", "unix://"), socket_timeout=1, socket_connect_timeout=1
    )


def redis_server() -> None:
    broker().ping()


def worker() -> None:
    """That it really takes messages from the queue: a worker can be alive and have stopped consuming."""
    seen = quickly(lambda: Canary.objects.order_by("-seen_at").values_list("seen_at", flat=True).first())
    if seen is None:
        raise NotReadyError("no message was ever taken from the queue")
    age = timezone.now() - seen
    if age > CANARY_AGE:
        raise NotReadyError(f"last message taken {int(age.total_seconds())} s ago")


PARTS: dict[str, Callable[[], None]] = {
    "database": database,
    "migrations": migrations,
    "redis": redis_server,
    "worker": worker,
}

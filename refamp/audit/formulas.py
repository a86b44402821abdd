"""The hash chain: what is hashed, and how.

The canonical form of an event is JSON (RFC 8259) of all its columns by name, keys sorted by code point at every
depth, no blanks, characters as themselves in UTF-8; `at` in UTC as `YYYY-MM-DDTHH:MM:SS.ffffff+00:00`; `public_id` as
36 lower-case characters; no value as null. A digest is SHA-256 over the previous digest (64 hexadecimal characters;
64 zeros before the first), a line feed, and the canonical form, written in hexadecimal. Seals follow one another in
the order of their own `id`: an event whose transaction took long is sealed after younger ones.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

BEGINNING = "0" * 64
COLUMNS = (
    "id",
    "public_id",
    "at",
    "actor_id",
    "actor_label",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "reason",
    "request_id",
)


def canonical(event: Mapping[str, Any]) -> str:
    """The one text form of an event's columns."""
    plain = dict(event)
    plain["at"] = event["at"].astimezone(dt.UTC).isoformat(timespec="microseconds")
    plain["public_id"] = str(event["public_id"])
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(previous: str, event: Mapping[str, Any]) -> str:
    """The link that closes over this event and, through `previous`, over everything before it."""
    return hashlib.sha256(f"{previous}\n{canonical(event)}".encode()).hexdigest()

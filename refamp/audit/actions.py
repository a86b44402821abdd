"""The one way to write the record."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from refamp.audit.models import Event
from refamp.base.context import request_id

CHANGED = "changed"


def record(
    *,
    actor: Any,
    action: str,
    obj: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    label: str | None = None,
) -> Event:
    """Write what was done, in the caller's transaction.

    `action` reads `consultation.opened`. Personal fields are given as `CHANGED`, never by value, so that they can
    still be erased. `actor` is None for the platform itself.
    """
    known = actor if actor is not None and not isinstance(actor, AnonymousUser) else None
    return Event.objects.create(
        actor=known,
        actor_label=str(known or ""),
        action=action,
        object_type=obj._meta.label,
        object_id=str(getattr(obj, "public_id", obj.pk)),
        object_label=(label if label is not None else str(obj))[:300],
        before=plain(before),
        after=plain(after),
        reason=reason,
        request_id=request_id.get(),
    )


def plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """As JSON keeps it: dates and decimals as text, models by their label."""
    return json.loads(json.dumps(dict(values or {}), cls=Encoder))


class Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return str(o) if isinstance(o, models.Model) else super().default(o)

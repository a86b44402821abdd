"""The one way to write the record, to seal it, and to take from the application the right to change it."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from psycopg2 import sql

from refamp.audit.choices import ACTION_NAMES, CHANGED
from refamp.audit.formulas import BEGINNING, COLUMNS, digest
from refamp.audit.models import Event, Seal
from refamp.audit.queries import unsealed
from refamp.base.context import request_id
from refamp.base.errors import Refused

__all__ = ["AT_ONCE", "CHANGED", "grant_application_role", "name_actions", "record", "seal_events", "seal_everything"]

SEALING = 4_720_133  # the number under which the database knows that somebody is sealing
AT_ONCE = 5000


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


def name_actions(names: Mapping[str, str | Promise]) -> None:
    """Say in words what a room's actions are called; from its `AppConfig.ready()`."""
    ACTION_NAMES.update(names)


def seal_events(*, limit: int = AT_ONCE) -> int:
    """Close committed events into the chain, oldest first; how many. Nothing to do where another worker is sealing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING])
            if not cursor.fetchone()[0]:
                return 0
        last = Seal.objects.order_by("-id").first()
        previous = last.digest if last else BEGINNING
        seals = []
        for event in unsealed().values(*COLUMNS)[:limit]:
            following = digest(previous, event)
            seals.append(Seal(event_id=event["id"], previous=previous, digest=following))
            previous = following
        Seal.objects.bulk_create(seals, batch_size=1000)
    return len(seals)


def seal_everything() -> int:
    """Seal until nothing is left; how many."""
    total = 0
    while sealed := seal_events():
        total += sealed
    return total


@transaction.atomic
def grant_application_role(*, role: str) -> bool:
    """As the tables' owner: let the application's role work with every table, but only add to the record.

    False, and nothing done, where one role serves for both. Raises Refused for a role that does not exist or that could
    take the right back (a superuser, or a member of the owner).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        owner, schema = cursor.fetchone()
        if role == owner:
            return False
        cursor.execute(
            "SELECT rolsuper OR pg_has_role(oid, %s::regrole, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            [sql.Identifier(owner).as_string(cursor.connection), role],
        )
        row = cursor.fetchone()
        if row is None:
            raise Refused(_("There is no database role “%(role)s”.") % {"role": role}, code="no_role")
        if row[0]:
            raise Refused(
                _("The role “%(role)s” may act as the owner: it cannot be kept from the record.") % {"role": role},
                code="role_too_strong",
            )
        names = {"role": sql.Identifier(role), "owner": sql.Identifier(owner), "schema": sql.Identifier(schema)}
        for statement in GRANTS:
            cursor.execute(sql.SQL(statement).format(**names))
        for table in (Event._meta.db_table, Seal._meta.db_table):
            for statement in GRANTS_ON_THE_RECORD:
                cursor.execute(sql.SQL(statement).format(table=sql.Identifier(table), **names))
    return True


ALWAYS = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT "
GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "REVOKE CREATE ON SCHEMA {schema} FROM {role}, PUBLIC",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    ALWAYS + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    ALWAYS + "USAGE, SELECT ON SEQUENCES TO {role}",
    # Which migrations ran is for the owner to say.
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
)
GRANTS_ON_THE_RECORD = (
    "REVOKE ALL ON {table} FROM {role}, PUBLIC",
    "GRANT SELECT, INSERT ON {table} TO {role}",
)

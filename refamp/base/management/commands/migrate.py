"""Migrate, and then keep the locks of the tables from being set aside by the application's own role."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

# Every trigger that django-pgtrigger installs asks this function first, and as installed it believes a setting that any
# role may set: `SET pgtrigger.ignore = …` would open published minutes and approved plans to whoever can send SQL.
# Each installation of a trigger writes the function anew, so this follows every migration.
ONLY_THE_OWNER_SETS_LOCKS_ASIDE = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('pgtrigger.ignore', true), '') = '' THEN
        RETURN FALSE;
    END IF;
    RETURN trigger_name = ANY(current_setting('pgtrigger.ignore')::text[]) AND pg_has_role(
        current_user,
        (SELECT proowner FROM pg_proc WHERE oid = 'public._pgtrigger_should_ignore(name)'::regprocedure),
        'USAGE'
    );
END;
$$
"""


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT to_regprocedure('public._pgtrigger_should_ignore(name)')")
            if cursor.fetchone() != (None,):
                cursor.execute(ONLY_THE_OWNER_SETS_LOCKS_ASIDE)

"""Extensions, and the function by which names are sorted and searched."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        UnaccentExtension(),
        # `unaccent` is only STABLE because its dictionary could change; ours does not, and an index needs IMMUTABLE.
        migrations.RunSQL(
            """
            CREATE OR REPLACE FUNCTION refamp_fold(text) RETURNS text
            LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
            AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$
            """,
            "DROP FUNCTION IF EXISTS refamp_fold(text)",
        ),
    ]

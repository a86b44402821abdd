"""Lists of parishes are read by code, a page at a time."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the readers and writers of the table, which a transaction would shut out.
    atomic = False
    dependencies = [("territory", "0001_initial")]
    operations = [
        AddIndexConcurrently("parish", models.Index(fields=["code", "id"], name="parish_by_code")),
    ]

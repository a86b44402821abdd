"""Database expressions that many rooms sort and search by."""

from django.db.models import CharField, Func


class Fold(Func):
    """Unaccented, lower case: Portuguese alphabetical order in a database without a Portuguese collation."""

    function = "refamp_fold"
    output_field = CharField()

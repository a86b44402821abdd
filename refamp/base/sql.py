"""Database expressions and trigger code that many rooms use."""

from django.db.models import CharField, Func


class Fold(Func):
    """Unaccented, lower case: Portuguese alphabetical order in a database without a Portuguese collation."""

    function = "refamp_fold"
    output_field = CharField()


def refusal(name: str, message: str) -> str:
    """The PL/pgSQL that refuses a row under a name that reads as the rule."""
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"

"""What comes in as JSON: UTF-8, whole, and without what the database cannot hold."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

SURROGATES = ("\ud800", "\udfff")


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Read a document.

        Raises ParseError for anything else: RFC 8259 knows no NaN and no encoding but UTF-8; NUL and lone surrogates
        have no place in a PostgreSQL text; nesting without end would exhaust the stack.
        """
        try:
            data = json.loads(stream.read().decode("utf-8-sig"), parse_constant=no_constant)
            refuse_unstorable(data)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not valid JSON."), code="malformed") from error
        return data


def no_constant(name: str) -> None:
    raise ValueError(name)


def refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any(SURROGATES[0] <= letter <= SURROGATES[1] for letter in value):
            raise ValueError("unstorable character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_unstorable(key)
            refuse_unstorable(inner)
    elif isinstance(value, list):
        for inner in value:
            refuse_unstorable(inner)

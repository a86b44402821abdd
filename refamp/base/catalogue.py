"""What the interface says and in which language: every message of code and templates, found with Babel.

GNU gettext's programs are not needed: Django turns a template into something like Python, and Babel reads that.
"""

import datetime
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
TEXT = r"""u?(?:'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*")"""
CALL = re.compile(rf"\bn?p?gettext\(\s*{TEXT}(?:\s*,\s*(?:{TEXT}|count))*\s*\)", re.DOTALL)
CODE = ("refamp", "axes", "units", "monitor", "evaluation", "funding")
LEFT_OUT = {"migrations", "management", "locale"}


def catalogue_path(locale: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / locale / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[tuple[str, bytes]]:
    """(path from the root, Python-like source) of everything that may hold a message."""
    root = settings.BASE_DIR
    for room in CODE:
        for path in sorted((root / room).rglob("*.py")):
            if not LEFT_OUT & set(path.relative_to(root).parts):
                yield str(path.relative_to(root)), path.read_bytes()
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            name = str(path.relative_to(root))
            # Its output has the calls in place among masked text, which no tokenizer takes: only the calls go on.
            calls = CALL.finditer(templatize(path.read_text(), origin=name))
            yield name, "\n".join(call[0].replace("\n", "\\n") for call in calls).encode()


def messages() -> Catalog:
    """Every message that the interface can say, with the files that say it."""
    found = Catalog(charset="utf-8")
    for name, source in sources():
        for _line, text, _comments, context in extract("python", io.BytesIO(source), keywords=KEYWORDS):
            if text and text != ("", ""):
                found.add(text, locations=[(name, 0)], context=context)
    return found


def kept(locale: str) -> Catalog:
    """The catalogue as it is on disk; empty where there is none."""
    path = catalogue_path(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def untranslated(locale: str) -> list[str]:
    """Messages that the interface can say and this language cannot."""
    known = kept(locale)
    return sorted(
        str(message.id) for message in messages() if message.id and not translated(known, message.id, message.context)
    )


def translated(known: Catalog, text: str | tuple[str, ...] | list[str], context: str | None) -> bool:
    there = known.get(text if isinstance(text, str) else text[0], context)
    if there is None or there.fuzzy:
        return False
    words = there.string if isinstance(there.string, tuple | list) else (there.string,)
    plural = isinstance(text, tuple | list)
    return all(words) and (len(words) > 1) == plural


def update(locale: str) -> Catalog:
    """Write the catalogue anew: what is said, with the translations there were; what is no longer said goes."""
    # Dates would change the file when nothing in it did.
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    headers = {"project": "REF-AMP", "version": "1", "msgid_bugs_address": "-", "last_translator": "REF-AMP"}
    old = kept(locale)
    new = Catalog(locale=locale, language_team="REF-AMP", creation_date=day, revision_date=day, fuzzy=False, **headers)
    new.header_comment = "# What the platform says. Made by `bin/manage update_messages`; translated by hand."
    for message in messages():
        if message.id:
            there = old.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            words = there.string if there is not None else ""
            new.add(message.id, words, locations=message.locations, context=message.context, flags=message.flags)
    path = catalogue_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, sort_output=True, omit_header=False, include_lineno=False, width=120)
    return new

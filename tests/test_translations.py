"""The interface is whole in both languages."""

import ast
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings

from refamp.base.catalogue import catalogue_path, kept, messages, translated

CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def test_every_message_has_its_portuguese():
    known = kept("pt_PT")
    missing = [m.id for m in messages() if m.id and not translated(known, m.id, m.context)]
    assert missing == [], "run bin/manage update_messages and translate what it lists"


def test_the_catalogue_holds_nothing_that_is_no_longer_said():
    said = {(m.id if isinstance(m.id, str) else m.id[0], m.context) for m in messages()}
    kept_ids = {(m.id if isinstance(m.id, str) else m.id[0], m.context) for m in kept("pt_PT") if m.id}
    assert kept_ids - said == set()


def test_translations_keep_the_placeholders():
    wrong = []
    for message in kept("pt_PT"):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        words = message.string if isinstance(message.string, tuple | list) else (message.string,)
        expected = {p for text in ids for p in PLACEHOLDER.findall(text)}
        wrong += [text for text in words if set(PLACEHOLDER.findall(text)) - expected]
        wrong += [words[-1]] if words[-1] and expected - set(PLACEHOLDER.findall(words[-1])) else []
    assert wrong == []


def test_the_catalogue_is_where_the_launcher_compiles_it():
    assert catalogue_path("pt_PT").exists()


def test_no_message_hides_inside_an_f_string():
    """Where Python is older than 3.12 nothing finds it there, and people read English."""
    hidden = []
    for room in apps.get_app_configs():
        for path in Path(room.path).rglob("*.py") if Path(room.path).is_relative_to(settings.BASE_DIR) else []:
            if ".venv" in path.parts:
                continue
            for text in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)):
                hidden += [
                    f"{path.relative_to(settings.BASE_DIR)}:{call.lineno}"
                    for call in ast.walk(text)
                    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in CALLS
                ]
    assert hidden == []

"""The interface is whole in both languages."""

import re

from refamp.base.catalogue import catalogue_path, kept, messages, translated

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

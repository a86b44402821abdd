"""Bring the catalogue of translations up to what the code says."""

from typing import Any

from django.core.management.base import BaseCommand

from refamp.base.catalogue import catalogue_path, untranslated, update

LOCALE = "pt_PT"


class Command(BaseCommand):
    help = "Write the messages of code and templates into the Portuguese catalogue and list those without translation."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        count = sum(1 for message in update(LOCALE) if message.id)
        missing = untranslated(LOCALE)
        self.stdout.write(f"{catalogue_path(LOCALE)}: {count} messages, {len(missing)} without translation.")
        for text in missing:
            self.stdout.write(f"  {text}")

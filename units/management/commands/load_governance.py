"""Make the bodies that the document names, with the rules by which they decide."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from refamp.base.errors import Refused
from units.actions.founding import load_governance
from units.queries.bodies import FOUNDING_GOVERNANCE


class Command(BaseCommand):
    help = "Makes the bodies and their decision rules where they are missing. Run again, it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=FOUNDING_GOVERNANCE, help="JSON (default: 2014).")

    def handle(self, *_args: Any, **options: Any) -> None:
        data = json.loads(options["file"].read_text(encoding="utf-8"))
        try:
            made = load_governance(actor=None, data=data)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        if made:
            self.stdout.write("Bodies made: " + ", ".join(unit.code for unit in made) + ".")
        else:
            self.stdout.write("The bodies are there already: nothing changed.")

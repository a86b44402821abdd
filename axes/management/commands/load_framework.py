"""Load the founding edition of the referential."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from axes.actions.founding import load_framework
from axes.queries.framework import FOUNDING_EDITION
from refamp.base.errors import Refused


class Command(BaseCommand):
    help = "Puts the edition of 2014 in force as the starting edition. Run again, it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=FOUNDING_EDITION, help="JSON file (default: 2014).")

    def handle(self, *_args: Any, **options: Any) -> None:
        data = json.loads(options["file"].read_text(encoding="utf-8"))
        try:
            framework, written = load_framework(actor=None, data=data)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        if written:
            self.stdout.write(f"Edition {framework.code} in force: {framework.nodes.count()} nodes.")
        else:
            self.stdout.write(f"Edition {framework.code} is there already: nothing changed.")

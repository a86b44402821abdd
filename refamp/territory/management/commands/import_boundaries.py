"""Import official boundaries from a GeoJSON or GeoPackage file, in any known reference system; all or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from refamp.base.errors import Refused
from refamp.territory.actions import set_boundaries
from refamp.territory.exchange import Boundaries, read_boundaries
from refamp.territory.models import Municipality, Parish

MODELS = {"municipality": Municipality, "parish": Parish}
SHOWN = 10


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--level", choices=sorted(MODELS), default="municipality")
        parser.add_argument(
            "--code-field", metavar="NAME", help="the field with the official codes, where it is not found"
        )
        parser.add_argument("--layer", metavar="NAME", help="the layer, where the file has several")
        parser.add_argument("--source", default="", help="what to show as source (default: the name of the file)")
        parser.add_argument("--partial", action="store_true", help="accept a file that lacks some of the places")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *_args: Any, file: Path, level: str, **options: Any) -> None:
        codes = set(MODELS[level].objects.filter(valid_to__isnull=True).values_list("code", flat=True))
        if not codes:
            raise CommandError("No places are loaded: run load_territory first.")
        try:
            read = read_boundaries(
                file, level=level, codes=codes, code_field=options["code_field"], layer=options["layer"]
            )
            self.say(read)
            if read.missing and not options["partial"]:
                raise CommandError(
                    "Some places have no boundary in this file: nothing was changed (--partial accepts that)."
                )
            if options["dry_run"]:
                self.stdout.write("Dry run: nothing was changed.")
                return
            done = set_boundaries(
                actor=None,
                level=level,
                boundaries=read.found,
                source=(options["source"] or file.name)[:200],
                reason="import_boundaries",
            )
        except Refused as refused:
            raise CommandError(f"{refused.message} Nothing was changed.") from refused
        self.stdout.write(f"{done.updated} boundaries set, {done.unchanged} unchanged")

    def say(self, read: Boundaries) -> None:
        self.stdout.write(f"reference system {read.crs}, codes in field {read.code_field}")
        self.stdout.write(f"{len(read.found)} places matched")
        for what, codes in (
            ("without a boundary in the file", read.missing),
            ("not ours, left out", read.unknown),
            ("repaired", read.repaired),
            ("merged from several shapes", read.merged),
        ):
            if codes:
                more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
                self.stdout.write(f"{len(codes)} {what}: {', '.join(codes[:SHOWN])}{more}")

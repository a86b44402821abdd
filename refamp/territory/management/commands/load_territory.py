"""Load municipalities, parishes and census figures; say what changed. Can be run again."""

import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from refamp.base.errors import Refused
from refamp.territory.actions import Loaded, load_census, load_municipalities, load_parishes
from refamp.territory.exchange import read_list

DATA = Path(__file__).resolve().parents[2] / "data"
MUNICIPALITIES = ("code", "name", "short_name", "district", "nuts3", "lon", "lat", "area_km2", "tile_x", "tile_y")
PARISHES = ("code", "name", "municipality_code")
CENSUS = ("municipality_code", "measure", "year", "people", "source")
# The shipped list is that of Lei n.º 25-A/2025: see data/README.md.
SHIPPED_FROM = datetime.date(2025, 10, 12)
REASON = "load_territory"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--parishes", type=Path, metavar="FILE", help="another list of parishes: code,name,municipality_code"
        )
        parser.add_argument("--valid-from", type=datetime.date.fromisoformat, metavar="DAY", help="its first day")
        parser.add_argument(
            "--valid-to", type=datetime.date.fromisoformat, metavar="DAY", help="its last day, if it ended"
        )

    @transaction.atomic
    def handle(self, *_args: Any, parishes: Path | None, valid_from: Any, valid_to: Any, **_options: Any) -> None:
        try:
            if parishes is not None:
                if valid_from is None:
                    raise CommandError("--parishes needs --valid-from: from which day does the list hold?")
                rows = read_list(parishes, PARISHES)
                self.say(
                    "parishes",
                    load_parishes(actor=None, rows=rows, valid_from=valid_from, valid_to=valid_to, reason=REASON),
                )
                return
            rows = read_list(DATA / "municipalities.csv", MUNICIPALITIES)
            self.say("municipalities", load_municipalities(actor=None, rows=rows, reason=REASON))
            rows = read_list(DATA / "parishes.csv", PARISHES)
            self.say("parishes", load_parishes(actor=None, rows=rows, valid_from=SHIPPED_FROM, reason=REASON))
            rows = read_list(DATA / "census.csv", CENSUS)
            self.say("census counts", load_census(actor=None, rows=rows, reason=REASON))
        except Refused as refused:
            raise CommandError(str(refused.message)) from refused

    def say(self, what: str, done: Loaded) -> None:
        closed = f", {done.closed} closed" if done.closed else ""
        self.stdout.write(f"{what}: {done.created} created, {done.updated} updated, {done.unchanged} unchanged{closed}")

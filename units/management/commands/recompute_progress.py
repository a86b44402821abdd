"""Compute the roll-up of the plans anew; with --check only prove that what is kept equals it (exit 1 where not)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from units.actions.progress import check_progress, recompute_progress


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="One year; all where not given.")
        parser.add_argument("--check", action="store_true", help="Change nothing: print what differs.")

    def handle(self, *_args: Any, year: int | None, check: bool, **_options: Any) -> None:
        if not check:
            recompute_progress(year=year)
            self.stdout.write("The roll-up was computed anew.")
            return
        wrong = check_progress()
        for kept, right in wrong[:100]:
            one = kept or right
            where = " ".join(str(part) for part in (one.place if one else ()) if part is not None)
            sides = [f"{side.done}/{side.whole} of {side.actions}" if side else "nothing" for side in (kept, right)]
            self.stdout.write(f"  {where}: kept {sides[0]}, computed {sides[1]}")
        if wrong:
            raise CommandError(f"{len(wrong)} figures differ.")
        self.stdout.write("Every figure equals its computation.")

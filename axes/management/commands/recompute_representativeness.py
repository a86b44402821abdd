"""Count everything anew from the answers; with --check only prove that what is stored equals it (exit 1 where not)."""

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from axes.actions.results import recount
from axes.models import Consultation
from axes.queries.counting import wrong_counts


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "consultation", nargs="?", help="The id of its API address; all consultations where not given."
        )
        parser.add_argument(
            "--check", action="store_true", help="Change nothing: print what differs, exit 1 if anything."
        )

    def handle(self, *_args: Any, consultation: str | None, check: bool, **_options: Any) -> None:
        chosen = Consultation.objects.order_by("id")
        if consultation:
            try:
                chosen = chosen.filter(public_id=consultation)
            except (ValidationError, ValueError) as error:
                raise CommandError(f"{consultation} is not the id of a consultation.") from error
            if not chosen:
                raise CommandError(f"There is no consultation {consultation}.")
        differ = False
        for one in chosen:
            if not check:
                self.stdout.write(f"{one.public_id} {one}: {recount(consultation=one)} counts changed")
                continue
            wrong = wrong_counts(one)
            differ = differ or bool(wrong)
            self.stdout.write(f"{one.public_id} {one}: {f'{len(wrong)} counts differ' if wrong else 'equal'}")
            for row in wrong:
                where = " ".join(filter(None, [row.dimension, row.municipality, row.group]))
                what = f"{row.topic} {row.scale}" if row.topic else "respondents"
                self.stdout.write(f"  {where} · {what}: stored {row.stored}, counted {row.counted}")
        if differ:
            sys.exit(1)

"""Whether the record is what was written."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from refamp.audit.choices import Finding
from refamp.audit.queries import protected_by_grants, verdict

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Walk the hash chain of the audit record and say what was changed, removed or never sealed. "
        "Ends with 1 when something was. Keep the printed head elsewhere and give it as --expect the next time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", default="", help="A head printed earlier: it must still be part of the chain.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        found = verdict(expected=options["expect"])
        grants = protected_by_grants()
        if options["json"]:
            answer = {
                "intact": found.intact,
                "events": found.events,
                "seals": found.seals,
                "head": found.head,
                "protected_by": "grants" if grants else "trigger",
                "findings": found.findings,
            }
            self.stdout.write(json.dumps(answer))
        else:
            for one in found.findings[:SHOWN]:
                self.stdout.write(f"event {one['event']}, seal {one['seal']}: {Finding(one['finding']).label}")
            if len(found.findings) > SHOWN:
                self.stdout.write(f"and {len(found.findings) - SHOWN} more")
            self.stdout.write(f"{found.seals} seals over {found.events} events, head {found.head}")
            self.stdout.write("intact" if found.intact else f"BROKEN: {len(found.findings)} findings")
        if not found.intact:
            sys.exit(1)

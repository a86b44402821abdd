"""Import a spreadsheet of answers from the command line, asking nothing."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from axes.models import Consultation
from axes.tasks.answers import KIND
from refamp.base.errors import Refused
from refamp.jobs.actions import import_now
from refamp.jobs.choices import UploadState
from refamp.jobs.models import Upload

TOLD = 20


class Command(BaseCommand):
    """Exit code 0: imported (or, with --dry-run, could be); 1: rejected, nothing was written; 2: wrongly called."""

    help = "Import a CSV or XLSX file of answers into an open consultation: all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("consultation", help="the id in the consultation's API address")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        consultation = find(options["consultation"])
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(_("There is no file %(path)s.") % {"path": path}, returncode=2)
        try:
            with path.open("rb") as file:
                upload = import_now(
                    actor=None,
                    kind=KIND,
                    target=str(consultation.public_id),
                    file=file,
                    name=path.name,
                    dry_run=options["dry_run"],
                )
        except Refused as error:
            raise CommandError(str(error.message)) from error
        self.tell(upload, kept=not options["dry_run"])
        if upload.state == UploadState.REJECTED:
            sys.exit(1)

    def tell(self, upload: Upload, *, kept: bool) -> None:
        """Problems go to standard error, one a line; what was (or would be) done to standard output.

        Of many problems only the first are told; where the upload was kept, its page has the rest.
        """
        for one in upload.problems[:TOLD]:
            self.stderr.write(line(one))
        left = upload.problem_count - len(upload.problems[:TOLD])
        if left and kept:
            address = settings.SITE_URL + reverse("jobs:upload", args=[upload.public_id])
            self.stderr.write(_("… and %(count)s more: %(address)s") % {"count": left, "address": address})
        elif left:
            self.stderr.write(_("… and %(count)s more.") % {"count": left})
        if upload.state == UploadState.REJECTED:
            count = upload.problem_count
            self.stderr.write(
                ngettext(
                    "Rejected: %(count)s problem. Nothing was imported.",
                    "Rejected: %(count)s problems. Nothing was imported.",
                    count,
                )
                % {"count": count}
            )
            return
        for note in upload.summary.get("notes", []):
            self.stdout.write(line(note))
        told = {name: upload.summary[name] for name in ("respondents", "mentions", "named_nothing", "duplicates")}
        word = _("Imported") if upload.state == UploadState.DONE else _("Would be imported")
        self.stdout.write(
            word
            + ": "
            + _(
                "%(respondents)s respondents, %(mentions)s mentions; %(named_nothing)s named nothing, "
                "%(duplicates)s repeated mentions counted once."
            )
            % told
        )
        if upload.state == UploadState.DONE:
            self.stdout.write(_("Import") + f" {upload.public_id}")


def find(name: str) -> Consultation:
    """By public id; a command that is given something else says so."""
    try:
        return Consultation.objects.get(public_id=UUID(name))
    except (ValueError, Consultation.DoesNotExist) as error:
        raise CommandError(_("There is no consultation %(name)s.") % {"name": name}, returncode=2) from error


def line(problem: dict[str, Any]) -> str:
    where = _("row %(row)s") % {"row": problem["row"]} if problem["row"] else _("file")
    column = f", {problem['column']}" if problem["column"] else ""
    return f"{where}{column}: {problem['detail']}"

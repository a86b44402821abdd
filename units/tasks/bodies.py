"""What the worker does with files of an election and of partners."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from refamp.base.errors import Refused
from refamp.jobs.actions import Checked, Progress, Unfit, problem
from refamp.jobs.models import Upload
from refamp.jobs.spreadsheet import open_table
from units.actions.council import Elected, hold_election, undo_election
from units.actions.partners import import_partners, undo_partners
from units.choices import Position
from units.exchange.bodies import ElectionFile, PartnersFile, read_election, read_partners
from units.queries.bodies import present_municipalities

ELECTION, PARTNERS = "units.election", "units.partners"
PREVIEW = 60


def language_of(upload: Upload) -> str:
    return upload.actor.language if upload.actor else settings.LANGUAGE_CODE


def sender(upload: Upload) -> Any:
    """Who is behind the step that runs now."""
    actor = (upload.job.actor if upload.job else None) or upload.actor
    if actor is None:
        raise Refused(_("Nobody stands behind this import any more."), code="no_actor")
    return actor


# An election --------------------------------------------------------------------------------------------------------


def read_seats(upload: Upload) -> ElectionFile:
    table = open_table(upload.file.path, upload.name)
    found = read_election(table, places=present_municipalities())
    found.problems[:0] = table.attrs.get("problems", [])
    return found


def elect(upload: Upload, found: ElectionFile) -> Elected:
    return hold_election(
        actor=sender(upload),
        day=date.fromisoformat(upload.mapping["day"]),
        act=upload.mapping["act"],
        seats=found.seats,
    )


def rows_of(done: Elected) -> list[list[str]]:
    """Municipality by municipality: who leaves, who comes."""
    before = {m.municipality_id: m.person.name for m in done.ended if m.position != Position.SUBSTITUTE}
    substitutes = {m.municipality_id: m.person.name for m in done.begun if m.position == Position.SUBSTITUTE}
    return [
        [
            str(mandate.municipality),
            before.get(mandate.municipality_id, "–"),
            mandate.person.name,
            str(mandate.get_position_display()),
            substitutes.get(mandate.municipality_id, "–"),
        ]
        for mandate in done.begun
        if mandate.position != Position.SUBSTITUTE
    ][:PREVIEW]


def columns_of_election() -> list[str]:
    return [_("Municipality"), _("Until now"), _("From then on"), _("Position"), _("Substitute")]


def check_election(upload: Upload, progress: Progress) -> Checked:
    """What the election would do, municipality by municipality: done and taken back, so that nothing is left out."""
    progress.set(0, 0)
    with translation.override(language_of(upload)):
        found = read_seats(upload)
        summary: dict[str, Any] = {}
        if not found.problems:
            try:
                with transaction.atomic():
                    done = elect(upload, found)
                    rows = rows_of(done)
                    transaction.set_rollback(True)
            except Refused as refusal:
                found.problems.append(problem(refusal.code, str(refusal.message)))
            else:
                summary = {
                    "counts": [
                        {"label": _("Mandates that end"), "value": len(done.ended)},
                        {"label": _("Mandates that begin"), "value": len(done.begun)},
                    ],
                    "preview": {"columns": columns_of_election(), "rows": rows},
                }
    return Checked(rows=found.rows, problems=found.problems, problem_count=len(found.problems), summary=summary)


def apply_election(upload: Upload, _progress: Progress) -> dict[str, Any]:
    """Change the Council as the file says, all or nothing."""
    with translation.override(language_of(upload)):
        found = read_seats(upload)
        if found.problems:
            raise Unfit(found.problems, len(found.problems))
        done = elect(upload, found)
        return {
            "ended": done.before,
            "begun": [str(mandate.public_id) for mandate in done.begun],
            "counts": [
                {"label": _("Mandates that ended"), "value": len(done.ended)},
                {"label": _("Mandates that began"), "value": len(done.begun)},
            ],
        }


def undo_election_file(upload: Upload) -> dict[str, Any]:
    with translation.override(language_of(upload)):
        count = undo_election(
            actor=sender(upload), begun=upload.outcome.get("begun", []), ended=upload.outcome.get("ended", {})
        )
        return {"counts": [{"label": _("Mandates taken back"), "value": count}]}


def back_to_council(_upload: Upload) -> str:
    return reverse("units:council")


# Partners -----------------------------------------------------------------------------------------------------------


def read_partner_rows(upload: Upload) -> PartnersFile:
    table = open_table(upload.file.path, upload.name)
    found = read_partners(table, places=present_municipalities())
    found.problems[:0] = table.attrs.get("problems", [])
    return found


def counts_of(done: dict[str, Any], words: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [
        {"label": words[0], "value": len(done["added"])},
        {"label": words[1], "value": len(done["changed"])},
        {"label": words[2], "value": done["unchanged"]},
    ]


def check_partners(upload: Upload, progress: Progress) -> Checked:
    """What the file would do, partner by partner: done and taken back."""
    progress.set(0, 0)
    with translation.override(language_of(upload)):
        found = read_partner_rows(upload)
        summary: dict[str, Any] = {}
        if not found.problems:
            try:
                with transaction.atomic():
                    done = import_partners(actor=sender(upload), rows=found.partners)
                    transaction.set_rollback(True)
            except Refused as refusal:
                found.problems.append(problem(refusal.code, str(refusal.message)))
            else:
                words = (_("Partners to add"), _("Partners to change"), _("Partners that stay as they are"))
                rows = [[row["name"], str(row["kind"]), ", ".join(row["roles"])] for row in found.partners[:PREVIEW]]
                summary = {
                    "counts": counts_of(done, words),
                    "preview": {"columns": [_("Name"), _("Kind"), _("Roles")], "rows": rows},
                }
    return Checked(rows=found.rows, problems=found.problems, problem_count=len(found.problems), summary=summary)


def apply_partners(upload: Upload, _progress: Progress) -> dict[str, Any]:
    with translation.override(language_of(upload)):
        found = read_partner_rows(upload)
        if found.problems:
            raise Unfit(found.problems, len(found.problems))
        done = import_partners(actor=sender(upload), rows=found.partners)
        words = (_("Partners added"), _("Partners changed"), _("Partners left as they were"))
        return done | {"counts": counts_of(done, words)}


def undo_partners_file(upload: Upload) -> dict[str, Any]:
    with translation.override(language_of(upload)):
        done = undo_partners(actor=sender(upload), outcome=upload.outcome)
        return done | {
            "counts": [
                {"label": _("Partners removed"), "value": done["removed"]},
                {"label": _("Partners put back"), "value": done["restored"]},
            ]
        }


def back_to_partners(_upload: Upload) -> str:
    return reverse("units:partners")

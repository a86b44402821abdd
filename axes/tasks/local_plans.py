"""What the worker does with files of local plans."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from axes.actions.local_plans import import_local_plans, undo_local_plans
from axes.exchange.local_plans import LocalPlansFile, read_local_plans
from axes.models import LocalPlan
from axes.queries.framework import problem_areas_for_plans
from axes.rules import may_add_local_plan
from refamp.base.errors import Refused
from refamp.jobs.actions import Checked, Progress, Unfit, problem
from refamp.jobs.models import Upload
from refamp.jobs.spreadsheet import open_table
from refamp.territory.models import Municipality

KIND = "axes.local_plans"
PREVIEW = 50


def language_of(upload: Upload) -> str:
    return upload.actor.language if upload.actor else settings.LANGUAGE_CODE


def read(upload: Upload, actor: Any) -> LocalPlansFile:
    """The file against what is there now, with the municipalities that its sender does not write for as problems."""
    table = open_table(upload.file.path, upload.name)
    found = read_local_plans(
        table, places=Municipality.objects.valid_on(timezone.localdate()), areas=problem_areas_for_plans()
    )
    found.problems[:0] = table.attrs.get("problems", [])
    for place in sorted({plan.municipality for plan in found.plans}, key=str):
        if not may_add_local_plan(actor, place):
            found.problems.append(
                problem(
                    "not_your_municipality",
                    _("You do not write for this municipality: %(name)s.") % {"name": place},
                    column="municipality",
                )
            )
    return found


def check_local_plans(upload: Upload, progress: Progress) -> Checked:
    """What importing the file would do, plan by plan. Writes nothing."""
    progress.set(0, 0)
    with translation.override(language_of(upload)):
        found = read(upload, sender(upload))
        keys = {(plan.municipality.pk, plan.kind, plan.starts_on) for plan in found.plans}
        present = {
            (plan.municipality_id, plan.kind, plan.starts_on)
            for plan in LocalPlan.objects.filter(municipality__in={key[0] for key in keys})
        }
        counts = [
            {"label": _("Plans to add"), "value": len(keys - present)},
            {"label": _("Plans already there, changed where they differ"), "value": len(keys & present)},
        ]
        rows = [
            [
                plan.municipality.name,
                plan.title,
                plan.starts_on.isoformat(),
                str(len(plan.priorities)),
                _("already there")
                if (plan.municipality.pk, plan.kind, plan.starts_on) in present
                else _("to be added"),
            ]
            for plan in found.plans[:PREVIEW]
        ]
        columns = [_("Municipality"), _("Title"), _("From"), _("Priorities"), _("What happens")]
    return Checked(
        rows=found.rows,
        problems=found.problems,
        problem_count=len(found.problems),
        summary={"counts": counts, "preview": {"columns": columns, "rows": rows}},
    )


def sender(upload: Upload) -> Any:
    """Who is behind the step that runs now; for one municipality only where a token of one sent the file."""
    actor = (upload.job.actor if upload.job else None) or upload.actor
    if actor is None:
        raise Refused(_("Nobody stands behind this import any more."), code="no_actor")
    if upload.target:
        actor.acts_only_for = int(upload.target)
    return actor


def apply_local_plans(upload: Upload, progress: Progress) -> dict[str, Any]:
    """Import a confirmed file, all or nothing; it is read again, for what was right may be so no longer."""
    actor = sender(upload)
    with translation.override(language_of(upload)):
        found = read(upload, actor)
        if found.problems:
            raise Unfit(found.problems, len(found.problems))
        progress.set(0, len(found.plans))
        done = import_local_plans(actor=actor, upload=upload, plans=found.plans)
        return done | {
            "counts": [
                {"label": _("Plans added"), "value": done["added"]},
                {"label": _("Plans changed"), "value": done["changed"]},
                {"label": _("Plans left as they were"), "value": done["unchanged"]},
            ]
        }


def undo_local_plans_import(upload: Upload) -> dict[str, Any]:
    """Take the import back as a whole."""
    with translation.override(language_of(upload)):
        done = undo_local_plans(
            actor=sender(upload),
            outcome=upload.outcome,
            areas={area.code: area for area in problem_areas_for_plans()},
            places={place.code: place for place in Municipality.objects.valid_on(timezone.localdate())},
        )
        return done | {
            "counts": [
                {"label": _("Plans removed"), "value": done["removed"]},
                {"label": _("Plans put back"), "value": done["restored"]},
            ]
        }


def back_to_local_plans(_upload: Upload) -> str:
    return reverse("axes:local_plans")

"""What the worker does with workbooks of plans."""

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from refamp.accounts.models import User
from refamp.base.errors import Refused
from refamp.jobs.actions import Checked, Progress
from refamp.jobs.models import Upload
from refamp.jobs.spreadsheet import open_workbook
from units.actions.plan_content import faults_of, in_order
from units.actions.plan_drafts import opened, write_draft
from units.choices import CONTENT_LABELS, EDITABLE_PLAN
from units.exchange.plans import PlanFile, read_workbook
from units.formulas.plans import Difference, canonical, difference, digest
from units.models import ActionPlan
from units.queries.bodies import mandates_of
from units.queries.plan_content import Known, content_of, known_for
from units.rules import writes_plan

KIND = "units.plan"
PREVIEW = 100


def language_of(upload: Upload) -> str:
    return upload.actor.language if upload.actor else settings.LANGUAGE_CODE


def sender(upload: Upload) -> User:
    """Who is behind the step that runs now."""
    actor = (upload.job.actor if upload.job else None) or upload.actor
    if actor is None:
        raise Refused(_("Nobody stands behind this import any more."), code="no_actor")
    return actor


def plan_of(upload: Upload) -> ActionPlan:
    found = ActionPlan.objects.select_related("unit").filter(public_id=upload.target).first()
    if found is None:
        raise Refused(_("Somebody else has removed this plan."), code="gone")
    return found


def read(upload: Upload, plan: ActionPlan, actor: User) -> tuple[PlanFile, Known, dict[str, Any]]:
    """The workbook against what the plan says now, with everything that is wrong with it."""
    tables = open_workbook(upload.file.path, upload.name)
    known, present = known_for(plan), content_of(plan)
    found = read_workbook(tables, known=known, present=present)
    if not writes_plan(mandates_of(actor), plan.unit_id):
        found.wrong("not_your_unit", _("You have no mandate in the unit of this plan."))
    if plan.state not in EDITABLE_PLAN:
        found.wrong("locked", _("Only a draft is written in: take the plan back, or propose an amendment."))
    if found.content:
        blame(found, known)
    return found, known, present


def blame(found: PlanFile, known: Known) -> None:
    """Say each fault of the content at its row."""
    for place, action in enumerate(found.content["actions"]):
        for fault in faults_of(action, known):
            inner = fault.place is not None
            sheet = fault.field if inner else "actions"
            number = found.places.get((sheet, place, fault.place if fault.place is not None else -1))
            column = fault.column if inner else fault.field
            found.wrong(fault.code, fault.message, row=number, sheet=sheet, column=column)


def compared(found: PlanFile, known: Known, present: dict[str, Any]) -> tuple[dict[str, Any], Difference]:
    """The content as it would be kept, and how it differs from the present one."""
    ordered = sorted(
        (in_order(action, known) for action in found.content["actions"]), key=lambda a: (a["code"], a["key"])
    )
    content = {**found.content, "actions": ordered}
    return content, difference(present, content)


def check_plan_file(upload: Upload, progress: Progress) -> Checked:
    """What importing the workbook would do, action by action. Writes nothing."""
    progress.set(0, 0)
    with translation.override(language_of(upload)):
        plan = plan_of(upload)
        found, known, present = read(upload, plan, sender(upload))
        summary: dict[str, Any] = {}
        if not found.problems:
            _content, would = compared(found, known, present)
            summary = told(would)
    return Checked(rows=found.rows, problems=found.problems, problem_count=len(found.problems), summary=summary)


def told(would: Difference) -> dict[str, Any]:
    """A preview: counts, and one row per action that would change."""
    rows = [[a["code"], a["title"], _("to be added"), ""] for a in would.added]
    rows += [
        [a["code"], a["title"], _("to be changed"), ", ".join(str(CONTENT_LABELS[change.field]) for change in fields)]
        for a, fields in would.changed
    ]
    rows += [[a["code"], a["title"], _("to be removed"), ""] for a in would.removed]
    return {
        "counts": [
            {"label": _("Actions to add"), "value": len(would.added)},
            {"label": _("Actions to change"), "value": len(would.changed)},
            {"label": _("Actions to remove"), "value": len(would.removed)},
            {"label": _("Actions left as they are"), "value": would.unchanged},
        ],
        "preview": {"columns": [_("Code"), _("Title"), _("What happens"), _("Fields")], "rows": rows[:PREVIEW]},
    }


def apply_plan_file(upload: Upload, progress: Progress) -> dict[str, Any]:
    """Write a confirmed workbook into its plan, all or nothing; it is read again."""
    actor = sender(upload)
    with translation.override(language_of(upload)):
        plan = opened(actor, plan_of(upload))
        found, known, present = read(upload, plan, actor)
        if found.problems:
            raise Refused(found.problems[0]["detail"], code=found.problems[0]["code"])
        progress.set(0, len(found.content["actions"]))
        content, would = compared(found, known, present)
        plan, done = write_draft(actor=actor, plan=plan, content=content)
        counts = [
            {"label": _("Actions added"), "value": len(done["added"])},
            {"label": _("Actions changed"), "value": len(done["changed"])},
            {"label": _("Actions removed"), "value": len(done["removed"])},
            {"label": _("Actions left as they were"), "value": would.unchanged},
        ]
    after = digest(canonical(content_of(plan)))
    return {"counts": counts, "undo": {"before": canonical(present), "after": after}}


def undo_plan_file(upload: Upload) -> dict[str, Any]:
    """Put the plan back as it was before the import; refused where somebody has written in it since."""
    actor = sender(upload)
    with translation.override(language_of(upload)):
        plan = opened(actor, plan_of(upload))
        steps = upload.outcome["undo"]
        if digest(canonical(content_of(plan))) != steps["after"]:
            raise Refused(
                _("Somebody has written in this plan since: the import can no longer be undone as a whole."),
                code="changed_since",
            )
        _plan, done = write_draft(actor=actor, plan=plan, content=json.loads(steps["before"]))
        return {
            "counts": [
                {"label": _("Actions removed"), "value": len(done["removed"])},
                {"label": _("Actions put back"), "value": len(done["changed"]) + len(done["added"])},
            ]
        }


def may_see_plan_import(user: Any, upload: Upload) -> bool:
    """Beside whoever sent the file: the other members of the plan's unit."""
    plan = ActionPlan.objects.filter(public_id=upload.target).first()
    return plan is not None and writes_plan(mandates_of(user), plan.unit_id)


def back_to_plan(upload: Upload) -> str:
    return reverse("units:plan", args=[upload.target])

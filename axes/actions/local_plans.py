"""Changes of local plans: a municipality's diagnosis, development plan or yearly plan, and what it puts first."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import NodeKind
from axes.models import LocalPlan, LocalPlanPriority, Node
from axes.queries.local_plans import MOST_PRIORITIES, PlanData, Priority
from axes.rules import may_add_local_plan, may_edit_local_plan
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.ids import uuid7
from refamp.jobs.models import Upload
from refamp.territory.models import Municipality

DOCUMENT_MAX_BYTES = 20 * 1024 * 1024
DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def told(plan: LocalPlan) -> dict[str, Any]:
    """A plan as the record keeps it."""
    return {
        "municipality": plan.municipality.code,
        "kind": plan.kind,
        "title": plan.title,
        "starts_on": plan.starts_on.isoformat(),
        "ends_on": plan.ends_on.isoformat() if plan.ends_on else None,
        "link": plan.link,
        "priorities": [
            [p.wording, p.problem_area.code if p.problem_area else None]
            for p in plan.priorities.select_related("problem_area").order_by("order")
        ],
    }


def locked_plan(actor: Any, plan: LocalPlan, version: int | None) -> LocalPlan:
    found = LocalPlan.objects.select_for_update(of=("self",)).select_related("municipality").filter(pk=plan.pk).first()
    if found is None:
        raise Refused(_("Somebody else has removed this plan."), code="gone")
    if not may_edit_local_plan(actor, found):
        raise NotAllowed
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_plan(data: PlanData, plan: LocalPlan | None = None) -> None:
    """Refuse, in words and by field, what the database would refuse too."""
    if data.ends_on and data.ends_on < data.starts_on:
        raise Refused(_("The last day cannot come before the first."), code="dates", field="ends_on")
    same = LocalPlan.objects.filter(municipality=data.municipality, kind=data.kind, starts_on=data.starts_on)
    if same.exclude(pk=plan.pk if plan else 0).exists():
        raise Refused(
            _("This municipality already has such a plan with this first day."), code="taken", field="starts_on"
        )
    if len(data.priorities) > MOST_PRIORITIES:
        raise Refused(_("A plan has at most 60 priorities."), code="too_many", field="priorities")
    if any(area is not None and area.kind != NodeKind.PROBLEM_AREA for _wording, area in data.priorities):
        raise Refused(_("A priority is tied to a problem area."), code="wrong_kind", field="priorities")


def write_priorities(plan: LocalPlan, priorities: Sequence[Priority]) -> None:
    plan.priorities.all().delete()
    LocalPlanPriority.objects.bulk_create(
        LocalPlanPriority(plan=plan, order=place, wording=wording, problem_area=area)
        for place, (wording, area) in enumerate(priorities, 1)
    )


@transaction.atomic
def add_local_plan(*, actor: Any, data: PlanData) -> LocalPlan:
    """Enter a plan; only its municipality and the coordination unit see it until it is published."""
    if not may_add_local_plan(actor, data.municipality):
        raise NotAllowed
    check_plan(data)
    try:
        with transaction.atomic():
            plan = LocalPlan.objects.create(**data.head, created_by=actor)
    except IntegrityError as error:  # somebody else was quicker
        raise Refused(
            _("This municipality already has such a plan with this first day."), code="taken", field="starts_on"
        ) from error
    write_priorities(plan, data.priorities)
    record(actor=actor, action="local_plan.added", obj=plan, after=told(plan))
    return plan


@transaction.atomic
def edit_local_plan(*, actor: Any, plan: LocalPlan, version: int | None, data: PlanData) -> LocalPlan:
    """Change what a plan says. It may move to another municipality only by somebody who writes for both."""
    found = locked_plan(actor, plan, version)
    if not may_add_local_plan(actor, data.municipality):
        raise NotAllowed
    check_plan(data, found)
    before = told(found)
    for field, value in data.head.items():
        setattr(found, field, value)
    write_priorities(found, data.priorities)
    after = told(found)
    if before == after:
        return found
    bump(found, list(data.head))
    changed = [key for key in after if before[key] != after[key]]
    record(
        actor=actor,
        action="local_plan.edited",
        obj=found,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )
    return found


def bump(plan: LocalPlan, fields: Sequence[str]) -> None:
    plan.version += 1
    plan.save(update_fields=[*fields, "version", "updated_at"])


def document_type(file: File) -> str:
    """Tell "pdf" or "docx" by content. Raises Refused for anything else and for what is too large."""
    if not file.size:
        raise Refused(_("The file is empty."), code="empty", field="document")
    if file.size > DOCUMENT_MAX_BYTES:
        raise Refused(_("The document is too large: 20 MB at most."), code="too_large", field="document")
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(file) as archive:
                names = set(archive.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
            names = set()
        finally:
            file.seek(0)
        # Macros make it another type (.docm), whatever it is called.
        if {"[Content_Types].xml", "word/document.xml"} <= names and "word/vbaProject.bin" not in names:
            return "docx"
    raise Refused(_("Only PDF and Word (DOCX) documents are taken."), code="wrong_type", field="document")


@transaction.atomic
def set_document(*, actor: Any, plan: LocalPlan, version: int | None, file: File, name: str) -> LocalPlan:
    """Keep a plan's document, under a random name in the private store; `name` is what downloads will be called."""
    extension = document_type(file)
    found = locked_plan(actor, plan, version)
    before = found.document_name
    stem = PurePath(name.replace("\\", "/")).stem
    stem = "".join(c for c in stem if c.isprintable())[:150] or "documento"
    found.document.save(f"{uuid7().hex}.{extension}", file, save=False)
    found.document_name = f"{stem}.{extension}"
    bump(found, ["document", "document_name"])
    record(
        actor=actor,
        action="local_plan.document",
        obj=found,
        before={"document": before},
        after={"document": found.document_name},
    )
    return found


@transaction.atomic
def publish_local_plan(*, actor: Any, plan: LocalPlan, published: bool, version: int | None = None) -> LocalPlan:
    """Show a plan to everybody, or take it back."""
    found = locked_plan(actor, plan, version)
    if (found.published_at is not None) == published:
        return found
    found.published_at = timezone.now() if published else None
    bump(found, ["published_at"])
    record(
        actor=actor,
        action="local_plan.published" if published else "local_plan.withdrawn",
        obj=found,
        before={"published": not published},
        after={"published": published},
    )
    return found


@transaction.atomic
def remove_local_plan(*, actor: Any, plan: LocalPlan, version: int | None = None) -> None:
    """Remove a plan that was never published."""
    found = locked_plan(actor, plan, version)
    if found.published_at is not None:
        raise Refused(_("Take it back from publication first."), code="published")
    record(actor=actor, action="local_plan.removed", obj=found, before=told(found))
    found.delete()


@transaction.atomic
def import_local_plans(*, actor: Any, upload: Upload, plans: Sequence[PlanData]) -> dict[str, Any]:
    """Enter or change plans by (municipality, kind, first day), all or nothing; equal ones stay untouched.

    The answer counts them and, under `undo`, says what it takes to undo it.
    """
    present = {
        (plan.municipality_id, plan.kind, plan.starts_on): plan
        for plan in LocalPlan.objects.filter(municipality__in={plan.municipality for plan in plans})
    }
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for data in plans:
        old = present.get((data.municipality.pk, data.kind, data.starts_on))
        if old is None:
            plan = add_local_plan(actor=actor, data=data)
            added.append({"plan": str(plan.public_id), "version": plan.version})
        else:
            before = told(old)
            plan = edit_local_plan(actor=actor, plan=old, version=None, data=data)
            if plan.version != old.version:
                changed.append({"plan": str(plan.public_id), "version": plan.version, "before": before})
    return {
        "added": len(added),
        "changed": len(changed),
        "unchanged": len(plans) - len(added) - len(changed),
        "undo": {"added": added, "changed": changed},
    }


@transaction.atomic
def undo_local_plans(
    *, actor: Any, outcome: Mapping[str, Any], areas: Mapping[str, Node], places: Mapping[str, Municipality]
) -> dict[str, Any]:
    """Take an import back; refused whole where somebody has changed one of its plans since.

    `areas` are the problem areas of the edition in force and `places` the municipalities, by code.
    """
    steps = outcome["undo"]
    keys = [step["plan"] for step in (*steps["added"], *steps["changed"])]
    plans = {
        str(plan.public_id): plan
        for plan in LocalPlan.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .filter(public_id__in=keys)
    }
    for step in (*steps["added"], *steps["changed"]):
        plan = plans.get(step["plan"])
        if plan is None or plan.version != step["version"]:
            raise Refused(
                _("Somebody has changed one of these plans since: it can no longer be undone as a whole."),
                code="changed_since",
            )
        if not may_edit_local_plan(actor, plan):
            raise Refused(
                _("You do not write for this municipality: %(name)s.") % {"name": plan.municipality.name},
                code="not_your_municipality",
            )
    for step in steps["added"]:
        plan = plans[step["plan"]]
        record(actor=actor, action="local_plan.removed", obj=plan, before=told(plan))
        plan.delete()
    for step in steps["changed"]:
        old = step["before"]
        data = PlanData(
            municipality=places[old["municipality"]],
            kind=old["kind"],
            title=old["title"],
            starts_on=date.fromisoformat(old["starts_on"]),
            ends_on=date.fromisoformat(old["ends_on"]) if old["ends_on"] else None,
            link=old["link"],
            priorities=[(wording, areas.get(code) if code else None) for wording, code in old["priorities"]],
        )
        edit_local_plan(actor=actor, plan=plans[step["plan"]], version=step["version"], data=data)
    return {"removed": len(steps["added"]), "restored": len(steps["changed"])}

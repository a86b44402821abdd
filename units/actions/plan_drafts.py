"""Drafting a plan: its head, its actions, all of it at once; nobody but its unit, nothing but a draft."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.ids import uuid7
from units.actions.plan_content import (
    MOST_ACTIONS,
    check_content,
    check_length,
    in_order,
    release,
    write_action,
    write_plan,
)
from units.actions.plans import locked_plan
from units.choices import (
    EDITABLE_PLAN,
)
from units.formulas.plans import changes
from units.models import Action, ActionPlan, Unit
from units.queries.bodies import mandates_of
from units.queries.plan_content import actions_with_all, content_of_action, free_code, known_for
from units.rules import writes_plan


@transaction.atomic
def draft_plan(*, actor: User, unit: Unit, year: int, title: str, summary: str = "") -> ActionPlan:
    """Begin a unit's plan for a year."""
    if not writes_plan(mandates_of(actor), unit.pk):
        raise NotAllowed
    first, last = 2014, 2100
    if not first <= year <= last:
        raise Refused(_("The year is out of range."), code="year", field="year")
    check_length(summary, "summary")
    try:
        with transaction.atomic():
            plan = ActionPlan.objects.create(unit=unit, year=year, title=title, summary=summary, created_by=actor)
    except IntegrityError as error:
        raise Refused(_("This unit already has a plan for this year."), code="taken", field="year") from error
    plan.authors.add(actor)
    record(actor=actor, action="plan.drafted", obj=plan, after={"unit": unit.code, "year": year, "title": title})
    return plan


def opened(actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """The plan, locked, for somebody of its unit who writes in it."""
    found = locked_plan(plan, version)
    if not writes_plan(mandates_of(actor), found.unit_id):
        raise NotAllowed
    if found.state not in EDITABLE_PLAN:
        raise Refused(_("Only a draft is written in: take the plan back, or propose an amendment."), code="locked")
    found.authors.add(actor)
    return found


@transaction.atomic
def edit_plan(*, actor: User, plan: ActionPlan, version: int | None, title: str, summary: str) -> ActionPlan:
    """Change a draft's head."""
    found = opened(actor, plan, version)
    check_length(summary, "summary")
    new = {"title": title, "summary": summary}
    before = {name: getattr(found, name) for name in new if getattr(found, name) != new[name]}
    if before:
        found.title, found.summary, found.version = title, summary, found.version + 1
        found.save(update_fields=["title", "summary", "version", "updated_at"])
        record(actor=actor, action="plan.edited", obj=found, before=before, after={name: new[name] for name in before})
    return found


@transaction.atomic
def remove_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> None:
    """Remove a draft that was never submitted; what was to be carried into it stays where it is."""
    found = opened(actor, plan, version)
    if found.submitted_at is not None:
        raise Refused(_("A plan that was submitted once is kept."), code="submitted")
    for action in found.actions.filter(carried_from__isnull=False):
        release(actor, action)
    record(actor=actor, action="plan.removed", obj=found, before={"title": found.title, "year": found.year})
    found.actions.all().delete()
    found.delete()


@transaction.atomic
def save_action(
    *,
    actor: User,
    plan: ActionPlan,
    content: Mapping[str, Any],
    action: Action | None = None,
    version: int | None = None,
) -> Action:
    """Add an action to a draft, or change one. `content` is one action as `queries.plans.content_of_action` says it.

    Without a code it gets the plan's next free one.
    """
    found = opened(actor, plan)
    known = known_for(found)
    before: dict[str, Any] = {}
    if action is None:
        if found.actions.count() >= MOST_ACTIONS:
            raise Refused(_("A plan has at most %(most)s actions.") % {"most": MOST_ACTIONS}, code="too_many")
        content = {**content, "key": str(uuid7()), "carried_from": None}
        present = None
    else:
        present = actions_with_all(Action.objects.filter(pk=action.pk, plan=found)).first()
        if present is None:
            raise Refused(_("Somebody else has dropped this action."), code="gone")
        if version is not None and present.version != version:
            raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=present)
        before = content_of_action(present)
        content = {**content, "key": before["key"], "carried_from": before["carried_from"]}
    content = {**content, "code": content["code"].strip() or free_code(found)}
    check_content(content, known)
    if found.actions.filter(code=content["code"]).exclude(pk=present.pk if present else None).exists():
        raise Refused(_("This plan already has an action with this code."), code="taken", field="code")
    content = in_order(content, known)
    if present is not None and content == before:
        return present
    made = write_action(found, content, known, present)
    changed = changes(before, content)
    record(
        actor=actor,
        action="action.edited" if present else "action.added",
        obj=made,
        before={change.field: change.before for change in changed} if present else None,
        after={change.field: change.after for change in changed},
    )
    return made


@transaction.atomic
def remove_action(*, actor: User, action: Action, version: int | None = None) -> None:
    """Take an action out of a draft."""
    plan = opened(actor, action.plan)
    found = (
        Action.objects.select_for_update(of=("self",))
        .select_related("carried_from")
        .filter(pk=action.pk, plan=plan)
        .first()
    )
    if found is None:
        raise Refused(_("Somebody else has dropped this action."), code="gone")
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    release(actor, found)
    record(actor=actor, action="action.removed", obj=found, before={"code": found.code, "title": found.title})
    found.delete()


@transaction.atomic
def write_draft(
    *, actor: User, plan: ActionPlan, content: Mapping[str, Any], version: int | None = None
) -> tuple[ActionPlan, dict[str, list[str]]]:
    """Make a draft say what a whole content says: actions that it leaves out go. The answer says what was done."""
    found = opened(actor, plan, version)
    check_length(content["summary"], "summary")
    known = known_for(found)
    for action in content["actions"]:
        check_content(action, known)
    before = {"title": found.title, "summary": found.summary}
    ordered = [in_order(action, known) for action in content["actions"]]
    done = write_plan(actor, found, {**content, "actions": ordered}, known, removing=True)
    found.title, found.summary = content["title"], content["summary"]
    if any(done[name] for name in ("added", "changed", "removed")) or before != {
        "title": found.title,
        "summary": found.summary,
    }:
        found.version += 1
        found.save(update_fields=["title", "summary", "version", "updated_at"])
        record(
            actor=actor,
            action="plan.written",
            obj=found,
            before=before,
            after={"title": found.title, **{name: len(keys) for name, keys in done.items()}},
        )
    return found, done

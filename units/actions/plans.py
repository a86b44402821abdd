"""A plan's way: drafted by its unit, weighed by others, decided by the Council, carried out, closed. Programmes too."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.ids import uuid7
from refamp.base.states import check_move
from units.actions.plan_content import (
    MOST_ACTIONS,
    check_content,
    faults_of,
    in_order,
    release,
    write_action,
    write_plan,
)
from units.actions.progress import recompute_progress
from units.actions.votes import propose_deliberation
from units.choices import (
    EDITABLE_PLAN,
    PLAN_MOVES,
    LegalEffect,
    MetropolitanAnswer,
    PlanState,
    SubjectKind,
)
from units.formulas.plans import canonical, changes, digest
from units.models import Action, ActionPlan, AgendaItem, Deliberation, PlanVersion, Programme, Unit
from units.queries.bodies import mandates_of
from units.queries.plans import (
    actions_with_all,
    bodies,
    content_of,
    content_of_action,
    free_code,
    known_for,
    next_number,
)
from units.queries.votes import answer_of
from units.rules import brings_to_council, reviews_plan, writes_plan


def locked_plan(plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """The plan, locked; `version` given and not the present one is refused."""
    found = ActionPlan.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=plan.pk).first()
    if found is None:
        raise Refused(_("Somebody else has removed this plan."), code="gone")
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_part(actor: User, plan: ActionPlan, part: str) -> None:
    """Raise NotAllowed for who has not the part that the table of moves names; "deliberation" is nobody's."""
    if part == "deliberation":
        raise Refused(_("Only a deliberation decides this."), code="needs_deliberation")
    held, known = mandates_of(actor), bodies()
    allowed = {
        "unit": writes_plan(held, plan.unit_id),
        "reviewer": reviews_plan(
            held,
            plan.unit_id,
            coordination=known.coordination,
            strategic=known.strategic,
            is_author=is_author(actor, plan),
        ),
        "secretariat": brings_to_council(held, council=known.council, coordination=known.coordination),
    }
    if not allowed[part]:
        raise NotAllowed


def is_author(actor: User, plan: ActionPlan) -> bool:
    return actor.pk in {plan.created_by_id, plan.submitted_by_id} or plan.authors.filter(pk=actor.pk).exists()


def put(plan: ActionPlan, state: str, *, actor: User | None, reason: str = "", **values: Any) -> ActionPlan:
    """Write a state that was checked, with its record."""
    before = {"state": plan.state} | {name: getattr(plan, name) for name in values}
    plan.state = state
    for name, value in values.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.save(update_fields=["state", *values, "version", "updated_at"])
    record(actor=actor, action=f"plan.{state}", obj=plan, before=before, after={"state": state} | values, reason=reason)
    return plan


@transaction.atomic
def move_plan(*, actor: User, plan: ActionPlan, state: str, version: int | None = None, **values: Any) -> ActionPlan:
    """Move a plan along its table, by who has the part in it. What a deliberation does is refused here."""
    found = locked_plan(plan, version)
    check_part(actor, found, check_move(PLAN_MOVES, found.state, state))
    if state == PlanState.SUBMITTED:
        check_complete(found)
        values |= {"submitted_by": actor, "submitted_at": timezone.now()}
        values |= {"opinion": "", "opinion_is_favourable": None, "opinion_by": None}
    if state == PlanState.OPINION_GIVEN:
        if not values.get("opinion"):
            raise Refused(_("An opinion has words."), code="opinion", field="opinion")
        values["opinion_by"] = actor
    if state == PlanState.RETURNED and not values.get("return_reason"):
        raise Refused(_("Say why."), code="reason", field="return_reason")
    if state == PlanState.BEFORE_COUNCIL and "item" not in values:
        raise Refused(_("Say at which point of which agenda."), code="item", field="item")
    values.pop("item", None)
    return put(found, state, actor=actor, **values)


# Drafting -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def draft_plan(*, actor: User, unit: Unit, year: int, title: str, summary: str = "") -> ActionPlan:
    """Begin a unit's plan for a year."""
    if not writes_plan(mandates_of(actor), unit.pk):
        raise NotAllowed
    first, last = 2014, 2100
    if not first <= year <= last:
        raise Refused(_("The year is out of range."), code="year", field="year")
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
    new = {"title": title, "summary": summary}
    before = {name: getattr(found, name) for name in new if getattr(found, name) != new[name]}
    if before:
        found.title, found.summary, found.version = title, summary, found.version + 1
        found.save(update_fields=["title", "summary", "version", "updated_at"])
        record(actor=actor, action="plan.edited", obj=found, before=before, after={name: new[name] for name in before})
    return found


@transaction.atomic
def remove_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> None:
    """Remove a draft that was never submitted; what was carried into it is under way again."""
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


def check_complete(plan: ActionPlan) -> None:
    """Refuse to submit a plan that says too little to be decided on."""
    actions = list(actions_with_all(plan.actions.all()))
    if not actions:
        raise Refused(_("The plan has no action yet."), code="no_actions")
    known = known_for(plan)
    for action in actions:
        for fault in faults_of(content_of_action(action), known, complete=True):
            raise Refused(
                gettext("%(action)s: %(fault)s") % {"action": action, "fault": fault.message}, code=fault.code
            )


# The steps, by name ---------------------------------------------------------------------------------------------------


def submit_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """Hand a draft in: from now on nobody writes in it."""
    return move_plan(actor=actor, plan=plan, state=PlanState.SUBMITTED, version=version)


def take_back_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """Make a draft again of what was submitted or returned."""
    return move_plan(actor=actor, plan=plan, state=PlanState.DRAFT, version=version)


def give_opinion(
    *, actor: User, plan: ActionPlan, opinion: str, favourable: bool, version: int | None = None
) -> ActionPlan:
    """Say what the reviewing unit thinks, favourable or not. Never by somebody who wrote in the plan."""
    return move_plan(
        actor=actor,
        plan=plan,
        state=PlanState.OPINION_GIVEN,
        version=version,
        opinion=opinion,
        opinion_is_favourable=favourable,
    )


def return_plan(*, actor: User, plan: ActionPlan, reason: str, version: int | None = None) -> ActionPlan:
    """Send a submitted plan back to its unit, with reasons."""
    return move_plan(actor=actor, plan=plan, state=PlanState.RETURNED, version=version, return_reason=reason)


def start_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    return move_plan(actor=actor, plan=plan, state=PlanState.UNDER_WAY, version=version)


def close_plan(*, actor: User, plan: ActionPlan, version: int | None = None) -> ActionPlan:
    """End a plan's year: from now on nothing is reported on it. Unfinished actions may still be carried over."""
    return move_plan(actor=actor, plan=plan, state=PlanState.CLOSED, version=version)


@transaction.atomic
def put_before_council(
    *,
    actor: User,
    plan: ActionPlan,
    item: AgendaItem,
    rule: str,
    legal_effect: str,
    title: str = "",
    text: str = "",
    version: int | None = None,
) -> Deliberation:
    """Put a plan on the Council's agenda as something to decide. The plan stands before the Council from now on."""
    if legal_effect == LegalEffect.OPINION:
        raise Refused(_("A plan is decided, here or by the Metropolitan Council."), code="effect", field="legal_effect")
    found = move_plan(actor=actor, plan=plan, state=PlanState.BEFORE_COUNCIL, version=version, item=item)
    return propose_deliberation(
        actor=actor,
        item=item,
        title=title or gettext("Approval of %(plan)s") % {"plan": found},
        text=text or found.summary or str(found),
        rule=rule,
        legal_effect=legal_effect,
        subject_kind=SubjectKind.PLAN,
        plan=found,
    )


# Decided ------------------------------------------------------------------------------------------------------------


def reason_of(deliberation: Deliberation) -> str:
    """Why something came back, in words: what refused it, and what the municipalities would have changed."""
    if deliberation.metropolitan_answer == MetropolitanAnswer.REJECTED:
        said = gettext("Rejected by the Metropolitan Council: %(reference)s") % {
            "reference": deliberation.metropolitan_reference or "–"
        }
    else:
        said = gettext("Not approved: %(deliberation)s") % {"deliberation": deliberation}
    against = [
        f"{vote.municipality}: {vote.declaration}"
        for vote in deliberation.votes.exclude(declaration="").exclude(value="for").select_related("municipality")
    ]
    wanted = [
        f"{position.municipality}: {position.proposed_change}"
        for position in deliberation.positions.exclude(proposed_change="").select_related("municipality")
    ]
    return "\n".join([said, *against, *wanted])


def decide_plan(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: what the Council decided on a plan becomes its state, in the closing transaction."""
    plan = locked_plan(deliberation.plan)
    answer, label = answer_of(deliberation), str(deliberation)
    states = {
        "approved": PlanState.APPROVED,
        "refused": PlanState.RETURNED,
        "awaiting": PlanState.AWAITING_METROPOLITAN,
        "undecided": PlanState.OPINION_GIVEN,
    }
    state = states[answer]
    check_move(PLAN_MOVES, plan.state, state)
    values = {"return_reason": reason_of(deliberation)} if answer == "refused" else {}
    put(plan, state, actor=None, reason=label, **values)
    if answer == "approved":
        make_version(plan, deliberation)
        recompute_progress(year=plan.year)


def make_version(plan: ActionPlan, deliberation: Deliberation, amendment: Any = None) -> PlanVersion:
    """Keep what was approved, byte for byte."""
    text = canonical(content_of(plan))
    return PlanVersion.objects.create(
        plan=plan,
        number=next_number(plan.versions.all()),
        content=text,
        sha256=digest(text),
        amendment=amendment,
        deliberation=deliberation,
    )


# Programmes ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_programme(
    *,
    actor: User,
    unit: Unit,
    code: str,
    name: str,
    purpose: str,
    starts_on: date,
    ends_on: date,
    programme: Programme | None = None,
    version: int | None = None,
) -> Programme:
    """Add or change a programme of several years, by a member of its unit."""
    held = mandates_of(actor)
    if not writes_plan(held, unit.pk) or (programme is not None and not writes_plan(held, programme.unit_id)):
        raise NotAllowed
    if ends_on <= starts_on:
        raise Refused(_("The last day cannot come before the first."), code="dates", field="ends_on")
    found = Programme.objects.select_for_update().get(pk=programme.pk) if programme else Programme()
    if programme and version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    if Programme.objects.filter(code=code).exclude(pk=found.pk).exists():
        raise Refused(_("There is already a programme with this code."), code="taken", field="code")
    new = {
        "unit": unit,
        "code": code,
        "name": name,
        "purpose": purpose,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    before = {field: getattr(found, field) for field in new if programme and getattr(found, field) != new[field]}
    if programme and not before:
        return found
    for field, value in new.items():
        setattr(found, field, value)
    if programme:
        found.version += 1
    found.save()
    record(
        actor=actor,
        action="programme.edited" if programme else "programme.added",
        obj=found,
        before=before or None,
        after={field: new[field] for field in (before or new)},
    )
    return found

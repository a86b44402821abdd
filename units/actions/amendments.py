"""Numbered changes of an approved plan: a working copy of all of it, decided like the plan itself, then applied."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.ids import uuid7
from refamp.base.states import check_move
from units.actions.plan_content import check_content, check_length, in_order, write_plan
from units.actions.plan_decisions import make_version
from units.actions.plans import check_opinion, locked_plan
from units.actions.progress import recompute_progress
from units.actions.votes import propose_deliberation
from units.choices import AMENDMENT_MOVES, LegalEffect, PlanAmendmentState, PlanState, SubjectKind
from units.formulas.plans import difference
from units.models import Action, ActionPlan, AgendaItem, Deliberation, PlanAmendment
from units.queries.bodies import mandates_of
from units.queries.plan_content import content_of, known_for
from units.queries.plans import bodies, next_number
from units.queries.reasons import reasons_of
from units.queries.votes import amendment_authors, answer_of
from units.rules import brings_to_council, reviews_plan, writes_plan


def locked_amendment(amendment: PlanAmendment, version: int | None = None) -> PlanAmendment:
    """The amendment and its plan, locked, the plan first."""
    plan = locked_plan(amendment.plan)
    found = PlanAmendment.objects.select_for_update().get(pk=amendment.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    found.plan = plan
    return found


def check_part(actor: User, amendment: PlanAmendment, part: str) -> None:
    """As for plans; and whoever wrote in the amendment neither weighs it nor brings it before the Council."""
    if part == "deliberation":
        raise Refused(_("Only a deliberation decides this."), code="needs_deliberation")
    held, known = mandates_of(actor), bodies()
    wrote = actor.pk in amendment_authors(amendment)
    allowed = {
        "unit": writes_plan(held, amendment.plan.unit_id),
        "reviewer": reviews_plan(
            held,
            amendment.plan.unit_id,
            coordination=known.coordination,
            strategic=known.strategic,
            is_author=wrote,
        ),
        "secretariat": not wrote and brings_to_council(held, council=known.council, coordination=known.coordination),
    }
    if not allowed[part]:
        raise NotAllowed


def put(
    amendment: PlanAmendment,
    state: str,
    *,
    actor: User | None,
    reason: str = "",
    decision_facts: Any = None,
    **values: Any,
) -> PlanAmendment:
    """Write a state that was checked, with its record."""
    before = {"state": amendment.state} | {name: getattr(amendment, name) for name in values}
    amendment.state, amendment.decision_facts = state, decision_facts
    for name, value in values.items():
        setattr(amendment, name, value)
    amendment.version += 1
    amendment.save(update_fields=["state", "decision_facts", *values, "version", "updated_at"])
    record(
        actor=actor,
        action=f"amendment.{state}",
        obj=amendment,
        before=before,
        after={"state": state} | values,
        reason=reason,
    )
    return amendment


@transaction.atomic
def draft_amendment(*, actor: User, plan: ActionPlan, reason: str) -> PlanAmendment:
    """Begin an amendment as a copy of what the plan says now. One at a time."""
    found = locked_plan(plan)
    if not writes_plan(mandates_of(actor), found.unit_id):
        raise NotAllowed
    if found.state not in {PlanState.APPROVED, PlanState.UNDER_WAY}:
        raise Refused(_("Only an approved plan that is not closed is amended."), code="not_approved")
    if not reason.strip():
        raise Refused(_("Say why."), code="reason", field="reason")
    check_length(reason, "reason")
    if found.amendments.exclude(state__in=["approved", "rejected"]).exists():
        raise Refused(_("This plan already has an amendment that was not decided."), code="open")
    made = PlanAmendment.objects.create(
        plan=found,
        number=next_number(found.amendments.all()),
        reason=reason,
        content=content_of(found),
        created_by=actor,
    )
    made.authors.add(actor)
    record(actor=actor, action="amendment.drafted", obj=made, after={"number": made.number}, reason=reason)
    return made


@transaction.atomic
def edit_amendment(
    *,
    actor: User,
    amendment: PlanAmendment,
    version: int | None,
    head: Mapping[str, str] | None = None,
    action: Mapping[str, Any] | None = None,
) -> PlanAmendment:
    """Change the working copy: the plan's title and summary, or one action (by its key; without one it is added)."""
    found = locked_amendment(amendment, version)
    check_part(actor, found, "unit")
    if found.state != PlanAmendmentState.DRAFT:
        raise Refused(_("Only a draft is written in."), code="locked")
    check_length((head or {}).get("summary", ""), "summary")
    content = {**found.content, **(head or {})}
    if action is not None:
        known = known_for(found.plan)
        action = {**action, "key": action.get("key") or str(uuid7())}
        if not action["code"].strip():
            taken = {each["code"] for each in content["actions"]}
            action["code"] = next(c for n in range(1, len(taken) + 2) if (c := f"A{n:02d}") not in taken)
        check_content(action, known, complete=True)
        others = [each for each in content["actions"] if each["key"] != action["key"]]
        if action["code"] in {each["code"] for each in others}:
            raise Refused(_("This plan already has an action with this code."), code="taken", field="code")
        old = next((each for each in content["actions"] if each["key"] == action["key"]), None)
        action["carried_from"] = old["carried_from"] if old else None
        everything = [*others, in_order(action, known)]
        content["actions"] = sorted(everything, key=lambda each: (each["code"], each["key"]))
    changed = difference(found.content, content)
    if not changed:
        return found
    found.authors.add(actor)
    found.content = content
    found.version += 1
    found.save(update_fields=["content", "version", "updated_at"])
    record(
        actor=actor,
        action="amendment.edited",
        obj=found,
        before={c.field: c.before for c in changed.head} or None,
        after={
            **{c.field: c.after for c in changed.head},
            **{each["code"]: each["title"] for each in changed.added},
            **{each["code"]: ", ".join(c.field for c in fields) for each, fields in changed.changed},
        },
    )
    return found


@transaction.atomic
def drop_from_amendment(*, actor: User, amendment: PlanAmendment, key: str, version: int | None) -> PlanAmendment:
    """Take an action that the amendment itself adds out of it again."""
    found = locked_amendment(amendment, version)
    check_part(actor, found, "unit")
    if found.state != PlanAmendmentState.DRAFT:
        raise Refused(_("Only a draft is written in."), code="locked")
    if Action.objects.filter(plan=found.plan, key=key).exists():
        raise Refused(_("An action of an approved plan is cancelled, not left out."), code="left_out")
    found.authors.add(actor)
    found.content = {**found.content, "actions": [each for each in found.content["actions"] if each["key"] != key]}
    found.version += 1
    found.save(update_fields=["content", "version", "updated_at"])
    record(actor=actor, action="amendment.edited", obj=found, before={"action": key})
    return found


@transaction.atomic
def move_amendment(
    *,
    actor: User,
    amendment: PlanAmendment,
    state: str,
    version: int | None = None,
    item: AgendaItem | None = None,
    **values: Any,
) -> PlanAmendment:
    """Move an amendment along its table. What a deliberation does is refused here."""
    found = locked_amendment(amendment, version)
    check_part(actor, found, check_move(AMENDMENT_MOVES, found.state, state))
    if state == PlanAmendmentState.SUBMITTED and not difference(content_of(found.plan), found.content):
        raise Refused(_("The amendment changes nothing yet."), code="empty")
    if state == PlanAmendmentState.SUBMITTED:
        values |= {"opinion": "", "opinion_is_favourable": None, "opinion_by": None}
    if state == PlanAmendmentState.OPINION_GIVEN:
        check_opinion(values.get("opinion", ""))
        values["opinion_by"] = actor
    if state == PlanAmendmentState.BEFORE_COUNCIL and item is None:
        raise Refused(_("Say at which point of which agenda."), code="item", field="item")
    return put(found, state, actor=actor, **values)


def give_amendment_opinion(
    *, actor: User, amendment: PlanAmendment, opinion: str, favourable: bool, version: int | None = None
) -> PlanAmendment:
    """Say what the reviewing unit thinks of an amendment, favourable or not. Never by somebody who wrote in it."""
    return move_amendment(
        actor=actor,
        amendment=amendment,
        state=PlanAmendmentState.OPINION_GIVEN,
        version=version,
        opinion=opinion,
        opinion_is_favourable=favourable,
    )


@transaction.atomic
def put_amendment_before_council(
    *,
    actor: User,
    amendment: PlanAmendment,
    item: AgendaItem,
    rule: str,
    legal_effect: str,
    legal_effect_basis: str = "",
    title: str = "",
    text: str = "",
    version: int | None = None,
) -> Deliberation:
    """Put an amendment on the Council's agenda as something to decide."""
    if legal_effect == LegalEffect.OPINION:
        raise Refused(_("A plan is decided, here or by the Metropolitan Council."), code="effect", field="legal_effect")
    found = move_amendment(
        actor=actor, amendment=amendment, state=PlanAmendmentState.BEFORE_COUNCIL, version=version, item=item
    )
    said = gettext("Amendment %(number)s to %(plan)s") % {"number": found.number, "plan": found.plan}
    return propose_deliberation(
        actor=actor,
        item=item,
        title=title or said,
        text=text or found.reason,
        rule=rule,
        legal_effect=legal_effect,
        legal_effect_basis=legal_effect_basis,
        subject_kind=SubjectKind.AMENDMENT,
        amendment=found,
    )


def decide_amendment(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: an amendment that passed is applied and becomes the plan's next version, in one transaction."""
    amendment = locked_amendment(deliberation.amendment)
    answer, label = answer_of(deliberation), str(deliberation)
    states = {
        "approved": PlanAmendmentState.APPROVED,
        "refused": PlanAmendmentState.REJECTED,
        "awaiting": PlanAmendmentState.AWAITING_METROPOLITAN,
        "undecided": PlanAmendmentState.OPINION_GIVEN,
    }
    check_move(AMENDMENT_MOVES, amendment.state, states[answer])
    facts = reasons_of(deliberation) if answer == "refused" else None
    put(amendment, states[answer], actor=None, reason=label, decision_facts=facts)
    if answer == "approved":
        apply_amendment(amendment, deliberation)


def apply_amendment(amendment: PlanAmendment, deliberation: Deliberation) -> None:
    """Write the working copy into the plan's rows and keep the result as its next version."""
    plan = amendment.plan
    content = amendment.content
    # What they wrote is now in the plan: they do not weigh it either.
    plan.authors.add(*amendment_authors(amendment))
    done = write_plan(None, plan, content, known_for(plan, content), removing=False)
    if (plan.title, plan.summary) != (content["title"], content["summary"]):
        plan.title, plan.summary = content["title"], content["summary"]
    plan.version += 1
    plan.save(update_fields=["title", "summary", "version", "updated_at"])
    version = make_version(plan, deliberation, amendment)
    record(
        actor=None,
        action="plan.amended",
        obj=plan,
        after={"version": version.number, **{name: len(keys) for name, keys in done.items()}},
        reason=str(deliberation),
    )
    recompute_progress(year=plan.year)

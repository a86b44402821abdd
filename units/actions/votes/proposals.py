"""On the agenda: what is to be decided is proposed at a point of it, or taken back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import FRAMEWORK_MOVES, FrameworkState
from axes.models import Framework
from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from refamp.base.states import check_move
from units.actions.votes.ballots import destroy_ballot
from units.actions.votes.subjects import check_part, handler_of, keep, locked_deliberation, moment, tell_subject
from units.choices import (
    DELIBERATION_MOVES,
    LONGEST_BASIS,
    LONGEST_TEXT,
    DeliberationState,
    ItemKind,
    LegalEffect,
    MeetingState,
    SubjectKind,
)
from units.models import ActionPlan, AgendaItem, Composition, Deliberation, PlanAmendment, Unit
from units.queries.bodies import keeps_unit_of
from units.queries.votes import keeps_deliberations_of

# What is a body's own: its units, and what they plan.
OWN = {SubjectKind.COMPOSITION, SubjectKind.DISSOLUTION, SubjectKind.PLAN, SubjectKind.AMENDMENT}
OPEN_MEETING = {MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION}


@transaction.atomic
def propose_deliberation(
    *,
    actor: User | None,
    item: AgendaItem,
    title: str,
    text: str,
    rule: str,
    legal_effect: str,
    legal_effect_basis: str = "",
    subject_kind: str = SubjectKind.TEXT,
    subject_handler: str = "",
    plan: ActionPlan | None = None,
    amendment: PlanAmendment | None = None,
    composition: Composition | None = None,
    framework: Framework | None = None,
    dissolves: Unit | None = None,
    is_secret: bool | None = None,
    at: datetime | None = None,
) -> Deliberation:
    """Put something to decide at a point of an agenda. `is_secret` None: as the body's rules say.

    What binds says on what ground: where nothing is given, a decision on the body's own units and plans has the ground
    that the body's rules give. A decision about persons is secret wherever the body's rules ask for it, whatever is
    passed. `actor` None is the platform itself (demonstration), `at` its own moment.
    """
    found = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__unit").get(pk=item.pk)
    unit = found.meeting.unit
    if actor is not None and not (keeps_unit_of(actor, unit) or keeps_deliberations_of(actor, unit.pk)):
        raise NotAllowed
    check_proposal(found, unit, rule, legal_effect, subject_kind)
    if not title.strip() or not text.strip():
        raise Refused(_("Say what is to be decided, in a title and a text."), code="text", field="text")
    if len(text) > LONGEST_TEXT:
        raise Refused(_("This is too long."), code="too_long", field="text")
    basis = ground_of(unit, legal_effect, legal_effect_basis, subject_kind)
    must_be_secret = unit.secret_on_persons and subject_kind == SubjectKind.COMPOSITION
    made = Deliberation(
        unit=unit,
        item=found,
        title=title.strip()[:300],
        text=text,
        rule=rule,
        legal_effect=legal_effect,
        legal_effect_basis=basis,
        is_secret=must_be_secret or bool(is_secret),
        subject_kind=subject_kind,
        subject_handler=subject_handler,
        plan=plan,
        amendment=amendment,
        composition=composition,
        framework=framework,
        dissolves=dissolves,
        proposed_by=actor,
        proposed_at=moment(actor, at),
    )
    handler_of(made)
    if framework is not None:
        check_move(FRAMEWORK_MOVES, framework.state, FrameworkState.IN_FORCE)
    made.save()
    record(
        actor=actor,
        action="deliberation.proposed",
        obj=made,
        after={
            "item": str(found),
            "rule": rule,
            "legal_effect": legal_effect,
            "legal_effect_basis": basis,
            "subject_kind": subject_kind,
            "is_secret": made.is_secret,
        },
    )
    return made


def check_proposal(item: AgendaItem, unit: Unit, rule: str, legal_effect: str, subject_kind: str) -> None:
    if item.meeting.state not in OPEN_MEETING:
        raise Refused(_("This meeting takes no more points."), code="wrong_state", field="item")
    if item.kind != ItemKind.DECISION:
        raise Refused(_("This point is not for decision."), code="not_for_decision", field="item")
    if Deliberation.objects.filter(item=item).exists():
        raise Refused(_("This point already has its deliberation."), code="exists", field="item")
    if not unit.decision_rules.filter(rule=rule).exists():
        raise Refused(_("This body has no such rule."), code="rule", field="rule")
    if legal_effect not in LegalEffect.values:
        raise Refused(_("Unknown effect."), code="effect", field="legal_effect")
    if legal_effect == LegalEffect.OPINION and subject_kind not in {SubjectKind.TEXT, SubjectKind.OTHER_ROOM}:
        raise Refused(_("An opinion decides nothing: choose another effect."), code="effect", field="legal_effect")


def ground_of(unit: Unit, legal_effect: str, said: str, subject_kind: str) -> str:
    """On what ground a decision has its legal effect; refuses what would bind on none."""
    basis = said.strip()
    if not basis and legal_effect == LegalEffect.BINDING and subject_kind in OWN:
        basis = unit.binding_basis.strip()
    if not basis and legal_effect == LegalEffect.BINDING:
        raise Refused(_("Say on what ground it binds."), code="no_basis", field="legal_effect_basis")
    if len(basis) > LONGEST_BASIS:
        raise Refused(_("This is too long."), code="too_long", field="legal_effect_basis")
    return basis


@transaction.atomic
def withdraw_deliberation(
    *, actor: User | None, deliberation: Deliberation, reason: str, version: int | None = None
) -> Deliberation:
    """Take a deliberation back, with a reason: from the agenda by the secretariat, during the vote by the chair.

    It gets no number, and what it was to decide on goes back to where it stood.
    """
    found = locked_deliberation(deliberation, version)
    part = check_move(DELIBERATION_MOVES, found.state, DeliberationState.WITHDRAWN)
    check_part(actor, found, part)
    if not reason.strip():
        raise Refused(_("Say why."), code="reason", field="reason")
    before = found.state
    destroy_ballot(found)
    keep(found, state=DeliberationState.WITHDRAWN, closed_at=timezone.now())
    record(
        actor=actor,
        action="deliberation.withdrawn",
        obj=found,
        before={"state": before},
        after={"state": found.state},
        reason=reason.strip(),
    )
    tell_subject(found, None)
    return found

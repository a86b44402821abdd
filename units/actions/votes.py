"""Deliberations: proposed at a point of an agenda, and what they decide on, by handlers that the rooms register."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.models import Framework
from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.choices import ItemKind, MeetingState, SubjectKind
from units.models import ActionPlan, AgendaItem, Composition, Deliberation, PlanAmendment
from units.queries.bodies import keeps_unit_of

# What a closed deliberation does to its subject, by kind (higher rooms: by the name of their handler).
Handler = Callable[[Deliberation, Any], None]
HANDLERS: dict[str, Handler] = {}

OPEN_MEETING = {MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION}


def register_handler(kind: str, handler: Handler) -> None:
    """Say what a deliberation on this kind of subject does when it closes; from `AppConfig.ready()`."""
    HANDLERS[kind] = handler


@transaction.atomic
def propose_deliberation(
    *,
    actor: User | None,
    item: AgendaItem,
    title: str,
    text: str,
    rule: str,
    legal_effect: str,
    subject_kind: str = SubjectKind.TEXT,
    subject_handler: str = "",
    plan: ActionPlan | None = None,
    amendment: PlanAmendment | None = None,
    composition: Composition | None = None,
    framework: Framework | None = None,
    is_secret: bool | None = None,
) -> Deliberation:
    """Put something to decide at a point of an agenda. `is_secret` None: as the body's rules say.

    `actor` None is the platform itself (demonstration).
    """
    found = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__unit").get(pk=item.pk)
    unit = found.meeting.unit
    if actor is not None and not keeps_unit_of(actor, unit):
        raise NotAllowed
    if found.meeting.state not in OPEN_MEETING:
        raise Refused(_("This meeting takes no more points."), code="wrong_state", field="item")
    if found.kind != ItemKind.DECISION:
        raise Refused(_("This point is not for decision."), code="not_for_decision", field="item")
    if Deliberation.objects.filter(item=found).exists():
        raise Refused(_("This point already has its deliberation."), code="exists", field="item")
    if not unit.decision_rules.filter(rule=rule).exists():
        raise Refused(_("This body has no such rule."), code="rule", field="rule")
    if is_secret is None:
        is_secret = unit.secret_on_persons and subject_kind == SubjectKind.COMPOSITION
    made = Deliberation.objects.create(
        unit=unit,
        item=found,
        title=title[:300],
        text=text,
        rule=rule,
        legal_effect=legal_effect,
        is_secret=is_secret,
        subject_kind=subject_kind,
        subject_handler=subject_handler,
        plan=plan,
        amendment=amendment,
        composition=composition,
        framework=framework,
    )
    record(
        actor=actor,
        action="deliberation.proposed",
        obj=made,
        after={"item": str(found), "rule": rule, "legal_effect": legal_effect, "subject_kind": subject_kind},
    )
    return made

"""The end of a unit: proposed with what is still open in it, decided by the seventeen, done in the closing transaction.

A unit that was dissolved stays readable: its mandates, meetings, plans and decisions are kept, and take nothing new.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.base.states import check_move
from units.actions.compositions import APPROVED, check_proposes
from units.actions.mandates import check_no_meeting, close, label_of, locked_unit
from units.actions.meetings import cancel_meeting
from units.actions.partners import end as end_partnership
from units.actions.plans import put
from units.actions.votes import propose_deliberation
from units.choices import UNIT_MOVES, EndReason, LegalEffect, PlanState, SubjectKind, UnitKind, UnitState
from units.models import AgendaItem, Deliberation, Unit
from units.queries.dissolutions import Open, open_dissolution, open_things
from units.queries.votes import answer_of

# The others are decided on by these two, which the law and the document want there.
DISSOLVABLE = {UnitKind.STRATEGIC, UnitKind.TECHNICAL_TEAM}


@transaction.atomic
def put_dissolution_before_council(
    *,
    actor: User,
    unit: Unit,
    reason: str,
    item: AgendaItem,
    rule: str,
    legal_effect: str,
    legal_effect_basis: str = "",
    version: int | None = None,
) -> Deliberation:
    """Put the end of a unit on an agenda of the Council; the text names all that is still open in it.

    Raises Refused where something of the unit's is itself before the Council: that is decided first.
    """
    check_proposes(actor)
    found = locked_unit(unit, version)
    check_may_end(found, open_things(found))
    if not reason.strip():
        raise Refused(_("Say why."), code="reason", field="reason")
    if item.meeting.unit.kind != UnitKind.COUNCIL:
        raise Refused(_("The seventeen agree on it: choose a meeting of the Council."), code="body", field="item")
    if legal_effect == LegalEffect.OPINION:
        raise Refused(
            _("The end of a unit is decided, here or by the Metropolitan Council."), code="effect", field="legal_effect"
        )
    if open_dissolution(found) is not None:
        raise Refused(_("It is on an agenda already."), code="on_agenda")
    # What is decided is a text in the area's own language, whatever language the page was in.
    with translation.override(settings.LANGUAGE_CODE):
        title = gettext("End of %(unit)s") % {"unit": found}
        text = text_of(found, reason.strip(), open_things(found))
    made = propose_deliberation(
        actor=actor,
        item=item,
        title=title,
        text=text,
        rule=rule,
        legal_effect=legal_effect,
        legal_effect_basis=legal_effect_basis,
        subject_kind=SubjectKind.DISSOLUTION,
        dissolves=found,
    )
    record(
        actor=actor,
        action="unit.before_council",
        obj=found,
        after={"deliberation": str(made)},
        reason=reason.strip(),
    )
    return made


def check_may_end(unit: Unit, left: Open) -> None:
    if unit.kind not in DISSOLVABLE:
        raise Refused(_("The Council and the coordination unit are not dissolved here."), code="wrong_kind")
    check_move(UNIT_MOVES, unit.state, UnitState.DISSOLVED)
    if left.before_council:
        raise Refused(
            _("First decide on, or withdraw: %(what)s.") % {"what": "; ".join(left.before_council)},
            code="before_council",
        )


def text_of(unit: Unit, reason: str, left: Open) -> str:
    """What the seventeen are asked to decide, with what it ends and what it leaves unfinished."""
    lines = [gettext("The Council dissolves %(unit)s.") % {"unit": unit}, "", reason, ""]
    for words, things in named(left):
        if things:
            lines.append(f"{words} {'; '.join(things)}.")
    return "\n".join(lines).strip()


def named(left: Open) -> list[tuple[str, Sequence[str]]]:
    """(what becomes of them, which ones) for the page and the text alike."""
    return [
        # Without names: the text stays for ever, a person's name can be erased.
        (gettext("Mandates that end:"), [label_of(mandate) for mandate in left.mandates]),
        (gettext("Plans that are closed with it, actions under way included:"), [str(p) for p in left.running]),
        (gettext("Plans that stay unfinished:"), [f"{p} ({p.get_state_display()})" for p in left.drafts]),
        (gettext("Amendments that stay unfinished:"), left.amendments),
        (
            gettext("Meetings that are cancelled:"),
            [f"{m.title} ({timezone.localtime(m.starts_at):%d/%m/%Y})" for m in left.meetings],
        ),
        (gettext("Partnerships that end:"), left.partners),
        (gettext("Proposed compositions that lapse:"), left.compositions),
    ]


def decide_dissolution(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: once decided, everything of the unit's ends properly, in the closing transaction.

    Refused while a meeting of the unit is in session, or while something of its own waits for a decision.
    """
    if deliberation.dissolves is None or answer_of(deliberation) != APPROVED:
        return
    unit = locked_unit(deliberation.dissolves)
    left = open_things(unit)
    check_may_end(unit, left)
    last, act = deliberation.metropolitan_at or timezone.localdate(deliberation.closed_at), str(deliberation)
    check_no_meeting(unit, last)
    # First, while those who were invited still sit: they are told.
    for meeting in left.meetings:
        cancel_meeting(actor=None, meeting=meeting, version=None, reason=act)
    for mandate in left.mandates:
        # Who was to begin later never did; a mandate keeps at least its first day.
        close(mandate, actor=None, last=max(last, mandate.starts_on), reason=EndReason.DISSOLVED, act=act)
    for plan in left.running:
        if plan.state == PlanState.APPROVED:
            put(plan, PlanState.UNDER_WAY, actor=None, reason=act)
        put(plan, PlanState.CLOSED, actor=None, reason=act)
    for partnership in unit.partnerships.filter(ends_on__isnull=True).select_related("partner", "unit"):
        end_partnership(None, partnership, max(last, partnership.starts_on), act)
    before = unit.state
    unit.state = UnitState.DISSOLVED
    unit.version += 1
    unit.save(update_fields=["state", "version", "updated_at"])
    record(
        actor=None,
        action="unit.dissolved",
        obj=unit,
        before={"state": before},
        after={
            "state": unit.state,
            "mandates": len(left.mandates),
            "meetings": len(left.meetings),
            "plans": len(left.running),
        },
        reason=act,
    )

"""Compositions: the coordination unit proposes who sits in a unit, the seventeen agree by deliberation."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move
from units.actions.mandates import ONE_DAY, account_of, begin_mandates, check_seats, close, locked_unit, unended
from units.actions.votes import propose_deliberation
from units.choices import UNIT_MOVES, EndReason, LegalEffect, SubjectKind, UnitKind, UnitState
from units.models import AgendaItem, Composition, CompositionSeat, Deliberation, Unit
from units.queries.bodies import (
    in_session_on_or_after,
    last_used,
    proposes_compositions_for,
    standing_deliberation,
)
from units.queries.seating import Proposed, Seated
from units.queries.votes import answer_of

# How a handler is told what a closed deliberation means: see `answer_of`.
APPROVED, REFUSED = "approved", "refused"


def check_proposes(actor: User | None) -> None:
    """`actor` None is the platform itself (demonstration)."""
    if actor is not None and not proposes_compositions_for(actor):
        raise NotAllowed


def check_proposed(unit: Unit, data: Proposed) -> None:
    if unit.kind == UnitKind.COUNCIL:
        raise Refused(_("The Council's seats change by elections, not by deliberation."), code="wrong_kind")
    if unit.state == UnitState.DISSOLVED:
        raise Refused(_("This unit was dissolved."), code="wrong_state")
    for field, text in data.grounds.items():
        if not text:
            raise Refused(_("Each of the three grounds is given."), code="grounds", field=field)
    check_seats(unit, data.seats)


def locked_composition(composition: Composition, version: int | None = None) -> Composition:
    """A proposal, locked, as long as nothing was decided on it and no open deliberation holds it."""
    found = Composition.objects.select_for_update(of=("self",)).select_related("unit").get(pk=composition.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    if found.is_agreed is not None:
        raise Refused(_("It is decided: a composition on which was decided never changes."), code="decided")
    return found


@transaction.atomic
def propose_composition(*, actor: User | None, proposer: User | None = None, unit: Unit, data: Proposed) -> Composition:
    """Propose who sits in a unit. Accounts are made for whoever has none; nobody sits before the seventeen agree."""
    check_proposes(actor)
    found = locked_unit(unit)
    check_proposed(found, data)
    author = actor or proposer
    if author is None:
        raise NotAllowed
    made = Composition.objects.create(unit=found, starts_on=data.starts_on, proposed_by=author, **data.grounds)
    made.writers.add(author)
    write_seats(actor, made, data.seats)
    record(
        actor=actor,
        action="composition.proposed",
        obj=made,
        after={"unit": found.code, "from": data.starts_on, "seats": len(data.seats)} | data.grounds,
    )
    return made


@transaction.atomic
def change_composition(*, actor: User, composition: Composition, version: int | None, data: Proposed) -> Composition:
    """Change a proposal that is on no agenda."""
    check_proposes(actor)
    locked_unit(composition.unit)
    found = locked_composition(composition, version)
    if standing_deliberation(found) is not None:
        raise Refused(_("It is on an agenda: take the point out first."), code="on_agenda")
    check_proposed(found.unit, data)
    before = {"from": found.starts_on, "seats": found.seats.count()} | {
        name: getattr(found, name) for name in data.grounds
    }
    found.starts_on = data.starts_on
    for name, text in data.grounds.items():
        setattr(found, name, text)
    found.version += 1
    found.save(update_fields=["starts_on", *data.grounds, "version"])
    found.writers.add(actor)
    found.seats.all().delete()
    write_seats(actor, found, data.seats)
    record(
        actor=actor,
        action="composition.changed",
        obj=found,
        before=before,
        after={"from": data.starts_on, "seats": len(data.seats)} | data.grounds,
    )
    return found


def write_seats(actor: User | None, composition: Composition, seats: Sequence[Seated]) -> None:
    for seat in seats:
        CompositionSeat.objects.create(
            composition=composition,
            person=account_of(actor, seat),
            municipality=seat.municipality,
            partner=seat.partner,
            position=seat.position,
            hours_month=seat.hours_month,
        )


@transaction.atomic
def put_composition_before_council(
    *,
    actor: User,
    composition: Composition,
    item: AgendaItem,
    rule: str,
    legal_effect: str,
    legal_effect_basis: str = "",
    version: int | None = None,
) -> Deliberation:
    """Put a proposed composition on an agenda as something to decide."""
    check_proposes(actor)
    locked_unit(composition.unit)
    found = locked_composition(composition, version)
    if standing_deliberation(found) is not None:
        raise Refused(_("It is on an agenda already."), code="on_agenda")
    if item.meeting.unit.kind != UnitKind.COUNCIL:
        raise Refused(_("The seventeen agree on it: choose a meeting of the Council."), code="body", field="item")
    if legal_effect == LegalEffect.OPINION:
        raise Refused(
            _("A composition is decided, here or by the Metropolitan Council."), code="effect", field="legal_effect"
        )
    # What is decided is a text in the area's own language, whatever language the page was in.
    with translation.override(settings.LANGUAGE_CODE):
        title, text = gettext("Composition of %(unit)s") % {"unit": found.unit}, text_of(found)
    made = propose_deliberation(
        actor=actor,
        item=item,
        title=title,
        text=text,
        rule=rule,
        legal_effect=legal_effect,
        legal_effect_basis=legal_effect_basis,
        subject_kind=SubjectKind.COMPOSITION,
        composition=found,
    )
    record(actor=actor, action="composition.before_council", obj=found, after={"deliberation": str(made)})
    return made


def text_of(composition: Composition) -> str:
    """What the seventeen are asked to agree on, in words."""
    lines = [
        gettext("The Council agrees on the composition of %(unit)s from %(day)s:")
        % {"unit": composition.unit, "day": composition.starts_on.strftime("%d/%m/%Y")}
    ]
    for seat in composition.seats.select_related("person", "municipality", "partner"):
        stands_for = seat.municipality or seat.partner
        lines.append(
            "– " + ", ".join(str(part) for part in (seat.person.name, stands_for, seat.get_position_display()) if part)
        )
    lines += [
        "",
        gettext("Shared effort: %(text)s") % {"text": composition.grounds_effort},
        gettext("Competences the unit needs: %(text)s") % {"text": composition.grounds_competences},
        gettext("Strategic profile: %(text)s") % {"text": composition.grounds_profile},
    ]
    return "\n".join(lines)


def decide_composition(deliberation: Deliberation, _outcome: Any = None) -> None:
    """The handler: once agreed, the old mandates end and the new ones begin, in the closing transaction.

    Without a result (no quorum, withdrawn) the proposal stays and can be put before the Council again.
    """
    composition = deliberation.composition
    if composition is None:
        return
    unit = locked_unit(composition.unit)
    found = locked_composition(composition)
    answer = answer_of(deliberation)
    if answer == APPROVED:
        seat_composition(unit, found, deliberation)
    if answer in {APPROVED, REFUSED}:
        found.is_agreed = answer == APPROVED
        found.version += 1
        found.save(update_fields=["is_agreed", "version"])
        record(
            actor=None,
            action="composition.agreed" if found.is_agreed else "composition.not_agreed",
            obj=found,
            before={"is_agreed": None},
            after={"is_agreed": found.is_agreed},
            reason=str(deliberation),
        )


def first_day(unit: Unit, composition: Composition, deliberation: Deliberation) -> date:
    """When an agreed composition takes effect.

    As proposed, but not before it was agreed; where somebody sits already, at the earliest on the next day.
    """
    agreed = deliberation.metropolitan_at or timezone.localdate(deliberation.closed_at)
    wanted = max(composition.starts_on, agreed)
    present = list(unended(unit, wanted).values_list("pk", "starts_on"))
    if not present:
        return wanted
    # Who sits has the day of the decision, and any day on which they met, to its end.
    used = last_used([key for key, _starts in present])
    days = [agreed, *(starts for _key, starts in present), *([used] if used else [])]
    held = in_session_on_or_after(unit, wanted)
    return max(wanted, max(days) + ONE_DAY, timezone.localdate() + ONE_DAY if held else wanted)


def seat_composition(unit: Unit, composition: Composition, deliberation: Deliberation) -> None:
    """End who sat, seat who was agreed, constitute the unit."""
    day = first_day(unit, composition, deliberation)
    for mandate in unended(unit, day).select_related("unit", "person", "municipality", "partner"):
        close(mandate, actor=None, last=day - ONE_DAY, reason=EndReason.REPLACED, act=str(deliberation))
    seats = [
        Seated(
            seat.person.name,
            seat.person.email,
            municipality=seat.municipality,
            partner=seat.partner,
            position=seat.position,
            hours_month=seat.hours_month,
        )
        for seat in composition.seats.select_related("person", "municipality", "partner")
    ]
    begin_mandates(actor=None, unit=unit, seats=seats, starts_on=day, deliberation=deliberation)
    before = {"state": unit.state, "is_transitory": unit.is_transitory}
    if unit.state != UnitState.CONSTITUTED:
        check_move(UNIT_MOVES, unit.state, UnitState.CONSTITUTED)
    unit.state, unit.is_transitory = UnitState.CONSTITUTED, False
    unit.version += 1
    unit.save(update_fields=["state", "is_transitory", "version", "updated_at"])
    record(
        actor=None,
        action="unit.constituted",
        obj=unit,
        before=before,
        after={"state": unit.state, "from": day, "seats": len(seats)},
        reason=str(deliberation),
    )

"""The Council: elections that change all of it in one step, replacements, substitutes, positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.actions.letters import tell
from units.actions.mandates import (
    ONE_DAY,
    account_of,
    begin_mandates,
    check_no_meeting,
    check_not_oneself,
    check_person,
    check_seats,
    check_unused,
    close,
    end_all,
    label_of,
    locked_mandate,
    locked_unit,
    unended,
)
from units.choices import EndReason, Position, UnitKind, UnitState
from units.models import Mandate, Unit
from units.queries.bodies import council, forget_mandates, mandates_in_force, names_councillors_for
from units.queries.seating import Seated


def check_names_councillors(actor: User | None) -> None:
    """`actor` None is the platform itself (demonstration)."""
    if actor is not None and not names_councillors_for(actor):
        raise NotAllowed


@dataclass(frozen=True)
class Elected:
    """What one election did; `before`: how each mandate that it ended stood, which is what undoing puts back."""

    ended: list[Mandate]
    begun: list[Mandate]
    before: dict[str, dict[str, Any]] = field(default_factory=dict)


def standing(mandate: Mandate) -> dict[str, Any]:
    """How a mandate stands, as it is kept with a file."""
    last = mandate.ends_on
    return {"ends_on": last and last.isoformat(), "end_reason": mandate.end_reason, "end_act": mandate.end_act}


@transaction.atomic
def hold_election(*, actor: User | None, day: date, act: str, seats: Sequence[Seated]) -> Elected:
    """Change the whole Council in one step: old mandates end the day before, reason election; new ones begin.

    Raises Refused where a municipality has no councillor or two, or where something later is already recorded.
    """
    present = council()
    if present is None or present.state != UnitState.CONSTITUTED:
        raise Refused(_("The first Council is entered at set-up."), code="not_constituted")
    unit = locked_unit(present)
    check_names_councillors(actor)
    if not act.strip():
        raise Refused(_("Say which act names them."), code="act", field="act")
    check_seats(unit, seats)
    before = {str(mandate.public_id): standing(mandate) for mandate in unended(unit, day)}
    ended = end_all(actor=actor, unit=unit, first_day_after=day, reason=EndReason.ELECTION, act=act.strip())
    begun = begin_mandates(actor=actor, unit=unit, seats=seats, starts_on=day, act=act.strip())
    check_not_oneself(actor, [mandate.person for mandate in begun])
    record(
        actor=actor,
        action="council.elected",
        obj=unit,
        before={"mandates": len(ended)},
        after={"mandates": len(begun), "from": day},
        reason=act.strip(),
    )
    return Elected(ended, begun, before)


@transaction.atomic
def undo_election(*, actor: User | None, begun: Sequence[str], ended: Mapping[str, Mapping[str, Any]]) -> int:
    """Take an election back as if it had not been entered, while nobody has yet acted by the new mandates.

    `ended`: how each mandate that the election ended stood before it.
    """
    unit = locked_unit(council_or_refuse())
    check_names_councillors(actor)
    new = list(
        Mandate.objects.select_for_update(of=("self",))
        .filter(public_id__in=begun, unit=unit)
        .select_related("unit", "person", "municipality", "partner")
    )
    if any(mandate.ends_on is not None for mandate in new):
        raise Refused(_("One of the new mandates has ended since: it cannot be undone."), code="moved_on")
    if new:
        check_no_meeting(unit, min(mandate.starts_on for mandate in new))
    for mandate in new:
        record(actor=actor, action="mandate.undone", obj=mandate, label=label_of(mandate))
        forget_mandates(mandate.person)
    try:
        with transaction.atomic():
            wrong = Mandate.objects.filter(pk__in=[mandate.pk for mandate in new])
            wrong.update(ends_on=F("starts_on"), end_reason=EndReason.UNDONE)
            wrong.delete()
    except ProtectedError as error:
        raise Refused(_("Somebody has already acted by one of the new mandates."), code="in_use") from error
    for mandate in (
        Mandate.objects.select_for_update(of=("self",))
        .filter(public_id__in=list(ended), unit=unit)
        .select_related("unit", "person", "municipality", "partner")
    ):
        reopen(actor, mandate, ended[str(mandate.public_id)])
    return len(new)


def reopen(actor: User | None, mandate: Mandate, before: Mapping[str, Any]) -> None:
    """Give a mandate back the last day that it had, or none."""
    now = {"ends_on": mandate.ends_on, "end_reason": mandate.end_reason}
    mandate.ends_on = date.fromisoformat(before["ends_on"]) if before["ends_on"] else None
    mandate.end_reason, mandate.end_act = before["end_reason"], before["end_act"]
    mandate.version += 1
    mandate.save(update_fields=["ends_on", "end_reason", "end_act", "version", "updated_at"])
    forget_mandates(mandate.person)
    record(
        actor=actor,
        action="mandate.reopened",
        obj=mandate,
        before=now,
        after={"ends_on": mandate.ends_on, "end_reason": mandate.end_reason},
        label=label_of(mandate),
    )


def council_or_refuse() -> Unit:
    found = council()
    if found is None:
        raise Refused(_("There is no Council yet."), code="no_council")
    return found


@transaction.atomic
def replace_councillor(
    *, actor: User | None, mandate: Mandate, by: Seated, day: date, act: str, reason: str, version: int | None = None
) -> Mandate:
    """A municipality names another councillor: the old mandate ends the day before the new one begins.

    A substitute who takes the seat stops being one on that day.
    """
    old = locked_mandate(mandate, version)
    check_names_councillors(actor)
    check_council_seat(old)
    if reason not in {EndReason.REPLACED, EndReason.RESIGNATION}:
        raise Refused(_("Say why: replaced or resigned."), code="reason", field="reason")
    check_act_and_day(act, day, old)
    check_person(by)
    taking = Seated(by.name, by.email, municipality=old.municipality, hours_month=old.hours_month)
    person = account_of(actor, taking)
    check_not_oneself(actor, [person])
    if person.pk == old.person_id:
        raise Refused(_("This person already holds the seat."), code="same_person")
    close(old, actor=actor, last=day - ONE_DAY, reason=reason, act=act.strip())
    for other in (
        unended(old.unit, day)
        .filter(person=person, position=Position.SUBSTITUTE)
        .select_related("unit", "person", "municipality", "partner")
    ):
        check_act_and_day(act, day, other)
        close(other, actor=actor, last=day - ONE_DAY, reason=EndReason.REPLACED, act=act.strip())
    made = begin_mandates(actor=actor, unit=old.unit, seats=[taking], starts_on=day, act=act.strip())[0]
    tell(actor, old.unit, [old.person], ended=old, begun=made)
    return made


@transaction.atomic
def add_substitute(*, actor: User | None, unit: Unit, seat: Seated, day: date, act: str) -> Mandate:
    """Somebody who takes a municipality's seat in the Council when its councillor cannot come."""
    found = locked_unit(unit)
    check_names_councillors(actor)
    if found.kind != UnitKind.COUNCIL:
        raise Refused(_("Only the Council has substitutes named one by one."), code="wrong_kind")
    if seat.municipality is None:
        raise Refused(_("A seat of the Council is a municipality's."), code="not_a_municipality", field="municipality")
    if not act.strip():
        raise Refused(_("Say which act names them."), code="act", field="act")
    check_person(seat)
    made = Seated(seat.name, seat.email, municipality=seat.municipality, position=Position.SUBSTITUTE)
    begun = begin_mandates(actor=actor, unit=found, seats=[made], starts_on=day, act=act.strip())[0]
    check_not_oneself(actor, [begun.person])
    councillors = mandates_in_force(found).filter(is_seat=True, municipality=seat.municipality)
    tell(actor, found, [mandate.person for mandate in councillors], begun=begun)
    return begun


def check_council_seat(mandate: Mandate) -> None:
    if not mandate.is_seat:
        raise Refused(_("Elsewhere than in the Council, a deliberation changes who sits."), code="wrong_kind")


def check_act_and_day(act: str, day: date, mandate: Mandate) -> None:
    if not act.strip():
        raise Refused(_("Say which act it was."), code="act", field="act")
    if mandate.ends_on is not None:
        raise Refused(_("This mandate has its last day already."), code="ended")
    if day <= mandate.starts_on:
        raise Refused(_("A mandate lasts at least its first day."), code="day", field="day")
    check_no_meeting(mandate.unit, day)
    check_unused([mandate], day - ONE_DAY)


@transaction.atomic
def give_position(
    *, actor: User | None, mandate: Mandate, position: str, day: date, act: str, version: int | None = None
) -> Mandate:
    """The Council elects a president, vice-president or secretary among its members, or one lays it down.

    The mandate of before ends the day before; the same person sits on in the new position.
    """
    old = locked_mandate(mandate, version)
    check_names_councillors(actor)
    check_council_seat(old)
    if position not in {Position.PRESIDENT, Position.VICE_PRESIDENT, Position.SECRETARY, Position.MEMBER}:
        raise Refused(_("The Council has no such position."), code="position", field="position")
    if position != Position.MEMBER:
        check_not_oneself(actor, [old.person])
    if position == old.position:
        raise Refused(_("This person already has this position."), code="same", field="position")
    if position != Position.MEMBER and unended(old.unit, day).filter(position=position).exists():
        raise Refused(
            _("There can be only one %(position)s.") % {"position": Position(position).label},
            code="one_of_a_kind",
            field="position",
        )
    if day == old.starts_on and old.ends_on is None and act.strip():
        return position_from_the_first_day(actor, old, position, act.strip())
    check_act_and_day(act, day, old)
    ended = close(old, actor=actor, last=day - ONE_DAY, reason=EndReason.REPLACED, act=act.strip())
    taking = Seated(
        old.person.name, old.person.email, municipality=old.municipality, position=position, hours_month=old.hours_month
    )
    made = begin_mandates(actor=actor, unit=old.unit, seats=[taking], starts_on=day, act=act.strip())[0]
    tell(actor, old.unit, [old.person], ended=ended, begun=made)
    return made


def position_from_the_first_day(actor: User | None, mandate: Mandate, position: str, act: str) -> Mandate:
    """Elected on the day on which the mandate begins: one mandate, in that position from its first day."""
    check_no_meeting(mandate.unit, mandate.starts_on)
    before = mandate.position
    mandate.position = position
    mandate.act = "\n".join(part for part in (mandate.act, act) if part)
    mandate.version += 1
    mandate.save(update_fields=["position", "act", "version", "updated_at"])
    forget_mandates(mandate.person)
    record(
        actor=actor,
        action="mandate.position",
        obj=mandate,
        before={"position": before},
        after={"position": position, "from": mandate.starts_on},
        reason=act,
        label=label_of(mandate),
    )
    return mandate

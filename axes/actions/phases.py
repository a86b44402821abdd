"""Phases of a consultation: the stretches of time in which answers are taken; closing one freezes its results."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import grown, locked
from axes.actions.results import freeze_results
from axes.choices import PHASE_MOVES, ConsultationState, PhaseState
from axes.models import Consultation, Phase
from refamp.audit.actions import record
from refamp.base.errors import Refused, Stale
from refamp.base.states import check_move

if TYPE_CHECKING:
    from refamp.accounts.models import User


def make_phase(actor: "User | None", consultation: Consultation, name: str, opens_on: date, closes_on: date) -> Phase:
    phase = Phase(consultation=consultation, name=name.strip(), opens_on=opens_on, closes_on=closes_on)
    phase.full_clean(exclude=["opened_at", "closed_at"])
    phase.save(force_insert=True)
    after = {"phase": phase.name, "opens_on": opens_on, "closes_on": closes_on}
    record(actor=actor, action="consultation.phase_added", obj=consultation, after=after)
    return phase


@transaction.atomic
def add_phase(
    *,
    actor: "User | None",
    consultation: Consultation,
    name: str,
    opens_on: date,
    closes_on: date,
    version: int | None = None,
) -> Phase:
    """Plan a stretch of time in which answers are taken."""
    consultation = locked(actor, consultation, version)
    phase = make_phase(actor, consultation, name, opens_on, closes_on)
    grown(consultation)
    return phase


def locked_phase(consultation: Consultation, phase: Phase) -> Phase:
    return Phase.objects.select_for_update(of=("self",)).get(pk=phase.pk, consultation=consultation)


@transaction.atomic
def edit_phase(*, actor: "User", phase: Phase, version: int, name: str, opens_on: date, closes_on: date) -> Phase:
    """Rename a phase or move its dates. A closed one is history."""
    consultation = locked(actor, phase.consultation, None)
    phase = locked_phase(consultation, phase)
    if phase.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=phase)
    if phase.state == PhaseState.CLOSED:
        raise Refused(_("A closed phase no longer changes."), code="wrong_state")
    new = {"name": name.strip(), "opens_on": opens_on, "closes_on": closes_on}
    before = {field: getattr(phase, field) for field in new}
    for field, value in new.items():
        setattr(phase, field, value)
    phase.version += 1
    phase.full_clean(exclude=["opened_at", "closed_at"])
    phase.save()
    record(actor=actor, action="consultation.phase_edited", obj=consultation, before=before, after=new)
    grown(consultation)
    return phase


@transaction.atomic
def remove_phase(*, actor: "User", phase: Phase) -> None:
    """Take back a phase that has not begun."""
    consultation = locked(actor, phase.consultation, None)
    phase = locked_phase(consultation, phase)
    if phase.state != PhaseState.PLANNED:
        raise Refused(_("Only a phase that has not begun can be taken back."), code="wrong_state")
    record(actor=actor, action="consultation.phase_removed", obj=consultation, before={"phase": phase.name})
    phase.delete()
    grown(consultation)


def begin(actor: "User | None", consultation: Consultation, phase: Phase) -> Phase:
    check_move(PHASE_MOVES, phase.state, PhaseState.OPEN)
    phase.state, phase.opened_at, phase.version = PhaseState.OPEN, timezone.now(), phase.version + 1
    try:
        with transaction.atomic():
            phase.save(update_fields=["state", "opened_at", "version"])
    except IntegrityError as error:
        if "one_open_phase_per_consultation" not in str(error):
            raise
        raise Refused(_("Close the open phase first."), code="another_open") from error
    record(actor=actor, action="consultation.phase_opened", obj=consultation, after={"phase": phase.name})
    return phase


def end(actor: "User | None", consultation: Consultation, phase: Phase) -> Phase:
    check_move(PHASE_MOVES, phase.state, PhaseState.CLOSED)
    phase.state, phase.closed_at, phase.version = PhaseState.CLOSED, timezone.now(), phase.version + 1
    phase.save(update_fields=["state", "closed_at", "version"])
    freeze_results(phase=phase, actor=actor)
    record(actor=actor, action="consultation.phase_closed", obj=consultation, after={"phase": phase.name})
    return phase


@transaction.atomic
def open_phase(*, actor: "User | None", phase: Phase) -> Phase:
    """Begin a planned phase of an open consultation; only one can be open."""
    consultation = locked(actor, phase.consultation, None, moves=True)
    if consultation.state != ConsultationState.OPEN:
        raise Refused(_("Open the consultation first."), code="consultation_not_open")
    phase = begin(actor, consultation, locked_phase(consultation, phase))
    grown(consultation)
    return phase


@transaction.atomic
def close_phase(*, actor: "User | None", phase: Phase) -> Phase:
    """End a phase and freeze its results at once: waits for answers that are being taken, admits none after."""
    consultation = locked(actor, phase.consultation, None, moves=True)
    phase = end(actor, consultation, locked_phase(consultation, phase))
    grown(consultation)
    return phase


def turn_phases(*, today: date | None = None) -> int:
    """By the calendar: end the phases whose last day is over, begin those whose day has come. Returns how many."""
    today = today or timezone.localdate()
    turned = 0
    over = Phase.objects.select_related("consultation").filter(state=PhaseState.OPEN, closes_on__lt=today)
    due = Phase.objects.select_related("consultation").filter(
        state=PhaseState.PLANNED, opens_on__lte=today, closes_on__gte=today, consultation__state=ConsultationState.OPEN
    )
    for phase in over:
        turned += quietly(close_phase, phase)
    for phase in due:
        if not Phase.objects.filter(consultation=phase.consultation_id, state=PhaseState.OPEN).exists():
            turned += quietly(open_phase, phase)
    return turned


def quietly(change: Any, phase: Phase) -> int:
    """Another worker, or a person, may have been faster."""
    try:
        change(actor=None, phase=phase)
    except Refused:
        return 0
    return 1

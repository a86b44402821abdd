"""How a consultation is locked: by who changes it, and by who answers.

Answers hold consultation and phase FOR KEY SHARE: they do not wait for each other; a change of state waits for them.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from axes.choices import ConsultationState, PhaseState
from axes.models import Consultation, Phase
from axes.rules import may_run_consultations
from refamp.base.errors import NotAllowed, Refused, Stale

if TYPE_CHECKING:
    from refamp.accounts.models import User


def locked(
    actor: "User | None", consultation: Consultation, version: int | None, *, moves: bool = False
) -> Consultation:
    """The consultation, locked, for somebody who runs consultations (None: the platform, by the calendar)."""
    if actor is not None and not may_run_consultations(actor):
        raise NotAllowed
    found = Consultation.objects.select_for_update(no_key=not moves).get(pk=consultation.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def grown(consultation: Consultation, *fields: str) -> Consultation:
    """Save the fields named, with one version more."""
    consultation.version += 1
    consultation.save(update_fields=[*fields, "version", "updated_at"])
    return consultation


def hold_open(consultation: Consultation, phase: Phase | None = None) -> Phase | None:
    """Keep consultation and phase from closing until this transaction ends; refuse where they are not open.

    Without a phase given, the open one. None only in a consultation that has no phases.
    """
    held = next(
        iter(
            Consultation.objects.raw("SELECT * FROM axes_consultation WHERE id = %s FOR KEY SHARE", [consultation.pk])
        ),
        None,
    )
    if held is None or held.state != ConsultationState.OPEN:
        raise Refused(_("The consultation is not open: it takes no answers now."), code="consultation_not_open")
    phases = list(
        Phase.objects.raw(
            "SELECT * FROM axes_phase WHERE consultation_id = %s ORDER BY id FOR KEY SHARE", [consultation.pk]
        )
    )
    if phase is None and not phases:
        return None
    for one in phases:
        if one.state == PhaseState.OPEN and phase in (None, one):
            return one
    raise Refused(_("No phase of the consultation is open: it takes no answers now."), code="consultation_not_open")

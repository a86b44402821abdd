"""Running a consultation: what it asks, whom, until when, and when others see what came out.

The consultation's `version` stands for all of it (facts, phases, quota plan, code book): a stale save of any part is
refused. State changes lock the row FOR UPDATE, which waits for answers that are being taken (see `holding`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import grown, locked
from axes.actions.invitations import CONTACT_DAYS
from axes.actions.phases import begin, end, make_phase
from axes.choices import CONSULTATION_MOVES, ConsultationState, Group, PhaseState
from axes.models import Consultation, Framework, Release
from axes.rules import may_run_consultations
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from refamp.base.states import check_move

if TYPE_CHECKING:
    from refamp.accounts.models import User


EDITED = ("title", "description", "target_groups", "minimum_cell", "frame_size", "provenance")


@transaction.atomic
def create_consultation(
    *,
    actor: "User",
    framework: Framework,
    title: str,
    description: str = "",
    target_groups: Sequence[str] = tuple(Group.values),
    minimum_cell: int = 5,
    frame_size: int | None = None,
    provenance: str = "",
    phase: tuple[str, date, date] | None = None,
) -> Consultation:
    """A new consultation in preparation, with its first phase (name, first day, last day) if one is given."""
    if not may_run_consultations(actor):
        raise NotAllowed
    consultation = Consultation(
        framework=framework,
        title=title.strip(),
        description=description,
        target_groups=list(target_groups),
        minimum_cell=minimum_cell,
        frame_size=frame_size,
        provenance=provenance,
        created_by=actor,
    )
    consultation.full_clean(exclude=["created_by"])
    consultation.save(force_insert=True)
    record(
        actor=actor,
        action="consultation.created",
        obj=consultation,
        after={field: getattr(consultation, field) for field in EDITED},
    )
    if phase is not None:
        make_phase(actor, consultation, *phase)
    return consultation


@transaction.atomic
def edit_consultation(
    *, actor: "User", consultation: Consultation, version: int, changes: Mapping[str, Any]
) -> Consultation:
    """Change the facts of a consultation (those of EDITED).

    The smallest cell shown cannot be lowered once results are frozen: two releases with different limits would betray
    each other's hidden cells.
    """
    consultation = locked(actor, consultation, version)
    changes = {
        field: value for field, value in changes.items() if field in EDITED and getattr(consultation, field) != value
    }
    if not changes:
        return consultation
    if (
        changes.get("minimum_cell", consultation.minimum_cell) < consultation.minimum_cell
        and consultation.releases.exists()
    ):
        raise Refused(
            _("Results are already frozen with a higher limit: a lower one would reveal what they hide."),
            code="frozen",
            field="minimum_cell",
        )
    if "target_groups" in changes:
        check_groups_of_plan(consultation, changes["target_groups"])
    before = {field: getattr(consultation, field) for field in changes}
    for field, value in changes.items():
        setattr(consultation, field, value)
    consultation.full_clean(exclude=["created_by"])
    record(actor=actor, action="consultation.edited", obj=consultation, before=before, after=changes)
    return grown(consultation, *changes)


def check_groups_of_plan(consultation: Consultation, groups: Sequence[str]) -> None:
    """Refuse target groups that leave out one of whom the quota plan still expects answers."""
    planned = set(consultation.quotas.values_list("group", flat=True))
    if not planned <= set(groups):
        raise Refused(
            _("The quota plan still expects answers of a group that you took out."),
            code="planned",
            field="target_groups",
        )


@transaction.atomic
def open_consultation(*, actor: "User | None", consultation: Consultation, version: int | None = None) -> Consultation:
    """Begin to take answers, with the phase whose dates hold today where there is one."""
    consultation = locked(actor, consultation, version, moves=True)
    before = consultation.state
    check_move(CONSULTATION_MOVES, before, ConsultationState.OPEN)
    if not consultation.topics.exists():
        raise Refused(_("Write the code book first: there is nothing to ask yet."), code="no_topics")
    consultation.state = ConsultationState.OPEN
    record(
        actor=actor,
        action="consultation.opened",
        obj=consultation,
        before={"state": before},
        after={"state": consultation.state},
    )
    grown(consultation, "state")
    today = timezone.localdate()
    due = consultation.phases.select_for_update().filter(
        state=PhaseState.PLANNED, opens_on__lte=today, closes_on__gte=today
    )
    phase = due.first()
    if phase is not None and not consultation.phases.filter(state=PhaseState.OPEN).exists():
        begin(actor, consultation, phase)
    return consultation


@transaction.atomic
def close_consultation(*, actor: "User | None", consultation: Consultation, version: int | None = None) -> Consultation:
    """Take no more answers: the open phase closes with it, and the addresses of who was invited begin to expire."""
    consultation = locked(actor, consultation, version, moves=True)
    check_move(CONSULTATION_MOVES, consultation.state, ConsultationState.CLOSED)
    for phase in consultation.phases.select_for_update().filter(state=PhaseState.OPEN):
        end(actor, consultation, phase)
    consultation.state = ConsultationState.CLOSED
    last = timezone.localdate() + timedelta(days=CONTACT_DAYS)
    consultation.invitees.filter(erased_at__isnull=True, erase_on__gt=last).update(erase_on=last)
    record(
        actor=actor, action="consultation.closed", obj=consultation,
        before={"state": ConsultationState.OPEN}, after={"state": consultation.state},
    )  # fmt: skip
    return grown(consultation, "state")


@transaction.atomic
def publish_results(*, actor: "User | None", consultation: Consultation, version: int | None = None) -> Consultation:
    """Let everybody see the frozen results."""
    consultation = locked(actor, consultation, version)
    if consultation.published_at is not None:
        raise Refused(_("The results are already published."), code="published")
    if not Release.objects.filter(consultation=consultation).exists():
        raise Refused(_("Close a phase first: only frozen results can be published."), code="no_release")
    consultation.published_at = timezone.now()
    record(
        actor=actor,
        action="consultation.published",
        obj=consultation,
        after={"published_at": consultation.published_at},
    )
    return grown(consultation, "published_at")


@transaction.atomic
def withdraw_publication(
    *, actor: "User", consultation: Consultation, version: int | None = None, reason: str = ""
) -> Consultation:
    """Take published results back from the public."""
    consultation = locked(actor, consultation, version)
    if consultation.published_at is None:
        raise Refused(_("The results are not published."), code="not_published")
    before = consultation.published_at
    consultation.published_at = None
    record(
        actor=actor, action="consultation.publication_withdrawn", obj=consultation,
        before={"published_at": before}, after={"published_at": None}, reason=reason,
    )  # fmt: skip
    return grown(consultation, "published_at")

"""Running a consultation: what it asks, whom, until when, and when others see what came out.

The consultation's `version` stands for all of it (facts, phases, quota plan, code book): a stale save of any part is
refused. State changes lock the row FOR UPDATE, which waits for answers that are being taken (see `actions.answers`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.answers import CONTACT_DAYS
from axes.actions.results import freeze_results
from axes.choices import CONSULTATION_MOVES, PHASE_MOVES, ConsultationState, Group, NodeKind, PhaseState, Scale
from axes.models import Consultation, Framework, Mention, Node, Phase, Release, ReleasedResult, Topic
from axes.queries.consultation import topics_proposed
from axes.rules import may_run_consultations
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move

if TYPE_CHECKING:
    from refamp.accounts.models import User

EDITED = ("title", "description", "target_groups", "minimum_cell", "frame_size", "provenance")
BOTH = [Scale.METROPOLITAN, Scale.MUNICIPAL]
LAST_ORDER = 30_000


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


# Phases


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


# Code book


def check_book_is_open(consultation: Consultation) -> None:
    if consultation.state == ConsultationState.CLOSED:
        raise Refused(_("The consultation is closed: its code book no longer changes."), code="wrong_state")


def next_order(consultation: Consultation) -> int:
    return (consultation.topics.aggregate(last=Max("order"))["last"] or 0) + 1


def facts(topic: Topic) -> dict[str, Any]:
    return {"code": topic.code, "label": topic.label, "node": topic.node, "scales": topic.scales, "note": topic.note}


@transaction.atomic
def add_topic(
    *,
    actor: "User",
    consultation: Consultation,
    node: Node,
    code: str,
    label: str,
    scales: Sequence[str],
    note: str = "",
    version: int | None = None,
) -> Topic:
    """Add an entry to the code book, tied to a node of the consultation's edition."""
    consultation = locked(actor, consultation, version)
    check_book_is_open(consultation)
    if node.framework_id != consultation.framework_id:
        raise Refused(
            _("Choose something of the edition that this consultation is about."), code="other_edition", field="node"
        )
    topic = Topic(
        consultation=consultation, code=code.strip(), label=label.strip(), node=node, scales=in_order(scales),
        note=note, order=next_order(consultation),
    )  # fmt: skip
    topic.full_clean()
    topic.save(force_insert=True)
    record(actor=actor, action="consultation.topic_added", obj=consultation, after=facts(topic))
    grown(consultation)
    return topic


def in_order(scales: Iterable[str]) -> list[str]:
    chosen = set(scales)
    return [scale.value for scale in Scale if scale in chosen]


@transaction.atomic
def edit_topic(
    *,
    actor: "User",
    topic: Topic,
    version: int,
    node: Node,
    code: str,
    label: str,
    scales: Sequence[str],
    note: str = "",
) -> Topic:
    """Change an entry. A scale at which it was named, or that stands in frozen results, stays.

    To take a scale out waits for answers that are being taken: they might name it.
    """
    narrows = not set(topic.scales) <= set(scales)  # as of this version; another one is refused as stale
    consultation = locked(actor, topic.consultation, version, moves=narrows)
    check_book_is_open(consultation)
    topic = Topic.objects.select_for_update(of=("self",)).select_related("node").get(pk=topic.pk)
    if node.framework_id != consultation.framework_id:
        raise Refused(
            _("Choose something of the edition that this consultation is about."), code="other_edition", field="node"
        )
    dropped = set(topic.scales) - set(scales)
    if dropped and (
        Mention.objects.filter(topic=topic, scale__in=dropped).exists()
        or ReleasedResult.objects.filter(topic=topic, scale__in=dropped).exists()
    ):
        raise Refused(_("It was already named at a scale that you took out."), code="named", field="scales")
    before = facts(topic)
    topic.node, topic.code, topic.label, topic.scales, topic.note = (
        node,
        code.strip(),
        label.strip(),
        in_order(scales),
        note,
    )
    topic.full_clean()
    topic.save()
    record(actor=actor, action="consultation.topic_edited", obj=consultation, before=before, after=facts(topic))
    grown(consultation)
    return topic


@transaction.atomic
def remove_topic(*, actor: "User", topic: Topic) -> None:
    """Take an entry out, as long as nobody named it."""
    consultation = locked(actor, topic.consultation, None)
    check_book_is_open(consultation)
    topic = Topic.objects.select_for_update(of=("self",)).select_related("node").get(pk=topic.pk)
    before = facts(topic)
    try:
        with transaction.atomic():
            topic.delete()
    except ProtectedError as error:
        raise Refused(
            _("It was already named, or stands in frozen results: it cannot be taken out."), code="named"
        ) from error
    record(actor=actor, action="consultation.topic_removed", obj=consultation, before=before)
    grown(consultation)


@transaction.atomic
def move_topic(*, actor: "User", topic: Topic, places: int) -> None:
    """Move an entry up (negative) or down in the order in which topics are asked and shown."""
    consultation = locked(actor, topic.consultation, None)
    topics = list(consultation.topics.select_for_update())
    at = next((position for position, one in enumerate(topics) if one.pk == topic.pk), None)
    if at is None:
        raise Refused(_("Somebody else has taken it out."), code="gone")
    one = topics.pop(at)
    topics.insert(min(max(at + places, 0), len(topics)), one)
    for order, each in enumerate(topics, start=1):
        each.order = order
    Topic.objects.bulk_update(topics, ["order"])
    record(
        actor=actor, action="consultation.topic_moved", obj=consultation, after={"topic": one.code, "order": one.order}
    )
    grown(consultation)


def add_many(
    actor: "User", consultation: Consultation, entries: Iterable[Topic], action: str, **told: Any
) -> list[Topic]:
    known = set(consultation.topics.values_list("code", flat=True))
    order = next_order(consultation)
    added: list[Topic] = []
    for entry in entries:
        if entry.code in known:
            continue
        known.add(entry.code)
        entry.consultation, entry.order = consultation, order + len(added)
        added.append(entry)
    Topic.objects.bulk_create(added)
    if added:
        record(
            actor=actor,
            action=action,
            obj=consultation,
            after={"topics": ", ".join(entry.code for entry in added), **told},
        )
        grown(consultation)
    return added


@transaction.atomic
def copy_code_book(*, actor: "User", consultation: Consultation, source: Consultation) -> list[Topic]:
    """Add the entries of another consultation's code book whose codes are not here yet.

    Between editions a topic follows its node's lineage; one whose node has no descendant here is left out.
    """
    consultation = locked(actor, consultation, None)
    check_book_is_open(consultation)
    here = {node.lineage: node for node in Node.objects.filter(framework=consultation.framework_id)}
    entries = [
        Topic(code=t.code, label=t.label, node=here[t.node.lineage], scales=t.scales, note=t.note)
        for t in source.topics.select_related("node")
        if t.node.lineage in here
    ]
    return add_many(actor, consultation, entries, "consultation.code_book_copied", source=source.title)


@transaction.atomic
def propose_code_book(*, actor: "User", consultation: Consultation) -> list[Topic]:
    """Add a topic for every problem area (both scales) and strategic action (metropolitan) that has none yet."""
    consultation = locked(actor, consultation, None)
    check_book_is_open(consultation)
    entries = [
        Topic(
            code=node.code,
            label=node.wording[:300],
            node=node,
            scales=in_order(BOTH if node.kind == NodeKind.PROBLEM_AREA else [Scale.METROPOLITAN]),
        )
        for node in topics_proposed(consultation)
    ]
    return add_many(actor, consultation, entries, "consultation.code_book_proposed")

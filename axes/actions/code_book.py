"""The code book of a consultation: what is asked, and at which scales."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import grown, locked
from axes.choices import ConsultationState, NodeKind, Scale
from axes.models import Consultation, Mention, Node, ReleasedResult, Topic
from axes.queries.consultation import topics_proposed
from refamp.audit.actions import record
from refamp.base.errors import Refused

if TYPE_CHECKING:
    from refamp.accounts.models import User


BOTH = [Scale.METROPOLITAN, Scale.MUNICIPAL]
LAST_ORDER = 30_000


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

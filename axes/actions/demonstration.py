"""The consultations that are shipped: made by the platform itself, always named and shown as what they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import hold_open
from axes.actions.results import tally_respondents
from axes.choices import Channel, Group
from axes.models import Consultation, Framework, Mention, Node, Phase, PublishedFigure, Quota, Respondent, Topic
from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.territory.models import Municipality


@dataclass(frozen=True)
class Entry:
    """A topic of the code book with what the source prints for it, field by field of `PublishedFigure`."""

    code: str
    label: str
    node: Node
    scales: Sequence[str]
    note: str = ""
    figures: Sequence[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """One respondent: who they stand for, and the (topic code, scale) that they named. None: not stated."""

    reference: str
    municipality: Municipality | None
    group: str | None
    named: Sequence[tuple[str, str]]


@transaction.atomic
def found_demonstration(
    *,
    framework: Framework,
    title: str,
    description: str,
    provenance: str,
    entries: Iterable[Entry],
    quota: Mapping[tuple[Municipality, Group], int],
    frame_size: int | None = None,
) -> Consultation:
    """Make a demonstration consultation with its code book, published figures and quota plan, still in preparation."""
    if not provenance:
        raise Refused(_("A demonstration says above its results that it is one."), code="provenance")
    consultation = Consultation(
        framework=framework,
        title=title,
        description=description,
        provenance=provenance,
        target_groups=Group.values,
        frame_size=frame_size,
        is_demonstration=True,
    )
    consultation.full_clean(exclude=["created_by"])
    consultation.save(force_insert=True)
    for order, entry in enumerate(entries, start=1):
        topic = Topic.objects.create(
            consultation=consultation,
            code=entry.code,
            label=entry.label,
            node=entry.node,
            scales=list(entry.scales),
            note=entry.note,
            order=order,
        )
        PublishedFigure.objects.bulk_create(PublishedFigure(topic=topic, **figure) for figure in entry.figures)
    Quota.objects.bulk_create(
        Quota(consultation=consultation, municipality=place, group=group, expected=expected)
        for (place, group), expected in quota.items()
    )
    record(
        actor=None, action="consultation.created", obj=consultation, after={"title": title, "is_demonstration": True}
    )
    return consultation


@transaction.atomic
def record_demonstration_answers(
    *, consultation: Consultation, phase: Phase, channel: Channel, answers: Sequence[Answer]
) -> list[Respondent]:
    """Write made-up respondents and what they named into an open phase, counted like all others."""
    if not consultation.is_demonstration:
        raise Refused(_("Made-up answers belong in demonstrations only."), code="not_a_demonstration")
    hold_open(consultation, phase)
    topics = dict(Topic.objects.filter(consultation=consultation).values_list("code", "pk"))
    respondents = Respondent.objects.bulk_create(
        Respondent(
            consultation=consultation,
            phase=phase,
            reference=answer.reference,
            municipality=answer.municipality,
            group=answer.group,
            channel=channel,
        )
        for answer in answers
    )
    Mention.objects.bulk_create(
        Mention(respondent=respondent, topic_id=topics[code], scale=scale)
        for respondent, answer in zip(respondents, answers, strict=True)
        for code, scale in answer.named
    )
    tally_respondents(consultation=consultation, respondents=[r.pk for r in respondents], sign=1)
    record(actor=None, action="answers.made_up", obj=consultation, after={"respondents": len(respondents)})
    return respondents

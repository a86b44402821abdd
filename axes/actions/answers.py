"""Answers of one person: taken, entered for somebody, withdrawn.

Every way of answering ends here, or in `answer_files` for a whole file, and counts itself in the same transaction.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import hold_open
from axes.actions.results import tally_respondents
from axes.choices import LONGEST_TEXT, Channel, Group, Scale
from axes.models import Consultation, FreeText, Mention, Phase, Respondent, Topic
from axes.rules import may_enter_answers_for, may_withdraw_respondent
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from refamp.accounts.models import User


@transaction.atomic
def record_answers(
    *,
    actor: "User | None",
    consultation: Consultation,
    phase: Phase | None,
    channel: Channel,
    reference: str,
    municipality: Municipality | None,
    group: Group | None,
    mentions: Sequence[tuple[Topic, Scale]],
    texts: Mapping[Scale, str] | None = None,
) -> Respondent:
    """Take one respondent's answers. A topic named twice at a scale counts once.

    Raises Refused when the consultation is not open, the reference has already answered, a topic belongs elsewhere or
    was not asked at that scale.
    """
    phase = hold_open(consultation, phase)
    reference = reference.strip()
    if not reference or len(reference) > 100 or "\x00" in reference:  # noqa: PLR2004 - the column's length
        raise Refused(_("Say whose answer it is, in 100 characters at most."), code="reference", field="reference")
    if group is not None and group not in Group.values:
        raise Refused(_("Unknown group."), code="group_unknown", field="group")
    # Read now that the code book waits for us: it may have changed since the form was shown.
    named = {topic.pk for topic, _scale in mentions}
    book = dict(Topic.objects.filter(consultation=consultation, pk__in=named).values_list("pk", "scales"))
    for topic, scale in mentions:
        if topic.pk not in book:
            raise Refused(_("This topic belongs to another consultation."), code="topic_unknown")
        if scale not in book[topic.pk]:
            raise Refused(_("This topic was not asked at this scale."), code="not_asked")
    written = {Scale(scale): text.strip() for scale, text in (texts or {}).items() if text.strip()}
    if any(len(text) > LONGEST_TEXT or "\x00" in text for text in written.values()):
        raise Refused(_("The text is too long."), code="text_too_long")
    try:
        with transaction.atomic():
            respondent = Respondent.objects.create(
                consultation=consultation,
                phase=phase,
                reference=reference,
                municipality=municipality,
                group=group,
                channel=channel,
                entered_by=actor,
            )
    except IntegrityError as error:
        if "one_respondent_per_reference" not in str(error):
            raise
        raise Refused(_("This respondent has already answered."), code="already_answered", field="reference") from error
    Mention.objects.bulk_create(
        Mention(respondent=respondent, topic_id=topic, scale=scale)
        for topic, scale in dict.fromkeys((topic.pk, Scale(scale)) for topic, scale in mentions)
    )
    FreeText.objects.bulk_create(
        FreeText(respondent=respondent, scale=scale, text=text) for scale, text in written.items()
    )
    tally_respondents(consultation=consultation, respondents=[respondent.pk], sign=1, actor=actor)
    record(
        actor=actor,
        action="respondent.recorded",
        obj=respondent,
        after={"channel": channel, "answers": CHANGED},
        label=reference,
    )
    return respondent


@transaction.atomic
def enter_answers(
    *,
    actor: "User",
    consultation: Consultation,
    channel: Channel,
    reference: str,
    municipality: Municipality | None,
    group: Group | None,
    mentions: Sequence[tuple[Topic, Scale]],
    texts: Mapping[Scale, str] | None = None,
) -> Respondent:
    """What somebody said in an interview or a focus group, entered for their own municipality."""
    if channel not in {Channel.INTERVIEW, Channel.FOCUS_GROUP}:
        raise Refused(_("Say whether it was an interview or a focus group."), code="channel", field="channel")
    if not may_enter_answers_for(actor, consultation, municipality):
        raise NotAllowed
    return record_answers(
        actor=actor,
        consultation=consultation,
        phase=None,
        channel=channel,
        reference=reference or new_reference("e"),
        municipality=municipality,
        group=group,
        mentions=mentions,
        texts=texts,
    )


def new_reference(prefix: str) -> str:
    """A name for a respondent that says nothing about them."""
    return f"{prefix}-{secrets.token_hex(6)}"


@transaction.atomic
def withdraw_respondent(*, actor: "User", respondent: Respondent, reason: str = "") -> Respondent:
    """Take one respondent out of every count from now on. What was frozen stays as it was."""
    respondent = Respondent.objects.select_for_update(of=("self",)).select_related("consultation").get(pk=respondent.pk)
    if not may_withdraw_respondent(actor, respondent):
        raise NotAllowed
    if respondent.withdrawn_at is not None:
        raise Refused(_("These answers were already withdrawn."), code="already_withdrawn")
    tally_respondents(consultation=respondent.consultation, respondents=[respondent.pk], sign=-1, actor=actor)
    respondent.withdrawn_at = timezone.now()
    Respondent.objects.filter(pk=respondent.pk).update(withdrawn_at=respondent.withdrawn_at)
    record(actor=actor, action="respondent.withdrawn", obj=respondent, reason=reason, label=respondent.reference)
    return respondent

"""Free text becomes mentions: two read it apart, and a third settles where they differ."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.actions.results import tally_mentions
from axes.choices import CodingRole, TextState
from axes.models import CodeAssignment, Consultation, FreeText, Mention, Respondent, Topic
from axes.queries.coding import READERS, topics_for, unassigned
from axes.rules import may_run_consultations
from refamp.audit.actions import CHANGED, record
from refamp.base.errors import NotAllowed, Refused

if TYPE_CHECKING:
    from refamp.accounts.models import User


@transaction.atomic
def assign_coders(*, actor: "User", consultation: Consultation, coders: Sequence["User"], settler: "User") -> int:
    """Give every text that has none two coders and a third who settles. Returns how many texts.

    With more than two coders their pairs take turns, so that nobody has more than one text more than another pair's
    share. Whoever settles codes none of these texts.
    """
    if not may_run_consultations(actor):
        raise NotAllowed
    consultation = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
    people = list(dict.fromkeys(coders))
    if len(people) < 2:  # noqa: PLR2004 - double coding
        raise Refused(_("Two different people code each text."), code="two_coders", field="coders")
    if settler in people:
        raise Refused(_("Whoever settles must not be one of the coders."), code="settler", field="settler")
    if not all(person.is_active for person in [*people, settler]):
        raise Refused(_("Choose people with an active account."), code="inactive", field="coders")
    texts = list(unassigned(consultation).select_for_update(of=("self",)))
    pairs = list(combinations(people, 2))
    rows = []
    for number, text in enumerate(texts):
        first, second = pairs[number % len(pairs)]
        rows += [
            CodeAssignment(text=text, role=CodingRole.FIRST, coder=first),
            CodeAssignment(text=text, role=CodingRole.SECOND, coder=second),
            CodeAssignment(text=text, role=CodingRole.SETTLER, coder=settler),
        ]
    CodeAssignment.objects.bulk_create(rows)
    if texts:
        after = {"texts": len(texts), "coders": [str(person) for person in people], "settler": str(settler)}
        record(actor=actor, action="consultation.coders_assigned", obj=consultation, after=after)
    return len(texts)


def held(text: FreeText) -> FreeText:
    """The text and its respondent, locked: nobody withdraws them meanwhile."""
    found = FreeText.objects.select_for_update(of=("self",)).select_related("respondent__consultation").get(pk=text.pk)
    Respondent.objects.select_for_update(no_key=True).get(pk=found.respondent_id)
    return found


def chosen(text: FreeText, topics: Iterable[Topic]) -> list[Topic]:
    allowed = set(topics_for(text))
    picked = list(dict.fromkeys(topics))
    if not allowed.issuperset(picked):
        raise Refused(_("Choose topics that were asked at this scale."), code="not_asked", field="topics")
    return picked


@transaction.atomic
def code_text(*, actor: "User", text: FreeText, topics: Iterable[Topic]) -> FreeText:
    """One coder's reading (no topic is one too). The second to finish settles the text, or finds that they differ."""
    text = held(text)
    assignment = text.assignments.select_for_update().filter(coder=actor, role__in=READERS).first()
    if assignment is None:
        raise NotAllowed
    if text.state != TextState.TO_CODE:
        raise Refused(_("Both have read this text: the reading no longer changes."), code="wrong_state")
    assignment.topics.set(chosen(text, topics))
    assignment.done_at = timezone.now()
    assignment.save(update_fields=["done_at"])
    record(actor=actor, action="text.coded", obj=text, after={"reading": CHANGED}, label=str(text.public_id))
    readings = list(text.assignments.filter(role__in=READERS, done_at__isnull=False).prefetch_related("topics"))
    if len(readings) == len(READERS):
        first, second = (set(reading.topics.all()) for reading in readings)
        if first == second:
            return settle(actor, text, first)
        text.state = TextState.DISAGREED
        text.save(update_fields=["state"])
    return text


@transaction.atomic
def settle_text(*, actor: "User", text: FreeText, topics: Iterable[Topic]) -> FreeText:
    """The third reading, which counts, of a text on which two disagree."""
    text = held(text)
    assignment = text.assignments.select_for_update().filter(coder=actor, role=CodingRole.SETTLER).first()
    if assignment is None:
        raise NotAllowed
    if text.state != TextState.DISAGREED:
        raise Refused(_("There is nothing to settle about this text."), code="wrong_state")
    picked = chosen(text, topics)
    assignment.topics.set(picked)
    assignment.done_at = timezone.now()
    assignment.save(update_fields=["done_at"])
    return settle(actor, text, picked)


def settle(actor: "User", text: FreeText, topics: Iterable[Topic]) -> FreeText:
    """The topics become mentions of the respondent, and are counted in the same transaction. Named before: once."""
    named = set(Mention.objects.filter(respondent=text.respondent_id, scale=text.scale).values_list("topic", flat=True))
    made = Mention.objects.bulk_create(
        Mention(respondent_id=text.respondent_id, topic=topic, scale=text.scale)
        for topic in sorted(topics, key=lambda topic: topic.pk)
        if topic.pk not in named
    )
    if made:
        tally_mentions(
            consultation=text.respondent.consultation, sign=1, mentions=[mention.pk for mention in made], actor=actor
        )
    text.state, text.settled_at = TextState.SETTLED, timezone.now()
    text.save(update_fields=["state", "settled_at"])
    record(actor=actor, action="text.settled", obj=text, after={"mentions": len(made)}, label=str(text.public_id))
    return text

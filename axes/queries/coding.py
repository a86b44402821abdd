"""Questions about the coding of free text: what waits for whom, and how far two coders agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q, QuerySet

from axes.choices import CodingRole, TextState
from axes.formulas.agreement import kappa_per_topic, mean_kappa
from axes.models import CodeAssignment, Consultation, FreeText, Topic

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

READERS = [CodingRole.FIRST, CodingRole.SECOND]


def texts_of(consultation: Consultation) -> QuerySet[FreeText]:
    """The free texts of a consultation whose respondents were not withdrawn."""
    return FreeText.objects.filter(respondent__consultation=consultation, respondent__withdrawn_at__isnull=True)


def waiting_for(user: "User | AnonymousUser", consultation: Consultation | None = None) -> QuerySet[FreeText]:
    """What a person still has to read: texts to code, and to settle where two readings differ. Oldest first."""
    if not user.is_authenticated:
        return FreeText.objects.none()
    texts = FreeText.objects.filter(respondent__withdrawn_at__isnull=True)
    if consultation is not None:
        texts = texts.filter(respondent__consultation=consultation)
    mine = CodeAssignment.objects.filter(coder=user, done_at__isnull=True)
    return texts.filter(
        Q(state=TextState.TO_CODE, pk__in=mine.filter(role__in=READERS).values("text"))
        | Q(state=TextState.DISAGREED, pk__in=mine.filter(role=CodingRole.SETTLER).values("text"))
    ).order_by("id")


def has_part_in_coding(user: "User | AnonymousUser", consultation: Consultation) -> bool:
    return (
        user.is_authenticated
        and CodeAssignment.objects.filter(coder=user, text__respondent__consultation=consultation).exists()
    )


def coding_progress(consultation: Consultation) -> dict[str, int]:
    """How many texts there are, are assigned, and are in each state."""
    return texts_of(consultation).aggregate(
        all=Count("pk", distinct=True),
        assigned=Count("pk", filter=Q(assignments__role=CodingRole.FIRST), distinct=True),
        to_code=Count("pk", filter=Q(state=TextState.TO_CODE), distinct=True),
        disagreed=Count("pk", filter=Q(state=TextState.DISAGREED), distinct=True),
        settled=Count("pk", filter=Q(state=TextState.SETTLED), distinct=True),
    )


def topics_for(text: FreeText) -> QuerySet[Topic]:
    """The code book's entries that were asked at the text's scale."""
    return Topic.objects.filter(consultation=text.respondent.consultation_id, scales__contains=[text.scale])


def unassigned(consultation: Consultation) -> QuerySet[FreeText]:
    return texts_of(consultation).filter(state=TextState.TO_CODE, assignments__isnull=True).order_by("id")


@dataclass(frozen=True)
class Agreement:
    """How far the two readings of a topic agree, over the texts that both have read at a scale at which it was asked.

    `kappa` is exact; None where there is none (no text, or both said the same of every text).
    """

    topic: Topic
    texts: int
    both: int
    only_first: int
    only_second: int
    neither: int
    kappa: Fraction | None


def read_twice(consultation: Consultation) -> list[tuple[FreeText, frozenset[int], frozenset[int]]]:
    """The texts that both coders have read, with the keys of the topics that each named."""
    done = Prefetch(
        "assignments",
        CodeAssignment.objects.filter(role__in=READERS, done_at__isnull=False)
        .order_by("role")
        .prefetch_related("topics"),
        to_attr="readings",
    )
    found: list[tuple[FreeText, frozenset[int], frozenset[int]]] = []
    for text in texts_of(consultation).prefetch_related(done).order_by("id"):
        by_role = {reading.role: frozenset(topic.pk for topic in reading.topics.all()) for reading in text.readings}
        if len(by_role) == len(READERS):
            found.append((text, by_role[CodingRole.FIRST], by_role[CodingRole.SECOND]))
    return found


def agreement_of(consultation: Consultation) -> tuple[list[Agreement], Fraction | None]:
    """Agreement topic by topic, in the code book's order, and the mean kappa over topics that have one."""
    texts = read_twice(consultation)
    rows = [row_of(topic, texts) for topic in consultation.topics.all()]
    return rows, mean_kappa({row.topic.pk: row.kappa for row in rows})


def row_of(topic: Topic, texts: Iterable[tuple[FreeText, frozenset[int], frozenset[int]]]) -> Agreement:
    readings = [(first, second) for text, first, second in texts if text.scale in topic.scales]
    said = [(topic.pk in first, topic.pk in second) for first, second in readings]
    return Agreement(
        topic=topic,
        texts=len(said),
        both=said.count((True, True)),
        only_first=said.count((True, False)),
        only_second=said.count((False, True)),
        neither=said.count((False, False)),
        kappa=kappa_per_topic(readings, [topic.pk])[topic.pk],
    )


def disagreements(consultation: Consultation) -> QuerySet[FreeText]:
    return texts_of(consultation).filter(state=TextState.DISAGREED).order_by("id")

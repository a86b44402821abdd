"""Questions about consultations: who may see which, what they ask, who has answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from axes.choices import Group, NodeKind, PhaseState
from axes.models import Consultation, FreeText, Invitee, Node, Phase, Quota, Respondent, Topic
from refamp.base.text import fold
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from refamp.accounts.models import User


@dataclass(frozen=True)
class CodeBook:
    """Everything that the words of an answers file can mean in one consultation.

    topics: code, or code without case where that is not ambiguous → key; labels: folded label → key;
    asked: (topic key, scale); municipality_codes, municipality_names: → key; names and codes: the way back.
    """

    topics: dict[str, int]
    labels: dict[str, int]
    asked: frozenset[tuple[int, str]]
    municipality_codes: dict[str, int]
    municipality_names: dict[str, int]
    names: dict[int, str]
    codes: dict[int, str]


def unambiguous(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Word → key, leaving out words that stand for two things."""
    found: dict[str, set[int]] = {}
    for word, key in pairs:
        found.setdefault(word, set()).add(key)
    return {word: next(iter(keys)) for word, keys in found.items() if len(keys) == 1}


def code_book(consultation: Consultation) -> CodeBook:
    topics = list(Topic.objects.filter(consultation=consultation))
    places = list(Municipality.objects.valid_on(timezone.localdate()))
    return CodeBook(
        topics=unambiguous((fold(t.code), t.pk) for t in topics) | {t.code: t.pk for t in topics},
        labels=unambiguous((fold(t.label), t.pk) for t in topics),
        asked=frozenset((t.pk, scale) for t in topics for scale in t.scales),
        municipality_codes={m.code: m.pk for m in places},
        municipality_names=unambiguous([(fold(m.short_name), m.pk) for m in places])
        | unambiguous([(fold(m.name), m.pk) for m in places]),
        names={m.pk: m.name for m in places},
        codes={t.pk: t.code for t in topics},
    )


def references_present(consultation: Consultation, references: list[str]) -> set[str]:
    """Which of these have already answered and were not withdrawn."""
    with connection.cursor() as cursor:  # one array instead of a placeholder for each
        cursor.execute(
            "SELECT reference FROM axes_respondent"
            " WHERE consultation_id = %s AND withdrawn_at IS NULL AND reference = ANY(%s)",
            [consultation.pk, references],
        )
        return {reference for (reference,) in cursor.fetchall()}


def open_phase(consultation: Consultation) -> Phase | None:
    return consultation.phases.filter(state=PhaseState.OPEN).first()


def topics_proposed(consultation: Consultation) -> QuerySet[Node]:
    """The problem areas and strategic actions of the edition for which the code book has no topic yet."""
    return (
        Node.objects.filter(
            framework=consultation.framework_id, kind__in=[NodeKind.PROBLEM_AREA, NodeKind.STRATEGIC_ACTION]
        )
        .exclude(topics__consultation=consultation)
        .order_by("kind", "order", "id")
    )

"""Questions about consultations: who may see which, what they ask, who has answered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from axes.choices import Channel, Group, NodeKind, PhaseState, TextState
from axes.models import Consultation, FreeText, Invitee, Node, Phase, Quota, Representativeness, Respondent, Topic
from refamp.accounts.choices import Role
from refamp.accounts.models import Assignment, User
from refamp.accounts.rules import is_coordination
from refamp.base.text import fold
from refamp.jobs.models import Upload
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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
        .order_by("kind", "parent__order", "order", "id")
    )


def consultations_listed(user: "User | AnonymousUser") -> QuerySet[Consultation]:
    """Those that a person may see, the newest first, with how many answers the plan expects."""
    expected = (
        Quota.objects.filter(consultation=OuterRef("pk"))
        .order_by()
        .values("consultation")
        .annotate(all=Sum("expected"))
    )
    return (
        Consultation.objects.visible_to(user)
        .select_related("framework")
        .prefetch_related("phases")
        .annotate(expected=Subquery(expected.values("all")))
    )


def answers_by_channel(consultation: Consultation) -> dict[str, int]:
    """How many respondents came by which way, those withdrawn apart under the key "withdrawn"."""
    gone = Q(withdrawn_at__isnull=False)
    rows = list(
        Respondent.objects.filter(consultation=consultation)
        .order_by()
        .values_list("channel")
        .annotate(present=Count("pk", filter=~gone), gone=Count("pk", filter=gone))
    )
    found = {channel: present for channel, present, _gone in rows if present}
    found["withdrawn"] = sum(withdrawn for _channel, _present, withdrawn in rows)
    return found


def answers_counted(consultation: Consultation) -> int:
    """How many respondents the summary holds: at once, however many there are, and seconds behind."""
    everybody = Representativeness.objects.filter(
        consultation=consultation, dimension=Representativeness.Dimension.ALL, topic__isnull=True
    )
    return everybody.values_list("count", flat=True).first() or 0


def invitee_counts(consultation: Consultation) -> dict[str, int]:
    """How many people are on the list, were invited, have answered, have had their address erased."""
    return Invitee.objects.filter(consultation=consultation).aggregate(
        all=Count("pk"),
        invited=Count("pk", filter=Q(invited_at__isnull=False)),
        to_invite=Count("pk", filter=Q(invited_at__isnull=True, has_answered=False) & ~Q(email="")),
        to_remind=Count("pk", filter=Q(invited_at__isnull=False, has_answered=False) & ~Q(email="")),
        answered=Count("pk", filter=Q(has_answered=True)),
        erased=Count("pk", filter=Q(erased_at__isnull=False)),
    )


@dataclass(frozen=True)
class QuotaGrid:
    """The quota plan as a table: for every municipality, one (group, field name, expected or None) per group."""

    groups: list[Group]
    rows: list[tuple[Municipality, list[tuple[Group, str, int | None]]]]


def quota_grid(consultation: Consultation) -> QuotaGrid:
    groups = [group for group in Group if group in consultation.target_groups] or list(Group)
    known = {(q.municipality_id, q.group): q.expected for q in Quota.objects.filter(consultation=consultation)}
    return QuotaGrid(
        groups,
        [
            (place, [(group, f"q-{place.code}-{group.value}", known.get((place.pk, group.value))) for group in groups])
            for place in Municipality.objects.valid_on(timezone.localdate())
        ],
    )


def entries_of(user: User, consultation: Consultation) -> QuerySet[Respondent]:
    """What somebody entered by interview or focus group and did not withdraw, newest first."""
    return (
        Respondent.objects.filter(
            consultation=consultation,
            entered_by=user,
            withdrawn_at__isnull=True,
            channel__in=[Channel.INTERVIEW, Channel.FOCUS_GROUP],
        )
        .select_related("municipality")
        .annotate(named=Count("mentions"))
        .order_by("-id")
    )


def texts_to_code(consultation: Consultation) -> int:
    """Free texts that are not settled yet: they do not count until they are."""
    return (
        FreeText.objects.filter(respondent__consultation=consultation, respondent__withdrawn_at__isnull=True)
        .exclude(state=TextState.SETTLED)
        .count()
    )


def answer_rows(consultation: Consultation) -> QuerySet[Any, Any]:
    """The answers in the shape of the file that imports them: one row per mention, one for whoever named nothing."""
    return (
        Respondent.objects.filter(consultation=consultation, withdrawn_at__isnull=True)
        .order_by("id", "mentions__topic__order", "mentions__topic_id", "mentions__scale")
        .values_list("reference", "municipality__code", "group", "mentions__topic__code", "mentions__scale")
    )


def municipality_finder() -> Callable[[str], Municipality | None]:
    """What a word means: a municipality of today by code (`104` is `0104`) or by name."""
    places = list(Municipality.objects.valid_on(timezone.localdate()))
    known = {fold(m.short_name): m for m in places} | {fold(m.name): m for m in places} | {m.code: m for m in places}
    return lambda word: known.get(word.zfill(4) if word.isascii() and word.isdigit() else fold(word))


def possible_coders() -> QuerySet[User]:
    """Whoever holds a role today."""
    return User.objects.filter(is_active=True, pk__in=Assignment.objects.current().values("user"))


def invitation_of(token_hash: str) -> Invitee | None:
    return Invitee.objects.select_related("consultation", "municipality").filter(token_hash=token_hash).first()


def municipalities_to_enter_for(user: User) -> QuerySet[Municipality]:
    """Where somebody may enter answers: the coordination unit everywhere, technicians at home."""
    places = Municipality.objects.valid_on(timezone.localdate())
    if is_coordination(user):
        return places
    return places.filter(pk__in=[place for role, place in user.held_assignments if role == Role.TECHNICIAN])


def uploads_of(consultation: Consultation, kind: str) -> QuerySet[Upload]:
    """The files sent to a consultation, newest first, without their long lists."""
    return (
        Upload.objects.filter(kind=kind, target=str(consultation.public_id))
        .select_related("actor")
        .defer("problems", "summary", "outcome")
    )

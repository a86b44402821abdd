"""What joins several rooms: the search over everything, and what waits for whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, Count, F, FloatField, Func, Q, QuerySet, Sum, TextField, Value, When
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from axes.choices import KIND_SLUGS, ConsultationState, NodeKind, PhaseState, TextState
from axes.models import CodeAssignment, Consultation, Framework, FreeText, LocalPlan, Node, Phase, PriorityAxis, Quota
from axes.rules import writes_for
from refamp.accounts.queries import people, people_without_second_factor
from refamp.audit.models import Event, Seal
from refamp.base.sql import Fold
from refamp.base.text import fold
from refamp.jobs.choices import EmailState, JobState, UploadState
from refamp.jobs.models import Canary, Email, Job, Upload
from refamp.territory.models import Municipality, Parish
from units.models import Action, ActionPlan, Deliberation, Mandate, Meeting, Partner, Unit
from units.queries.bodies import bodies_of
from units.queries.desk import founding_tasks, tasks_of
from units.queries.meetings import meetings
from units.queries.votes import deliberations

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser

# A word of which this share of three-letter groups is found counts as a hit; below it, noise wins.
ALIKE = 0.5
PER_GROUP = 12
SOON = timedelta(days=14)
SHORTEST_QUERY = 2


@dataclass(frozen=True)
class Hit:
    """One thing found: what it is called, what it belongs to, and where it is."""

    title: str
    context: str
    url: str


@dataclass(frozen=True)
class HitGroup:
    label: str | Promise
    hits: list[Hit]
    more: bool


def address(name: str, *args: Any) -> str:
    """An address by URL name; empty where the room has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def matching(rows: QuerySet, query: str, *fields: str) -> QuerySet:
    """Rows in which the query stands in one of the fields, or something like it; the nearest first.

    Accents and case never count. Each hit is weighed: the text begins with the query, holds it, or resembles it.
    """
    key = fold(query)
    scored = rows
    conditions, scores = Q(), []
    for number, name in enumerate(fields):
        folded, alike = f"folded_{number}", f"alike_{number}"
        scored = scored.annotate(**{folded: Fold(F(name), output_field=TextField())}).annotate(
            **{alike: TrigramWordSimilarity(key, folded)}
        )
        conditions |= Q(**{f"{folded}__contains": key}) | Q(**{f"{alike}__gte": ALIKE})
        scores += [
            Case(
                When(**{folded: key}, then=Value(3.0)),
                When(**{f"{folded}__startswith": key}, then=Value(2.0)),
                When(**{f"{folded}__contains": key}, then=Value(1.5)),
                default=F(alike),
                output_field=FloatField(),
            )
        ]
    best = scores[0] if len(scores) == 1 else Func(*scores, function="GREATEST", output_field=FloatField())
    return scored.filter(conditions).annotate(nearness=best).order_by("-nearness", "id")


def search(user: "Person", query: str) -> list[HitGroup]:
    """Everything that this person may see and that answers the query, by kind, at most `PER_GROUP` of each."""
    if len(fold(query)) < SHORTEST_QUERY:
        return []
    today = timezone.localdate()
    kinds: list[tuple[Any, QuerySet, tuple[str, ...], Callable[[Any], Hit]]] = [
        (
            _("Referential"),
            Node.objects.visible_to(user).select_related("framework", "parent"),
            ("wording", "code"),
            node_hit,
        ),
        (_("Consultations"), Consultation.objects.visible_to(user), ("title",), consultation_hit),
        (_("Municipalities"), Municipality.objects.valid_on(today), ("name", "code"), municipality_hit),
        (
            _("Parishes"),
            Parish.objects.valid_on(today).select_related("municipality"),
            ("name", "code"),
            parish_hit,
        ),
        (
            _("Local plans"),
            LocalPlan.objects.visible_to(user).select_related("municipality"),
            ("title", "municipality__name"),
            plan_hit,
        ),
        (_("Units"), Unit.objects.all(), ("name", "code"), unit_hit),
        (_("Partners"), Partner.objects.all(), ("name", "acronym"), partner_hit),
        (_("Deliberations"), deliberations(user), ("title", "text"), deliberation_hit),
        (_("Meetings"), meetings(user), ("title", "place"), meeting_hit),
        (
            _("Annual plans"),
            ActionPlan.objects.visible_to(user).select_related("unit"),
            ("title", "summary"),
            annual_plan_hit,
        ),
        (
            _("Actions"),
            Action.objects.visible_to(user).select_related("plan__unit"),
            ("title", "target_group"),
            action_hit,
        ),
    ]
    groups = []
    for label, rows, fields, as_hit in kinds:
        found = list(matching(rows, query, *fields)[: PER_GROUP + 1])
        if found:
            groups.append(HitGroup(label, [as_hit(row) for row in found[:PER_GROUP]], len(found) > PER_GROUP))
    return groups


def node_hit(node: Node) -> Hit:
    parent = f"{node.parent.code} {node.parent.wording} · " if node.parent else ""
    return Hit(
        f"{node.code} {node.wording}",
        f"{parent}{node.get_kind_display()} · {node.framework.code}",
        address("axes:node", node.framework.code, KIND_SLUGS[NodeKind(node.kind)], node.code),
    )


def consultation_hit(consultation: Consultation) -> Hit:
    return Hit(
        consultation.title,
        str(consultation.get_state_display()),
        address("axes:consultation", consultation.public_id),
    )


def municipality_hit(place: Municipality) -> Hit:
    return Hit(place.name, place.code, address("territory:municipality", place.code))


def parish_hit(place: Parish) -> Hit:
    return Hit(place.name, place.municipality.name, address("territory:municipality", place.municipality.code))


def plan_hit(plan: LocalPlan) -> Hit:
    return Hit(
        plan.title, f"{plan.municipality} · {plan.get_kind_display()}", address("axes:local_plan", plan.public_id)
    )


def unit_hit(unit: Unit) -> Hit:
    return Hit(unit.name, f"{unit.code} · {unit.get_kind_display()}", address("units:unit", unit.code))


def deliberation_hit(one: Deliberation) -> Hit:
    number = f"{one.number}/{one.year} · " if one.number else ""
    return Hit(
        one.title,
        f"{number}{one.unit.name} · {one.get_state_display()}",
        address("units:deliberation", one.public_id),
    )


def meeting_hit(meeting: Meeting) -> Hit:
    day = date_format(timezone.localtime(meeting.starts_at), "DATE_FORMAT")
    said = f"{meeting.unit.name} · {day} · {meeting.get_state_display()}"
    return Hit(meeting.title, said, address("units:meeting", meeting.public_id))


def annual_plan_hit(plan: ActionPlan) -> Hit:
    said = f"{plan.unit.name} · {plan.year} · {plan.get_state_display()}"
    return Hit(plan.title, said, address("units:plan", plan.public_id))


def action_hit(action: Action) -> Hit:
    said = f"{action.plan.unit.name} · {action.plan.year}"
    return Hit(f"{action.code} {action.title}", said, address("units:action", action.public_id))


def partner_hit(partner: Partner) -> Hit:
    return Hit(partner.name, str(partner.get_kind_display()), address("units:partner", partner.public_id))


@dataclass(frozen=True)
class Waiting:
    """Something that a person has to do, with its date where it has one."""

    text: str | Promise
    detail: str | Promise
    url: str
    due: date | None = None
    # `due` is the day itself, not the last one.
    is_day: bool = False


def waiting_for(user: "User", seats: list[Mandate] | None = None) -> list[Waiting]:
    """What this person owes, the nearest date first. `seats`: their mandates in force, where they are known already."""
    seats = bodies_of(user) if seats is None else seats
    found = [*texts_waiting(user), *uploads_waiting(user), *answers_waiting(user), *governance_waiting(user, seats)]
    return sorted(found, key=lambda waiting: (waiting.due is None, waiting.due or date.max))


def governance_waiting(user: "User", seats: list[Mandate]) -> list[Waiting]:
    """Meetings, votes, plans, opinions and tasks of the bodies in which somebody sits."""
    return [
        Waiting(task.text, task.detail, address(task.url_name, *task.url_args) + task.query, task.due, task.is_day)
        for task in [*founding_tasks(user), *tasks_of(user, seats)]
    ]


def texts_waiting(user: "User") -> list[Waiting]:
    """Free texts assigned to somebody and not coded yet, per consultation."""
    rows = (
        CodeAssignment.objects.filter(coder=user, done_at__isnull=True)
        .values("text__respondent__consultation__public_id", "text__respondent__consultation__title")
        .annotate(number=Count("id"))
        .order_by("text__respondent__consultation__title")
    )
    return [
        Waiting(
            _("Texts to code"),
            f"{row['text__respondent__consultation__title']}: {row['number']}",
            address("axes:coding", row["text__respondent__consultation__public_id"]),
        )
        for row in rows
    ]


def uploads_waiting(user: "User") -> list[Waiting]:
    """Imports that this person sent and that wait for a yes or a no."""
    rows = Upload.objects.filter(actor=user, state=UploadState.CHECKED).order_by("created_at")[:20]
    return [Waiting(_("Import to confirm"), upload.name, address("jobs:upload", upload.public_id)) for upload in rows]


def answers_waiting(user: "User") -> list[Waiting]:
    """Answers that an open consultation expects from a technician's or local network's own municipality.

    Nothing here depends on how many have come: live counts are the coordination unit's, for they would show what the
    frozen results hide.
    """
    places = {place for _role, place in user.held_assignments if place and writes_for(user, place)}
    if not places:
        return []
    closing = dict(Phase.objects.filter(state=PhaseState.OPEN).values_list("consultation_id", "closes_on"))
    rows = (
        Quota.objects.filter(consultation__state=ConsultationState.OPEN, municipality__in=places)
        .values("consultation", "consultation__public_id", "consultation__title", "municipality__name")
        .annotate(all=Sum("expected"))
        .filter(all__gt=0)
        .order_by("consultation__title", "municipality__name")
    )
    return [
        Waiting(
            _("Answers expected from your municipality"),
            f"{row['consultation__title']} · {row['municipality__name']}: {row['all']}",
            address("axes:consultation", row["consultation__public_id"]),
            closing.get(row["consultation"]),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Missing:
    """How far a consultation is."""

    consultation: Consultation
    expected: int
    got: int
    closes_on: date | None

    @property
    def lacking(self) -> int:
        return self.expected - self.got


def quotas_not_met() -> list[Missing]:
    """Open consultations that lack answers against their quota plan: for the coordination unit, which sees live counts.

    More answers than expected in one cell do not make up for another that lacks some.
    """
    quotas = Quota.objects.filter(consultation__state=ConsultationState.OPEN).select_related("consultation")
    counts = {
        (row["id"], row["respondents__municipality"], row["respondents__group"]): row["number"]
        for row in Consultation.objects.filter(state=ConsultationState.OPEN, respondents__withdrawn_at__isnull=True)
        .values("id", "respondents__municipality", "respondents__group")
        .annotate(number=Count("respondents"))
    }
    closing = dict(Phase.objects.filter(state=PhaseState.OPEN).values_list("consultation_id", "closes_on"))
    sums: dict[int, list[Any]] = {}
    for quota in quotas:
        entry = sums.setdefault(quota.consultation_id, [quota.consultation, 0, 0])
        entry[1] += quota.expected
        entry[2] += min(quota.expected, counts.get((quota.consultation_id, quota.municipality_id, quota.group), 0))
    return [
        Missing(consultation, expected, got, closing.get(consultation.pk))
        for consultation, expected, got in sums.values()
        if got < expected
    ]


@dataclass(frozen=True)
class Health:
    """Whether the platform itself is well. Times are null where the thing never happened."""

    jobs_waiting: int
    jobs_running: int
    jobs_failed: int
    mail_waiting: int
    mail_failed: int
    canary_age: timedelta | None
    unsealed: int
    last_seal: Any

    @property
    def canary_seconds(self) -> int | None:
        return None if self.canary_age is None else int(self.canary_age.total_seconds())

    @property
    def worker_is_alive(self) -> bool:
        return self.canary_age is not None and self.canary_age < timedelta(minutes=2)


def health() -> Health:
    jobs = dict(
        Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING, JobState.FAILED])
        .values_list("state")
        .annotate(Count("id"))
        .order_by("state")
    )
    mail = dict(
        Email.objects.exclude(state=EmailState.SENT).values_list("state").annotate(Count("id")).order_by("state")
    )
    seen = Canary.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    last = Seal.objects.order_by("-id").first()
    return Health(
        jobs_waiting=jobs.get(JobState.QUEUED, 0),
        jobs_running=jobs.get(JobState.RUNNING, 0),
        jobs_failed=jobs.get(JobState.FAILED, 0),
        mail_waiting=mail.get(EmailState.QUEUED, 0),
        mail_failed=mail.get(EmailState.FAILED, 0),
        canary_age=timezone.now() - seen if seen else None,
        unsealed=Event.objects.filter(id__gt=last.event_id if last else 0).count(),
        last_seal=last.at if last else None,
    )


@dataclass(frozen=True)
class Dashboard:
    """What the coordination unit looks at in the morning."""

    missing: list[Missing]
    ending: "QuerySet[Phase]"
    uploads: "QuerySet[Upload]"
    to_settle: list[Any]
    without_factor: "QuerySet[User]"
    erasures: "QuerySet[User]"


def dashboard() -> Dashboard:
    return Dashboard(
        missing=quotas_not_met(),
        ending=Phase.objects.filter(state=PhaseState.OPEN, closes_on__lte=timezone.localdate() + SOON).select_related(
            "consultation"
        ),
        uploads=Upload.objects.filter(state=UploadState.CHECKED).select_related("actor").order_by("created_at")[:20],
        to_settle=list(
            FreeText.objects.filter(state=TextState.DISAGREED, respondent__withdrawn_at__isnull=True)
            .values("respondent__consultation__public_id", "respondent__consultation__title")
            .annotate(number=Count("id"))
            .order_by("respondent__consultation__title")
        ),
        without_factor=people_without_second_factor(),
        erasures=people().filter(erasure_asked_at__isnull=False),
    )


def published_consultations() -> "QuerySet[Consultation]":
    return Consultation.objects.filter(published_at__isnull=False).order_by("-published_at")


def edition_to_show(user: "Person") -> Framework | None:
    """The edition in force, where there is one."""
    return Framework.objects.visible_to(user).in_force().first()


def axes_of(framework: Framework) -> "QuerySet[Node]":
    """The priority axes of an edition with their problem areas."""
    return PriorityAxis.objects.filter(framework=framework).prefetch_related("children").order_by("order")

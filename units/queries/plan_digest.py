"""What plans have to tell somebody in a digest: steps that wait for them, and actions of their unit that are late."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from refamp.accounts.actions import DigestLine
from refamp.base.templatetags.refamp import day as in_words
from units.choices import ActionState, PlanAmendmentState, PlanState
from units.formulas.plans import DONE
from units.models import Action, ActionPlan, Mandate, PlanAmendment
from units.queries.plans import Bodies, bodies
from units.rules import SECRETARIAT

NEWS = timedelta(days=7)
OPEN_ACTIONS = [ActionState.PLANNED, ActionState.UNDER_WAY]
CARRIED_OUT = [PlanState.APPROVED, PlanState.UNDER_WAY]


@dataclass
class Sitting:
    """Who of those asked for sits where, on a day."""

    known: Bodies
    members: dict[int, set[int]] = field(default_factory=dict)
    secretaries: set[int] = field(default_factory=set)

    def of(self, unit_id: int) -> set[int]:
        return self.members.get(unit_id, set())

    def reviewers(self, unit_id: int) -> set[int]:
        """The coordination unit; of its own plan the strategic units."""
        if unit_id == self.known.coordination:
            return set().union(*(self.of(unit) for unit in self.known.strategic))
        return self.of(self.known.coordination) if self.known.coordination else set()

    def bringers(self) -> set[int]:
        """Who puts something before the Council."""
        return self.secretaries | (self.of(self.known.coordination) if self.known.coordination else set())


def sitting(day: date, people: Collection[int]) -> Sitting:
    found = Sitting(bodies())
    in_force = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))
    rows = Mandate.objects.filter(in_force, person__in=people).values_list("unit", "person", "position")
    for unit, person, position in rows:
        found.members.setdefault(unit, set()).add(person)
        if unit == found.known.council and position in SECRETARIAT:
            found.secretaries.add(person)
    return found


def plan_lines(*, day: date, people: Collection[int]) -> Iterator[DigestLine]:
    """Steps of plans and amendments that wait, and what is overdue; six queries, however many people there are."""
    sits = sitting(day, people)
    yield from step_lines(sits)
    yield from amendment_lines(sits, day)
    yield from late_lines(sits, day)


def step_lines(sits: Sitting) -> Iterator[DigestLine]:
    """A plan back or approved tells its unit; one handed in, who weighs it; one weighed, who brings it."""
    waiting = [PlanState.SUBMITTED, PlanState.OPINION_GIVEN, PlanState.RETURNED, PlanState.APPROVED]
    plans = ActionPlan.objects.filter(state__in=waiting).select_related("unit").prefetch_related("authors")
    for plan in plans.order_by("year", "unit__code"):
        wrote = {plan.created_by_id, plan.submitted_by_id, *(author.pk for author in plan.authors.all())}
        told = {
            PlanState.SUBMITTED: (sits.reviewers(plan.unit_id) - wrote, _("Waits for your opinion: %(plan)s")),
            PlanState.OPINION_GIVEN: (sits.bringers(), _("Ready to be put before the Council: %(plan)s")),
            PlanState.RETURNED: (sits.of(plan.unit_id), _("Came back with reasons: %(plan)s")),
            PlanState.APPROVED: (sits.of(plan.unit_id), _("Approved, and not begun yet: %(plan)s")),
        }
        whom, text = told[PlanState(plan.state)]
        yield from lines_for(
            whom,
            # Handed in again, it is another matter.
            key=f"plan.{plan.state}:{plan.public_id}:{plan.submitted_at.isoformat() if plan.submitted_at else ''}",
            text=text % {"plan": plan},
            path=reverse("units:plan", args=[plan.public_id]),
        )


def amendment_lines(sits: Sitting, day: date) -> Iterator[DigestLine]:
    """Amendments that wait for somebody, and those that the Council did not pass lately."""
    waits = Q(state__in=[PlanAmendmentState.SUBMITTED, PlanAmendmentState.OPINION_GIVEN])
    news = Q(state=PlanAmendmentState.REJECTED, updated_at__date__gt=day - NEWS)
    found: QuerySet[PlanAmendment] = PlanAmendment.objects.filter(waits | news).select_related("plan")
    for amendment in found.prefetch_related("authors").order_by("pk"):
        wrote = {amendment.created_by_id, *(author.pk for author in amendment.authors.all())}
        unit = amendment.plan.unit_id
        told = {
            PlanAmendmentState.SUBMITTED: (sits.reviewers(unit) - wrote, _("Waits for your opinion: %(plan)s")),
            PlanAmendmentState.OPINION_GIVEN: (
                sits.bringers() - wrote,
                _("Ready to be put before the Council: %(plan)s"),
            ),
            PlanAmendmentState.REJECTED: (sits.of(unit), _("Not approved: %(plan)s")),
        }
        whom, text = told[PlanAmendmentState(amendment.state)]
        said = _("Amendment %(number)s to %(plan)s") % {"number": amendment.number, "plan": amendment.plan}
        yield from lines_for(
            whom,
            key=f"amendment.{amendment.state}:{amendment.public_id}:{amendment.version}",
            text=text % {"plan": said},
            path=reverse("units:amendment", args=[amendment.public_id]),
        )


def late_lines(sits: Sitting, day: date) -> Iterator[DigestLine]:
    """One line per action of the unit whose milestones are overdue, or of which nothing was reported for too long."""
    behind = Q(milestones__due_on__lt=day, milestones__progress__lt=DONE)
    actions = (
        Action.objects.filter(plan__unit__in=sits.members, plan__state__in=CARRIED_OUT, state__in=OPEN_ACTIONS)
        .select_related("plan__unit")
        .annotate(overdue=Count("milestones", filter=behind), since=Min("milestones__due_on", filter=behind))
        .order_by("plan__year", "code", "pk")
    )
    for action in actions:
        silent = (day - (action.last_report_on or action.starts_on)).days
        if action.overdue:
            text = ngettext(
                "%(action)s: a milestone was due on %(day)s",
                "%(action)s: %(n)s milestones are overdue, the first since %(day)s",
                action.overdue,
            ) % {"action": action, "n": action.overdue, "day": in_words(action.since)}
            key, due = f"action.overdue:{action.pk}:{action.since}:{action.overdue}", action.since
        elif silent > action.plan.unit.report_stale_days:
            text = _("%(action)s: nothing was reported for %(days)s days") % {"action": action, "days": silent}
            key, due = f"action.silent:{action.pk}:{action.last_report_on}", None
        else:
            continue
        path = reverse("units:action", args=[action.public_id])
        yield from lines_for(sits.of(action.plan.unit_id), key=key, text=text, path=path, due=due)


def lines_for(
    people: Iterable[int], *, key: str, text: str, path: str, due: date | None = None
) -> Iterator[DigestLine]:
    """The same line for several people."""
    for person in sorted(people):
        yield DigestLine(person=person, key=key, section=_("Annual plans"), text=text, path=path, due=due)

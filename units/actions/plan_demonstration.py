"""Demonstration plans: one per unit for the year, and the year before of one of them, so that an action carries over.

`demo_plans` drives them by the same actions as people do, as persons with a mandate: whoever sets the demonstration up
has named them and holds the meetings. Run again, it leaves what is there.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from refamp.accounts.models import User
from units.actions.agenda import add_item
from units.actions.carry_over import carry_over
from units.actions.plan_decisions import put_before_council
from units.actions.plan_drafts import draft_plan, save_action
from units.actions.plans import close_plan, give_opinion, start_plan, submit_plan
from units.actions.programmes import save_programme
from units.actions.progress import override_status, report_milestone
from units.choices import ActionStatus, ItemKind, LegalEffect, PlanState, UnitKind
from units.models import Action, ActionPlan, Deliberation, Meeting, Partner, Programme, Unit
from units.queries.bodies import mandates_in_force
from units.queries.plan_content import served_nodes
from units.queries.plans import rules_of_council

DEMONSTRATION = Path(__file__).parent.parent / "data" / "plans-demonstration.json"


# How long before the Council meets a unit hands its plan in, and it goes on the agenda.
SUBMITTED, ON_AGENDA = timedelta(days=30), timedelta(days=14)


def demo_plans(
    *, earlier: Meeting, later: Meeting, hold: Callable[[Meeting], None], between: Callable[[], None] | None = None
) -> list[ActionPlan]:
    """Draft the plans, put them on the agendas of two meetings of the Council, carry out what was approved.

    `hold(meeting)` convenes the meeting where it is not, opens it, has what is on its agenda voted and closes it. Both
    meetings still take points. `between` is what happens after the first: an election.
    """
    data = json.loads(DEMONSTRATION.read_text(encoding="utf-8"))
    year = timezone.localdate().year
    made = draft_demo_plans(data, year - 1)
    bring_demo_plans(made, earlier)
    hold(earlier)
    carry_out(made, data, year - 1)
    if between is not None:
        between()
    now = draft_demo_plans(data, year)
    bring_demo_plans(now, later)
    hold(later)
    carry_out(now, data, year)
    return [*made, *now]


def member_of(unit: Unit, *, but: Iterable[int] = ()) -> User | None:
    """Somebody with a mandate in the unit, the same each time."""
    found = mandates_in_force(unit).exclude(person__in=list(but)).order_by("pk").first()
    return found.person if found else None


def entries(data: Mapping[str, Any], year: int) -> list[tuple[Unit, dict[str, Any]]]:
    """(unit, its plan) of a year, for the units that are there."""
    units = {unit.code: unit for unit in Unit.objects.exclude(state="dissolved")}
    this_year = timezone.localdate().year
    found = []
    for entry in data["plans"]:
        plan = entry if year == this_year else entry.get("previous")
        if plan is not None and entry["unit"] in units:
            found.append((units[entry["unit"]], plan))
    return found


def draft_demo_plans(data: Mapping[str, Any], year: int) -> list[ActionPlan]:
    """Draft each unit's plan, submit it and have the opinion given; units without members are left out."""
    programmes = demo_programmes(data)
    made = []
    for unit, entry in entries(data, year):
        author = member_of(unit)
        if author is None or ActionPlan.objects.filter(unit=unit, year=year).exists():
            continue
        plan = draft_plan(actor=author, unit=unit, year=year, title=entry["title"], summary=entry["summary"])
        carried = {}
        for action in Action.objects.filter(plan__unit=unit, plan__year=year - 1, state="under_way"):
            if action.code in {told["code"] for told in entry["actions"] if told.get("carried")}:
                carried[action.code] = carry_over(actor=author, action=action, plan=plan)
        for told in entry["actions"]:
            present = carried.get(told["code"])
            save_action(actor=author, plan=plan, action=present, content=demo_content(told, year, programmes, present))
        submit_plan(actor=author, plan=plan)
        kind = UnitKind.STRATEGIC if unit.kind == UnitKind.COORDINATION else UnitKind.COORDINATION
        reviewing = Unit.objects.filter(kind=kind).exclude(state="dissolved").order_by("code").first()
        reviewer = member_of(reviewing, but=[author.pk]) if reviewing else None
        if reviewer is not None:
            give_opinion(actor=reviewer, plan=plan, opinion=entry["opinion"], favourable=True)
            made.append(plan)
    return made


def demo_programmes(data: Mapping[str, Any]) -> dict[str, Programme]:
    year = timezone.localdate().year
    for entry in data["programmes"]:
        unit = Unit.objects.filter(code=entry["unit"]).exclude(state="dissolved").first()
        author = member_of(unit) if unit else None
        if unit is None or author is None or Programme.objects.filter(code=entry["code"]).exists():
            continue
        first, last = entry["years"]
        save_programme(
            actor=author,
            unit=unit,
            code=entry["code"],
            name=entry["name"],
            purpose=entry["purpose"],
            starts_on=date(year + first, 1, 1),
            ends_on=date(year + last, 12, 31),
        )
    return {programme.code: programme for programme in Programme.objects.all()}


def on(year: int, text: str) -> date:
    month, day = text.split("-")
    return date(year, int(month), int(day))


def demo_content(
    told: Mapping[str, Any], year: int, programmes: Mapping[str, Programme], present: Action | None
) -> dict[str, Any]:
    """One action of the file as the content of a plan. The late one has an overdue milestone whenever it runs."""
    codes = {node.code: str(node.lineage) for node in served_nodes()}
    partners = {}
    for partner in Partner.objects.order_by("-pk"):
        partners[partner.kind] = {"id": str(partner.public_id)}
    starts_on = present.starts_on if present else on(year, told["starts_on"])
    ids = (
        [str(key) for key in present.milestones.order_by("order").values_list("public_id", flat=True)]
        if present
        else []
    )
    milestones = [
        {"id": None, "title": each["title"], "due_on": on(year, each["due_on"]), "weight": each["weight"]}
        for each in told["milestones"]
    ]
    for milestone, key in zip(milestones, ids, strict=False):
        milestone["id"] = key
    if told.get("late"):
        overdue = timezone.localdate() - timedelta(days=15)
        milestones[0]["due_on"] = max(date(year, 1, 1), min(milestones[0]["due_on"], overdue))
        starts_on = min(starts_on, milestones[0]["due_on"])
    return {
        **{name: told[name] for name in ("code", "title", "description", "scope", "target_group")},
        "serves": [{"lineage": codes[code]} for code in told["serves"] if code in codes],
        "municipalities": told["municipalities"],
        "lead": told["lead"] or None,
        "partners": [partners[kind] for kind in told["partners"] if kind in partners],
        "programme": told["programme"] if told["programme"] in programmes else None,
        "people_expected": told["people_expected"],
        "starts_on": starts_on.isoformat(),
        "ends_on": on(year, told["ends_on"]).isoformat(),
        "weight": told["weight"],
        "carried_from": None,
        "milestones": [{**each, "due_on": each["due_on"].isoformat()} for each in milestones],
        "budget": [{**line, "year": year} for line in told["budget"]],
        "risks": told["risks"],
    }


def bring_demo_plans(plans: Iterable[ActionPlan], meeting: Meeting) -> list[Deliberation]:
    """Put each plan on a meeting's agenda, by somebody of the coordination unit who did not write it."""
    coordination = Unit.objects.filter(kind=UnitKind.COORDINATION).exclude(state="dissolved").first()
    found = []
    for plan in plans:
        title = f"Aprovação do plano de ação {plan.year} · {plan.unit.name}"
        item = add_item(actor=None, meeting=meeting, title=title, kind=ItemKind.DECISION, text=plan.summary)
        writers = [plan.created_by_id, *plan.authors.values_list("pk", flat=True)]
        bearer = member_of(coordination, but=[key for key in writers if key]) if coordination else None
        if bearer is None:
            continue
        plan.refresh_from_db()
        put = put_before_council(
            actor=bearer,
            plan=plan,
            item=item,
            rule=rules_of_council()[0][0],
            legal_effect=LegalEffect.BINDING,
            title=title,
            text=f"{plan.summary}\n\nParecer: {plan.opinion}",
        )
        # What a meeting that was held decided had been handed in before it.
        ActionPlan.objects.filter(pk=plan.pk).update(submitted_at=meeting.starts_at - SUBMITTED)
        Deliberation.objects.filter(pk=put.pk).update(proposed_at=meeting.starts_at - ON_AGENDA)
        found.append(put)
    return found


def carry_out(plans: Iterable[ActionPlan], data: Mapping[str, Any], year: int) -> None:
    """Start what was approved and report on it up to today; a year that is over is closed."""
    told = {unit.pk: {action["code"]: action for action in entry["actions"]} for unit, entry in entries(data, year)}
    for each in plans:
        plan = ActionPlan.objects.select_related("unit").get(pk=each.pk)
        author = member_of(plan.unit)
        if plan.state != PlanState.APPROVED or author is None:
            continue
        plan = start_plan(actor=author, plan=plan)
        for action in plan.actions.order_by("code"):
            report_demo(author, action, told[plan.unit_id].get(action.code, {}), year)
        if year < timezone.localdate().year:
            close_plan(actor=author, plan=plan)


def report_demo(author: User, action: Action, told: Mapping[str, Any], year: int) -> None:
    """What the file reports on an action; what lies ahead is reported as of today."""
    today = timezone.localdate()
    by_title = {milestone.title: milestone for milestone in action.milestones.all()}
    for each in told.get("milestones", []):
        for text, progress, note in each["reports"]:
            report_milestone(
                actor=author,
                milestone=by_title[each["title"]],
                progress=progress,
                on=min(on(year, text), today),
                note=note,
            )
    if told.get("overridden"):
        override_status(
            actor=author,
            action=action,
            status=ActionStatus.ON_TIME,
            reason="O prazo foi adiado por acordo entre os três municípios.",
            until=today + timedelta(days=60),
        )

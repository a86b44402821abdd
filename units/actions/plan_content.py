"""What a plan says, from plain JSON to rows: the one way for forms, amendments and workbooks.

The shape is `queries.plans.content_of`. Milestones are known by id, so that a new wording keeps the progress reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.base.ids import uuid7
from refamp.base.states import check_move
from units.choices import ACTION_MOVES, LONGEST_TEXT, ActionScope, ActionState, BudgetSource, Level
from units.models import Action, ActionPlan, BudgetLine, Milestone, Risk
from units.queries.plan_content import Known, actions_with_all, content_of_action

MOST_ACTIONS = 500
MOST_PARTS = 60
LENGTHS = {"code": 20, "title": 250, "target_group": 250, "description": LONGEST_TEXT}
MOST_WEIGHT = Decimal("9999.99")
MOST_MONEY = Decimal("999999999999.99")
MOST_PEOPLE = 2_147_483_647
FEWEST_PLACES = 2


@dataclass(frozen=True)
class Fault:
    """Something that a content may not say: where, for a machine, for a person."""

    field: str
    code: str
    message: str | Promise
    # Of a milestone, budget line or risk: its place in its list, from 0, and its own field.
    place: int | None = None
    column: str = ""


def amount_of(value: Any, most: Decimal) -> Decimal | None:
    """A figure with at most two decimals, from 0 to `most`; None for anything else."""
    try:
        figure = Decimal(str(value))
    except InvalidOperation:
        return None
    if not figure.is_finite() or not 0 <= figure <= most or figure != figure.quantize(Decimal("0.01")):
        return None
    return figure


def day_of(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def faults_of(content: Mapping[str, Any], known: Known, *, complete: bool = False) -> list[Fault]:
    """Everything that is wrong with one action. `complete`: also what it must have before it is submitted."""
    faults: list[Fault] = []
    for name, most in LENGTHS.items():
        if len(content[name]) > most:
            faults.append(Fault(name, "too_long", _("At most %(most)s characters.") % {"most": most}))
    faults += [Fault(name, "missing", _("This is needed.")) for name in ("code", "title") if not content[name].strip()]
    faults += faults_of_links(content, known)
    starts_on, ends_on = day_of(content["starts_on"]), day_of(content["ends_on"])
    if starts_on is None or ends_on is None:
        name = "ends_on" if starts_on else "starts_on"
        return [*faults, Fault(name, "not_a_day", _("This is not a day: write 2026-01-31."))]
    if ends_on < starts_on:
        faults.append(Fault("ends_on", "dates", _("The last day cannot come before the first.")))
    elif starts_on.year > known.year or ends_on.year < known.year:
        faults.append(Fault("starts_on", "other_year", _("The action must run in the year of the plan.")))
    weight = amount_of(content["weight"], MOST_WEIGHT)
    if not weight:
        faults.append(Fault("weight", "weight", _("The weight is a figure above zero, with two decimals at most.")))
    people = content["people_expected"]
    if people is not None and not (isinstance(people, int) and 0 <= people <= MOST_PEOPLE):
        faults.append(Fault("people_expected", "people", _("People are counted in whole numbers.")))
    faults += faults_of_milestones(content["milestones"], starts_on, ends_on)
    faults += faults_of_budget(content["budget"], starts_on, ends_on)
    faults += faults_of_risks(content["risks"])
    if complete and not content["milestones"]:
        faults.append(
            Fault("milestones", "missing", _("An action has a milestone at least: progress comes from them."))
        )
    return faults


def faults_of_links(content: Mapping[str, Any], known: Known) -> list[Fault]:
    """What it serves, where, with whom."""
    faults = faults_of_scope(content, known)
    if not content["serves"]:
        faults.append(
            Fault("serves", "serves_nothing", _("An action serves at least one operational response or action line."))
        )
    if any(node["lineage"] not in known.nodes for node in content["serves"]):
        faults.append(
            Fault("serves", "unknown_node", _("Only operational responses and action lines of the edition in force."))
        )
    if any(partner["id"] not in known.partners for partner in content["partners"]):
        faults.append(Fault("partners", "unknown_partner", _("There is no such partner.")))
    if content["programme"] is not None and content["programme"] not in known.programmes:
        faults.append(Fault("programme", "unknown_programme", _("There is no such programme.")))
    return faults


def faults_of_scope(content: Mapping[str, Any], known: Known) -> list[Fault]:
    """Two municipalities or more, or the area as one; the one that leads is of them."""
    faults, places = [], content["municipalities"]
    if any(code not in known.places for code in places):
        faults.append(Fault("municipalities", "unknown_municipality", _("There is no such municipality.")))
    if content["scope"] not in ActionScope.values:
        faults.append(Fault("scope", "scope", _("Unknown scope.")))
    elif content["scope"] == ActionScope.INTERMUNICIPAL and len(set(places)) < FEWEST_PLACES:
        faults.append(
            Fault("municipalities", "too_few", _("An intermunicipal action is of two or more municipalities."))
        )
    elif content["scope"] == ActionScope.SUPRAMUNICIPAL and places:
        faults.append(
            Fault("municipalities", "whole_area", _("A supramunicipal action is of the area as one: name none."))
        )
    lead = content["lead"]
    if lead is not None and lead not in known.places:
        faults.append(Fault("lead", "unknown_municipality", _("There is no such municipality.")))
    elif lead is not None and content["scope"] == ActionScope.INTERMUNICIPAL and lead not in places:
        faults.append(Fault("lead", "lead_outside", _("The municipality that leads takes part.")))
    return faults


def faults_of_milestones(milestones: list[Mapping[str, Any]], starts_on: date, ends_on: date) -> list[Fault]:
    faults = []
    if len(milestones) > MOST_PARTS:
        faults.append(Fault("milestones", "too_many", _("At most %(most)s.") % {"most": MOST_PARTS}))

    def wrong(place: int, column: str, code: str, message: str | Promise) -> None:
        faults.append(Fault("milestones", code, message, place, column))

    for place, milestone in enumerate(milestones):
        due_on = day_of(milestone["due_on"])
        if not milestone["title"].strip() or len(milestone["title"]) > LENGTHS["title"]:
            wrong(place, "title", "title", _("A milestone has a title of at most 250 characters."))
        if due_on is None:
            wrong(place, "due_on", "not_a_day", _("This is not a day: write 2026-01-31."))
        elif not starts_on <= due_on <= ends_on:
            wrong(place, "due_on", "outside", _("A milestone falls between the first and last day."))
        if not amount_of(milestone["weight"], MOST_WEIGHT):
            wrong(place, "weight", "weight", _("The weight is a figure above zero, with two decimals at most."))
    return faults


def faults_of_budget(lines: list[Mapping[str, Any]], starts_on: date, ends_on: date) -> list[Fault]:
    faults: list[Fault] = []
    seen = set()

    def wrong(place: int, column: str, code: str, message: str | Promise) -> None:
        faults.append(Fault("budget", code, message, place, column))

    for place, line in enumerate(lines):
        if not isinstance(line["year"], int) or not starts_on.year <= line["year"] <= ends_on.year:
            wrong(place, "year", "outside", _("Money is of a year in which the action runs."))
        if line["source"] not in BudgetSource.values:
            wrong(place, "source", "source", _("Unknown source."))
        if amount_of(line["amount"], MOST_MONEY) is None:
            wrong(place, "amount", "amount", _("The amount is in euro, with two decimals at most."))
        if (line["year"], line["source"]) in seen:
            wrong(place, "source", "twice", _("This year and source are already there."))
        seen.add((line["year"], line["source"]))
    return faults


def faults_of_risks(risks: list[Mapping[str, Any]]) -> list[Fault]:
    faults = []
    for place, risk in enumerate(risks):
        if not risk["description"].strip() or len(risk["description"]) > 300:  # noqa: PLR2004 - the column's width
            faults.append(Fault("risks", "risk", _("A risk is told in at most 300 characters."), place, "description"))
        if len(risk["mitigation"]) > LONGEST_TEXT:
            told = _("At most %(most)s characters.") % {"most": LONGEST_TEXT}
            faults.append(Fault("risks", "too_long", told, place, "mitigation"))
        faults += [
            Fault("risks", "level", _("Unknown level."), place, column)
            for column in ("likelihood", "impact")
            if risk[column] not in Level.values
        ]
    return faults


def check_length(text: str, field: str) -> None:
    """Texts are read by people, kept in every version and fit a cell of a spreadsheet."""
    if len(text) > LONGEST_TEXT:
        raise Refused(_("At most %(most)s characters.") % {"most": LONGEST_TEXT}, code="too_long", field=field)


def check_content(content: Mapping[str, Any], known: Known, *, complete: bool = False) -> None:
    """Refuse the first thing that is wrong, beside its field."""
    for fault in faults_of(content, known, complete=complete):
        raise Refused(fault.message, code=fault.code, field=fault.field)


def in_order(content: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The content as it is kept: lists sorted, figures with two decimals, names of today, ids where none were."""
    nodes = sorted((known.nodes[lineage] for lineage in {n["lineage"] for n in content["serves"]}), key=kind_and_code)
    partners = {key: known.partners[key] for key in sorted({p["id"] for p in content["partners"]})}
    return {
        **content,
        "serves": [{"kind": n.kind, "code": n.code, "wording": n.wording, "lineage": str(n.lineage)} for n in nodes],
        "municipalities": sorted(set(content["municipalities"])),
        "partners": [{"id": key, "name": partner.name} for key, partner in partners.items()],
        "weight": f"{Decimal(content['weight']):.2f}",
        "milestones": [
            {**m, "id": m["id"] or str(uuid7()), "weight": f"{Decimal(m['weight']):.2f}"} for m in content["milestones"]
        ],
        "budget": sorted(
            ({**line, "amount": f"{Decimal(line['amount']):.2f}"} for line in content["budget"]),
            key=lambda line: (line["year"], line["source"]),
        ),
    }


def kind_and_code(node: Any) -> tuple[str, str]:
    return node.kind, node.code


SCALARS = ("code", "title", "description", "scope", "target_group", "people_expected")


def write_action(plan: ActionPlan, content: Mapping[str, Any], known: Known, action: Action | None) -> Action:
    """Make or change the rows of one action by a content that was checked and put in order; equal rows stay."""
    values: dict[str, Any] = {name: content[name] for name in SCALARS}
    values |= {
        "starts_on": date.fromisoformat(content["starts_on"]),
        "ends_on": date.fromisoformat(content["ends_on"]),
        "weight": Decimal(content["weight"]),
        "lead": known.places[content["lead"]] if content["lead"] else None,
        "programme": known.programmes[content["programme"]] if content["programme"] else None,
    }
    if action is None:
        action = Action.objects.create(plan=plan, key=UUID(content["key"]), **values)
    else:
        for name, value in values.items():
            setattr(action, name, value)
        action.version += 1
        action.save(update_fields=[*values, "version", "updated_at"])
    set_links(action.serving, "node_id", {known.nodes[node["lineage"]].pk for node in content["serves"]})
    set_links(action.places, "municipality_id", {known.places[code].pk for code in content["municipalities"]})
    set_links(action.partnered, "partner_id", {known.partners[partner["id"]].pk for partner in content["partners"]})
    write_milestones(action, content["milestones"])
    write_budget(action, content["budget"])
    write_risks(action, content["risks"])
    return action


def set_links(links: Any, column: str, wanted: set[int]) -> None:
    """Make the linked keys those wanted; links that stay are not touched."""
    present = set(links.values_list(column, flat=True))
    links.filter(**{f"{column}__in": present - wanted}).delete()
    links.model.objects.bulk_create(
        links.model(action=links.instance, **{column: key}) for key in sorted(wanted - present)
    )


def write_milestones(action: Action, milestones: Iterable[Mapping[str, Any]]) -> None:
    present = {str(m.public_id): m for m in action.milestones.all()}
    wanted = list(milestones)
    gone = [m.pk for key, m in present.items() if key not in {w["id"] for w in wanted}]
    Milestone.objects.filter(pk__in=gone).delete()
    told = [(w["id"], w["title"], w["due_on"], Decimal(w["weight"])) for w in wanted]
    kept = [
        (str(m.public_id), m.title, m.due_on.isoformat(), m.weight)
        for m in sorted(present.values(), key=lambda m: m.order)
        if m.pk not in gone
    ]
    if told == kept and not gone:
        return
    # Out of the way first: two milestones cannot have the same place, not even for a moment.
    action.milestones.update(order=F("order") + 10_000)
    for order, (key, title, due_on, weight) in enumerate(told, 1):
        values = {"order": order, "title": title, "due_on": date.fromisoformat(due_on), "weight": weight}
        if key in present:
            Milestone.objects.filter(pk=present[key].pk).update(**values)
        else:
            Milestone.objects.create(action=action, public_id=UUID(key), **values)


def write_budget(action: Action, lines: Iterable[Mapping[str, Any]]) -> None:
    present = {(line.year, line.source): line for line in action.budget.all()}
    for line in lines:
        old = present.pop((line["year"], line["source"]), None)
        amount = Decimal(line["amount"])
        if old is None:
            BudgetLine.objects.create(action=action, year=line["year"], source=line["source"], amount=amount)
        elif old.amount != amount:
            BudgetLine.objects.filter(pk=old.pk).update(amount=amount)
    BudgetLine.objects.filter(pk__in=[line.pk for line in present.values()]).delete()


def write_risks(action: Action, risks: Iterable[Mapping[str, Any]]) -> None:
    wanted = [dict(risk) for risk in risks]
    names = ("description", "likelihood", "impact", "mitigation")
    if wanted == list(action.risks.order_by("id").values(*names)):
        return
    action.risks.all().delete()
    Risk.objects.bulk_create(Risk(action=action, **{name: risk[name] for name in names}) for risk in wanted)


def present_contents(plan: ActionPlan) -> dict[str, tuple[Action, dict[str, Any]]]:
    """By key, the plan's actions and what they say."""
    actions = actions_with_all(Action.objects.filter(plan=plan)).order_by("code", "key")
    return {str(action.key): (action, content_of_action(action)) for action in actions}


def write_plan(
    actor: Any, plan: ActionPlan, content: Mapping[str, Any], known: Known, *, removing: bool
) -> dict[str, list[str]]:
    """Make the rows of a plan what its content says; the answer names the keys added, changed, removed.

    `removing`: actions that the content leaves out are deleted (a draft); otherwise they are refused (an approved plan:
    they are cancelled, with a reason, and never vanish).
    """
    # What is reported meanwhile waits.
    list(plan.actions.select_for_update().order_by("pk").values_list("pk"))
    present = present_contents(plan)
    done: dict[str, list[str]] = {"added": [], "changed": [], "removed": [], "unchanged": []}
    wanted = {action["key"] for action in content["actions"]}
    for key, (action, _told) in present.items():
        if key not in wanted:
            if not removing:
                raise Refused(_("An action of an approved plan is cancelled, not left out."), code="left_out")
            release(actor, action)
            action.delete()
            done["removed"].append(key)
    # Codes may be swapped among actions: out of the way first.
    codes = {action["key"]: action["code"] for action in content["actions"]}
    moving = [action.pk for key, (action, told) in present.items() if key in codes and told["code"] != codes[key]]
    for pk in moving:
        Action.objects.filter(pk=pk).update(code=f"~{pk}")
    for told in content["actions"]:
        action, old = present.get(told["key"], (None, None))
        if old == told:
            done["unchanged"].append(told["key"])
            continue
        write_action(plan, told, known, action)
        done["changed" if action else "added"].append(told["key"])
    return done


def release(actor: Any, action: Action) -> None:
    """Before a copy is taken out of a draft: what it came from is no longer to be carried over."""
    if action.carried_from_id is None:
        return
    source = Action.objects.select_for_update().get(pk=action.carried_from_id)
    before = source.state
    # Once, it stood as carried over from the draft on.
    if before == ActionState.CARRIED_OVER:
        check_move(ACTION_MOVES, before, ActionState.UNDER_WAY)
        source.state = ActionState.UNDER_WAY
        source.version += 1
        source.save(update_fields=["state", "version", "updated_at"])
    record(
        actor=actor,
        action="action.carry_over_undone",
        obj=source,
        before={"state": before},
        after={"state": source.state},
    )

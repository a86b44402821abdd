"""What a plan says: its content as plain JSON, and what the words in it can mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    When,
)

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from refamp.territory.models import Municipality
from units.formulas.plans import canonical
from units.models import (
    Action,
    ActionNode,
    ActionPartner,
    ActionPlace,
    ActionPlan,
    BudgetLine,
    Milestone,
    Partner,
    PlanAmendment,
    PlanVersion,
    Programme,
    Risk,
)
from units.models.plans import SERVED_KINDS

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

    Person = User | AnonymousUser


@dataclass(frozen=True)
class Known:
    """What the words of a plan's content can mean."""

    year: int
    nodes: Mapping[str, Node]
    places: Mapping[str, Municipality]
    partners: Mapping[str, Partner]
    programmes: Mapping[str, Programme]


def actions_with_all(actions: QuerySet[Action]) -> QuerySet[Action]:
    """With everything that a content or a page of an action says, in one query per kind of thing."""
    return actions.select_related("lead", "programme", "carried_from", "plan__unit").prefetch_related(
        Prefetch(
            "nodes",
            Node.objects.select_related("framework", "parent__parent__parent").order_by("kind", "code"),
        ),
        Prefetch("municipalities", Municipality.objects.order_by("code")),
        Prefetch("partners", Partner.objects.order_by("public_id")),
        Prefetch("budget", BudgetLine.objects.order_by("year", "source")),
        Prefetch("milestones", Milestone.objects.order_by("order", "id")),
        Prefetch("risks", Risk.objects.order_by("id")),
    )


@dataclass(frozen=True)
class Links:
    """What an action is tied to, in the order in which a content says it."""

    nodes: list[Node]
    places: list[Municipality]
    partners: list[Partner]


def links_of(action: Action) -> Links:
    return Links(list(action.nodes.all()), list(action.municipalities.all()), list(action.partners.all()))


def action_for_form(user: "Person", public_id: Any) -> Action | None:
    """An action as its form needs it: parts loaded, links as lists of keys (`known_links` makes them objects)."""

    def keys(model: Any, path: str) -> ArraySubquery:
        return ArraySubquery(model.objects.filter(action=OuterRef("pk")).values(path))

    return (
        Action.objects.visible_to(user)
        .filter(public_id=public_id)
        .select_related("lead", "programme", "carried_from", "plan__unit")
        .prefetch_related(
            Prefetch("budget", BudgetLine.objects.order_by("year", "source")),
            Prefetch("milestones", Milestone.objects.order_by("order", "id")),
            Prefetch("risks", Risk.objects.order_by("id")),
        )
        .annotate(
            node_keys=keys(ActionNode, "node__lineage"),
            place_keys=keys(ActionPlace, "municipality__code"),
            partner_keys=keys(ActionPartner, "partner__public_id"),
        )
        .first()
    )


def known_links(action: Any, known: Known) -> Links:
    """The links of `action_for_form` as objects."""
    nodes = [known.nodes[str(key)] for key in action.node_keys]
    return Links(
        sorted(nodes, key=lambda node: (node.kind, node.code)),
        [known.places[code] for code in sorted(action.place_keys)],
        [known.partners[key] for key in sorted(str(key) for key in action.partner_keys)],
    )


def content_of(plan: ActionPlan) -> dict[str, Any]:
    """A plan as its versions, its amendments and its workbook say it: plain JSON, in a fixed order."""
    actions = actions_with_all(Action.objects.filter(plan=plan)).order_by("code", "key")
    return {
        "unit": plan.unit.code,
        "year": plan.year,
        "title": plan.title,
        "summary": plan.summary,
        "actions": [content_of_action(action) for action in actions],
    }


def content_of_action(action: Action, links: Links | None = None) -> dict[str, Any]:
    links = links or links_of(action)
    return {
        "key": str(action.key),
        "code": action.code,
        "title": action.title,
        "description": action.description,
        "scope": action.scope,
        "serves": [
            {"kind": node.kind, "code": node.code, "wording": node.wording, "lineage": str(node.lineage)}
            for node in links.nodes
        ],
        "municipalities": [place.code for place in links.places],
        "lead": action.lead.code if action.lead else None,
        "partners": [{"id": str(partner.public_id), "name": partner.name} for partner in links.partners],
        "programme": action.programme.code if action.programme else None,
        "target_group": action.target_group,
        "people_expected": action.people_expected,
        "starts_on": action.starts_on.isoformat(),
        "ends_on": action.ends_on.isoformat(),
        "weight": f"{action.weight:.2f}",
        "carried_from": str(action.carried_from.public_id) if action.carried_from else None,
        "milestones": [
            {
                "id": str(milestone.public_id),
                "title": milestone.title,
                "due_on": milestone.due_on.isoformat(),
                "weight": f"{milestone.weight:.2f}",
            }
            for milestone in action.milestones.all()
        ],
        "budget": [
            {"year": line.year, "source": line.source, "amount": f"{line.amount:.2f}"} for line in action.budget.all()
        ],
        "risks": [
            {
                "description": risk.description,
                "likelihood": risk.likelihood,
                "impact": risk.impact,
                "mitigation": risk.mitigation,
            }
            for risk in action.risks.all()
        ],
    }


def text_of(plan: ActionPlan) -> str:
    """The bytes of which a version's digest is taken."""
    return canonical(content_of(plan))


def agreed_content(amendment: PlanAmendment) -> dict[str, Any]:
    """What an amendment is compared with: the plan as it is, or as it was before the amendment was applied."""
    applied = PlanVersion.objects.filter(amendment=amendment).first()
    if applied is None:
        return content_of(amendment.plan)
    before = PlanVersion.objects.get(plan=amendment.plan_id, number=applied.number - 1)
    return json.loads(before.content)


def served_nodes() -> QuerySet[Node]:
    """The operational responses and action lines of the edition in force, in reading order."""
    return (
        Node.objects.filter(framework__state=FrameworkState.IN_FORCE, kind__in=SERVED_KINDS)
        .select_related("framework", "parent__parent__parent")
        .order_by("kind", "code")
    )


def path_of(node: Node) -> list[Node]:
    """What a node stands under, from the top, where that is loaded with it."""
    path: list[Node] = []
    while node.parent_id is not None and node.parent is not None:
        node = node.parent
        path.insert(0, node)
    return path


def group_of(node: Node) -> str:
    """The problem area of a response, the strategic action of a line, with what stands above it."""
    path = [above for above in path_of(node) if above.kind != NodeKind.FOCUS_HEADING]
    return " › ".join([*(above.code for above in path[:-1]), *(f"{a.code} {a.wording}" for a in path[-1:])])


def known_for(plan: ActionPlan, content: Mapping[str, Any] | None = None) -> Known:
    """The edition in force, and what the plan was already tied to, whatever the edition.

    `content`: one that was agreed; what it names is known from the latest edition that has it.
    """
    agreed = {node["lineage"] for action in (content or {}).get("actions", ()) for node in action["serves"]}
    named = {
        code
        for action in (content or {}).get("actions", ())
        for code in [*action["municipalities"], action["lead"]]
        if code
    }
    held = Q(pk__in=ActionPlace.objects.filter(action__plan=plan).values("municipality"))
    held |= Q(pk__in=Action.objects.filter(plan=plan).values("lead"))
    places = Municipality.objects.filter(Q(valid_to__isnull=True) | held | Q(code__in=named))
    in_force = Q(framework__state=FrameworkState.IN_FORCE)
    tied = Q(pk__in=ActionNode.objects.filter(action__plan=plan).values("node"))
    found = Node.objects.filter(in_force | tied | Q(lineage__in=agreed), kind__in=SERVED_KINDS).annotate(
        # What is tied stays tied to the edition it was agreed under; else the edition in force, else the latest.
        rank=Case(When(tied, then=2), When(in_force, then=1), default=0, output_field=IntegerField())
    )
    nodes = {
        str(node.lineage): node
        for node in found.select_related("framework", "parent__parent__parent").order_by("rank", "framework_id")
    }
    return Known(
        year=plan.year,
        nodes=nodes,
        # Of a code that was given anew, the municipality of today.
        places={place.code: place for place in places.order_by(F("valid_to").asc(nulls_last=True))},
        partners={str(partner.public_id): partner for partner in Partner.objects.all()},
        programmes={programme.code: programme for programme in Programme.objects.all()},
    )


def present_nodes(action: Action) -> QuerySet[Node]:
    """What an action serves, as the edition in force has it."""
    return served_nodes().filter(lineage__in=action.nodes.values("lineage"))


def free_code(plan: ActionPlan, wanted: str = "") -> str:
    """The code wanted, or the plan's next free one: A01, A02 and so on."""
    taken = set(plan.actions.values_list("code", flat=True))
    if wanted and wanted not in taken:
        return wanted
    return next(code for number in range(1, len(taken) + 2) if (code := f"A{number:02d}") not in taken)

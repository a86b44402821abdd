"""Questions about editions and their nodes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from axes.choices import KIND_SLUGS, FrameworkState, NodeKind
from axes.formulas.difference import Difference, Said, difference
from axes.models import CrossReference, Erratum, Framework, LocalPlan, LocalPlanPriority, Node
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

DATA = Path(__file__).resolve().parent.parent / "data"
FOUNDING_EDITION = DATA / "framework-2014.json"

# How many priority axes have a colour of their own.
ACCENTS = {"EP1": "ep1", "EP2": "ep2", "EP3": "ep3", "EP4": "ep4"}


def edition_of(user: "User | AnonymousUser", code: str = "") -> Framework | None:
    """The edition with this code, the one in force without a code; None where there is none or it may not be seen."""
    visible = Framework.objects.visible_to(user)
    return (visible.filter(code=code) if code else visible.in_force()).first()


def in_reading_order(nodes: QuerySet[Node]) -> QuerySet[Node]:
    """Siblings as the edition orders them."""
    return nodes.order_by("order", "id")


@dataclass
class Branch:
    """A node with what stands under it, so that a page asks the database once for a whole edition."""

    node: Node
    path: tuple[Node, ...]
    children: list["Branch"] = field(default_factory=list)

    def of(self, kind: NodeKind) -> list["Branch"]:
        return [child for child in self.children if child.node.kind == kind]

    def below(self) -> Iterable["Branch"]:
        for child in self.children:
            yield child
            yield from child.below()

    @property
    def accent(self) -> str:
        """The colour of the priority axis that it stands under or is."""
        top = self.path[0] if self.path else self.node
        return ACCENTS.get(top.code, "") if top.kind == NodeKind.PRIORITY_AXIS else ""

    @property
    def slug(self) -> str:
        return KIND_SLUGS[NodeKind(self.node.kind)]

    @property
    def focus_headings(self) -> list["Branch"]:
        return self.of(NodeKind.FOCUS_HEADING)

    @property
    def problem_areas(self) -> list["Branch"]:
        return self.of(NodeKind.PROBLEM_AREA)

    @property
    def response_count(self) -> int:
        return sum(1 for branch in self.below() if branch.node.kind == NodeKind.OPERATIONAL_RESPONSE)


@dataclass
class Tree:
    """All that an edition says, in reading order."""

    framework: Framework
    tops: list[Branch]
    by_key: dict[int, Branch]

    def of(self, kind: NodeKind) -> list[Branch]:
        """The branches of a kind, from first to last."""
        return [branch for top in self.tops for branch in (top, *top.below()) if branch.node.kind == kind]


def tree_of(framework: Framework) -> Tree:
    """An edition's tree, by one query."""
    order = list(NodeKind)
    nodes = sorted(framework.nodes.all(), key=lambda node: (order.index(NodeKind(node.kind)), node.order, node.pk))
    below: dict[int | None, list[Node]] = {}
    for node in nodes:
        node.framework = framework
        below.setdefault(node.parent_id, []).append(node)
    by_key: dict[int, Branch] = {}

    def branch(node: Node, path: tuple[Node, ...]) -> Branch:
        made = by_key[node.pk] = Branch(node, path)
        made.children = [branch(child, (*path, node)) for child in below.get(node.pk, ())]
        return made

    return Tree(framework, [branch(node, ()) for node in below.get(None, ())], by_key)


def path_of(node: Node) -> list[Node]:
    """The node's ancestors, from the top; asks once per level that is not loaded."""
    path: list[Node] = []
    above = node.parent
    while above is not None:
        path.insert(0, above)
        above = above.parent
    return path


def references_of(node: Node) -> tuple[list[CrossReference], list[CrossReference]]:
    """(what it refers to, what refers to it)."""
    given = node.references.select_related("target").order_by("target__kind", "target__order", "id")
    taken = node.referred_by.select_related("source").order_by("source__kind", "source__order", "id")
    return list(given), list(taken)


def errata_of(framework: Framework, node: Node | None = None) -> QuerySet[Erratum]:
    found = framework.errata.select_related("node").order_by("id")
    return found if node is None else found.filter(node=node)


def said(framework: Framework) -> list[Said]:
    """An edition in the shape that `formulas.difference` compares, in reading order."""
    tree = tree_of(framework)
    lineages = {key: branch.node.lineage for key, branch in tree.by_key.items()}
    return [
        Said(
            key=branch.node.pk,
            lineage=branch.node.lineage,
            kind=branch.node.kind,
            code=branch.node.code,
            wording=branch.node.wording,
            focus=branch.node.focus,
            parent=lineages.get(branch.node.parent_id) if branch.node.parent_id else None,
            split_from=branch.node.split_from,
        )
        for top in tree.tops
        for branch in (top, *top.below())
    ]


def difference_of(old: Framework, new: Framework) -> Difference:
    """What the new edition added, dropped, renamed, moved and split."""
    return difference(said(old), said(new))


# Local plans --------------------------------------------------------------------------------------------------------


def local_plans(user: "User | AnonymousUser") -> QuerySet[LocalPlan]:
    """Those that this person may see, with their priorities and problem areas."""
    return (
        LocalPlan.objects.visible_to(user)
        .select_related("municipality")
        .prefetch_related(
            Prefetch(
                "priorities",
                LocalPlanPriority.objects.select_related("problem_area__framework", "problem_area__parent").order_by("order", "id"),
            )
        )
    )


def priorities_on(user: "User | AnonymousUser", lineage: UUID) -> QuerySet[LocalPlanPriority]:
    """The priorities of visible local plans that are tied to a problem area, in whichever edition."""
    return (
        LocalPlanPriority.objects.filter(problem_area__lineage=lineage, plan__in=LocalPlan.objects.visible_to(user))
        .select_related("plan__municipality")
        .order_by("plan__municipality__name", "-plan__starts_on", "order")
    )


@dataclass(frozen=True)
class Sharing:
    """A municipality and the priorities by which its plans share a problem area (none: it does not)."""

    municipality: Municipality
    priorities: list[LocalPlanPriority]


def sharing(municipalities: Iterable[Municipality], priorities: Iterable[LocalPlanPriority]) -> list[Sharing]:
    by_place: dict[int, list[LocalPlanPriority]] = {}
    for priority in priorities:
        by_place.setdefault(priority.plan.municipality_id, []).append(priority)
    return [Sharing(place, by_place.get(place.pk, [])) for place in municipalities]


def problem_areas_for_plans() -> QuerySet[Node]:
    """The problem areas that a local plan's priority can be tied to: those of the edition in force."""
    return (
        Node.objects.filter(kind=NodeKind.PROBLEM_AREA, framework__state=FrameworkState.IN_FORCE)
        .select_related("parent", "framework")
        .order_by("parent__order", "order", "id")
    )

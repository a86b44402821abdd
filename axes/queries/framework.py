"""Questions about editions and their nodes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from axes.choices import KIND_SLUGS, FrameworkState, NodeKind
from axes.formulas.difference import Difference, Said, difference
from axes.models import CrossReference, Erratum, Framework, LocalPlan, LocalPlanPriority, Node
from axes.rules import sees_drafts, writes_for
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

    def find(self, kind: str, code: str) -> Branch | None:
        return next((b for b in self.by_key.values() if b.node.kind == kind and b.node.code == code), None)

    def of(self, kind: NodeKind) -> list[Branch]:
        """The branches of a kind, from first to last."""
        return [branch for top in self.tops for branch in (top, *top.below()) if branch.node.kind == kind]


def tree_of(framework: Framework) -> Tree:
    """An edition's tree, by one query."""
    return planted(framework, framework.nodes.all())


def visible_tree(user: "User | AnonymousUser", code: str = "") -> Tree | None:
    """The tree of the edition with this code (in force without), edition and all by one query; None as `edition_of`."""
    editions = Framework.objects.visible_to(user)
    editions = editions.filter(code=code) if code else editions.in_force()
    nodes = list(Node.objects.filter(framework__in=editions).select_related("framework"))
    if nodes:
        return planted(nodes[0].framework, nodes)
    framework = edition_of(user, code)  # an edition may still be empty
    return planted(framework, []) if framework else None


def planted(framework: Framework, rows: Iterable[Node]) -> Tree:
    order = {kind.value: place for place, kind in enumerate(NodeKind)}
    below: dict[int | None, list[Node]] = {}
    for node in sorted(rows, key=lambda node: (order[node.kind], node.order, node.pk)):
        node.framework = framework
        below.setdefault(node.parent_id, []).append(node)
    by_key: dict[int, Branch] = {}

    def branch(node: Node, path: tuple[Node, ...]) -> Branch:
        made = by_key[node.pk] = Branch(node, path)
        made.children = [branch(child, (*path, node)) for child in below.get(node.pk, ())]
        return made

    return Tree(framework, [branch(node, ()) for node in below.get(None, ())], by_key)


def references_of(node: Node) -> tuple[list[CrossReference], list[CrossReference]]:
    """(what it refers to, what refers to it), by one query."""
    found = list(
        CrossReference.objects.filter(Q(source=node) | Q(target=node))
        .select_related("source", "target")
        .order_by("target__kind", "target__order", "source__kind", "source__order", "id")
    )
    return [r for r in found if r.source_id == node.pk], [r for r in found if r.target_id == node.pk]


def errata_of(framework: Framework, node: Node | None = None) -> QuerySet[Erratum]:
    found = framework.errata.select_related("node").order_by("id")
    return found if node is None else found.filter(node=node)


def said(tree: Tree) -> list[Said]:
    """An edition in the shape that `formulas.difference` compares, in reading order."""
    return [
        Said(
            key=branch.node.pk,
            lineage=branch.node.lineage,
            kind=branch.node.kind,
            code=branch.node.code,
            wording=branch.node.wording,
            focus=branch.node.focus,
            parent=branch.path[-1].lineage if branch.path else None,
            split_from=branch.node.split_from,
        )
        for top in tree.tops
        for branch in (top, *top.below())
    ]


def difference_of(old: Framework, new: Framework) -> Difference:
    """What the new edition added, dropped, renamed, moved and split."""
    return difference(said(tree_of(old)), said(tree_of(new)))


# Local plans --------------------------------------------------------------------------------------------------------


def local_plans(user: "User | AnonymousUser") -> QuerySet[LocalPlan]:
    """Those that this person may see, with their priorities and problem areas."""
    return (
        LocalPlan.objects.visible_to(user)
        .select_related("municipality")
        .prefetch_related(
            Prefetch(
                "priorities",
                LocalPlanPriority.objects.select_related("problem_area__framework", "problem_area__parent").order_by(
                    "order", "id"
                ),
            )
        )
    )


def places_to_write_for(user: "User | AnonymousUser") -> QuerySet[Municipality]:
    """The municipalities whose local plans this person may enter."""
    present = Municipality.objects.filter(valid_to__isnull=True)
    if sees_drafts(user):
        return present
    if not user.is_authenticated:
        return present.none()
    return present.filter(pk__in=[place for _role, place in user.held_assignments if writes_for(user, place)])


def plans_after(plans: QuerySet[LocalPlan], cursor: str, size: int) -> tuple[list[LocalPlan], str]:
    """A page of plans, the newest first, and the cursor of the next ("" where there is none).

    A cursor is `first day_key` of the last plan shown; one that is no cursor begins at the beginning.
    """
    plans = plans.order_by("-starts_on", "-id")
    day, _mark, key = cursor.partition("_")
    try:
        begin, pk = date.fromisoformat(day), int(key)
    except ValueError:
        pass
    else:
        plans = plans.filter(Q(starts_on__lt=begin) | Q(starts_on=begin, pk__lt=pk))
    found = list(plans[: size + 1])
    more = len(found) > size
    found = found[:size]
    return found, f"{found[-1].starts_on.isoformat()}_{found[-1].pk}" if more else ""


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

"""Changes of the nodes of an open edition."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, ProtectedError, Q
from django.utils.translation import gettext_lazy as _

from axes.actions.framework import change, check_open, identity, locked_framework, locked_node, saved
from axes.choices import PARENT_KINDS, Focus, NodeKind
from axes.models import CrossReference, Framework, Node
from axes.queries.framework import in_reading_order
from refamp.audit.actions import record
from refamp.base.errors import Refused

EDITED = ("code", "wording", "focus", "note")


def check_place(framework: Framework, kind: str, parent: Node | None) -> None:
    """Refuse, in words, what the trigger would refuse too."""
    allowed = PARENT_KINDS[NodeKind(kind)]
    if (NodeKind(parent.kind) if parent else None) not in allowed:
        raise Refused(_("A node of this kind cannot stand there."), code="wrong_parent", field="parent")
    if parent and parent.framework_id != framework.pk:
        raise Refused(_("A node stands in the edition of what it stands under."), code="other_edition", field="parent")


def check_code(framework: Framework, kind: str, code: str, node: Node | None = None) -> None:
    if framework.nodes.filter(kind=kind, code=code).exclude(pk=node.pk if node else 0).exists():
        raise Refused(_("This edition already has a node of this kind with this code."), code="taken", field="code")


def last_order(framework: Framework, kind: str, parent: Node | None) -> int:
    return framework.nodes.filter(kind=kind, parent=parent).aggregate(last=Max("order"))["last"] or 0


@transaction.atomic
def add_node(
    *,
    actor: Any,
    framework: Framework,
    kind: str,
    parent: Node | None,
    code: str,
    wording: str,
    focus: Focus | str | None = None,
    note: str = "",
) -> Node:
    """Add a node at the end of its siblings. Its code is ours, not printed."""
    found = locked_framework(framework)
    check_open(actor, found)
    check_place(found, kind, parent)
    check_code(found, kind, code)
    node = Node.objects.create(
        framework=found,
        kind=kind,
        parent=parent,
        code=code,
        code_is_printed=False,
        order=last_order(found, kind, parent) + 1,
        wording=wording,
        focus=focus or None,
        note=note,
    )
    record(
        actor=actor,
        action="node.added",
        obj=node,
        after={"node": identity(node), "under": identity(parent), "wording": wording},
    )
    return node


@transaction.atomic
def rename_node(
    *,
    actor: Any,
    node: Node,
    version: int | None,
    wording: str,
    code: str | None = None,
    focus: str | None = None,
    note: str | None = None,
) -> Node:
    """Change what a node says: wording, code, focus, note. Code and note stay where they are not given."""
    found = locked_node(actor, node, version)
    new: dict[str, Any] = {"wording": wording, "focus": focus or None}
    if note is not None:
        new["note"] = note
    if code is not None and code != found.code:
        check_code(found.framework, found.kind, code, found)
        new |= {"code": code, "code_is_printed": False}
    return change(actor, found, "node.renamed", new)


@transaction.atomic
def move_node(*, actor: Any, node: Node, version: int | None, parent: Node | None, code: str | None = None) -> Node:
    """Put a node, with all that stands under it, under another parent, at the end."""
    found = locked_node(actor, node, version)
    check_place(found.framework, found.kind, parent)
    if parent == found.parent and code in {None, found.code}:
        return found
    before = {"under": identity(found.parent), "code": found.code}
    changes: dict[str, Any] = {}
    if parent != found.parent:
        changes |= {"parent": parent, "order": last_order(found.framework, found.kind, parent) + 1}
    if code is not None and code != found.code:
        check_code(found.framework, found.kind, code, found)
        changes |= {"code": code, "code_is_printed": False}
    saved(found, changes)
    record(
        actor=actor,
        action="node.moved",
        obj=found,
        before=before,
        after={"under": identity(parent), "code": found.code},
    )
    return found


@transaction.atomic
def split_node(
    *, actor: Any, node: Node, version: int | None, wording: str, parts: Sequence[tuple[str, str]]
) -> list[Node]:
    """Split a node: it keeps its lineage, its children and its references with `wording`; each part is (code, wording).

    The parts stand beside it and remember its lineage as what they were split from.
    """
    found = locked_node(actor, node, version)
    if not parts:
        raise Refused(_("Say into what it is split."), code="no_parts", field="part_wording")
    before = {"wording": found.wording}
    saved(found, {"wording": wording})
    made = [found]
    for code, text in parts:
        check_code(found.framework, found.kind, code)
        made.append(
            Node.objects.create(
                framework=found.framework,
                kind=found.kind,
                parent=found.parent,
                code=code,
                code_is_printed=False,
                order=last_order(found.framework, found.kind, found.parent) + 1,
                wording=text,
                focus=found.focus,
                lineage=uuid4(),
                split_from=found.lineage,
            )
        )
    record(
        actor=actor,
        action="node.split",
        obj=found,
        before=before,
        after={"into": [f"{part.code} {part.wording}" for part in made]},
    )
    return made


@transaction.atomic
def drop_node(*, actor: Any, node: Node, version: int | None, reason: str = "") -> None:
    """Take a node out of an open edition, with its cross-references and errata; refused while anything stands on it."""
    found = locked_node(actor, node, version)
    if found.children.exists():
        raise Refused(_("Drop or move what stands under it first."), code="has_children")
    record(
        actor=actor,
        action="node.dropped",
        obj=found,
        before={"node": identity(found), "under": identity(found.parent), "wording": found.wording},
        reason=reason,
    )
    CrossReference.objects.filter(Q(source=found) | Q(target=found)).delete()
    found.errata.all().delete()
    try:
        found.delete()
    except ProtectedError as error:
        raise Refused(_("A consultation or a local plan points at it."), code="in_use") from error


@transaction.atomic
def order_node(*, actor: Any, node: Node, version: int | None, up: bool) -> Node:
    """Exchange a node's place with its neighbour of the same kind under the same parent."""
    found = locked_node(actor, node, version)
    siblings = list(
        in_reading_order(found.framework.nodes.filter(kind=found.kind, parent=found.parent)).select_for_update(
            of=("self",)
        )
    )
    here = siblings.index(found)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(siblings):
        return found
    before = [sibling.code for sibling in siblings]
    siblings[here], siblings[there] = siblings[there], siblings[here]
    for place, sibling in enumerate(siblings, 1):
        if sibling.order != place:
            saved(sibling, {"order": place})
    record(
        actor=actor,
        action="node.reordered",
        obj=found,
        before={"order": before},
        after={"order": [sibling.code for sibling in siblings]},
    )
    return next(sibling for sibling in siblings if sibling.pk == found.pk)

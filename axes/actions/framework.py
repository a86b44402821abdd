"""Changes of the editions of the referential and of their nodes.

Only open editions change; the database refuses others.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import FRAMEWORK_MOVES, PARENT_KINDS, Focus, FrameworkState, NodeKind
from axes.models import CrossReference, Erratum, Framework, Node
from axes.queries.framework import in_reading_order
from axes.rules import may_copy_framework, may_edit_framework
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move

EDITED = ("code", "wording", "focus", "note")


def locked_framework(framework: Framework, version: int | None = None) -> Framework:
    """The edition, locked; `version` given and not the present one is refused."""
    found = Framework.objects.select_for_update().get(pk=framework.pk)
    check_version(found, version)
    return found


def locked_node(actor: Any, node: Node, version: int | None = None) -> Node:
    """The node of an edition that this person may edit, both locked, the edition first."""
    framework = locked_framework(node.framework)
    check_open(actor, framework)
    found = Node.objects.select_for_update(of=("self",)).select_related("parent").filter(pk=node.pk).first()
    if found is None:
        raise Refused(_("Somebody else has dropped this node."), code="gone")
    check_version(found, version)
    found.framework = framework
    return found


def check_version(obj: Any, version: int | None) -> None:
    if version is not None and obj.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=obj)


def check_open(actor: Any, framework: Framework) -> None:
    """Refuse what may never be done (edition in force) apart from what this person may not do."""
    if framework.state not in {FrameworkState.DRAFT, FrameworkState.IN_CONSULTATION}:
        raise Refused(_("An edition in force or superseded never changes."), code="frozen")
    if not may_edit_framework(actor, framework):
        raise NotAllowed


def saved(obj: Any, changes: Mapping[str, Any]) -> Any:
    """Write the fields that changed, with one version more."""
    for field, value in changes.items():
        setattr(obj, field, value)
    obj.version += 1
    obj.save(update_fields=[*changes, "version", "updated_at"])
    return obj


def identity(node: Node | None) -> str | None:
    """How the record names a node."""
    return None if node is None else f"{node.kind}:{node.code}"


# Editions -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def load_framework(*, actor: Any, data: Mapping[str, Any]) -> tuple[Framework, bool]:
    """Put the founding edition in force from its data file. The answer says whether anything was written.

    The same again writes nothing. Raises Refused where the edition is there with another content, or where another
    edition is in force: an edition in force never changes.
    """
    found = Framework.objects.select_for_update().filter(code=data["code"]).first()
    if found is not None:
        if contents(found) != expected_contents(data):
            raise Refused(
                _("The edition %(code)s is there with another content; it is left as it is.") % {"code": found.code},
                code="differs",
            )
        return found, False
    other = Framework.objects.in_force().first()
    if other is not None:
        raise Refused(
            _("Another edition is in force: %(title)s (%(code)s).") % {"title": other, "code": other.code},
            code="other_in_force",
        )
    framework = Framework.objects.create(
        code=data["code"],
        title=data["title"],
        document_date=date.fromisoformat(data["document_date"]),
        source=data["source"],
        founding_note=data["founding_note"],
        created_by=actor,
    )
    nodes: dict[str, Node] = {}
    for row in data["nodes"]:
        nodes[f"{row['kind']}:{row['code']}"] = Node.objects.create(
            framework=framework,
            kind=row["kind"],
            code=row["code"],
            code_is_printed=row["printed"],
            parent=nodes[row["parent"]] if row["parent"] else None,
            order=row["order"],
            wording=row["wording"],
            focus=row.get("focus"),
            note=row.get("note", ""),
        )
    CrossReference.objects.bulk_create(
        CrossReference(
            source=nodes[row["source"]],
            target=nodes[row["target"]],
            kind=row["kind"],
            origin=row["origin"],
            note=row.get("note", ""),
        )
        for row in data["cross_references"]
    )
    Erratum.objects.bulk_create(
        Erratum(
            framework=framework,
            node=nodes[row["node"]] if row["node"] else None,
            place=row["place"],
            printed=row["printed"],
            reading=row["reading"],
        )
        for row in data["errata"]
    )
    put_in_force(actor=actor, framework=framework, act=data["founding_note"])
    framework.refresh_from_db()
    return framework, True


def expected_contents(data: Mapping[str, Any]) -> dict[str, Any]:
    """The file in the shape of `contents`."""
    return {
        "head": (data["title"], data["document_date"], data["source"], data["founding_note"]),
        "nodes": sorted(
            (
                row["kind"],
                row["code"],
                row["printed"],
                row["parent"] or "",
                row["order"],
                row["wording"],
                row.get("focus") or "",
                row.get("note", ""),
            )
            for row in data["nodes"]
        ),
        "references": sorted(
            (row["source"], row["target"], row["kind"], row["origin"], row.get("note", ""))
            for row in data["cross_references"]
        ),
        "errata": sorted((row["node"] or "", row["place"], row["printed"], row["reading"]) for row in data["errata"]),
    }


def contents(framework: Framework) -> dict[str, Any]:
    """All that an edition says, comparable."""
    nodes = framework.nodes.select_related("parent")
    references = CrossReference.objects.filter(source__framework=framework).select_related("source", "target")
    return {
        "head": (
            framework.title,
            framework.document_date.isoformat() if framework.document_date else "",
            framework.source,
            framework.founding_note,
        ),
        "nodes": sorted(
            (n.kind, n.code, n.code_is_printed, identity(n.parent) or "", n.order, n.wording, n.focus or "", n.note)
            for n in nodes
        ),
        "references": sorted((identity(r.source), identity(r.target), r.kind, r.origin, r.note) for r in references),
        "errata": sorted(
            (identity(e.node) or "", e.place, e.printed, e.reading) for e in framework.errata.select_related("node")
        ),
    }


@transaction.atomic
def put_in_force(*, actor: Any, framework: Framework, act: str) -> Framework:
    """Put an edition in force and supersede the one that was. `act` names what decided it and becomes the reason.

    No door calls this: the founding loader does, and later a deliberation that passed.
    """
    present = list(
        Framework.objects.select_for_update()
        .filter(Q(pk=framework.pk) | Q(state=FrameworkState.IN_FORCE))
        .order_by("pk")
    )
    chosen = next(edition for edition in present if edition.pk == framework.pk)
    check_move(FRAMEWORK_MOVES, chosen.state, FrameworkState.IN_FORCE)
    now = timezone.now()
    for old in present:
        if old.pk != chosen.pk:
            saved(old, {"state": FrameworkState.SUPERSEDED, "superseded_at": now})
            record(
                actor=actor,
                action="framework.superseded",
                obj=old,
                before={"state": FrameworkState.IN_FORCE},
                after={"state": FrameworkState.SUPERSEDED},
                reason=act,
            )
    before = chosen.state
    saved(chosen, {"state": FrameworkState.IN_FORCE, "in_force_since": now})
    record(
        actor=actor,
        action="framework.put_in_force",
        obj=chosen,
        before={"state": before},
        after={"state": FrameworkState.IN_FORCE},
        reason=act,
    )
    return chosen


@transaction.atomic
def copy_framework(*, actor: Any, framework: Framework, code: str, title: str) -> Framework:
    """Begin a new edition as a draft copy: nodes keep their lineage, cross-references and errata come along.

    The founding note stays behind: it speaks of the standing of the old edition only.
    """
    if not may_copy_framework(actor):
        raise NotAllowed
    if Framework.objects.filter(code=code).exists():
        raise Refused(_("There is already an edition with this code."), code="taken", field="code")
    copy = Framework.objects.create(
        code=code, title=title, based_on=framework, source=framework.source, created_by=actor
    )
    copies: dict[int, Node] = {}
    for layer in layers(framework.nodes.order_by("order", "id")):
        made = Node.objects.bulk_create(
            Node(
                framework=copy,
                kind=node.kind,
                code=node.code,
                code_is_printed=node.code_is_printed,
                parent=copies[node.parent_id] if node.parent_id else None,
                order=node.order,
                wording=node.wording,
                focus=node.focus,
                note=node.note,
                lineage=node.lineage,
                split_from=node.split_from,
            )
            for node in layer
        )
        copies.update(zip((node.pk for node in layer), made, strict=True))
    CrossReference.objects.bulk_create(
        CrossReference(
            source=copies[r.source_id], target=copies[r.target_id], kind=r.kind, origin=r.origin, note=r.note
        )
        for r in CrossReference.objects.filter(source__framework=framework).order_by("id")
    )
    Erratum.objects.bulk_create(
        Erratum(
            framework=copy,
            node=copies[e.node_id] if e.node_id else None,
            place=e.place,
            printed=e.printed,
            reading=e.reading,
        )
        for e in framework.errata.order_by("id")
    )
    record(
        actor=actor,
        action="framework.copied",
        obj=copy,
        after={"code": code, "title": title, "based_on": framework.code},
    )
    return copy


def layers(nodes: Iterable[Node]) -> Iterable[list[Node]]:
    """Nodes from the top down, one list per depth, so that parents exist before their children."""
    left = list(nodes)
    done: set[int | None] = {None}
    while left:
        layer = [node for node in left if node.parent_id in done]
        yield layer
        done |= {node.pk for node in layer}
        left = [node for node in left if node.pk not in done]


@transaction.atomic
def edit_framework(
    *, actor: Any, framework: Framework, version: int, title: str, document_date: date | None, source: str
) -> Framework:
    """Change the head of an open edition."""
    found = locked_framework(framework, version)
    check_open(actor, found)
    return change(actor, found, "framework.edited", {"title": title, "document_date": document_date, "source": source})


@transaction.atomic
def move_framework(*, actor: Any, framework: Framework, state: str, version: int | None = None) -> Framework:
    """Put a draft in consultation, or take it back. What takes an act (in force, superseded) is refused here."""
    found = locked_framework(framework, version)
    if check_move(FRAMEWORK_MOVES, found.state, state) != "coordination":
        raise Refused(_("Only an act of the Council puts an edition in force."), code="needs_act")
    check_open(actor, found)
    return change(actor, found, f"framework.{state}", {"state": state})


def change(actor: Any, obj: Any, action: str, new: Mapping[str, Any]) -> Any:
    """Save what differs, with its record; nothing at all where nothing differs."""
    changes = {field: value for field, value in new.items() if getattr(obj, field) != value}
    if not changes:
        return obj
    before = {field: getattr(obj, field) for field in changes}
    saved(obj, changes)
    record(actor=actor, action=action, obj=obj, before=before, after=changes)
    return obj


# Nodes --------------------------------------------------------------------------------------------------------------


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

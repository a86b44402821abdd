"""Changes of the editions of the referential.

Only open editions change; the database refuses others.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import FRAMEWORK_MOVES, FrameworkState
from axes.models import CrossReference, Erratum, Framework, Node
from axes.rules import may_copy_framework, may_edit_framework
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.states import check_move


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

"""The referential as everybody reads it: an edition, its nodes, the editions and their differences."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from axes.choices import KIND_PLURALS, KIND_SLUGS, PARENT_KINDS, SLUG_KINDS, NodeKind
from axes.filters.framework import DifferenceForm
from axes.formulas.difference import Difference, Said, difference
from axes.models import Framework
from axes.queries.figures import figures_below, figures_of, section
from axes.queries.framework import (
    Branch,
    Tree,
    edition_of,
    errata_of,
    priorities_on,
    references_of,
    said,
    sharing,
    tree_of,
    visible_tree,
)
from axes.rules import may_copy_framework, may_edit_framework
from refamp.audit.rules import sees_audit
from refamp.base.doors import door, everyone
from refamp.territory.models import Municipality


def tree_or_404(request: HttpRequest, code: str = "") -> Tree:
    tree = visible_tree(request.user, code)
    if tree is None:
        raise Http404
    return tree


def edition_or_404(request: HttpRequest, code: str = "") -> Framework:
    framework = edition_of(request.user, code)
    if framework is None:
        raise Http404
    return framework


@door(everyone)
def framework_page(request: HttpRequest) -> HttpResponse:
    """The edition in force, or another by `?edicao=`: what to do and how, with the figures of its consultation."""
    asked = request.GET.get("edicao", "")
    tree = visible_tree(request.user, asked)
    if tree is None:
        if asked:
            raise Http404
        return render(request, "axes/framework/none.html")
    framework = tree.framework
    figures = figures_of(framework, request.user)
    return render(
        request,
        "axes/framework/framework.html",
        {
            "framework": framework,
            "tree": tree,
            "figures": figures,
            "axes": [
                section(f"axis-{axis.node.pk}", axis.problem_areas, figures, axis)
                for axis in tree.of(NodeKind.PRIORITY_AXIS)
            ],
            "actions": section("strategic-actions", tree.of(NodeKind.STRATEGIC_ACTION), figures),
            "bodies": section("governing-bodies", tree.of(NodeKind.GOVERNING_BODY), figures),
            "ideas": tree.of(NodeKind.STRUCTURING_IDEA),
            "opening": tree.of(NodeKind.OPENING_HEADING),
            "errata": errata_of(framework),
            "may_edit": may_edit_framework(request.user, framework),
        },
    )


@door(everyone)
def node_page(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    """One node: where it stands, what it says, what stands under it, what it is tied to."""
    tree = tree_or_404(request, edition)
    branch = tree.find(SLUG_KINDS[kind], code) if kind in SLUG_KINDS else None
    if branch is None:
        raise Http404
    node, framework = branch.node, tree.framework
    given, taken = references_of(node)
    context: dict[str, Any] = {
        "framework": framework,
        "branch": branch,
        "node": node,
        "figures": figures_of(framework, request.user),
        "given": [(reference, tree.by_key[reference.target_id]) for reference in given],
        "taken": [(reference, tree.by_key[reference.source_id]) for reference in taken],
        "errata": errata_of(framework, node),
        "sees_history": sees_audit(request.user),
        # Their figures stand in no column of the document.
        "single": node.kind in {NodeKind.STRATEGIC_ACTION, NodeKind.GOVERNING_BODY},
        "groups": groups_below(branch),
        "addable": [(kind.label, KIND_SLUGS[kind]) for kind in NodeKind if node.kind in PARENT_KINDS[kind]],
        "may_edit": may_edit_framework(request.user, framework),
    }
    context["section"] = figures_below(branch, context["figures"])
    if node.kind == NodeKind.PROBLEM_AREA:
        places = Municipality.objects.valid_on(timezone.localdate())
        context["sharing"] = sharing(places, priorities_on(request.user, node.lineage))
        context["sharing_count"] = sum(1 for each in context["sharing"] if each.priorities)
    return render(request, "axes/framework/node.html", context)


def groups_below(branch: Branch) -> list[tuple[Any, list[Branch]]]:
    """What stands directly under a node, kind by kind, each under its heading."""
    return [(KIND_PLURALS[kind], found) for kind in NodeKind if (found := branch.of(kind))]


@door(everyone)
def editions_page(request: HttpRequest) -> HttpResponse:
    """All editions that this person may see, the newest first."""
    editions = Framework.objects.visible_to(request.user).select_related("based_on").order_by("-id")
    return render(
        request,
        "axes/framework/editions.html",
        {"editions": editions, "may_copy": may_copy_framework(request.user)},
    )


@door(everyone)
def edition_page(request: HttpRequest, edition: str) -> HttpResponse:
    """One edition: its standing, its whole text as a tree, its errata, and, while it is open, the ways to change it."""
    tree = tree_or_404(request, edition)
    framework = tree.framework
    return render(
        request,
        "axes/framework/edition.html",
        {
            "framework": framework,
            "based_on": framework.based_on,
            "kinds": [
                (
                    kind.label,
                    KIND_PLURALS[kind],
                    [branch for branch in tree.tops if branch.node.kind == kind],
                    KIND_SLUGS[kind],
                )
                for kind in NodeKind
                if None in PARENT_KINDS[kind]
            ],
            "errata": errata_of(framework),
            "may_edit": may_edit_framework(request.user, framework),
            "sees_history": sees_audit(request.user),
            "may_copy": may_copy_framework(request.user),
        },
    )


@door(everyone)
def difference_page(request: HttpRequest, edition: str) -> HttpResponse:
    """One edition beside another (`?com=`, by default the one it was based on): what changed."""
    new = edition_or_404(request, edition)
    others = Framework.objects.visible_to(request.user).exclude(pk=new.pk)
    form = DifferenceForm(request.GET or None, editions=others)
    asked = request.GET.get("com", "")
    if asked:
        old = others.filter(code=asked).first()
        if old is None:
            raise Http404
    else:
        old = others.filter(pk=new.based_on_id or 0).first()
        if old is None and (first := others.order_by("id").first()) is not None:
            return redirect(f"{request.path}?com={first.code}")
    context: dict[str, Any] = {"framework": new, "old": old, "form": form}
    if old is not None:
        before, after = tree_of(old), tree_of(new)
        found = difference(said(before), said(after))
        context |= {"difference": found, "rows": rows_of(found, before, after)}
    return render(request, "axes/framework/difference.html", context)


def rows_of(found: Difference, before: Tree, after: Tree) -> list[dict[str, Any]]:
    """One line per change: what it is, and the two sides of it."""

    def row(label: Any, old: Said | None, new: list[Said]) -> dict[str, Any]:
        some = old or new[0]
        return {
            "label": label,
            "kind": NodeKind(some.kind).label,
            "old": before.by_key[old.key] if old else None,
            "new": [after.by_key[each.key] for each in new],
        }

    return [
        *(row(_("renamed"), old, [new]) for old, new, _fields in found.renamed),
        *(row(_("moved"), old, [new]) for old, new in found.moved),
        *(row(_("split"), old, new) for old, new in found.split),
        *(row(_("added"), None, [new]) for new in found.added),
        *(row(_("dropped"), old, []) for old in found.dropped),
    ]

"""The founding edition: loaded from its data file, once."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.actions.framework import identity, put_in_force
from axes.models import CrossReference, Erratum, Framework, Node
from refamp.base.errors import Refused


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

"""A plan's content in words, for pages that show versions and differences."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from refamp.base.templatetags.refamp import day, decimal, euro
from units.choices import ActionScope, BudgetSource, Level
from units.formulas.plans import Changed, Difference, changes
from units.queries.plans import Known

LABELS: dict[str, str | Promise] = {
    "title": _("Title"),
    "summary": _("Summary"),
    "code": _("Code"),
    "description": _("Description"),
    "scope": _("Scope"),
    "serves": _("Serves"),
    "municipalities": _("Municipalities"),
    "lead": _("Led by"),
    "partners": _("Partners"),
    "programme": _("Programme"),
    "target_group": _("Target group"),
    "people_expected": _("People to be reached"),
    "starts_on": _("From"),
    "ends_on": _("Until"),
    "weight": _("Weight"),
    "carried_from": _("Carried over"),
    "milestones": _("Milestones"),
    "budget": _("Budget"),
    "risks": _("Risks"),
}


def lines_of(field: str, value: Any) -> list[str]:
    """A field of a content as lines of text; an empty list where it says nothing."""
    if value in (None, "", []):
        return []
    by_field = {
        "serves": lambda each: f"{each['code']} {each.get('wording', '')}",
        "partners": lambda each: each.get("name") or each["id"],
        "milestones": lambda each: f"{day(each['due_on'])} · {each['title']} ({decimal(Decimal(each['weight']))})",
        "budget": lambda each: f"{each['year']} · {BudgetSource(each['source']).label}: {euro(each['amount'])}",
        "risks": told_risk,
    }
    if isinstance(value, list):
        return [by_field.get(field, str)(each) for each in value]
    if field in {"starts_on", "ends_on"}:
        return [day(value)]
    if field == "scope":
        return [str(ActionScope(value).label)]
    if field == "weight":
        return [decimal(Decimal(value))]
    return [str(value)]


def told_risk(risk: Mapping[str, Any]) -> str:
    levels = f"{Level(risk['likelihood']).label} / {Level(risk['impact']).label}"
    return f"{risk['description']} ({levels}){': ' if risk['mitigation'] else ''}{risk['mitigation']}"


def shown_change(change: Changed) -> dict[str, Any]:
    return {
        "label": LABELS.get(change.field, change.field),
        "before": lines_of(change.field, change.before),
        "after": lines_of(change.field, change.after),
    }


def shown_difference(found: Difference) -> dict[str, Any]:
    """A difference for a template: everything in words."""
    return {
        "head": [shown_change(change) for change in found.head],
        "added": found.added,
        "removed": found.removed,
        "changed": [
            {"action": action, "fields": [shown_change(change) for change in fields]}
            for action, fields in found.changed
        ],
        "unchanged": found.unchanged,
        "any": bool(found),
    }


def shown_content_difference(saved: Mapping[str, Any], yours: Mapping[str, Any], known: Known) -> list[dict[str, Any]]:
    """Where a saved action and an unsaved one differ, as `axes/framework/stale.html` shows it."""
    rows = []
    for change in changes(saved, in_words(yours, known), leaving=frozenset({"key", "carried_from"})):
        before, after = lines_of(change.field, change.before), lines_of(change.field, change.after)
        if before != after:
            rows.append(
                {"label": LABELS.get(change.field, change.field), "saved": "; ".join(before), "yours": "; ".join(after)}
            )
    return rows


def in_words(content: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """A form's content with the names that it leaves out."""
    nodes = [known.nodes[each["lineage"]] for each in content["serves"]]
    return {
        **content,
        "serves": [{"code": node.code, "wording": node.wording} for node in nodes],
        "partners": [{"id": each["id"], "name": known.partners[each["id"]].name} for each in content["partners"]],
    }

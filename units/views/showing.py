"""A plan's content in words, for pages that show versions and differences."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from refamp.base.templatetags.refamp import day, decimal, euro, whole
from refamp.base.templatetags.refamp import percent as shown_percent
from units.choices import CONTENT_LABELS, ActionScope, ActionStatus, BudgetSource, Level
from units.formulas.plans import Changed, Difference, changes, percent
from units.queries.plan_content import Known, path_of


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
        "label": CONTENT_LABELS.get(change.field, change.field),
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


def shown_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """A content for a template: everything in words."""
    left_out = {"key", "code", "title", "description", "carried_from"}
    actions = [
        {
            **{name: action[name] for name in ("code", "title", "description")},
            "rows": [
                {"label": CONTENT_LABELS.get(name, name), "lines": lines_of(name, value)}
                for name, value in action.items()
                if name not in left_out
            ],
        }
        for action in content["actions"]
    ]
    return {"title": content["title"], "summary": content["summary"], "actions": actions}


def stale_rows(form: Any, saved: Any) -> list[dict[str, Any]]:
    """Where what somebody else saved differs from this form, as `axes/framework/stale.html` shows it.

    `saved`: an object or a mapping with the form's fields.
    """
    rows = []
    for name, yours in form.cleaned_data.items():
        theirs = saved.get(name) if isinstance(saved, Mapping) else getattr(saved, name, None)
        if name != "version" and theirs != yours:
            rows.append({"label": form.fields[name].label, "saved": in_short(theirs), "yours": in_short(yours)})
    return rows


def in_short(value: Any) -> Any:
    return day(value) if hasattr(value, "isoformat") else value


def renew(form: Any, version: int) -> None:
    """The form is sent against the version that its reader has now seen."""
    form.data = form.data.copy()
    form.data["version"] = version


def shown_content_difference(saved: Mapping[str, Any], yours: Mapping[str, Any], known: Known) -> list[dict[str, Any]]:
    """Where a saved action and an unsaved one differ, as `axes/framework/stale.html` shows it."""
    rows = []
    for change in changes(saved, in_words(yours, known), leaving=frozenset({"key", "carried_from"})):
        before, after = lines_of(change.field, change.before), lines_of(change.field, change.after)
        if before != after:
            rows.append(
                {
                    "label": CONTENT_LABELS.get(change.field, change.field),
                    "saved": "; ".join(before),
                    "yours": "; ".join(after),
                }
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


def sheet_data(action: Any) -> dict[str, Any]:
    """Everything the sheet of an action says, in words, for paper."""
    plan = action.plan
    facts = [
        (_("Unit"), plan.unit.name),
        (_("Plan"), f"{plan.title} · {plan.get_state_display()}"),
        (_("Scope"), action.get_scope_display()),
        (_("Municipalities"), ", ".join(str(place) for place in action.municipalities.all()) or _("the area as one")),
        (_("Led by"), str(action.lead) if action.lead else plan.unit.name),
        (_("Partners"), ", ".join(str(partner) for partner in action.partners.all()) or "–"),
        (_("Programme"), str(action.programme) if action.programme else "–"),
        (_("Target group"), action.target_group or "–"),
        (_("People to be reached"), whole(action.people_expected) if action.people_expected is not None else "–"),
        (_("From"), day(action.starts_on, "long")),
        (_("Until"), day(action.ends_on, "long")),
        (_("Status"), str(ActionStatus(action.status).label)),
        (_("Progress"), shown_percent(percent(action.done, action.whole))),
    ]
    serves = [
        " › ".join([*(above.code for above in path_of(node)), f"{node.code} {node.wording}"])
        for node in action.nodes.all()
    ]
    return {
        "title": f"{action.code} {action.title}",
        "head": f"{plan.unit.name} · {plan.year}",
        "description": action.description,
        "facts": [[str(label), str(value)] for label, value in facts],
        "serves": serves,
        "milestones": [
            [m.title, day(m.due_on), decimal(m.weight), shown_percent(Decimal(m.progress), 0)]
            for m in action.milestones.all()
        ],
        "budget": [[str(b.year), b.get_source_display(), euro(b.amount)] for b in action.budget.all()],
        "total": euro(sum((b.amount for b in action.budget.all()), Decimal(0))),
        "risks": [
            [r.description, r.get_likelihood_display(), r.get_impact_display(), r.mitigation]
            for r in action.risks.all()
        ],
        "words": {key: str(word) for key, word in SHEET_WORDS.items()},
    }


SHEET_WORDS = {
    "serves": _("Serves"),
    "milestones": _("Milestones"),
    "milestone": _("Milestone"),
    "due": _("Due on"),
    "weight": _("Weight"),
    "progress": _("Progress"),
    "budget": _("Budget"),
    "year": _("Year"),
    "source": _("Source"),
    "amount": _("Amount"),
    "total": _("Total"),
    "risks": _("Risks"),
    "risk": _("Risk"),
    "likelihood": _("Likelihood"),
    "impact": _("Impact"),
    "mitigation": _("Mitigation"),
    "none": _("None."),
    "facts": _("Facts"),
}

"""The local plans file, long form: one row per priority, one row without priority for a plan that has none.

Columns: municipality, kind, title, starts_on, ends_on, link, priority, problem_area (or their Portuguese names). Rows
of one municipality, kind and first day are one plan, its priorities in the order of the rows. The export has the same
shape, so that it re-imports unchanged.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from axes.choices import LocalPlanKind
from axes.models import LocalPlan, Node
from axes.queries.local_plans import MOST_PRIORITIES, PlanData
from refamp.base.text import fold
from refamp.jobs.actions import Problem, problem
from refamp.territory.models import Municipality

COLUMNS = ("municipality", "kind", "title", "starts_on", "ends_on", "link", "priority", "problem_area")
NEEDED = ("municipality", "kind", "title", "starts_on")
HEADERS = {
    **{name: name for name in COLUMNS},
    "municipality_id": "municipality",
    "municipio": "municipality",
    "concelho": "municipality",
    "tipo": "kind",
    "titulo": "title",
    "inicio": "starts_on",
    "fim": "ends_on",
    "ligacao": "link",
    "endereco": "link",
    "prioridade": "priority",
    "problematica": "problem_area",
}
KIND_WORDS = {
    **{kind.value: kind for kind in LocalPlanKind},
    "diagnostico": LocalPlanKind.DIAGNOSIS,
    "diagnostico social": LocalPlanKind.DIAGNOSIS,
    "pds": LocalPlanKind.DEVELOPMENT_PLAN,
    "plano de desenvolvimento social": LocalPlanKind.DEVELOPMENT_PLAN,
    "plano anual": LocalPlanKind.YEARLY_PLAN,
    "plano de acao": LocalPlanKind.YEARLY_PLAN,
    "plano de acao anual": LocalPlanKind.YEARLY_PLAN,
}
PORTUGUESE_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
LENGTHS = {"title": 300, "link": 200, "priority": 500}
is_url = URLValidator(schemes=["http", "https"])


@dataclass
class LocalPlansFile:
    """What a file says: its plans, or everything that is wrong with it."""

    plans: list[PlanData] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0


def day_of(text: str) -> date | None:
    """`2026-01-31`, `31/01/2026`, or None for what is no day."""
    if found := ISO_DAY.fullmatch(text):
        year, month, day = found.groups()
    elif found := PORTUGUESE_DAY.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_local_plans(table: pd.DataFrame, *, places: Iterable[Municipality], areas: Iterable[Node]) -> LocalPlansFile:
    """Read a table of text (index: the row's number in the file). Municipalities by code or name, areas by code."""
    found = LocalPlansFile()
    names = {HEADERS[fold(str(column))]: str(column) for column in table.columns if fold(str(column)) in HEADERS}
    for column in NEEDED:
        if column not in names:
            found.problems.append(problem("column_missing", _("This column is missing."), column=column))
    if found.problems:
        return found
    known = Known.of(places, areas)
    plans: dict[tuple[int, str, date], dict[str, Any]] = {}
    for number, values in zip(table.index, table.to_dict("records"), strict=True):
        row = {ours: str(values.get(theirs) or "").strip() for ours, theirs in names.items()}
        if not any(row.values()):
            continue
        found.rows += 1
        problems, head, priority = known.read(int(str(number)), row)
        if head is None:
            found.problems.extend(problems)
            continue
        plan_key = (head["municipality"].pk, head["kind"], head["starts_on"])
        plan = plans.setdefault(plan_key, {**head, "priorities": []})
        problems.extend(
            problem("two_values", _("An earlier row of this plan says something else."), row=int(number), column=column)
            for column in ("title", "ends_on", "link")
            if plan[column] != head[column]
        )
        if priority is not None:
            plan["priorities"].append(priority)
            if len(plan["priorities"]) == MOST_PRIORITIES + 1:
                problems.append(
                    problem("too_many", _("A plan has at most 60 priorities."), row=int(number), column="priority")
                )
        found.problems.extend(problems)
    if not found.rows:
        found.problems.append(problem("no_rows", _("The file has no rows.")))
    found.plans = [PlanData(**plan) for plan in plans.values()]
    return found


@dataclass(frozen=True)
class Known:
    """What the words of a file can mean."""

    codes: Mapping[str, Municipality]
    names: Mapping[str, Municipality]
    areas: Mapping[str, Node]

    @classmethod
    def of(cls, places: Iterable[Municipality], areas: Iterable[Node]) -> "Known":
        places = list(places)
        names = {fold(p.short_name): p for p in places} | {fold(p.name): p for p in places}
        return cls({p.code: p for p in places}, names, {area.code: area for area in areas})

    def municipality(self, text: str) -> Municipality | None:
        code = text.removesuffix(".0")
        return self.codes.get(code.zfill(4)) if code.isdigit() else self.names.get(fold(text))

    def read(  # noqa: C901, PLR0912 - one branch per thing that can be wrong
        self, number: int, row: Mapping[str, str]
    ) -> tuple[list[Problem], dict[str, Any] | None, Any]:
        """(problems, the plan's head or None, its priority or None) of one row."""
        problems: list[Problem] = []

        def wrong(column: str, code: str, detail: str) -> None:
            problems.append(problem(code, detail, row=number, column=column))

        municipality = self.municipality(row["municipality"])
        if municipality is None:
            wrong("municipality", "unknown_municipality", _("There is no such municipality."))
        kind = KIND_WORDS.get(fold(row["kind"]))
        if kind is None:
            wrong("kind", "unknown_kind", _("There is no such kind of plan."))
        if not row["title"]:
            wrong("title", "missing", _("A plan has a title."))
        starts_on, ends_on = day_of(row["starts_on"]), None
        if starts_on is None:
            wrong("starts_on", "not_a_day", _("This is not a day: write 2026-01-31 or 31/01/2026."))
        if row.get("ends_on"):
            ends_on = day_of(row["ends_on"])
            if ends_on is None:
                wrong("ends_on", "not_a_day", _("This is not a day: write 2026-01-31 or 31/01/2026."))
            elif starts_on and ends_on < starts_on:
                wrong("ends_on", "dates", _("The last day cannot come before the first."))
        link = row.get("link", "")
        try:
            if link:
                is_url(link)
        except ValidationError:
            wrong("link", "not_an_address", _("This is not a web address."))
        for column, most in LENGTHS.items():
            if len(row.get(column, "")) > most:
                wrong(column, "too_long", _("At most %(most)s characters.") % {"most": most})
        wording, code = row.get("priority", ""), row.get("problem_area", "")
        area = self.area(code)
        if code and area is None:
            wrong("problem_area", "unknown_problem_area", _("The edition in force has no such problem area."))
        if code and not wording:
            wrong("priority", "missing", _("A priority has a wording."))
        if problems or municipality is None or kind is None or starts_on is None:
            return problems, None, None
        head = {
            "municipality": municipality,
            "kind": kind.value,
            "title": row["title"],
            "starts_on": starts_on,
            "ends_on": ends_on,
            "link": link,
        }
        return problems, head, (wording, area) if wording else None

    def area(self, code: str) -> Node | None:
        """By code; `1,1` as spreadsheets in Portuguese write it."""
        return self.areas.get(code.replace(",", ".")) if code else None


def rows_of(plans: Iterable[LocalPlan]) -> Iterator[dict[str, Any]]:
    """The export: the same columns, one row per priority."""
    for plan in plans:
        head = {
            "municipality": plan.municipality.code,
            "kind": plan.kind,
            "title": plan.title,
            "starts_on": plan.starts_on,
            "ends_on": plan.ends_on,
            "link": plan.link,
        }
        priorities = list(plan.priorities.all())
        for priority in priorities:
            area = priority.problem_area.code if priority.problem_area else None
            yield head | {"priority": priority.wording, "problem_area": area}
        if not priorities:
            yield head | {"priority": None, "problem_area": None}

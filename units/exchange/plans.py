"""A plan and its actions as one workbook: sheets plan, actions, milestones, budget, risks.

Sheets and columns are known by these names or by their Portuguese ones. Rows of milestones, budget and risks name their
action by its code; empty, it is that of the row above (merged cells). Ids (`key`, `id`) keep what a re-import changes
apart from what it adds; where they are missing, an action is known by its code and a milestone by its title. A sheet or
column that the file leaves out stays as it is. An export re-imports unchanged. What is wrong is told at its row, with
the sheet and the column as the file heads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

import pandas as pd
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from axes.exchange.local_plans import day_of
from refamp.base.export import workbook_file
from refamp.base.ids import uuid7
from refamp.base.text import fold
from refamp.jobs.actions import Problem, problem
from units.choices import ActionScope, BudgetSource, Level
from units.exchange.plan_sheets import (
    ASKED,
    FIGURE,
    HEADERS,
    JOINED,
    KEPT,
    LEVELS,
    NEEDED,
    SCOPES,
    SHEET_NAMES,
    SHEETS,
    SOURCES,
    day_text,
    figure,
    parts,
)
from units.queries.plan_content import Known

# Out ----------------------------------------------------------------------------------------------------------------


def workbook(content: Mapping[str, Any]) -> BinaryIO:
    """A content of a plan as an open XLSX file."""
    return workbook_file({name: (columns, rows_for(name, content)) for name, columns in SHEETS.items()})


def rows_for(sheet: str, content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if sheet == "plan":
        yield {name: content[name] for name in SHEETS["plan"]}
        return
    for action in content["actions"]:
        if sheet == "actions":
            yield {
                **action,
                "weight": Decimal(action["weight"]),
                "serves": [node["code"] for node in action["serves"]],
                "serves_ids": [node["lineage"] for node in action["serves"]],
                "partners": [partner["name"] for partner in action["partners"]],
                "partners_ids": [partner["id"] for partner in action["partners"]],
            }
        else:
            for row in action[sheet]:
                figures = {name: Decimal(row[name]) for name in ("weight", "amount") if name in row}
                yield {**row, **figures, "action": action["code"]}


# In -----------------------------------------------------------------------------------------------------------------


@dataclass
class PlanFile:
    """What a workbook says, or everything that is wrong with it."""

    content: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    # (sheet, place in its action's list or None, action's place) → row in the file
    places: dict[tuple[str, int, int], int] = field(default_factory=dict)
    # Our sheet → its name in the file; our column → its heading there.
    names: dict[str, str] = field(default_factory=dict)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)
    blamed: set[tuple[int | None, str]] = field(default_factory=set)

    def wrong(
        self, code: str, detail: str | Promise, *, row: int | None = None, sheet: str = "", column: str = ""
    ) -> None:
        """Once per cell: what is read first says it best."""
        place = self.place(sheet, column)
        if row is None or (row, place) not in self.blamed:
            self.blamed.add((row, place))
            self.problems.append(problem(code, detail, row=row, column=place or None))

    def place(self, sheet: str, column: str) -> str:
        """`Marcos › Prazo`: the sheet and the column as this file calls them."""
        heading = self.headings.get(sheet, {}).get(column, column)
        return " › ".join(name for name in (self.names.get(sheet, sheet), heading) if name)


def read_workbook(tables: Mapping[str, pd.DataFrame], *, known: Known, present: Mapping[str, Any]) -> PlanFile:
    """Read the sheets against a plan's present content; what the plan sheet leaves out stays as it is."""
    found = PlanFile()
    sheets = sheets_in(tables, found)
    if found.problems:
        return found
    found.rows = sum(len(rows) for rows in sheets.values())
    found.content = {**present, "actions": []}
    read_head(found, sheets.get("plan", []), present)
    words = Words.of(known)
    by_code = {action["code"]: action for action in present["actions"]}
    by_key = {action["key"]: action for action in present["actions"]}
    for place, (number, row) in enumerate(sheets["actions"]):
        old = by_key.get(row.get("key", "").lower()) or by_code.get(row.get("code", ""))
        found.places["actions", place, -1] = number
        found.content["actions"].append(read_action(found, words, number, row, old))
    placed = {action["code"]: place for place, action in enumerate(found.content["actions"]) if action["code"]}
    for column in ("code", "key"):
        said = [action[column] for action in found.content["actions"] if action[column]]
        if len(set(said)) < len(said):
            twice = sorted({each for each in said if said.count(each) > 1})
            told = _("Two actions say the same: %(what)s.") % {"what": ", ".join(twice)}
            found.wrong("twice", told, sheet="actions", column=column)
    for sheet in READERS:
        if sheet in sheets:
            read_parts(found, words, sheet, sheets[sheet], placed, by_key)
        else:
            for action in found.content["actions"]:
                action[sheet] = by_key.get(action["key"], {}).get(sheet, [])
    return found


def sheets_in(tables: Mapping[str, pd.DataFrame], found: PlanFile) -> dict[str, list[tuple[int, dict[str, str]]]]:
    """The rows of the sheets that we know; others are the file's own affair."""
    sheets: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for name, table in tables.items():
        sheet = SHEET_NAMES.get(fold(name))
        if sheet in sheets:
            told = _("The sheets «%(one)s» and «%(other)s» say the same thing: leave one.")
            found.wrong("sheet_twice", told % {"one": found.names[sheet], "other": name})
        elif sheet is not None:
            found.names[sheet] = name
            sheets[sheet] = rows_in(sheet, table, found)
    if "actions" not in sheets and not found.problems:
        told = _("The sheet of actions is missing: call it «Ações» or «actions». The file has: %(names)s.")
        found.wrong("sheet_missing", told % {"names": ", ".join(tables)})
    return sheets


def read_parts(  # noqa: PLR0917 - what one sheet needs of the others
    found: PlanFile,
    words: "Words",
    sheet: str,
    rows: list[tuple[int, dict[str, str]]],
    placed: Mapping[str, int],
    by_key: Mapping[str, Mapping[str, Any]],
) -> None:
    """Milestones, budget lines or risks, each into its action."""
    folded = {fold(code): place for code, place in placed.items()}
    above = ""
    for number, row in rows:
        above = row["action"] or above
        place = placed.get(above, folded.get(fold(above)))
        if place is None:
            detail = _("The sheet of actions has no code «%(what)s».") % {"what": above}
            found.wrong("unknown_action", detail, row=number, sheet=sheet, column="action")
            continue
        action = found.content["actions"][place]
        found.places[sheet, place, len(action[sheet])] = number
        told = READERS[sheet](found, words, number, row, by_key.get(action["key"]))
        if sheet == "milestones" and told["id"] in {each["id"] for each in action[sheet]}:
            told["id"] = str(uuid7())
        action[sheet].append(told)


def rows_in(sheet: str, table: pd.DataFrame, found: PlanFile) -> list[tuple[int, dict[str, str]]]:
    """(row number, our column → text) of a sheet; a needed column that is missing is a problem."""
    names: dict[str, str] = {}
    for column in map(str, table.columns):
        ours = HEADERS.get(fold(column))
        if ours in names:
            told = _("The columns «%(one)s» and «%(other)s» say the same thing: leave one.")
            found.wrong("column_twice", told % {"one": names[ours], "other": column}, sheet=sheet)
        elif ours in SHEETS[sheet]:
            names[ours] = column
    asked = {} if any(ours == fold(theirs) for ours, theirs in names.items()) else ASKED.get(sheet, {})
    found.headings[sheet] = names
    for column in NEEDED.get(sheet, ()):
        if column not in names:
            told = _("The column «%(name)s» is missing. The sheet has: %(names)s.")
            detail = told % {"name": asked.get(column, column), "names": ", ".join(map(str, table.columns))}
            found.wrong("column_missing", detail, sheet=sheet)
    for each in table.attrs.get("problems", []):
        found.wrong(each["code"], each["detail"], row=each["row"], sheet=sheet)
    rows = []
    for number, values in zip(table.index, table.to_dict("records"), strict=True):
        row = {ours: str(values.get(theirs) or "").strip() for ours, theirs in names.items()}
        if any(row.values()):
            rows.append((int(number), {column: row.get(column, "") for column in SHEETS[sheet]}))
    return rows


def read_head(found: PlanFile, rows: list[tuple[int, dict[str, str]]], present: Mapping[str, Any]) -> None:
    for number, row in rows[:1]:
        for column in ("unit", "year"):
            if row[column] and row[column] != str(present[column]):
                found.wrong(
                    "another_plan", _("This workbook is of another plan."), row=number, sheet="plan", column=column
                )
        found.content["title"] = row["title"] or present["title"]
        if "summary" in found.headings["plan"]:
            found.content["summary"] = row["summary"]


@dataclass(frozen=True)
class Words:
    """What the words of a workbook can mean."""

    known: Known
    codes: Mapping[str, str]
    places: Mapping[str, str]
    partners: Mapping[str, str]

    @classmethod
    def of(cls, known: Known) -> "Words":
        places = {fold(place.name): code for code, place in known.places.items()}
        places |= {fold(place.short_name): code for code, place in known.places.items()}
        places |= {code: code for code in known.places}
        return cls(
            known=known,
            codes={fold(node.code): lineage for lineage, node in known.nodes.items()},
            places=places,
            partners={fold(partner.name): key for key, partner in known.partners.items()},
        )

    def serves(self, text: str, ids: str) -> tuple[list[dict[str, Any]], list[str]]:
        """(what is served, codes that nobody knows). Ids decide where they still say the same codes."""
        codes, lineages = parts(text), parts(ids)
        if lineages and [self.known.nodes[each].code for each in lineages if each in self.known.nodes] == codes:
            return [{"lineage": each} for each in lineages], []
        meant = [(code, self.codes.get(fold(code.replace(",", ".")))) for code in codes]
        return [{"lineage": key} for _code, key in meant if key], [code for code, key in meant if key is None]

    def partner_ids(self, text: str, ids: str) -> tuple[list[dict[str, str]], list[str]]:
        keys = parts(ids)
        if keys and JOINED.join(p.name for key in keys if (p := self.known.partners.get(key))) == text:
            return [{"id": key} for key in keys], []
        meant = [(name, self.partners.get(fold(name))) for name in parts(text)]
        return [{"id": key} for _name, key in meant if key], [name for name, key in meant if key is None]

    def place(self, text: str) -> str | None:
        return self.places.get(text.zfill(4) if text.isdigit() else fold(text))


def check_figure(found: PlanFile, number: int, sheet: str, column: str, text: str) -> None:
    """Say what stands in the cell where that is no figure."""
    if not FIGURE.fullmatch(figure(text)):
        detail = _("«%(what)s» is no figure: write 1250,50, with two decimals at most.") % {"what": text}
        found.wrong("amount" if column == "amount" else column, detail, row=number, sheet=sheet, column=column)


def check_day(found: PlanFile, number: int, sheet: str, column: str, text: str) -> None:
    """Say what stands in the cell where that is no day."""
    if day_of(day_text(text)) is None:
        detail = (
            _("«%(what)s» is not a day: write 31/01/2026 or 2026-01-31.") % {"what": text}
            if text
            else _("The day is missing: write 31/01/2026 or 2026-01-31.")
        )
        found.wrong("not_a_day", detail, row=number, sheet=sheet, column=column)


def read_action(
    found: PlanFile, words: Words, number: int, row: Mapping[str, str], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    def wrong(column: str, code: str, detail: str) -> None:
        found.wrong(code, detail, row=number, sheet="actions", column=column)

    serves, unknown = words.serves(row["serves"], row["serves_ids"])
    if unknown:
        wrong("serves", "unknown_node", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    partners, unknown = words.partner_ids(row["partners"], row["partners_ids"])
    if unknown:
        wrong("partners", "unknown_partner", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    places = [(text, words.place(text)) for text in parts(row["municipalities"].replace(",", ";"))]
    if unknown := [text for text, code in places if code is None]:
        wrong("municipalities", "unknown_municipality", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    lead = words.place(row["lead"]) if row["lead"] else None
    if row["lead"] and lead is None:
        wrong("lead", "unknown_municipality", _("Unknown: %(what)s.") % {"what": row["lead"]})
    scope = SCOPES.get(fold(row["scope"]))
    if scope is None:
        wrong("scope", "scope", _("Write intermunicipal or supramunicipal."))
    people = row["people_expected"].replace(" ", "").replace("\u00a0", "")
    if people and not (people.isascii() and people.isdigit()):
        wrong("people_expected", "people", _("People are counted in whole numbers."))
        people = ""
    for column in ("starts_on", "ends_on"):
        check_day(found, number, "actions", column, row[column])
    if row["weight"]:
        check_figure(found, number, "actions", "weight", row["weight"])
    left_out = {name: old[name] for name in KEPT if old and name not in found.headings["actions"]}
    return {
        "key": old["key"] if old else str(uuid7()),
        "carried_from": old["carried_from"] if old else None,
        **{name: row[name] for name in ("code", "title", "description", "target_group")},
        "scope": scope or ActionScope.INTERMUNICIPAL.value,
        "serves": serves,
        "municipalities": [code for _text, code in places if code],
        "lead": lead,
        "partners": partners,
        "programme": row["programme"] or None,
        "people_expected": int(people) if people else None,
        "starts_on": day_text(row["starts_on"]),
        "ends_on": day_text(row["ends_on"]),
        "weight": figure(row["weight"]) or "1.00",
        **left_out,
        "milestones": [],
        "budget": [],
        "risks": [],
    }


def read_milestone(
    found: PlanFile, _words: Words, number: int, row: Mapping[str, str], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    check_day(found, number, "milestones", "due_on", row["due_on"])
    if row["weight"]:
        check_figure(found, number, "milestones", "weight", row["weight"])
    present = old["milestones"] if old else []
    same = next((m for m in present if m["id"] == row["id"].lower()), None) or next(
        (m for m in present if m["title"] == row["title"]), None
    )
    return {
        "id": same["id"] if same else str(uuid7()),
        "title": row["title"],
        "due_on": day_text(row["due_on"]),
        "weight": figure(row["weight"]) or "1.00",
    }


def read_budget(
    found: PlanFile, _words: Words, number: int, row: Mapping[str, str], _old: Mapping[str, Any] | None
) -> dict[str, Any]:
    year = row["year"]
    if not (year.isascii() and year.isdigit()):
        detail = _("«%(what)s» is not a year.") % {"what": year}
        found.wrong("outside", detail, row=number, sheet="budget", column="year")
    if fold(row["source"]) not in SOURCES:
        known = ", ".join(str(label) for label in BudgetSource.labels)
        detail = _("Unknown: %(what)s. Write one of: %(known)s.") % {"what": row["source"], "known": known}
        found.wrong("source", detail, row=number, sheet="budget", column="source")
    check_figure(found, number, "budget", "amount", row["amount"])
    return {
        "year": int(year) if year.isascii() and year.isdigit() else year,
        "source": SOURCES.get(fold(row["source"]), row["source"]),
        "amount": figure(row["amount"]),
    }


def read_risk(
    found: PlanFile, _words: Words, number: int, row: Mapping[str, str], _old: Mapping[str, Any] | None
) -> dict[str, Any]:
    for column in ("likelihood", "impact"):
        if fold(row[column]) not in LEVELS:
            known = ", ".join(str(label) for label in Level.labels)
            detail = _("Unknown: %(what)s. Write one of: %(known)s.") % {"what": row[column], "known": known}
            found.wrong("level", detail, row=number, sheet="risks", column=column)
    return {
        "description": row["description"],
        "likelihood": LEVELS.get(fold(row["likelihood"]), row["likelihood"]),
        "impact": LEVELS.get(fold(row["impact"]), row["impact"]),
        "mitigation": row["mitigation"],
    }


READERS = {"milestones": read_milestone, "budget": read_budget, "risks": read_risk}

"""A plan and its actions as one workbook: sheets plan, actions, milestones, budget, risks.

Sheets and columns are known by these names or by their Portuguese ones. Rows of milestones, budget and risks name their
action by its code. Ids (`key`, `id`) keep what a re-import changes apart from what it adds; where they are missing, an
action is known by its code and a milestone by its title. An export re-imports unchanged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

import pandas as pd
from django.utils.translation import gettext as _

from axes.exchange.local_plans import day_of
from refamp.base.export import workbook_file
from refamp.base.ids import uuid7
from refamp.base.text import fold
from refamp.jobs.actions import Problem, problem
from units.choices import ActionScope, BudgetSource, Level
from units.formulas.plans import plain_figure
from units.queries.plan_content import Known

SHEETS: dict[str, tuple[str, ...]] = {
    "plan": ("unit", "year", "title", "summary"),
    "actions": (
        "code", "title", "description", "scope", "serves", "municipalities", "lead", "partners", "programme",
        "target_group", "people_expected", "starts_on", "ends_on", "weight", "key", "serves_ids", "partners_ids",
    ),
    "milestones": ("action", "title", "due_on", "weight", "id"),
    "budget": ("action", "year", "source", "amount"),
    "risks": ("action", "description", "likelihood", "impact", "mitigation"),
}  # fmt: skip
SHEET_NAMES = {
    **{name: name for name in SHEETS},
    "plano": "plan",
    "acoes": "actions",
    "marcos": "milestones",
    "orcamento": "budget",
    "riscos": "risks",
}
HEADERS = {
    **{column: column for columns in SHEETS.values() for column in columns},
    "unidade": "unit", "ano": "year", "titulo": "title", "resumo": "summary", "codigo": "code",
    "descricao": "description", "ambito": "scope", "serve": "serves", "municipios": "municipalities",
    "lider": "lead", "lidera": "lead", "parceiros": "partners", "programa": "programme", "publico-alvo": "target_group",
    "publico alvo": "target_group", "pessoas": "people_expected", "inicio": "starts_on", "fim": "ends_on",
    "peso": "weight", "acao": "action", "marco": "title", "prazo": "due_on", "fonte": "source", "montante": "amount",
    "valor": "amount", "risco": "description", "probabilidade": "likelihood", "impacto": "impact",
    "mitigacao": "mitigation",
}  # fmt: skip
NEEDED = {
    "actions": ("title", "scope", "serves", "starts_on", "ends_on"),
    "milestones": ("action", "title", "due_on"),
    "budget": ("action", "year", "source", "amount"),
    "risks": ("action", "description", "likelihood", "impact"),
}
SCOPES = {
    **{scope.value: scope.value for scope in ActionScope},
    "intermunicipal": "intermunicipal",
    "supramunicipal": "supramunicipal",
}
SOURCES = {
    **{source.value: source.value for source in BudgetSource},
    "municipios": "municipal", "area metropolitana": "metropolitan", "programa nacional": "national",
    "programa europeu": "european", "privado": "private", "privados": "private", "por financiar": "unfunded",
}  # fmt: skip
LEVELS = {
    **{level.value: level.value for level in Level},
    "baixo": "low", "baixa": "low", "medio": "medium", "media": "medium", "alto": "high", "alta": "high",
}  # fmt: skip
JOINED = "; "


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

    def wrong(self, code: str, detail: str, *, row: int | None = None, column: str | None = None) -> None:
        self.problems.append(problem(code, detail, row=row, column=column))


def read_workbook(tables: Mapping[str, pd.DataFrame], *, known: Known, present: Mapping[str, Any]) -> PlanFile:
    """Read the sheets against a plan's present content; what the plan sheet leaves out stays as it is."""
    found = PlanFile()
    sheets: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for name, table in tables.items():
        sheet = SHEET_NAMES.get(fold(name))
        if sheet is not None:
            sheets[sheet] = rows_in(sheet, table, found)
    if "actions" not in sheets and not found.problems:
        found.wrong("sheet_missing", _("There is no sheet with this name."), column="actions")
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
            found.wrong("twice", _("Two actions say the same."), column=f"actions.{column}")
    for sheet in READERS:
        read_parts(found, words, sheet, sheets.get(sheet, []), placed, by_key)
    return found


def read_parts(  # noqa: PLR0917 - what one sheet needs of the others
    found: PlanFile,
    words: "Words",
    sheet: str,
    rows: list[tuple[int, dict[str, str]]],
    placed: Mapping[str, int],
    by_key: Mapping[str, Mapping[str, Any]],
) -> None:
    """Milestones, budget lines or risks, each into its action."""
    for number, row in rows:
        place = placed.get(row["action"])
        if place is None:
            detail = _("The sheet of actions has no such code.")
            found.wrong("unknown_action", detail, row=number, column=f"{sheet}.action")
            continue
        action = found.content["actions"][place]
        found.places[sheet, place, len(action[sheet])] = number
        told = READERS[sheet](found, words, number, row, by_key.get(action["key"]))
        if sheet == "milestones" and told["id"] in {each["id"] for each in action[sheet]}:
            told["id"] = str(uuid7())
        action[sheet].append(told)


def rows_in(sheet: str, table: pd.DataFrame, found: PlanFile) -> list[tuple[int, dict[str, str]]]:
    """(row number, our column → text) of a sheet; a needed column that is missing is a problem."""
    names = {HEADERS[key]: str(column) for column in table.columns if (key := fold(str(column))) in HEADERS}
    for column in NEEDED.get(sheet, ()):
        if column not in names:
            found.wrong("column_missing", _("This column is missing."), column=f"{sheet}.{column}")
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
                found.wrong("another_plan", _("This workbook is of another plan."), row=number, column=f"plan.{column}")
        found.content["title"] = row["title"] or present["title"]
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


def parts(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


def read_action(
    found: PlanFile, words: Words, number: int, row: Mapping[str, str], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    def wrong(column: str, code: str, detail: str) -> None:
        found.wrong(code, detail, row=number, column=f"actions.{column}")

    serves, unknown = words.serves(row["serves"], row["serves_ids"])
    if unknown:
        wrong("serves", "unknown_node", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    partners, unknown = words.partner_ids(row["partners"], row["partners_ids"])
    if unknown:
        wrong("partners", "unknown_partner", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    places = [(text, words.place(text)) for text in parts(row["municipalities"])]
    if unknown := [text for text, code in places if code is None]:
        wrong("municipalities", "unknown_municipality", _("Unknown: %(what)s.") % {"what": ", ".join(unknown)})
    lead = words.place(row["lead"]) if row["lead"] else None
    if row["lead"] and lead is None:
        wrong("lead", "unknown_municipality", _("There is no such municipality."))
    scope = SCOPES.get(fold(row["scope"]))
    if scope is None:
        wrong("scope", "scope", _("Write intermunicipal or supramunicipal."))
    people = row["people_expected"].replace(" ", "").replace("\u00a0", "")
    if people and not (people.isascii() and people.isdigit()):
        wrong("people_expected", "people", _("People are counted in whole numbers."))
        people = ""
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
        "weight": plain_figure(row["weight"]) or "1.00",
        "milestones": [],
        "budget": [],
        "risks": [],
    }


def day_text(text: str) -> str:
    """ISO, or what was written where that is no day."""
    day = day_of(text)
    return day.isoformat() if day else text


def read_milestone(
    _found: PlanFile, _words: Words, _number: int, row: Mapping[str, str], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    present = old["milestones"] if old else []
    same = next((m for m in present if m["id"] == row["id"].lower()), None) or next(
        (m for m in present if m["title"] == row["title"]), None
    )
    return {
        "id": same["id"] if same else str(uuid7()),
        "title": row["title"],
        "due_on": day_text(row["due_on"]),
        "weight": plain_figure(row["weight"]) or "1.00",
    }


def read_budget(
    _found: PlanFile, _words: Words, _number: int, row: Mapping[str, str], _old: Mapping[str, Any] | None
) -> dict[str, Any]:
    year = row["year"]
    return {
        "year": int(year) if year.isascii() and year.isdigit() else year,
        "source": SOURCES.get(fold(row["source"]), row["source"]),
        "amount": plain_figure(row["amount"]),
    }


def read_risk(
    _found: PlanFile, _words: Words, _number: int, row: Mapping[str, str], _old: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "description": row["description"],
        "likelihood": LEVELS.get(fold(row["likelihood"]), row["likelihood"]),
        "impact": LEVELS.get(fold(row["impact"]), row["impact"]),
        "mitigation": row["mitigation"],
    }


READERS = {"milestones": read_milestone, "budget": read_budget, "risks": read_risk}

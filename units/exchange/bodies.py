"""Files of an election (one row per municipality) and of partners (one row each); exports have the same columns."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from refamp.base.text import fold
from refamp.jobs.actions import Problem, problem
from refamp.territory.models import Municipality
from units.choices import PartnerKind, PartnerRole, Position
from units.models import Partner
from units.queries.seating import Seated

ELECTION_COLUMNS = ("municipality", "name", "email", "position", "substitute_name", "substitute_email")
ELECTION_HEADERS = {
    **{name: name for name in ELECTION_COLUMNS},
    "municipio": "municipality",
    "concelho": "municipality",
    "nome": "name",
    "vereador": "name",
    "e-mail": "email",
    "correio eletronico": "email",
    "cargo": "position",
    "suplente": "substitute_name",
    "nome do suplente": "substitute_name",
    "e-mail do suplente": "substitute_email",
}
POSITION_WORDS = {
    "": Position.MEMBER,
    "membro": Position.MEMBER,
    "vereador": Position.MEMBER,
    "presidente": Position.PRESIDENT,
    "vice-presidente": Position.VICE_PRESIDENT,
    "secretario": Position.SECRETARY,
    "secretaria": Position.SECRETARY,
    **{
        position.value: position
        for position in (Position.MEMBER, Position.PRESIDENT, Position.VICE_PRESIDENT, Position.SECRETARY)
    },
}
PARTNER_COLUMNS = (
    "name",
    "acronym",
    "kind",
    "roles",
    "municipality",
    "website",
    "note",
    "started_on",
    "ended_on",
)
PARTNER_HEADERS = {
    **{name: name for name in PARTNER_COLUMNS},
    "municipality_id": "municipality",
    "nome": "name",
    "sigla": "acronym",
    "tipo": "kind",
    "papeis": "roles",
    "municipio": "municipality",
    "sitio": "website",
    "nota": "note",
    "desde": "started_on",
    "ate": "ended_on",
}
LENGTHS = {"name": 250, "acronym": 30, "website": 200}
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
PORTUGUESE_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
is_url = URLValidator(schemes=["http", "https"])


@dataclass
class ElectionFile:
    """What a file of an election says, or everything that is wrong with it."""

    seats: list[Seated] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0


@dataclass
class PartnersFile:
    partners: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0


def named(table: pd.DataFrame, headers: Mapping[str, str]) -> dict[str, str]:
    """Our name of a column → its name in the file."""
    return {headers[key]: str(column) for column in table.columns if (key := fold(str(column))) in headers}


def rows_in(table: pd.DataFrame, names: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(number in the file, our columns' text) of each row that says something."""
    for number, values in zip(table.index, table.to_dict("records"), strict=True):
        row = {ours: str(values.get(theirs) or "").strip() for ours, theirs in names.items()}
        if any(row.values()):
            yield int(number), row


def missing_columns(names: Mapping[str, str], needed: Iterable[str]) -> list[Problem]:
    return [
        problem("column_missing", _("This column is missing."), column=column)
        for column in needed
        if column not in names
    ]


class Places:
    """Municipalities by code or name."""

    def __init__(self, places: Iterable[Municipality]) -> None:
        known = list(places)
        self.codes = {place.code: place for place in known}
        self.names = {fold(p.short_name): p for p in known} | {fold(p.name): p for p in known}

    def find(self, text: str) -> Municipality | None:
        code = text.removesuffix(".0")
        return self.codes.get(code.zfill(4)) if code.isdigit() else self.names.get(fold(text))


def read_election(table: pd.DataFrame, *, places: Iterable[Municipality]) -> ElectionFile:
    """Read a table of text (index: the row's number in the file): one row per municipality."""
    found = ElectionFile()
    names = named(table, ELECTION_HEADERS)
    found.problems = missing_columns(names, ("municipality", "name", "email"))
    if found.problems:
        return found
    known, seen = Places(places), set()
    for number, row in rows_in(table, names):
        found.rows += 1
        place = known.find(row["municipality"])
        if place is None:
            found.problems.append(
                problem("unknown_municipality", _("There is no such municipality."), row=number, column="municipality")
            )
            continue
        if place.pk in seen:
            found.problems.append(
                problem("twice", _("This municipality stands in the file twice."), row=number, column="municipality")
            )
        seen.add(place.pk)
        position = POSITION_WORDS.get(fold(row.get("position", "")))
        if position is None:
            found.problems.append(
                problem("unknown_position", _("The Council has no such position."), row=number, column="position")
            )
        found.problems += people_problems(number, row)
        found.seats.append(Seated(row["name"], row["email"], place, position=position or Position.MEMBER))
        if row.get("substitute_name") or row.get("substitute_email"):
            found.seats.append(
                Seated(
                    row.get("substitute_name", ""),
                    row.get("substitute_email", ""),
                    place,
                    position=Position.SUBSTITUTE,
                )
            )
    if not found.rows:
        found.problems.append(problem("no_rows", _("The file has no rows.")))
    return found


def people_problems(number: int, row: Mapping[str, str]) -> list[Problem]:
    """Names and addresses that a row lacks or that are none."""
    found = []
    pairs = [("name", "email")]
    if row.get("substitute_name") or row.get("substitute_email"):
        pairs.append(("substitute_name", "substitute_email"))
    for name, email in pairs:
        if not row.get(name):
            found.append(problem("no_name", _("Each person has a name."), row=number, column=name))
        try:
            validate_email(row.get(email, ""))
        except ValidationError:
            found.append(problem("email", _("This is not an e-mail address."), row=number, column=email))
    return found


def read_partners(table: pd.DataFrame, *, places: Iterable[Municipality]) -> PartnersFile:
    """Read a table of text: one partner per row, known by its name. `roles` apart by commas or semicolons."""
    found = PartnersFile()
    names = named(table, PARTNER_HEADERS)
    found.problems = missing_columns(names, ("name", "kind", "roles"))
    if found.problems:
        return found
    known, seen = Places(places), set()
    for number, row in rows_in(table, names):
        found.rows += 1
        facts, problems = partner_of(number, row, known)
        key = fold(row["name"])
        if key in seen:
            problems.append(problem("twice", _("This partner stands in the file twice."), row=number, column="name"))
        seen.add(key)
        found.problems += problems
        if not problems:
            found.partners.append(facts)
    if not found.rows:
        found.problems.append(problem("no_rows", _("The file has no rows.")))
    return found


KIND_WORDS = {value: value for value in PartnerKind.values}
ROLE_WORDS = {value: value for value in PartnerRole.values}


def partner_of(number: int, row: Mapping[str, str], known: Places) -> tuple[dict[str, Any], list[Problem]]:
    """(facts, problems) of one row. A column that the file lacks is left as it is."""
    problems: list[Problem] = []

    def wrong(column: str, code: str, detail: str) -> None:
        problems.append(problem(code, detail, row=number, column=column))

    facts: dict[str, Any] = {name: row[name] for name in ("name", "acronym", "website", "note") if name in row}
    if not row["name"]:
        wrong("name", "missing", _("A partner has a name."))
    for column, most in LENGTHS.items():
        if len(row.get(column, "")) > most:
            wrong(column, "too_long", _("At most %(most)s characters.") % {"most": most})
    kinds = KIND_WORDS | {fold(str(kind.label)): kind.value for kind in PartnerKind}
    facts["kind"] = kinds.get(fold(row["kind"]))
    if facts["kind"] is None:
        wrong("kind", "unknown_kind", _("There is no such kind of partner."))
    words = ROLE_WORDS | {fold(str(role.label)): role.value for role in PartnerRole}
    asked = [part.strip() for part in re.split(r"[,;|]", row["roles"]) if part.strip()]
    facts["roles"] = [words[fold(part)] for part in asked if fold(part) in words]
    if len(facts["roles"]) != len(asked) or not asked:
        wrong("roles", "unknown_role", _("A partner has at least one of the three roles."))
    if "municipality" in row:
        facts["municipality"] = known.find(row["municipality"]) if row["municipality"] else None
        if row["municipality"] and facts["municipality"] is None:
            wrong("municipality", "unknown_municipality", _("There is no such municipality."))
    if facts.get("website") and not is_address(facts["website"]):
        wrong("website", "not_an_address", _("This is not a web address."))
    days, more = days_of(number, row)
    return facts | days, problems + more


def is_address(text: str) -> bool:
    try:
        is_url(text)
    except ValidationError:
        return False
    return True


def days_of(number: int, row: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """(first and last day, problems) of one row."""
    facts: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in ("started_on", "ended_on"):
        if column in row:
            facts[column] = day_of(row[column]) if row[column] else None
            if row[column] and facts[column] is None:
                detail = _("This is not a day: write 2026-01-31 or 31/01/2026.")
                problems.append(problem("not_a_day", detail, row=number, column=column))
    started, ended = facts.get("started_on"), facts.get("ended_on")
    if started and ended and ended < started:
        detail = _("The last day cannot come before the first.")
        problems.append(problem("dates", detail, row=number, column="ended_on"))
    return facts, problems


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


def partner_rows(partners: Iterable[Partner]) -> Iterator[dict[str, Any]]:
    """The export: the same columns as a file that comes in."""
    for partner in partners:
        yield {
            "name": partner.name,
            "acronym": partner.acronym,
            "kind": partner.kind,
            "roles": "; ".join(partner.roles),
            "municipality": partner.municipality.code if partner.municipality else "",
            "website": partner.website,
            "note": partner.note,
            "started_on": partner.started_on,
            "ended_on": partner.ended_on,
        }

"""The answers file, long form: what it says, row by row, and what importing it would do.

One row is one mention: respondent, municipality, group, topic, scale. A respondent who named nothing has one row with
topic and scale empty. Nothing is written here: `plan_answers` turns a table of text into respondents and mentions, or
into the list of everything that is wrong with it. All of it runs over columns, never row by row.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from django.utils.translation import gettext_lazy

from axes.choices import GROUP_WORDS, SCALE_WORDS
from axes.queries.consultation import CodeBook
from refamp.base.text import fold
from refamp.jobs.actions import Problem

COLUMNS = ("respondent", "municipality", "group", "topic", "scale")
HEADERS = {
    "respondent": "respondent",
    "respondente": "respondent",
    "municipality": "municipality",
    "municipio": "municipality",
    "concelho": "municipality",
    "group": "group",
    "grupo": "group",
    "topic": "topic",
    "topico": "topic",
    "tema": "topic",
    "scale": "scale",
    "escala": "scale",
}
KEPT = 1000  # problems listed; their number is always exact
PREVIEW = 500  # rows shown one by one before the confirmation
NOTES = 200  # rows listed for each kind of note
LONGEST_REFERENCE = 100
NUMBER_WITH_ZERO_DECIMALS = re.compile(r"(\d+)[.,]0+")

TEXTS = {
    "empty_file": gettext_lazy("The file is empty."),
    "no_rows": gettext_lazy("The file has a header and nothing below it."),
    "column_missing": gettext_lazy("The column “%(value)s” is missing."),
    "column_twice": gettext_lazy("The column “%(value)s” stands there twice."),
    "consultation_not_open": gettext_lazy("The consultation is not open: it takes no answers now."),
    "respondent_missing": gettext_lazy("The row does not say whose answer it is."),
    "respondent_too_long": gettext_lazy("A respondent's name may have 100 characters at most."),
    "characters_not_allowed": gettext_lazy("The cell holds characters that no text has."),
    "municipality_unknown": gettext_lazy("“%(value)s” is not one of the municipalities."),
    "group_unknown": gettext_lazy("“%(value)s” is not one of the groups."),
    "topic_unknown": gettext_lazy("“%(value)s” is not in the code book."),
    "scale_unknown": gettext_lazy("“%(value)s” is not one of the scales."),
    "topic_missing": gettext_lazy("There is a scale but no topic."),
    "scale_missing": gettext_lazy("There is a topic but no scale."),
    "not_asked": gettext_lazy("“%(value)s” was not asked at this scale."),
    "two_municipalities": gettext_lazy("“%(value)s” stands with two municipalities."),
    "two_groups": gettext_lazy("“%(value)s” stands with two groups."),
    "already_answered": gettext_lazy("“%(value)s” has already answered."),
    # notes: reported, and no reason to refuse
    "duplicate_mention": gettext_lazy(
        "“%(value)s” was already named by this respondent at this scale: it counts once."
    ),
    "duplicate_empty": gettext_lazy("This respondent already has a row without topic."),
    "empty_beside_mentions": gettext_lazy("This row names nothing, but the respondent names something in another."),
    "municipality_not_stated": gettext_lazy("“%(value)s” does not state a municipality."),
    "group_not_stated": gettext_lazy("“%(value)s” does not state a group."),
    "column_ignored": gettext_lazy("The column “%(value)s” is not used."),
}


def describe(code: str, value: str | None = None) -> str:
    """What a problem or note says, in the language in force."""
    return str(TEXTS[code]) % {"value": value if value is not None else ""} if code in TEXTS else code


def problem(code: str, *, row: int | None = None, column: str | None = None, value: str | None = None) -> Problem:
    return {"row": row, "column": column, "code": code, "detail": describe(code, value)}


@dataclass
class AnswersPlan:
    """What a file holds. With any problem, nothing of it may be imported.

    respondents: (reference, municipality key or None, group or None), in the file's order; mentions: (position among
    the respondents, topic key, scale); problems: at most a thousand of `problem_count`; notes: what was forgiven.
    """

    rows: int = 0
    respondents: list[tuple[str, int | None, str | None]] = field(default_factory=list)
    mentions: list[tuple[int, int, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    notes: list[Problem] = field(default_factory=list)
    note_counts: dict[str, int] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """What importing it would do, as kept with the upload."""
        return {
            "respondents": len(self.respondents),
            "mentions": len(self.mentions),
            "named_nothing": len(self.respondents) - len({position for position, _topic, _scale in self.mentions}),
            "duplicates": self.note_counts.get("duplicate_mention", 0),
            "municipality_not_stated": self.note_counts.get("municipality_not_stated", 0),
            "group_not_stated": self.note_counts.get("group_not_stated", 0),
            "notes": self.notes,
            "note_counts": self.note_counts,
            "preview": self.preview,
            "preview_is_complete": self.rows <= PREVIEW,
        }

    def add_problem(self, code: str, **where: Any) -> None:
        self.problems.append(problem(code, **where))
        self.problem_count += 1

    def add_note(self, code: str, rows: pd.Series, column: str | None = None) -> None:
        """`rows`: row number → value."""
        if len(rows):
            self.note_counts[code] = len(rows)
            self.notes += [
                problem(code, row=int(row), column=column, value=str(value))
                for row, value in zip(rows.index[:NOTES], rows.iloc[:NOTES], strict=True)
            ]


def plan_answers(
    table: pd.DataFrame,
    *,
    book: CodeBook,
    present: Callable[[list[str]], set[str]],
    mapping: Mapping[str, str] | None = None,
) -> AnswersPlan:
    """Read a table of text (columns as in the file, index = number of the row in the file).

    `present` says which of some references have already answered. `mapping` is {our column: the file's column}.
    """
    plan = AnswersPlan()
    if not len(table.columns):
        plan.add_problem("empty_file")
        return plan
    rows = arrange(table, plan, mapping or {})
    if plan.problem_count:
        return plan
    rows = rows[(rows != "").any(axis=1)]
    plan.problems += table.attrs.get("problems", [])
    plan.problem_count += table.attrs.get("problem_count", 0)
    plan.rows = len(rows)
    if rows.empty:
        plan.add_problem("no_rows")
        return plan
    return fill(plan, rows, book, present)


def arrange(table: pd.DataFrame, plan: AnswersPlan, mapping: Mapping[str, str]) -> pd.DataFrame:
    """The five columns under our names, cells trimmed; what is missing or twice goes to the plan's problems."""
    chosen = {fold(theirs): canonical for theirs, canonical in meant(mapping)}
    found: dict[str, int] = {}
    for position, header in enumerate(map(str, table.columns)):
        key = fold(header.lstrip("\ufeff"))
        name = chosen.get(key) or (None if HEADERS.get(key) in chosen.values() else HEADERS.get(key))
        if name is None:
            if header.strip():
                plan.notes.append(problem("column_ignored", column=header.strip(), value=header.strip()))
                plan.note_counts["column_ignored"] = plan.note_counts.get("column_ignored", 0) + 1
        elif name in found:
            plan.add_problem("column_twice", column=name, value=header.strip())
        else:
            found[name] = position
    for name in COLUMNS:
        if name not in found:
            plan.add_problem("column_missing", column=name, value=name)
    if plan.problem_count:
        return pd.DataFrame()
    rows = pd.DataFrame({name: table.iloc[:, found[name]] for name in COLUMNS}, index=table.index)
    return rows.fillna("").astype(str).apply(lambda column: column.str.strip())


def meant(mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(their header, our column): a mapping may be written in either direction, in either language."""
    for left, right in mapping.items():
        if fold(str(left)) in HEADERS:
            yield str(right), HEADERS[fold(str(left))]
        elif fold(str(right)) in HEADERS:
            yield str(left), HEADERS[fold(str(right))]


def look_up(column: pd.Series, find: Callable[[str], Any]) -> pd.Series:
    """Each different word is looked up once. Null where the cell is empty or the word unknown."""
    codes, words = pd.factorize(column)
    return pd.Series(
        pd.array([find(word) if word else None for word in words], dtype="object").take(codes), index=column.index
    )


def fill(
    plan: AnswersPlan, rows: pd.DataFrame, book: CodeBook, present: Callable[[list[str]], set[str]]
) -> AnswersPlan:
    """From tidy rows to respondents and mentions, or to problems."""
    municipality = look_up(rows["municipality"], lambda word: find_municipality(book, word))
    group = look_up(rows["group"], lambda word: GROUP_WORDS.get(fold(word)))
    topic = look_up(rows["topic"], lambda word: find_topic(book, word))
    scale = look_up(rows["scale"], lambda word: SCALE_WORDS.get(fold(word)))
    said = {name: rows[name] != "" for name in COLUMNS}
    number, references = pd.factorize(rows["respondent"])
    who = pd.Series(number, index=rows.index)
    stated_municipality, clash_municipality = settle(who, municipality, said["respondent"])
    stated_group, clash_group = settle(who, group, said["respondent"])
    here = present([str(reference) for reference in references if reference])
    asked = pd.Series(
        [(t, s) in book.asked for t, s in zip(topic, scale, strict=True)] if len(rows) else [],
        index=rows.index,
        dtype=bool,
    )
    reference = rows["respondent"]
    wrong = [
        (~said["respondent"], "respondent", "respondent_missing", None),
        (reference.str.len() > LONGEST_REFERENCE, "respondent", "respondent_too_long", None),
        (said["municipality"] & municipality.isna(), "municipality", "municipality_unknown", rows["municipality"]),
        (said["group"] & group.isna(), "group", "group_unknown", rows["group"]),
        (said["topic"] & topic.isna(), "topic", "topic_unknown", rows["topic"]),
        (said["scale"] & scale.isna(), "scale", "scale_unknown", rows["scale"]),
        (~said["topic"] & said["scale"], "topic", "topic_missing", None),
        (said["topic"] & ~said["scale"], "scale", "scale_missing", None),
        (topic.notna() & scale.notna() & ~asked, "scale", "not_asked", rows["topic"]),
        (clash_municipality, "municipality", "two_municipalities", reference),
        (clash_group, "group", "two_groups", reference),
        (reference.isin(here) & said["respondent"], "respondent", "already_answered", reference),
    ]
    wrong += [(unprintable(rows[name]), name, "characters_not_allowed", None) for name in COLUMNS]
    bad = collect(plan, wrong)
    pairs = pd.DataFrame({"who": who, "topic": topic, "scale": scale})
    named = topic.notna() & scale.notna()
    again = named & pairs.duplicated()
    empty = ~said["topic"] & ~said["scale"]
    names_something = who.isin(set(who[named]))
    empty_again = empty & ~names_something & pairs.duplicated()
    plan.add_note("duplicate_mention", rows["topic"][again], "topic")
    plan.add_note("duplicate_empty", reference[empty_again], "topic")
    plan.add_note("empty_beside_mentions", reference[empty & names_something], "topic")
    first = said["respondent"] & ~who.duplicated()
    plan.add_note("municipality_not_stated", reference[first & stated_municipality.isna() & ~bad], "municipality")
    plan.add_note("group_not_stated", reference[first & stated_group.isna() & ~bad], "group")
    plan.preview = preview(
        rows,
        book,
        {
            "municipality": municipality.where(municipality.notna(), stated_municipality),
            "group": group.where(group.notna(), stated_group),
            "topic": topic,
            "scale": scale,
        },
        {"problem": bad, "already_counted": again | empty_again | (empty & names_something), "names_nothing": empty},
    )
    if plan.problem_count:
        return plan
    ones = pd.DataFrame({"reference": reference, "municipality": stated_municipality, "group": stated_group})[first]
    plan.respondents = [
        (str(r), None if pd.isna(m) else int(m), None if pd.isna(g) else str(g))
        for r, m, g in ones.itertuples(index=False, name=None)
    ]
    kept = pairs[named & ~again]
    plan.mentions = [(int(w), int(t), str(s)) for w, t, s in kept.itertuples(index=False, name=None)]
    return plan


def settle(who: pd.Series, value: pd.Series, named: pd.Series) -> tuple[pd.Series, pd.Series]:
    """For every row, the first value that its respondent states anywhere, and whether this row states another."""
    stated = value[value.notna() & named]
    first = stated.groupby(who[stated.index]).first()
    settled = who.map(first).where(named)
    return settled.astype(object), value.notna() & named & (value != settled)


def unprintable(column: pd.Series) -> pd.Series:
    """Where a cell holds control characters (PostgreSQL keeps no NUL, and nobody can see the others)."""
    return column.str.contains(r"[\x00-\x08\x0b-\x1f\x7f]", regex=True).astype(bool)


def collect(plan: AnswersPlan, wrong: list[tuple[pd.Series, str, str, pd.Series | None]]) -> pd.Series:
    """Count every problem, list the first thousand in the file's order; returns the rows that have any."""
    bad = pd.Series(data=False, index=wrong[0][0].index)
    listed: list[tuple[int, str, str, str | None]] = []
    for mask, column, code, values in wrong:
        if not mask.any():
            continue
        bad |= mask
        plan.problem_count += int(mask.sum())
        where = mask.index[mask][:KEPT]
        listed += [(int(row), column, code, None if values is None else str(values[row])[:200]) for row in where]
    listed.sort(key=lambda one: one[0])
    plan.problems += [problem(code, row=row, column=column, value=value) for row, column, code, value in listed[:KEPT]]
    return bad


def preview(
    rows: pd.DataFrame, book: CodeBook, read: Mapping[str, pd.Series], effects: Mapping[str, pd.Series]
) -> list[dict[str, Any]]:
    """The first rows as they were read, with what each would do."""
    shown = []
    for row in rows.index[:PREVIEW]:
        given = {name: None if pd.isna(values[row]) else values[row] for name, values in read.items()}
        shown.append(
            {
                "row": int(row),
                "respondent": str(rows["respondent"][row]),
                "municipality": book.names.get(given["municipality"] or 0, str(rows["municipality"][row])),
                "group": str(given["group"] or rows["group"][row]),
                "topic": book.codes.get(given["topic"] or 0, str(rows["topic"][row])),
                "scale": str(given["scale"] or rows["scale"][row]),
                "effect": next((name for name, mask in effects.items() if mask[row]), "counts"),
            }
        )
    return shown


def find_municipality(book: CodeBook, word: str) -> int | None:
    """By code (`104` is `0104`, `1312.0` is `1312`) or by name."""
    digits = NUMBER_WITH_ZERO_DECIMALS.sub(r"\1", word)
    if digits.isascii() and digits.isdigit():
        return book.municipality_codes.get(digits.zfill(4))
    return book.municipality_names.get(fold(word))


def find_topic(book: CodeBook, word: str) -> int | None:
    """By code as written; then whatever its case, with a decimal comma (`1,1`), as a number (`2.0`); or by label."""
    key = fold(word)
    for attempt in (word, key, key.replace(",", "."), NUMBER_WITH_ZERO_DECIMALS.sub(r"\1", key)):
        if attempt in book.topics:
            return book.topics[attempt]
    return book.labels.get(key)


def exported(
    rows: Iterable[tuple[str, str | None, str | None, str | None, str | None]],
) -> Iterator[dict[str, str | None]]:
    """The rows of a file of answers, under its headers."""
    return (dict(zip(COLUMNS, row, strict=True)) for row in rows)

"""The sheets and columns of a plan's workbook, and what people write into their cells."""

import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from axes.exchange.local_plans import day_of
from units.choices import ActionScope, BudgetSource, Level
from units.formulas.plans import plain_figure

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
# How a heading that is missing is asked for, in a file with Portuguese ones.
ASKED = {
    "actions": {
        "title": "título", "scope": "âmbito", "serves": "serve", "starts_on": "início", "ends_on": "fim",
    },
    "milestones": {"action": "ação", "title": "marco", "due_on": "prazo"},
    "budget": {"action": "ação", "year": "ano", "source": "fonte", "amount": "montante"},
    "risks": {"action": "ação", "description": "risco", "likelihood": "probabilidade", "impact": "impacto"},
}  # fmt: skip
# What stays as it was where the file has no such column.
KEPT = (
    "code", "description", "municipalities", "lead", "partners", "programme", "target_group", "people_expected",
    "weight",
)  # fmt: skip
JOINED = "; "
NOTHING, MOST_DIGITS = Decimal("0.0000001"), 20
FIGURE = re.compile(r"\d+(\.\d{1,2}0*)?", re.ASCII)
# Days as Excel counts them, where a cell lost its format: 2000 to 2099.
FIRST_DAY, DAYS = date(1899, 12, 30), range(36_526, 73_051)


def figure(text: str) -> str:
    """A figure with a point; what a formula left behind the cents (0.30000000000000004) goes."""
    plain = plain_figure(text)
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return plain
    if not value.is_finite() or value.adjusted() > MOST_DIGITS:
        return plain
    cents = value.quantize(Decimal("0.01"))
    return str(cents) if value != cents and abs(value - cents) < NOTHING else plain


def parts(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


def day_text(text: str) -> str:
    """ISO, or what was written where that is no day."""
    if text.isascii() and text.isdigit() and int(text[:9]) in DAYS:
        return (FIRST_DAY + timedelta(days=int(text))).isoformat()
    day = day_of(text)
    return day.isoformat() if day else text

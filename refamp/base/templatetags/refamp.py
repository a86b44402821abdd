"""Figures, dates and "no data" as people read them, in the language of the page; and addresses with one part changed.

Figures come as `Decimal`, whole numbers or their text, never as `float`, so that what is shown is what is stored.
Rounding, where decimals are asked for, is half-even, as in the formulas. No figure (None or "") reads "no data":
where the reason is known, use `no_data` with it instead.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from django import template
from django.forms import BoundField, Form
from django.http import HttpRequest, QueryDict
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
LISBON = ZoneInfo("Europe/Lisbon")

# status → (what stands in the cell, what it means)
NO_DATA = {
    "missing": (gettext_lazy("missing"), gettext_lazy("It should be here and is not: nobody has given it.")),
    "not_applicable": (gettext_lazy("not applicable"), gettext_lazy("The question does not arise here.")),
    "confidential": (gettext_lazy("confidential"), gettext_lazy("It exists and may not be shown.")),
    "not_collected": (gettext_lazy("not yet collected"), gettext_lazy("Its collection has not closed.")),
    "suppressed": (
        gettext_lazy("hidden"),
        gettext_lazy("Too few people: it is hidden so that nobody can be recognised."),
    ),
    "no_respondents": (gettext_lazy("no respondents"), gettext_lazy("Nobody in this group answered: it has no share.")),
    "not_asked": (gettext_lazy("not asked"), gettext_lazy("The source does not ask it, or prints nothing here.")),
    "no_data": (gettext_lazy("no data"), gettext_lazy("The reason is not recorded.")),
}


def is_portuguese() -> bool:
    return (get_language() or "pt-pt").startswith("pt")


def locale() -> Locale:
    return Locale.parse("pt_PT" if is_portuguese() else to_locale(get_language() or "en"), sep="_")


def exact(value: Any) -> Decimal | None:
    """The figure without loss; None where there is none.

    Raises TypeError for a float (its decimals are not the stored ones) and decimal.InvalidOperation for other text.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float | bool):
        raise TypeError(f"{value!r}: figures are Decimal, whole or text, never {type(value).__name__}")
    return Decimal(value)


def written(value: Decimal, decimals: int | None) -> str:
    """Digits with the language's separators; thousands apart by a no-break space (Portuguese) or a comma (English)."""
    figure = value if decimals is None else value.quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_EVEN)
    text = format(abs(figure), ",f")
    if figure < 0:
        text = MINUS + text
    if is_portuguese():
        text = text.replace(".", "\0").replace(",", NO_BREAK_SPACE).replace("\0", ",")
    return text


@register.filter
def decimal(value: Any, decimals: int | None = None) -> str:
    """`64.50` → "64,50": the decimals it has, or as many as asked for."""
    figure = exact(value)
    return _("no data") if figure is None else written(figure, decimals)


@register.filter
def percent(value: Any, decimals: int | None = None) -> str:
    """A share already in percent: `22.92` → "22,92 %" in Portuguese, "22.92%" in English."""
    figure = exact(value)
    if figure is None:
        return _("no data")
    return written(figure, decimals) + (f"{NO_BREAK_SPACE}%" if is_portuguese() else "%")


@register.filter
def euro(value: Any, decimals: int = 2) -> str:
    """Money: `1284500` → "1 284 500,00 €" in Portuguese, "€1,284,500.00" in English."""
    figure = exact(value)
    if figure is None:
        return _("no data")
    text = written(figure, decimals)
    if is_portuguese():
        return f"{text}{NO_BREAK_SPACE}€"
    return f"{MINUS}€{text[1:]}" if text.startswith(MINUS) else f"€{text}"


@register.filter
def whole(value: Any) -> str:
    """A count: `12345` → "12 345"."""
    figure = exact(value)
    return _("no data") if figure is None else written(figure, 0)


@register.filter
def plain(value: Any) -> str:
    """A figure for a `data-value` attribute or `<input>`: a dot, no grouping, whatever the language."""
    figure = exact(value)
    return "" if figure is None else format(figure, "f")


@register.filter
def no_data(status: str) -> SafeString:
    """Why there is no figure, each reason in its own words."""
    known = str(status) if str(status) in NO_DATA else "no_data"
    text, meaning = NO_DATA[known]
    return format_html('<span class="none none-{}" title="{}">{}</span>', known, meaning, text)


def local(value: Any) -> dt.date | None:
    """A date as it is; a moment in Lisbon's time; their ISO text read; None where there is none."""
    if isinstance(value, str):
        value = parse_datetime(value) if len(value) > len("2026-11-12") else parse_date(value)
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value, LISBON)
    return value if isinstance(value, dt.date) else None


@register.filter
def day(value: Any, length: str = "medium") -> str:
    """A day: "12 nov. 2026"; `long` "12 de novembro de 2026"; `short` "12/11/2026". No day: an empty text."""
    when = local(value)
    if when is None:
        return ""
    if length == "short":
        return format_date(when, "dd/MM/yyyy", locale())
    if length == "long":
        return format_date(when, "d 'de' MMMM 'de' y" if is_portuguese() else "d MMMM y", locale())
    return format_date(when, "d MMM y", locale()).replace(" ", NO_BREAK_SPACE)


@register.filter
def moment(value: Any, length: str = "medium") -> str:
    """A day and its hour in Lisbon: "12 nov. 2026, 14:05"."""
    when = local(value)
    if when is None:
        return ""
    hour = format_time(when, "HH:mm", locale=locale()) if isinstance(when, dt.datetime) else ""
    return ", ".join(part for part in (day(when, length), hour) if part)


@register.filter
def machine_time(value: Any) -> str:
    """The ISO form, for `<time datetime>`."""
    when = local(value)
    if isinstance(when, dt.datetime):
        return when.isoformat(timespec="minutes")
    return "" if when is None else when.isoformat()


@register.simple_tag
def changes_of(event: Any) -> list[dict[str, Any]]:
    """What an audit event changed: one `{field, before, after}` per key of its `before` and `after`, in their order.

    It may bring its `changes` ready made, in words.
    """
    ready = event.get("changes") if isinstance(event, Mapping) else getattr(event, "changes", None)
    if ready is not None:
        return list(ready)
    sides = event if isinstance(event, Mapping) else vars(event)
    before, after = sides.get("before") or {}, sides.get("after") or {}
    return [
        {"field": str(key).replace("_", " "), "before": before.get(key), "after": after.get(key)}
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_replace(context: Context, **new: Any) -> str:
    """The present address's query with parameters set (None or "" removes).

    A new filter or order starts at the first page: `cursor` goes unless it is itself given.
    """
    query = context["request"].GET.copy() if "request" in context else QueryDict(mutable=True)
    query.pop("cursor", None)
    for name, value in new.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, list | tuple):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    return address(query)


@register.simple_tag
def active_filters(form: Form, request: HttpRequest) -> list[dict[str, str]]:
    """The filters in force, from a bound GET form: `{label, value, url}` each, `url` being the address without it."""
    if not form.is_bound:
        return []
    form.is_valid()
    return [chip for bound in form for chip in chips_of(bound, request.GET)]


def chips_of(bound: BoundField, query: QueryDict) -> Iterable[dict[str, str]]:
    """One chip per value of one field."""
    names = dict(flat(getattr(bound.field, "choices", ())))
    for value in query.getlist(bound.html_name):
        if not value:
            continue
        rest = query.copy()
        rest.pop("cursor", None)
        rest.setlist(bound.html_name, [other for other in query.getlist(bound.html_name) if other != value])
        yield {"label": str(bound.label), "value": str(names.get(value, value)), "url": address(rest)}


def flat(choices: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    """Choices without their groups."""
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from flat(label)
        else:
            yield str(value), label


@register.simple_block_tag
def card(content: str, **given: Any) -> str:
    """`{% card title=… %}…{% endcard %}`: components/card.html around what stands between."""
    return render_to_string("components/card.html", given | {"content": content})


@register.simple_block_tag
def tablewrap(content: str, **given: Any) -> str:
    """`{% tablewrap label=… %}<table>…</table>{% endtablewrap %}`: components/table.html around a table."""
    return render_to_string("components/table.html", given | {"content": content})


@register.simple_block_tag
def figure(content: str, **given: Any) -> str:
    """`{% figure table=… finding=… draw="ref-dumbbell" sentence=… %}<table id=…>…</table>{% endfigure %}`."""
    return render_to_string("components/figure.html", given | {"content": content})

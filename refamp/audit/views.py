"""The record on screen: for auditors and the coordination unit."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from refamp.audit.choices import name_of
from refamp.audit.forms import EventFilterForm
from refamp.audit.models import Event, Seal
from refamp.audit.queries import changes_in_words, events_matching, history_of, name_of_kind, protected_by_grants
from refamp.audit.rules import sees_audit
from refamp.base.doors import door
from refamp.base.export import csv_lines
from refamp.base.paging import page_of

HISTORY = 30
COLUMNS = (
    "id", "at", "actor_label", "action", "object_type", "object_id", "object_label",
    "before", "after", "reason", "request_id",
)  # fmt: skip


@door(sees_audit)
def events(request: HttpRequest) -> HttpResponseBase:
    """What was done, newest first."""
    form = EventFilterForm(request.GET or None)
    found = events_matching(Event.objects.all(), **asked(form))
    if request.GET.get("format") == "csv":
        return as_csv(found)
    page = page_of(found, cursor=request.GET.get("cursor", ""))
    return render(
        request,
        "audit/events.html",
        {
            "form": form,
            "page": page,
            "events": in_words(page.rows),
            "head": Seal.objects.order_by("-id").first(),
            "by_grants": protected_by_grants(),
        },
    )


def asked(form: EventFilterForm) -> dict[str, Any]:
    """The filters in force; none where they cannot be read."""
    return form.cleaned_data if form.is_bound and form.is_valid() else {}


def in_words(found: Iterable[Event]) -> list[Event]:
    """The same events with `text`, `kind` and `changes`: action, kind and values in the language of the page."""
    named = list(found)
    for event in named:
        event.text, event.kind = name_of(event.action), name_of_kind(event.object_type)  # type: ignore[attr-defined]
        event.changes = changes_in_words(event)  # type: ignore[attr-defined]
    return named


def as_csv(found: Any) -> StreamingHttpResponse:
    """The whole filter, not a page."""
    rows: Iterator[dict[str, Any]] = found.order_by("-id").values(*COLUMNS).iterator(chunk_size=1000)
    return StreamingHttpResponse(
        csv_lines(COLUMNS, rows),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="audit_events.csv"'},
    )


@door(sees_audit)
def history(request: HttpRequest, object_type: str, object_id: str) -> HttpResponseBase:
    """What was done to one object, for its page to load."""
    found = list(history_of(object_type, object_id)[: HISTORY + 1])
    context = {
        "events": in_words(found[:HISTORY]),
        "more": len(found) > HISTORY,
        "object_type": object_type,
        "object_id": object_id,
    }
    return render(request, "audit/history.html", context)

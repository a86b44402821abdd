"""The results of a consultation, as everybody reads them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from axes.choices import Scale
from axes.forms.results import FocusForm
from axes.queries.response import response_of
from axes.queries.results import ALL, GROUP, MUNICIPALITY, ResultRow, Results, results_for
from axes.views.consultation import consultation_or_404, shown
from refamp.base.doors import SignedRequest, door, everyone

SCALE_KEYS = ("metropolitan", "municipal", "metropolitan_share", "municipal_share")


@door(everyone)
def results_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """Topics by share; one of them by municipality and by group; who is missing; how each figure is computed.

    `?tema=1.1&escala=municipal` chooses the topic that is broken down.
    """
    consultation = consultation_or_404(request, public_id)
    results = results_for(consultation, request.user)
    context: dict[str, Any] = {"results": results}
    if results.exist:
        form = FocusForm(request.GET or None, results=results)
        chosen = form.chosen()
        context |= {
            "form": form,
            "topics": topics_of(results),
            "printed": [row for row in results.rows if row.published],
            "focus": focus_of(results, *chosen) if chosen else None,
            "response": response_of(results),
        }
    return render(request, "axes/results/results.html", shown(request, consultation, "results", **context))


def topics_of(results: Results) -> list[dict[str, Any]]:
    """One entry per topic: its row for everybody at each scale, None where it was not asked; the most named first."""
    entries: dict[int, dict[str, Any]] = {}
    for row in results.rows:
        if row.dimension == ALL:
            entry = entries.setdefault(row.topic.pk, {"topic": row.topic, **dict.fromkeys(SCALE_KEYS)})
            entry |= {row.scale: row, f"{row.scale}_share": row.share}
    return sorted(
        entries.values(), key=lambda entry: -max(share_of(entry["metropolitan"]), share_of(entry["municipal"]))
    )


def share_of(row: ResultRow | None) -> Any:
    """For sorting: what has no share comes last."""
    return row.share if row is not None and row.share is not None else -1


def focus_of(results: Results, code: str, scale: str) -> dict[str, Any]:
    """One topic at one scale, broken down."""
    rows = [row for row in results.rows if row.topic.code == code and row.scale == scale]
    by_place = [row for row in rows if row.dimension == MUNICIPALITY]
    by_group = [row for row in rows if row.dimension == GROUP]
    return {
        "topic": rows[0].topic,
        "scale": scale,
        "scale_name": Scale(scale).label,
        "everybody": rows[0],
        "municipalities": by_place,
        "groups": by_group,
        "highest_place": max(by_place, key=share_of, default=None),
        "highest_group": max(by_group, key=share_of, default=None),
        "hidden_places": sum(row.suppressed for row in by_place),
        "hidden_groups": sum(row.suppressed for row in by_group),
    }

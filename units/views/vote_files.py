"""The register as files: CSV and XLSX of exactly what is shown, and one PDF/A to keep."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from refamp.base.doors import door, everyone
from refamp.base.export import csv_lines, xlsx_file
from refamp.base.pdf import render_pdf
from refamp.base.templatetags.refamp import day, moment
from units.choices import DeliberationState, VoteValue
from units.exchange.votes import COLUMNS, rows_of
from units.filters.votes import DeliberationFilter
from units.formulas.meetings import blocks
from units.models import Deliberation
from units.views.votes import in_register

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ON_PAPER = 5000


def filtered(request: HttpRequest) -> Any:
    found = DeliberationFilter(request.GET, queryset=in_register(request), request=request)
    if not found.is_valid():
        raise Http404
    return found.qs


@door(everyone)
def register_file(request: HttpRequest, form: str) -> HttpResponseBase:
    rows = rows_of(filtered(request).iterator(chunk_size=500))
    headers = {"Content-Disposition": f'attachment; filename="deliberacoes.{form}"'}
    if form == "csv":
        return StreamingHttpResponse(csv_lines(COLUMNS, rows), content_type="text/csv; charset=utf-8", headers=headers)
    return FileResponse(xlsx_file(COLUMNS, rows), content_type=XLSX, headers=headers)


@door(everyone)
def register_pdf(request: HttpRequest) -> HttpResponse:
    """The register on paper, tagged and made to last."""
    found = list(
        filtered(request)
        .prefetch_related("votes__municipality")
        .order_by("year", "unit__code", "number", "pk")[: MOST_ON_PAPER + 1]
    )
    if len(found) > MOST_ON_PAPER:
        messages.error(request, _("These are too many for one document: choose a year or a body."))
        return redirect("units:deliberations")
    data = {
        "title": _("Register of deliberations"),
        "head": "REF-AMP",
        "foot": _("Printed on %(day)s") % {"day": day(timezone.now())},
        "words": {"none": _("No deliberation fits."), "votes": _("Votes by municipality"), "text": _("Text")},
        "entries": [entry_of(one) for one in found],
    }
    made = render_pdf("units/votes/register.typ", data, at=timezone.now())
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="deliberacoes.pdf"'},
    )


def takes_effect(one: Any) -> str:
    """From when, on what legal ground; `one` comes from `with_effect`."""
    if one.effective_at is None:
        return _("not yet: neither minutes nor summary are approved (CPA, art. 34, no. 6)")
    return _("since %(when)s (CPA, art. 34, no. 6)") % {"when": moment(one.effective_at)}


def entry_of(one: Deliberation) -> dict[str, Any]:
    """A deliberation in words, for paper."""
    number = f"{one.number}/{one.year}" if one.number else "–"
    facts = [
        [_("Body"), one.unit.name],
        [_("Closed"), moment(one.closed_at)],
        [_("Outcome"), one.get_state_display()],
        *([[_("Takes effect"), takes_effect(one)]] if one.state == DeliberationState.PASSED else []),
        [_("Rule"), one.get_rule_display()],
        [
            _("Count"),
            (
                _("%(f)s for, %(a)s against, %(o)s abstentions; %(p)s present of %(s)s seats, quorum %(q)s")
                if one.votes_for is not None
                else _("not counted; %(p)s present of %(s)s seats, quorum %(q)s")
            )
            % {
                "f": one.votes_for,
                "a": one.votes_against,
                "o": one.abstentions,
                "p": one.present,
                "s": one.seats,
                "q": one.quorum,
            },
        ],
        [_("Legal effect"), one.get_legal_effect_display()],
    ]
    if one.legal_effect_basis:
        facts.append([_("On what ground"), one.legal_effect_basis])
    if one.casting_vote in {VoteValue.FOR, VoteValue.AGAINST}:
        facts.append([_("Casting vote"), one.get_casting_vote_display()])
    if one.metropolitan_answer:
        told = [
            one.get_metropolitan_answer_display(),
            one.metropolitan_reference,
            day(one.metropolitan_at) if one.metropolitan_at else "",
        ]
        facts.append([_("Metropolitan Council"), " · ".join(part for part in told if part)])
    votes: list[list[str]] = []
    if not one.is_secret:
        for vote in sorted(one.votes.all(), key=lambda vote: vote.municipality.name):
            said = _("conflict of interest") if vote.conflict else vote.get_value_display()
            votes.append([vote.municipality.name, str(said), vote.declaration])
    return {
        "title": f"{number} · {one.title}",
        "facts": facts,
        "text": blocks(one.text),
        "votes": votes,
        "secret": _("Secret ballot: only the sums are kept.") if one.is_secret else "",
        "head": [_("Municipality"), _("Vote"), _("Declaration")],
    }

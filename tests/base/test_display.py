"""How figures, dates, missing data and addresses reach the page, and that the components say what they are given."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from refamp.base.templatetags import refamp as display

NBSP = "\u00a0"


@pytest.fixture(params=["pt-pt", "en"])
def language(request: pytest.FixtureRequest):
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def portuguese():
    with translation.override("pt-pt"):
        yield


@pytest.fixture
def english():
    with translation.override("en"):
        yield


def drawn(source: str, **context: Any) -> str:
    return Template(source).render(Context(context))


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (Decimal("64.50"), None, "64,50"),
        ("64.50", None, "64,50"),
        (12, None, "12"),
        (Decimal(0), None, "0"),
        (Decimal("3.125"), 2, "3,12"),
        (Decimal("3.135"), 2, "3,14"),
        (Decimal("1234567.891"), None, f"1{NBSP}234{NBSP}567,891"),
        (Decimal("-0.5"), None, "\u22120,5"),
        (Decimal("-0.001"), 2, "0,00"),
        (Decimal("1E+3"), None, f"1{NBSP}000"),
    ],
)
def test_a_decimal_keeps_its_decimals_and_takes_a_comma(portuguese, value, decimals, expected):
    assert display.decimal(value, decimals) == expected


def test_percent_stands_apart_in_portuguese_and_close_in_english():
    with translation.override("pt-pt"):
        assert display.percent(Decimal("22.92")) == f"22,92{NBSP}%"
    with translation.override("en"):
        assert display.percent(Decimal("22.92")) == "22.92%"


def test_euro_follows_the_figure_in_portuguese_and_leads_it_in_english():
    with translation.override("pt-pt"):
        assert display.euro(Decimal(1284500)) == f"1{NBSP}284{NBSP}500,00{NBSP}€"
    with translation.override("en"):
        assert display.euro(Decimal(1284500)) == "€1,284,500.00"
        assert display.euro(Decimal("-3.5")) == "\u2212€3.50"


def test_thousands_are_grouped_from_four_digits_on(portuguese):
    assert display.whole(3900) == f"3{NBSP}900"
    assert display.whole(0) == "0"


@pytest.mark.parametrize("shown", [display.decimal, display.percent, display.euro, display.whole])
def test_a_float_is_refused_because_its_decimals_are_not_the_stored_ones(shown):
    with pytest.raises(TypeError):
        shown(0.1)


def test_text_that_is_no_figure_is_refused():
    with pytest.raises(InvalidOperation):
        display.decimal("many")


@pytest.mark.parametrize("shown", [display.decimal, display.percent, display.euro, display.whole])
@pytest.mark.parametrize("nothing", [None, ""])
def test_no_figure_is_never_a_zero_or_a_blank(english, shown, nothing):
    assert shown(nothing) == "no data"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_what_is_shown_reads_back_as_what_was_given(value):
    with translation.override("pt-pt"):
        shown = display.decimal(value)
    assert Decimal(shown.replace(NBSP, "").replace(",", ".").replace("\u2212", "-")) == value


def test_figures_for_machines_have_a_dot_in_every_language(language):
    assert display.plain(Decimal("1284.50")) == "1284.50"
    assert display.plain(None) == ""


def test_each_reason_for_no_figure_has_its_own_words(language):
    shown = {status: words(display.no_data(status)) for status in display.NO_DATA}
    assert len(set(shown.values())) == len(display.NO_DATA)
    assert all(shown.values())


def test_an_unknown_reason_says_no_data_and_carries_nothing_else(english):
    assert words(display.no_data('"><script>')) == "no data"
    assert "script" not in display.no_data('"><script>')


def test_a_moment_is_shown_in_lisbon_whatever_it_was_stored_in(portuguese):
    summer = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)
    assert display.moment(summer) == f"2{NBSP}jul.{NBSP}2026, 00:30"
    assert display.day(summer) == f"2{NBSP}jul.{NBSP}2026"
    assert display.machine_time(summer) == "2026-07-02T00:30+01:00"


def test_days_have_three_lengths():
    day = dt.date(2026, 11, 12)
    with translation.override("pt-pt"):
        assert [display.day(day, length) for length in ("short", "medium", "long")] == [
            "12/11/2026",
            f"12{NBSP}nov.{NBSP}2026",
            "12 de novembro de 2026",
        ]
        assert display.day("2026-11-12", "short") == "12/11/2026"
    with translation.override("en"):
        assert display.day(day, "long") == "12 November 2026"


def test_no_day_is_an_empty_text():
    assert display.day(None) == display.moment(None) == display.machine_time("") == ""


def test_one_parameter_changes_and_the_page_starts_again_at_its_beginning():
    request = RequestFactory().get("/x/?kind=a&kind=b&year=2027&cursor=abc")
    assert drawn("{% query_replace year=2026 %}", request=request) == "?kind=a&amp;kind=b&amp;year=2026"
    assert drawn("{% query_replace year=None %}", request=request) == "?kind=a&amp;kind=b"
    assert (
        drawn("{% query_replace cursor='next' %}", request=request)
        == "?kind=a&amp;kind=b&amp;year=2027&amp;cursor=next"
    )


class Filters(forms.Form):
    kind = forms.MultipleChoiceField(label="Tipo", choices=[("Grupo", [("a", "Um")]), ("b", "Dois")], required=False)
    text = forms.CharField(label="Texto", required=False)


def test_each_filter_in_force_can_be_taken_out_alone():
    request = RequestFactory().get("/x/?kind=a&kind=b&text=&other=1&cursor=z")
    chips = display.active_filters(Filters(request.GET), request)
    assert chips == [
        {"label": "Tipo", "value": "Um", "url": "?kind=b&text=&other=1"},
        {"label": "Tipo", "value": "Dois", "url": "?kind=a&text=&other=1"},
    ]
    assert display.active_filters(Filters(), request) == []


def test_an_event_shows_only_what_it_changed():
    event = SimpleNamespace(
        before={"state": "draft", "title": "A"}, after={"state": "sent", "title": "A", "sent_on": "2026-11-12"}
    )
    assert display.changes_of(event) == [
        {"field": "state", "before": "draft", "after": "sent"},
        {"field": "sent on", "before": None, "after": "2026-11-12"},
    ]
    assert display.changes_of({"changes": [{"field": "x"}]}) == [{"field": "x"}]


class Entry(forms.Form):
    name = forms.CharField(label="Nome", help_text="Como no plano.")
    scale = forms.ChoiceField(label="Escala", widget=forms.RadioSelect, choices=[("m", "Metropolitana")])

    def clean(self):
        raise forms.ValidationError("As datas não batem certo.")


def test_the_error_summary_leads_to_fields_that_exist(portuguese):
    page = render_to_string("components/form.html", {"form": Entry({}), "csrf_token": "x"})
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["id_name", "id_scale_0"]
    assert all(f'id="{target}"' in page for target in targets)
    assert "As datas não batem certo." in page
    assert 'role="alert" tabindex="-1"' in page


def test_label_help_and_error_are_tied_to_their_control():
    page = render_to_string("components/field.html", {"field": Entry({})["name"]})
    described = re.search(r'aria-describedby="([^"]+)"', page).group(1).split()
    assert described == ["id_name_helptext", "id_name_error"]
    assert all(f'id="{part}"' in page for part in described)
    assert '<label for="id_name">' in page
    assert 'aria-invalid="true"' in page


def test_a_form_that_was_not_sent_has_no_error_summary():
    assert 'role="alert"' not in render_to_string("components/form.html", {"form": Entry(), "csrf_token": "x"})


@pytest.mark.parametrize("items", [[("Custo", None)], [{"term": "Custo", "value": None}]])
def test_a_fact_without_a_value_says_so(english, items):
    assert words(render_to_string("components/facts.html", {"items": items})) == "Custo no data"


def test_a_fact_of_zero_is_a_zero(english):
    assert (
        words(render_to_string("components/facts.html", {"items": [("Custo", 0), {"term": "Pessoas", "value": 0}]}))
        == "Custo 0 Pessoas 0"
    )


def test_a_job_is_asked_about_until_it_has_ended(english):
    job = {"id": "job-1", "url": "/jobs/1/", "label": "Import", "done": 2, "total": 10}
    assert 'hx-get="/jobs/1/"' in render_to_string("components/progress.html", job | {"state": "running"})
    assert 'max="10" value="2"' in render_to_string("components/progress.html", job | {"state": "running"})
    assert "hx-get" not in render_to_string("components/progress.html", job | {"state": "done"})
    assert "hx-get" not in render_to_string("components/progress.html", job | {"state": "failed"})


def test_a_job_of_unknown_length_shows_no_made_up_share(english):
    page = render_to_string(
        "components/progress.html", {"id": "j", "url": "/j/", "label": "x", "state": "queued", "done": 0, "total": 0}
    )
    assert "max=" not in page
    assert " of " not in words(page)


def test_a_figure_names_itself_by_its_finding_and_holds_its_table():
    page = drawn(
        '{% figure table="t1" finding="Sobe" draw="ref-dumbbell" accent="ep1" sentence="Diz." %}'
        '<table id="t1"></table>{% endfigure %}'
    )
    assert 'aria-labelledby="t1-finding"' in page
    assert re.search(r'<ref-dumbbell table="t1"\s+accent="ep1"\s*></ref-dumbbell>', page)
    assert page.index("<details") < page.index('<table id="t1">') < page.index("</details>")


def test_block_components_escape_what_they_are_given():
    page = drawn("{% card title=title %}{{ text }}{% endcard %}", title="<b>", text="<i>")
    assert "<h2>&lt;b&gt;</h2>" in page
    assert "&lt;i&gt;" in page
    assert "<i>" not in page


def test_exports_keep_the_filters_of_the_page():
    request = RequestFactory().get("/x/?kind=a&cursor=z")
    page = render_to_string("components/export_links.html", {"url": "/api/v1/x/", "request": request})
    assert re.findall(r'href="([^"]+)"', page) == [
        f"/api/v1/x/?kind=a&amp;format={kind}" for kind in ("csv", "xlsx", "json")
    ]


def test_history_says_before_after_and_why(english):
    event = SimpleNamespace(
        at=dt.datetime(2026, 11, 12, 14, 5, tzinfo=dt.UTC), actor_label="", action="plan.sent",
        before={"state": "draft"}, after={"state": ""}, reason="Prazo",
    )  # fmt: skip
    assert words(render_to_string("components/timeline.html", {"events": [event]})) == (
        "12 Nov 2026, 14:05 plan.sent · the platform state: before draft → after nothing Why: Prazo"
    )


def test_the_failure_page_needs_nothing_but_itself(language):
    page = render_to_string("500.html")
    assert page.count("<h1>") == 1
    assert "hx-headers" not in page


def test_an_empty_query_leads_to_the_bare_address():
    assert display.address(QueryDict("")) == "?"

"""The consultations that are shipped."""

import json
from collections import Counter

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command

from axes.management.commands.load_demo_consultations import DATA, FICTITIOUS, RECONSTRUCTION
from axes.models import Consultation, Release, Respondent, Tally
from axes.queries.counting import wrong_counts
from axes.queries.results import results_for
from tests.axes.attack import attack_releases
from tests.axes.test_results_outputs import cells_of, json_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped(db):
    call_command("load_territory", verbosity=0)
    call_command("load_framework", verbosity=0)
    call_command("load_demo_consultations", verbosity=0)


def test_the_reconstruction_gives_every_count_of_2014(shipped):
    consultation = Consultation.objects.get(title=RECONSTRUCTION)
    rows = {(r.topic.code, r.scale): r for r in results_for(consultation, AnonymousUser()).rows if r.dimension == "all"}
    source = json.loads(DATA.read_text(encoding="utf-8"))
    printed = {(t["code"], f["scale"]): f for t in source["topics"] for f in t["figures"]}
    assert rows.keys() == printed.keys()
    assert len(printed) == 25
    for key, figure in printed.items():
        assert rows[key].mentions == (figure["count"] if figure["count"] is not None else figure["inferred_count"])
        assert rows[key].respondents == 48
        assert rows[key].published_share == figure["share"]
        assert rows[key].published_count == figure["count"]
    assert sorted(key for key, row in rows.items() if not row.agrees) == [
        ("1.1", "municipal"), ("3.1", "municipal"), ("AE2", "metropolitan"),
    ]  # fmt: skip


def test_the_reconstruction_is_48_people_of_17_municipalities_and_4_groups(shipped):
    people = Respondent.objects.filter(consultation__title=RECONSTRUCTION)
    places = Counter(people.values_list("municipality", flat=True))
    assert (people.count(), len(places), set(places.values())) == (48, 17, {2, 3})
    assert len(set(people.values_list("group", flat=True))) == 4
    assert set(people.values_list("channel", flat=True)) == {"reconstruction"}


def test_both_are_public_and_say_what_they_are(shipped):
    found = {c.title: c for c in Consultation.objects.visible_to(AnonymousUser())}
    assert found.keys() == {RECONSTRUCTION, FICTITIOUS}
    assert found[RECONSTRUCTION].provenance.startswith("Reconstrução")
    assert found[FICTITIOUS].provenance.startswith("Fictícia")
    assert all(c.is_demonstration and c.framework.code == "2014" for c in found.values())


def test_loading_again_changes_nothing(shipped):
    before = list(Consultation.objects.values()), Respondent.objects.count(), Release.objects.count()
    call_command("load_demo_consultations", verbosity=0)
    assert (list(Consultation.objects.values()), Respondent.objects.count(), Release.objects.count()) == before


def test_600_are_enough_to_show_most_of_it(shipped):
    results = results_for(Consultation.objects.get(title=FICTITIOUS), AnonymousUser())
    assert results.respondents == 600
    by_place = [row.suppressed for row in results.rows if row.dimension == "municipality"]
    assert sum(by_place) < len(by_place) / 3


def test_what_is_stored_equals_a_recount(shipped, capsys):
    assert not Tally.objects.exists()
    for consultation in Consultation.objects.all():
        assert wrong_counts(consultation) == []
    call_command("recompute_representativeness", "--check")


def test_the_check_prints_what_is_wrong_and_exits_with_1(shipped, capsys):
    consultation = Consultation.objects.get(title=RECONSTRUCTION)
    consultation.representativeness.filter(dimension="all", topic__code="1.1", scale="municipal").update(count=99)
    with pytest.raises(SystemExit) as stopped:
        call_command("recompute_representativeness", str(consultation.public_id), "--check")
    assert stopped.value.code == 1
    assert "all · 1.1 municipal: stored 99, counted 31" in capsys.readouterr().out
    call_command("recompute_representativeness", str(consultation.public_id))
    assert wrong_counts(consultation) == []


@pytest.mark.parametrize("title", [RECONSTRUCTION, FICTITIOUS])
def test_nothing_hidden_in_them_can_be_worked_out(shipped, client, title):
    """Topic by topic, for they share no total: a linear programme over all of them at once takes minutes."""
    consultation = Consultation.objects.get(title=title)
    cells = cells_of(json_rows(client, consultation))
    items = sorted({item for _dimension, _key, item in cells if item is not None})
    strata = results_for(consultation, AnonymousUser()).strata
    for dimension in ("municipality", "group"):
        # Who did not state it: the page tells how many they are, and nothing tells what they named.
        if strata[dimension, None] != 0:
            cells |= {(dimension, "not stated", item): None for item in items}
            cells[dimension, "not stated", None] = strata[dimension, None]
    for item in items:
        of_item = {cell: count for cell, count in cells.items() if cell[2] in (None, item)}
        pinned = attack_releases([of_item]).pinned()
        # What "not stated" adds up to may be told where it is no small count: it is left out of the rows, not hidden.
        assert {name: ends for name, ends in pinned.items() if name[2] != "not stated" or 0 < round(ends[0]) < 5} == {}

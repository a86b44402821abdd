"""The shipped lists, loading them, and other lists through time."""

import datetime
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from refamp.audit.models import Event
from refamp.territory.choices import CensusMeasure
from refamp.territory.formulas import change_percent, percent
from refamp.territory.models import CensusCount, Municipality, Parish


@pytest.fixture(autouse=True)
def in_english():
    """The messages matched here are the source's."""
    with translation.override("en"):
        yield


pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(capsys):
    call_command("load_territory")
    return capsys.readouterr().out


def test_the_seventeen_and_their_parishes_are_loaded(loaded):
    assert loaded == (
        "municipalities: 17 created, 0 updated, 0 unchanged\n"
        "parishes: 208 created, 0 updated, 0 unchanged\n"
        "census counts: 102 created, 0 updated, 0 unchanged\n"
    )
    assert (Municipality.objects.count(), Parish.objects.count()) == (17, 208)
    of_each = Counter(Parish.objects.values_list("municipality__name", flat=True))
    assert (of_each["Porto"], of_each["São João da Madeira"], len(of_each)) == (7, 1, 17)
    assert all(
        parish.code.startswith(parish.municipality.code) for parish in Parish.objects.select_related("municipality")
    )


def test_the_census_is_whole(loaded):
    assert Counter(CensusCount.objects.values_list("year", "measure")) == {
        (year, measure): 17 for year in (2011, 2021) for measure in CensusMeasure.values
    }
    assert (
        sum(CensusCount.objects.filter(year=2011, measure="resident_population").values_list("people", flat=True))
        == 1_759_524
    )
    porto = CensusCount.objects.get(municipality__code="1312", year=2021, measure="resident_population")
    assert (porto.people, porto.source) == (231_800, "INE, Census 2021")


def test_loading_again_changes_nothing(loaded, capsys):
    events = Event.objects.count()
    call_command("load_territory")
    assert capsys.readouterr().out == (
        "municipalities: 0 created, 0 updated, 17 unchanged\n"
        "parishes: 0 created, 0 updated, 208 unchanged\n"
        "census counts: 0 created, 0 updated, 102 unchanged\n"
    )
    assert Event.objects.count() == events


def test_a_correction_is_made_and_recorded(loaded):
    Municipality.objects.filter(code="1312").update(name="Oporto")
    CensusCount.objects.filter(municipality__code="1312", year=2021, measure="resident_population").update(people=1)
    call_command("load_territory")
    assert Municipality.objects.get(code="1312").name == "Porto"
    event = Event.objects.get(action="municipality.updated")
    assert (event.before, event.after) == ({"name": "Oporto"}, {"name": "Porto"})
    assert Event.objects.get(action="census_count.updated").before == {"people": 1}


def parish_file(tmp_path, *rows):
    file = tmp_path / "parishes.csv"
    file.write_text("code,name,municipality_code\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def test_a_past_list_stands_beside_todays(loaded, tmp_path):
    """Alvarenga went on unchanged, a union was undone: the first is one parish, the second another."""
    file = parish_file(tmp_path, "010402,Alvarenga,0104", "010499,União antiga,0104")
    call_command(
        "load_territory", parishes=file, valid_from=datetime.date(2013, 9, 29), valid_to=datetime.date(2025, 10, 11)
    )
    then = Parish.objects.valid_on(datetime.date(2021, 3, 19))
    assert list(then.values_list("code", flat=True)) == ["010402", "010499"]
    alvarenga = Parish.objects.get(code="010402")
    assert (alvarenga.valid_from, alvarenga.valid_to) == (datetime.date(2013, 9, 29), None)
    assert Parish.objects.valid_on(datetime.date(2026, 1, 1)).count() == 208
    before = list(Parish.objects.values_list("code", "valid_from", "valid_to"))
    call_command(
        "load_territory", parishes=file, valid_from=datetime.date(2013, 9, 29), valid_to=datetime.date(2025, 10, 11)
    )
    assert list(Parish.objects.values_list("code", "valid_from", "valid_to")) == before


def test_a_later_list_closes_what_it_no_longer_names(loaded, tmp_path):
    rows = [
        f"{p.code},{p.name},{p.municipality.code}"
        for p in Parish.objects.select_related("municipality")
        if "," not in p.name
    ]
    quoted = [
        f'{p.code},"{p.name}",{p.municipality.code}'
        for p in Parish.objects.select_related("municipality")
        if "," in p.name
    ]
    kept = [row for row in rows if not row.startswith(("010402", "010407"))] + quoted
    file = parish_file(tmp_path, *kept, "010407,Chave Nova,0104")
    call_command("load_territory", parishes=file, valid_from=datetime.date(2029, 10, 1))
    assert Parish.objects.get(code="010402").valid_to == datetime.date(2029, 9, 30)
    assert list(Parish.objects.filter(code="010407").order_by("valid_from").values_list("name", "valid_to")) == [
        ("Chave", datetime.date(2029, 9, 30)),
        ("Chave Nova", None),
    ]
    assert Parish.objects.valid_on(datetime.date(2029, 9, 30)).count() == 208
    assert Parish.objects.valid_on(datetime.date(2029, 10, 1)).count() == 207


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("010402,Outro nome,0104", "already recorded for a part of these days"),
        ("010402,Alvarenga,9999", "There is no municipality 9999"),
        ("010402,Alvarenga,0104\n010402,Alvarenga,0104", "names a code twice"),
    ],
)
def test_a_list_that_contradicts_is_refused_whole(loaded, tmp_path, row, why):
    file = parish_file(tmp_path, "010499,Nova,0104", row)
    with pytest.raises(CommandError, match=why):
        call_command(
            "load_territory", parishes=file, valid_from=datetime.date(2020, 1, 1), valid_to=datetime.date(2026, 1, 1)
        )
    assert not Parish.objects.filter(code="010499").exists()


def test_a_list_needs_its_first_day_and_its_columns(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="--valid-from"):
        call_command("load_territory", parishes=file)
    with pytest.raises(CommandError, match="must have the columns"):
        call_command("load_territory", parishes=file, valid_from=datetime.date(2020, 1, 1))


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(237_591, 231_800, "-2.44"), (None, 3, None), (3, None, None), (0, 5, None), (32, 33, "3.12"), (100, 100, "0.00")],
)
def test_a_change_is_rounded_half_even_from_the_exact_fraction(before, after, change):
    result = change_percent(before, after)
    assert (None if result is None else str(result)) == change


def test_a_share_of_nothing_is_no_share():
    assert (percent(1, 0), percent(None, 3), str(percent(1, 32)), str(percent(0, 7))) == (None, None, "3.12", "0.00")

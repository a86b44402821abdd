"""Meetings in figures: quorum, notice, the numbers of an agenda, texts, calendars."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.easter import easter as dateutil_easter
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from units.formulas.calendars import Entry, calendar_of, invitation
from units.formulas.meetings import (
    blocks,
    digest_of,
    easter,
    is_working_day,
    keeps_notice,
    national_holidays,
    notice_until,
    numbered,
    quorum,
    text_digest,
)


@pytest.mark.parametrize(
    ("seats", "present", "call", "rule", "needed", "met"),
    [
        (17, 9, 1, "third", 9, True),  # more than half of seventeen
        (17, 8, 1, "third", 9, False),
        (17, 6, 2, "third", 6, True),  # a third, rounded up
        (17, 5, 2, "third", 6, False),
        (17, 8, 2, "half", 9, False),
        (18, 9, 1, "third", 10, False),  # exactly half is not more than half
        (18, 6, 2, "third", 6, True),
        (4, 2, 1, "half", 3, False),
        (3, 2, 1, "third", 2, True),
        (3, 1, 2, "third", 2, False),  # a body of three never decides by one
        (1, 1, 1, "half", 1, True),
        (0, 0, 1, "half", 1, False),  # no seats, no quorum
        (0, 0, 2, "third", 1, False),
    ],
)
def test_quorum_at_the_edges(seats, present, call, rule, needed, met):  # noqa: PLR0917 - a table
    found = quorum(seats, present, call=call, second_call=rule)
    assert (found.needed, found.is_met) == (needed, met)
    assert found.missing == max(0, needed - present)


def test_nobody_is_present_without_a_seat():
    with pytest.raises(ValueError, match="3 present of 2 seats"):
        quorum(2, 3)


@given(st.integers(1, 60), st.data())
def test_one_more_present_never_loses_a_quorum(seats, data):
    present = data.draw(st.integers(0, seats - 1))
    for call in (1, 2):
        less = quorum(seats, present, call=call, second_call="third")
        more = quorum(seats, present + 1, call=call, second_call="third")
        assert more.is_met or not less.is_met
    assert quorum(seats, seats, call=1).is_met


@given(st.integers(1, 200))
def test_the_second_call_never_asks_for_more_than_the_first(seats):
    assert quorum(seats, 0, call=2, second_call="third").needed <= quorum(seats, 0, call=1).needed


def test_two_days_of_notice_are_48_hours():
    begins = datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert keeps_notice(begins - timedelta(hours=48), begins, 2)
    assert not keeps_notice(begins - timedelta(hours=47, minutes=59), begins, 2)
    assert keeps_notice(begins, begins, 0)


LISBON = ZoneInfo("Europe/Lisbon")


def test_two_working_days_lie_between_the_notice_and_the_meeting():
    tuesday = datetime(2026, 12, 15, 10, tzinfo=LISBON)
    assert keeps_notice(datetime(2026, 12, 10, 23, 59, tzinfo=LISBON), tuesday, 2, "working_days")
    # A Friday evening leaves no more than the Monday.
    assert not keeps_notice(datetime(2026, 12, 11, 0, 0, tzinfo=LISBON), tuesday, 2, "working_days")
    assert keeps_notice(tuesday, tuesday, 0, "working_days")


def test_holidays_are_no_working_days():
    # 8 December 2026 is a Tuesday.
    wednesday = datetime(2026, 12, 9, 10, tzinfo=LISBON)
    assert notice_until(wednesday, 2, "working_days") == datetime(2026, 12, 4, tzinfo=LISBON)


@pytest.mark.parametrize(
    ("year", "day"), [(2014, date(2014, 4, 20)), (2024, date(2024, 3, 31)), (2026, date(2026, 4, 5))]
)
def test_easter(year, day):
    assert easter(year) == day
    assert national_holidays(year) >= {day, day - timedelta(days=2)}


@given(st.integers(1970, 2199))
def test_easter_is_as_the_calendars_have_it(year):
    assert easter(year) == dateutil_easter(year)
    holidays = national_holidays(year)
    # Easter or Good Friday can fall on 25 April, Corpus Christi on 10 June.
    assert len(holidays) in ({8, 9} if year in range(2013, 2016) else {12, 13})
    assert (easter(year) + timedelta(days=60) in holidays) == (year not in range(2013, 2016))
    assert all(day.year == year for day in holidays)


@given(
    st.datetimes(datetime(2016, 1, 1), datetime(2035, 1, 1), timezones=st.just(LISBON)),  # noqa: DTZ001
    st.integers(1, 20),
)
def test_as_many_whole_working_days_as_asked_lie_between(starts_at, days):
    until = notice_until(starts_at, days, "working_days")
    last = until.date() - timedelta(days=1)
    between = [last + timedelta(days=n) for n in range(1, (starts_at.date() - last).days)]
    assert sum(is_working_day(day) for day in between) == days
    assert is_working_day(between[0])


def test_points_are_numbered_as_they_are_read():
    rows = [(1, None, 1), (2, None, 2), (3, 1, 1), (4, 1, 2), (5, 4, 7)]
    found = [(one.item, one.code, one.depth, one.is_first, one.is_last) for one in numbered(rows)]
    assert found == [
        (1, "1", 1, True, False),
        (3, "1.1", 2, True, False),
        (4, "1.2", 2, False, True),
        (5, "1.2.1", 3, True, True),
        (2, "2", 1, False, True),
    ]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_every_point_is_read_once(orders):
    rows = [(key, None if key == 0 else (key - 1) // 3, order) for key, order in enumerate(orders)]
    found = numbered(rows)
    assert sorted(one.item for one in found) == [row[0] for row in rows]
    assert len({one.code for one in found}) == len(rows)


def test_a_text_falls_into_its_parts():
    text = "## Presenças\nPorto\nMaia\n\n- um\n– dois\n\nÚltimo #[perigo] *a*"
    assert blocks(text) == [
        {"kind": "heading", "text": "Presenças"},
        {"kind": "lines", "lines": ["Porto", "Maia"]},
        {"kind": "list", "entries": ["um", "dois"]},
        {"kind": "paragraph", "text": "Último #[perigo] *a*"},
    ]
    assert blocks("  \n ") == []


def test_digests_know_the_content_alone():
    assert digest_of({"a": 1, "b": "é"}) == digest_of({"b": "é", "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
    # Published by NIST for the message "abc" (FIPS 180-4).
    assert text_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# Calendars ------------------------------------------------------------------------------------------------------------


def entry(**changes) -> Entry:
    plain = {
        "uid": "1@example.pt",
        "sequence": 3,
        "stamp": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "starts_at": datetime(2026, 7, 1, 9, tzinfo=UTC),
        "ends_at": datetime(2026, 7, 1, 11, tzinfo=UTC),
        "title": "Conselho; reunião 1/2026, ordinária – com um título comprido que se dobra em duas linhas",
        "place": "Porto, Avenida dos Aliados",
        "text": "Primeira linha\nSegunda \\ linha",
        "url": "https://example.pt/reunioes/1/",
    }
    return Entry(**plain | changes)


def test_an_invitation_reads_back_as_it_was_written():
    content = invitation(
        entry(), organizer=('Conselho "de" Vereadores', "c@example.pt"), attendee=("Zé", "z@example.pt")
    )
    found = Calendar.from_ical(content)
    event = found.walk("VEVENT")[0]
    assert found["METHOD"] == "REQUEST"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("1@example.pt", 3, "CONFIRMED")
    assert event["SUMMARY"] == entry().title
    assert event["DESCRIPTION"] == entry().text
    assert event["LOCATION"] == entry().place
    assert event["DTSTART"].dt.utcoffset() == timedelta(hours=1)
    assert event["DTSTART"].dt == entry().starts_at
    assert event["ATTENDEE"] == "mailto:z@example.pt"
    assert event["ORGANIZER"].params["CN"] == "Conselho 'de' Vereadores"


def test_an_invitation_keeps_the_rules_of_its_format():
    content = invitation(entry(), organizer=("C", "c@example.pt"), attendee=("Z", "z@example.pt"))
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\n" in line for line in lines)
    assert max(len(line) for line in lines) <= 75  # octets
    unfolded = content.replace(b"\r\n ", b"").decode()
    assert "SUMMARY:Conselho\\; reunião 1/2026\\, ordinária" in unfolded
    assert "DESCRIPTION:Primeira linha\\nSegunda \\\\ linha" in unfolded
    assert "DTSTART;TZID=Europe/Lisbon:20260701T100000" in unfolded
    assert "DTSTAMP:20260102T030405Z" in unfolded
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Lisbon" in unfolded


@pytest.mark.parametrize(("day", "offset", "utc"), [(27, 0, 10), (30, 1, 9)])
def test_ten_in_the_morning_stays_so_across_the_change_of_the_clocks(day, offset, utc):
    """The clocks went forward on Sunday 29 March 2026: a calendar reads the same local hour, another moment."""
    begins = datetime(2026, 3, day, 10, tzinfo=LISBON)
    content = calendar_of([entry(starts_at=begins, ends_at=begins + timedelta(hours=2))], name="Reuniões")
    assert f"DTSTART;TZID=Europe/Lisbon:202603{day}T100000".encode() in content
    found = Calendar.from_ical(content)
    starts = found.walk("VEVENT")[0]["DTSTART"].dt
    assert starts.utcoffset() == timedelta(hours=offset)
    assert starts == datetime(2026, 3, day, utc, tzinfo=UTC)
    # The rules that the file brings along say the same to a calendar that knows no zones.
    zone = found.walk("VTIMEZONE")[0].to_tz(lookup_tzid=False)
    assert datetime(2026, 3, day, 10, tzinfo=zone).utcoffset() == timedelta(hours=offset)


def test_a_cancelled_meeting_is_taken_out_of_calendars():
    content = invitation(entry(is_cancelled=True), organizer=("C", "c@example.pt"), attendee=("Z", "z@example.pt"))
    found = Calendar.from_ical(content)
    assert found["METHOD"] == "CANCEL"
    assert found.walk("VEVENT")[0]["STATUS"] == "CANCELLED"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_whatever_a_title_says_reads_back(title):
    content = calendar_of([entry(title=title)], name="Reuniões")
    assert Calendar.from_ical(content).walk("VEVENT")[0]["SUMMARY"] == title

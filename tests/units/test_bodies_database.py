"""The database attacked behind the actions' backs, by raw SQL."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories import MandateFactory, MunicipalityFactory, PartnerFactory, UnitFactory, UserFactory
from tests.units.voting import attend, chamber
from units.choices import Position, UnitKind
from units.models import Attendance, Mandate, Partner, Partnership, Unit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def raw(unit, person, *, municipality=None, position="member", is_seat=False, starts="2026-01-01", ends=None):
    """A mandate by SQL, past every action."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO units_mandate (public_id, unit_id, person_id, municipality_id, position, is_seat, starts_on,"
            " ends_on, end_reason, act, end_act, updated_at, version) VALUES (gen_random_uuid(), %s, %s, %s, %s, %s,"
            " %s, %s, '', 'ato', '', now(), 1) RETURNING is_seat",
            [unit.pk, person.pk, municipality and municipality.pk, position, is_seat, starts, ends],
        )
        return cursor.fetchone()[0]


def test_the_database_refuses_overlapping_mandates_of_a_person_in_a_unit():
    unit, person = UnitFactory(), UserFactory()
    raw(unit, person, ends="2026-06-30")
    with pytest.raises(IntegrityError, match="no_overlapping_mandates_of_a_person_in_a_unit"):
        raw(unit, person, starts="2026-06-30")
    raw(unit, person, starts="2026-07-01")
    raw(UnitFactory(), person)


def test_the_database_refuses_a_second_councillor_of_a_municipality_and_raw_sql_cannot_lie():
    unit, place = UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None), MunicipalityFactory()
    assert raw(unit, UserFactory(), municipality=place, is_seat=False) is True
    with pytest.raises(IntegrityError, match="one_sitting_councillor_per_municipality"):
        raw(unit, UserFactory(), municipality=place, is_seat=False)
    assert raw(unit, UserFactory(), municipality=place, position="substitute", is_seat=True) is False
    assert raw(UnitFactory(), UserFactory(), municipality=place, is_seat=True) is False


def test_a_substitute_cannot_be_made_a_second_councillor_by_sql():
    unit, place = UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None), MunicipalityFactory()
    MandateFactory(unit=unit, municipality=place)
    substitute = MandateFactory(unit=unit, municipality=place, position=Position.SUBSTITUTE)
    with pytest.raises(IntegrityError, match="one_sitting_councillor_per_municipality"), transaction.atomic():
        Mandate.objects.filter(pk=substitute.pk).update(position="member", is_seat=False)


def test_a_seat_of_the_council_is_a_municipalitys():
    unit = UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None)
    for position in ("member", "substitute"):
        with pytest.raises(IntegrityError, match="A seat of the Council is a municipality"):
            raw(unit, UserFactory(), position=position)


def test_a_mandate_is_ended_and_never_deleted():
    mandate = MandateFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        Mandate.objects.filter(pk=mandate.pk).delete()


def test_a_body_keeps_its_kind():
    unit = UnitFactory()
    with pytest.raises(IntegrityError, match="keeps its kind"), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(kind=UnitKind.COUNCIL)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"ends_on": date(2019, 1, 1)}, "mandate_ends_after_it_begins"),
        ({"position": "king"}, "mandate_position_is_known"),
        ({"act": ""}, "mandate_names_its_act"),
        ({"hours_month": -1}, "mandate_hours_are_not_negative"),
        ({"end_reason": "election"}, "mandate_that_ended_says_when_and_why"),
        ({"end_reason": "whim", "ends_on": date(2030, 1, 1)}, "mandate_that_ended_says_when_and_why"),
    ],
)
def test_the_database_refuses_a_mandate_that_makes_no_sense(change, constraint):
    mandate = MandateFactory()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Mandate.objects.filter(pk=mandate.pk).update(**change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"members_min": 6}, "unit_has_room_for_its_fewest_members"),
        ({"axis_lineage": None}, "strategic_unit_serves_an_axis"),
        ({"state": "dreamt"}, "unit_state_is_known"),
        ({"second_call_quorum": "one"}, "second_call_quorum_is_known"),
    ],
)
def test_the_database_refuses_a_unit_that_makes_no_sense(change, constraint):
    unit = UnitFactory()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(**change)


def test_an_axis_has_one_unit_and_there_is_one_council():
    unit = UnitFactory()
    with pytest.raises(IntegrityError, match="one_strategic_unit_per_axis"), transaction.atomic():
        UnitFactory(axis_lineage=unit.axis_lineage)
    UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None)
    with pytest.raises(IntegrityError, match="one_council_and_one_coordination_unit"), transaction.atomic():
        UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None)


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_mandate_cannot_be_moved_into_the_days_of_another_by_sql():
    unit, person = UnitFactory(), UserFactory()
    raw(unit, person, ends="2026-06-30")
    raw(unit, person, starts="2026-07-01")
    for sql in (
        "UPDATE units_mandate SET ends_on = NULL WHERE unit_id = %s AND ends_on IS NOT NULL",
        "UPDATE units_mandate SET starts_on = '2026-06-30' WHERE unit_id = %s AND ends_on IS NULL",
    ):
        with pytest.raises(IntegrityError, match="no_overlapping_mandates_of_a_person_in_a_unit"):
            run(sql, unit.pk)


def test_a_substitute_cannot_sit_for_two_municipalities_by_sql():
    unit, person = UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None), UserFactory()
    raw(unit, person, municipality=MunicipalityFactory(), position="substitute")
    with pytest.raises(IntegrityError, match="no_overlapping_mandates_of_a_person_in_a_unit"):
        raw(unit, person, municipality=MunicipalityFactory(), position="substitute")


def test_a_councillor_moved_to_another_municipality_by_sql_is_its_second_one():
    unit, place = UnitFactory(kind=UnitKind.COUNCIL, axis_lineage=None), MunicipalityFactory()
    MandateFactory(unit=unit, municipality=place)
    other = MandateFactory(unit=unit, municipality=MunicipalityFactory())
    with pytest.raises(IntegrityError, match="one_sitting_councillor_per_municipality"):
        run("UPDATE units_mandate SET municipality_id = %s WHERE id = %s", place.pk, other.pk)


TAKES = (
    "INSERT INTO units_attendance (meeting_id, mandate_id, substitute_id, presence) VALUES (%s, %s, %s, 'in_person')"
)


def test_a_substitute_takes_one_seat_of_a_meeting_and_only_of_its_own_municipality_even_by_sql():
    here = chamber(3, present=0)
    substitute = MandateFactory(unit=here.unit, municipality=here.places[0], position=Position.SUBSTITUTE)
    run(TAKES, here.meeting.pk, here.seats[0].pk, substitute.pk)
    with pytest.raises(IntegrityError, match="takes a seat of the same"):
        run(TAKES, here.meeting.pk, here.seats[1].pk, substitute.pk)
    attend(here, 2)
    for row in ({"substitute": substitute}, {"substitute": here.seats[1]}):
        with pytest.raises(IntegrityError, match="takes a seat of the same"), transaction.atomic():
            Attendance.objects.filter(mandate=here.seats[2]).update(**row)


def test_a_substitute_of_a_partner_with_two_seats_takes_only_one_of_them():
    here, partner = chamber(1, present=0), PartnerFactory()
    unit = here.coordination
    seats = [MandateFactory(unit=unit, partner=partner) for _number in range(2)]
    substitute = MandateFactory(unit=unit, partner=partner, position=Position.SUBSTITUTE)
    here.meeting.__class__.objects.filter(pk=here.meeting.pk).update(unit=unit)
    run(TAKES, here.meeting.pk, seats[0].pk, substitute.pk)
    with pytest.raises(IntegrityError, match="cannot take two seats"):
        run(TAKES, here.meeting.pk, seats[1].pk, substitute.pk)


def test_a_dissolved_unit_stays_dissolved_and_takes_nobody_by_sql():
    unit = UnitFactory()
    Unit.objects.filter(pk=unit.pk).update(state="dissolved")
    with pytest.raises(IntegrityError, match="stays dissolved"), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(state="constituted")
    with pytest.raises(IntegrityError, match="Nobody is named to a unit that was dissolved"):
        raw(unit, UserFactory())


def test_a_mandate_stands_for_one_by_sql():
    mandate = MandateFactory(municipality=MunicipalityFactory())
    with pytest.raises(IntegrityError, match="mandate_stands_for_one"):
        run("UPDATE units_mandate SET partner_id = %s WHERE id = %s", PartnerFactory().pk, mandate.pk)


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (Partner, {"roles": []}, "partner_roles_are_known"),
        (Partner, {"roles": ["king"]}, "partner_roles_are_known"),
        (Partner, {"kind": "king"}, "partner_kind_is_known"),
        (
            Partner,
            {"started_on": date(2026, 1, 2), "ended_on": date(2026, 1, 1)},
            "partner_ends_after_it_begins",
        ),
        (Partnership, {"roles": []}, "partnership_roles_are_known"),
        (Partnership, {"ends_on": date(2000, 1, 1)}, "partnership_ends_after_it_begins"),
    ],
)
def test_the_database_refuses_a_partner_that_makes_no_sense(model, change, constraint):
    partner = PartnerFactory()
    Partnership.objects.create(partner=partner, unit=UnitFactory(), roles=["dissemination"], starts_on=TODAY)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.update(**change)

"""Founding set-up, mandates, elections, compositions; and the database attacked behind their backs."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from axes.models import Node
from refamp.accounts.choices import Role
from refamp.accounts.models import User
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email
from tests.factories import AssignmentFactory, MandateFactory, MunicipalityFactory, PartnerFactory, UserFactory
from tests.units.bodies import ACT, councillors, found, founded, proposal
from tests.units.planning import agenda_item
from units.actions.compositions import change_composition, decide_composition, propose_composition
from units.actions.council import (
    add_substitute,
    give_position,
    hold_election,
    replace_councillor,
    undo_election,
)
from units.actions.founding import load_governance, name_first
from units.actions.mandates import end_mandate
from units.actions.partners import end_partner
from units.choices import EndReason, Position, UnitKind, UnitState
from units.models import BodyRule, Composition, CompositionSeat, Deliberation, Mandate, Unit
from units.queries.bodies import (
    FOUNDING_GOVERNANCE,
    coordination_unit,
    council,
    forget_mandates,
    keeps_council_of,
    keeps_partners_of,
    mandates_of,
    proposes_compositions_for,
    seats_of,
)
from units.queries.composition import bodies_on, functions_of, sitting_nowhere
from units.queries.effort import efforts, spread_of
from units.queries.seating import Seated

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ONE_DAY = timedelta(days=1)


# Founding -----------------------------------------------------------------------------------------------------------


def test_the_founding_set_up_makes_the_bodies_of_the_document():
    found()
    bodies = list(Unit.objects.order_by("code").values_list("code", "kind", "members_min", "members_max", "state"))
    assert bodies == [
        ("CV", "council", 17, 17, "proposed"),
        ("ETS", "technical_team", 1, 17, "proposed"),
        ("UCE", "coordination", 3, 17, "proposed"),
        ("UE1", "strategic", 3, 5, "proposed"),
        ("UE2", "strategic", 3, 5, "proposed"),
        ("UE3", "strategic", 3, 5, "proposed"),
        ("UE4", "strategic", 3, 5, "proposed"),
    ]
    assert [unit.axis_lineage for unit in Unit.objects.filter(kind="strategic").order_by("code")] == list(
        Node.objects.filter(kind="priority_axis").order_by("code").values_list("lineage", flat=True)
    )
    assert set(BodyRule.objects.filter(unit__kind="council").values_list("rule", "is_default")) == {
        ("simple_majority", True),
        ("absolute_majority", False),
        ("two_thirds_cast", False),
        ("two_thirds_all", False),
        ("consensus", False),
    }
    assert {unit.kind for unit in Unit.objects.filter(has_casting_vote=True)} == {"council"}, "as the law has it"
    assert set(Unit.objects.values_list("default_effect", flat=True)) == {"proposal"}
    assert {unit.kind for unit in Unit.objects.exclude(binding_basis="")} == {"council"}
    assert "CONCERTAÇÃO A 17" in Unit.objects.get(code="UE1").founding_act
    assert Unit.objects.get(code="UCE").is_transitory


def test_again_the_founding_set_up_changes_nothing(capsys):
    found()
    events = Event.objects.count()
    assert load_governance(actor=None, data=json.loads(FOUNDING_GOVERNANCE.read_text(encoding="utf-8"))) == []
    call_command("load_governance")
    assert "nothing changed" in capsys.readouterr().out
    assert (Unit.objects.count(), Event.objects.count()) == (7, events)


def test_without_an_edition_in_force_nothing_is_founded():
    with translation.override("en"), pytest.raises(Refused, match="edition is in force"):
        load_governance(actor=None, data=json.loads(FOUNDING_GOVERNANCE.read_text(encoding="utf-8")))


def test_the_six_functions_of_the_coordination_unit_answer_the_six_strategic_actions():
    found()
    functions = functions_of(Unit.objects.get(kind=UnitKind.COORDINATION))
    assert [[node.code for node in function.serves] for function in functions] == [
        ["AE1"], ["AE2"], ["AE3"], ["AE4"], ["AE5"], ["AE6"],
    ]  # fmt: skip


def test_the_first_council_and_coordination_unit_are_named_by_an_act(coordination, municipality):
    world = founded(seated=False)
    world.places.append(municipality)
    people = [Seated("Ana", "ana@example.org"), Seated("Rui", "rui@example.org", municipality=world.places[0])]
    with pytest.raises(Refused) as refusal:
        name_first(actor=coordination, unit=world.council, starts_on=TODAY, act=ACT, seats=councillors(world.places))
    assert refusal.value.code == "coordination_first"
    name_first(actor=coordination, unit=world.coordination, starts_on=TODAY, act=ACT, seats=people)
    name_first(actor=coordination, unit=world.council, starts_on=TODAY, act=ACT, seats=councillors(world.places))
    assert council().state == coordination_unit().state == UnitState.CONSTITUTED
    assert set(seats_of(council()).values_list("is_seat", "act")) == {(True, ACT)}
    ana = User.objects.get(email="ana@example.org")
    assert not ana.has_usable_password()
    assert mandates_of(ana) == {(world.coordination.pk, "member", None)}


def test_once_a_council_sits_nobody_is_named_by_an_act(coordination):
    world = founded()
    Unit.objects.filter(pk=world.coordination.pk).update(state=UnitState.PROPOSED)
    with pytest.raises(Refused) as refusal:
        name_first(
            actor=coordination, unit=world.coordination, starts_on=TODAY, act=ACT, seats=[Seated("A", "a@example.org")]
        )
    assert refusal.value.code == "seated"


@pytest.mark.parametrize("role", [role for role in Role if role != Role.COORDINATION])
def test_no_other_role_names_the_first_ones(role, person):
    world = founded(seated=False)
    with pytest.raises(NotAllowed):
        name_first(
            actor=person(role), unit=world.coordination, starts_on=TODAY, act=ACT, seats=[Seated("A", "a@example.org")]
        )


# Rights -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_the_role_of_an_account_gives_no_right_in_a_unit(role, municipality):
    founded()
    someone = UserFactory()
    AssignmentFactory(user=someone, role=role, municipality=municipality)
    assert mandates_of(someone) == frozenset()
    assert not keeps_council_of(someone)
    assert not proposes_compositions_for(someone)
    assert keeps_partners_of(someone) is (role == Role.COORDINATION)


def test_a_mandate_counts_from_its_first_to_its_last_day(django_assert_num_queries):
    mandate = MandateFactory(starts_on=TODAY, ends_on=TODAY + ONE_DAY)
    held = {(mandate.unit_id, "member", None)}
    person = mandate.person
    with django_assert_num_queries(1):
        assert mandates_of(person) == held
        assert mandates_of(person) == held
    assert mandates_of(person, TODAY - ONE_DAY) == frozenset()
    assert mandates_of(person, TODAY + ONE_DAY) == held
    assert mandates_of(person, TODAY + 2 * ONE_DAY) == frozenset()


def test_who_is_shut_out_or_works_by_a_token_of_another_place_has_no_mandate():
    mandate = MandateFactory(municipality=MunicipalityFactory())
    person = mandate.person
    person.acts_only_for = MunicipalityFactory().pk
    assert mandates_of(person) == frozenset()
    forget_mandates(person)
    person.acts_only_for = mandate.municipality_id
    assert len(mandates_of(person)) == 1
    forget_mandates(person)
    person.is_active = False
    assert mandates_of(person) == frozenset()


# Elections ----------------------------------------------------------------------------------------------------------


def test_an_election_changes_everybody_in_one_step_with_substitutes():
    world = founded()
    old = list(seats_of(world.council))
    day = TODAY + timedelta(days=10)
    seats = councillors(world.places)
    seats.append(Seated("Suplente", "suplente@example.org", municipality=world.places[1], position=Position.SUBSTITUTE))
    done = hold_election(actor=world.coordinator, day=day, act=ACT, seats=seats)
    assert {(m.ends_on, m.end_reason, m.end_act) for m in Mandate.objects.filter(pk__in=[m.pk for m in old])} == {
        (day - ONE_DAY, EndReason.ELECTION, ACT)
    }
    assert len(done.ended) == 4
    assert len(done.begun) == 5
    expected = {seat.email for seat in councillors(world.places)}
    assert {mandate.person.email for mandate in seats_of(world.council, day)} == expected
    assert set(seats_of(world.council, day - ONE_DAY)) == set(old)
    assert Event.objects.filter(action="council.elected").count() == 1


def test_a_councillor_who_is_elected_again_sits_on_under_a_new_mandate():
    world = founded()
    seats = councillors(world.places[1:])
    seats.append(Seated(world.president.name, world.president.email.upper(), municipality=world.places[0]))
    hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=seats)
    forget_mandates(world.president)
    assert mandates_of(world.president) == {(world.council.pk, "member", world.places[0].pk)}
    assert Mandate.objects.filter(person=world.president).count() == 2


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda seats: seats[1:], "missing"),
        (lambda seats: [*seats, Seated("X", "x@example.org", municipality=seats[0].municipality)], "two_seats"),
        (lambda seats: [*seats[:-1], Seated("X", seats[0].email, municipality=seats[-1].municipality)], "twice"),
        (lambda seats: [*seats[:-1], Seated("", "x@example.org", municipality=seats[-1].municipality)], "no_name"),
        (lambda seats: [*seats[:-1], Seated("X", "not an address", municipality=seats[-1].municipality)], "email"),
        (lambda _seats: [], "empty"),
    ],
)
def test_an_election_that_is_not_whole_changes_nothing(spoil, code):
    world = founded()
    with pytest.raises(Refused) as refusal:
        hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=spoil(councillors(world.places)))
    assert refusal.value.code == code
    assert set(Mandate.objects.values_list("ends_on", flat=True)) == {None}


def test_an_election_before_what_is_already_recorded_is_refused():
    world = founded()
    hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=councillors(world.places))
    with pytest.raises(Refused) as refusal:
        hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=councillors(world.places, prefix="outro"))
    assert refusal.value.code == "later_mandate"


def test_an_election_can_be_undone_as_long_as_nobody_acted():
    world = founded()
    before = set(Mandate.objects.values_list("pk", "ends_on", "end_reason"))
    done = hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=councillors(world.places))
    undo_election(
        actor=world.coordinator,
        begun=[str(m.public_id) for m in done.begun],
        ended=done.before,
    )
    assert set(Mandate.objects.values_list("pk", "ends_on", "end_reason")) == before


def test_only_the_coordination_unit_and_the_councils_secretariat_enter_an_election():
    world = founded()
    with pytest.raises(NotAllowed):
        hold_election(actor=world.outsider, day=TODAY, act=ACT, seats=councillors(world.places))
    assert hold_election(actor=world.president, day=TODAY, act=ACT, seats=councillors(world.places)).begun


def test_a_municipality_names_another_councillor_and_a_substitute_steps_up():
    world = founded()
    seat = seats_of(world.council).get(municipality=world.places[1])
    substitute = add_substitute(
        actor=world.president,
        unit=world.council,
        seat=Seated("Sónia", "sonia@example.org", municipality=world.places[1]),
        day=TODAY - timedelta(days=5),
        act=ACT,
    )
    new = replace_councillor(
        actor=world.president,
        mandate=seat,
        by=Seated("Sónia", "sonia@example.org"),
        day=TODAY,
        act=ACT,
        reason=EndReason.RESIGNATION,
    )
    seat.refresh_from_db()
    substitute.refresh_from_db()
    assert (seat.ends_on, seat.end_reason) == (TODAY - ONE_DAY, EndReason.RESIGNATION)
    assert (substitute.ends_on, new.person, new.is_seat) == (TODAY - ONE_DAY, substitute.person, True)


def test_the_council_elects_its_president_and_there_is_only_one():
    world = founded()
    member = seats_of(world.council).get(municipality=world.places[1])
    with pytest.raises(Refused) as refusal:
        give_position(actor=world.president, mandate=member, position=Position.PRESIDENT, day=TODAY, act=ACT)
    assert refusal.value.code == "one_of_a_kind"
    made = give_position(actor=world.president, mandate=member, position=Position.SECRETARY, day=TODAY, act=ACT)
    assert (made.person_id, made.position, made.starts_on) == (member.person_id, "secretary", TODAY)


def test_somebody_resigns_for_themselves_and_the_coordination_unit_notes_it_for_others():
    world = founded()
    own = seats_of(world.council).get(municipality=world.places[2])
    with pytest.raises(NotAllowed):
        end_mandate(actor=world.outsider, mandate=own, last=TODAY, reason=EndReason.RESIGNATION, act="Carta")
    end_mandate(actor=own.person, mandate=own, last=TODAY, reason=EndReason.RESIGNATION, act="Carta")
    with pytest.raises(Refused):
        end_mandate(actor=world.coordinator, mandate=own, last=TODAY, reason=EndReason.TERM, act="Carta")


# Compositions -------------------------------------------------------------------------------------------------------


def closed(composition: Composition, world, *, state: str = "passed", effect: str = "binding") -> Deliberation:
    """A deliberation on a composition, closed with a result, before its handler has run."""
    made = Deliberation.objects.create(
        unit=world.council,
        item=agenda_item(world.council),
        title="Composição",
        text="Texto",
        rule="simple_majority",
        legal_effect=effect,
        legal_effect_basis="Regimento",
        subject_kind="composition",
        composition=composition,
    )
    Deliberation.objects.filter(pk=made.pk).update(
        state=state, number=1, year=2026, closed_at=timezone.now(), votes_for=3, votes_against=0, abstentions=0
    )
    made.refresh_from_db()
    return made


def test_a_composition_is_proposed_by_the_coordination_unit_and_seats_nobody_before_it_is_agreed():
    world = founded()
    with pytest.raises(NotAllowed):
        propose_composition(actor=world.president, unit=world.strategic[0], data=proposal(world.places[:3]))
    made = propose_composition(actor=world.coordinator, unit=world.strategic[0], data=proposal(world.places[:3]))
    assert made.seats.count() == 3
    assert not Mandate.objects.filter(unit=world.strategic[0]).exists()


def test_an_agreed_composition_ends_the_old_mandates_and_constitutes_the_unit():
    world = founded()
    unit = world.strategic[0]
    old = MandateFactory(unit=unit, municipality=world.places[3])
    made = propose_composition(actor=world.coordinator, unit=unit, data=proposal(world.places[:3]))
    deliberation = closed(made, world)
    decide_composition(deliberation)
    made.refresh_from_db()
    old.refresh_from_db()
    unit.refresh_from_db()
    day = TODAY + ONE_DAY
    assert (made.is_agreed, unit.state) == (True, UnitState.CONSTITUTED)
    assert (old.ends_on, old.end_reason) == (day - ONE_DAY, EndReason.REPLACED)
    assert set(seats_of(unit, day).values_list("municipality", "deliberation")) == {
        (place.pk, deliberation.pk) for place in world.places[:3]
    }


@pytest.mark.parametrize("state", ["failed", "no_quorum", "withdrawn"])
def test_a_composition_that_is_not_agreed_seats_nobody(state):
    world = founded()
    made = propose_composition(actor=world.coordinator, unit=world.strategic[0], data=proposal(world.places[:3]))
    decide_composition(closed(made, world, state=state))
    made.refresh_from_db()
    assert made.is_agreed is (False if state == "failed" else None)
    assert not Mandate.objects.filter(unit=world.strategic[0]).exists()


def test_a_proposal_to_the_metropolitan_council_waits_for_its_answer():
    world = founded()
    made = propose_composition(actor=world.coordinator, unit=world.strategic[0], data=proposal(world.places[:3]))
    deliberation = closed(made, world, effect="proposal")
    decide_composition(deliberation)
    made.refresh_from_db()
    assert made.is_agreed is None
    Deliberation.objects.filter(pk=deliberation.pk).update(
        metropolitan_answer="accepted", metropolitan_reference="CM 1", metropolitan_at=TODAY
    )
    deliberation.refresh_from_db()
    decide_composition(deliberation)
    made.refresh_from_db()
    assert made.is_agreed is True


def test_the_effective_composition_of_the_coordination_unit_is_no_longer_transitory():
    world = founded()
    made = propose_composition(actor=world.coordinator, unit=world.coordination, data=proposal(world.places[:3]))
    decide_composition(closed(made, world))
    world.coordination.refresh_from_db()
    assert world.coordination.is_transitory is False
    assert not mandates_of(User.objects.get(pk=world.coordinator.pk), TODAY + ONE_DAY)


def test_a_strategic_unit_is_made_of_municipalities_and_the_councils_seats_are_elected():
    world = founded()
    data = proposal(world.places[:2])
    strangers = [*data.seats, Seated("Estranho", "estranho@example.org")]
    with pytest.raises(Refused) as refusal:
        propose_composition(
            actor=world.coordinator,
            unit=world.strategic[0],
            data=type(data)(data.starts_on, "a", "b", "c", strangers),
        )
    assert refusal.value.code == "not_a_municipality"
    with pytest.raises(Refused) as refusal:
        propose_composition(actor=world.coordinator, unit=world.council, data=data)
    assert refusal.value.code == "wrong_kind"


def test_a_decided_composition_never_changes_even_by_sql():
    world = founded()
    made = propose_composition(actor=world.coordinator, unit=world.strategic[0], data=proposal(world.places[:3]))
    decide_composition(closed(made, world))
    with pytest.raises(Refused):
        change_composition(actor=world.coordinator, composition=made, version=None, data=proposal(world.places))
    for attack in (
        lambda: Composition.objects.filter(pk=made.pk).update(grounds_effort="outro"),
        lambda: Composition.objects.filter(pk=made.pk).update(is_agreed=None),
        lambda: CompositionSeat.objects.filter(composition=made).update(position="president"),
        lambda: CompositionSeat.objects.filter(composition=made).delete(),
        lambda: CompositionSeat.objects.create(composition=made, person=UserFactory()),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            attack()


def test_the_secretariat_of_the_council_proposes_where_the_coordination_unit_has_nobody():
    world = founded()
    assert not proposes_compositions_for(world.president)
    Mandate.objects.filter(unit=world.coordination).update(ends_on=TODAY - ONE_DAY, end_reason="term")
    assert proposes_compositions_for(world.president)


# Rules and effort ---------------------------------------------------------------------------------------------------


def broken(unit: Unit) -> set[str]:
    body = next(body for body in bodies_on(TODAY) if body.unit.pk == unit.pk)
    return {check.code for check in body.broken}


def test_each_rule_of_composition_says_who_breaks_it():
    world = founded(places=7)
    unit = world.strategic[0]
    assert broken(unit) == {"fewest", "sized", "chaired"}
    for place in world.places[:4]:
        MandateFactory(unit=unit, municipality=place)
    assert broken(unit) == {"sized", "chaired", "agreed"}
    MandateFactory(unit=unit, municipality=world.places[0], position=Position.COORDINATOR)
    assert broken(unit) == {"agreed", "shared"}
    MandateFactory(unit=unit)
    assert broken(unit) == {"agreed", "shared", "most", "sized", "municipal"}
    assert broken(world.strategic[1]) == {"fewest", "sized", "chaired"}
    assert broken(world.council) == {"secretary"}


def test_a_municipality_that_sits_nowhere_but_in_the_council_is_named():
    world = founded()
    MandateFactory(unit=world.strategic[0], municipality=world.places[0])
    assert sitting_nowhere(bodies_on(TODAY), world.places) == world.places[1:]


def test_bodies_cost_the_same_queries_whatever_their_number(django_assert_num_queries):
    world = founded()
    with django_assert_num_queries(4):
        bodies_on(TODAY)
    for place in world.places:
        MandateFactory(unit=world.strategic[0], municipality=place)
        MandateFactory(unit=world.strategic[1], municipality=place)
    with django_assert_num_queries(4):
        bodies_on(TODAY)


def test_effort_counts_seats_and_hours_and_says_where_hours_are_missing():
    world = founded()
    MandateFactory(unit=world.strategic[0], municipality=world.places[0], hours_month="10.0")
    MandateFactory(unit=world.strategic[1], municipality=world.places[0], hours_month="4.5")
    MandateFactory(unit=world.strategic[1], municipality=world.places[1])
    found_efforts = {effort.place: (effort.seats, effort.hours) for effort in efforts(TODAY, TODAY.year)}
    assert found_efforts[world.places[0]] == (2, pytest.approx(14.5))
    assert found_efforts[world.places[1]] == (1, None)
    assert found_efforts[world.places[2]] == (0, 0)
    spread = spread_of([effort.seats for effort in efforts(TODAY, TODAY.year)])
    assert (spread.total, str(spread.gini)) == (3, "0.583")


# Accounts and partners ----------------------------------------------------------------------------------------------


def test_who_is_named_and_cannot_log_in_yet_is_written_to_and_opens_the_account_with_that_inbox(client_of):
    world = founded()
    known = User.objects.create_user("conhecida@example.org", "uma frase bem comprida", name="Conhecida")
    seats = councillors(world.places)
    seats[0] = Seated(known.name, known.email, municipality=world.places[0])
    hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=seats)
    assert set(Email.objects.values_list("to", flat=True)) == {seat.email for seat in seats[1:]}
    letter = Email.objects.get(to=seats[1].email)
    assert str(world.council) in letter.body
    path = letter.body.partition("://")[2].partition("/")[2].split()[0]
    client = client_of(None)
    Email.objects.all().delete()
    assert client.post(f"/{path}", {"email": seats[1].email}).status_code == 302
    link = Email.objects.get(to=seats[1].email).body.partition("://")[2].partition("/")[2].split()[0]
    page = client.get(f"/{link}", follow=True)
    password = "uma frase que ninguém adivinha"
    assert client.post(page.redirect_chain[-1][0], {"password1": password, "password2": password}).status_code == 302
    person = User.objects.get(email=seats[1].email)
    assert person.check_password(password)
    assert mandates_of(person) == {(world.council.pk, "member", world.places[1].pk)}


def test_a_preview_writes_to_nobody_and_the_demonstration_neither():
    world = founded()
    with transaction.atomic():
        hold_election(actor=world.coordinator, day=TODAY, act=ACT, seats=councillors(world.places))
        transaction.set_rollback(True)
    assert not Email.objects.exists()
    seats = councillors(world.places, prefix="demo")
    for seat in seats:
        User.objects.create_user(seat.email, None, name=seat.name, is_demonstration=True)
    hold_election(actor=None, day=TODAY, act=ACT, seats=seats)
    assert not Email.objects.exists()


def test_when_a_partner_leaves_whoever_sat_for_it_leaves_with_it():
    world = founded()
    partner = PartnerFactory()
    seat = MandateFactory(unit=world.coordination, partner=partner)
    later = MandateFactory(unit=world.team, partner=partner, starts_on=TODAY + 5 * ONE_DAY)
    ended = MandateFactory(unit=world.team, partner=partner, ends_on=TODAY - ONE_DAY, end_reason="term")
    end_partner(actor=world.coordinator, partner=partner, last=TODAY, reason="Saiu da rede")
    for mandate in (seat, later, ended):
        mandate.refresh_from_db()
    assert (seat.ends_on, seat.end_reason, seat.end_act) == (TODAY, EndReason.PARTNER_LEFT, "Saiu da rede")
    assert (later.ends_on, later.end_reason) == (later.starts_on, EndReason.PARTNER_LEFT)
    assert ended.end_reason == "term"


def test_who_still_sits_for_a_partner_that_a_file_ended_is_named():
    world = founded()
    partner = PartnerFactory(ended_on=TODAY - ONE_DAY)
    MandateFactory(unit=world.coordination, partner=partner)
    body = next(body for body in bodies_on(TODAY) if body.unit.pk == world.coordination.pk)
    check = next(check for check in body.checks if check.code == "partners_stay")
    assert (check.is_met, len(check.breakers)) == (False, 1)


def test_a_substitute_is_not_named_for_a_second_municipality():
    world = founded()
    facts = {"actor": world.president, "unit": world.council, "day": TODAY, "act": ACT}
    add_substitute(seat=Seated("Sónia", "sonia@example.org", municipality=world.places[1]), **facts)
    with pytest.raises(Refused) as refusal:
        add_substitute(seat=Seated("Sónia", "sonia@example.org", municipality=world.places[2]), **facts)
    assert refusal.value.code == "overlap"
    seats = [*councillors(world.places), Seated("Rui", "rui@example.org", world.places[0], position="substitute")]
    seats.append(Seated("Rui", "rui@example.org", world.places[1], position="substitute"))
    with pytest.raises(Refused) as refusal:
        hold_election(actor=world.coordinator, day=TODAY + ONE_DAY, act=ACT, seats=seats)
    assert refusal.value.code == "twice"

"""Nobody names themselves, and nobody decides on what they wrote or come to sit by."""

import pytest
from django.urls import reverse
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.models import Email
from tests.factories import MandateFactory, PartnerFactory, UserFactory
from tests.units.bodies import ACT, councillors, founded, proposal
from tests.units.meeting import convened, room
from tests.units.test_bodies_mandates import closed
from units.actions.attendance import Taken, record_attendance
from units.actions.compositions import change_composition, propose_composition
from units.actions.council import add_substitute, give_position, hold_election, replace_councillor
from units.actions.mandates import end_mandate
from units.actions.votes import record_metropolitan_answer
from units.choices import EndReason, Position
from units.models import Deliberation, Mandate
from units.queries.bodies import seats_of
from units.queries.seating import Seated
from units.queries.votes import is_author_of

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def names(world, actor):
    """Each way to name a councillor, by this person, with somebody to be named."""
    seat = seats_of(world.council).get(municipality=world.places[1])
    facts = {"actor": actor, "day": TODAY, "act": ACT}

    def replaced(by):
        return replace_councillor(mandate=seat, by=by, reason=EndReason.REPLACED, **facts)

    def substituted(by):
        who = Seated(by.name, by.email, municipality=world.places[1])
        return add_substitute(unit=world.council, seat=who, **facts)

    def elected(by):
        seats = councillors(world.places)
        return hold_election(seats=[Seated(by.name, by.email, municipality=world.places[0]), *seats[1:]], **facts)

    return [replaced, substituted, elected]


def test_nobody_names_themselves_councillor_or_substitute():
    world = founded()
    before = set(Mandate.objects.values_list("pk", "ends_on"))
    for way in names(world, world.coordinator):
        with pytest.raises(Refused) as refusal:
            way(Seated("Eu", world.coordinator.email))
        assert refusal.value.code == "oneself"
    assert set(Mandate.objects.values_list("pk", "ends_on")) == before
    assert not Email.objects.exists()


def test_nobody_gives_themselves_a_position_but_anybody_lays_theirs_down():
    world = founded()
    own = seats_of(world.council).get(person=world.president)
    facts = {"actor": world.president, "mandate": own, "day": TODAY, "act": ACT}
    with pytest.raises(Refused) as refusal:
        give_position(position=Position.SECRETARY, **facts)
    assert refusal.value.code == "oneself"
    assert give_position(position=Position.MEMBER, **facts).position == "member"


@pytest.mark.parametrize("who", ["partner", "member", "substitute"])
def test_who_only_sits_in_the_coordination_unit_does_not_keep_the_council(who, client_of):
    world = founded()
    facts = {"partner": {"partner": PartnerFactory()}, "member": {}, "substitute": {"position": Position.SUBSTITUTE}}
    person = MandateFactory(unit=world.coordination, **facts[who]).person
    for way in names(world, person):
        with pytest.raises(NotAllowed):
            way(Seated("Outra", "outra@example.org"))
    seat = seats_of(world.council).get(municipality=world.places[1])
    with pytest.raises(NotAllowed):
        give_position(actor=person, mandate=seat, position=Position.SECRETARY, day=TODAY, act=ACT)
    for unit_seat in (seat, MandateFactory(unit=world.strategic[0], municipality=world.places[0])):
        with pytest.raises(NotAllowed):
            end_mandate(actor=person, mandate=unit_seat, last=TODAY, reason=EndReason.TERM, act="x")
    client = client_of(person)
    for name in ("units:election", "units:election_file", "units:substitute_add"):
        assert client.get(reverse(name)).status_code == 403
    assert reverse("units:election") not in client.get(reverse("units:council")).text


def test_who_is_replaced_and_who_presides_are_told_by_whom_and_by_which_act():
    world = founded()
    seat = seats_of(world.council).get(municipality=world.places[1])
    names(world, world.coordinator)[0](Seated("Outra", "outra@example.org"))
    told = {email.to: email.body for email in Email.objects.exclude(to="outra@example.org")}
    assert set(told) == {seat.person.email, world.president.email}
    for said in (world.coordinator.name, ACT, "Outra", str(world.places[1])):
        assert said in told[seat.person.email], said


def test_a_councillor_is_told_of_a_substitute_and_of_an_end_that_others_entered():
    world = founded()
    seat = seats_of(world.council).get(municipality=world.places[1])
    names(world, world.president)[1](Seated("Outra", "outra@example.org"))
    assert {email.to for email in Email.objects.exclude(to="outra@example.org")} == {seat.person.email}
    Email.objects.all().delete()
    end_mandate(actor=world.coordinator, mandate=seat, last=TODAY, reason=EndReason.TERM, act="Ofício 3")
    assert {email.to for email in Email.objects.all()} == {seat.person.email, world.president.email}


def test_nobody_puts_themselves_in_anothers_seat_and_a_late_substitute_is_seated_by_the_chair():
    here = convened(room())
    seat = here.seats[2]
    mandate = MandateFactory(
        unit=here.unit, person=here.secretary, municipality=seat.municipality, position=Position.SUBSTITUTE
    )
    with pytest.raises(Refused) as refusal:
        record_attendance(actor=here.secretary, meeting=here.meeting, taken=[Taken(seat, "in_person", mandate)])
    assert refusal.value.code == "oneself"
    other = MandateFactory(unit=here.unit, municipality=seat.municipality, position=Position.SUBSTITUTE)
    with pytest.raises(Refused) as refusal:
        record_attendance(actor=here.secretary, meeting=here.meeting, taken=[Taken(seat, "in_person", other)])
    assert refusal.value.code == "late_substitute"
    record_attendance(actor=here.president, meeting=here.meeting, taken=[Taken(seat, "in_person", other)])


def test_who_rewrote_a_composition_or_comes_to_sit_by_it_neither_closes_the_vote_nor_records_the_answer():
    world = founded()
    second = MandateFactory(unit=world.coordination, position=Position.SECRETARY).person
    made = propose_composition(actor=world.coordinator, unit=world.strategic[3], data=proposal(world.places[:3]))
    data = proposal(world.places[:3], prefix="outro")
    seats = [*data.seats, Seated(world.president.name, world.president.email, municipality=world.places[3])]
    changed = type(data)(data.starts_on, "outro", "b", "c", seats)
    change_composition(actor=second, composition=made, version=None, data=changed)
    found = closed(made, world, effect="proposal")
    Deliberation.objects.filter(pk=found.pk).update(metropolitan_answer="awaited")
    found = Deliberation.objects.select_related("composition").get(pk=found.pk)
    third = MandateFactory(unit=world.coordination, position=Position.SECRETARY).person
    authors = [is_author_of(who, found) for who in (world.coordinator, second, world.president, third, UserFactory())]
    assert authors == [True, True, True, False, False]
    with pytest.raises(Refused) as refusal:
        record_metropolitan_answer(actor=second, deliberation=found, answer="accepted", reference="x", on=TODAY)
    assert refusal.value.code == "author"

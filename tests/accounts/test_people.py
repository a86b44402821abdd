"""Roles: given and taken by a second person, with dates, and recorded."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from refamp.accounts.actions import (
    create_account,
    deactivate_account,
    end_role,
    grant_role,
    reactivate_account,
    reset_second_factor,
)
from refamp.accounts.choices import Role, Scope
from refamp.accounts.forms import AddPasskeyForm
from refamp.accounts.models import Assignment, User
from refamp.accounts.queries import has_second_factor, people_without_second_factor
from refamp.accounts.rules import has_role, is_auditor, is_coordination, may_use_admin, owes_second_factor, works_for
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused
from tests.factories import AssignmentFactory, UserFactory


def again(user):
    return User.objects.get(pk=user.pk)


def test_role_counts_from_its_first_to_its_last_day(municipality):
    user = UserFactory()
    today = timezone.localdate()
    AssignmentFactory(user=user, role="partner", municipality=None, starts_on=today + timedelta(days=1))
    AssignmentFactory(user=user, role="auditor", municipality=None, ends_on=today - timedelta(days=1))
    AssignmentFactory(user=user, role="evaluator", municipality=None, starts_on=today, ends_on=today)
    assert user.held_roles == {"evaluator"}


def test_coordination_gives_a_role_and_it_is_recorded(coordination, technician, other_municipality):
    grant_role(
        actor=coordination, person=technician, role=Role.COUNCILLOR, municipality=other_municipality, reason="eleito"
    )
    assert (Role.COUNCILLOR, other_municipality.pk) in again(technician).held_assignments
    event = Event.objects.get(action="account.role_granted")
    assert event.actor == coordination
    assert event.after == {"role": "councillor", "municipality": other_municipality.code}
    assert event.reason == "eleito"
    assert technician.name not in event.object_label


def test_nobody_changes_their_own_roles(coordination):
    with pytest.raises(Refused):
        grant_role(actor=coordination, person=coordination, role=Role.AUDITOR)
    with pytest.raises(Refused):
        end_role(actor=coordination, assignment=coordination.assignments.get())
    with pytest.raises(Refused):
        deactivate_account(actor=coordination, person=coordination)


@pytest.mark.parametrize("role", ["technician", "councillor", "auditor", "unit_member"])
def test_only_the_coordination_changes_roles(role, request, other_technician):
    actor = request.getfixturevalue(role)
    with pytest.raises(NotAllowed):
        grant_role(actor=actor, person=other_technician, role=Role.COORDINATION)
    with pytest.raises(NotAllowed):
        end_role(actor=actor, assignment=other_technician.assignments.get())
    with pytest.raises(NotAllowed):
        deactivate_account(actor=actor, person=other_technician)


def test_local_role_needs_its_municipality(coordination, technician):
    with pytest.raises(Refused):
        grant_role(actor=coordination, person=technician, role=Role.TECHNICIAN)


def test_other_roles_have_none(coordination, technician, municipality):
    held = grant_role(actor=coordination, person=technician, role=Role.PARTNER, municipality=municipality)
    assert held.municipality is None


def test_same_role_is_not_given_twice(coordination, technician, municipality):
    with pytest.raises(Refused):
        grant_role(actor=coordination, person=technician, role=Role.TECHNICIAN, municipality=municipality)


def test_ended_role_stops_counting_at_once_and_can_be_given_again(coordination, technician, municipality):
    end_role(actor=coordination, assignment=technician.assignments.get())
    assert again(technician).held_roles == set()
    grant_role(actor=coordination, person=technician, role=Role.TECHNICIAN, municipality=municipality)
    assert again(technician).held_roles == {"technician"}
    end_role(actor=coordination, assignment=again(technician).assignments.get(ends_on=None))
    assert again(technician).held_roles == set()


def test_deactivated_account_holds_nothing(coordination, technician):
    user = deactivate_account(actor=coordination, person=technician, reason="saiu")
    assert not has_role(user, Role.TECHNICIAN)
    assert has_role(again(reactivate_account(actor=coordination, person=technician)), Role.TECHNICIAN)


def test_second_factor_is_reset_by_somebody_else(coordination, auditor):
    assert has_second_factor(auditor)
    reset_second_factor(actor=coordination, person=auditor, reason="perdeu o telemóvel")
    assert not has_second_factor(auditor)
    assert list(people_without_second_factor()) == [auditor]
    with pytest.raises(Refused):
        reset_second_factor(actor=coordination, person=coordination, reason="x")


def test_address_is_unique_whatever_its_case(technician):
    with pytest.raises(Refused):
        create_account(actor=None, email=technician.email.upper(), name="Outra")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"role": "king"}, "role_is_known"),
        ({"role": "technician", "municipality": None}, "local_role_has_its_municipality"),
        ({"role": "partner", "municipality": None, "ends_on": "2019-01-01"}, "assignment_ends_after_it_begins"),
    ],
)
def test_database_refuses_impossible_roles(values, name, municipality):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        AssignmentFactory(**values)


def test_database_refuses_two_open_assignments_and_two_accounts(technician, municipality):
    with pytest.raises(IntegrityError, match="one_open_assignment"), transaction.atomic():
        Assignment.objects.create(user=technician, role="technician", municipality=municipality)
    with pytest.raises(IntegrityError, match="one_account_per_email"), transaction.atomic():
        UserFactory(email=technician.email)
    with pytest.raises(IntegrityError, match="email_is_lower_case"), transaction.atomic():
        UserFactory(email="A@example.org")
    with pytest.raises(IntegrityError, match="erased_account_is_not_active"), transaction.atomic():
        UserFactory(erased_at=timezone.now())


def test_predicates_tell_roles_apart(technician, coordination, auditor, municipality, other_municipality):
    assert works_for(technician, municipality)
    assert not works_for(technician, other_municipality)
    assert not works_for(technician, None)
    assert is_coordination(coordination)
    assert not is_coordination(auditor)
    assert is_auditor(auditor)
    assert may_use_admin(coordination)
    assert not may_use_admin(auditor)
    assert owes_second_factor(coordination)
    assert owes_second_factor(auditor)
    assert not owes_second_factor(technician)


def test_pages_list_filter_and_change_people(client_of, technician, other_municipality):
    client = client_of("coordination")
    assert technician.email in client.get("/conta/pessoas/", {"q": "tecnica"}).content.decode()
    assert technician.email not in client.get("/conta/pessoas/", {"role": "auditor"}).content.decode()
    address = f"/conta/pessoas/{technician.public_id}/"
    client.post(address, {"role": "technician", "municipality": other_municipality.pk})
    assert (Role.TECHNICIAN, other_municipality.pk) in again(technician).held_assignments
    held = technician.assignments.get(municipality=other_municipality)
    client.post(f"{address}funcoes/{held.pk}/terminar/")
    assert (Role.TECHNICIAN, other_municipality.pk) not in again(technician).held_assignments
    assert client.get(f"{address}desativar/").status_code == 200
    client.post(f"{address}desativar/", {"reason": "saiu"})
    assert not again(technician).is_active


def test_form_says_what_is_missing(client_of, technician):
    page = client_of("coordination").post(f"/conta/pessoas/{technician.public_id}/", {"role": "technician"})
    assert page.context["form"].errors["municipality"]


def test_own_page_offers_no_change(client_of, coordination):
    client = client_of(coordination)
    address = f"/conta/pessoas/{coordination.public_id}/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"role": "auditor"}).status_code == 403
    assert client.get(f"{address}apagar/").status_code == 403


def test_list_of_people_asks_the_same_number_of_questions_for_one_and_for_many(
    client_of, django_assert_num_queries, person
):
    client = client_of("coordination")
    with django_assert_num_queries(7):
        client.get("/conta/pessoas/")
    for _turn in range(3):
        person("technician")
    with django_assert_num_queries(7):
        client.get("/conta/pessoas/")


def test_admin_reads_accounts_without_passwords_and_changes_nothing(client_of, technician):
    client = client_of("coordination")
    address = f"/admin/accounts/user/{technician.pk}/change/"
    page = client.get(address).content.decode()
    assert technician.email in page
    assert technician.password not in page
    client.post(address, {"name": "Outro"})
    assert again(technician).name == technician.name
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.post(f"/admin/accounts/user/{technician.pk}/delete/", {"post": "yes"}).status_code == 403


def test_admin_deactivates_through_the_action(client_of, technician):
    client_of("coordination").post(
        "/admin/accounts/user/", {"action": "deactivate", "_selected_action": [technician.pk]}
    )
    assert not again(technician).is_active
    assert Event.objects.filter(action="account.deactivated").count() == 1


def test_forms_of_keys_speak_the_language_of_the_page(technician):
    with translation.override("pt-pt"):
        form = AddPasskeyForm(user=technician)
        assert (str(form.fields["name"].label), form.initial["name"]) == ("Nome", "A minha chave")
        assert str(Scope.READ.label) == "ler"

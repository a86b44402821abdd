"""Deliberations in the browser and by the API: who sees what, the live count, voting from the file, files, tasks."""

import csv
import io
from datetime import timedelta

import pgtrigger
import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from tests.factories import ActionFactory, ActionPlanFactory, DeliberationFactory, FollowUpFactory, UserFactory
from tests.units.voting import attend, chamber, proposal, vote
from units.actions.follow_ups import add_follow_up
from units.actions.votes import close_voting, open_voting
from units.choices import BudgetSource, DecisionRule, LegalEffect, PlanState, SubjectKind
from units.models import BudgetLine, FollowUp, Vote
from units.queries.decisions import parts_of, share_of, weighed

pytestmark = pytest.mark.django_db


def page(found, name="deliberation", *args):
    return reverse(f"units:{name}", args=[found.public_id, *args])


def closed(here, votes="fffao", **facts):
    found = open_voting(actor=here.president, deliberation=proposal(here, **facts))
    vote(here, found, votes)
    return close_voting(actor=here.president, deliberation=found)


def test_what_was_decided_is_public_and_what_is_on_the_agenda_is_not(client):
    here = chamber(5)
    draft, decided = proposal(here, title="Por decidir"), closed(here, title="Decidido")
    assert client.get(page(draft)).status_code == 404
    text = client.get(page(decided)).content.decode()
    assert "Decidido" in text
    listed = client.get(reverse("units:deliberations")).content.decode()
    assert "Decidido" in listed
    assert "Por decidir" not in listed


def test_the_public_page_says_each_vote_but_no_reason_of_a_conflict(client):
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "fff")
    Vote.objects.create(
        deliberation=found, municipality=here.places[3], mandate=here.seats[3], conflict="Presido à entidade."
    )
    close_voting(actor=here.president, deliberation=found)
    text = client.get(page(found)).content.decode()
    assert 'data-tone="good"' in text
    assert 'data-tone="out"' in text
    assert "Presido" not in text
    assert "Vereação 00" not in text


def test_a_secret_ballot_shows_sums_only_once_closed(client_of):
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here, is_secret=True))
    vote(here, found, "ffaoo")
    browser = client_of(here.secretary)
    during = browser.get(page(found)).content.decode()
    assert "vote-bar" not in during
    assert 'data-tone="bad"' not in during
    close_voting(actor=here.president, deliberation=found)
    after = browser.get(page(found)).content.decode()
    assert "vote-bar" in after
    assert 'data-tone="bad"' not in after
    answer = browser.get(f"/api/v1/deliberations/{found.public_id}/").json()
    assert (answer["votes_for"], answer["votes_against"], answer["votes"]) == (2, 1, [])


def test_a_councillor_votes_from_the_file_and_changes_their_mind(client_of):
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    browser = client_of(here.people[2])
    address = page(found, "councillor_file")
    assert browser.post(address, {"value": "against", "declaration": "Não.", "conflict": ""}).status_code == 302
    assert browser.post(address, {"value": "for", "declaration": "", "conflict": ""}).status_code == 302
    cast = found.votes.get()
    assert (cast.municipality, cast.value, cast.declaration, cast.version) == (here.places[2], "for", "", 2)


@pytest.mark.parametrize("data", [{}, {"value": "absent"}, {"value": "for", "conflict": "Parentesco."}])
def test_a_vote_that_says_nothing_or_two_things_is_refused_on_the_form(client_of, data):
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    answer = client_of(here.people[2]).post(page(found, "councillor_file"), data)
    assert (answer.status_code, found.votes.count()) == (200, 0)
    assert "errors" in answer.content.decode()


def test_who_is_not_recorded_as_present_is_told_so(client_of):
    here = chamber(5, present=4)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    browser = client_of(here.people[4])
    assert 'name="value"' not in browser.get(page(found, "councillor_file")).content.decode()
    assert browser.post(page(found, "councillor_file"), {"value": "for"}).status_code == 200
    assert not found.votes.exists()
    attend(here, 4)
    assert 'name="value"' in browser.get(page(found, "councillor_file")).content.decode()


def test_nobody_else_has_the_file(client_of):
    here = chamber(3)
    found = closed(here, "fff")
    assert client_of(UserFactory()).get(page(found, "councillor_file")).status_code == 403
    open_one = open_voting(actor=here.president, deliberation=proposal(here))
    assert client_of(here.secretary).post(page(open_one, "councillor_file"), {"value": "for"}).status_code == 403


def test_the_count_answers_only_when_something_changed(client_of):
    here = chamber(5)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    browser = client_of(here.president)
    first = browser.get(page(found, "deliberation_count"))
    seen = first.context["seen"]
    assert f"seen={seen}" in first.content.decode()
    assert browser.get(page(found, "deliberation_count"), {"seen": seen}).status_code == 204
    vote(here, found, "f")
    again = browser.get(page(found, "deliberation_count"), {"seen": seen})
    assert (again.status_code, again.context["counts"].votes_for) == (200, 1)
    assert "HX-Refresh" not in again.headers
    close_voting(actor=here.president, deliberation=found)
    assert browser.get(page(found, "deliberation_count"), {"seen": seen}).headers["HX-Refresh"] == "true"


def test_the_chair_opens_and_closes_after_being_asked(client_of):
    here = chamber(5)
    found = proposal(here)
    chair, member = client_of(here.president), client_of(here.people[3])
    for name in ("deliberation_open", "deliberation_close"):
        assert member.get(page(found, name)).status_code == 403
    assert chair.get(page(found, "deliberation_open")).status_code == 200
    assert chair.post(page(found, "deliberation_open"), {"version": found.version}).status_code == 302
    vote(here, found, "fffff")
    assert chair.post(page(found, "deliberation_close")).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.number) == ("passed", 1)


def test_a_tie_asks_the_chair_for_the_casting_vote(client_of):
    here = chamber(4, has_casting_vote=True)
    found = open_voting(actor=here.president, deliberation=proposal(here))
    vote(here, found, "ffaa")
    chair = client_of(here.president)
    assert 'name="casting_vote"' in chair.get(page(found, "deliberation_close")).content.decode()
    assert chair.post(page(found, "deliberation_close"), {"casting_vote": ""}).status_code == 200
    assert chair.post(page(found, "deliberation_close"), {"casting_vote": "for"}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.casting_vote) == ("passed", "for")


def test_steps_of_every_kind_through_the_pages(client_of):
    here = chamber(5)
    secretary = client_of(here.secretary)
    draft = proposal(here)
    said = {"municipality": here.places[4].code, "stance": "with_changes", "proposed_change": "Até 2028."}
    assert client_of(here.people[4]).get(page(draft, "deliberation_position")).status_code == 200
    assert client_of(here.people[4]).post(page(draft, "deliberation_position"), said).status_code == 302
    assert draft.positions.get().proposed_change == "Até 2028."
    stale = client_of(here.people[4]).post(
        page(draft, "deliberation_position"), said | {"version": 7, "stance": "against"}
    )
    assert (stale.status_code, "Até 2028." in stale.content.decode()) == (200, True)
    assert secretary.post(page(draft, "deliberation_withdraw"), {"reason": "Falta o parecer."}).status_code == 302
    awaiting = closed(here, legal_effect=LegalEffect.PROPOSAL)
    answer = {"answer": "accepted", "reference": "CmP 4", "on": timezone.localdate().isoformat()}
    assert client_of(here.president).post(page(awaiting, "deliberation_answer"), answer).status_code == 302
    awaiting.refresh_from_db()
    assert awaiting.metropolitan_answer == "accepted"


def test_a_text_is_put_to_a_vote_from_the_agenda(client_of):
    here = chamber(3)
    item = here.meeting.items.create(order=9, title="Ponto livre", kind="decision")
    address = reverse("units:deliberation_propose", args=[item.public_id])
    assert client_of(here.people[2]).get(address).status_code == 403
    data = {"title": "Carta", "text": "Aprova-se.", "rule": "consensus", "legal_effect": "proposal"}
    assert client_of(here.secretary).get(address).status_code == 200
    assert client_of(here.secretary).post(address, data).status_code == 302
    assert (item.deliberation.rule, item.deliberation.proposed_by) == (DecisionRule.CONSENSUS, here.secretary)


# What it means --------------------------------------------------------------------------------------------------------


def test_the_file_says_what_a_plan_means_for_a_municipality(client_of):
    here = chamber(4)
    plan = ActionPlanFactory(state=PlanState.BEFORE_COUNCIL, opinion="Concordamos.", opinion_is_favourable=True)
    area = ActionFactory(plan=plan, code="A1", people_expected=100)
    pair = ActionFactory(plan=plan, code="A2", scope="intermunicipal", lead=here.places[0])

    with pgtrigger.ignore():
        pair.municipalities.set(here.places[:2])
        BudgetLine.objects.create(action=area, year=plan.year, source=BudgetSource.MUNICIPAL, amount="400.00")
        BudgetLine.objects.create(action=pair, year=plan.year, source=BudgetSource.MUNICIPAL, amount="100.01")
        BudgetLine.objects.create(action=pair, year=plan.year, source=BudgetSource.UNFUNDED, amount="500.00")
    found = proposal(here, subject_kind=SubjectKind.PLAN, plan=plan)
    parts = parts_of(found)
    total = weighed(parts)
    assert (total.actions, total.supramunicipal, str(total.cost), str(total.funded)) == (2, 1, "1000.01", "50.00")
    assert (total.people, total.without_people) == (100, 1)
    own = share_of(parts, here.places[0].code, 4)
    assert (str(own.share), own.leads, own.people, len(own.actions)) == ("150.00", 1, 100, 2)
    other = share_of(parts, here.places[3].code, 4)
    assert (str(other.share), other.leads, len(other.actions)) == ("100.00", 0, 1)
    text = client_of(here.people[0]).get(page(found, "councillor_file")).content.decode()
    assert "Concordamos." in text
    # What was decided stays what was decided, whatever becomes of the plan.
    open_voting(actor=here.president, deliberation=found)
    vote(here, found, "ffff")
    close_voting(actor=here.president, deliberation=found)
    found.refresh_from_db()
    assert weighed(parts_of(found)) == total


# Files and API --------------------------------------------------------------------------------------------------------


def test_the_register_is_a_file_of_exactly_what_is_shown(client):
    here = chamber(5)
    passed, failed = closed(here, title="=1+1"), closed(here, "aaaaa", title="Recusada")
    rows = list(
        csv.DictReader(io.StringIO(b"".join(client.get(reverse("units:deliberations_csv")).streaming_content).decode()))
    )
    assert [(row["number"], row["title"], row["votes_for"]) for row in rows] == [
        ("2", "Recusada", "0"),
        ("1", "'=1+1", "3"),
    ]
    only = client.get(reverse("units:deliberations_csv"), {"outcome": "failed"})
    assert b"".join(only.streaming_content).decode().count("\r\n") == 2
    answer = client.get(reverse("units:deliberations_pdf"))
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.content)).pages)
    assert "Recusada" in text
    assert "=1+1" in text
    assert b"pdfaid" in answer.content or PdfReader(io.BytesIO(answer.content)).trailer["/Root"]["/MarkInfo"]["/Marked"]
    xlsx = client.get(reverse("units:deliberations_xlsx"))
    assert b"".join(xlsx.streaming_content)[:2] == b"PK"
    assert (passed.number, failed.number) == (1, 2)


def test_the_api_embeds_the_votes_and_filters(client):
    here = chamber(5, present=4)
    closed(here, "ffao")
    closed(here, "aaaa")
    answer = client.get(
        "/api/v1/deliberations/", {"outcome": "passed", "unit": "CV", "year": timezone.localdate().year}
    ).json()
    assert len(answer["results"]) == 1
    row = answer["results"][0]
    assert [(one["municipality"]["label"], one["value"]) for one in row["votes"]] == [
        ("Município 00", "for"), ("Município 01", "for"), ("Município 02", "against"), ("Município 03", "abstain"),
        ("Município 04", "absent"),
    ]  # fmt: skip
    assert (row["votes_for"], row["status"], row["unit"]["id"]) == (2, None, "CV")
    assert client.get("/api/v1/deliberations/", {"nonsense": "1"}).status_code == 400
    assert client.get("/api/v1/deliberations/", {"format": "csv"}).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_the_same_number_of_questions(client, client_of, number, django_assert_num_queries):
    for _ in range(number):
        DeliberationFactory(closed=True)
    with django_assert_num_queries(3):
        client.get(reverse("units:deliberations"))
    with django_assert_num_queries(2):
        client.get("/api/v1/deliberations/")


@pytest.mark.parametrize("size", [1, 3])
def test_pages_of_a_vote_ask_a_fixed_number_of_questions(client, client_of, size, django_assert_num_queries):
    """A body, a plan's actions, tasks: however many there are, twelve questions at most."""
    here = chamber(size + 2)
    plan = ActionPlanFactory(state=PlanState.BEFORE_COUNCIL)
    for _ in range(size):
        ActionFactory(plan=plan)
    found = proposal(here, subject_kind=SubjectKind.PLAN, plan=plan)
    member, chair = client_of(here.people[2]), client_of(here.president)

    def ask(browser, deliberation, file, count):
        for name, number in (("deliberation", deliberation), ("councillor_file", file), ("deliberation_count", count)):
            if number is None:
                continue
            with django_assert_num_queries(number):
                assert browser.get(page(found, name)).status_code == 200

    for browser in (member, chair):
        ask(browser, 10, 11, 9)
    open_voting(actor=here.president, deliberation=found)
    vote(here, found, "f" * size)
    for browser in (member, chair):
        ask(browser, 10, 11, 10)
    found = close_voting(actor=here.president, deliberation=found)
    for _ in range(size):
        add_follow_up(
            actor=here.secretary, deliberation=found, task="Publicar", owner=here.vice, due_on=timezone.localdate()
        )
    for browser in (member, chair):
        ask(browser, 11, 11, 10)
        with django_assert_num_queries(9):
            browser.get(reverse("units:deliberations"))
        with django_assert_num_queries(7):
            browser.get(reverse("units:follow_ups"))
    ask(client, 5, None, 4)


# Tasks ----------------------------------------------------------------------------------------------------------------


def test_tasks_are_given_done_and_taken_up_again(client_of):
    here = chamber(5)
    found = closed(here)
    keeper, owner = client_of(here.secretary), client_of(here.people[3])
    data = {"task": "Publicar", "owner": here.people[3].public_id, "due_on": timezone.localdate().isoformat()}
    assert owner.post(page(found, "follow_up_add"), data).status_code == 403
    assert keeper.post(page(found, "follow_up_add"), data).status_code == 302
    task = FollowUp.objects.get()
    step = reverse("units:follow_up_step", args=[task.public_id, "feito"])
    assert client_of(here.people[4]).post(step).status_code == 403
    assert owner.post(step, {"note": "No sítio."}).status_code == 302
    task.refresh_from_db()
    assert (task.state, task.note) == ("done", "No sítio.")
    again = reverse("units:follow_up_step", args=[task.public_id, "retomar"])
    assert owner.post(again).status_code == 403
    assert keeper.post(again).status_code == 302
    drop = reverse("units:follow_up_step", args=[task.public_id, "largar"])
    assert keeper.post(drop, {"note": ""}).status_code == 200
    change = reverse("units:follow_up", args=[task.public_id])
    task.refresh_from_db()
    later = data | {"task": "Publicar tudo", "version": task.version}
    assert keeper.post(change, later).status_code == 302
    assert keeper.post(change, later | {"task": "Outra"}).status_code == 200
    task.refresh_from_db()
    assert (task.state, task.task, task.done_at) == ("open", "Publicar tudo", None)


def test_the_list_says_what_is_overdue(client_of):
    here = chamber(5)
    found = closed(here)
    day = timezone.localdate()
    for task, due in (("Atrasada", day - timedelta(1)), ("A tempo", day)):
        add_follow_up(actor=here.secretary, deliberation=found, task=task, owner=here.people[3], due_on=due)
    text = client_of(here.people[2]).get(reverse("units:follow_ups"), {"overdue": "true"}).content.decode()
    assert "Atrasada" in text
    assert "A tempo" not in text


def test_others_see_only_their_own_tasks(client_of):
    mine = FollowUpFactory(task="A minha")
    FollowUpFactory(task="De outrem")
    text = client_of(mine.owner).get(reverse("units:follow_ups")).content.decode()
    assert "A minha" in text
    assert "De outrem" not in text


def test_register_file_and_api_agree_row_for_row(client):
    here = chamber(5)
    closed(here, title="Por nome")
    closed(here, "ffffa", title="Em segredo", is_secret=True)
    closed(here, "fffff", title="Proposta", legal_effect=LegalEffect.PROPOSAL)
    file = b"".join(client.get(reverse("units:deliberations_csv")).streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(file)))
    answer = client.get("/api/v1/deliberations/").json()["results"]
    same = set(rows[0]) & set(answer[0]) - {"opened_at", "closed_at"}
    assert {"number", "title", "state", "votes_for", "is_secret", "metropolitan_answer", "text"} <= same

    for row, told in zip(rows, answer, strict=True):
        for name in sorted(same):
            value = told[name]
            words = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            assert row[name].lower() == words.lower(), name
    paper = PdfReader(io.BytesIO(client.get(reverse("units:deliberations_pdf")).content))
    text = " ".join("".join(one.extract_text() for one in paper.pages).split())
    for row in rows:
        assert f"{row['number']}/{row['year']} · {row['title']}" in text
    assert text.count("Escrutínio secreto") == 1

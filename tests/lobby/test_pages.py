"""What waits for whom, the dashboard, the search, and the demonstration accounts."""

import stat
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.utils import timezone

from axes.choices import FrameworkState, NodeKind
from refamp.accounts.models import User
from refamp.jobs.models import Canary
from refamp.lobby.queries import health, quotas_not_met, search, waiting_for
from tests.factories import (
    ConsultationFactory,
    DeliberationFactory,
    FrameworkFactory,
    FreeTextFactory,
    MandateFactory,
    MeetingFactory,
    MunicipalityFactory,
    NodeFactory,
    ParishFactory,
    PhaseFactory,
    QuotaFactory,
    RespondentFactory,
)
from units.choices import MeetingState


@pytest.fixture
def edition(db):
    edition = FrameworkFactory(code="2014", state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    axis = NodeFactory(framework=edition, code="EP1", wording="Saúde e Bem-Estar")
    NodeFactory(framework=edition, kind=NodeKind.PROBLEM_AREA, code="1.1", wording="SÉNIORES", parent=axis)
    return edition


def titles(user, query):
    return [hit.title for group in search(user, query) for hit in group.hits]


@pytest.mark.parametrize("query", ["séniores", "seniores", "SENIORES", "senores", "senior"])
def test_search_forgives_accents_case_and_typing_errors(query, edition, technician):
    assert "1.1 SÉNIORES" in titles(technician, query)


def test_search_finds_places_consultations_and_plans(edition, technician):
    ParishFactory(name="Rio Tinto", municipality=MunicipalityFactory(name="Gondomar"))
    ConsultationFactory(framework=edition, title="Auscultação de Gondomar")
    assert set(titles(technician, "gondomar")) >= {"Gondomar", "Auscultação de Gondomar"}
    assert titles(technician, "rio tnto") == ["Rio Tinto"]


@pytest.mark.parametrize("query", ["", " ", "a", "%", "'\"; --", "\\", "x" * 300])
def test_search_survives_anything(query, client, edition):
    assert client.get("/procurar/", {"q": query}).status_code == 200


def test_home_shows_the_axes_and_what_waits(edition, client_of, technician, municipality, client):
    assert "Saúde e Bem-Estar" in client.get("/").content.decode()
    consultation = ConsultationFactory(framework=edition, title="Uma auscultação")
    PhaseFactory(consultation=consultation, state="open")
    QuotaFactory(consultation=consultation, municipality=municipality, expected=3)
    text = FreeTextFactory(respondent=RespondentFactory(consultation=consultation))
    text.assignments.create(role="first", coder=technician)
    waiting = waiting_for(technician)
    assert len(waiting) == 2
    assert waiting[0].due == timezone.localdate() + timedelta(days=30)
    assert "Uma auscultação" in client_of(technician).get("/").content.decode()


def test_home_tells_no_technician_how_many_have_answered(edition, client_of, technician, municipality):
    """A live count would show what the frozen results hide."""
    consultation = ConsultationFactory(framework=edition, title="Uma auscultação")
    PhaseFactory(consultation=consultation, state="open")
    QuotaFactory(consultation=consultation, municipality=municipality, expected=3)
    before = waiting_for(technician)
    for _turn in range(4):
        RespondentFactory(consultation=consultation, municipality=municipality)
    assert waiting_for(technician) == before
    assert [waiting.detail for waiting in before] == [f"Uma auscultação · {municipality.name}: 3"]


def test_surplus_in_one_cell_does_not_hide_what_another_lacks(edition, municipality, other_municipality):
    consultation = ConsultationFactory(framework=edition)
    QuotaFactory(consultation=consultation, municipality=municipality, expected=2)
    QuotaFactory(consultation=consultation, municipality=other_municipality, expected=2)
    for _turn in range(5):
        RespondentFactory(consultation=consultation, municipality=municipality)
    RespondentFactory(consultation=consultation, municipality=other_municipality, withdrawn_at=timezone.now())
    [missing] = quotas_not_met()
    assert (missing.expected, missing.got, missing.lacking) == (4, 2, 2)


def test_dashboard_is_the_coordinations_and_shows_what_lacks(edition, client_of, municipality):
    consultation = ConsultationFactory(framework=edition, title="Falta gente")
    QuotaFactory(consultation=consultation, municipality=municipality)
    assert "Falta gente" in client_of("coordination").get("/painel/").content.decode()
    assert client_of("technician").get("/painel/").status_code == 403


def test_demo_makes_one_account_per_role_once_and_prints_the_same_logins(settings, tmp_path, db, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("REFAMP_EMBEDDED", "1")
    for number in range(3):
        MunicipalityFactory(code=f"130{number}")
    first, second = StringIO(), StringIO()
    call_command("demo", no_consultations=True, stdout=first)
    call_command("demo", no_consultations=True, stdout=second)
    assert User.objects.filter(is_demonstration=True).count() == 10
    assert stat.S_IMODE((tmp_path / "demo-logins.json").stat().st_mode) == 0o600
    passwords = [line.split()[2] for line in first.getvalue().splitlines() if "@demo.invalid" in line]
    assert passwords == [line.split()[2] for line in second.getvalue().splitlines() if "@demo.invalid" in line]
    assert User.objects.get(email="coordenacao@demo.invalid").check_password(passwords[4])


def test_demo_refuses_beside_a_database_of_ones_own(db, monkeypatch):
    monkeypatch.delenv("REFAMP_EMBEDDED", raising=False)
    with pytest.raises(CommandError):
        call_command("demo")


def test_the_dashboard_says_when_the_worker_gave_its_last_sign(client_of, db):
    Canary.objects.create(name="worker", seen_at=timezone.now() - timedelta(days=2))
    assert client_of("coordination").get("/painel/").status_code == 200
    assert health().canary_seconds >= 2 * 24 * 60 * 60


@pytest.mark.parametrize("query", ["habitação acessível", "HABITACAO", "habitasao acesivel"])
def test_search_finds_what_a_body_decided_and_where(query, edition, technician):
    meeting = MeetingFactory(title="Sessão sobre habitação acessível", state=MeetingState.CONVENED)
    DeliberationFactory(item__meeting=meeting, title="Programa de habitação acessível", closed=True)
    for user in (AnonymousUser(), technician):
        assert set(titles(user, query)) == {"Sessão sobre habitação acessível", "Programa de habitação acessível"}


def test_search_keeps_a_bodys_drafts_to_the_body(edition, technician):
    meeting = MeetingFactory(title="Reunião em preparação", state=MeetingState.DRAFT, number=None, convened_at=None)
    draft = DeliberationFactory(item__meeting=meeting, title="Texto em preparação")
    member = MandateFactory(unit=meeting.unit).person
    for user in (AnonymousUser(), technician):
        assert titles(user, "preparação") == []
    assert set(titles(member, "preparação")) == {meeting.title, draft.title}

"""A meeting without quorum takes place on second call; its minutes are amended, approved by another, and never change.

Beside it: the notice with its calendar entry, calendars that follow every change, a late addendum.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from tests.journeys.conftest import Door
from tests.journeys.driving import Person
from tests.journeys.test_governance import pick
from tests.running import Running

Someone = Callable[..., Person]
SECRETARIAT, FEED = "coordenacao", "/reunioes/corpo/CV.ics"

# Three councillors who may log in, the president first.
SITTING = """
import json
from units.queries.bodies import council, seats_of
from django.utils import timezone

seats = sorted(seats_of(council(), timezone.localdate()), key=lambda one: one.position != "president")
for seat in seats[:3]:
    if not seat.person.check_password("uma frase para os percursos"):  # a new one ends open sessions
        seat.person.set_password("uma frase para os percursos")
        seat.person.save(update_fields=["password"])
print("MADE", json.dumps([seat.person.email for seat in seats[:3]]))
"""
# The hours of both calls go by, as they would in eleven days' time.
PASSED = """
from datetime import timedelta
from units.models import Meeting
meeting = Meeting.objects.get(public_id="{0}")
meeting.starts_at -= timedelta(days=10, hours=2)
meeting.ends_at -= timedelta(days=10, hours=2)
meeting.second_call_at -= timedelta(days=11, hours=1, minutes=30)
meeting.save(update_fields=["starts_at", "ends_at", "second_call_at"])
"""
# What was written to one person about one meeting: subject, and the calendar entry.
OUTBOX = """
import json
from refamp.jobs.models import Email
rows = Email.objects.filter(to="{0}", subject__contains="Conselho").order_by("-pk")[:1]
print("MADE", json.dumps([[row.subject, row.body, row.attachments] for row in rows], default=str))
"""


@pytest.fixture(scope="module")
def sitting(platform: Running, everybody: Door) -> list[str]:
    emails = json.loads(platform.manage("shell", "-v", "0", "-c", SITTING).partition("MADE ")[2])
    for email in emails:
        everybody.logins[email.partition("@")[0]] = {"password": "uma frase para os percursos"}
    return emails


def fill(person: Person, target: str, value: str) -> None:
    person.reach(target).fill(value)


def key_of(meeting: str) -> str:
    return meeting.strip("/").rpartition("/")[2]


def uid_of(meeting: str) -> str:
    return f"{key_of(meeting)}@localhost"


def entries(person: Person, url: str) -> dict[str, tuple[int, str]]:
    """A calendar as another program reads it: uid → revision and status."""
    answer = person.page.request.get(url)
    assert answer.ok
    events = Calendar.from_ical(answer.body()).walk("VEVENT")
    return {str(one["UID"]): (int(one["SEQUENCE"]), str(one["STATUS"])) for one in events}


def prepared(unit: Person, title: str) -> str:
    """A meeting in ten days: two of them are working days before it, as the body's notice asks, whatever the date."""
    begins = datetime.now(ZoneInfo("Europe/Lisbon")) + timedelta(days=10, hours=1)
    unit.visit("/reunioes/nova/").look()
    unit.choose("#id_unit", "CV")
    unit.write("#id_title", title)
    fill(unit, "#id_starts_at", f"{begins:%Y-%m-%dT%H:%M}")
    fill(unit, "#id_ends_at", f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    fill(unit, "#id_second_call_at", f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    unit.write("#id_place", "Porto")
    unit.send("main form:has(#id_place)")
    assert "24 horas" in unit.text(".summary"), "the second call comes a day later"
    fill(unit, "#id_second_call_at", f"{begins + timedelta(days=1):%Y-%m-%dT%H:%M}")
    unit.send("main form:has(#id_place)")
    meeting = unit.path
    for point in ("Primeiro", "Segundo"):
        unit.visit(f"{meeting}pontos/novo/")
        unit.write("#id_title", point)
        pick(unit, "kind", "discussion")
        unit.send("main form:has(#id_text)")
    unit.look(everywhere=True)
    unit.follow("button[value=up]")  # by keyboard: the second point goes first
    assert unit.find(".agenda h3").first.inner_text().strip().endswith("Segundo")
    unit.visit(f"{meeting}convocar/").look()
    unit.send("main form:has(input[name=version])")
    unit.look()
    return meeting


def invited(member: Person, platform: Running, meeting: str, title: str, email: str) -> str:
    """The notice really went out, and both calendars show the meeting; the answer is the member's own address."""
    subject, body, attached = json.loads(
        platform.manage("shell", "-v", "0", "-c", OUTBOX.format(email)).partition("MADE ")[2]
    )[0]
    assert "Convocatória" in subject
    assert title in body
    assert "text/calendar" in json.dumps(attached)
    member.visit("/reunioes/calendario/").look()
    member.follow("button[value=make]")
    own = member.find("#calendar-address").input_value()
    for address in (platform.address + FEED, own):
        assert entries(member, address)[uid_of(meeting)] == (0, "CONFIRMED")
    return own


def held_on_second_call(chair: Person, meeting: str) -> None:
    """Two come, one of them remotely: the quorum is counted live, and is none; on second call a third is enough."""
    chair.visit(f"{meeting}presencas/").look(everywhere=True)
    for number in range(2):
        chair.tick(f"fieldset.seat >> nth={number} >> input[type=radio][value=in_person]")
        if number:
            chair.page.keyboard.press("ArrowDown")
            assert chair.find(f"fieldset.seat >> nth={number} >> input[value=remote]").is_checked()
        chair.page.locator("#quorum b", has_text=re.compile(rf"^\s*{number + 1} ")).wait_for()
    chair.send("form[action$='/passo/abrir/']")
    assert "quórum" in chair.text(".message.error"), "it does not open without a quorum"
    chair.visit(f"{meeting}presencas/")
    chair.send("form[action$='/passo/segunda-convocatoria/']")
    chair.visit(f"{meeting}presencas/").look()
    for number in range(6):
        chair.tick(f"fieldset.seat >> nth={number} >> input[type=radio][value=in_person]")
    chair.send("form.seats")
    chair.send("form[action$='/passo/abrir/']")
    assert "em curso" in chair.text(".head"), chair.text(".head")
    chair.look()
    chair.send("form[action$='/passo/encerrar/']")
    chair.look()


def test_no_quorum_second_call_and_minutes_that_never_change(
    someone: Someone, platform: Running, sitting: list[str]
) -> None:
    title = f"Reunião do percurso {int(time.time())}"
    unit = someone(SECRETARIAT)
    meeting = prepared(unit, title)
    member = someone(sitting[1].partition("@")[0], width=390)
    own = invited(member, platform, meeting, title, sitting[1])
    unit.visit(f"{meeting}alterar/")
    unit.write("#id_place", "Gaia")
    unit.send("main form:has(#id_place)")
    assert entries(member, own)[uid_of(meeting)] == (1, "CONFIRMED")
    member.visit("/reunioes/calendario/")
    member.follow("button[value=make]")  # renewed: the address before no longer opens
    assert not member.page.request.get(own).ok
    platform.manage("shell", "-v", "0", "-c", PASSED.format(key_of(meeting)))
    chair = someone(sitting[0].partition("@")[0])
    held_on_second_call(chair, meeting)

    unit.visit(f"{meeting}ata/")
    unit.send("main form")
    text = unit.find("#id_text").input_value() if unit.find("#id_text").count() else unit.text("main")
    assert "segunda convocatória" in text
    assert "não teve quórum" in text
    unit.look()
    unit.send("main form:has(#id_text)")
    unit.send("form[action$='/passo/abrir-a-alteracoes/']")
    unit.look()
    assert not unit.find("main a[href$='/ata/aprovar/']").count(), "whoever wrote them does not approve them"
    member.visit(f"{meeting}ata/propor/").look()
    member.write("#id_proposal", "A vereadora pediu a palavra.")
    member.send("main form:has(#id_proposal)")
    unit.visit(f"{meeting}ata/")
    unit.follow("#amendments a[href*='/propostas/']")
    pick(unit, "accepted", "yes")
    unit.look()
    unit.send("main form:has(#id_answer)")
    chair.visit(f"{meeting}ata/").look()
    chair.follow("main a[href$='/ata/aprovar/'], aside a[href$='/ata/aprovar/']")
    chair.look(everywhere=True)
    chair.send("main form:has(#id_votes_for)")
    chair.look()
    unit.visit(f"{meeting}ata/")
    unit.send("form[action$='/passo/publicar/']")
    unit.look()
    public = someone(None).visit(f"{meeting}ata/")
    public.look(everywhere=True)
    assert "A vereadora pediu a palavra." in public.text("main")
    assert "publicada" in public.text("main")
    unit.visit(f"{meeting}ata/redigir/", 403)


def test_a_late_document_is_an_addendum_and_a_cancelled_meeting_leaves_the_calendars(someone: Someone) -> None:
    title = f"Reunião cancelada {int(time.time())}"
    unit = someone(SECRETARIAT)
    meeting = prepared(unit, title)
    unit.visit(f"{meeting}documentos/novo/").look()
    unit.write("#id_title", "Chegou tarde")
    unit.find("#id_file").set_input_files(
        {"name": "tarde.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n...."}
    )
    unit.tick("#id_is_public")
    unit.look()
    unit.send("main form:has(#id_file)")
    assert "aditamento tardio" in unit.text("main table")
    unit.look(everywhere=True)
    public = someone(None).visit(meeting)
    assert "Chegou tarde" in public.text("main")
    public.look()
    unit.visit(f"{meeting}cancelar/").look()
    unit.write("#id_reason", "Temporal.")
    unit.send("main form:has(#id_reason)")
    assert entries(public, unit.address + FEED)[uid_of(meeting)] == (1, "CANCELLED")
    public.visit(meeting).look()
    assert "Temporal." in public.text("main")

"""Votes as councillors meet them: conflicts, ties, secret ballots, positions ahead, proposals, tasks; on a phone."""

import json
from collections.abc import Callable

import pytest

from tests.journeys.conftest import Door
from tests.journeys.driving import Person
from tests.journeys.test_governance import day, pick
from tests.running import Running

Someone = Callable[..., Person]
PHONE = 320

# A meeting in session with everybody there and one that is called; what is voted on in them, and who may log in.
SCENE = """
import json
from datetime import timedelta
from django.utils import timezone
from refamp.accounts.models import User
from units.actions.votes import cast_vote, close_voting, open_voting, propose_deliberation
from units.models import Attendance, Meeting, Unit
from units.queries.bodies import council, seats_of

now, body = timezone.now(), council()
Unit.objects.filter(pk=body.pk).update(has_casting_vote=True)
seats = sorted(seats_of(body, timezone.localdate()), key=lambda one: (one.position != "president", one.pk))
last = max(body.meetings.values_list("number", flat=True).exclude(number=None), default=0)
common = {"unit": body, "place": "Porto", "convened_at": now, "year": now.year}
held = Meeting.objects.create(
    number=last + 1, title="Percursos", state="in_session", starts_at=now, ends_at=now + timedelta(hours=2), **common
)
later = now + timedelta(days=9)
called = Meeting.objects.create(
    number=last + 2, title="A seguir", state="convened", starts_at=later, ends_at=later + timedelta(hours=2), **common
)
for seat in seats:
    Attendance.objects.create(meeting=held, mandate=seat, presence="in_person", arrived_at=now)

def put(title, meeting=held, effect="binding", secret=False):
    item = meeting.items.create(order=meeting.items.count() + 1, title=title, kind="decision")
    return propose_deliberation(
        actor=None, item=item, title=title, text="Aprova-se.", rule="simple_majority", legal_effect=effect,
        legal_effect_basis="Regimento",
        is_secret=secret,
    )

def opened(title, votes, **facts):
    found = open_voting(actor=None, deliberation=put(title, **facts))
    for seat, letter in zip(reversed(seats), votes):
        value = {"f": "for", "a": "against"}[letter]
        cast_vote(actor=None, deliberation=found, municipality=seat.municipality, value=value)
    return found

made = {
    "conflict": opened("Com conflito", "ffa"),
    "tie": opened("Empate com voto de qualidade", "ffffffffaaaaaaaa"),
    "flat": opened("Empate sem voto de qualidade", "ffffffffaaaaaaaa"),
    "secret": opened("Em segredo", "ffffffffffffaaaa", secret=True),
    "ahead": put("Para concertar", meeting=called),
}
for name in ("accepted", "rejected"):
    made[name] = close_voting(actor=None, deliberation=opened(f"Proposta {name}", "f" * 16, effect="proposal"))
chair, member = seats[0].person, seats[1].person
for person in (chair, member):
    if not person.check_password("uma frase para os percursos"):  # a new one ends open sessions
        person.set_password("uma frase para os percursos")
        person.save(update_fields=["password"])
told = {name: f"/deliberacoes/{one.public_id}/" for name, one in made.items()}
people = {"chair": chair.email, "member": member.email, "name": member.name, "owner": str(member.public_id)}
print("MADE", json.dumps(told | people | {"unit": body.pk}))
"""


@pytest.fixture(scope="module")
def scene(platform: Running, everybody: Door) -> dict[str, str]:
    made = json.loads(platform.manage("shell", "-v", "0", "-c", SCENE).partition("MADE ")[2])
    for key in ("chair", "member"):
        name = made[key].partition("@")[0]
        everybody.logins[name] = {"password": "uma frase para os percursos"}
        made[key] = name
    return made


def closes(chair: Person, address: str) -> Person:
    chair.visit(address)
    chair.follow("main a[href$='/fechar/']")
    chair.look()
    return chair


def test_a_conflict_of_interest_is_stated_taken_back_and_the_vote_counts(someone: Someone, scene: dict) -> None:
    phone = someone(scene["member"], width=PHONE)
    phone.visit(f"{scene['conflict']}ficha/").look()
    phone.write("#id_conflict", "Presido à entidade gestora.")
    phone.send("#vote form")
    assert "conflito de interesses" in phone.text("#vote")
    phone.look()
    phone.reach("#id_conflict").fill("")
    pick(phone, "value", "against")
    phone.send("#vote form")
    assert "Registado: contra" in phone.text("#vote"), phone.text("#vote")
    assert "2 a favor, 2 contra" in phone.text("#count"), phone.text("#count")


def test_a_tie_with_and_without_a_casting_vote(someone: Someone, scene: dict, platform: Running) -> None:
    chair = closes(someone(scene["chair"]), scene["tie"])
    chair.send()  # nothing is chosen: it asks how the tie is broken
    assert chair.find("input[name=casting_vote]").count() == 3
    pick(chair, "casting_vote", "for")
    chair.send()
    assert "aprovada" in chair.text(".head")
    platform.manage(
        "shell", "-v", "0", "-c",
        f"from units.models import Unit; Unit.objects.filter(pk={scene['unit']}).update(has_casting_vote=False)",
    )  # fmt: skip
    closes(chair, scene["flat"])
    assert not chair.find("input[name=casting_vote]").count()
    chair.send()
    assert "não aprovada" in chair.text(".head")
    assert "empate" in chair.text("main")
    chair.look()


def test_a_secret_ballot_says_who_voted_and_the_sums_and_no_more(someone: Someone, scene: dict) -> None:
    phone = someone(scene["chair"], width=PHONE)
    phone.visit(f"{scene['secret']}ficha/").look()
    assert not phone.find("#id_declaration").count()
    pick(phone, "value", "for")
    phone.send("#vote form")
    assert not phone.find("#vote").count(), "a secret vote is final"
    assert not phone.find(".vote-bar").count(), "no sums while it is open"
    phone.look()
    closes(phone, scene["secret"]).send()
    public = someone(None).visit(scene["secret"])
    assert "13 " in public.text("h2.finding"), public.text("h2.finding")
    assert public.find("#votes td[data-tone=bad], #votes td[data-tone=warn]").count() == 0
    assert public.find("#votes td:has-text('votou')").count() == 17
    public.look()


def test_a_position_is_recorded_ahead_of_the_meeting_and_the_council_sees_it(someone: Someone, scene: dict) -> None:
    member = someone(scene["member"], width=PHONE).visit(scene["ahead"])
    member.follow("main a[href$='/posicao/']")
    pick(member, "stance", "with_changes")
    member.write("#id_proposed_change", "Até ao fim de 2028.")
    member.look()
    member.send("main form:has(#id_proposed_change)")
    assert member.find("#votes td:has-text('Até ao fim de 2028.')").count() == 1
    chair = someone(scene["chair"]).visit(f"{scene['ahead']}ficha/")
    assert "a favor, com alterações" in chair.text("#count")
    chair.look()
    someone(None).visit(scene["ahead"], 404)


@pytest.mark.parametrize(("name", "words"), [("accepted", "aceite"), ("rejected", "rejeitada")])
def test_a_proposal_awaits_the_metropolitan_council_and_its_answer(
    someone: Someone, scene: dict, name: str, words: str
) -> None:
    unit = someone("coordenacao").visit(scene[name])
    assert "a aguardar" in unit.text(".head"), unit.text(".head")
    unit.follow("main a[href$='/resposta/']")
    pick(unit, "answer", name)
    unit.write("#id_reference", "Deliberação 12/CmP")
    day(unit, "#id_on", unit.page.evaluate("new Date().toLocaleDateString('sv')"))
    unit.look()
    unit.send("main form:has(#id_reference)")
    public = someone(None).visit(scene[name])
    assert words in public.text("main").lower(), public.text("main")
    assert "Deliberação 12/CmP" in public.text("main")


def test_a_task_goes_from_a_deliberation_to_done(someone: Someone, scene: dict) -> None:
    unit = someone("coordenacao").visit(scene["accepted"])
    unit.follow("main a[href$='/seguimento/']")
    unit.write("#id_task", "Publicar no sítio")
    unit.choose("#id_owner", scene["owner"])
    unit.look()
    unit.send("main form:has(#id_task)")
    assert "Publicar no sítio" in unit.text("main")
    owner = someone(scene["member"], width=PHONE).visit("/seguimento/")
    owner.follow("main tr:has-text('Publicar no sítio') a[href$='/feito/']")
    owner.write("#id_note", "Publicado.")
    owner.look()
    owner.send("main form:has(#id_note)")
    public = someone(None).visit(scene["accepted"])
    assert "concluído" in public.text("main li:has-text('Publicar no sítio')").lower()

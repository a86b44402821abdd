"""Minutes: filled in, amended by those who attended, approved by who did not write them, never changed again."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.templatetags.refamp import day
from refamp.jobs.models import Email
from tests.factories import MeetingFactory, UserFactory
from tests.units.meeting import closed, come, convened, facts, fresh, held, opened, pdf, room
from tests.units.voting import proposal, vote
from units.actions.agenda import change_item
from units.actions.documents import add_document, show_document
from units.actions.meetings import call_second_time, change_meeting, close_meeting, convene_meeting, open_meeting
from units.actions.minutes import (
    answer_amendment,
    approve_minutes,
    draft_minutes,
    open_to_amendments,
    propose_amendment,
    publish_minutes,
    take_back_minutes,
    write_minutes,
)
from units.actions.votes import close_voting, open_voting
from units.choices import MINUTES_MOVES, MinutesState
from units.models import (
    AgendaItem,
    Attendance,
    Mandate,
    Meeting,
    MeetingDocument,
    Minutes,
    MinutesAmendment,
    MinutesWriter,
)
from units.queries.meetings import minutes_of
from units.queries.minutes import approving_meetings

pytestmark = pytest.mark.django_db


def amending(here) -> Minutes:
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    found = write_minutes(actor=here.secretary, minutes=found, version=None, text="## Ata\n\nFoi dito que sim.")
    return open_to_amendments(actor=here.secretary, minutes=found, version=None)


def approved(here) -> Minutes:
    return approve_minutes(actor=here.president, minutes=amending(here), version=None)


def published(here) -> Minutes:
    return publish_minutes(actor=here.secretary, minutes=approved(here), version=None)


def test_minutes_stay_open_for_the_days_of_the_body_s_rule():
    here = held()
    here.unit.amendment_days = 10
    here.unit.save()
    found = amending(here)
    assert found.amendments_until == timezone.localdate() + timedelta(days=10)
    assert day(found.amendments_until) in Email.objects.filter(subject__startswith="Ata").last().body
    later = MeetingFactory(
        unit=here.unit, state="closed", starts_at=here.meeting.starts_at + timedelta(days=9),
        ends_at=here.meeting.ends_at + timedelta(days=9),
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        approve_minutes(actor=here.president, minutes=found, version=None, approved_in=later)
    assert refusal.value.code == "still_open"
    Minutes.objects.filter(pk=found.pk).update(amendments_until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        propose_amendment(actor=here.people[1], minutes=found, passage="", proposal="Mais.")
    assert refusal.value.code == "over"
    assert approve_minutes(actor=here.president, minutes=found, version=None, approved_in=later).approved_in == later


def test_only_who_attended_approves():
    here = held()  # seats 3 and 4 were absent
    found = amending(here)
    Mandate.objects.filter(pk=here.seats[4].pk).update(position="vice_president")
    Mandate.objects.filter(pk=here.seats[1].pk).update(position="member")
    with pytest.raises(Refused) as refusal:
        approve_minutes(actor=here.people[4], minutes=found, version=None)
    assert refusal.value.code == "absent"
    with pytest.raises(NotAllowed):  # attended, does not chair, and the president can
        approve_minutes(actor=here.people[2], minutes=found, version=None)
    assert approve_minutes(actor=here.president, minutes=found, version=None).approved_in == here.meeting


def test_where_no_chair_can_another_who_attended_stands_in():
    here = held()
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    write_minutes(actor=here.president, minutes=found, version=None, text="Do presidente")
    write_minutes(actor=here.vice, minutes=found, version=None, text="Da vice-presidente")
    open_to_amendments(actor=here.secretary, minutes=found, version=None)
    assert approve_minutes(actor=here.people[2], minutes=found, version=None).approved_by == here.people[2]


def test_they_are_approved_at_their_own_meeting_or_a_later_one_of_the_body():
    here = held()
    found = amending(here)
    begins = here.meeting.starts_at
    own = {"unit": here.unit, "state": "closed"}
    earlier = MeetingFactory(starts_at=begins - timedelta(days=9), ends_at=begins - timedelta(days=8), **own)
    later = MeetingFactory(starts_at=begins + timedelta(days=9), ends_at=begins + timedelta(days=10), **own)
    elsewhere = MeetingFactory(starts_at=later.starts_at, ends_at=later.ends_at, state="closed")
    for wrong in (earlier, elsewhere):
        with pytest.raises(Refused) as refusal:
            approve_minutes(actor=here.president, minutes=found, version=None, approved_in=wrong)
        assert refusal.value.code == "other_meeting"
    assert list(approving_meetings(here.meeting)) == [here.meeting, later]
    assert approve_minutes(actor=here.president, minutes=found, version=None, approved_in=later).approved_in == later


def test_whose_words_stand_in_them_by_an_amendment_does_not_approve():
    here = held()
    one = propose_amendment(actor=here.president, minutes=amending(here), passage="", proposal="Do presidente.")
    answer_amendment(actor=here.secretary, amendment=one, version=None, accepted=True)
    with pytest.raises(Refused) as refusal:
        approve_minutes(actor=here.president, minutes=one.minutes, version=None)
    assert refusal.value.code == "author"
    assert approve_minutes(actor=here.vice, minutes=one.minutes, version=None).state == "approved"


def test_who_wrote_what_was_said_wrote_in_the_minutes():
    here = opened(convened(room()))
    first = here.meeting.items.order_by("pk")[0]
    change_item(actor=here.president, item=first, version=None, data={"outcome": "Disse eu."})
    here.meeting = fresh(here.meeting)
    closed(here)
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    assert set(found.writers.all()) == {here.secretary, here.president}


def test_those_who_attended_vote_on_them():
    here = held()  # three of five came
    found = amending(here)
    for votes, code in (((4, 0, 0), "too_many"), ((1, 1, 1), "not_passed"), ((0, 0, 3), "not_passed")):
        with pytest.raises(Refused) as refusal:
            approve_minutes(actor=here.president, minutes=found, version=None, votes=votes)
        assert refusal.value.code == code
    found = approve_minutes(actor=here.president, minutes=found, version=None, votes=(2, 1, 0))
    assert (found.approval_for, found.approval_against, found.approval_abstained) == (2, 1, 0)


def test_those_who_attended_are_told_that_they_are_open():
    here = held()
    Email.objects.all().delete()
    amending(here)
    assert set(Email.objects.values_list("to", flat=True)) == {each.email for each in here.people[:3]}


def test_they_tell_of_a_first_call_without_quorum_and_who_chaired(settings):
    settings.LANGUAGE_CODE = "en"
    here = convened(room(5))
    come(here, 0, 1)
    here.meeting = call_second_time(
        actor=here.secretary, meeting=here.meeting, version=None, at=here.meeting.starts_at + timedelta(minutes=15)
    )
    come(here, 0, 1)
    here.meeting = open_meeting(
        actor=here.president, meeting=here.meeting, version=None, at=here.meeting.second_call_at
    )
    closed(here)
    text = draft_minutes(actor=here.secretary, meeting=here.meeting).text
    assert "met on second call (Sede da Área Metropolitana, Porto), chaired by Vereação 00." in text
    assert "had no quorum: 2 of 5 seats were taken (Município 00; Município 01)" in text, text


def test_every_heading_is_in_the_platform_s_language():
    here = held()
    text = draft_minutes(actor=here.secretary, meeting=here.meeting).text
    headings = [line for line in text.split("\n") if line.startswith("## ")]
    assert headings == [
        "## Presenças",
        "## Ordem do dia e deliberações",
        "## 1. Informações",
        "## 2. Rede de transporte",
        "## Encerramento",
    ]


def test_they_say_that_the_notice_was_short_and_who_was_missing(settings):
    settings.LANGUAGE_CODE = "en"
    here = room(5)
    change_meeting(actor=here.secretary, meeting=here.meeting, version=None, data=facts(1))
    here.meeting = convene_meeting(
        actor=here.secretary, meeting=here.meeting, version=None, urgency_reason="Prazo da candidatura."
    )
    closed(opened(here))
    text = draft_minutes(actor=here.secretary, meeting=here.meeting).text
    assert "shorter notice than the body's rules ask for: Prazo da candidatura.\nNot all members came: 2 were" in text


def test_they_begin_with_agenda_attendance_and_votes(settings):
    settings.LANGUAGE_CODE = "en"
    here = opened(convened(room()))
    first = here.meeting.items.order_by("pk")[0]
    change_item(actor=here.secretary, item=first, version=None, data={"outcome": "O presidente informou."})
    deliberation = proposal(here)
    open_voting(actor=here.president, deliberation=deliberation)
    vote(here, deliberation, "ffa--")
    close_voting(actor=here.president, deliberation=deliberation)
    here.meeting = close_meeting(actor=here.president, meeting=fresh(here.meeting), version=None)
    text = draft_minutes(actor=here.secretary, meeting=here.meeting).text
    for said in (
        "Seats: 5. Present: 3. Needed for a quorum: 3.",
        "Present:\n\n- Município 00: Vereação 00 (president)",
        "Absent:\n\n- Município 03: Vereação 03\n- Município 04: Vereação 04",
        "## 1. Informações\n\nO presidente informou.",
        "Deliberation 1/2026: Rede de transporte a pedido\n\nO Conselho aprova a rede.",
        "passed (simple majority), with 2 votes for, 1 against, 0 abstentions. Legal effect: binding here.",
        "In favour: Município 00, Município 01.\n\nAgainst: Município 02.",
    ):
        assert said.replace("/2026", f"/{deliberation.item.meeting.year}") in text, text


def test_nobody_else_begins_or_writes_them():
    here = held()
    for who in (here.people[2], UserFactory()):
        with pytest.raises(NotAllowed):
            draft_minutes(actor=who, meeting=here.meeting)
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    with pytest.raises(Refused):
        draft_minutes(actor=here.secretary, meeting=here.meeting)
    with pytest.raises(NotAllowed):
        write_minutes(actor=here.people[2], minutes=found, version=None, text="Eu")


def test_there_are_none_before_the_meeting_is_closed():
    here = opened(convened(room()))
    with pytest.raises(Refused) as refusal:
        draft_minutes(actor=here.secretary, meeting=here.meeting)
    assert refusal.value.code == "wrong_state"


def test_a_stale_text_is_not_saved():
    here = held()
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    write_minutes(actor=here.secretary, minutes=found, version=found.version, text="Primeira")
    with pytest.raises(Stale) as stale:
        write_minutes(actor=here.president, minutes=found, version=found.version, text="Segunda")
    assert stale.value.current.text == "Primeira"


def test_those_who_attended_propose_and_the_text_takes_it():
    here = held()
    found = amending(here)
    with pytest.raises(NotAllowed):  # absent
        propose_amendment(actor=here.people[4], minutes=found, passage="", proposal="Eu estive.")
    with pytest.raises(Refused) as refusal:
        propose_amendment(actor=here.people[2], minutes=found, passage="não está lá", proposal="x")
    assert refusal.value.code == "no_passage"
    one = propose_amendment(actor=here.people[2], minutes=found, passage="que sim", proposal="que talvez")
    two = propose_amendment(actor=here.people[1], minutes=found, passage="", proposal="Nada mais.")
    three = propose_amendment(actor=here.people[1], minutes=found, passage="Foi dito", proposal="Disse-se")
    with pytest.raises(Refused) as refusal:
        approve_minutes(actor=here.president, minutes=found, version=None)
    assert refusal.value.code == "open_amendments"
    answer_amendment(actor=here.secretary, amendment=one, version=None, accepted=True)
    answer_amendment(actor=here.secretary, amendment=two, version=None, accepted=True)
    with pytest.raises(Refused) as refusal:
        answer_amendment(actor=here.secretary, amendment=three, version=None, accepted=False)
    assert refusal.value.code == "reason"
    answer_amendment(actor=here.secretary, amendment=three, version=None, accepted=False, answer="Estilo")
    found.refresh_from_db()
    assert found.text == "## Ata\n\nFoi dito que talvez.\n\nNada mais."
    assert approve_minutes(actor=here.president, minutes=found, version=None).state == "approved"


def test_nobody_answers_their_own_amendment():
    here = held()
    one = propose_amendment(actor=here.president, minutes=amending(here), passage="que sim", proposal="que não")
    with pytest.raises(Refused) as refusal:
        answer_amendment(actor=here.president, amendment=one, version=None, accepted=True)
    assert refusal.value.code == "own_amendment"


def test_whoever_wrote_in_them_never_approves():
    here = held()
    found = draft_minutes(actor=here.secretary, meeting=here.meeting)
    write_minutes(actor=here.president, minutes=found, version=None, text="Do presidente")
    open_to_amendments(actor=here.secretary, minutes=found, version=None)
    with pytest.raises(Refused) as refusal:
        approve_minutes(actor=here.president, minutes=found, version=None)
    assert refusal.value.code == "author"
    assert approve_minutes(actor=here.vice, minutes=found, version=None).author == here.secretary


@pytest.mark.parametrize("who", ["president", "secretary", "member", "stranger"])
@pytest.mark.parametrize(("old", "new"), [(old, new) for old in MinutesState for new in MinutesState if old != new])
def test_every_move_is_the_table_s(old, new, who):
    here = held()
    found = {
        MinutesState.DRAFT: lambda: draft_minutes(actor=here.secretary, meeting=here.meeting),
        MinutesState.UNDER_AMENDMENT: lambda: amending(here),
        MinutesState.APPROVED: lambda: approved(here),
        MinutesState.PUBLISHED: lambda: published(here),
    }[old]()
    people = {
        "president": here.president,
        "secretary": here.secretary,
        "member": here.people[2],
        "stranger": UserFactory(),
    }
    step = {
        MinutesState.DRAFT: take_back_minutes,
        MinutesState.UNDER_AMENDMENT: open_to_amendments,
        MinutesState.APPROVED: approve_minutes,
        MinutesState.PUBLISHED: publish_minutes,
    }[new]
    part = MINUTES_MOVES.get(old, {}).get(new)
    parts = {"secretariat": {"president", "secretary"}, "chair": {"president"}}
    if part is not None and who in parts[part]:
        assert step(actor=people[who], minutes=found, version=None).state == new
    else:
        with pytest.raises((NotAllowed, Refused)), transaction.atomic():
            step(actor=people[who], minutes=found, version=None)
        assert Minutes.objects.get().state == old


def test_published_ones_carry_the_digests_of_text_and_file():
    here = held()
    found = published(here)
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    with found.pdf.open("rb") as file:
        content = file.read()
    assert found.pdf_sha256 == hashlib.sha256(content).hexdigest()
    assert content.startswith(b"%PDF-")


def test_only_published_ones_are_public():
    here = held()
    found = approved(here)
    stranger = UserFactory()
    assert minutes_of(here.meeting, stranger) is None
    publish_minutes(actor=here.secretary, minutes=found, version=None)
    assert minutes_of(here.meeting, stranger) == found


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE units_minutes SET text = 'Outra coisa'",
        "UPDATE units_minutes SET text = text || ' '",
        "UPDATE units_minutes SET state = 'draft'",
        "UPDATE units_minutes SET sha256 = repeat('0', 64)",
        "UPDATE units_minutes SET pdf = 'outro.pdf'",
        "UPDATE units_minutes SET author_id = approved_by_id",
        "UPDATE units_minutes SET published_at = now()",
        "UPDATE units_minutes SET approved_in_id = NULL",
        "DELETE FROM units_minutes",
        "TRUNCATE units_minutes CASCADE",
        "TRUNCATE units_meeting CASCADE",
        "TRUNCATE units_minutes_writers",
        "TRUNCATE units_minutesamendment",
        "DELETE FROM units_minutes_writers",
        "INSERT INTO units_minutes_writers (minutes_id, user_id) SELECT id, approved_by_id FROM units_minutes",
        """INSERT INTO units_minutesamendment
        (public_id, minutes_id, author_id, passage, proposal, state, answer, proposed_at)
        SELECT gen_random_uuid(), id, author_id, '', 'x', 'proposed', '', now() FROM units_minutes""",
        "UPDATE units_meetingdocument SET file_name = 'outro.pdf'",
        "UPDATE units_meetingdocument SET sha256 = repeat('0', 64)",
        "UPDATE units_meetingdocument SET withdrawn_at = now()",
        "DELETE FROM units_meetingdocument",
        "TRUNCATE units_meetingdocument",
        "UPDATE units_agendaitem SET outcome = 'Outra coisa'",
        "UPDATE units_agendaitem SET urgency_votes = 1",
        "DELETE FROM units_agendaitem",
        "UPDATE units_attendance SET presence = 'absent'",
        "DELETE FROM units_attendance",
        "TRUNCATE units_attendance",
        "UPDATE units_meeting SET is_extraordinary = true",
        "UPDATE units_meeting SET public_id = gen_random_uuid()",
        "UPDATE units_meeting SET presided_by_id = NULL",
        "UPDATE units_minutes SET approval_for = 9",
        "UPDATE units_meeting SET place = 'Outra sala'",
        "DELETE FROM units_meeting",
    ],
)
def test_raw_sql_does_not_change_published_minutes(sql):
    here = room(5)
    add_document(actor=here.secretary, meeting=here.meeting, item=None, title="P", file=pdf(), name="p.pdf")
    closed(opened(convened(here)))
    published(here)
    tables = (Minutes, MinutesWriter, MinutesAmendment, Meeting, AgendaItem, Attendance, MeetingDocument)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    with connection.cursor() as cursor:  # a key that waits for the end would hide what refuses
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_who_may_read_a_document_can_change_after_the_meeting():
    here = room(5)
    found = add_document(actor=here.secretary, meeting=here.meeting, item=None, title="P", file=pdf(), name="p.pdf")
    closed(opened(convened(here)))
    assert show_document(actor=here.secretary, document=found, is_public=True).is_public
    with pytest.raises(NotAllowed):
        show_document(actor=here.people[2], document=found, is_public=False)


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE units_minutes SET text = 'Outra'", "approved_minutes_keep_their_text"),
        ("UPDATE units_minutes SET approved_by_id = NULL", "approved_minutes_keep_their_text"),
        ("UPDATE units_minutes SET author_id = approved_by_id", "minutes_keep_their_author"),
        ("UPDATE units_minutes SET state = 'draft'", "approved_minutes_keep_their_text"),
        ("DELETE FROM units_minutes_writers", "writers_of_approved_minutes_stay"),
        ("UPDATE units_minutes SET state = 'published'", "published_minutes_have_their_digests"),
        ("UPDATE units_minutesamendment SET state = 'rejected'", "amendments_to_approved_minutes_stay"),
        ("DELETE FROM units_minutesamendment", "amendments_to_approved_minutes_stay"),
    ],
)
def test_the_database_keeps_approved_minutes(sql, name):
    here = held()
    found = amending(here)
    one = propose_amendment(actor=here.people[2], minutes=found, passage="", proposal="Mais.")
    answer_amendment(actor=here.secretary, amendment=one, version=None, accepted=True)
    approve_minutes(actor=here.president, minutes=found, version=None)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert refusal.value.__cause__.diag.constraint_name == name
    assert MinutesAmendment.objects.count() == 1

"""The summary equals a full recount, whatever came, went, and in which order it was folded."""

import random
import threading
import time
from collections import Counter

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from axes.actions.phases import close_phase
from axes.actions.results import fold_tallies, recount, tally_mentions, tally_respondents
from axes.choices import Group, Scale
from axes.models import Consultation, Mention, Representativeness, Respondent, Tally
from axes.queries.counting import wrong_counts
from refamp.jobs.models import Job
from tests.factories import (
    ConsultationFactory,
    MentionFactory,
    MunicipalityFactory,
    PhaseFactory,
    RespondentFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def stored(consultation: Consultation) -> dict[tuple, int]:
    rows = Representativeness.objects.filter(consultation=consultation, count__gt=0)
    return {(r.dimension, r.municipality_id, r.group, r.topic_id, r.scale): r.count for r in rows}


def counted_by_hand(consultation: Consultation) -> dict[tuple, int]:
    """Another way of counting: row by row in Python."""
    counts: Counter[tuple] = Counter()
    people = Respondent.objects.filter(consultation=consultation, withdrawn_at=None)
    for respondent in people.prefetch_related("mentions"):
        place, group = respondent.municipality_id, respondent.group
        named = [(None, None), *((m.topic_id, m.scale) for m in respondent.mentions.all())]
        for topic, scale in named:
            counts["all", None, None, topic, scale] += 1
            counts["municipality", place, None, topic, scale] += 1
            counts["group", None, group, topic, scale] += 1
    return dict(counts)


def some_answers(consultation: Consultation, number: int, seed: int = 1) -> list[Respondent]:
    chance = random.Random(seed)  # noqa: S311 - the same every time
    places = [*MunicipalityFactory.create_batch(3), None]
    topics = TopicFactory.create_batch(3, consultation=consultation)
    people = []
    for _ in range(number):
        person = RespondentFactory(
            consultation=consultation, municipality=chance.choice(places), group=chance.choice([*Group.values, None])
        )
        for topic in topics:
            for scale in Scale.values:
                if chance.random() < 0.4:
                    MentionFactory(respondent=person, topic=topic, scale=scale)
        people.append(person)
    return people


def test_a_fold_adds_what_came_and_leaves_nothing_waiting():
    consultation = ConsultationFactory()
    people = some_answers(consultation, 12)
    tally_respondents(consultation=consultation, respondents=[p.pk for p in people], sign=1)
    fold_tallies(consultation=consultation)
    assert stored(consultation) == counted_by_hand(consultation)
    assert not Tally.objects.exists()
    assert wrong_counts(consultation) == []


def test_two_folds_in_a_row_change_nothing_more():
    consultation = ConsultationFactory()
    people = some_answers(consultation, 5)
    tally_respondents(consultation=consultation, respondents=[p.pk for p in people], sign=1)
    assert fold_tallies(consultation=consultation) > 0
    assert fold_tallies(consultation=consultation) == 0
    assert stored(consultation) == counted_by_hand(consultation)


def test_who_is_withdrawn_leaves_every_count():
    consultation = ConsultationFactory()
    people = some_answers(consultation, 8)
    tally_respondents(consultation=consultation, respondents=[p.pk for p in people], sign=1)
    fold_tallies(consultation=consultation)
    gone = [p.pk for p in people[:3]]
    tally_respondents(consultation=consultation, respondents=gone, sign=-1)
    Respondent.objects.filter(pk__in=gone).update(withdrawn_at=timezone.now())
    tally_respondents(consultation=consultation, respondents=gone, sign=-1)  # withdrawn already: nothing
    assert wrong_counts(consultation) == []
    fold_tallies(consultation=consultation)
    assert stored(consultation) == counted_by_hand(consultation)


def test_mentions_coded_later_are_added_without_their_respondents():
    consultation = ConsultationFactory()
    person = some_answers(consultation, 1)[0]
    Mention.objects.filter(respondent=person).delete()
    tally_respondents(consultation=consultation, respondents=[person.pk], sign=1)
    topic = TopicFactory(consultation=consultation)
    mention = MentionFactory(respondent=person, topic=topic)
    tally_mentions(consultation=consultation, mentions=[mention.pk], sign=1)
    fold_tallies(consultation=consultation)
    assert stored(consultation) == counted_by_hand(consultation)


def test_changes_ask_for_one_fold_however_many_they_are():
    consultation = ConsultationFactory()
    for person in some_answers(consultation, 4):
        tally_respondents(consultation=consultation, respondents=[person.pk], sign=1)
    assert Job.objects.filter(kind="axes.fold", payload={"consultation": consultation.pk}).count() == 1


def test_nobody_is_nothing_to_count():
    consultation = ConsultationFactory()
    assert tally_respondents(consultation=consultation, respondents=[], sign=1) is None
    assert not Job.objects.exists()


def test_a_recount_repairs_what_is_wrong_and_says_how_much():
    consultation = ConsultationFactory()
    people = some_answers(consultation, 9)
    tally_respondents(consultation=consultation, respondents=[p.pk for p in people[:4]], sign=1)
    fold_tallies(consultation=consultation)
    tally_respondents(consultation=consultation, respondents=[p.pk for p in people[4:]], sign=1)
    Representativeness.objects.filter(consultation=consultation, topic=None, dimension="all").update(count=99)
    wrong = wrong_counts(consultation)
    assert [(row.dimension, row.topic, row.stored, row.counted) for row in wrong] == [("all", None, 99 + 5, 9)]
    recount(consultation=consultation)
    assert stored(consultation) == counted_by_hand(consultation)
    assert wrong_counts(consultation) == []
    assert recount(consultation=consultation) == 0


def test_consultations_do_not_count_each_other():
    one, other = ConsultationFactory(), ConsultationFactory()
    for consultation in (one, other):
        people = some_answers(consultation, 4, seed=consultation.pk)
        tally_respondents(consultation=consultation, respondents=[p.pk for p in people], sign=1)
    fold_tallies(consultation=one)
    assert stored(one) == counted_by_hand(one)
    assert stored(other) == {}


def test_a_sign_is_plus_or_minus_one():
    with pytest.raises(ValueError, match="sign"):
        tally_respondents(consultation=ConsultationFactory(), respondents=[1], sign=2)


@pytest.mark.django_db(transaction=True)
def test_a_second_fold_waits_for_the_first(django_db_blocker):
    consultation = ConsultationFactory()
    person = some_answers(consultation, 1)[0]
    tally_respondents(consultation=consultation, respondents=[person.pk], sign=1)
    rival = connection.copy()
    try:
        with transaction.atomic():
            fold_tallies(consultation=consultation)
            with rival.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [0x52455052, consultation.pk])
                assert cursor.fetchone() == (False,)
        with rival.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [0x52455052, consultation.pk])
            assert cursor.fetchone() == (True,)
    finally:
        rival.close()
    assert stored(consultation) == counted_by_hand(consultation)


@pytest.mark.parametrize("wrong", ["scale", "consultation"])
@pytest.mark.parametrize("way", ["insert", "update"])
def test_the_database_refuses_a_mention_of_what_was_not_asked(wrong, way):
    person = RespondentFactory()
    right = TopicFactory(consultation=person.consultation)
    topic = (
        TopicFactory(consultation=person.consultation, scales=[Scale.METROPOLITAN])
        if wrong == "scale"
        else TopicFactory()
    )
    mentions = Mention.objects.filter(respondent=person)
    if way == "update":
        MentionFactory(respondent=person, topic=right, scale=Scale.MUNICIPAL)
    attack = {
        "insert": lambda: mentions.create(respondent=person, topic=topic, scale=Scale.MUNICIPAL),
        "update": lambda: mentions.update(topic=topic),
    }[way]
    with pytest.raises(IntegrityError, match="at which its consultation asks"), transaction.atomic():
        attack()


@pytest.mark.parametrize("table", ["release", "releasedresult"])
@pytest.mark.parametrize("statement", ["DELETE FROM axes_{}", "UPDATE axes_{} SET id = id + 1000"])
def test_frozen_results_are_neither_changed_nor_deleted(table, statement):
    phase = PhaseFactory(state="open")
    TopicFactory(consultation=phase.consultation)
    close_phase(actor=None, phase=phase)
    with pytest.raises(Exception, match="never_changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.django_db(transaction=True)
def test_closing_and_folding_at_once_do_not_wait_for_each_other_for_ever():
    """The fold makes counts that point at the consultation, which whoever closes holds before they fold."""
    consultation = ConsultationFactory()
    phase = PhaseFactory(consultation=consultation, state="open")
    person = some_answers(consultation, 1)[0]
    tally_respondents(consultation=consultation, respondents=[person.pk], sign=1)
    failed: list[Exception] = []

    def close() -> None:
        try:
            close_phase(actor=None, phase=phase)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connections.close_all()

    closing = threading.Thread(target=close)
    with transaction.atomic():
        fold_tallies(consultation=consultation)
        closing.start()
        wait_until_somebody_waits()
    closing.join()
    assert failed == []
    assert stored(consultation) == counted_by_hand(consultation)
    assert phase.release.respondents == 1


def wait_until_somebody_waits() -> None:
    """Until another session waits for a lock that this one holds."""
    for _turn in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone():
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")

"""Twenty texts read by two who work apart and settled by a third; kappa as computed by hand; results follow."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from axes.actions.answers import record_answers
from axes.actions.coding import assign_coders, code_text, settle_text
from axes.actions.results import fold_tallies
from axes.choices import Channel, CodingRole, PhaseState, Scale, TextState
from axes.models import CodeAssignment, Consultation, FreeText, Mention, Representativeness, Topic
from axes.queries.coding import agreement_of, waiting_for
from axes.queries.counting import wrong_counts
from refamp.base.errors import NotAllowed, Refused
from tests.factories import ConsultationFactory, PhaseFactory, TopicFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]

# What each coder names in the twenty texts, by number. Topic A: both 8, first only 2, second only 1, neither 9.
FIRST_A = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
SECOND_A = {0, 1, 2, 3, 4, 5, 6, 7, 10}
# Topic B: both 3, first only 1, second only 2, neither 14.
FIRST_B = {0, 11, 12, 13}
SECOND_B = {0, 11, 12, 14, 15}
# By hand. A: observed 17/20; by chance 10·9 + 10·11 over 400 = 1/2; kappa (17/20 - 1/2) / (1/2) = 7/10.
KAPPA_A = Fraction(7, 10)
# B: observed 17/20; by chance 4·5 + 16·15 over 400 = 13/20; kappa (17/20 - 13/20) / (7/20) = 4/7.
KAPPA_B = Fraction(4, 7)
DISAGREED = [8, 9, 10, 13, 14, 15]


@pytest.fixture
def consultation(coordination: Any, municipality: Any) -> Consultation:
    """Twenty respondents with one text each about the metropolitan scale."""
    made = ConsultationFactory()
    PhaseFactory(consultation=made, state=PhaseState.OPEN)
    TopicFactory(consultation=made, code="A", label="Seniores")
    TopicFactory(consultation=made, code="B", label="Emprego")
    TopicFactory(consultation=made, code="C", label="Só municipal", scales=[Scale.MUNICIPAL])
    for number in range(20):
        record_answers(
            actor=coordination, consultation=made, phase=None, channel=Channel.INTERVIEW, reference=f"autor-{number}",
            municipality=municipality, group=None, mentions=[],
            texts={Scale.METROPOLITAN: f"texto número {number:02d}"},
        )  # fmt: skip
    return made


def number_of(text: FreeText) -> int:
    return int(text.text[-2:])


def choices(text: FreeText, a: set[int], b: set[int]) -> list[str]:
    number = number_of(text)
    codes = [code for code, named in (("A", a), ("B", b)) if number in named]
    return [str(topic.public_id) for topic in Topic.objects.filter(code__in=codes)]


def read_all(client: Client, consultation: Consultation, a: set[int], b: set[int]) -> list[str]:
    """Go through the coding page until nothing waits; returns the pages."""
    url, pages = reverse("axes:code", args=[consultation.public_id]), []
    while (page := client.get(url)).status_code == 200:
        pages.append(page.content.decode())
        text = page.context["text"]
        assert client.post(url, {"texto": str(text.public_id), "topics": choices(text, a, b)}).status_code == 302
    return pages


def count_of(consultation: Consultation, code: str | None) -> int:
    fold_tallies(consultation=consultation)
    found = Representativeness.objects.filter(consultation=consultation, dimension="all", topic__code=code)
    return found.values_list("count", flat=True).first() or 0


def test_two_code_twenty_texts_blind_a_third_settles_kappa_is_that_of_the_hand_and_results_change(
    client_of: ClientOf, consultation: Consultation, technician: Any, unit_member: Any, evaluator: Any
) -> None:
    runs = client_of("coordination")
    page = reverse("axes:coding", args=[consultation.public_id])
    assigned = runs.post(
        page,
        {"coders": [str(technician.public_id), str(unit_member.public_id)], "settler": str(evaluator.public_id)},
    )
    assert assigned.status_code == 302
    assert CodeAssignment.objects.filter(role=CodingRole.FIRST, coder=unit_member).count() == 20
    assert count_of(consultation, "A") == 0

    first = read_all(client_of(unit_member), consultation, FIRST_A, FIRST_B)
    assert len(first) == 20
    assert waiting_for(evaluator, consultation).count() == 0
    assert client_of(evaluator).get(reverse("axes:code", args=[consultation.public_id])).status_code == 302
    second = read_all(client_of(technician), consultation, SECOND_A, SECOND_B)
    # Blind: neither the author nor the other's choice stands on any page.
    assert not any("autor-" in shown or "checked" in shown or unit_member.name in shown for shown in second)
    assert "Só municipal" not in second[0]

    rows, mean = agreement_of(consultation)
    assert [(row.topic.code, row.texts, row.kappa) for row in rows] == [
        ("A", 20, KAPPA_A),
        ("B", 20, KAPPA_B),
        ("C", 0, None),
    ]
    assert [(row.both, row.only_first, row.only_second, row.neither) for row in rows[:2]] == [
        (8, 2, 1, 9),
        (3, 1, 2, 14),
    ]
    assert mean == (KAPPA_A + KAPPA_B) / 2
    shown = runs.get(page).content.decode()
    assert "0,70" in shown
    assert "0,57" in shown
    assert sorted(number_of(text) for text in FreeText.objects.filter(state=TextState.DISAGREED)) == DISAGREED
    assert (count_of(consultation, "A"), count_of(consultation, "B")) == (8, 3)

    settled = read_all(client_of(evaluator), consultation, {8, 9, 10}, {13})
    assert len(settled) == len(DISAGREED)
    assert not any(person.name in shown for shown in settled for person in (technician, unit_member))
    assert not FreeText.objects.exclude(state=TextState.SETTLED).exists()
    assert (count_of(consultation, "A"), count_of(consultation, "B"), count_of(consultation, None)) == (11, 4, 20)
    assert wrong_counts(consultation) == []
    assert Mention.objects.filter(scale=Scale.METROPOLITAN).count() == 15


def test_what_was_ticked_on_the_form_and_said_in_words_counts_once(
    consultation: Consultation, coordination: Any, technician: Any, unit_member: Any, evaluator: Any
) -> None:
    topic = Topic.objects.get(code="A")
    record_answers(
        actor=coordination, consultation=consultation, phase=None, channel=Channel.INTERVIEW, reference="ambos",
        municipality=None, group=None, mentions=[(topic, Scale.METROPOLITAN)], texts={Scale.METROPOLITAN: "seniores"},
    )  # fmt: skip
    assign_coders(actor=coordination, consultation=consultation, coders=[technician, unit_member], settler=evaluator)
    text = FreeText.objects.get(respondent__reference="ambos")
    code_text(actor=technician, text=text, topics=[topic])
    code_text(actor=unit_member, text=text, topics=[topic])
    assert Mention.objects.count() == 1
    assert count_of(consultation, "A") == 1


def test_only_those_who_were_assigned_read_and_each_in_their_turn(  # noqa: PLR0917 - fixtures
    client_of: ClientOf,
    consultation: Consultation,
    coordination: Any,
    technician: Any,
    unit_member: Any,
    evaluator: Any,
) -> None:
    with pytest.raises(NotAllowed):
        assign_coders(actor=technician, consultation=consultation, coders=[technician, unit_member], settler=evaluator)
    for coders, settler in (([technician], evaluator), ([technician, unit_member], technician)):
        with pytest.raises(Refused):
            assign_coders(actor=coordination, consultation=consultation, coders=coders, settler=settler)
    assert (
        assign_coders(
            actor=coordination, consultation=consultation, coders=[technician, unit_member], settler=evaluator
        )
        == 20
    )
    assert (
        assign_coders(
            actor=coordination, consultation=consultation, coders=[technician, unit_member], settler=evaluator
        )
        == 0
    )
    text, topic = FreeText.objects.first(), Topic.objects.get(code="A")
    with pytest.raises(NotAllowed):
        code_text(actor=coordination, text=text, topics=[])
    with pytest.raises(NotAllowed):
        settle_text(actor=technician, text=text, topics=[])
    with pytest.raises(Refused):
        settle_text(actor=evaluator, text=text, topics=[])
    with pytest.raises(Refused):
        code_text(actor=technician, text=text, topics=[Topic.objects.get(code="C")])
    code_text(actor=technician, text=text, topics=[])
    code_text(actor=technician, text=text, topics=[topic])
    code_text(actor=unit_member, text=text, topics=[topic])
    with pytest.raises(Refused):
        code_text(actor=technician, text=text, topics=[])
    stranger = client_of("councillor")
    for name in ("coding", "code"):
        assert stranger.get(reverse(f"axes:{name}", args=[consultation.public_id])).status_code == 403
    page = reverse("axes:code", args=[consultation.public_id])
    assert client_of(technician).get(page + f"?texto={text.public_id}").status_code == 404
    assert client_of(technician).get(page + "?texto=x").status_code == 404


@pytest.mark.parametrize("people", [3, 4])
def test_more_than_two_coders_share_the_texts_evenly(
    consultation: Consultation, coordination: Any, person: Any, people: int, evaluator: Any
) -> None:
    coders = [person("technician") for _number in range(people)]
    assign_coders(actor=coordination, consultation=consultation, coders=coders, settler=evaluator)
    loads = [CodeAssignment.objects.filter(coder=coder).count() for coder in coders]
    assert sum(loads) == 40
    assert max(loads) - min(loads) <= people - 1

"""New editions: copying, changing a draft, and the difference to the old one."""

import json
from collections import Counter

import pytest
from django.utils import timezone

from axes.actions.founding import load_framework
from axes.actions.framework import copy_framework, edit_framework, move_framework, put_in_force
from axes.actions.nodes import add_node, drop_node, move_node, order_node, rename_node, split_node
from axes.choices import FrameworkState, NodeKind
from axes.models import CrossReference, Framework
from axes.queries.framework import FOUNDING_EDITION, difference_of
from refamp.audit.models import Event
from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import FrameworkFactory, NodeFactory, TopicFactory


@pytest.fixture
def edition(db):
    data = json.loads(FOUNDING_EDITION.read_text(encoding="utf-8"))
    framework = load_framework(actor=None, data=data)[0]
    framework.refresh_from_db()
    return framework


@pytest.fixture
def draft(edition, coordination):
    return copy_framework(actor=coordination, framework=edition, code="2027", title="Edição de 2027")


def node(framework, kind, code):
    return framework.nodes.get(kind=kind, code=code)


def test_a_copy_is_a_draft_that_says_the_same(edition, draft):
    assert draft.state == FrameworkState.DRAFT
    assert draft.based_on == edition
    assert draft.founding_note == ""
    assert set(draft.nodes.values_list("kind", "code", "wording", "order", "focus", "lineage", "parent__code")) == set(
        edition.nodes.values_list("kind", "code", "wording", "order", "focus", "lineage", "parent__code")
    )
    assert CrossReference.objects.filter(source__framework=draft, target__framework=draft).count() == 33
    assert draft.errata.count() == 3
    assert difference_of(edition, draft).count == 0


def test_the_difference_shows_exactly_what_was_renamed_moved_split_added_and_dropped(edition, draft, coordination):
    rename_node(actor=coordination, node=node(draft, "problem_area", "1.1"), version=1, wording="PESSOAS IDOSAS")
    move_node(
        actor=coordination,
        node=node(draft, "operational_response", "1.1.2.2"),
        version=1,
        parent=node(draft, "focus_heading", "1.1.3"),
        code="1.1.3.2",
    )
    split_node(
        actor=coordination,
        node=node(draft, "action_line", "AE1.1"),
        version=1,
        wording="DIAGNÓSTICOS SOCIAIS MUNICIPAIS",
        parts=[("AE1.4", "DIAGNÓSTICO SOCIAL METROPOLITANO")],
    )
    add_node(
        actor=coordination,
        framework=draft,
        kind=NodeKind.PROBLEM_AREA,
        parent=node(draft, "priority_axis", "EP2"),
        code="2.2",
        wording="EMPREGO JOVEM",
    )
    drop_node(actor=coordination, node=node(draft, "operational_response", "1.3.1.1"), version=1)
    found = difference_of(edition, draft)
    assert [(old.wording, new.wording, fields) for old, new, fields in found.renamed] == [
        ("SÉNIORES", "PESSOAS IDOSAS", ("wording",))
    ]
    assert [(old.code, new.code) for old, new in found.moved] == [("1.1.2.2", "1.1.3.2")]
    assert [(old.code, [part.wording for part in parts]) for old, parts in found.split] == [
        ("AE1.1", ["DIAGNÓSTICOS SOCIAIS MUNICIPAIS", "DIAGNÓSTICO SOCIAL METROPOLITANO"])
    ]
    assert [each.code for each in found.added] == ["2.2"]
    assert [each.code for each in found.dropped] == ["1.3.1.1"]
    assert found.count == 5


def test_the_other_way_round_what_was_added_is_dropped(edition, draft, coordination):
    add_node(
        actor=coordination, framework=draft, kind=NodeKind.STRATEGIC_ACTION, parent=None, code="AE7", wording="Outra"
    )
    found = difference_of(draft, edition)
    assert ([each.code for each in found.dropped], found.count) == (["AE7"], 1)


def test_a_split_survives_a_second_copy(edition, draft, coordination):
    split_node(
        actor=coordination,
        node=node(draft, "problem_area", "2.1"),
        version=1,
        wording="A",
        parts=[("2.2", "B"), ("2.3", "C")],
    )
    second = copy_framework(actor=coordination, framework=draft, code="2030", title="Edição de 2030")
    assert difference_of(draft, second).count == 0
    assert [len(parts) for _old, parts in difference_of(edition, second).split] == [3]


def test_every_change_is_recorded(draft, coordination):
    area = node(draft, "problem_area", "1.3")
    rename_node(actor=coordination, node=area, version=1, wording="DEPENDÊNCIAS")
    event = Event.objects.get(action="node.renamed")
    assert (event.actor, event.before, event.after) == (
        coordination,
        {"wording": "TOXICODEPENDÊNCIAS"},
        {"wording": "DEPENDÊNCIAS"},
    )


def test_saving_the_same_again_writes_nothing(draft, coordination):
    area = node(draft, "problem_area", "1.3")
    assert rename_node(actor=coordination, node=area, version=1, wording=area.wording).version == 1
    assert not Event.objects.filter(action="node.renamed").exists()


def test_a_stale_version_is_refused_and_shows_the_present_one(draft, coordination):
    area = node(draft, "problem_area", "1.3")
    rename_node(actor=coordination, node=area, version=1, wording="Primeira")
    with pytest.raises(Stale) as caught:
        rename_node(actor=coordination, node=area, version=1, wording="Segunda")
    assert caught.value.current.wording == "Primeira"
    with pytest.raises(Stale):
        move_node(actor=coordination, node=area, version=1, parent=node(draft, "priority_axis", "EP2"))
    with pytest.raises(Stale):
        split_node(actor=coordination, node=area, version=1, wording="A", parts=[("9.9", "B")])
    with pytest.raises(Stale):
        drop_node(actor=coordination, node=area, version=1)
    with pytest.raises(Stale):
        edit_framework(actor=coordination, framework=draft, version=7, title="x", document_date=None, source="")


def test_an_edition_in_force_refuses_every_change(edition, coordination):
    area = node(edition, "problem_area", "1.3")
    for change in (
        lambda: rename_node(actor=coordination, node=area, version=1, wording="x"),
        lambda: drop_node(actor=coordination, node=area, version=1),
        lambda: order_node(actor=coordination, node=area, version=1, up=True),
        lambda: edit_framework(
            actor=coordination, framework=edition, version=2, title="x", document_date=None, source=""
        ),
        lambda: move_framework(actor=coordination, framework=edition, state="draft"),
    ):
        with pytest.raises(Refused):
            change()


def test_only_the_coordination_unit_prepares_editions(edition, draft, technician):
    area = node(draft, "problem_area", "1.3")
    with pytest.raises(NotAllowed):
        copy_framework(actor=technician, framework=edition, code="x", title="x")
    with pytest.raises(NotAllowed):
        rename_node(actor=technician, node=area, version=1, wording="x")
    with pytest.raises(NotAllowed):
        move_framework(actor=technician, framework=draft, state="in_consultation")


def test_no_door_puts_an_edition_in_force_without_an_act(draft, coordination):
    with pytest.raises(Refused):
        move_framework(actor=coordination, framework=draft, state="in_force")
    moved = move_framework(actor=coordination, framework=draft, state="in_consultation", version=1)
    assert moved.state == FrameworkState.IN_CONSULTATION
    assert move_framework(actor=coordination, framework=draft, state="draft").state == FrameworkState.DRAFT


def test_an_act_puts_the_new_edition_in_force_and_supersedes_the_old(edition, draft, coordination):
    put_in_force(actor=coordination, framework=draft, act="Deliberação n.º 1/2027")
    edition.refresh_from_db()
    draft.refresh_from_db()
    assert (edition.state, draft.state) == (FrameworkState.SUPERSEDED, FrameworkState.IN_FORCE)
    assert edition.superseded_at == draft.in_force_since
    assert Counter(Event.objects.filter(reason="Deliberação n.º 1/2027").values_list("action", flat=True)) == {
        "framework.superseded": 1,
        "framework.put_in_force": 1,
    }


def test_a_code_is_taken_only_once(edition, draft, coordination):
    with pytest.raises(Refused) as caught:
        copy_framework(actor=coordination, framework=edition, code="2027", title="x")
    assert caught.value.field == "code"
    with pytest.raises(Refused) as caught:
        rename_node(actor=coordination, node=node(draft, "problem_area", "1.3"), version=1, wording="x", code="1.1")
    assert caught.value.field == "code"


def test_a_node_stands_only_where_its_kind_may(draft, edition, coordination):
    area = node(draft, "problem_area", "1.3")
    for parent in (node(draft, "strategic_action", "AE1"), None, node(edition, "priority_axis", "EP2")):
        with pytest.raises(Refused):
            move_node(actor=coordination, node=area, version=1, parent=parent)


def test_what_carries_others_or_a_topic_is_not_dropped(draft, coordination):
    with pytest.raises(Refused) as caught:
        drop_node(actor=coordination, node=node(draft, "focus_heading", "1.3.1"), version=1)
    assert caught.value.code == "has_children"
    response = node(draft, "operational_response", "1.3.1.1")
    TopicFactory(node=response, consultation__framework=draft)
    with pytest.raises(Refused) as caught:
        drop_node(actor=coordination, node=response, version=1)
    assert caught.value.code == "in_use"
    assert not Event.objects.filter(action="node.dropped").exists()


def test_dropping_takes_cross_references_along(draft, coordination):
    drop_node(actor=coordination, node=node(draft, "action_line", "AE6.1"), version=1, reason="Repete AE5")
    assert CrossReference.objects.filter(source__framework=draft).count() == 29
    assert Event.objects.get(action="node.dropped").reason == "Repete AE5"


def test_siblings_change_places(draft, coordination):
    area = node(draft, "problem_area", "1.3")
    order_node(actor=coordination, node=area, version=None, up=True)
    axis = node(draft, "priority_axis", "EP1")
    assert list(axis.children.order_by("order").values_list("code", flat=True)) == ["1.1", "1.3", "1.2", "1.4"]
    first = node(draft, "problem_area", "1.1")
    assert order_node(actor=coordination, node=first, version=None, up=True).order == 1


def test_everybody_sees_only_published_editions(edition, draft, technician, coordination):
    def seen(user):
        return set(Framework.objects.visible_to(user).values_list("code", flat=True))

    assert seen(technician) == {"2014"}
    assert seen(coordination) == {"2014", "2027"}
    move_framework(actor=coordination, framework=draft, state="in_consultation")
    assert seen(technician) == {"2014", "2027"}


def test_factories_plant_nodes_where_their_kind_stands(db):
    framework = FrameworkFactory(state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    response = NodeFactory(framework=framework, kind=NodeKind.OPERATIONAL_RESPONSE)
    assert response.parent.framework == framework

"""The edition of 2014 and what the database holds about editions."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from axes.actions.founding import load_framework
from axes.choices import Focus, FrameworkState, NodeKind
from axes.models import CrossReference, Erratum, Framework, Node
from axes.queries.framework import DATA, FOUNDING_EDITION
from refamp.audit.models import Event
from refamp.base.errors import Refused
from tests.factories import FrameworkFactory, NodeFactory

SEED = Path(__file__).resolve().parents[3] / "shared/seed/ref-amp-documento-de-trabalho-2014-03-12.txt"


def founding_data():
    return json.loads(FOUNDING_EDITION.read_text(encoding="utf-8"))


@pytest.fixture
def edition(db):
    return load_framework(actor=None, data=founding_data())[0]


def test_the_edition_of_2014_is_complete(edition):
    kinds = Counter(edition.nodes.values_list("kind", flat=True))
    assert kinds == {
        "opening_heading": 3,
        "opening_statement": 7,
        "structuring_idea": 5,
        "idea_statement": 8,
        "priority_axis": 4,
        "problem_area": 9,
        "focus_heading": 17,
        "operational_response": 35,
        "strategic_action": 6,
        "action_line": 12,
        "governing_body": 3,
        "strategic_unit": 4,
        "composition_rule": 7,
        "body_function": 9,
        "partner_kind": 6,
        "partner_role": 3,
    }


def test_each_problem_area_has_its_responses(edition):
    found = {}
    for response in Node.objects.filter(framework=edition, kind=NodeKind.OPERATIONAL_RESPONSE).select_related(
        "parent__parent"
    ):
        area = response.parent if response.parent.kind == NodeKind.PROBLEM_AREA else response.parent.parent
        found[area.code] = found.get(area.code, 0) + 1
    assert found == {"1.1": 6, "1.2": 6, "1.3": 1, "1.4": 4, "2.1": 5, "3.1": 5, "3.2": 3, "4.1": 4, "4.2": 1}


def test_the_opening_has_three_two_and_two_statements(edition):
    counts = Counter(edition.nodes.filter(kind=NodeKind.OPENING_STATEMENT).values_list("parent__code", flat=True))
    assert counts == {"1": 3, "2": 2, "3": 2}


def test_the_last_digit_does_not_tell_the_kind_of_a_heading(edition):
    focus = dict(edition.nodes.filter(kind=NodeKind.FOCUS_HEADING).values_list("code", "focus"))
    assert focus["1.3.1"] == focus["2.1.1"] == Focus.PROCESSES
    assert focus["2.1.2"] == Focus.CAPACITY
    assert Counter(focus.values()) == {"facilities": 5, "processes": 7, "capacity": 5}


def test_codes_say_whether_they_are_printed(edition):
    printed = {(n.kind, n.code): n.code_is_printed for n in edition.nodes.all()}
    assert printed["operational_response", "4.1.4"]
    assert not printed["operational_response", "4.2.1"]
    assert not printed["operational_response", "1.1.2.1"]
    assert not printed["action_line", "AE1.1"]
    assert printed["focus_heading", "1.1.2"]
    assert printed["problem_area", "1.1"]


def test_responses_of_axis_4_have_no_kind(edition):
    assert set(
        edition.nodes.filter(kind="operational_response", code__startswith="4.").values_list("focus", flat=True)
    ) == {None}


def test_cross_references_are_data(edition):
    found = {
        (r.source.code, r.kind, r.target.code, r.origin)
        for r in CrossReference.objects.filter(source__framework=edition).select_related("source", "target")
    }
    assert len(found) == 33
    assert {
        ("1.1", "also_serves", "EP3", "printed"),
        ("3.1.3", "refers_to", "2.1", "printed"),
        ("3.1.3", "repeats", "2.1.2", "read"),
        ("4.1.1", "names", "3.2", "read"),
        ("4.1.2", "names", "1.4", "read"),
        ("4.1.3", "names", "1.2", "read"),
        ("UE3", "serves", "EP3", "printed"),
        ("3.3.2.6", "answers", "AE6", "read"),
        ("AE6.1", "values", "EP4", "printed"),
        ("3.3.3", "upholds", "IE5", "printed"),
    } <= found
    assert sum(1 for r in found if r[0] == "4.2" and r[1] == "aimed_at") == 8


def test_misprints_are_errata_and_not_nodes(edition):
    assert {(e.printed, e.node.code if e.node else None) for e in edition.errata.select_related("node")} == {
        ("1.1. SÊNIORES", "1.1"),
        ("4.1. PRECARIDADE ECONÓMICA", "4.1"),
        ("3-3- RESPOSTAS OPERATIVAS", None),
    }
    assert not edition.nodes.filter(wording__contains="SÊNIORES").exists()


@pytest.mark.skipif(not SEED.exists(), reason="the document of 2014 is not beside this checkout")
def test_every_wording_stands_in_the_document():
    def flat(text):
        """On one line, without the marks that begin a line or make a word bold."""
        return " ".join(word for word in text.replace("**", "").split() if word not in {"-", "."})

    document = flat(SEED.read_text(encoding="utf-8"))
    assert [n["wording"] for n in founding_data()["nodes"] if flat(n["wording"]) not in document] == []


def test_the_published_figures_are_sixteen_rows_with_25_figures_and_24_counts():
    topics = json.loads((DATA / "published-figures-2014.json").read_text(encoding="utf-8"))["topics"]
    figures = [figure for topic in topics for figure in topic["figures"]]
    assert len(topics) == 16
    assert len(figures) == 25
    assert sum(f["count"] is not None for f in figures) == 24
    assert [t["code"] for t in topics if len(t["figures"]) == 1 and t["figures"][0]["in_column"]] == ["4.1b"]
    assert sum(not f["in_column"] for f in figures) == 6
    assert [f["as_printed"] for f in figures if f["asterisk"]] == ["*14.58% (7)", "* 14.58% (7)", "0% *"]


def test_every_published_figure_is_of_a_node(edition):
    data = json.loads((DATA / "published-figures-2014.json").read_text(encoding="utf-8"))
    known = {f"{n.kind}:{n.code}" for n in edition.nodes.all()}
    assert {t["node"] for t in data["topics"]} | set(data["without_figure"]) <= known


def test_loading_again_changes_nothing_and_says_so(db):
    first, second = StringIO(), StringIO()
    call_command("load_framework", stdout=first)
    before = list(Node.objects.order_by("pk").values_list()), Event.objects.count()
    call_command("load_framework", stdout=second)
    assert (list(Node.objects.order_by("pk").values_list()), Event.objects.count()) == before
    assert "138 nodes" in first.getvalue()
    assert "nothing changed" in second.getvalue()


def test_the_founding_act_is_recorded_without_a_deliberation(edition):
    edition.refresh_from_db()
    assert edition.state == FrameworkState.IN_FORCE
    event = Event.objects.get(action="framework.put_in_force")
    assert event.reason == edition.founding_note
    assert "sem deliberação" in edition.founding_note


def test_loading_refuses_another_edition_in_force(db):
    FrameworkFactory(code="2030", state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    with pytest.raises(CommandError):
        call_command("load_framework")
    assert not Framework.objects.filter(code="2014").exists()


def test_loading_refuses_another_content_and_leaves_it(edition):
    data = founding_data()
    data["nodes"][0]["wording"] = "Outra coisa"
    with pytest.raises(Refused):
        load_framework(actor=None, data=data)
    assert not Node.objects.filter(wording="Outra coisa").exists()


def refuses(name, sql, *params):
    """The raw statement is refused by the constraint or trigger of this name."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
    assert caught.value.__cause__.diag.constraint_name == name


FROZEN = "edition_in_force_never_changes"
INSERT_NODE = """
    INSERT INTO axes_node (public_id, framework_id, kind, code, code_is_printed, parent_id, "order", wording, note,
                           lineage, updated_at, version)
    VALUES (gen_random_uuid(), %s, %s, %s, false, %s, 1, 'x', '', gen_random_uuid(), now(), 1)
"""
INSERT_REFERENCE = (
    "INSERT INTO axes_crossreference (source_id, target_id, kind, origin, note) VALUES (%s, %s, %s, %s, '')"
)
INSERT_ERRATUM = (
    "INSERT INTO axes_erratum (framework_id, node_id, place, printed, reading) VALUES (%s, %s, 'a', 'b', 'c')"
)


@pytest.mark.parametrize("superseded", [False, True])
def test_an_edition_that_was_put_in_force_never_changes(edition, superseded):
    if superseded:
        Framework.objects.filter(pk=edition.pk).update(state="superseded", superseded_at=timezone.now())
    node = edition.nodes.get(kind="problem_area", code="1.1")
    other = edition.nodes.get(kind="problem_area", code="1.2")
    refuses(FROZEN, INSERT_NODE, edition.pk, "priority_axis", "EP9", None)
    refuses(FROZEN, "UPDATE axes_node SET wording = 'x' WHERE id = %s", node.pk)
    refuses(FROZEN, "DELETE FROM axes_node WHERE id = %s", node.pk)
    refuses(FROZEN, INSERT_REFERENCE, node.pk, other.pk, "names", "read")
    refuses(FROZEN, "UPDATE axes_crossreference SET note = 'x' WHERE source_id = %s", node.pk)
    refuses(FROZEN, "DELETE FROM axes_crossreference WHERE source_id = %s", node.pk)
    refuses(FROZEN, INSERT_ERRATUM, edition.pk, None)
    refuses(FROZEN, "UPDATE axes_erratum SET reading = 'x' WHERE framework_id = %s", edition.pk)
    refuses(FROZEN, "DELETE FROM axes_erratum WHERE framework_id = %s", edition.pk)
    refuses(FROZEN, "UPDATE axes_framework SET title = 'x' WHERE id = %s", edition.pk)
    refuses(FROZEN, "UPDATE axes_framework SET state = 'draft' WHERE id = %s", edition.pk)
    refuses(FROZEN, "DELETE FROM axes_framework WHERE id = %s", edition.pk)


def test_a_node_cannot_be_carried_into_an_edition_in_force(edition):
    node = NodeFactory()
    refuses(FROZEN, "UPDATE axes_node SET framework_id = %s WHERE id = %s", edition.pk, node.pk)


def test_a_node_keeps_its_edition_kind_and_lineage(db):
    node, other = NodeFactory(), FrameworkFactory()
    refuses("node_keeps_edition_and_kind", "UPDATE axes_node SET framework_id = %s WHERE id = %s", other.pk, node.pk)
    refuses("node_keeps_edition_and_kind", "UPDATE axes_node SET kind = 'strategic_action' WHERE id = %s", node.pk)
    refuses("node_keeps_edition_and_kind", "UPDATE axes_node SET lineage = gen_random_uuid() WHERE id = %s", node.pk)


def test_a_node_stands_where_its_kind_may_and_in_one_edition(db):
    axis = NodeFactory()
    elsewhere = NodeFactory()
    place = "node_stands_where_its_kind_may"
    refuses(place, INSERT_NODE, axis.framework_id, "problem_area", "1.1", None)
    refuses(place, INSERT_NODE, axis.framework_id, "priority_axis", "EP77", axis.pk)
    refuses(place, INSERT_NODE, axis.framework_id, "action_line", "AE1.1", axis.pk)
    refuses("node_stands_in_its_parents_edition", INSERT_NODE, axis.framework_id, "problem_area", "1.1", elsewhere.pk)
    area = NodeFactory(framework=axis.framework, kind=NodeKind.PROBLEM_AREA, parent=axis, code="1.1")
    refuses(
        "node_stands_in_its_parents_edition", "UPDATE axes_node SET parent_id = %s WHERE id = %s", elsewhere.pk, area.pk
    )


def test_one_code_per_kind_and_known_words(db):
    axis = NodeFactory(code="EP1")
    refuses("one_node_per_edition_kind_and_code", INSERT_NODE, axis.framework_id, "priority_axis", "EP1", None)
    refuses("node_focus_is_known", "UPDATE axes_node SET focus = 'other' WHERE id = %s", axis.pk)
    refuses(
        "framework_state_is_known",
        "UPDATE axes_framework SET state = 'x', in_force_since = now() WHERE id = %s",
        axis.framework_id,
    )
    refuses(
        "edition_in_force_says_since_when",
        "UPDATE axes_framework SET state = 'in_force' WHERE id = %s",
        axis.framework_id,
    )


def test_at_most_one_edition_is_in_force(edition):
    other = FrameworkFactory()
    refuses(
        "one_edition_in_force",
        "UPDATE axes_framework SET state = 'in_force', in_force_since = now() WHERE id = %s",
        other.pk,
    )
    refuses("one_edition_per_code", "UPDATE axes_framework SET code = '2014' WHERE id = %s", other.pk)


def test_cross_references_stay_in_one_edition(db):
    node, elsewhere = NodeFactory(), NodeFactory()
    beside = NodeFactory(framework=node.framework)
    refuses("cross_reference_stays_in_one_edition", INSERT_REFERENCE, node.pk, elsewhere.pk, "names", "read")
    refuses("node_does_not_refer_to_itself", INSERT_REFERENCE, node.pk, node.pk, "names", "read")
    refuses("cross_reference_kind_is_known", INSERT_REFERENCE, node.pk, beside.pk, "x", "read")
    refuses("cross_reference_origin_is_known", INSERT_REFERENCE, node.pk, beside.pk, "names", "x")
    CrossReference.objects.create(source=node, target=beside, kind="names", origin="read")
    refuses("one_cross_reference_of_a_kind_between_two_nodes", INSERT_REFERENCE, node.pk, beside.pk, "names", "read")


def test_an_erratum_speaks_of_its_own_edition(db):
    node, elsewhere = NodeFactory(), NodeFactory()
    refuses("erratum_speaks_of_its_edition", INSERT_ERRATUM, node.framework_id, elsewhere.pk)
    Erratum.objects.create(framework=node.framework, place="a", printed="b", reading="c")
    refuses("one_erratum_per_place", INSERT_ERRATUM, node.framework_id, None)

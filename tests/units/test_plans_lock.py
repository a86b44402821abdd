"""Approved plans, attacked by raw SQL; amendments; versions that never change."""

from datetime import date
from decimal import Decimal

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from axes.choices import NodeKind
from refamp.accounts.models import User
from refamp.base.errors import NotAllowed, Refused, Stale
from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    BudgetLineFactory,
    MandateFactory,
    MilestoneFactory,
    MunicipalityFactory,
    NodeFactory,
    PartnerFactory,
    PlanAmendmentFactory,
    ProgrammeFactory,
    RiskFactory,
    StatusOverrideFactory,
)
from tests.units.planning import YEAR, agenda_item, content, decide, deliberation, told, world
from units.actions.amendments import (
    draft_amendment,
    drop_from_amendment,
    edit_amendment,
    give_amendment_opinion,
    move_amendment,
    put_amendment_before_council,
)
from units.actions.plan_drafts import draft_plan, save_action
from units.actions.progress import check_progress, recompute_progress, report_milestone
from units.choices import (
    AMENDMENT_MOVES,
    APPROVED_PLAN,
    DeliberationState,
    LegalEffect,
    MetropolitanAnswer,
    PlanAmendmentState,
    PlanState,
)
from units.formulas.plans import canonical, digest
from units.models import Action, ActionPlan, PlanAmendment, PlanVersion
from units.queries.plan_content import content_of
from units.queries.votes import is_author_of

pytestmark = pytest.mark.django_db
LOCKED = [state for state in PlanState if state not in {PlanState.DRAFT, PlanState.RETURNED}]


@pytest.fixture
def here():
    return world()


def refused(sql, *values):
    """Run raw SQL; the name of what refused it, or an empty text."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError as error:
        cause = error.__cause__
        return cause.diag.constraint_name or str(cause).split("\n", 1)[0]
    return ""


def attacks(action, here):
    node, place, partner = here.line.pk, MunicipalityFactory().pk, PartnerFactory().pk
    insert = {
        "units_actionnode": ("action_id, node_id", (action.pk, node)),
        "units_actionplace": ("action_id, municipality_id", (action.pk, place)),
        "units_actionpartner": ("action_id, partner_id", (action.pk, partner)),
        "units_budgetline": ("action_id, year, source, amount", (action.pk, 2030, "private", 5)),
        "units_risk": ("action_id, description, likelihood, impact, mitigation", (action.pk, "x", "low", "low", "")),
    }
    for table, (columns, values) in insert.items():
        marks = ", ".join(["%s"] * len(values))
        yield f"INSERT INTO {table} ({columns}) VALUES ({marks})", values
        yield f"DELETE FROM {table} WHERE action_id = %s", (action.pk,)
    for column, value in (
        ("title", "Outra"),
        ("weight", 9),
        ("scope", "supramunicipal"),
        ("ends_on", "2031-01-01"),
        ("code", "ZZ"),
        ("lead_id", place),
        ("people_expected", 9),
        ("key", "0195d4e0-0000-7000-8000-000000000000"),
    ):
        yield f"UPDATE units_action SET {column} = %s WHERE id = %s", (value, action.pk)
    yield "DELETE FROM units_action WHERE id = %s", (action.pk,)
    yield "UPDATE units_budgetline SET amount = amount + 1 WHERE action_id = %s", (action.pk,)
    yield "UPDATE units_milestone SET due_on = due_on + 1 WHERE action_id = %s", (action.pk,)
    yield "UPDATE units_milestone SET weight = 7 WHERE action_id = %s", (action.pk,)
    yield "DELETE FROM units_milestone WHERE action_id = %s", (action.pk,)
    yield "UPDATE units_risk SET mitigation = 'x' WHERE action_id = %s", (action.pk,)
    yield "UPDATE units_actionplan SET title = 'x' WHERE id = %s", (action.plan_id,)
    yield "UPDATE units_actionplan SET year = 2040 WHERE id = %s", (action.plan_id,)
    yield "DELETE FROM units_actionplan WHERE id = %s", (action.plan_id,)


def whole_action(here, state):
    plan = ActionPlanFactory(unit=here.unit, state=state)
    action = ActionFactory(plan=plan, nodes=[here.response], scope="intermunicipal")
    BudgetLineFactory(action=action)
    RiskFactory(action=action)
    with_pieces(action)
    return action


def with_pieces(action):
    import pgtrigger  # noqa: PLC0415 - only here

    with pgtrigger.ignore():
        action.municipalities.set([MunicipalityFactory(), MunicipalityFactory()])
        action.partners.set([PartnerFactory()])


@pytest.mark.parametrize("state", LOCKED)
def test_raw_sql_changes_nothing_of_a_plan_that_was_submitted(here, state):
    action = whole_action(here, state)
    before = canonical(content_of(action.plan))
    for sql, values in attacks(action, here):
        assert refused(sql, *values) == "approved_plan_changes_only_by_amendment", sql
    assert canonical(content_of(ActionPlan.objects.get(pk=action.plan_id))) == before


def test_a_new_action_does_not_slip_into_an_approved_plan_nor_move_there(here):
    approved = whole_action(here, PlanState.APPROVED)
    draft = ActionFactory(plan=ActionPlanFactory(unit=here.unit, year=YEAR + 1), nodes=[here.response])
    assert refused("UPDATE units_action SET plan_id = %s WHERE id = %s", approved.plan_id, draft.pk)
    assert refused(
        'UPDATE units_milestone SET action_id = %s, "order" = 99 WHERE action_id = %s', approved.pk, draft.pk
    )
    for actor_plan in (approved.plan,):
        with pytest.raises(Refused) as refusal:
            save_action(actor=here.member, plan=actor_plan, content=content(here.response))
        assert refusal.value.code == "locked"


def test_an_approved_amendment_alone_opens_the_lock_and_its_version_closes_it(here):
    action = whole_action(here, PlanState.APPROVED)
    update = "UPDATE units_action SET title = title || '.' WHERE id = %s"
    amendment = PlanAmendmentFactory(plan=action.plan, state=PlanAmendmentState.BEFORE_COUNCIL)
    assert refused(update, action.pk)
    approve = "UPDATE units_planamendment SET state = 'approved' WHERE id = %s"
    assert refused(approve, amendment.pk) == "amendment_is_approved_by_a_deliberation"
    voted = passed(deliberation(here, amendment=amendment))
    assert not refused(approve, amendment.pk)
    assert not refused(update, action.pk)
    with pgtrigger.ignore("units.PlanVersion:version_is_what_was_decided"):
        PlanVersion.objects.create(
            plan=action.plan, number=1, content="{}", sha256="0" * 64, deliberation=deliberation(here, plan=action.plan)
        )
    PlanVersion.objects.create(
        plan=action.plan, number=2, content="{}", sha256=digest("{}"), amendment=amendment, deliberation=voted
    )
    assert refused(update, action.pk)


def passed(found, **values):
    """A deliberation with its result, without its handler having run."""
    result = {"votes_for": 2, "votes_against": 0, "abstentions": 0, "closed_at": timezone.now()}
    number = {"number": type(found).objects.count(), "year": YEAR}
    type(found).objects.filter(pk=found.pk).update(state=DeliberationState.PASSED, **result, **number, **values)
    found.refresh_from_db()
    return found


def test_no_raw_update_takes_an_approved_plan_back_or_a_draft_to_approval(here):
    state = "UPDATE units_actionplan SET state = %s WHERE id = %s"
    goes_on = {PlanState.APPROVED: PlanState.UNDER_WAY, PlanState.UNDER_WAY: PlanState.CLOSED}
    for old in APPROVED_PLAN:
        plan = ActionPlanFactory(unit=here.unit, state=old, year=YEAR + len(ActionPlan.objects.all()))
        for new in set(PlanState) - {old, goes_on.get(old), PlanState.RETURNED}:
            assert refused(state, new, plan.pk) == "approved_plan_only_goes_on", (old, new)
    plan = ActionPlanFactory(unit=here.unit, state=PlanState.BEFORE_COUNCIL, year=YEAR + 9)
    for new in APPROVED_PLAN:
        assert refused(state, new, plan.pk) == "plan_is_approved_by_a_deliberation"
    voted = passed(deliberation(here, plan=plan, effect=LegalEffect.PROPOSAL), metropolitan_answer="awaited")
    assert refused(state, PlanState.APPROVED, plan.pk), "the Metropolitan Council has not answered"
    type(voted).objects.filter(pk=voted.pk).update(
        metropolitan_answer="accepted", metropolitan_reference="CM 1", metropolitan_at=date(YEAR, 1, 2)
    )
    assert not refused(state, PlanState.APPROVED, plan.pk)


def test_a_plan_or_an_amendment_does_not_begin_approved(here):
    plan = ActionPlanFactory(unit=here.unit, state=PlanState.APPROVED)
    copy = """INSERT INTO units_actionplan (public_id, unit_id, year, title, summary, state, opinion, return_reason,
        updated_at, version) SELECT gen_random_uuid(), unit_id, year + 1, title, '', state, '', '', now(), 1
        FROM units_actionplan WHERE id = %s"""
    assert refused(copy, plan.pk) == "plan_begins_as_a_draft"
    forged = """INSERT INTO units_planamendment (public_id, plan_id, number, reason, content, state, created_by_id,
        created_at, decision_note, updated_at, version)
        VALUES (gen_random_uuid(), %s, 9, 'x', '{}', 'approved', %s, now(), '', now(), 1)"""
    assert refused(forged, plan.pk, here.member.pk) == "amendment_begins_as_a_draft"


def test_a_submitted_amendment_says_what_it_said_whatever_writes_it(here):
    amendment = PlanAmendmentFactory(state=PlanAmendmentState.SUBMITTED)
    for change in ("content = '{\"forged\": 1}'", "reason = 'outra'"):
        sql = f"UPDATE units_planamendment SET {change} WHERE id = %s"
        assert refused(sql, amendment.pk) == "submitted_amendment_is_locked"
    assert refused("UPDATE units_planamendment SET number = 99 WHERE id = %s", amendment.pk)


def test_a_version_is_not_made_up(here):
    plan, _first = approved(here)
    forge = """INSERT INTO units_planversion (plan_id, number, content, sha256, deliberation_id, approved_at)
        SELECT plan_id, %s, '{}', %s, deliberation_id, now() FROM units_planversion WHERE plan_id = %s"""
    assert refused(forge, 2, "0" * 64, plan.pk) == "version_has_its_digest"
    for number in (1, 2, 99):
        assert refused(forge, number, digest("{}"), plan.pk) == "version_is_what_was_decided"


def test_authors_stay_on_record(here):
    plan, _first = approved(here)
    for sql in (
        "DELETE FROM units_actionplan_authors WHERE actionplan_id = %s",
        "UPDATE units_actionplan_authors SET user_id = user_id WHERE actionplan_id = %s",
    ):
        assert refused(sql, plan.pk) == "authors_of_a_plan_stay"
    opinion = "UPDATE units_actionplan SET opinion_by_id = %s, submitted_by_id = NULL WHERE id = %s"
    assert refused(opinion, here.member.pk, plan.pk) == "plan_opinion_is_not_its_authors"


def test_progress_is_reported_on_a_locked_plan(here):
    action = whole_action(here, PlanState.APPROVED)
    assert not refused(
        "UPDATE units_milestone SET progress = 40, best_progress = 40, version = version + 1 WHERE action_id = %s",
        action.pk,
    )
    assert not refused("UPDATE units_action SET last_report_on = %s WHERE id = %s", date(YEAR, 1, 5), action.pk)


def test_the_best_progress_never_falls_whatever_writes_it(here):
    milestone = MilestoneFactory(progress=40, best_progress=70)
    assert "best_progress_never_falls" in refused(
        "UPDATE units_milestone SET best_progress = 50 WHERE id = %s", milestone.pk
    )


@pytest.mark.parametrize(
    "kind", [NodeKind.PRIORITY_AXIS, NodeKind.PROBLEM_AREA, NodeKind.STRATEGIC_ACTION, NodeKind.FOCUS_HEADING]
)
def test_an_action_serves_nothing_but_responses_and_lines(here, kind):
    action = ActionFactory(plan=ActionPlanFactory(unit=here.unit), nodes=[here.response])
    node = NodeFactory(framework=here.edition, kind=kind)
    sql = "INSERT INTO units_actionnode (action_id, node_id) VALUES (%s, %s)"
    assert refused(sql, action.pk, node.pk) == "action_serves_responses_and_lines"
    with pytest.raises(Refused) as refusal:
        save_action(actor=here.member, plan=action.plan, content=content(node))
    assert refusal.value.code == "unknown_node"


def test_a_new_action_serves_the_edition_in_force(here):
    plan = ActionPlanFactory(unit=here.unit)
    older = NodeFactory(kind=NodeKind.OPERATIONAL_RESPONSE)
    with pytest.raises(Refused) as refusal:
        save_action(actor=here.member, plan=plan, content=content(older))
    assert refusal.value.code == "unknown_node"


CONSTRAINTS = [
    ("units_programme", "ends_on = starts_on", "programme_ends_after_it_begins", ProgrammeFactory),
    ("units_actionplan", "state = 'x'", "plan_state_is_known", ActionPlanFactory),
    ("units_actionplan", "state = 'returned'", "returned_plan_says_why", ActionPlanFactory),
    ("units_planamendment", "state = 'x'", "plan_amendment_state_is_known", PlanAmendmentFactory),
    ("units_planamendment", "reason = ''", "amendment_says_why", PlanAmendmentFactory),
    ("units_action", "ends_on = starts_on - 1", "action_ends_after_it_begins", ActionFactory),
    ("units_action", "scope = 'x'", "action_scope_is_known", ActionFactory),
    ("units_action", "state = 'x'", "action_state_is_known", ActionFactory),
    ("units_action", "weight = 0", "action_weight_is_positive", ActionFactory),
    ("units_action", "state = 'cancelled'", "stopped_action_says_why", ActionFactory),
    ("units_action", "state = 'merged', state_reason = 'x'", "merged_action_says_into_which", ActionFactory),
    ("units_budgetline", "amount = -1", "budget_is_not_negative", BudgetLineFactory),
    ("units_budgetline", "source = 'x'", "budget_source_is_known", BudgetLineFactory),
    ("units_milestone", "best_progress = 101", "progress_is_at_most_100", MilestoneFactory),
    ("units_milestone", "progress = 5", "best_progress_is_the_best", MilestoneFactory),
    ("units_milestone", "weight = 0", "milestone_weight_is_positive", MilestoneFactory),
    ("units_milestone", "progress = 100, best_progress = 100", "milestone_is_done_at_100", MilestoneFactory),
    ("units_risk", "impact = 'x'", "risk_levels_are_known", RiskFactory),
    ("units_statusoverride", "reason = ''", "override_says_why", StatusOverrideFactory),
    ("units_statusoverride", "status = 'x'", "override_status_is_known", StatusOverrideFactory),
]


@pytest.mark.parametrize(("table", "change", "name", "factory"), CONSTRAINTS)
def test_each_constraint_of_plans_holds_against_raw_sql(table, change, name, factory):
    row = factory()
    assert refused(f"UPDATE {table} SET {change} WHERE id = %s", row.pk) == name


def test_what_is_unique_stays_so():
    action = ActionFactory()
    line, milestone, override = (
        BudgetLineFactory(action=action),
        MilestoneFactory(action=action),
        StatusOverrideFactory(action=action),
    )
    assert override.pk
    copies = [
        ("units_actionplan", action.plan, "unit_id, year", "one_plan_per_unit_and_year"),
        ("units_action", action, "plan_id, code", "one_action_per_plan_and_code"),
        ("units_budgetline", line, "action_id, year, source", "one_budget_line_per_year_and_source"),
        ("units_milestone", milestone, 'action_id, "order"', "one_milestone_per_place"),
        ("units_statusoverride", override, "", "one_override_per_action"),
        ("units_planamendment", PlanAmendmentFactory(), "", "one_open_amendment_per_plan"),
    ]
    fresh = {"public_id": "gen_random_uuid()", "key": "gen_random_uuid()", "number": "number + 1"}
    for table, row, _columns, name in copies:
        names = [field.column for field in row._meta.concrete_fields if field.column != "id"]
        values = ", ".join(
            fresh.get(column, f'"{column}"') if table != "units_action" or column != "key" else "gen_random_uuid()"
            for column in names
        )
        columns = ", ".join(f'"{column}"' for column in names)
        assert refused(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE id = %s", row.pk) == name


# Amendments ---------------------------------------------------------------------------------------------------------


def approved(here):
    plan = draft_plan(actor=here.member, unit=here.unit, year=YEAR, title="Plano")
    first = save_action(actor=here.member, plan=plan, content=content(here.response, title="Primeira"))
    save_action(actor=here.member, plan=plan, content=content(here.line, title="Segunda"))
    ActionPlan.objects.filter(pk=plan.pk).update(state=PlanState.BEFORE_COUNCIL)
    decide(deliberation(here, plan=plan))
    plan.refresh_from_db()
    first.refresh_from_db()
    return plan, first


def amended(here, plan, **changes):
    amendment = draft_amendment(actor=here.member, plan=plan, reason="Novo financiamento")
    one = amendment.content["actions"][0]
    return edit_amendment(actor=here.member, amendment=amendment, version=1, action={**one, **changes})


def test_a_version_is_the_canonical_text_of_what_was_approved(here):
    plan, _first = approved(here)
    version = plan.versions.get()
    assert version.content == canonical(content_of(plan))
    assert version.sha256 == digest(version.content)


def test_version_one_stays_byte_identical_and_raw_sql_cannot_change_it(here):
    plan, first = approved(here)
    before = plan.versions.get().content.encode()
    report_milestone(actor=here.member, milestone=first.milestones.first(), progress=50)
    amendment = amended(here, plan, title="Primeira, maior", weight="2.00")
    move_amendment(actor=here.member, amendment=amendment, state=PlanAmendmentState.SUBMITTED)
    give_amendment_opinion(actor=here.reviewer, amendment=amendment, opinion="Concordamos.", favourable=True)
    found = put_amendment_before_council(
        actor=here.president,
        amendment=amendment,
        item=agenda_item(here.council),
        rule="simple_majority",
        legal_effect="binding",
    )
    decide(found)
    plan.refresh_from_db()
    one, two = plan.versions.order_by("number")
    assert (one.content.encode(), one.sha256) == (before, digest(before.decode()))
    assert two.content == canonical(content_of(plan)) != one.content
    assert two.amendment == amendment
    for sql in (
        "UPDATE units_planversion SET content = '' WHERE id = %s",
        "DELETE FROM units_planversion WHERE id = %s",
    ):
        assert refused(sql, one.pk)
    first.refresh_from_db()
    assert (first.title, first.weight, first.milestones.first().progress) == ("Primeira, maior", Decimal(2), 50)
    assert check_progress() == []
    assert plan.state == PlanState.APPROVED


def test_an_amendment_adds_an_action_changes_milestones_and_keeps_their_progress(here):
    plan, first = approved(here)
    report_milestone(actor=here.member, milestone=first.milestones.first(), progress=50)
    amendment = draft_amendment(actor=here.member, plan=plan, reason="Novo financiamento")
    one = amendment.content["actions"][0]
    milestones = [one["milestones"][1], {**one["milestones"][0], "title": "Protocolo assinado"}]
    amendment = edit_amendment(
        actor=here.member,
        amendment=amendment,
        version=1,
        action={
            **one,
            "milestones": [*milestones, {"id": None, "title": "Novo", "due_on": f"{YEAR}-12-31", "weight": "1"}],
        },
    )
    amendment = edit_amendment(
        actor=here.member, amendment=amendment, version=2, action=content(here.other_response, title="Terceira")
    )
    PlanAmendment.objects.filter(pk=amendment.pk).update(state=PlanAmendmentState.BEFORE_COUNCIL)
    amendment.refresh_from_db()
    decide(deliberation(here, amendment=amendment))
    assert list(first.milestones.order_by("order").values_list("title", "progress")) == [
        ("Serviço aberto", 0),
        ("Protocolo assinado", 50),
        ("Novo", 0),
    ]
    assert list(plan.actions.order_by("code").values_list("code", "title")) == [
        ("A01", "Primeira"),
        ("A02", "Segunda"),
        ("A03", "Terceira"),
    ]
    assert check_progress() == []


@pytest.mark.parametrize(
    ("closed", "effect", "answer", "state"),
    [
        (DeliberationState.FAILED, LegalEffect.BINDING, "", PlanAmendmentState.REJECTED),
        (DeliberationState.NO_QUORUM, LegalEffect.BINDING, "", PlanAmendmentState.OPINION_GIVEN),
        (DeliberationState.PASSED, LegalEffect.PROPOSAL, "", PlanAmendmentState.AWAITING_METROPOLITAN),
        (DeliberationState.PASSED, LegalEffect.PROPOSAL, MetropolitanAnswer.ACCEPTED, PlanAmendmentState.APPROVED),
        (DeliberationState.PASSED, LegalEffect.PROPOSAL, MetropolitanAnswer.REJECTED, PlanAmendmentState.REJECTED),
    ],
)
def test_an_amendment_is_applied_only_when_it_is_approved(here, closed, effect, answer, state):
    plan, first = approved(here)
    amendment = amended(here, plan, title="Outra")
    PlanAmendment.objects.filter(pk=amendment.pk).update(state=PlanAmendmentState.BEFORE_COUNCIL)
    amendment.refresh_from_db()
    found = deliberation(here, amendment=amendment, effect=effect)
    decide(found, closed)
    if answer:
        amendment.refresh_from_db()
        decide(found, closed, answer)
    amendment.refresh_from_db()
    first.refresh_from_db()
    assert amendment.state == state
    assert (first.title, plan.versions.count()) == (("Outra", 2) if state == "approved" else ("Primeira", 1))


def test_one_open_amendment_at_a_time_and_a_decided_one_never_changes(here):
    plan, _first = approved(here)
    amendment = amended(here, plan, title="Outra")
    with pytest.raises(Refused) as refusal:
        draft_amendment(actor=here.colleague, plan=plan, reason="Outro")
    assert refusal.value.code == "open"
    PlanAmendment.objects.filter(pk=amendment.pk).update(state=PlanAmendmentState.REJECTED)
    assert refused("UPDATE units_planamendment SET reason = 'x' WHERE id = %s", amendment.pk)
    assert draft_amendment(actor=here.colleague, plan=plan, reason="Outro").number == 2


def test_an_amendment_leaves_no_approved_action_out(here):
    plan, first = approved(here)
    amendment = draft_amendment(actor=here.member, plan=plan, reason="Novo")
    with pytest.raises(Refused) as refusal:
        drop_from_amendment(actor=here.member, amendment=amendment, key=str(first.key), version=1)
    assert refusal.value.code == "left_out"
    amendment = edit_amendment(
        actor=here.member, amendment=amendment, version=1, action=content(here.other_response, title="Terceira")
    )
    new = next(a for a in amendment.content["actions"] if a["title"] == "Terceira")
    amendment = drop_from_amendment(actor=here.member, amendment=amendment, key=new["key"], version=2)
    assert len(amendment.content["actions"]) == 2


def test_an_amendment_that_changes_nothing_is_not_submitted(here):
    plan, _first = approved(here)
    amendment = draft_amendment(actor=here.member, plan=plan, reason="Novo")
    with pytest.raises(Refused) as refusal:
        move_amendment(actor=here.member, amendment=amendment, state=PlanAmendmentState.SUBMITTED)
    assert refusal.value.code == "empty"
    with pytest.raises(Stale):
        edit_amendment(actor=here.member, amendment=amendment, version=9, head={"title": "x"})


@pytest.mark.parametrize(
    "name", ["member", "colleague", "other_member", "reviewer", "president", "councillor", "outsider"]
)
@pytest.mark.parametrize(("old", "new"), [(o, n) for o in PlanAmendmentState for n in PlanAmendmentState])
def test_every_pair_of_states_of_an_amendment(here, old, new, name):
    plan = ActionPlanFactory(unit=here.unit, state=PlanState.APPROVED)
    ActionFactory(plan=plan, nodes=[here.response])
    amendment = PlanAmendmentFactory(plan=plan, state=old, created_by=here.member, content={"actions": []})
    part = AMENDMENT_MOVES.get(old, {}).get(new)
    parts = {
        "unit": {"member", "colleague"},
        "reviewer": {"reviewer"},
        "secretariat": {"president", "reviewer"},
    }
    given = {"item": agenda_item(here.council)} if new == "before_council" else {}
    given |= {"opinion": "Sim"} if new == "opinion_given" else {}
    try:
        move_amendment(actor=getattr(here, name), amendment=amendment, state=new, **given)
        outcome = "moved"
    except NotAllowed:
        outcome = "not allowed"
    except Refused as refusal:
        outcome = refusal.code
    if part is None:
        assert outcome == "wrong_state"
    elif part == "deliberation":
        assert outcome == "needs_deliberation"
    else:
        assert outcome == ("moved" if name in parts[part] else "not allowed")


def also_sits_in(here, person, *bodies):
    for body in bodies:
        MandateFactory(unit=body, person=person)
    return User.objects.get(pk=person.pk)


def test_whoever_wrote_in_an_amendment_neither_weighs_it_nor_brings_it_nor_closes_the_vote(here):
    plan, _first = approved(here)
    colleague = also_sits_in(here, here.colleague, here.coordination)
    amendment = amended(here, plan, title="Outra")
    edit_amendment(actor=colleague, amendment=amendment, version=2, head={"title": "Da colega", "summary": ""})
    move_amendment(actor=here.member, amendment=amendment, state=PlanAmendmentState.SUBMITTED)
    with pytest.raises(NotAllowed):
        give_amendment_opinion(actor=colleague, amendment=amendment, opinion="Muito bem", favourable=True)
    give_amendment_opinion(actor=here.reviewer, amendment=amendment, opinion="Concordamos", favourable=True)
    bring = {"item": agenda_item(here.council), "rule": "simple_majority", "legal_effect": "binding"}
    with pytest.raises(NotAllowed):
        put_amendment_before_council(actor=colleague, amendment=amendment, **bring)
    found = put_amendment_before_council(actor=here.president, amendment=amendment, **bring)
    for person in (here.member, colleague, here.president):
        assert is_author_of(person, found), "wrote it, or proposed it"
    assert not is_author_of(here.councillor, found)
    decide(found)
    assert plan.authors.filter(pk=colleague.pk).exists(), "what they wrote is in the plan now"
    assert refused("DELETE FROM units_planamendment_authors WHERE planamendment_id = %s", amendment.pk)


def test_an_amendment_goes_the_way_of_its_plan_with_an_opinion_before_the_council(here):
    plan, _first = approved(here)
    amendment = amended(here, plan, title="Outra")
    move_amendment(actor=here.member, amendment=amendment, state=PlanAmendmentState.SUBMITTED)
    bring = {"item": agenda_item(here.council), "rule": "simple_majority", "legal_effect": "binding"}
    with pytest.raises(Refused) as refusal:
        put_amendment_before_council(actor=here.president, amendment=amendment, **bring)
    assert refusal.value.code == "wrong_state"
    with pytest.raises(Refused) as refusal:
        give_amendment_opinion(actor=here.reviewer, amendment=amendment, opinion=" ", favourable=True)
    assert refusal.value.code == "opinion"
    amendment = give_amendment_opinion(actor=here.reviewer, amendment=amendment, opinion="Não", favourable=False)
    assert (amendment.opinion_by, amendment.opinion_is_favourable) == (here.reviewer, False)
    opinion = "UPDATE units_planamendment SET opinion_by_id = %s WHERE id = %s"
    assert refused(opinion, here.member.pk, amendment.pk) == "amendment_opinion_is_not_its_authors"
    put_amendment_before_council(actor=here.president, amendment=amendment, **bring)


def test_what_the_plan_serves_stays_readable_when_a_new_edition_comes_into_force(here):
    plan, first = approved(here)
    amendment = amended(here, plan, serves=[told(here.response), told(here.other_response)])
    here.edition.state = "superseded"
    type(here.edition).objects.filter(pk=here.edition.pk).update(state="superseded")
    PlanAmendment.objects.filter(pk=amendment.pk).update(state=PlanAmendmentState.BEFORE_COUNCIL)
    amendment.refresh_from_db()
    decide(deliberation(here, amendment=amendment))
    assert set(first.nodes.all()) == {here.response, here.other_response}
    recompute_progress()
    assert Action.objects.count() == 2

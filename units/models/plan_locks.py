"""How the database locks plans: what was submitted, who decided on it, what was kept of it.

Triggers in PL/pgSQL, beside the constraints that they complete in `plans`, `plan_actions` and `plan_parts`.
"""

import pgtrigger

from refamp.base.sql import refusal

# That a deliberation was closed with a result that holds: passed and, where that was asked, accepted.
HOLDS = """deliberation.state = 'passed'
            AND (deliberation.legal_effect = 'binding' OR deliberation.metropolitan_answer = 'accepted')"""
ANY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
LOCK = "approved_plan_changes_only_by_amendment"


def unless_open(plans: str, free: tuple[str, ...] = ()) -> str:
    """The PL/pgSQL that refuses a change of a plan that was submitted.

    `plans` selects the keys of the plans that the row belongs to, before and after; `free` names the columns that may
    change all the same. The row lock makes a change and the step that locks the plan wait for each other.
    """
    columns = ", ".join(f"'{name}'" for name in free)
    unchanged = f"""
        IF TG_OP = 'UPDATE'
            AND (to_jsonb(NEW) - ARRAY[{columns}]::text[]) = (to_jsonb(OLD) - ARRAY[{columns}]::text[])
        THEN
            RETURN NEW;
        END IF;"""
    # Both parts are written here, in this file.
    return f"""
        {unchanged}
        PERFORM 1 FROM units_actionplan WHERE id IN ({plans}) FOR SHARE;
        IF EXISTS (
            SELECT 1 FROM units_actionplan plan WHERE plan.id IN ({plans}) AND plan.state NOT IN ('draft', 'returned')
            AND NOT EXISTS (
                SELECT 1 FROM units_planamendment amendment
                JOIN units_deliberation deliberation ON deliberation.amendment_id = amendment.id
                LEFT JOIN units_planversion made ON made.amendment_id = amendment.id
                WHERE amendment.plan_id = plan.id AND amendment.state = 'approved' AND made.id IS NULL AND {HOLDS}
            )
        ) THEN
            {refusal(LOCK, "A plan that was submitted changes only by an amendment that was approved.")}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


def lock_of_parts(free: tuple[str, ...] = ()) -> pgtrigger.Trigger:
    """The lock for what belongs to an action."""
    return pgtrigger.Trigger(
        name=LOCK,
        operation=ANY_CHANGE,
        when=pgtrigger.Before,
        func=unless_open("SELECT plan_id FROM units_action WHERE id IN (OLD.action_id, NEW.action_id)", free),
    )


# What the Council alone does: a plan begins as a draft, is approved by a deliberation on it that holds, and from then
# on only goes on. Whoever wrote in it gives no opinion on it.
PLAN_WAY = pgtrigger.Trigger(
    name="plan_is_approved_by_a_deliberation",
    operation=pgtrigger.Insert | pgtrigger.Update,
    when=pgtrigger.Before,
    func=f"""
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> 'draft' THEN
                {refusal("plan_begins_as_a_draft", "A plan begins as a draft.")}
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.opinion_by_id IS DISTINCT FROM OLD.opinion_by_id AND EXISTS (
            SELECT 1 FROM units_actionplan_authors WHERE actionplan_id = NEW.id AND user_id = NEW.opinion_by_id
        ) THEN
            {refusal("plan_opinion_is_not_its_authors", "Whoever wrote in a plan does not give the opinion on it.")}
        END IF;
        IF NEW.state = OLD.state OR (OLD.state, NEW.state) IN (('approved', 'under_way'), ('under_way', 'closed')) THEN
            RETURN NEW;
        END IF;
        IF OLD.state IN ('approved', 'under_way', 'closed') THEN
            {refusal("approved_plan_only_goes_on", "An approved plan is carried out and closed, and never goes back.")}
        END IF;
        IF NEW.state IN ('under_way', 'closed') OR (NEW.state = 'approved' AND NOT EXISTS (
            SELECT 1 FROM units_deliberation deliberation WHERE deliberation.plan_id = NEW.id AND {HOLDS}
        )) THEN
            {refusal("plan_is_approved_by_a_deliberation", "A plan is approved by a deliberation that passed.")}
        END IF;
        RETURN NEW;
    """,
)

# An amendment likewise; and once handed in it says what it said.
AMENDMENT_WAY = pgtrigger.Trigger(
    name="amendment_is_approved_by_a_deliberation",
    operation=pgtrigger.Insert | pgtrigger.Update,
    when=pgtrigger.Before,
    func=f"""
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> 'draft' THEN
                {refusal("amendment_begins_as_a_draft", "An amendment begins as a draft.")}
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.plan_id <> OLD.plan_id OR NEW.number <> OLD.number OR NEW.created_by_id <> OLD.created_by_id THEN
            {refusal("amendment_keeps_its_plan", "An amendment keeps its plan, its number and its author.")}
        END IF;
        IF NEW.opinion_by_id IS DISTINCT FROM OLD.opinion_by_id AND (
            NEW.opinion_by_id = NEW.created_by_id OR EXISTS (
                SELECT 1 FROM units_planamendment_authors
                WHERE planamendment_id = NEW.id AND user_id = NEW.opinion_by_id
            )
        ) THEN
            {refusal("amendment_opinion_is_not_its_authors", "Who wrote an amendment does not weigh it.")}
        END IF;
        IF OLD.state <> 'draft' AND (NEW.content <> OLD.content OR NEW.reason <> OLD.reason) THEN
            {refusal("submitted_amendment_is_locked", "An amendment that was submitted is not written in.")}
        END IF;
        IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
            SELECT 1 FROM units_deliberation deliberation WHERE deliberation.amendment_id = NEW.id AND {HOLDS}
        ) THEN
            {refusal("amendment_is_approved_by_a_deliberation", "A deliberation that passed approves an amendment.")}
        END IF;
        RETURN NEW;
    """,
)

# A version is what the deliberation on its plan, or on its amendment, approved: the next number, its own digest.
VERSION_IS_DECIDED = pgtrigger.Trigger(
    name="version_is_what_was_decided",
    operation=pgtrigger.Insert,
    when=pgtrigger.Before,
    func=f"""
        IF NEW.sha256 <> encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex') THEN
            {refusal("version_has_its_digest", "The digest is not that of the content.")}
        END IF;
        IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM units_planversion WHERE plan_id = NEW.plan_id)
            OR (NEW.number = 1) <> (NEW.amendment_id IS NULL)
            OR NOT EXISTS (
                SELECT 1 FROM units_deliberation deliberation
                LEFT JOIN units_planamendment amendment ON amendment.id = deliberation.amendment_id
                WHERE deliberation.id = NEW.deliberation_id AND {HOLDS}
                AND deliberation.amendment_id IS NOT DISTINCT FROM NEW.amendment_id
                AND coalesce(amendment.plan_id, deliberation.plan_id) = NEW.plan_id
            )
        THEN
            {refusal("version_is_what_was_decided", "A version comes from the deliberation that approved it.")}
        END IF;
        RETURN NEW;
    """,
)

# Who wrote in a plan is what keeps authors from weighing it: none is taken off, save with a draft never handed in.
AUTHORS_STAY = pgtrigger.Trigger(
    name="authors_of_a_plan_stay",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func=f"""
        IF TG_OP = 'DELETE' AND EXISTS (
            SELECT 1 FROM units_actionplan WHERE id = OLD.actionplan_id AND state = 'draft' AND submitted_at IS NULL
        ) THEN
            RETURN OLD;
        END IF;
        {refusal("authors_of_a_plan_stay", "Who wrote in a plan stays on record.")}
    """,
)

"""Triggers that several tables of meetings share."""

import pgtrigger

from refamp.base.sql import refusal

# A table is emptied by statement, not row by row: what keeps rows does not meet it.
NEVER_EMPTIED = pgtrigger.Trigger(
    name="never_emptied",
    level=pgtrigger.Statement,
    when=pgtrigger.Before,
    operation=pgtrigger.Truncate,
    func="RAISE EXCEPTION 'What meetings leave behind is kept: % cannot be emptied.', TG_TABLE_NAME;",
)
ANY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def changed(*fields: str) -> pgtrigger.Q:
    """One of these is not what it was."""
    found = pgtrigger.Q()
    for field in fields:
        found |= pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")})
    return found


def kept_with_meeting(name: str, message: str, *free: str) -> pgtrigger.Trigger:
    """What belongs to a meeting stays as it is once that was held or cancelled, but for these columns."""
    left = "".join(f" - '{column}'" for column in free)
    unless = f"TG_OP <> 'UPDATE' OR to_jsonb(OLD){left} <> to_jsonb(NEW){left}" if free else "TRUE"
    return pgtrigger.Trigger(
        name=name,
        operation=ANY_CHANGE,
        when=pgtrigger.Before,
        func=f"""
            IF ({unless}) AND EXISTS (
                SELECT 1 FROM units_meeting
                WHERE id IN (OLD.meeting_id, NEW.meeting_id) AND state IN ('closed', 'cancelled')
            ) THEN
                {refusal(name, message)}
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )

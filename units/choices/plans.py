"""Plans, amendments and actions."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PlanState(TextChoices):
    DRAFT = "draft", pgettext_lazy("plan", "draft")
    SUBMITTED = "submitted", _("submitted")
    OPINION_GIVEN = "opinion_given", _("with opinion")
    BEFORE_COUNCIL = "before_council", _("before the Council")
    AWAITING_METROPOLITAN = "awaiting_metropolitan", _("awaiting the Metropolitan Council")
    RETURNED = "returned", _("returned")
    APPROVED = "approved", _("approved")
    UNDER_WAY = "under_way", _("under way")
    CLOSED = "closed", pgettext_lazy("plan", "closed")


# "unit": somebody with a mandate in force in the plan's unit; "reviewer": the coordination unit by mandate (the
# strategic units, where the plan is its own), never an author; "deliberation": inside the closing transaction.
PLAN_MOVES = {
    PlanState.DRAFT: {PlanState.SUBMITTED: "unit"},
    PlanState.SUBMITTED: {PlanState.OPINION_GIVEN: "reviewer", PlanState.RETURNED: "reviewer", PlanState.DRAFT: "unit"},
    PlanState.OPINION_GIVEN: {PlanState.BEFORE_COUNCIL: "secretariat"},
    PlanState.BEFORE_COUNCIL: {
        PlanState.APPROVED: "deliberation",
        PlanState.RETURNED: "deliberation",
        PlanState.AWAITING_METROPOLITAN: "deliberation",
        PlanState.OPINION_GIVEN: "deliberation",
    },
    PlanState.AWAITING_METROPOLITAN: {PlanState.APPROVED: "deliberation", PlanState.RETURNED: "deliberation"},
    PlanState.RETURNED: {PlanState.DRAFT: "unit"},
    PlanState.APPROVED: {PlanState.UNDER_WAY: "unit"},
    PlanState.UNDER_WAY: {PlanState.CLOSED: "unit"},
}


EDITABLE_PLAN = {PlanState.DRAFT}


APPROVED_PLAN = {PlanState.APPROVED, PlanState.UNDER_WAY, PlanState.CLOSED}


class PlanAmendmentState(TextChoices):
    DRAFT = "draft", pgettext_lazy("plan", "draft")
    SUBMITTED = "submitted", _("submitted")
    OPINION_GIVEN = "opinion_given", _("with opinion")
    BEFORE_COUNCIL = "before_council", _("before the Council")
    AWAITING_METROPOLITAN = "awaiting_metropolitan", _("awaiting the Metropolitan Council")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


# As for plans.
AMENDMENT_MOVES = {
    PlanAmendmentState.DRAFT: {PlanAmendmentState.SUBMITTED: "unit"},
    PlanAmendmentState.SUBMITTED: {PlanAmendmentState.OPINION_GIVEN: "reviewer", PlanAmendmentState.DRAFT: "unit"},
    PlanAmendmentState.OPINION_GIVEN: {PlanAmendmentState.BEFORE_COUNCIL: "secretariat"},
    PlanAmendmentState.BEFORE_COUNCIL: {
        PlanAmendmentState.APPROVED: "deliberation",
        PlanAmendmentState.REJECTED: "deliberation",
        PlanAmendmentState.AWAITING_METROPOLITAN: "deliberation",
        PlanAmendmentState.OPINION_GIVEN: "deliberation",
    },
    PlanAmendmentState.AWAITING_METROPOLITAN: {
        PlanAmendmentState.APPROVED: "deliberation",
        PlanAmendmentState.REJECTED: "deliberation",
    },
}


DECIDED_AMENDMENT = [PlanAmendmentState.APPROVED, PlanAmendmentState.REJECTED]


class ActionScope(TextChoices):
    INTERMUNICIPAL = "intermunicipal", _("intermunicipal")
    SUPRAMUNICIPAL = "supramunicipal", _("supramunicipal")


class ActionState(TextChoices):
    """What people set; status (on time, late) is derived from it and from the milestones."""

    PLANNED = "planned", _("planned")
    UNDER_WAY = "under_way", _("under way")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    MERGED = "merged", _("merged into another")
    CARRIED_OVER = "carried_over", _("carried over to the next plan")


ACTION_MOVES = {
    ActionState.PLANNED: {
        ActionState.UNDER_WAY: "unit",
        ActionState.CANCELLED: "unit",
        ActionState.MERGED: "unit",
        ActionState.CARRIED_OVER: "unit",
    },
    ActionState.UNDER_WAY: {
        ActionState.DONE: "unit",
        ActionState.CANCELLED: "unit",
        ActionState.MERGED: "unit",
        ActionState.CARRIED_OVER: "unit",
    },
    ActionState.DONE: {ActionState.UNDER_WAY: "unit"},
    # The copy was taken out of the next plan while that was a draft.
    ActionState.CARRIED_OVER: {ActionState.UNDER_WAY: "unit"},
}


# No longer run where they stand.
STOPPED_ACTION = {ActionState.CANCELLED, ActionState.MERGED, ActionState.CARRIED_OVER}


# Left out of the roll-ups.
UNCOUNTED_ACTION = {ActionState.CANCELLED, ActionState.MERGED}


class ActionStatus(TextChoices):
    NOT_STARTED = "not_started", _("not started")
    ON_TIME = "on_time", _("on time")
    LATE = "late", _("late")
    REGRESSED = "regressed", _("going back")
    COMPLETED = "completed", _("completed")
    STOPPED = "stopped", _("cancelled, merged or carried over")


class BudgetSource(TextChoices):
    MUNICIPAL = "municipal", _("municipalities")
    METROPOLITAN = "metropolitan", _("Metropolitan Area")
    NATIONAL = "national", _("national programme")
    EUROPEAN = "european", _("European programme")
    PRIVATE = "private", _("private")
    UNFUNDED = "unfunded", _("not yet funded")


class Level(TextChoices):
    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")


# What the record calls what happens to plans.
PLAN_EVENTS = {
    "plan.drafted": _("plan drafted"),
    "plan.edited": _("plan changed"),
    "plan.written": _("plan written from a file"),
    "plan.removed": _("plan removed"),
    "plan.draft": _("plan taken back"),
    "plan.submitted": _("plan submitted"),
    "plan.opinion_given": _("opinion given on a plan"),
    "plan.returned": _("plan returned"),
    "plan.before_council": _("plan put before the Council"),
    "plan.awaiting_metropolitan": _("plan awaiting the Metropolitan Council"),
    "plan.approved": _("plan approved"),
    "plan.under_way": _("plan begun"),
    "plan.closed": _("plan closed"),
    "plan.amended": _("plan amended"),
    "amendment.drafted": _("amendment begun"),
    "amendment.edited": _("amendment changed"),
    "amendment.draft": _("amendment taken back"),
    "amendment.submitted": _("amendment submitted"),
    "amendment.opinion_given": _("opinion given on an amendment"),
    "amendment.before_council": _("amendment put before the Council"),
    "amendment.awaiting_metropolitan": _("amendment awaiting the Metropolitan Council"),
    "amendment.approved": _("amendment approved"),
    "amendment.rejected": _("amendment rejected"),
    "action.added": _("action added"),
    "action.edited": _("action changed"),
    "action.removed": _("action removed"),
    "action.under_way": _("action begun"),
    "action.done": _("action finished"),
    "action.cancelled": _("action cancelled"),
    "action.merged": _("action merged"),
    "action.carry_over_proposed": _("carry-over proposed"),
    "action.carried_over": _("action carried over"),
    "action.carry_over_undone": _("carry-over undone"),
    "action.status_overridden": _("status overridden"),
    "action.override_withdrawn": _("override withdrawn"),
    "milestone.reported": _("progress reported"),
    "programme.added": _("programme added"),
    "programme.edited": _("programme changed"),
}


# What the fields of a plan's content are called.
CONTENT_LABELS = {
    "title": _("Title"),
    "summary": _("Summary"),
    "code": _("Code"),
    "description": _("Description"),
    "scope": _("Scope"),
    "serves": _("Serves"),
    "municipalities": _("Municipalities"),
    "lead": _("Led by"),
    "partners": _("Partners"),
    "programme": _("Programme"),
    "target_group": _("Target group"),
    "people_expected": _("People to be reached"),
    "starts_on": _("From"),
    "ends_on": _("Until"),
    "weight": _("Weight"),
    "carried_from": _("Carried over"),
    "milestones": _("Milestones"),
    "budget": _("Budget"),
    "risks": _("Risks"),
}

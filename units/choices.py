"""The words of governance: bodies, meetings, votes, plans. Every state moves through one table here."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    STRATEGIC = "strategic", _("strategic unit")
    COORDINATION = "coordination", _("coordination unit")
    COUNCIL = "council", _("Council of Councillors")
    TECHNICAL_TEAM = "technical_team", _("supramunicipal technical team")


class UnitState(TextChoices):
    PROPOSED = "proposed", _("proposed")
    CONSTITUTED = "constituted", _("constituted")
    DISSOLVED = "dissolved", _("dissolved")


# from → to → who. "deliberation": only inside the transaction that closes one; the first Council and coordination unit
# are constituted by the act that named them, at the founding set-up.
UNIT_MOVES = {
    UnitState.PROPOSED: {UnitState.CONSTITUTED: "deliberation"},
    UnitState.CONSTITUTED: {UnitState.DISSOLVED: "deliberation"},
}


class Position(TextChoices):
    PRESIDENT = "president", _("president")
    VICE_PRESIDENT = "vice_president", _("vice-president")
    COORDINATOR = "coordinator", _("coordinator")
    SECRETARY = "secretary", _("secretary")
    MEMBER = "member", _("member")
    SUBSTITUTE = "substitute", _("substitute")


class EndReason(TextChoices):
    TERM = "term", _("end of term")
    ELECTION = "election", _("local election")
    RESIGNATION = "resignation", _("resignation")
    REPLACED = "replaced", _("replaced")
    DISSOLVED = "dissolved", _("the unit was dissolved")


class SecondCallQuorum(TextChoices):
    """The share of the seats that must be present when a meeting is called a second time."""

    HALF = "half", _("more than half of the seats")
    THIRD = "third", _("a third of the seats")


class PartnerKind(TextChoices):
    SUPRAMUNICIPAL_PLATFORM = "supramunicipal_platform", _("supramunicipal platform")
    SOCIAL_SECURITY = "social_security", _("social security")
    REGIONAL_COMMISSION = "regional_commission", _("regional commission")
    HIGHER_EDUCATION = "higher_education", _("higher education and R&D")
    PUBLIC_BODY = "public_body", _("public body of the area")
    PRIVATE_BODY = "private_body", _("private body of the area")
    PROJECT_PARTNER = "project_partner", _("partner of a running project")


class PartnerRole(TextChoices):
    DISSEMINATION = "dissemination", _("dissemination and social visibility")
    JOINT_DESIGN = "joint_design", _("joint design of innovative projects")
    MONITORING_EVALUATION = "monitoring_evaluation", _("monitoring and evaluation")


class MeetingState(TextChoices):
    DRAFT = "draft", _("in preparation")
    CONVENED = "convened", _("convened")
    IN_SESSION = "in_session", _("in session")
    CLOSED = "closed", _("closed")
    CANCELLED = "cancelled", _("cancelled")


# "chair": president, vice-president or coordinator of the unit in force; "secretariat": those, its secretary, or the
# coordination unit.
MEETING_MOVES = {
    MeetingState.DRAFT: {MeetingState.CONVENED: "secretariat", MeetingState.CANCELLED: "secretariat"},
    MeetingState.CONVENED: {MeetingState.IN_SESSION: "chair", MeetingState.CANCELLED: "secretariat"},
    MeetingState.IN_SESSION: {MeetingState.CLOSED: "chair"},
}


class Presence(TextChoices):
    IN_PERSON = "in_person", _("in person")
    REMOTE = "remote", _("remotely")
    EXCUSED = "excused", _("excused")
    ABSENT = "absent", _("absent")


PRESENT = {Presence.IN_PERSON, Presence.REMOTE}


# What a meeting's document may be, by the extension that its content gives it.
DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "png": "image/png",
    "jpg": "image/jpeg",
}


class MeetingFileKind(TextChoices):
    DOSSIER = "dossier", _("dossier with its documents")
    SHEETS = "sheets", _("dossier without its documents")
    ADDENDUM = "addendum", _("late addenda")


class ItemKind(TextChoices):
    INFORMATION = "information", _("for information")
    DISCUSSION = "discussion", _("for discussion")
    DECISION = "decision", _("for decision")


class MinutesState(TextChoices):
    DRAFT = "draft", _("draft")
    UNDER_AMENDMENT = "under_amendment", _("open to amendments")
    APPROVED = "approved", _("approved")
    PUBLISHED = "published", _("published")


# "attendees": approval is theirs, recorded by the secretariat, never by the author alone.
MINUTES_MOVES = {
    MinutesState.DRAFT: {MinutesState.UNDER_AMENDMENT: "secretariat"},
    MinutesState.UNDER_AMENDMENT: {MinutesState.DRAFT: "secretariat", MinutesState.APPROVED: "chair"},
    MinutesState.APPROVED: {MinutesState.PUBLISHED: "secretariat"},
}


class AmendmentState(TextChoices):
    PROPOSED = "proposed", _("proposed")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")


class DecisionRule(TextChoices):
    CONSENSUS = "consensus", _("consensus of all seats")
    SIMPLE_MAJORITY = "simple_majority", _("simple majority")
    TWO_THIRDS_CAST = "two_thirds_cast", _("two thirds of the votes cast")
    TWO_THIRDS_ALL = "two_thirds_all", _("two thirds of all seats")


class LegalEffect(TextChoices):
    BINDING = "binding", _("binding here")
    PROPOSAL = "proposal", _("proposal to the Metropolitan Council")
    OPINION = "opinion", _("opinion")


class VoteValue(TextChoices):
    FOR = "for", _("for")
    AGAINST = "against", _("against")
    ABSTAIN = "abstain", _("abstention")
    ABSENT = "absent", _("absent")


class DeliberationState(TextChoices):
    DRAFT = "draft", _("on the agenda")
    VOTING = "voting", _("being voted")
    PASSED = "passed", _("passed")
    FAILED = "failed", _("failed")
    NO_QUORUM = "no_quorum", _("no quorum")
    WITHDRAWN = "withdrawn", _("withdrawn")


DELIBERATION_MOVES = {
    DeliberationState.DRAFT: {DeliberationState.VOTING: "chair", DeliberationState.WITHDRAWN: "secretariat"},
    DeliberationState.VOTING: {
        DeliberationState.PASSED: "chair",
        DeliberationState.FAILED: "chair",
        DeliberationState.NO_QUORUM: "chair",
        DeliberationState.WITHDRAWN: "chair",
    },
}
CLOSED_DELIBERATION = {DeliberationState.PASSED, DeliberationState.FAILED, DeliberationState.NO_QUORUM}


class MetropolitanAnswer(TextChoices):
    """What the Metropolitan Council said of a proposal; empty where it is not asked."""

    AWAITED = "awaited", _("awaiting the Metropolitan Council")
    ACCEPTED = "accepted", _("accepted by the Metropolitan Council")
    REJECTED = "rejected", _("rejected by the Metropolitan Council")


class OutcomeReason(TextChoices):
    """Why a vote ended as it did."""

    REACHED = "reached", _("the rule is met")
    CASTING_FOR = "casting_for", _("a tie, decided in favour by the casting vote")
    CASTING_AGAINST = "casting_against", _("a tie, decided against by the casting vote")
    TIE = "tie", _("a tie does not pass")
    NOBODY_TOOK_SIDES = "nobody_took_sides", _("nobody voted for or against")
    NOT_REACHED = "not_reached", _("the votes in favour are too few for the rule")
    NO_QUORUM = "no_quorum", _("too few were present to decide")


class SubjectKind(TextChoices):
    """What a deliberation decides on. Higher rooms register a handler for theirs."""

    TEXT = "text", _("a text")
    FRAMEWORK = "framework", _("an edition of the referential")
    COMPOSITION = "composition", _("the composition of a unit")
    PLAN = "plan", _("an annual plan")
    AMENDMENT = "amendment", _("an amendment to a plan")
    OTHER_ROOM = "other_room", _("a matter of another room")


class Stance(TextChoices):
    IN_FAVOUR = "in_favour", _("in favour")
    WITH_CHANGES = "with_changes", _("in favour, with changes")
    AGAINST = "against", _("against")
    UNDECIDED = "undecided", _("undecided")


class FollowUpState(TextChoices):
    OPEN = "open", _("to do")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


FOLLOW_UP_MOVES = {
    FollowUpState.OPEN: {FollowUpState.DONE: "owner", FollowUpState.DROPPED: "secretariat"},
    FollowUpState.DONE: {FollowUpState.OPEN: "secretariat"},
}


class PlanState(TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    OPINION_GIVEN = "opinion_given", _("with opinion")
    BEFORE_COUNCIL = "before_council", _("before the Council")
    AWAITING_METROPOLITAN = "awaiting_metropolitan", _("awaiting the Metropolitan Council")
    RETURNED = "returned", _("returned")
    APPROVED = "approved", _("approved")
    UNDER_WAY = "under_way", _("under way")
    CLOSED = "closed", _("closed")


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
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    BEFORE_COUNCIL = "before_council", _("before the Council")
    AWAITING_METROPOLITAN = "awaiting_metropolitan", _("awaiting the Metropolitan Council")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


# As for plans; the opinion is the Council's own debate.
AMENDMENT_MOVES = {
    PlanAmendmentState.DRAFT: {PlanAmendmentState.SUBMITTED: "unit"},
    PlanAmendmentState.SUBMITTED: {PlanAmendmentState.BEFORE_COUNCIL: "secretariat", PlanAmendmentState.DRAFT: "unit"},
    PlanAmendmentState.BEFORE_COUNCIL: {
        PlanAmendmentState.APPROVED: "deliberation",
        PlanAmendmentState.REJECTED: "deliberation",
        PlanAmendmentState.AWAITING_METROPOLITAN: "deliberation",
        PlanAmendmentState.SUBMITTED: "deliberation",
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


# What the record calls what happens to bodies.
BODY_EVENTS = {
    "unit.founded": _("founded"),
    "unit.proposed": _("proposed"),
    "unit.changed": _("facts or rules changed"),
    "unit.constituted": _("constituted"),
    "mandate.begun": _("mandate begun"),
    "mandate.ended": _("mandate ended"),
    "mandate.undone": _("mandate taken back"),
    "mandate.reopened": _("mandate in force again"),
    "council.elected": _("Council changed by election"),
    "composition.proposed": _("composition proposed"),
    "composition.changed": _("proposal changed"),
    "composition.before_council": _("put before the Council"),
    "composition.agreed": _("composition agreed"),
    "composition.not_agreed": _("composition not agreed"),
    "partner.added": _("partner entered"),
    "partner.changed": _("partner changed"),
    "partner.removed": _("partner taken back"),
    "partnership.begun": _("partnership begun"),
    "partnership.ended": _("partnership ended"),
}

# What the record calls what happens to deliberations.
VOTE_EVENTS = {
    "deliberation.proposed": _("deliberation proposed"),
    "deliberation.withdrawn": _("deliberation withdrawn"),
    "deliberation.opened": _("voting opened"),
    "deliberation.passed": _("deliberation passed"),
    "deliberation.failed": _("deliberation failed"),
    "deliberation.no_quorum": _("no quorum"),
    "deliberation.answered": _("answer of the Metropolitan Council"),
    "vote.cast": _("vote cast"),
    "vote.changed": _("vote changed"),
    "position.recorded": _("position recorded"),
    "position.changed": _("position changed"),
    "follow_up.added": _("follow-up task added"),
    "follow_up.changed": _("follow-up task changed"),
    "follow_up.done": _("follow-up task done"),
    "follow_up.dropped": _("follow-up task dropped"),
    "follow_up.open": _("follow-up task taken up again"),
}


# What the record calls what happens to meetings.
MEETING_EVENTS = {
    "meeting.prepared": _("meeting prepared"),
    "meeting.changed": _("facts changed"),
    "meeting.convened": _("convened"),
    "meeting.invited_again": _("invitation corrected"),
    "meeting.second_call": _("called a second time"),
    "meeting.cancelled": _("cancelled"),
    "meeting.opened": _("opened"),
    "meeting.closed": _("closed"),
    "meeting.item_added": _("point added"),
    "meeting.item_changed": _("point changed"),
    "meeting.item_moved": _("point moved"),
    "meeting.item_removed": _("point taken out"),
    "meeting.document_added": _("document added"),
    "meeting.document_withdrawn": _("document withdrawn"),
    "meeting.attendance": _("attendance recorded"),
    "minutes.drafted": _("minutes drafted"),
    "minutes.changed": _("minutes changed"),
    "minutes.under_amendment": _("minutes open to amendments"),
    "minutes.draft": _("minutes taken back to draft"),
    "minutes.amendment_proposed": _("amendment to the minutes proposed"),
    "minutes.amendment_answered": _("amendment to the minutes answered"),
    "minutes.approved": _("minutes approved"),
    "minutes.published": _("minutes published"),
    "calendar.address_made": _("calendar address made"),
    "calendar.address_revoked": _("calendar address revoked"),
}


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
    "action.carried_over": _("action carried over"),
    "action.carry_over_undone": _("carry-over undone"),
    "action.status_overridden": _("status overridden"),
    "action.override_withdrawn": _("override withdrawn"),
    "milestone.reported": _("progress reported"),
    "programme.added": _("programme added"),
    "programme.edited": _("programme changed"),
}

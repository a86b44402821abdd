"""The tables of the room: bodies, mandates, compositions; partners; meetings; deliberations; plans."""

from units.models.bodies import BodyRule, Unit
from units.models.calendars import CalendarFeed
from units.models.compositions import Composition, CompositionSeat
from units.models.deliberations import (
    Deliberation,
    FollowUp,
    MunicipalPosition,
    RegisterNumber,
    SecretBallot,
    Vote,
)
from units.models.mandates import Mandate
from units.models.meetings import AgendaItem, Attendance, Meeting
from units.models.minutes import Minutes, MinutesAmendment, MinutesWriter
from units.models.papers import MeetingDocument, MeetingFile
from units.models.partners import Partner, Partnership
from units.models.plan_actions import Action, ActionNode, ActionPartner, ActionPlace
from units.models.plan_parts import BudgetLine, Milestone, Risk
from units.models.plan_progress import Progress, StatusOverride
from units.models.plans import ActionPlan, PlanAmendment, PlanAmendmentAuthor, PlanAuthor, PlanVersion, Programme

__all__ = [
    "Action",
    "ActionNode",
    "ActionPartner",
    "ActionPlace",
    "ActionPlan",
    "AgendaItem",
    "Attendance",
    "BodyRule",
    "BudgetLine",
    "CalendarFeed",
    "Composition",
    "CompositionSeat",
    "Deliberation",
    "FollowUp",
    "Mandate",
    "Meeting",
    "MeetingDocument",
    "MeetingFile",
    "Milestone",
    "Minutes",
    "MinutesAmendment",
    "MinutesWriter",
    "MunicipalPosition",
    "Partner",
    "Partnership",
    "PlanAmendment",
    "PlanAmendmentAuthor",
    "PlanAuthor",
    "PlanVersion",
    "Programme",
    "Progress",
    "RegisterNumber",
    "Risk",
    "SecretBallot",
    "StatusOverride",
    "Unit",
    "Vote",
]

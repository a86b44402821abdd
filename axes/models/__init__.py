"""The tables of the room: editions and nodes; consultations; coding of free text; what the worker computes."""

from axes.models.coding import CodeAssignment, FreeText
from axes.models.consultation import (
    Consultation,
    Invitee,
    Mention,
    Phase,
    PublishedFigure,
    Quota,
    Respondent,
    Topic,
)
from axes.models.framework import (
    ActionLine,
    FocusHeading,
    Framework,
    Node,
    OperationalResponse,
    PriorityAxis,
    ProblemArea,
    StrategicAction,
    StructuringIdea,
)
from axes.models.local_plans import LocalPlan, LocalPlanPriority
from axes.models.references import CrossReference, Erratum
from axes.models.results import Release, ReleasedResult, Representativeness, Tally

__all__ = [
    "ActionLine",
    "CodeAssignment",
    "Consultation",
    "CrossReference",
    "Erratum",
    "FocusHeading",
    "Framework",
    "FreeText",
    "Invitee",
    "LocalPlan",
    "LocalPlanPriority",
    "Mention",
    "Node",
    "OperationalResponse",
    "Phase",
    "PriorityAxis",
    "ProblemArea",
    "PublishedFigure",
    "Quota",
    "Release",
    "ReleasedResult",
    "Representativeness",
    "Respondent",
    "StrategicAction",
    "StructuringIdea",
    "Tally",
    "Topic",
]

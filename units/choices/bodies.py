"""Bodies, positions and partners."""

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
    UnitState.PROPOSED: {UnitState.CONSTITUTED: "deliberation", UnitState.DISSOLVED: "deliberation"},
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
    PARTNER_LEFT = "partner_left", _("the partner left")
    UNDONE = "undone", _("entered by mistake and taken back")


class SecondCallQuorum(TextChoices):
    """The share of the seats that must be present when a meeting is called a second time."""

    HALF = "half", _("more than half of the seats")
    THIRD = "third", _("a third of the seats")


class NoticeUnit(TextChoices):
    """How the days of a notice are counted."""

    HOURS = "hours", _("in hours: each day is 24 hours")
    WORKING_DAYS = "working_days", _("in whole working days, national holidays left out")


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


# What the record calls what happens to bodies.
BODY_EVENTS = {
    "unit.founded": _("founded"),
    "unit.proposed": _("proposed"),
    "unit.changed": _("facts or rules changed"),
    "unit.constituted": _("constituted"),
    "unit.before_council": _("its end put before the Council"),
    "unit.dissolved": _("dissolved"),
    "mandate.begun": _("mandate begun"),
    "mandate.ended": _("mandate ended"),
    "mandate.position": _("position given"),
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

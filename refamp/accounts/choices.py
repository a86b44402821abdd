"""Roles and what a token may do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    TECHNICIAN = "technician", _("municipal technician")
    UNIT_MEMBER = "unit_member", _("member of a unit")
    COORDINATION = "coordination", _("coordination unit")
    COUNCILLOR = "councillor", _("councillor")
    EVALUATOR = "evaluator", _("external evaluator")
    PARTNER = "partner", _("partner")
    LOCAL_NETWORK = "local_network", _("local social network")
    AUDITOR = "auditor", _("auditor")


ROLES_OF_A_MUNICIPALITY = {Role.TECHNICIAN, Role.COUNCILLOR, Role.LOCAL_NETWORK}


class DigestPace(TextChoices):
    """How often somebody is written to about what is theirs; nobody ever gets an empty message."""

    DAILY = "daily", _("on days with something new, and on Mondays while something waits")
    WEEKLY = "weekly", _("once a week, while something waits")
    NEVER = "never", _("never")


# Whoever holds one of these owes a second factor.
ROLES_WITH_SECOND_FACTOR = {Role.COORDINATION, Role.AUDITOR}


class Scope(TextChoices):
    READ = "read", pgettext_lazy("permission", "read")
    WRITE_AXES = "write:axes", _("write in the referential and the consultations")
    WRITE_UNITS = "write:units", _("write in units and plans")


# What makes a token write in a room is `write:<room>`; reading what is not public needs `read`.
LONGEST_TOKEN_DAYS = 366
INVITATION_DAYS = 14


# What the audit record calls the changes of this room.
ACCOUNT_EVENTS = {
    "account.created": _("Account made"),
    "account.details_changed": _("Account changed"),
    "account.deactivated": _("Account closed"),
    "account.reactivated": _("Account opened again"),
    "account.role_granted": _("Role given"),
    "account.role_ended": _("Role ended"),
    "account.second_factor_added": _("Second factor set up"),
    "account.second_factor_reset": _("Second factor reset"),
    "account.erasure_asked": _("Erasure asked for"),
    "account.erased": _("Personal data erased"),
    "invitation.sent": _("Invitation sent"),
    "invitation.sent_again": _("Invitation sent again"),
    "invitation.withdrawn": _("Invitation withdrawn"),
    "invitation.accepted": _("Invitation accepted"),
    "token.made": _("API token made"),
    "token.revoked": _("API token revoked"),
}

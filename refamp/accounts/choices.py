"""Roles and what a token may do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


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

# Whoever holds one of these owes a second factor.
ROLES_WITH_SECOND_FACTOR = {Role.COORDINATION, Role.AUDITOR}


class Scope(TextChoices):
    READ = "read", _("read")
    WRITE_AXES = "write:axes", _("write in the referential and the consultations")


# What makes a token write in a room is `write:<room>`; reading what is not public needs `read`.
LONGEST_TOKEN_DAYS = 366
INVITATION_DAYS = 14

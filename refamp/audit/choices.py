"""Words of the record."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Finding(TextChoices):
    """What is wrong with the record, when something is."""

    CHANGED = "changed", _("the event is not what was sealed")
    MISSING = "missing", _("a sealed event is gone")
    BROKEN = "broken", _("the chain is broken before this seal")
    UNSEALED = "unsealed", _("the event should have been sealed long ago")
    CUT = "cut", _("the expected end of the chain is not in it")


# What the record holds instead of a personal value.
CHANGED = "changed"

# What `before` and `after` hold under a name that no field of the object's room bears.
KEY_NAMES: dict[str, str | Promise] = {
    "account": _("account"),
    "action": _("action"),
    "address": _("address"),
    "addresses": _("addresses"),
    "answers": _("answers"),
    "axis": _("axis"),
    "document": _("document"),
    "file": _("file"),
    "from": _("from"),
    "id": _("identifier"),
    "impact": _("impact"),
    "into": _("into"),
    "invited": _("invited"),
    "late": _("added after the notice"),
    "likelihood": _("likelihood"),
    "milestone": _("milestone"),
    "municipality_code": _("code of the municipality"),
    "needed": _("needed"),
    "on": _("on"),
    "point": _("item"),
    "published": _("published"),
    "rules": _("rules"),
    "second_factor": _("second factor"),
    "serves": _("serves"),
    "status": _("status"),
    "under": _("under"),
    "until": _("until"),
    "why": _("why"),
}

# Each room names its own actions when it starts: {"consultation.opened": "Consultation opened"}.
ACTION_NAMES: dict[str, str | Promise] = {}


def name_of(action: str) -> str:
    """The action in words, or its code where no room has named it."""
    return str(ACTION_NAMES.get(action, action))

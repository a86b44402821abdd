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


# Each room names its own actions when it starts: {"consultation.opened": "Consultation opened"}.
ACTION_NAMES: dict[str, str | Promise] = {}


def name_of(action: str) -> str:
    """The action in words, or its code where no room has named it."""
    return str(ACTION_NAMES.get(action, action))

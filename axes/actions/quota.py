"""The quota plan: how many answers are expected of whom."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.actions.holding import grown, locked
from axes.choices import Group
from axes.models import Consultation, Quota
from refamp.audit.actions import record
from refamp.base.errors import Refused
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from refamp.accounts.models import User


@transaction.atomic
def set_quota(
    *, actor: "User", consultation: Consultation, version: int, cells: Mapping[tuple[Municipality, Group], int | None]
) -> Consultation:
    """Write the whole quota plan: (municipality, group) → expected answers; None takes the cell out of the plan."""
    consultation = locked(actor, consultation, version)
    old = {(quota.municipality_id, quota.group): quota for quota in consultation.quotas.all()}
    names = {municipality.pk: municipality for municipality, _group in cells}
    new = {(municipality.pk, str(group)): expected for (municipality, group), expected in cells.items()}
    asked = set(consultation.target_groups or Group.values)  # none named: all
    if any(group not in asked for (_place, group), expected in new.items() if expected is not None):
        raise Refused(_("This group is not one of the target groups."), code="not_a_target")
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for (place, group), expected in new.items():
        known = old.get((place, group))
        if (known and known.expected) == expected:
            continue
        label = f"{names[place].name} · {group}"
        before[label], after[label] = known and known.expected, expected
        if expected is None:
            Quota.objects.filter(consultation=consultation, municipality=place, group=group).delete()
        else:
            Quota.objects.update_or_create(
                consultation=consultation, municipality_id=place, group=group, defaults={"expected": expected}
            )
    if not after:
        return consultation
    record(actor=actor, action="consultation.quota_set", obj=consultation, before=before, after=after)
    return grown(consultation)

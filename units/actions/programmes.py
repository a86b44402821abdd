"""Programmes of several years, by the members of their unit."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from units.models import Programme, Unit
from units.queries.bodies import mandates_of
from units.rules import writes_plan


@transaction.atomic
def save_programme(
    *,
    actor: User,
    unit: Unit,
    code: str,
    name: str,
    purpose: str,
    starts_on: date,
    ends_on: date,
    programme: Programme | None = None,
    version: int | None = None,
) -> Programme:
    """Add or change a programme of several years, by a member of its unit."""
    held = mandates_of(actor)
    if not writes_plan(held, unit.pk) or (programme is not None and not writes_plan(held, programme.unit_id)):
        raise NotAllowed
    if ends_on <= starts_on:
        raise Refused(_("The last day cannot come before the first."), code="dates", field="ends_on")
    found = Programme.objects.select_for_update().get(pk=programme.pk) if programme else Programme()
    if programme and version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    if Programme.objects.filter(code=code).exclude(pk=found.pk).exists():
        raise Refused(_("There is already a programme with this code."), code="taken", field="code")
    new = {
        "unit": unit,
        "code": code,
        "name": name,
        "purpose": purpose,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    before = {field: getattr(found, field) for field in new if programme and getattr(found, field) != new[field]}
    if programme and not before:
        return found
    for field, value in new.items():
        setattr(found, field, value)
    if programme:
        found.version += 1
    found.save()
    record(
        actor=actor,
        action="programme.edited" if programme else "programme.added",
        obj=found,
        before=before or None,
        after={field: new[field] for field in (before or new)},
    )
    return found

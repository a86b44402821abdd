"""Partners, and with which unit they work in which role."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.base.sql import Fold
from refamp.base.text import fold
from refamp.territory.models import Municipality
from units.actions.mandates import ONE_DAY, check_no_meeting, check_unused, close, locked_unit
from units.choices import EndReason, PartnerKind, PartnerRole, UnitState
from units.models import Mandate, Partner, Partnership, Unit
from units.queries.bodies import keeps_partners_of, keeps_unit_of

FACTS = ("name", "acronym", "kind", "roles", "municipality", "website", "note", "started_on", "ended_on")


def check_keeps(actor: User | None) -> None:
    """`actor` None is the platform itself (demonstration)."""
    if actor is not None and not keeps_partners_of(actor):
        raise NotAllowed


def locked_partner(partner: Partner, version: int | None = None) -> Partner:
    found = Partner.objects.select_for_update().get(pk=partner.pk)
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def in_order(roles: Sequence[str]) -> list[str]:
    """Each role once, in the document's order."""
    return [role.value for role in PartnerRole if role in roles]


def check_facts(data: Mapping[str, Any], partner: Partner | None = None) -> dict[str, Any]:
    """The facts as they are kept. Raises Refused for what the database would not take."""
    facts = {name: data[name] for name in FACTS if name in data}
    if "roles" in facts:
        facts["roles"] = in_order(facts["roles"])
        if not facts["roles"]:
            raise Refused(_("A partner has at least one of the three roles."), code="roles", field="roles")
    if "kind" in facts and facts["kind"] not in PartnerKind.values:
        raise Refused(_("Unknown kind."), code="kind", field="kind")
    if "name" in facts:
        facts["name"] = facts["name"].strip()
        if not facts["name"]:
            raise Refused(_("A partner has a name."), code="name", field="name")
        same = Partner.objects.annotate(folded=Fold("name")).filter(folded=fold(facts["name"]))
        if same.exclude(pk=partner and partner.pk).exists():
            raise Refused(_("There is already a partner of this name."), code="exists", field="name")
    started = facts.get("started_on", partner and partner.started_on)
    ended = facts.get("ended_on", partner and partner.ended_on)
    if started and ended and ended < started:
        raise Refused(_("The last day cannot come before the first."), code="dates", field="ended_on")
    return facts


@transaction.atomic
def add_partner(*, actor: User | None, data: Mapping[str, Any]) -> Partner:
    """Enter a partner: of one kind, in one or more of the three roles."""
    check_keeps(actor)
    facts = check_facts(data)
    try:
        with transaction.atomic():
            made = Partner.objects.create(**facts)
    except IntegrityError as error:
        if "one_partner_per_name" not in str(error):
            raise
        raise Refused(_("There is already a partner of this name."), code="exists", field="name") from error
    record(actor=actor, action="partner.added", obj=made, after=facts)
    return made


@transaction.atomic
def change_partner(*, actor: User | None, partner: Partner, version: int | None, data: Mapping[str, Any]) -> Partner:
    check_keeps(actor)
    found = locked_partner(partner, version)
    facts = check_facts(data, found)
    changes = {name: value for name, value in facts.items() if value != getattr(found, name)}
    if not changes:
        return found
    before = {name: getattr(found, name) for name in changes}
    for name, value in changes.items():
        setattr(found, name, value)
    found.version += 1
    found.save(update_fields=[*changes, "version", "updated_at"])
    record(actor=actor, action="partner.changed", obj=found, before=before, after=changes)
    return found


@transaction.atomic
def end_partner(*, actor: User, partner: Partner, last: date, reason: str, version: int | None = None) -> Partner:
    """A partner works with the area until this day; partnerships and mandates that go on longer end with it."""
    check_keeps(actor)
    found = locked_partner(partner, version)
    if found.ended_on is not None:
        raise Refused(_("This partner has its last day already."), code="ended")
    found = change_partner(actor=actor, partner=found, version=None, data={"ended_on": last})
    for partnership in found.partnerships.filter(ends_on__isnull=True).select_for_update(of=("self",)):
        end(actor, partnership, max(last, partnership.starts_on), reason)
    for mandate in standing_for(found, last):
        check_no_meeting(locked_unit(mandate.unit), last + ONE_DAY)
        check_unused([mandate], last)
        close(
            mandate, actor=actor, last=max(last, mandate.starts_on), reason=EndReason.PARTNER_LEFT, act=reason.strip()
        )
    return found


def standing_for(partner: Partner, last: date) -> list[Mandate]:
    """The mandates that stand for a partner beyond its last day."""
    found = partner.mandates.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=last))
    return list(found.select_related("unit", "person", "municipality", "partner").order_by("unit", "pk"))


@transaction.atomic
def begin_partnership(
    *, actor: User | None, partner: Partner, unit: Unit, roles: Sequence[str], starts_on: date, purpose: str = ""
) -> Partnership:
    """A partner works with a unit from a day on, in some of the roles that it has."""
    found = locked_partner(partner)
    if actor is not None and not keeps_unit_of(actor, unit) and not keeps_partners_of(actor):
        raise NotAllowed
    if unit.state == UnitState.DISSOLVED:
        raise Refused(_("This unit was dissolved."), code="wrong_state", field="unit")
    chosen = in_order(roles)
    if not chosen:
        raise Refused(_("Say in which role."), code="roles", field="roles")
    others = [PartnerRole(role).label for role in chosen if role not in found.roles]
    if others:
        raise Refused(
            _("The partner does not have this role: %(roles)s.") % {"roles": ", ".join(str(role) for role in others)},
            code="not_its_role",
            field="roles",
        )
    if found.ended_on is not None and found.ended_on < starts_on:
        raise Refused(_("The partner is no longer one on that day."), code="ended", field="starts_on")
    if Partnership.objects.filter(partner=found, unit=unit, ends_on__isnull=True).exists():
        raise Refused(_("This partnership is already there."), code="exists", field="unit")
    try:
        with transaction.atomic():
            made = Partnership.objects.create(
                partner=found, unit=unit, roles=chosen, starts_on=starts_on, purpose=purpose.strip()
            )
    except IntegrityError as error:
        if "one_partnership_per_start" not in str(error):
            raise
        raise Refused(_("This partnership is already there."), code="exists", field="unit") from error
    record(
        actor=actor,
        action="partnership.begun",
        obj=found,
        after={"unit": unit.code, "roles": chosen, "from": starts_on, "purpose": made.purpose},
    )
    return made


@transaction.atomic
def end_partnership(*, actor: User, partnership: Partnership, last: date, reason: str = "") -> Partnership:
    found = Partnership.objects.select_for_update(of=("self",)).select_related("unit", "partner").get(pk=partnership.pk)
    if not keeps_unit_of(actor, found.unit) and not keeps_partners_of(actor):
        raise NotAllowed
    if found.ends_on is not None:
        raise Refused(_("This partnership has its last day already."), code="ended")
    if last < found.starts_on:
        raise Refused(_("The last day cannot come before the first."), code="dates", field="last")
    return end(actor, found, last, reason)


def end(actor: User | None, partnership: Partnership, last: date, reason: str) -> Partnership:
    partnership.ends_on = last
    partnership.version += 1
    partnership.save(update_fields=["ends_on", "version"])
    record(
        actor=actor,
        action="partnership.ended",
        obj=partnership.partner,
        before={"unit": partnership.unit.code, "until": None},
        after={"unit": partnership.unit.code, "until": last},
        reason=reason,
    )
    return partnership


@transaction.atomic
def import_partners(*, actor: User | None, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add and change partners as a file says, by name; what it says as it is stays. All or nothing.

    The answer keeps what is needed to take it back: the ids of those added, the facts of those changed as they were.
    """
    check_keeps(actor)
    known = {fold(partner.name): partner for partner in Partner.objects.select_related("municipality")}
    added: list[str] = []
    changed: list[dict[str, Any]] = []
    unchanged = 0
    for row in rows:
        present = known.get(fold(row["name"]))
        if present is None:
            added.append(str(add_partner(actor=actor, data=row).public_id))
            continue
        before = snapshot(present)
        after = change_partner(actor=actor, partner=present, version=None, data=row)
        if after.version == present.version:
            unchanged += 1
        else:
            changed.append({"id": str(after.public_id), "version": after.version, "before": before})
    return {"added": added, "changed": changed, "unchanged": unchanged}


def snapshot(partner: Partner) -> dict[str, Any]:
    """A partner's facts as plain JSON."""
    facts = {name: getattr(partner, name) for name in FACTS}
    facts["municipality"] = partner.municipality and partner.municipality.pk
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


@transaction.atomic
def undo_partners(*, actor: User, outcome: Mapping[str, Any]) -> dict[str, int]:
    """Take an import back: those it added go, those it changed are as they were. Refused where somebody went on."""
    check_keeps(actor)
    for change in outcome.get("changed", []):
        present = Partner.objects.select_for_update().filter(public_id=change["id"]).first()
        if present is None or present.version != change["version"]:
            raise Refused(_("A partner has been changed since: it cannot be undone."), code="moved_on")
        facts = dict(change["before"])
        place = facts.pop("municipality")
        facts["municipality"] = Municipality.objects.filter(pk=place).first() if place else None
        for name in ("started_on", "ended_on"):
            facts[name] = date.fromisoformat(facts[name]) if facts[name] else None
        change_partner(actor=actor, partner=present, version=None, data=facts)
    added = Partner.objects.select_for_update().filter(public_id__in=outcome.get("added", []))
    removed = list(added)
    for partner in removed:
        record(actor=actor, action="partner.removed", obj=partner, before=snapshot(partner))
        try:
            with transaction.atomic():
                partner.delete()
        except ProtectedError as error:
            raise Refused(
                _("%(name)s is in use since: it cannot be undone.") % {"name": partner.name}, code="in_use"
            ) from error
    return {"removed": len(removed), "restored": len(outcome.get("changed", []))}

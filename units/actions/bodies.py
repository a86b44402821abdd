"""What a body's rules say: its size, its notice, how it decides."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.models import Node
from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from units.actions.mandates import locked_unit
from units.choices import UnitKind, UnitState
from units.models import BodyRule, Unit
from units.queries.bodies import council, edits_bodies_of

CHANGEABLE = (
    "name",
    "members_min",
    "members_max",
    "founding_act",
    "has_casting_vote",
    "secret_on_persons",
    "notice_days",
    "notice_unit",
    "notice_basis",
    "amendment_days",
    "report_stale_days",
    "second_call_quorum",
    "default_effect",
    "binding_basis",
)


@transaction.atomic
def change_unit(
    *, actor: User, unit: Unit, version: int | None, data: Mapping[str, Any], rules: Sequence[tuple[str, str, bool]]
) -> Unit:
    """Change a body's facts and its decision rules: (rule, legal basis, is the default) each."""
    found = locked_unit(unit, version)
    if not edits_bodies_of(actor):
        raise NotAllowed
    if found.state == UnitState.DISSOLVED:
        raise Refused(_("This unit was dissolved."), code="wrong_state")
    if not rules:
        raise Refused(_("A body has at least one rule by which it decides."), code="no_rule")
    if sum(is_default for _rule, _basis, is_default in rules) != 1:
        raise Refused(_("One of the rules is the one that counts unless another is chosen."), code="one_default")
    if any(not basis.strip() for _rule, basis, _default in rules):
        raise Refused(_("Each rule says its legal basis."), code="no_basis")
    if data.get("members_min", found.members_min) > data.get("members_max", found.members_max):
        raise Refused(_("The most members cannot be fewer than the fewest."), code="limits", field="members_max")
    changes = {name: data[name] for name in CHANGEABLE if name in data and data[name] != getattr(found, name)}
    before = {name: getattr(found, name) for name in changes}
    old_rules = [(rule.rule, rule.legal_basis, rule.is_default) for rule in found.decision_rules.order_by("id")]
    for name, value in changes.items():
        setattr(found, name, value)
    if sorted(old_rules) != sorted(rules):
        found.decision_rules.all().delete()
        BodyRule.objects.bulk_create(
            BodyRule(unit=found, rule=rule, legal_basis=basis, is_default=is_default)
            for rule, basis, is_default in rules
        )
        before["rules"] = [list(rule) for rule in old_rules]
    if not changes and "rules" not in before:
        return found
    found.version += 1
    found.save(update_fields=[*changes, "version", "updated_at"])
    record(
        actor=actor,
        action="unit.changed",
        obj=found,
        before=before,
        after=changes | ({"rules": [list(rule) for rule in rules]} if "rules" in before else {}),
    )
    return found


@transaction.atomic
def propose_unit(*, actor: User, axis: Node, name: str) -> Unit:
    """A unit for a priority axis that has none (a new edition brought it): proposed, until the seventeen constitute it.

    It decides by the Council's rules until its own are changed.
    """
    if not edits_bodies_of(actor):
        raise NotAllowed
    if (
        Unit.objects.filter(kind=UnitKind.STRATEGIC, axis_lineage=axis.lineage)
        .exclude(state=UnitState.DISSOLVED)
        .exists()
    ):
        raise Refused(_("This axis already has its unit."), code="exists")
    code = "UE" + axis.code.removeprefix("EP")
    if Unit.objects.filter(code=code).exists():
        code = free_code()
    made = Unit.objects.create(
        code=code, kind=UnitKind.STRATEGIC, name=name.strip() or axis.wording, axis_lineage=axis.lineage,
        members_min=3, members_max=5, **notice_like(council()),
    )  # fmt: skip
    model = council()
    if model is not None:
        BodyRule.objects.bulk_create(
            BodyRule(unit=made, rule=rule.rule, legal_basis=rule.legal_basis, is_default=rule.is_default)
            for rule in model.decision_rules.all()
        )
    record(actor=actor, action="unit.proposed", obj=made, after={"code": made.code, "axis": axis.code})
    return made


def notice_like(model: Unit | None) -> dict[str, Any]:
    """How a new body is called: as the Council is, until its own rule is changed."""
    names = ("notice_days", "notice_unit", "notice_basis", "amendment_days")
    return {name: getattr(model, name) for name in names} if model else {}


def free_code() -> str:
    """The first unit code that nobody uses."""
    taken = set(Unit.objects.values_list("code", flat=True))
    return next(code for code in (f"UE{number}" for number in range(1, len(taken) + 2)) if code not in taken)

"""The founding set-up: the bodies that the document names, how they decide, and who sits in them first."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from axes.choices import FrameworkState, NodeKind
from axes.models import Node
from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused
from refamp.base.states import check_move
from units.actions.mandates import begin_mandates, check_seats, locked_unit
from units.choices import UNIT_MOVES, Position, UnitKind, UnitState
from units.models import BodyRule, Unit
from units.queries.bodies import may_found, named_before
from units.queries.seating import Seated
from units.rules import founds


@transaction.atomic
def load_governance(*, actor: User | None, data: Mapping[str, Any]) -> list[Unit]:
    """Make the bodies that are missing, with their decision rules; the answer lists those made. Again, it is empty.

    One strategic unit per priority axis of the edition in force. What is there already is left as it is.
    Raises Refused where no edition is in force.
    """
    nodes = list(Node.objects.filter(framework__state=FrameworkState.IN_FORCE).order_by("kind", "order", "id"))
    axes = [node for node in nodes if node.kind == NodeKind.PRIORITY_AXIS]
    if not axes:
        raise Refused(_("Load the referential first: no edition is in force."), code="no_edition")
    present = set(Unit.objects.values_list("kind", "axis_lineage"))
    kinds = {kind for kind, _axis in present}
    strategic = data["strategic"]
    wanted: list[tuple[Mapping[str, Any], dict[str, Any]]] = [
        (body, {"code": body["code"], "name": body["name"], "kind": body["kind"]})
        for body in data["bodies"]
        if body["kind"] not in kinds
    ]
    wanted += [
        (
            strategic,
            {
                "code": strategic["code"] + axis.code.removeprefix("EP"),
                "name": f"{strategic['name']} {axis.wording}",
                "kind": UnitKind.STRATEGIC,
                "axis_lineage": axis.lineage,
            },
        )
        for axis in axes
        if (UnitKind.STRATEGIC, axis.lineage) not in present
    ]
    return [found_unit(actor, data, body, nodes, **facts) for body, facts in wanted]


def found_unit(
    actor: User | None, data: Mapping[str, Any], body: Mapping[str, Any], nodes: Sequence[Node], **facts: Any
) -> Unit:
    """One body, not yet constituted, with the rules by which it decides."""
    unit = Unit.objects.create(
        **facts,
        members_min=body["members_min"],
        members_max=body["members_max"],
        is_transitory=body.get("transitory", False),
        has_casting_vote=body.get("casting_vote", False),
        founding_act=founding_act(data["source"], body, nodes),
        notice_days=data["notice"]["days"],
        notice_unit=data["notice"]["unit"],
        notice_basis=data["notice"]["basis"],
        second_call_quorum=data["second_call_quorum"],
        default_effect=data["effect"]["default"],
        binding_basis=body.get("binding_basis", ""),
    )
    BodyRule.objects.bulk_create(
        BodyRule(unit=unit, rule=rule["rule"], legal_basis=rule["basis"], is_default=rule["default"])
        for rule in data["rules"]
    )
    record(
        actor=actor,
        action="unit.founded",
        obj=unit,
        after={
            "code": unit.code,
            "kind": unit.kind,
            "members_min": unit.members_min,
            "members_max": unit.members_max,
            "rules": [rule["rule"] for rule in data["rules"]],
        },
    )
    return unit


def founding_act(source: str, body: Mapping[str, Any], nodes: Sequence[Node]) -> str:
    """What the document says of this kind of body, word for word, and what we read into it."""
    head = next((n for n in nodes if n.kind == NodeKind.GOVERNING_BODY and n.code == body["node"]), None)
    rules = [n.wording for n in nodes if head and n.parent_id == head.pk and n.kind == NodeKind.COMPOSITION_RULE]
    said = [f"{source}."]
    if head:
        said.append(f"{head.code}. {head.wording}")
    return "\n".join([*said, *(f"– {rule}" for rule in rules), body["reading"]])


@transaction.atomic
def name_first(*, actor: User | None, unit: Unit, starts_on: date, act: str, seats: Sequence[Seated]) -> Unit:
    """Enter the first Council, or the first coordination unit, with the act that named them.

    By the coordination role, while there is no sitting Council; from then on a deliberation or an election does it.
    `actor` None is the platform itself (demonstration).
    """
    found = locked_unit(unit)
    if found.kind not in {UnitKind.COUNCIL, UnitKind.COORDINATION}:
        raise Refused(_("Only the Council and the coordination unit are named at set-up."), code="wrong_kind")
    if actor is not None and not founds(actor):
        raise NotAllowed
    if not may_found(found):
        raise Refused(
            _("There is a sitting Council: from now on an election or a deliberation names people."), code="seated"
        )
    if named_before(found):
        raise Refused(
            _("Enter the coordination unit first: once the Council sits, only a deliberation names people."),
            code="coordination_first",
        )
    check_move(UNIT_MOVES, found.state, UnitState.CONSTITUTED)
    if not act.strip():
        raise Refused(_("Say which act named them."), code="act", field="act")
    check_seats(found, seats)
    begin_mandates(actor=actor, unit=found, seats=seats, starts_on=starts_on, act=act.strip())
    found.state = UnitState.CONSTITUTED
    found.version += 1
    found.save(update_fields=["state", "version", "updated_at"])
    record(
        actor=actor,
        action="unit.constituted",
        obj=found,
        before={"state": UnitState.PROPOSED},
        after={
            "state": found.state,
            "from": starts_on,
            "seats": sum(seat.position != Position.SUBSTITUTE for seat in seats),
        },
        reason=act.strip(),
    )
    return found

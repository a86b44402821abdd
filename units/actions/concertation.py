"""Concertation: where each municipality stands ahead of a vote, and what it would change."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.audit.actions import record
from refamp.base.errors import NotAllowed, Refused, Stale
from refamp.territory.models import Municipality
from units.actions.votes import locked_deliberation
from units.choices import DeliberationState, Stance
from units.models import Deliberation, MunicipalPosition
from units.queries.votes import keeps_deliberations_of, places_spoken_for, seats_at


@transaction.atomic
def record_position(
    *,
    actor: User,
    deliberation: Deliberation,
    municipality: Municipality,
    stance: str,
    comment: str = "",
    proposed_change: str = "",
    version: int | None = None,
) -> MunicipalPosition:
    """Where a municipality stands ahead of the meeting, and what it would change in the text.

    By who sits for it in the body, substitutes too, or by the secretariat on its behalf; until voting opens.
    """
    found = locked_deliberation(deliberation)
    if municipality.pk not in places_spoken_for(actor, found.unit_id) and not keeps_deliberations_of(
        actor, found.unit_id
    ):
        raise NotAllowed
    if found.state != DeliberationState.DRAFT:
        raise Refused(_("Positions are recorded ahead of the vote."), code="wrong_state")
    if not any(seat.municipality.pk == municipality.pk for seat in seats_at(found)):
        raise Refused(_("This municipality has no seat in this body."), code="no_seat")
    if stance not in Stance.values:
        raise Refused(_("Unknown position."), code="stance", field="stance")
    wanted = {"stance": stance, "comment": comment.strip(), "proposed_change": proposed_change.strip()}
    position = MunicipalPosition.objects.filter(deliberation=found, municipality=municipality).first()
    if position is None:
        position = MunicipalPosition.objects.create(
            deliberation=found, municipality=municipality, author=actor, **wanted
        )
        record(actor=actor, action="position.recorded", obj=found, after={"municipality": municipality.name} | wanted)
        return position
    own = municipality.pk in places_spoken_for(actor, found.unit_id)
    if not own and municipality.pk in places_spoken_for(position.author, found.unit_id):
        raise Refused(_("This municipality has recorded its position itself."), code="own_position")
    if version is not None and position.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=position)
    before = {name: getattr(position, name) for name in wanted if getattr(position, name) != wanted[name]}
    if not before:
        return position
    for name, text in wanted.items():
        setattr(position, name, text)
    position.author = actor
    position.version += 1
    position.save(update_fields=[*wanted, "author", "version", "updated_at"])
    record(
        actor=actor,
        action="position.changed",
        obj=found,
        before=before,
        after={"municipality": municipality.name} | {name: wanted[name] for name in before},
    )
    return position

"""What the steps of a deliberation share: its lock, who has which part, and what becomes of what it decides on."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.models import User
from refamp.base.errors import NotAllowed, Refused, Stale
from units.choices import SubjectKind
from units.models import Deliberation
from units.queries.votes import chairs_unit, is_author_of, keeps_deliberations_of

# What a closed deliberation does to its subject, by kind (higher rooms: by the name of their handler). It is called in
# the closing transaction with the deliberation and the computed outcome; again, with None, when a proposal is answered
# or a deliberation withdrawn. `queries.votes.answer_of(deliberation)` says what it means.
Handler = Callable[[Deliberation, Any], None]
HANDLERS: dict[str, Handler] = {}


def register_handler(kind: str, handler: Handler) -> None:
    """Say what a deliberation on this kind of subject does when it closes; from `AppConfig.ready()`."""
    HANDLERS[kind] = handler


def handler_of(deliberation: Deliberation) -> Handler | None:
    """None for a mere text. Raises Refused where nobody knows what to do with the subject: nothing is decided then."""
    if deliberation.subject_kind == SubjectKind.TEXT:
        return None
    other = deliberation.subject_kind == SubjectKind.OTHER_ROOM
    handler = HANDLERS.get(deliberation.subject_handler if other else deliberation.subject_kind)
    if handler is None:
        raise Refused(_("The platform does not know what to do with what this decides on."), code="no_handler")
    return handler


def locked_deliberation(deliberation: Deliberation, version: int | None = None) -> Deliberation:
    """The deliberation, locked; `version` given and not the present one is refused."""
    found = (
        Deliberation.objects.select_for_update(of=("self",))
        .select_related("unit", "item__meeting", "plan", "amendment__plan", "composition", "framework", "dissolves")
        .get(pk=deliberation.pk)
    )
    if version is not None and found.version != version:
        raise Stale(_("Somebody else saved first. Compare both versions and choose."), current=found)
    return found


def check_part(actor: User | None, deliberation: Deliberation, part: str) -> None:
    """Raise NotAllowed for who has not the part that the table of moves names. None is the platform itself."""
    if actor is None:
        return
    allowed = (
        chairs_unit(actor, deliberation.unit_id)
        if part == "chair"
        else keeps_deliberations_of(actor, deliberation.unit_id)
    )
    if not allowed:
        raise NotAllowed


def check_not_author(actor: User | None, deliberation: Deliberation) -> None:
    """Whoever approves is never the author: another chair announces what becomes of one's own proposal."""
    if actor is not None and is_author_of(actor, deliberation):
        raise Refused(_("You proposed or wrote what is decided here: somebody else takes this step."), code="author")


def keep(deliberation: Deliberation, **values: Any) -> None:
    for name, value in values.items():
        setattr(deliberation, name, value)
    deliberation.version += 1
    deliberation.save(update_fields=[*values, "version", "updated_at"])


def tell_subject(deliberation: Deliberation, outcome: Any) -> None:
    handler = handler_of(deliberation)
    if handler is not None:
        handler(deliberation, outcome)


def moment(actor: User | None, at: datetime | None) -> datetime:
    """Only the platform itself says when: what a person does happens now."""
    return at if actor is None and at is not None else timezone.now()

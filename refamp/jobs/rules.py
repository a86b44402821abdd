"""Who may see and decide what is to be done.

Accounts stand on a higher floor, so the one role that matters here is known by its word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refamp.jobs.models import Job, Upload

COORDINATION = "coordination"

# A room that imports files says here who else may look at one of them: {kind: predicate(user, upload)}.
MAY_SEE_UPLOAD: dict[str, Callable[[Any, Any], bool]] = {}
# And who may send one: whoever no longer may has nothing to do with those sent before, either.
MAY_SEND_UPLOAD: dict[str, Callable[[Any], bool]] = {}


def sees_every_job(user: Any) -> bool:
    """The coordination unit and, not by a token that acts for one municipality, whoever runs the platform."""
    if not user.is_authenticated or not user.is_active:
        return False
    return COORDINATION in user.held_roles or (user.is_superuser and user.acts_only_for is None)


def may_see_job(user: Any, job: Job) -> bool:
    return sees_every_job(user) or is_author(user, job)


def may_cancel_job(user: Any, job: Job) -> bool:
    return may_see_job(user, job)


def may_see_upload(user: Any, upload: Upload) -> bool:
    """Whoever sent it, the coordination unit, and whom the importing room lets."""
    if may_decide_upload(user, upload):
        return True
    also = MAY_SEE_UPLOAD.get(upload.kind)
    return also is not None and user.is_authenticated and user.is_active and also(user, upload)


def may_decide_upload(user: Any, upload: Upload) -> bool:
    """Confirm, reject or undo: whoever sent it and still might, and the coordination unit."""
    may_send = MAY_SEND_UPLOAD.get(upload.kind)
    return sees_every_job(user) or (is_author(user, upload) and (may_send is None or may_send(user)))


def is_author(user: Any, thing: Job | Upload) -> bool:
    return user.is_authenticated and user.is_active and thing.actor_id is not None and thing.actor_id == user.pk

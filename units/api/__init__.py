"""The machines' doors."""

from refamp.base.api.routers import Router
from units.api import bodies, imports, meetings, milestones, plans, votes


def register(router: Router) -> None:
    """Put the room's addresses under `/api/v1/`."""
    # Before `partners/{id}`: an import is no partner.
    imports.register(router)
    bodies.register(router)
    meetings.register(router)
    plans.register(router)
    milestones.register(router)
    votes.register(router)

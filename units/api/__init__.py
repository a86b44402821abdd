"""The machines' doors."""

from refamp.base.api.routers import Router
from units.api import bodies, meetings, plans, votes


def register(router: Router) -> None:
    """Put the room's addresses under `/api/v1/`."""
    bodies.register(router)
    meetings.register(router)
    plans.register(router)
    votes.register(router)

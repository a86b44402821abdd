"""The machine's doors."""

from axes.api import framework, imports, local_plans, results
from refamp.base.api.routers import Router


def register(router: Router) -> None:
    """Put the room's addresses under `/api/v1/`."""
    framework.register(router)
    local_plans.register(router)
    results.register(router)
    imports.register(router)

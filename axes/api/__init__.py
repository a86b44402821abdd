"""The machine's doors."""

from axes.api import imports, results
from refamp.base.api.routers import Router


def register(router: Router) -> None:
    """Put the room's addresses under `/api/v1/`."""
    results.register(router)
    imports.register(router)

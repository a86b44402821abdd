"""What every room's API is made of.

This module holds only what Django REST Framework's settings name: it is imported while `rest_framework.views` itself is
being imported, so it must not import that. The doors stand in `refamp.base.api.views` (`ReadViewSet`, `WriteViewSet`),
their columns in `refamp.base.api.columns` (`ReferenceField`, `Column`), the generator in `refamp.base.api.schema`.
"""

from refamp.base.api.filters import DeclaredFilterBackend
from refamp.base.api.formats import JSONRenderer, Negotiation
from refamp.base.api.pagination import KeysetPagination
from refamp.base.api.parsers import JSONParser
from refamp.base.api.permissions import DeclaredPermission
from refamp.base.api.problems import problem
from refamp.base.api.throttling import CallerThrottle

__all__ = [
    "CallerThrottle",
    "DeclaredFilterBackend",
    "DeclaredPermission",
    "JSONParser",
    "JSONRenderer",
    "KeysetPagination",
    "Negotiation",
    "problem",
]

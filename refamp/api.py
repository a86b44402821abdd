"""The REST API's addresses, from every room, under `/api/v1/`."""

from importlib import import_module
from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path, reverse
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from refamp.base.api.documents import RootDoor, SchemaDoor, documentation, unknown_address
from refamp.base.api.routers import Router
from refamp.base.doors import everyone

app_name = "api"

# In the order of the house, from the ground up.
ROOMS = ("refamp.territory.api", "refamp.audit.api", "axes.api", "units.api")

router = Router()
for name in ROOMS:
    import_module(name).register(router)


class Root(RootDoor):
    """The lists of this API, by name."""

    read_rule = everyone

    def urls(self) -> dict[str, Any]:
        found = {prefix: f"api:{basename}-list" for prefix, _viewset, basename in router.registry if "(" not in prefix}
        return {prefix: reverse(name) for prefix, name in found.items()}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "refamp.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "refamp_<key>_<secret>",
            "description": "A token of another system, made by the coordination unit; shown once.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "refamp.accounts.authentication.SessionAuthentication"
    name = "session"
    match_subclasses = True
    priority = 1

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The browser's session; writing also needs the CSRF header.",
        }


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", Root.as_view(), name="root"),
    path("v1/", include(router.urls)),
    path("schema/", SchemaDoor.as_view(), name="schema"),
    path("docs/", documentation, name="docs"),
    re_path(r"^(?P<rest>.*)$", unknown_address),
]

"""Addresses from prefixes; the root lists them."""

from typing import Any

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """`register("municipalities", MunicipalityViewSet)`: the prefix is also the name, `api:municipalities-detail`."""

    def get_default_basename(self, viewset: Any) -> str:
        raise NotImplementedError

    def register(self, prefix: str, viewset: Any, basename: str | None = None) -> None:
        super().register(prefix, viewset, basename or prefix)

"""Addresses from prefixes; the root lists them."""

from typing import Any

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """`register("municipalities", MunicipalityViewSet)`: the prefix is also the name, `api:municipalities-detail`."""

    def get_default_basename(self, viewset: Any) -> str:
        raise NotImplementedError

    def get_method_map(self, viewset: Any, method_map: Any) -> dict[str, str]:
        """Only what the door really does has an address."""
        return {
            method: name for method, name in super().get_method_map(viewset, method_map).items() if viewset.offers(name)
        }

    def register(self, prefix: str, viewset: Any, basename: str | None = None) -> None:
        super().register(prefix, viewset, basename or prefix)

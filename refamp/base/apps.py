from importlib import import_module

from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "refamp.base"
    label = "base"

    def ready(self) -> None:
        """Register the checks of the doors; they import what only exists once the apps are loaded."""
        import_module("refamp.base.api.checks")

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerritoryConfig(AppConfig):
    name = "refamp.territory"
    label = "territory"
    verbose_name = _("Territory")

    def ready(self) -> None:
        """Say what the room's changes are called. Models are loaded only now."""
        from refamp.audit.actions import name_actions  # noqa: PLC0415 - models cannot be imported before
        from refamp.territory.choices import TERRITORY_EVENTS  # noqa: PLC0415

        name_actions(TERRITORY_EVENTS)

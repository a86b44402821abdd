from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnitsConfig(AppConfig):
    name = "units"
    verbose_name = _("Units, Council and plans")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from refamp.audit.actions import name_actions  # noqa: PLC0415 - models cannot be imported before the apps are
        from units.actions.compositions import decide_composition  # noqa: PLC0415
        from units.actions.votes import register_handler  # noqa: PLC0415
        from units.choices import BODY_EVENTS, SubjectKind  # noqa: PLC0415

        name_actions(BODY_EVENTS)
        register_handler(SubjectKind.COMPOSITION, decide_composition)

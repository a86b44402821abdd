from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AxesConfig(AppConfig):
    name = "axes"
    verbose_name = _("Referential and consultations")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from axes.actions.results import FOLD  # noqa: PLC0415 - models cannot be imported before the apps are ready
        from axes.tasks.results import fold  # noqa: PLC0415
        from refamp.jobs.actions import register  # noqa: PLC0415

        register(FOLD, fold, label=_("Counting the answers"))

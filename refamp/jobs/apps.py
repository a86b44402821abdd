from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "refamp.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from refamp.base.api import idempotency  # noqa: PLC0415
        from refamp.jobs.actions import register  # noqa: PLC0415 - models cannot be imported before the apps are ready
        from refamp.jobs.actions.idempotency import KeyStore  # noqa: PLC0415
        from refamp.jobs.actions.uploads import (  # noqa: PLC0415
            APPLY,
            CHECK,
            UNDO,
            apply_as_job,
            check_as_job,
            failed_as_job,
            undo_as_job,
        )

        idempotency.register(KeyStore())
        register(CHECK, check_as_job, failed=failed_as_job, label=_("Checking a file"))
        register(APPLY, apply_as_job, failed=failed_as_job, label=_("Importing a file"))
        register(UNDO, undo_as_job, label=_("Undoing an import"))

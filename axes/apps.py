from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AxesConfig(AppConfig):
    name = "axes"
    verbose_name = _("Referential and consultations")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from axes.actions.results import FOLD  # noqa: PLC0415 - models cannot be imported before the apps are ready
        from axes.choices import CONSULTATION_EVENTS, FRAMEWORK_EVENTS  # noqa: PLC0415
        from axes.rules import (  # noqa: PLC0415
            may_run_consultations,
            may_see_imports,
            may_see_local_plan_import,
            may_write_local_plans,
        )
        from axes.tasks.answers import KIND, apply_answers, back_to_answers, check_answers, undo_answers  # noqa: PLC0415
        from axes.tasks.local_plans import KIND as LOCAL_PLANS  # noqa: PLC0415
        from axes.tasks.local_plans import (  # noqa: PLC0415
            apply_local_plans,
            back_to_local_plans,
            check_local_plans,
            undo_local_plans_import,
        )
        from axes.tasks.results import fold  # noqa: PLC0415
        from refamp.audit.actions import name_actions  # noqa: PLC0415
        from refamp.jobs.actions import register, register_upload  # noqa: PLC0415

        register(FOLD, fold, label=_("Counting the answers"))
        name_actions(FRAMEWORK_EVENTS | CONSULTATION_EVENTS)
        register_upload(
            KIND,
            check=check_answers,
            apply=apply_answers,
            undo=undo_answers,
            may_see=may_see_imports,
            may_send=may_run_consultations,
            template="axes/answers/summary.html",
            label=_("Answers"),
            back=back_to_answers,
        )
        register_upload(
            LOCAL_PLANS,
            check=check_local_plans,
            apply=apply_local_plans,
            undo=undo_local_plans_import,
            may_see=may_see_local_plan_import,
            may_send=may_write_local_plans,
            label=_("Local plans"),
            back=back_to_local_plans,
        )

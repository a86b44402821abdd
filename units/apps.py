from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnitsConfig(AppConfig):
    name = "units"
    verbose_name = _("Units, Council and plans")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from refamp.audit.actions import name_actions  # noqa: PLC0415 - models cannot be imported before the apps are
        from refamp.jobs.actions import register_upload  # noqa: PLC0415
        from units.actions.amendments import decide_amendment  # noqa: PLC0415
        from units.actions.compositions import decide_composition  # noqa: PLC0415
        from units.actions.plans import decide_plan  # noqa: PLC0415
        from units.actions.votes import decide_framework, register_handler  # noqa: PLC0415
        from units.choices import BODY_EVENTS, PLAN_EVENTS, VOTE_EVENTS, SubjectKind  # noqa: PLC0415
        from units.tasks import plans  # noqa: PLC0415

        name_actions(BODY_EVENTS | PLAN_EVENTS | VOTE_EVENTS)
        register_handler(SubjectKind.FRAMEWORK, decide_framework)
        register_handler(SubjectKind.COMPOSITION, decide_composition)
        register_handler(SubjectKind.PLAN, decide_plan)
        register_handler(SubjectKind.AMENDMENT, decide_amendment)
        register_upload(
            plans.KIND,
            check=plans.check_plan_file,
            apply=plans.apply_plan_file,
            undo=plans.undo_plan_file,
            may_see=plans.may_see_plan_import,
            label=_("Annual plans"),
            back=plans.back_to_plan,
        )

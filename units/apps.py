from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnitsConfig(AppConfig):
    name = "units"
    verbose_name = _("Units, Council and plans")

    def ready(self) -> None:
        """Register the room's own work. Models are loaded only now."""
        from refamp.accounts.actions import register_digest  # noqa: PLC0415 - models cannot be imported before the apps are
        from refamp.audit.actions import name_actions  # noqa: PLC0415
        from refamp.jobs.actions import register, register_upload  # noqa: PLC0415
        from units.actions.amendments import decide_amendment  # noqa: PLC0415
        from units.actions.compositions import decide_composition  # noqa: PLC0415
        from units.actions.dissolutions import decide_dissolution  # noqa: PLC0415
        from units.actions.dossiers import MAKE  # noqa: PLC0415
        from units.actions.plan_decisions import decide_plan  # noqa: PLC0415
        from units.actions.votes import decide_framework, register_handler  # noqa: PLC0415
        from units.choices import BODY_EVENTS, MEETING_EVENTS, PLAN_EVENTS, VOTE_EVENTS, SubjectKind  # noqa: PLC0415
        from units.queries.digests import task_lines  # noqa: PLC0415
        from units.queries.plan_digest import plan_lines  # noqa: PLC0415
        from units.rules import may_see_body_imports  # noqa: PLC0415
        from units.tasks import bodies, plans  # noqa: PLC0415
        from units.tasks.meetings import make_papers  # noqa: PLC0415

        name_actions(BODY_EVENTS | MEETING_EVENTS | PLAN_EVENTS | VOTE_EVENTS)
        register_digest("units.follow_ups", task_lines)
        register_digest("units.plans", plan_lines)
        register(MAKE, make_papers, label=_("The papers of a meeting"))
        register_handler(SubjectKind.FRAMEWORK, decide_framework)
        register_handler(SubjectKind.COMPOSITION, decide_composition)
        register_handler(SubjectKind.DISSOLUTION, decide_dissolution)
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
        register_upload(
            bodies.ELECTION,
            check=bodies.check_election,
            apply=bodies.apply_election,
            undo=bodies.undo_election_file,
            may_see=may_see_body_imports,
            label=_("Council after an election"),
            back=bodies.back_to_council,
        )
        register_upload(
            bodies.PARTNERS,
            check=bodies.check_partners,
            apply=bodies.apply_partners,
            undo=bodies.undo_partners_file,
            may_see=may_see_body_imports,
            label=_("Partners"),
            back=bodies.back_to_partners,
        )

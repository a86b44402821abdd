"""Who may do what with the referential and the consultations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from axes.choices import ConsultationState, FrameworkState
from refamp.accounts.choices import Role
from refamp.accounts.rules import has_role, is_coordination, works_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from axes.models import Consultation, Framework, FreeText, LocalPlan, Respondent
    from refamp.accounts.models import User
    from refamp.territory.models import Municipality

    Person: TypeAlias = User | AnonymousUser


def sees_drafts(user: Person) -> bool:
    """The coordination unit sees everything before it is published."""
    return is_coordination(user)


def may_edit_framework(user: Person, framework: Framework) -> bool:
    return is_coordination(user) and framework.state in {FrameworkState.DRAFT, FrameworkState.IN_CONSULTATION}


def may_copy_framework(user: Person) -> bool:
    return is_coordination(user)


def may_edit_local_plan(user: Person, plan: LocalPlan) -> bool:
    return is_coordination(user) or writes_for(user, plan.municipality_id)


def may_add_local_plan(user: Person, municipality: Municipality | int | None) -> bool:
    return is_coordination(user) or writes_for(user, municipality)


def writes_for(user: Person, municipality: Municipality | int | None) -> bool:
    """A technician or the local network of this municipality."""
    key = getattr(municipality, "pk", municipality)
    return works_for(user, key) or (
        user.is_authenticated and user.is_active and (Role.LOCAL_NETWORK, key) in user.held_assignments
    )


def may_write_local_plans(user: Person) -> bool:
    """Whoever writes for at least one municipality, and the coordination unit."""
    return has_role(user, Role.COORDINATION, Role.TECHNICIAN, Role.LOCAL_NETWORK)


def may_see_local_plan_import(user: Person, _upload: object = None) -> bool:
    """Beside whoever sent the file."""
    return is_coordination(user)


def may_run_consultations(user: Person) -> bool:
    return is_coordination(user)


def may_see_imports(user: Person, _upload: object = None) -> bool:
    """Files of answers hold what single respondents said."""
    return is_coordination(user)


def sees_live_results(user: Person) -> bool:
    """Unsuppressed and unfrozen: everybody else would learn what the newest respondent said."""
    return is_coordination(user)


def may_enter_answers(user: Person, consultation: Consultation) -> bool:
    """By interview or focus group: technicians for their own municipality, the coordination unit for all."""
    return consultation.state == ConsultationState.OPEN and has_role(user, Role.TECHNICIAN, Role.COORDINATION)


def may_enter_answers_for(user: Person, consultation: Consultation, municipality: Municipality | int | None) -> bool:
    return consultation.state == ConsultationState.OPEN and (is_coordination(user) or works_for(user, municipality))


def may_withdraw_respondent(user: Person, respondent: Respondent) -> bool:
    return is_coordination(user) or (
        respondent.entered_by_id is not None
        and respondent.entered_by_id == user.pk
        and works_for(user, respondent.municipality_id)
    )


def may_code(user: Person, text: FreeText) -> bool:
    """Whoever was assigned a text; they see neither who wrote it nor what the other coder chose."""
    return user.is_authenticated and user.is_active and any(a.coder_id == user.pk for a in text.assignments.all())

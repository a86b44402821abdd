"""One factory per model, each making the plainest valid row."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import factory
import pgtrigger
from django.utils import timezone
from factory.django import DjangoModelFactory

from axes.choices import PARENT_KINDS, Channel, ConsultationState, FrameworkState, Group, LocalPlanKind, NodeKind, Scale
from axes.models import (
    Consultation,
    Framework,
    FreeText,
    Invitee,
    LocalPlan,
    Mention,
    Node,
    Phase,
    Quota,
    Respondent,
    Topic,
)
from refamp.accounts.choices import Role
from refamp.accounts.models import ApiToken, Assignment, User
from refamp.jobs.models import Job
from refamp.territory.models import CensusCount, Municipality, Parish
from units.choices import (
    ActionScope,
    BudgetSource,
    Level,
    PartnerKind,
    PartnerRole,
    PlanState,
    Position,
    UnitKind,
    UnitState,
)
from units.models import (
    Action,
    ActionPlan,
    AgendaItem,
    BodyRule,
    BudgetLine,
    Composition,
    Deliberation,
    FollowUp,
    Mandate,
    Meeting,
    Milestone,
    Partner,
    Partnership,
    PlanAmendment,
    Programme,
    Risk,
    StatusOverride,
    Unit,
)

PASSWORD = "correct horse battery"


class MunicipalityFactory(DjangoModelFactory):
    class Meta:
        model = Municipality
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"{9000 + n:04d}")
    name = factory.Sequence(lambda n: f"Município {n}")
    short_name = factory.LazyAttribute(lambda o: o.name[:20])
    district = "Porto"
    nuts3 = "PT11A"
    lon = "-8.6"
    lat = "41.2"
    area_km2 = "100.00"
    tile_x = factory.Sequence(lambda n: n % 100)
    tile_y = factory.Sequence(lambda n: 50 + n // 100)


class ParishFactory(DjangoModelFactory):
    class Meta:
        model = Parish

    code = factory.Sequence(lambda n: f"{900000 + n:06d}")
    name = factory.Sequence(lambda n: f"Freguesia {n}")
    municipality = factory.SubFactory(MunicipalityFactory)
    valid_from = date(2025, 10, 12)


class CensusCountFactory(DjangoModelFactory):
    class Meta:
        model = CensusCount

    municipality = factory.SubFactory(MunicipalityFactory)
    year = 2021
    measure = "resident_population"
    people = 1000
    source = "INE, Census 2021"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"pessoa{n}@example.org")
    name = factory.Sequence(lambda n: f"Pessoa {n}")
    password = factory.django.Password(PASSWORD)


class AssignmentFactory(DjangoModelFactory):
    class Meta:
        model = Assignment

    user = factory.SubFactory(UserFactory)
    role = Role.TECHNICIAN
    municipality = factory.SubFactory(MunicipalityFactory)
    starts_on = date(2020, 1, 1)


class ApiTokenFactory(DjangoModelFactory):
    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = "outro sistema"
    key = factory.Sequence(lambda n: f"k{n:07d}")
    secret_hash = "0" * 64
    scopes = ["read"]
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


class JobFactory(DjangoModelFactory):
    class Meta:
        model = Job

    kind = "test"


class FrameworkFactory(DjangoModelFactory):
    class Meta:
        model = Framework

    code = factory.Sequence(lambda n: f"ed{n}")
    title = factory.Sequence(lambda n: f"Edição {n}")
    state = FrameworkState.DRAFT


class NodeFactory(DjangoModelFactory):
    """A node where its kind may stand (a parent is made where it needs one), also in an edition in force."""

    class Meta:
        model = Node

    framework = factory.SubFactory(FrameworkFactory)
    kind = NodeKind.PRIORITY_AXIS
    code = factory.Sequence(lambda n: f"EP{n}")
    parent = factory.LazyAttribute(
        lambda o: (
            None if None in PARENT_KINDS[o.kind] else NodeFactory(framework=o.framework, kind=min(PARENT_KINDS[o.kind]))
        )
    )
    order = factory.Sequence(lambda n: n % 30000)
    wording = factory.Sequence(lambda n: f"Eixo {n}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with pgtrigger.ignore("axes.Node:edition_in_force_never_changes"):
            return super()._create(model_class, *args, **kwargs)


class LocalPlanFactory(DjangoModelFactory):
    class Meta:
        model = LocalPlan

    municipality = factory.SubFactory(MunicipalityFactory)
    kind = LocalPlanKind.DEVELOPMENT_PLAN
    title = "Plano de Desenvolvimento Social"
    starts_on = factory.Sequence(lambda n: date(2000, 1, 1) + timedelta(days=n))


class ConsultationFactory(DjangoModelFactory):
    class Meta:
        model = Consultation

    framework = factory.SubFactory(FrameworkFactory)
    title = factory.Sequence(lambda n: f"Auscultação {n}")
    state = ConsultationState.OPEN
    target_groups = [g.value for g in Group]


class PhaseFactory(DjangoModelFactory):
    class Meta:
        model = Phase

    consultation = factory.SubFactory(ConsultationFactory)
    name = factory.Sequence(lambda n: f"Fase {n}")
    opens_on = factory.LazyFunction(timezone.localdate)
    closes_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))


class QuotaFactory(DjangoModelFactory):
    class Meta:
        model = Quota

    consultation = factory.SubFactory(ConsultationFactory)
    municipality = factory.SubFactory(MunicipalityFactory)
    group = Group.TECHNICIAN
    expected = 5


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    consultation = factory.SubFactory(ConsultationFactory)
    code = factory.Sequence(lambda n: f"{n}.1")
    label = factory.Sequence(lambda n: f"Tema {n}")
    node = factory.SubFactory(
        NodeFactory, framework=factory.SelfAttribute("..consultation.framework"), kind=NodeKind.PROBLEM_AREA
    )
    scales = [Scale.METROPOLITAN, Scale.MUNICIPAL]
    order = factory.Sequence(lambda n: n % 30000)


class InviteeFactory(DjangoModelFactory):
    class Meta:
        model = Invitee

    consultation = factory.SubFactory(ConsultationFactory)
    municipality = factory.SubFactory(MunicipalityFactory)
    group = Group.TECHNICIAN
    email = factory.Sequence(lambda n: f"convidado{n}@example.org")
    token_hash = factory.Sequence(lambda n: f"{n:064d}")
    erase_on = date(2030, 1, 1)


class RespondentFactory(DjangoModelFactory):
    class Meta:
        model = Respondent

    consultation = factory.SubFactory(ConsultationFactory)
    reference = factory.Sequence(lambda n: f"r{n}")
    municipality = factory.SubFactory(MunicipalityFactory)
    group = Group.TECHNICIAN
    channel = Channel.INTERVIEW


class MentionFactory(DjangoModelFactory):
    class Meta:
        model = Mention

    respondent = factory.SubFactory(RespondentFactory)
    topic = factory.SubFactory(TopicFactory, consultation=factory.SelfAttribute("..respondent.consultation"))
    scale = Scale.METROPOLITAN


class FreeTextFactory(DjangoModelFactory):
    class Meta:
        model = FreeText

    respondent = factory.SubFactory(RespondentFactory)
    scale = Scale.METROPOLITAN
    text = "Os séniores vivem sós."


class UnitFactory(DjangoModelFactory):
    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"U{n}")
    kind = UnitKind.STRATEGIC
    name = factory.Sequence(lambda n: f"Unidade {n}")
    axis_lineage = factory.LazyFunction(uuid4)
    state = UnitState.CONSTITUTED
    members_min = 3
    members_max = 5
    binding_basis = "Regimento"


class MandateFactory(DjangoModelFactory):
    class Meta:
        model = Mandate

    unit = factory.SubFactory(UnitFactory)
    person = factory.SubFactory(UserFactory)
    position = Position.MEMBER
    starts_on = date(2020, 1, 1)
    act = "Despacho 1/2020"


class PartnerFactory(DjangoModelFactory):
    class Meta:
        model = Partner

    name = factory.Sequence(lambda n: f"Parceiro {n}")
    kind = PartnerKind.PUBLIC_BODY
    roles = [PartnerRole.DISSEMINATION]


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    code = factory.Sequence(lambda n: f"P{n}")
    name = factory.Sequence(lambda n: f"Programa {n}")
    unit = factory.SubFactory(UnitFactory)
    starts_on = date(2025, 1, 1)
    ends_on = date(2029, 12, 31)


class ActionPlanFactory(DjangoModelFactory):
    class Meta:
        model = ActionPlan
        skip_postgeneration_save = True

    unit = factory.SubFactory(UnitFactory)
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    title = "Plano de ação anual"
    state = PlanState.DRAFT

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with pgtrigger.ignore("units.ActionPlan:plan_is_approved_by_a_deliberation"):
            return super()._create(model_class, *args, **kwargs)


class ActionFactory(DjangoModelFactory):
    """An action with what it serves and two milestones, also in a plan that is locked (`nodes`, `milestones`)."""

    class Meta:
        model = Action
        skip_postgeneration_save = True

    plan = factory.SubFactory(ActionPlanFactory)
    code = factory.Sequence(lambda n: f"A{n:02d}")
    title = factory.Sequence(lambda n: f"Ação {n}")
    scope = ActionScope.SUPRAMUNICIPAL
    starts_on = factory.LazyAttribute(lambda o: date(o.plan.year, 1, 1))
    ends_on = factory.LazyAttribute(lambda o: date(o.plan.year, 12, 31))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        nodes, milestones = kwargs.pop("nodes", None), kwargs.pop("milestones", 2)
        with pgtrigger.ignore():
            action = super()._create(model_class, *args, **kwargs)
            if nodes is None:
                nodes = [NodeFactory(kind=NodeKind.ACTION_LINE)]
            action.nodes.set(nodes)
            for order in range(1, milestones + 1):
                MilestoneFactory(action=action, order=order)
        return action


class Unlocked(DjangoModelFactory):
    """What belongs to an action, also of a plan that is locked."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with pgtrigger.ignore():
            return super()._create(model_class, *args, **kwargs)


class MilestoneFactory(Unlocked):
    class Meta:
        model = Milestone

    action = factory.SubFactory(ActionFactory, milestones=0)
    order = factory.Sequence(lambda n: n % 30000)
    title = factory.Sequence(lambda n: f"Marco {n}")
    due_on = factory.LazyAttribute(lambda o: o.action.ends_on)


class BudgetLineFactory(Unlocked):
    class Meta:
        model = BudgetLine

    action = factory.SubFactory(ActionFactory)
    year = factory.SelfAttribute("action.plan.year")
    source = BudgetSource.MUNICIPAL
    amount = Decimal("1500.00")


class RiskFactory(Unlocked):
    class Meta:
        model = Risk

    action = factory.SubFactory(ActionFactory)
    description = "Falta de técnicos"
    likelihood = Level.LOW
    impact = Level.HIGH


class StatusOverrideFactory(DjangoModelFactory):
    class Meta:
        model = StatusOverride

    action = factory.SubFactory(ActionFactory)
    status = "on_time"
    reason = "Atraso já resolvido"
    until = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))
    created_by = factory.SubFactory(UserFactory)


class PlanAmendmentFactory(DjangoModelFactory):
    class Meta:
        model = PlanAmendment

    plan = factory.SubFactory(ActionPlanFactory, state=PlanState.APPROVED)
    number = factory.Sequence(lambda n: n % 30000 + 1)
    reason = "Novo financiamento"
    created_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with pgtrigger.ignore("units.PlanAmendment:amendment_is_approved_by_a_deliberation"):
            return super()._create(model_class, *args, **kwargs)


class BodyRuleFactory(DjangoModelFactory):
    class Meta:
        model = BodyRule

    unit = factory.SubFactory(UnitFactory)
    rule = "simple_majority"
    legal_basis = "CPA, art. 32.º"


class MeetingFactory(DjangoModelFactory):
    class Meta:
        model = Meeting

    unit = factory.SubFactory(UnitFactory)
    number = factory.Sequence(lambda n: n + 1)
    year = factory.LazyAttribute(lambda o: timezone.localtime(o.starts_at).year)
    title = "Reunião ordinária"
    starts_at = factory.LazyFunction(timezone.now)
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + timedelta(hours=2))
    place = "Porto"
    convened_at = factory.LazyAttribute(lambda o: o.starts_at - timedelta(days=5))


class AgendaItemFactory(DjangoModelFactory):
    class Meta:
        model = AgendaItem

    meeting = factory.SubFactory(MeetingFactory)
    order = factory.Sequence(lambda n: n % 30000)
    title = factory.Sequence(lambda n: f"Ponto {n}")
    kind = "decision"


class DeliberationFactory(DjangoModelFactory):
    """On an agenda; `closed=True`: passed 2 to 0 and in the register."""

    class Meta:
        model = Deliberation

    class Params:
        closed = factory.Trait(
            state="passed",
            year=factory.LazyFunction(lambda: timezone.localdate().year),
            number=factory.Sequence(lambda n: n + 1),
            votes_for=2,
            votes_against=0,
            abstentions=0,
            seats=2,
            present=2,
            quorum=2,
            opened_at=factory.LazyFunction(timezone.now),
            closed_at=factory.LazyFunction(timezone.now),
        )

    item = factory.SubFactory(AgendaItemFactory)
    unit = factory.SelfAttribute("item.meeting.unit")
    title = factory.Sequence(lambda n: f"Deliberação {n}")
    text = "O Conselho delibera."
    rule = "simple_majority"
    legal_effect = "binding"
    legal_effect_basis = "Regimento"


class FollowUpFactory(DjangoModelFactory):
    class Meta:
        model = FollowUp

    deliberation = factory.SubFactory(DeliberationFactory, closed=True)
    task = factory.Sequence(lambda n: f"Tarefa {n}")
    owner = factory.SubFactory(UserFactory)
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=7))


class CompositionFactory(DjangoModelFactory):
    class Meta:
        model = Composition

    unit = factory.SubFactory(UnitFactory)
    starts_on = factory.LazyFunction(timezone.localdate)
    grounds_effort = "Esforço partilhado"
    grounds_competences = "Competências"
    grounds_profile = "Perfil estratégico"
    proposed_by = factory.SubFactory(UserFactory)


class PartnershipFactory(DjangoModelFactory):
    class Meta:
        model = Partnership

    partner = factory.SubFactory(PartnerFactory)
    unit = factory.SubFactory(UnitFactory)
    roles = [PartnerRole.DISSEMINATION]
    starts_on = date(2020, 1, 1)

"""One of everything that could leak: drafts of a municipality and of the coordination unit, each with a marker."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pgtrigger
from django.core.files.base import ContentFile
from django.utils import timezone

from axes.choices import KIND_SLUGS, ConsultationState, FrameworkState, NodeKind
from axes.models import Consultation, Framework, Invitee, LocalPlan, Node, Phase, Respondent, Topic
from refamp.accounts.models import ApiToken, Assignment, Invitation, User
from refamp.audit.actions import record
from refamp.audit.models import Event
from refamp.jobs.choices import UploadState
from refamp.jobs.models import Job, Upload
from refamp.territory.models import Municipality
from tests.factories import (
    ActionFactory,
    ActionPlanFactory,
    AgendaItemFactory,
    ApiTokenFactory,
    CompositionFactory,
    ConsultationFactory,
    DeliberationFactory,
    FollowUpFactory,
    FrameworkFactory,
    FreeTextFactory,
    InviteeFactory,
    JobFactory,
    LocalPlanFactory,
    MandateFactory,
    MeetingFactory,
    NodeFactory,
    ParishFactory,
    PartnerFactory,
    PartnershipFactory,
    PhaseFactory,
    PlanAmendmentFactory,
    ProgrammeFactory,
    RespondentFactory,
    TopicFactory,
    UnitFactory,
    UserFactory,
)
from units.choices import MeetingState, MinutesState, PlanState, UnitKind
from units.models import (
    Action,
    ActionPlan,
    Composition,
    Deliberation,
    FollowUp,
    Mandate,
    Meeting,
    MeetingDocument,
    Minutes,
    Partner,
    Partnership,
    PlanAmendment,
    Programme,
    Unit,
)
from units.queries.plan_content import content_of

# Written into everything that a stranger must not see; searched for in everything that a stranger is shown.
MARKER = "quimera"
SECRET = f"segredo {MARKER}"


@dataclass
class Bodies:
    """Bodies with somebody in them, a proposed composition that is nobody else's business yet, and one agreed."""

    unit: Unit
    council: Unit
    coordination: Unit
    mandate: Mandate
    draft_composition: Composition
    composition: Composition
    partner: Partner
    partnership: Partnership
    draft_meeting: Meeting
    meeting: Meeting


@dataclass
class Votes:
    """Something on an agenda, and something that was decided, with what only insiders read of it."""

    draft: Deliberation
    closed: Deliberation
    task: FollowUp


@dataclass
class Plans:
    """A draft of a unit with what only insiders read of it, and an approved plan."""

    draft: ActionPlan
    approved: ActionPlan
    draft_action: Action
    action: Action
    amendment: PlanAmendment
    programme: Programme


@dataclass
class World:
    municipality: Municipality
    technician: User
    assignment: Assignment
    draft: Framework
    in_force: Framework
    draft_node: Node
    node: Node
    draft_plan: LocalPlan
    plan: LocalPlan
    draft_consultation: Consultation
    consultation: Consultation
    draft_phase: Phase
    phase: Phase
    draft_topic: Topic
    topic: Topic
    respondent: Respondent
    invitee: Invitee
    job: Job
    upload: Upload
    plan_upload: Upload
    invitation: Invitation
    token: ApiToken
    event: Event
    bodies: Bodies
    votes: Votes
    plans: Plans


def build(technician: User, coordination: User, municipality: Municipality) -> World:
    """Everything belongs to `municipality`, its technician, or the coordination unit."""
    draft = FrameworkFactory(title=f"Edição {SECRET}", code="rascunho", created_by=coordination)
    in_force = FrameworkFactory(code="2014", state=FrameworkState.IN_FORCE, in_force_since=timezone.now())
    draft_axis = NodeFactory(framework=draft, kind=NodeKind.PRIORITY_AXIS, code="EP1", wording=f"Eixo {SECRET}")
    draft_node = NodeFactory(
        framework=draft, kind=NodeKind.PROBLEM_AREA, code="1.1", wording=f"Área {SECRET}", parent=draft_axis
    )
    axis = NodeFactory(framework=in_force, kind=NodeKind.PRIORITY_AXIS, code="EP1", wording="Eixo público")
    node = NodeFactory(framework=in_force, kind=NodeKind.PROBLEM_AREA, code="1.1", wording="Área pública", parent=axis)
    for edition, words, parent in ((draft, SECRET, draft_node), (in_force, "público", node)):
        NodeFactory(framework=edition, kind=NodeKind.STRUCTURING_IDEA, code="I1", wording=f"Ideia {words}")
        heading = NodeFactory(
            framework=edition, kind=NodeKind.FOCUS_HEADING, code="1.1.1", wording=f"Foco {words}", parent=parent
        )
        NodeFactory(
            framework=edition,
            kind=NodeKind.OPERATIONAL_RESPONSE,
            code="1.1.1.1",
            wording=f"Resposta {words}",
            parent=heading,
        )
        action = NodeFactory(framework=edition, kind=NodeKind.STRATEGIC_ACTION, code="AE1", wording=f"Ação {words}")
        NodeFactory(framework=edition, kind=NodeKind.ACTION_LINE, code="AE1.1", wording=f"Linha {words}", parent=action)
    draft_plan = LocalPlanFactory(
        municipality=municipality,
        title=f"Plano {SECRET}",
        document=ContentFile(SECRET.encode(), name="plano.pdf"),
        document_name=f"{MARKER}.pdf",
    )
    draft_plan.priorities.create(order=1, wording=f"Prioridade {SECRET}", problem_area=node)
    plan = LocalPlanFactory(
        municipality=municipality,
        published_at=timezone.now(),
        document=ContentFile(b"public", name="plano.pdf"),
        document_name="plano.pdf",
    )
    draft_consultation = ConsultationFactory(
        framework=in_force, title=f"Auscultação {SECRET}", state=ConsultationState.DRAFT, created_by=coordination
    )
    draft_topic = TopicFactory(consultation=draft_consultation, code="1.1", label=f"Tema {SECRET}", node=node)
    draft_phase = PhaseFactory(consultation=draft_consultation, name=f"Fase {SECRET}")
    consultation = ConsultationFactory(framework=in_force, published_at=timezone.now())
    phase = PhaseFactory(consultation=consultation, state="open")
    topic = TopicFactory(consultation=consultation, code="1.1", label="Tema público", node=node)
    respondent = RespondentFactory(
        consultation=consultation, phase=phase, municipality=municipality, reference=f"r-{MARKER}"
    )
    text = FreeTextFactory(respondent=respondent, text=f"Texto {SECRET}")
    text.assignments.create(role="first", coder=technician)
    invitee = InviteeFactory(consultation=consultation, municipality=municipality, email=f"{MARKER}@example.org")
    job = JobFactory(actor=technician, message=SECRET)
    upload = Upload.objects.create(
        kind="axes.answers",
        target=str(draft_consultation.public_id),
        file=ContentFile(SECRET.encode(), name="a.csv"),
        name=f"{MARKER}.csv",
        size=10,
        sha256="0" * 64,
        state=UploadState.CHECKED,
        rows=1,
        actor=technician,
    )
    plan_upload = Upload.objects.create(
        kind="axes.local_plans",
        file=ContentFile(SECRET.encode(), name="p.csv"),
        name=f"{MARKER}.csv",
        size=10,
        sha256="0" * 64,
        state=UploadState.CHECKED,
        rows=1,
        actor=technician,
    )
    invitation = Invitation.objects.create(
        email=f"convidada-{MARKER}@example.org",
        name=f"Convidada {SECRET}",
        role="partner",
        token_hash="f" * 64,
        invited_by=coordination,
        expires_at=timezone.now() + timedelta(days=1),
    )
    ParishFactory(municipality=municipality)
    bodies = build_bodies(municipality, coordination)
    return World(
        municipality=municipality,
        technician=technician,
        assignment=technician.assignments.get(),
        draft=draft,
        in_force=in_force,
        draft_node=draft_node,
        node=node,
        draft_plan=draft_plan,
        plan=plan,
        draft_consultation=draft_consultation,
        consultation=consultation,
        draft_phase=draft_phase,
        phase=phase,
        draft_topic=draft_topic,
        topic=topic,
        respondent=respondent,
        invitee=invitee,
        job=job,
        upload=upload,
        plan_upload=plan_upload,
        invitation=invitation,
        token=ApiTokenFactory(user=technician, name=f"sistema {SECRET}"),
        event=record(actor=coordination, action="test.happened", obj=draft_plan, reason=SECRET),
        bodies=bodies,
        votes=build_votes(bodies, municipality),
        plans=build_plans(bodies, in_force),
    )


def build_votes(bodies: Bodies, municipality: Municipality) -> Votes:
    person = bodies.mandate.person
    meeting = MeetingFactory(unit=bodies.council, state="convened")
    draft = DeliberationFactory(
        item__meeting=meeting, item__title="Ponto", title=f"Deliberação {SECRET}", text=f"Texto {SECRET}"
    )
    closed = DeliberationFactory(item__meeting=meeting, closed=True, title="Deliberação pública")
    for one in (draft, closed):
        with pgtrigger.ignore("units.MunicipalPosition:positions_are_taken_ahead_of_the_vote"):
            one.positions.create(
                municipality=municipality, stance="against", comment=f"Posição {SECRET}", author=person
            )
    with pgtrigger.ignore("units.Vote:votes_change_only_while_voting_is_open"):
        closed.votes.create(municipality=municipality, mandate=bodies.mandate, conflict=f"Conflito {SECRET}")
    return Votes(draft, closed, FollowUpFactory(deliberation=closed, owner=person, note=f"Nota {SECRET}"))


def build_plans(bodies: Bodies, in_force: Framework) -> Plans:
    node = in_force.nodes.get(kind=NodeKind.ACTION_LINE, code="AE1.1")
    year = timezone.localdate().year
    programme = ProgrammeFactory(unit=bodies.unit, code="PROG")
    approved = ActionPlanFactory(unit=bodies.unit, year=year, state=PlanState.APPROVED)
    draft = ActionPlanFactory(unit=bodies.unit, year=year + 1, title=f"Plano {SECRET}", summary=f"Resumo {SECRET}")
    action = ActionFactory(plan=approved, nodes=[node], programme=programme)
    hidden = ActionFactory(plan=draft, nodes=[node], programme=programme, title=f"Ação {SECRET}")
    amendment = PlanAmendmentFactory(plan=approved, reason=f"Emenda {SECRET}", content=content_of(approved))
    return Plans(draft, approved, hidden, action, amendment, programme)


def build_bodies(municipality: Municipality, coordination: User) -> Bodies:
    unit = UnitFactory(code="UE1")
    council = UnitFactory(code="CV", kind=UnitKind.COUNCIL, axis_lineage=None, members_min=17, members_max=17)
    team = UnitFactory(code="UCE", kind=UnitKind.COORDINATION, axis_lineage=None)
    partner = PartnerFactory()
    return Bodies(
        unit=unit,
        council=council,
        coordination=team,
        mandate=MandateFactory(unit=council, municipality=municipality),
        draft_composition=CompositionFactory(
            unit=unit, proposed_by=coordination, grounds_effort=f"Esforço {SECRET}", grounds_profile=f"Perfil {SECRET}"
        ),
        composition=CompositionFactory(unit=unit, proposed_by=coordination, is_agreed=True),
        partner=partner,
        partnership=PartnershipFactory(partner=partner, unit=unit),
        draft_meeting=build_meeting(unit, title=f"Reunião {SECRET}", number=None, convened_at=None),
        meeting=build_meeting(unit, closed_by=coordination),
    )


def build_meeting(unit: Unit, *, closed_by: User | None = None, **facts: Any) -> Meeting:
    """A meeting in preparation with a point and a document; or one that was held, with its published minutes."""
    made = MeetingFactory(unit=unit, **facts)
    text = "Ponto" if closed_by else f"Ponto {SECRET}"
    AgendaItemFactory(meeting=made, title=text)
    content = ContentFile(b"%PDF-1.4", name="d.pdf")
    MeetingDocument.objects.create(meeting=made, title=text, file=content, file_name="d.pdf", sha256="0" * 64)
    if closed_by is None:
        return made
    now = timezone.now()
    Meeting.objects.filter(pk=made.pk).update(state=MeetingState.CLOSED, opened_at=now, closed_at=now)
    Minutes.objects.create(
        meeting=made,
        text="Ata",
        state=MinutesState.PUBLISHED,
        author=UserFactory(),
        approved_by=closed_by,
        approved_at=now,
        published_at=now,
        sha256="0" * 64,
        pdf=ContentFile(b"%PDF-1.4", name="ata.pdf"),
        pdf_sha256="0" * 64,
    )
    return made


def arguments(name: str, wanted: list[str], world: World, *, public: bool) -> dict[str, Any]:
    """What stands in an address: ids of the draft, or of its published sister.

    To extend: add a line to `IDS` for the first part of a new URL's name, or to the common arguments below.
    """
    ids = next((ids for start, ids in IDS if name.startswith(start)), {})
    plan = world.plan if public else world.draft_plan
    consultation = world.consultation if public else world.draft_consultation
    common = {
        "edition": (world.in_force if public else world.draft).code,
        "kind": KIND_SLUGS[NodeKind.PROBLEM_AREA],
        "code": "1.1",
        "key": "x",
        "uidb36": "1",
        "token": "x" * 43,
        "consultation": consultation.public_id,
        "step": "desativar",
        "pk": world.assignment.pk,
        "phase": (world.phase if public else world.draft_phase).public_id,
        "phase_id": (world.phase if public else world.draft_phase).public_id,
        "topic_id": (world.topic if public else world.draft_topic).public_id,
        "respondent_id": world.respondent.public_id,
        "invitee_id": world.invitee.public_id,
        "text_id": world.respondent.texts.get().public_id,
        "respondent": world.respondent.public_id,
        "topic": "1.1",
        "group": "technician",
        "municipality": world.municipality.code,
        "object_type": "axes.LocalPlan",
        "object_id": plan.public_id,
        "rest": "nothing",
    }
    own = {key: value(world, public) for key, value in ids.items()}
    return {key: (common | own).get(key, world.respondent.public_id) for key in wanted}


def composition_of(world: World, public: bool) -> Any:
    return (world.bodies.composition if public else world.bodies.draft_composition).public_id


def deliberation_of(world: World, public: bool) -> Any:
    return (world.votes.closed if public else world.votes.draft).public_id


def plan_of(world: World, public: bool) -> Any:
    return (world.plans.approved if public else world.plans.draft).public_id


def action_of(world: World, public: bool) -> Any:
    return (world.plans.action if public else world.plans.draft_action).public_id


PLAN: dict[str, Any] = {
    "public_id": plan_of, "name": lambda _w, _public: "submeter", "number": lambda _w, _public: 1
}  # fmt: skip
ACTION: dict[str, Any] = {
    "public_id": action_of,
    "milestone": lambda w, public: (w.plans.action if public else w.plans.draft_action).milestones.first().public_id,
    "name": lambda _w, _public: "iniciar",
}
PLANNING: list[tuple[str, dict[str, Any]]] = [
    ("units:plan", PLAN),
    ("units:amendment_add", PLAN),
    ("units:action_add", PLAN),
    (
        "units:amendment",
        {
            "public_id": lambda w, _public: w.plans.amendment.public_id,
            "key": lambda w, _public: w.plans.action.key,
            "name": lambda _w, _public: "submeter",
        },
    ),
    ("units:serving", {"node": lambda w, _public: w.plans.action.nodes.get().public_id}),
    ("units:action", ACTION),
    ("units:milestone_report", ACTION),
    ("units:programme", {"public_id": lambda w, _public: w.plans.programme.public_id}),
    ("api:plans", {"public_id": plan_of}),
    ("api:plan-imports", {"plan": plan_of, "public_id": lambda w, _public: w.upload.public_id}),
    ("api:partner-imports", {"public_id": lambda w, _public: w.upload.public_id}),
    (
        "api:action-milestones",
        {
            "action_id": action_of,
            "public_id": lambda w, public: (
                (w.plans.action if public else w.plans.draft_action).milestones.first().public_id
            ),
        },
    ),
    ("api:actions", {"public_id": action_of}),
    ("api:programmes", {"code": lambda w, _public: w.plans.programme.code}),
]


def meeting_of(world: World, public: bool) -> Any:
    return (world.bodies.meeting if public else world.bodies.draft_meeting).public_id


MEETING: dict[str, Any] = {
    "public_id": meeting_of,
    "item_id": lambda w, public: (w.bodies.meeting if public else w.bodies.draft_meeting).items.get().public_id,
    "document_id": lambda w, public: (w.bodies.meeting if public else w.bodies.draft_meeting).documents.get().public_id,
    "amendment_id": lambda w, _public: w.respondent.public_id,
    "kind": lambda _w, _public: "sheets",
    "name": lambda _w, _public: "abrir",
}

# The parts of a meeting's address (`reunioes/…`), by the first words of their names.
MEETING_NAMES = (
    "meeting", "convene", "papers", "dossier", "item_", "document", "attendance", "quorum", "excuse", "minutes",
)  # fmt: skip

IDS: list[tuple[str, dict[str, Any]]] = [
    *PLANNING,
    *((f"units:{name}", MEETING) for name in MEETING_NAMES),
    ("units:unit_calendar", {"code": lambda w, _public: w.bodies.unit.code}),
    ("api:meetings", {"public_id": meeting_of}),
    (
        "units:deliberation",
        {"public_id": deliberation_of, "item": lambda w, _public: w.votes.draft.item.public_id},
    ),
    ("units:councillor_file", {"public_id": deliberation_of}),
    ("units:follow_up_add", {"public_id": deliberation_of}),
    (
        "units:follow_up",
        {"public_id": lambda w, _public: w.votes.task.public_id, "name": lambda _w, _public: "feito"},
    ),
    ("api:deliberations", {"public_id": deliberation_of}),
    ("units:composition_propose", {"code": lambda w, _public: w.bodies.unit.code}),
    ("units:composition", {"public_id": composition_of}),
    ("units:councillor", {"public_id": lambda w, _public: w.bodies.mandate.public_id}),
    ("units:mandate_end", {"public_id": lambda w, _public: w.bodies.mandate.public_id}),
    (
        "units:partner",
        {
            "public_id": lambda w, _public: w.bodies.partner.public_id,
            "key": lambda w, _public: w.bodies.partnership.pk,
        },
    ),
    ("units:unit_propose", {"axis": lambda _w, _public: "EP1"}),
    ("units:unit", {"code": lambda w, _public: w.bodies.unit.code}),
    ("api:units", {"code": lambda w, _public: w.bodies.unit.code}),
    ("api:mandates", {"public_id": lambda w, _public: w.bodies.mandate.public_id}),
    ("api:partners", {"public_id": lambda w, _public: w.bodies.partner.public_id}),
    ("accounts:token", {"public_id": lambda w, _public: w.token.public_id}),
    ("accounts:any_token", {"public_id": lambda w, _public: w.token.public_id}),
    ("accounts:person", {"public_id": lambda w, _public: w.technician.public_id}),
    ("accounts:role", {"public_id": lambda w, _public: w.technician.public_id}),
    ("accounts:invitation", {"public_id": lambda w, _public: w.invitation.public_id}),
    ("territory:", {"code": lambda w, _public: w.municipality.code}),
    ("api:municipalities", {"code": lambda w, _public: w.municipality.code}),
    ("api:parishes", {"code": lambda w, _public: w.municipality.parishes.get().code}),
    ("api:audit", {"public_id": lambda w, _public: w.event.public_id}),
    ("jobs:job", {"public_id": lambda w, _public: w.job.public_id}),
    # A technician sends local plans; files of answers are the coordination unit's.
    ("jobs:upload", {"public_id": lambda w, _public: w.plan_upload.public_id}),
    ("axes:local_plan", {"public_id": lambda w, public: (w.plan if public else w.draft_plan).public_id}),
    ("api:local-plans", {"public_id": lambda w, public: (w.plan if public else w.draft_plan).public_id}),
    ("axes:coding_text", {"public_id": lambda w, _public: w.respondent.texts.get().public_id}),
    ("axes:text", {"public_id": lambda w, _public: w.respondent.texts.get().public_id}),
    ("api:axes", {"code": lambda _w, _public: "EP1"}),
    ("api:structuring-ideas", {"code": lambda _w, _public: "I1"}),
    ("api:focus-headings", {"code": lambda _w, _public: "1.1.1"}),
    ("api:operational-responses", {"code": lambda _w, _public: "1.1.1.1"}),
    ("api:strategic-actions", {"code": lambda _w, _public: "AE1"}),
    ("api:action-lines", {"code": lambda _w, _public: "AE1.1"}),
    ("api:consultation-imports", {"public_id": lambda w, _public: w.upload.public_id}),
    ("api:local-plan-imports", {"public_id": lambda w, _public: w.plan_upload.public_id}),
    ("api:frameworks", {"code": lambda w, public: (w.in_force if public else w.draft).code}),
    (
        "axes:consultation_step",
        {
            "public_id": lambda w, public: (w.consultation if public else w.draft_consultation).public_id,
            "step": lambda _w, _public: "publicar",
        },
    ),
    (
        "axes:phase_step",
        {
            "public_id": lambda w, public: (w.consultation if public else w.draft_consultation).public_id,
            "step": lambda _w, _public: "fechar",
        },
    ),
    ("axes:", {"public_id": lambda w, public: (w.consultation if public else w.draft_consultation).public_id}),
    ("api:", {"public_id": lambda w, public: (w.consultation if public else w.draft_consultation).public_id}),
]

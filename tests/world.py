"""One of everything that could leak: drafts of a municipality and of the coordination unit, each with a marker."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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
    ApiTokenFactory,
    ConsultationFactory,
    FrameworkFactory,
    FreeTextFactory,
    InviteeFactory,
    JobFactory,
    LocalPlanFactory,
    NodeFactory,
    ParishFactory,
    PhaseFactory,
    RespondentFactory,
    TopicFactory,
)

# Written into everything that a stranger must not see; searched for in everything that a stranger is shown.
MARKER = "quimera"
SECRET = f"segredo {MARKER}"


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
    )


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


IDS: list[tuple[str, dict[str, Any]]] = [
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

"""The words of the referential and of its consultations."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FrameworkState(TextChoices):
    DRAFT = "draft", _("draft")
    IN_CONSULTATION = "in_consultation", _("in consultation")
    IN_FORCE = "in_force", _("in force")
    SUPERSEDED = "superseded", _("superseded")


# from → to → who. What "act" does is done by the founding loader, or by a deliberation on a higher floor.
FRAMEWORK_MOVES = {
    FrameworkState.DRAFT: {FrameworkState.IN_CONSULTATION: "coordination", FrameworkState.IN_FORCE: "act"},
    FrameworkState.IN_CONSULTATION: {FrameworkState.DRAFT: "coordination", FrameworkState.IN_FORCE: "act"},
    FrameworkState.IN_FORCE: {FrameworkState.SUPERSEDED: "act"},
}


class NodeKind(TextChoices):
    OPENING_HEADING = "opening_heading", _("heading of the opening")
    OPENING_STATEMENT = "opening_statement", _("opening statement")
    STRUCTURING_IDEA = "structuring_idea", _("structuring idea")
    IDEA_STATEMENT = "idea_statement", _("statement under an idea")
    PRIORITY_AXIS = "priority_axis", _("priority axis")
    PROBLEM_AREA = "problem_area", _("problem area")
    FOCUS_HEADING = "focus_heading", _("focus heading")
    OPERATIONAL_RESPONSE = "operational_response", _("operational response")
    STRATEGIC_ACTION = "strategic_action", _("strategic action")
    ACTION_LINE = "action_line", _("action line")
    GOVERNING_BODY = "governing_body", _("governing body")
    STRATEGIC_UNIT = "strategic_unit", _("strategic unit")
    COMPOSITION_RULE = "composition_rule", _("composition rule")
    BODY_FUNCTION = "body_function", _("function of a body")
    PARTNER_KIND = "partner_kind", _("kind of partner")
    PARTNER_ROLE = "partner_role", _("role of partners")


# Several of a kind, for headings.
KIND_PLURALS = {
    NodeKind.OPENING_HEADING: _("headings of the opening"),
    NodeKind.OPENING_STATEMENT: _("opening statements"),
    NodeKind.STRUCTURING_IDEA: _("structuring ideas"),
    NodeKind.IDEA_STATEMENT: _("statements under the idea"),
    NodeKind.PRIORITY_AXIS: _("priority axes"),
    NodeKind.PROBLEM_AREA: _("problem areas"),
    NodeKind.FOCUS_HEADING: _("focus headings"),
    NodeKind.OPERATIONAL_RESPONSE: _("operational responses"),
    NodeKind.STRATEGIC_ACTION: _("strategic actions"),
    NodeKind.ACTION_LINE: _("action lines"),
    NodeKind.GOVERNING_BODY: _("governing bodies"),
    NodeKind.STRATEGIC_UNIT: _("strategic units"),
    NodeKind.COMPOSITION_RULE: _("composition rules"),
    NodeKind.BODY_FUNCTION: _("functions"),
    NodeKind.PARTNER_KIND: _("kinds of partner"),
    NodeKind.PARTNER_ROLE: _("roles of partners"),
}

# How an address names a kind.
KIND_SLUGS: dict[NodeKind, str] = {
    NodeKind.OPENING_HEADING: "abertura",
    NodeKind.OPENING_STATEMENT: "enunciado",
    NodeKind.STRUCTURING_IDEA: "ideia",
    NodeKind.IDEA_STATEMENT: "enunciado-de-ideia",
    NodeKind.PRIORITY_AXIS: "eixo",
    NodeKind.PROBLEM_AREA: "problematica",
    NodeKind.FOCUS_HEADING: "foco",
    NodeKind.OPERATIONAL_RESPONSE: "resposta",
    NodeKind.STRATEGIC_ACTION: "acao-estrategica",
    NodeKind.ACTION_LINE: "linha-de-acao",
    NodeKind.GOVERNING_BODY: "orgao",
    NodeKind.STRATEGIC_UNIT: "unidade-estrategica",
    NodeKind.COMPOSITION_RULE: "regra-de-composicao",
    NodeKind.BODY_FUNCTION: "funcao",
    NodeKind.PARTNER_KIND: "tipo-de-parceiro",
    NodeKind.PARTNER_ROLE: "papel-de-parceiro",
}
SLUG_KINDS: dict[str, NodeKind] = {slug: kind for kind, slug in KIND_SLUGS.items()}


# Under which kinds a node may stand; None: at the top.
PARENT_KINDS: dict[NodeKind, set[NodeKind | None]] = {
    NodeKind.OPENING_HEADING: {None},
    NodeKind.OPENING_STATEMENT: {NodeKind.OPENING_HEADING},
    NodeKind.STRUCTURING_IDEA: {None},
    NodeKind.IDEA_STATEMENT: {NodeKind.STRUCTURING_IDEA},
    NodeKind.PRIORITY_AXIS: {None},
    NodeKind.PROBLEM_AREA: {NodeKind.PRIORITY_AXIS},
    NodeKind.FOCUS_HEADING: {NodeKind.PROBLEM_AREA},
    NodeKind.OPERATIONAL_RESPONSE: {NodeKind.FOCUS_HEADING, NodeKind.PROBLEM_AREA},
    NodeKind.STRATEGIC_ACTION: {None},
    NodeKind.ACTION_LINE: {NodeKind.STRATEGIC_ACTION},
    NodeKind.GOVERNING_BODY: {None},
    NodeKind.STRATEGIC_UNIT: {NodeKind.GOVERNING_BODY},
    NodeKind.COMPOSITION_RULE: {NodeKind.GOVERNING_BODY},
    NodeKind.BODY_FUNCTION: {NodeKind.GOVERNING_BODY},
    NodeKind.PARTNER_KIND: {NodeKind.GOVERNING_BODY},
    NodeKind.PARTNER_ROLE: {NodeKind.GOVERNING_BODY},
}


class Focus(TextChoices):
    """What the responses under a focus heading work on."""

    FACILITIES = "facilities", _("facilities")
    PROCESSES = "processes", _("processes")
    CAPACITY = "capacity", _("capacity")


class ReferenceKind(TextChoices):
    ALSO_SERVES = "also_serves", _("also serves")
    REFERS_TO = "refers_to", _("refers to")
    REPEATS = "repeats", _("repeats")
    NAMES = "names", _("names")
    AIMED_AT = "aimed_at", _("is aimed at")
    SERVES = "serves", _("serves")
    ANSWERS = "answers", _("answers")
    VALUES = "values", _("values what fits")
    UPHOLDS = "upholds", _("upholds")


class Origin(TextChoices):
    PRINTED = "printed", _("printed")
    READ = "read", _("read")


class LocalPlanKind(TextChoices):
    DIAGNOSIS = "diagnosis", _("social diagnosis")
    DEVELOPMENT_PLAN = "development_plan", _("social development plan")
    YEARLY_PLAN = "yearly_plan", _("yearly plan")


class ConsultationState(TextChoices):
    DRAFT = "draft", _("in preparation")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


CONSULTATION_MOVES = {
    ConsultationState.DRAFT: {ConsultationState.OPEN: "coordination"},
    ConsultationState.OPEN: {ConsultationState.CLOSED: "coordination"},
    ConsultationState.CLOSED: {ConsultationState.OPEN: "coordination"},
}


class PhaseState(TextChoices):
    PLANNED = "planned", _("planned")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


PHASE_MOVES = {
    PhaseState.PLANNED: {PhaseState.OPEN: "coordination"},
    PhaseState.OPEN: {PhaseState.CLOSED: "coordination"},
}


class Group(TextChoices):
    ELECTED = "elected", _("elected")
    DIRECTOR = "director", _("directors")
    TECHNICIAN = "technician", _("technicians")
    PARTNER = "partner", _("local partners")


class Scale(TextChoices):
    METROPOLITAN = "metropolitan", _("metropolitan")
    MUNICIPAL = "municipal", _("municipal")


class Channel(TextChoices):
    """By which way an answer came in."""

    LINK = "link", _("link sent by e-mail")
    INTERVIEW = "interview", _("interview")
    FOCUS_GROUP = "focus_group", _("focus group")
    FILE = "file", _("spreadsheet")
    RECONSTRUCTION = "reconstruction", _("reconstruction")


class CodingRole(TextChoices):
    FIRST = "first", _("first coder")
    SECOND = "second", _("second coder")
    SETTLER = "settler", _("third, who settles")


class TextState(TextChoices):
    TO_CODE = "to_code", _("to be coded")
    DISAGREED = "disagreed", _("to be settled")
    SETTLED = "settled", _("settled")


# How files and lists may say it: without accents and case, in both languages.
GROUP_WORDS = {
    word.replace("_", " "): group
    for group, words in {
        Group.ELECTED: "elected eleito eleita eleitos eleitas eleito/a eleitos/as",
        Group.DIRECTOR: "director directors dirigente dirigentes diretor diretora diretores diretoras",
        Group.TECHNICIAN: "technician technicians tecnico tecnica tecnicos tecnicas tecnico/a tecnicos/as",
        Group.PARTNER: "partner partners local_partner local_partners parceiro parceira parceiros parceiras"
        " parceiro_local parceiros_locais parceiro/a parceiros/as",
    }.items()
    for word in words.split()
}
SCALE_WORDS = {
    word: scale
    for scale, words in {
        Scale.METROPOLITAN: "metropolitan metropolitano metropolitana metropolitanos metropolitanas",
        Scale.MUNICIPAL: "municipal municipais",
    }.items()
    for word in words.split()
}

LONGEST_TEXT = 20_000  # characters of one answer in somebody's own words

# How the record speaks of what is done to editions and local plans.
FRAMEWORK_EVENTS = {
    "framework.copied": _("Edition begun as a copy"),
    "framework.edited": _("Edition's head changed"),
    "framework.draft": _("Edition taken back to draft"),
    "framework.in_consultation": _("Edition put in consultation"),
    "framework.put_in_force": _("Edition put in force"),
    "framework.superseded": _("Edition superseded"),
    "node.added": _("Node added"),
    "node.renamed": _("Wording changed"),
    "node.moved": _("Node moved"),
    "node.split": _("Node split"),
    "node.dropped": _("Node dropped"),
    "node.reordered": _("Order changed"),
    "local_plan.added": _("Local plan entered"),
    "local_plan.edited": _("Local plan changed"),
    "local_plan.document": _("Document of a local plan kept"),
    "local_plan.published": _("Local plan published"),
    "local_plan.withdrawn": _("Local plan taken back"),
    "local_plan.removed": _("Local plan removed"),
}

# How the record speaks of what is done to consultations and their answers.
CONSULTATION_EVENTS = {
    "consultation.created": _("Consultation made"),
    "consultation.edited": _("Facts changed"),
    "consultation.opened": _("Consultation opened"),
    "consultation.closed": _("Consultation closed"),
    "consultation.published": _("Results published"),
    "consultation.publication_withdrawn": _("Publication taken back"),
    "consultation.phase_added": _("Phase planned"),
    "consultation.phase_edited": _("Phase changed"),
    "consultation.phase_removed": _("Phase taken out"),
    "consultation.phase_opened": _("Phase opened"),
    "consultation.phase_closed": _("Phase closed"),
    "consultation.quota_set": _("Quota plan changed"),
    "consultation.topic_added": _("Topic added"),
    "consultation.topic_edited": _("Topic changed"),
    "consultation.topic_removed": _("Topic taken out"),
    "consultation.topic_moved": _("Topic moved"),
    "consultation.code_book_copied": _("Code book copied"),
    "consultation.code_book_proposed": _("Code book proposed"),
    "consultation.people_invited": _("People added to the list"),
    "consultation.invitations_sent": _("Invitations sent"),
    "consultation.people_reminded": _("Reminders sent"),
    "consultation.invitee_removed": _("Person taken off the list"),
    "consultation.addresses_erased": _("Addresses erased"),
    "consultation.coders_assigned": _("Coders assigned"),
    "respondent.recorded": _("Answers taken"),
    "respondent.withdrawn": _("Answers withdrawn"),
    "answers.imported": _("Answers imported"),
    "answers.import_undone": _("Import of answers undone"),
    "answers.made_up": _("Made-up answers entered"),
    "results.frozen": _("Results frozen"),
    "text.coded": _("Text read"),
    "text.settled": _("Text settled"),
}

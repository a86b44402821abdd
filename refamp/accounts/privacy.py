"""The register of personal data (RGPD, article 30): each field that says something about a person, why, for how long.

`tests/accounts/test_privacy.py` goes through every field of every table: one that is neither listed here nor of a kind
that cannot be personal makes it fail.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """One group of fields (`app.Model.field`) with one purpose and one retention."""

    title: str | Promise
    fields: tuple[str, ...]
    purpose: str | Promise
    retention: str | Promise


AS_LONG_AS_THE_ACCOUNT = _("As long as the account exists; erased when the person asks for it, or their function ends.")

REGISTER = (
    Entry(
        _("Who works here"),
        ("accounts.User.email", "accounts.User.name", "account.EmailAddress.email"),
        _("To know who may enter, to write to them, and to say who answers for what."),
        AS_LONG_AS_THE_ACCOUNT,
    ),
    Entry(
        _("How they come in"),
        (
            "accounts.User.password",
            "mfa.Authenticator.data",
            "accounts.ApiToken.key",
            "accounts.ApiToken.name",
            "accounts.ApiToken.secret_hash",
            "account.EmailConfirmation.key",
        ),
        _("To be sure that it is they. Passwords and tokens are kept as fingerprints, second factors encrypted."),
        AS_LONG_AS_THE_ACCOUNT,
    ),
    Entry(
        _("Where they are logged in"),
        (
            "usersessions.UserSession.ip",
            "usersessions.UserSession.user_agent",
            "usersessions.UserSession.session_key",
            "usersessions.UserSession.data",
            "sessions.Session.session_key",
            "sessions.Session.session_data",
        ),
        _("So that a person sees strange sessions and ends them."),
        _("Until the session ends: twelve hours at most."),
    ),
    Entry(
        _("Who was invited to work here"),
        ("accounts.Invitation.email", "accounts.Invitation.name", "accounts.Invitation.token_hash"),
        _("To send the invitation, which is the only way to an account."),
        _("Until the account that came of it is erased."),
    ),
    Entry(
        _("Who is asked in a consultation"),
        ("axes.Invitee.email", "axes.Invitee.token_hash"),
        _("To send the link with which somebody answers. Kept apart from the answers, and tied to none of them."),
        _("Erased on the day that each invitation carries, at the latest 30 days after the consultation closes."),
    ),
    Entry(
        _("What they answered"),
        ("axes.Respondent.reference", "axes.FreeText.text"),
        _("To count which problems are named. Who answered is a pseudonym, never a name; what few said is not shown."),
        _("As long as the consultation is kept as a source of the referential."),
    ),
    Entry(
        _("Files that people send"),
        (
            "jobs.Upload.file",
            "jobs.Upload.name",
            "jobs.Upload.problems",
            "jobs.Upload.summary",
            "jobs.Upload.mapping",
            "jobs.Upload.outcome",
        ),
        _("To import what they hold, to show what is wrong with them, and to undo it."),
        _("The file until 30 days after the import ended; its fingerprint stays."),
    ),
    Entry(
        _("Messages that we send"),
        (
            "jobs.Email.to",
            "jobs.Email.subject",
            "jobs.Email.body",
            "jobs.Email.attachments",
            "jobs.Email.error",
        ),
        _("To deliver them, and to try again while a mail server is away."),
        _("30 days after they were sent."),
    ),
    Entry(
        _("Work done in the background"),
        (
            "jobs.Job.payload",
            "jobs.Job.result",
            "jobs.Job.message",
            "jobs.Job.error",
            "jobs.Job.key",
            "jobs.IdempotencyKey.key",
            "jobs.IdempotencyKey.caller",
            "jobs.IdempotencyKey.headers",
            "jobs.IdempotencyKey.body",
        ),
        _("To do once what was asked once. They name rows, not people; what they name may be a person's."),
        _("90 days; answers kept for repeated calls, one day."),
    ),
    Entry(
        _("Who did what"),
        (
            "audit.Event.actor_label",
            "audit.Event.object_label",
            "audit.Event.before",
            "audit.Event.after",
            "audit.Event.reason",
            "admin.LogEntry.object_repr",
            "admin.LogEntry.change_message",
        ),
        _(
            "Public administration answers for its acts (RGPD, article 6(1)(c) and (e)). Personal fields are recorded "
            "as changed, without their values."
        ),
        _("Ten years, also after an account is erased (RGPD, article 17(3)(b)): the record cannot be rewritten."),
    ),
)

# Kinds of field that hold no words about a person: numbers, days, choices, keys and links to other rows. A link to an
# account is personal through the account, and dies with its name.
NEVER_PERSONAL = {
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "ForeignKey",
    "IntegerField",
    "ManyToManyField",
    "OneToOneField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "PublicIdField",
    "UUIDField",
    "VersionField",
}

# Words and files that are about things: places, documents, the words of the referential, technical names.
ABOUT_THINGS = frozenset(
    {
        "account.EmailAddress.verified",
        "accounts.User.language",
        "admin.LogEntry.object_id",
        "audit.Event.action",
        "audit.Event.object_id",
        "audit.Event.object_type",
        "audit.Event.request_id",
        "audit.Seal.digest",
        "audit.Seal.previous",
        "auth.Group.name",
        "auth.Permission.codename",
        "auth.Permission.name",
        "axes.Consultation.description",
        "axes.Consultation.provenance",
        "axes.Consultation.target_groups",
        "axes.Consultation.title",
        "axes.CrossReference.note",
        "axes.Erratum.place",
        "axes.Erratum.printed",
        "axes.Erratum.reading",
        "axes.Framework.code",
        "axes.Framework.founding_note",
        "axes.Framework.source",
        "axes.Framework.title",
        "axes.LocalPlan.document",
        "axes.LocalPlan.document_name",
        "axes.LocalPlan.link",
        "axes.LocalPlan.title",
        "axes.LocalPlanPriority.wording",
        "axes.Node.code",
        "axes.Node.note",
        "axes.Node.wording",
        "axes.Phase.name",
        "axes.PublishedFigure.as_printed",
        "axes.PublishedFigure.note",
        "axes.PublishedFigure.share",
        "axes.Topic.code",
        "axes.Topic.label",
        "axes.Topic.note",
        "axes.Topic.scales",
        "accounts.ApiToken.scopes",
        "contenttypes.ContentType.app_label",
        "contenttypes.ContentType.model",
        "jobs.Canary.name",
        "jobs.IdempotencyKey.fingerprint",
        "jobs.Job.kind",
        "jobs.Upload.kind",
        "jobs.Upload.sha256",
        "jobs.Upload.target",
        "territory.CensusCount.source",
        "territory.Municipality.boundary",
        "territory.Municipality.boundary_source",
        "territory.Municipality.code",
        "territory.Municipality.district",
        "territory.Municipality.name",
        "territory.Municipality.nuts3",
        "territory.Municipality.short_name",
        "territory.Parish.boundary",
        "territory.Parish.boundary_source",
        "territory.Parish.code",
        "territory.Parish.name",
    }
)

"""Meetings, presence and minutes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MeetingState(TextChoices):
    DRAFT = "draft", _("in preparation")
    CONVENED = "convened", _("convened")
    IN_SESSION = "in_session", _("in session")
    CLOSED = "closed", _("closed")
    CANCELLED = "cancelled", _("cancelled")


# "chair": president, vice-president or coordinator of the unit in force; "secretariat": those, its secretary, or the
# coordination unit.
MEETING_MOVES = {
    MeetingState.DRAFT: {MeetingState.CONVENED: "secretariat", MeetingState.CANCELLED: "secretariat"},
    MeetingState.CONVENED: {MeetingState.IN_SESSION: "chair", MeetingState.CANCELLED: "secretariat"},
    MeetingState.IN_SESSION: {MeetingState.CLOSED: "chair"},
}


class Presence(TextChoices):
    IN_PERSON = "in_person", _("in person")
    REMOTE = "remote", _("remotely")
    EXCUSED = "excused", _("excused")
    ABSENT = "absent", _("absent")


PRESENT = {Presence.IN_PERSON, Presence.REMOTE}


# What a meeting's document may be, by the extension that its content gives it.
DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "png": "image/png",
    "jpg": "image/jpeg",
}


class MeetingFileKind(TextChoices):
    DOSSIER = "dossier", _("dossier with its documents")
    SHEETS = "sheets", _("sheets with the documents attached")
    ADDENDUM = "addendum", _("late addenda")


class ItemKind(TextChoices):
    INFORMATION = "information", _("for information")
    DISCUSSION = "discussion", _("for discussion")
    DECISION = "decision", _("for decision")


class MinutesState(TextChoices):
    DRAFT = "draft", _("draft")
    UNDER_AMENDMENT = "under_amendment", _("open to amendments")
    APPROVED = "approved", pgettext_lazy("minutes", "approved")
    PUBLISHED = "published", pgettext_lazy("minutes", "published")


# "chair": who chairs the body, attended the meeting and did not write in them (CPA, art. 34, nos. 2 and 3); where no
# chair did both, another member who did.
MINUTES_MOVES = {
    MinutesState.DRAFT: {MinutesState.UNDER_AMENDMENT: "secretariat"},
    MinutesState.UNDER_AMENDMENT: {MinutesState.DRAFT: "secretariat", MinutesState.APPROVED: "chair"},
    MinutesState.APPROVED: {MinutesState.PUBLISHED: "secretariat"},
}


class AmendmentState(TextChoices):
    PROPOSED = "proposed", _("proposed")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")


# What the record calls what happens to meetings.
MEETING_EVENTS = {
    "meeting.prepared": _("meeting prepared"),
    "meeting.changed": _("facts changed"),
    "meeting.convened": _("convened"),
    "meeting.invited_again": _("invitation corrected"),
    "meeting.second_call": _("called a second time"),
    "meeting.cancelled": _("cancelled"),
    "meeting.opened": _("opened"),
    "meeting.closed": _("closed"),
    "meeting.summary_approved": _("summary of the decisions approved"),
    "meeting.item_added": _("point added"),
    "meeting.item_changed": _("point changed"),
    "meeting.item_moved": _("point moved"),
    "meeting.item_removed": _("point taken out"),
    "meeting.document_added": _("document added"),
    "meeting.urgency_recognised": _("urgency of a late point recognised"),
    "meeting.document_shown": _("document made public"),
    "meeting.document_kept_back": _("document no longer public"),
    "meeting.document_withdrawn": _("document withdrawn"),
    "meeting.attendance": _("attendance recorded"),
    "minutes.drafted": _("minutes drafted"),
    "minutes.changed": _("minutes changed"),
    "minutes.under_amendment": _("minutes open to amendments"),
    "minutes.draft": _("minutes taken back to draft"),
    "minutes.amendment_proposed": _("amendment to the minutes proposed"),
    "minutes.amendment_answered": _("amendment to the minutes answered"),
    "minutes.approved": _("minutes approved"),
    "minutes.published": _("minutes published"),
    "calendar.address_made": _("calendar address made"),
    "calendar.address_revoked": _("calendar address revoked"),
}

"""Why a plan or an amendment came back from a vote: kept as facts, told in the language of who reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from units.choices import MetropolitanAnswer, VoteValue
from units.models import Deliberation


def reasons_of(deliberation: Deliberation) -> dict[str, Any]:
    """What refused it, and what the municipalities said against it or would have changed: (municipality, words)."""
    rejected = deliberation.metropolitan_answer == MetropolitanAnswer.REJECTED
    against = deliberation.votes.exclude(declaration="").exclude(value=VoteValue.FOR).select_related("municipality")
    wanted = deliberation.positions.exclude(proposed_change="").select_related("municipality")
    return {
        "code": "rejected" if rejected else "not_approved",
        "deliberation": str(deliberation),
        "id": str(deliberation.public_id),
        "reference": deliberation.metropolitan_reference,
        "against": [[str(vote.municipality), vote.declaration] for vote in against],
        "wanted": [[str(position.municipality), position.proposed_change] for position in wanted],
    }


def told(facts: Mapping[str, Any] | None, words: str = "") -> str:
    """The reasons as text, line by line; `words` are those that a person typed, or an older version kept."""
    if not facts:
        return words
    if facts["code"] == "rejected":
        said = _("Rejected by the Metropolitan Council: %(reference)s") % {"reference": facts["reference"] or "–"}
    else:
        said = _("Not approved: %(deliberation)s") % {"deliberation": facts["deliberation"]}
    people = [f"{place}: {text}" for place, text in [*facts["against"], *facts["wanted"]]]
    return "\n".join([said, *people, *([words] if words else [])])

"""The register of deliberations as a table for other programs."""

from collections.abc import Iterable, Iterator
from typing import Any

from units.models import Deliberation

COLUMNS = (
    "id",
    "unit_id",
    "unit_label",
    "year",
    "number",
    "title",
    "state",
    "rule",
    "legal_effect",
    "legal_effect_basis",
    "is_secret",
    "subject_kind",
    "votes_for",
    "votes_against",
    "abstentions",
    "present",
    "seats",
    "quorum",
    "casting_vote",
    "opened_at",
    "closed_at",
    "effective_at",
    "metropolitan_answer",
    "metropolitan_reference",
    "metropolitan_at",
    "text",
)


def rows_of(found: Iterable[Deliberation]) -> Iterator[dict[str, Any]]:
    for one in found:
        yield {name: getattr(one, name, None) for name in COLUMNS} | {
            "id": str(one.public_id),
            "unit_id": one.unit.code,
            "unit_label": one.unit.name,
        }

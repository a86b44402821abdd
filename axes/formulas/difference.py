"""What changed between two editions. Pure: from what each edition says to the list of changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Said:
    """One node as an edition says it. `parent` and `split_from` are lineages; `key` leads back to the row."""

    key: int
    lineage: UUID
    kind: str
    code: str
    wording: str
    focus: str | None
    parent: UUID | None
    split_from: UUID | None = None


@dataclass(frozen=True)
class Difference:
    """Each change once: a node that was split is neither renamed nor dropped, and its parts are not added.

    renamed: (old, new, names of the fields among wording, code and focus); moved: (old, new);
    split: (old, what it became, itself first where it is still there). A node can be renamed and moved.
    """

    added: list[Said] = field(default_factory=list)
    dropped: list[Said] = field(default_factory=list)
    renamed: list[tuple[Said, Said, tuple[str, ...]]] = field(default_factory=list)
    moved: list[tuple[Said, Said]] = field(default_factory=list)
    split: list[tuple[Said, list[Said]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(found) for found in (self.added, self.dropped, self.renamed, self.moved, self.split))


def difference(old: Sequence[Said], new: Sequence[Said]) -> Difference:
    """Compare by lineage. Everything keeps the order in which it was given.

    A part is a node whose lineage the old edition does not hold and whose `split_from` it does. A new code that only
    comes with a new parent belongs to the move.
    """
    before = {node.lineage: node for node in old}
    after = {node.lineage: node for node in new}
    parts: dict[UUID, list[Said]] = {}
    for node in new:
        if node.lineage not in before and node.split_from in before:
            parts.setdefault(node.split_from, []).append(node)
    found = Difference()
    for node in old:
        there = after.get(node.lineage)
        if node.lineage in parts:
            found.split.append((node, [*([there] if there else []), *parts[node.lineage]]))
        elif there is None:
            found.dropped.append(node)
        if there is None:
            continue
        moved = node.parent != there.parent
        if moved:
            found.moved.append((node, there))
        fields = tuple(changed(node, there, ("wording", "focus") if moved else ("wording", "code", "focus")))
        if fields and node.lineage not in parts:
            found.renamed.append((node, there, fields))
    found.added.extend(n for n in new if n.lineage not in before and n.split_from not in before)
    return found


def changed(old: Said, new: Said, fields: Iterable[str]) -> Iterable[str]:
    return (name for name in fields if getattr(old, name) != getattr(new, name))

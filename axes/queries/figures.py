"""The figures that stand beside the referential: what was printed and what the platform computes, node by node."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from axes.choices import Scale
from axes.formulas.representativeness import agrees, share, wilson
from axes.models import Consultation, Framework, PublishedFigure, Release, ReleasedResult, Representativeness, Topic
from axes.queries.framework import Branch

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User


@dataclass(frozen=True)
class Cell:
    """One topic at one scale. `share`, `low`, `high` are in percent; where there is none, `status` says why.

    `differs`: the printed share is not what its own count gives.
    """

    scale: Scale
    status: str | None = None
    mentions: int | None = None
    share: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    printed: PublishedFigure | None = None
    differs: bool = False


@dataclass(frozen=True)
class Figure:
    """A topic of the code book at both scales."""

    code: str
    label: str
    note: str
    cells: dict[str, Cell]

    @property
    def metropolitan(self) -> Cell:
        return self.cells[Scale.METROPOLITAN]

    @property
    def municipal(self) -> Cell:
        return self.cells[Scale.MUNICIPAL]


@dataclass(frozen=True)
class Figures:
    """The published results of one consultation on an edition, by the node that each topic stands for."""

    consultation: Consultation
    respondents: int | None
    of_node: dict[int, list[Figure]]


@dataclass
class Row:
    """A line of a table of figures: a node, and a topic of it or none."""

    branch: Branch
    figure: Figure | None


@dataclass
class Section:
    """A table of figures: its rows and the one that its heading speaks of."""

    name: str
    rows: list[Row]
    branch: Branch | None = None
    leading: Row | None = None
    any_printed: bool = False
    differing: list[Cell] = field(default_factory=list)


def figures_of(framework: Framework, user: "User | AnonymousUser") -> Figures | None:
    """The figures of the consultation on this edition whose results are published, that with printed figures first.

    They are the frozen ones of its latest release, which are what everybody may see. By three queries.
    """
    printed = PublishedFigure.objects.filter(topic__consultation=OuterRef("pk"))
    chosen = (
        Consultation.objects.visible_to(user)
        .filter(framework=framework, published_at__isnull=False)
        .annotate(has_printed=Exists(printed))
        .order_by("-has_printed", "-published_at", "-id")
        .values("pk")[:1]
    )
    topics = list(
        Topic.objects.filter(consultation__in=chosen)
        .select_related("consultation")
        .prefetch_related("published_figures")
        .order_by("order", "id")
    )
    if not topics:
        return None
    consultation = topics[0].consultation
    latest = Release.objects.filter(consultation=consultation, is_withheld=False).order_by("-id").values("pk")[:1]
    counts: dict[tuple[int | None, str | None], ReleasedResult] = {
        (result.topic_id, result.scale): result
        for result in ReleasedResult.objects.filter(release__in=latest, dimension=Representativeness.Dimension.ALL)
    }
    everybody = counts.get((None, None))
    # Too few in all: not even how many they are is shown.
    respondents = everybody.count if everybody and not everybody.is_hidden else None
    of_node: dict[int, list[Figure]] = defaultdict(list)
    for topic in topics:
        printed_at = {figure.scale: figure for figure in topic.published_figures.all()}
        cells = {
            str(scale): cell_of(
                scale,
                # The frozen results say what was asked then; the code book may have grown since.
                asked=(topic.pk, scale) in counts if counts else scale in topic.scales,
                result=counts.get((topic.pk, scale)),
                respondents=respondents,
                frame=consultation.frame_size,
                printed=printed_at.get(scale),
                source_prints=bool(printed_at),
            )
            for scale in Scale
        }
        of_node[topic.node_id].append(Figure(topic.code, topic.label, topic.note, cells))
    return Figures(consultation, respondents, dict(of_node))


def cell_of(
    scale: Scale,
    *,
    asked: bool,
    result: ReleasedResult | None,
    respondents: int | None,
    frame: int | None,
    printed: PublishedFigure | None,
    source_prints: bool,
) -> Cell:
    """Asked and unnamed is 0; not asked, hidden, and nobody there to ask are three other things.

    Of a topic known only from a source that prints figures (`source_prints`), an empty cell is no data: whether it was
    asked is not known.
    """
    if not asked:
        return Cell(scale, "no_data" if source_prints else "not_asked", printed=printed)
    if result is not None and result.is_hidden:
        return Cell(scale, "suppressed", printed=printed)
    if respondents is None:
        return Cell(scale, "not_collected", printed=printed)
    if not respondents:
        return Cell(scale, "no_respondents", printed=printed)
    mentions = result.count if result else 0
    low, high = wilson(mentions, respondents, frame if frame and frame >= respondents else None) or (None, None)
    return Cell(
        scale,
        mentions=mentions,
        share=share(mentions, respondents),
        low=low,
        high=high,
        printed=printed,
        differs=printed is not None and agrees(printed.share, mentions, respondents) is False,
    )


def section(name: str, branches: list[Branch], figures: Figures | None, branch: Branch | None = None) -> Section:
    """One row per topic of each node; a node without topic has its row too, without figures."""
    rows = [
        Row(each, figure)
        for each in branches
        for figure in (figures.of_node.get(each.node.pk, [None]) if figures else [None])
    ]
    cells = [cell for row in rows if row.figure for cell in row.figure.cells.values()]
    return Section(
        name=name,
        rows=rows,
        branch=branch,
        leading=max(
            (row for row in rows if highest(row) is not None), key=lambda row: highest(row) or Decimal(0), default=None
        ),
        any_printed=any(cell.printed for cell in cells),
        differing=[cell for cell in cells if cell.differs],
    )


def highest(row: Row) -> Decimal | None:
    """The larger of a row's shares; None where it has none."""
    shares = [cell.share for cell in row.figure.cells.values() if cell.share is not None] if row.figure else []
    return max(shares, default=None)


def figures_below(branch: Branch, figures: Figures | None) -> Section | None:
    """The figures of a node itself and of what stands under it; None where nothing there was asked."""
    asked = [each for each in (branch, *branch.below()) if figures and each.node.pk in figures.of_node]
    return section(f"figures-{branch.node.pk}", asked, figures, branch) if asked else None

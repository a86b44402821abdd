"""What the results say, and to whom: one set of rows for page, chart, CSV, XLSX and API.

The coordination unit reads the summary as it is now, nothing hidden; everybody else reads the latest release that may
be shown, frozen when a phase closed, with what is hidden in it decided then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from axes.choices import Group, Scale
from axes.formulas import representativeness as formulas
from axes.formulas.suppression import Counts, Hidden
from axes.models import Consultation, PublishedFigure, Release, ReleasedResult, Representativeness, Tally, Topic
from axes.rules import sees_live_results
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

ALL, MUNICIPALITY, GROUP = Representativeness.Dimension.values
# (dimension, municipality, group, topic, scale): how a count is found.
Cell = tuple[str, int | None, str | None, int | None, str | None]
COLUMNS = ("dimension", "municipality_id", "group", "topic_id", "scale")


@dataclass(frozen=True)
class ResultRow:
    """One topic at one scale in one stratum. Counts and shares are None where hidden or where there are none.

    `respondents` may be shown where `mentions` are hidden; `mentions` may be shown where `respondents` are hidden only
    if they are implied (nobody at all named it). Shares and bounds are in percent.
    """

    topic: Topic
    scale: str
    dimension: str
    municipality: Municipality | None
    group: str | None
    mentions: int | None
    respondents: int | None
    suppressed: bool
    share: Decimal | None = None
    ci_low: Decimal | None = None
    ci_high: Decimal | None = None
    published: PublishedFigure | None = None
    agrees: bool | None = None

    @property
    def published_count(self) -> int | None:
        return self.published.count if self.published else None

    @property
    def published_share(self) -> str | None:
        return self.published.share if self.published else None

    @property
    def group_label(self) -> str:
        return str(Group(self.group).label) if self.group else ""

    @property
    def identity(self) -> str:
        """What stays the same of a row from one reading to the next."""
        place = self.municipality.code if self.municipality else ""
        return "|".join((self.topic.code, self.scale, self.dimension, place, self.group or ""))

    @property
    def status(self) -> str | None:
        """Why there is no share."""
        if self.share is not None:
            return None
        return "suppressed" if self.suppressed else "no_respondents"


@dataclass(frozen=True)
class Results:
    """All rows, and where they come from: `release` None is the live summary.

    `strata` holds respondents alone: {(dimension, municipality key, group or None): count, or None where hidden}.
    """

    consultation: Consultation
    rows: list[ResultRow]
    respondents: int | None
    strata: dict[tuple[str, Any], int | None]
    municipalities: list[Municipality]
    groups: list[str]
    is_live: bool
    release: Release | None
    withheld: Release | None
    at: datetime | None
    is_counting: bool

    @property
    def exist(self) -> bool:
        return self.is_live or self.release is not None

    @property
    def frame(self) -> int | None:
        return usable_frame(self.consultation, self.respondents)


def usable_frame(consultation: Consultation, respondents: int | None) -> int | None:
    """The frame, where it is known and can be right: not smaller than the number who answered."""
    frame = consultation.frame_size
    return frame if frame and respondents is not None and frame >= respondents else None


def results_for(consultation: Consultation, user: "User | AnonymousUser") -> Results:
    """What this person may read of the results of a consultation that they may see. Five or six queries."""
    live = sees_live_results(user)
    places = list(Municipality.objects.valid_on(timezone.localdate()))
    topics = list(Topic.objects.filter(consultation=consultation).select_related("node__framework", "node__parent"))
    printed = {
        (figure.topic_id, figure.scale): figure
        for figure in PublishedFigure.objects.filter(topic__consultation=consultation)
    }
    releases = list(Release.objects.filter(consultation=consultation).select_related("phase"))
    shown = [release for release in releases if not release.is_withheld]
    release = None if live or not shown else shown[-1]
    withheld = None if live or not releases or not releases[-1].is_withheld else releases[-1]
    counts: dict[Cell, int] = {}
    hidden: set[Cell] = set()
    at = None
    if live:
        for *cell, count, computed_at in Representativeness.objects.filter(consultation=consultation).values_list(
            *COLUMNS, "count", "computed_at"
        ):
            counts[tuple(cell)] = count
            at = max(at, computed_at) if at else computed_at
    elif release is not None:
        at = release.frozen_at
        for *cell, count, is_hidden in ReleasedResult.objects.filter(release=release).values_list(
            *COLUMNS, "count", "is_hidden"
        ):
            counts[tuple(cell)] = count
            if is_hidden:
                hidden.add(tuple(cell))
    places = with_former(places, counts)
    groups = groups_of(consultation, counts)
    asked = {(topic.pk, scale) for topic in topics for scale in topic.scales}
    if release is not None:
        # What the code book and the territory have gained since then was not asked of anybody: no data, not zero.
        asked = {(cell[3], cell[4]) for cell in counts if cell[0] == ALL and cell[3] is not None}  # type: ignore[misc]
        places = [place for place in places if (MUNICIPALITY, place.pk, None, None, None) in counts]
        groups = [group for group in Group.values if (GROUP, None, group, None, None) in counts]
    strata: list[tuple[str, int | None, str | None]] = [(ALL, None, None)]
    strata += [(MUNICIPALITY, place.pk, None) for place in places] + [(GROUP, None, group) for group in groups]
    visible = {
        (dimension, place if dimension == MUNICIPALITY else group): seen(
            counts, hidden, (dimension, place, group, None, None)
        )
        for dimension, place, group in [*strata, (MUNICIPALITY, None, None), (GROUP, None, None)]
    }
    total = visible[ALL, None]
    by_key = {place.pk: place for place in places}
    frame = usable_frame(consultation, total)
    rows = [
        row_of(
            topic,
            scale,
            stratum,
            places=by_key,
            counts=counts,
            hidden=hidden,
            frame=frame,
            printed=printed.get((topic.pk, scale)),
        )
        for topic in topics
        for scale in Scale.values
        if (topic.pk, scale) in asked
        for stratum in strata
    ]
    return Results(
        consultation=consultation,
        rows=rows if live or release else [],
        respondents=total,
        strata=visible,
        municipalities=places,
        groups=groups,
        is_live=live,
        release=release,
        withheld=withheld,
        at=at,
        is_counting=live and Tally.objects.filter(consultation=consultation).exists(),
    )


def seen(counts: Mapping[Cell, int], hidden: set[Cell], cell: Cell) -> int | None:
    return None if cell in hidden else counts.get(cell, 0)


def with_former(places: list[Municipality], counts: Iterable[Cell]) -> list[Municipality]:
    """The present municipalities, and those that have answers although they are no more."""
    known = {place.pk for place in places}
    former = {place for _dimension, place, *_rest in counts if place is not None} - known
    return places + list(Municipality.objects.filter(pk__in=former)) if former else places


def groups_of(consultation: Consultation, counts: Mapping[Cell, int]) -> list[str]:
    """The target groups (all where none are named) and any other group that answered, in their order."""
    answered = {group for (_dimension, _place, group, *_rest), count in counts.items() if count}
    return [
        group for group in Group.values if group in (consultation.target_groups or Group.values) or group in answered
    ]


def row_of(
    topic: Topic,
    scale: str,
    stratum: tuple[str, int | None, str | None],
    *,
    places: Mapping[int, Municipality],
    counts: Mapping[Cell, int],
    hidden: set[Cell],
    frame: int | None,
    printed: PublishedFigure | None,
) -> ResultRow:
    """A row with its share and interval; what 2014 printed stands on the row for everybody."""
    dimension, place, group = stratum
    people = seen(counts, hidden, (*stratum, None, None))
    named = seen(counts, hidden, (*stratum, topic.pk, scale))
    suppressed = people is None or named is None
    everybody = dimension == ALL
    share = low = high = agrees = None
    if people is not None and named is not None and people:
        share = formulas.share(named, people)
        # The frame counts all who could have been asked, not those of one municipality or group.
        low, high = formulas.wilson(named, people, frame if everybody else None) or (None, None)
        agrees = formulas.agrees(printed.share, named, people) if everybody and printed else None
    return ResultRow(
        topic=topic,
        scale=scale,
        dimension=dimension,
        municipality=places.get(place) if place is not None else None,
        group=group,
        mentions=named,
        respondents=people,
        suppressed=suppressed,
        share=share,
        ci_low=low,
        ci_high=high,
        published=printed if everybody else None,
        agrees=agrees,
    )


# For freezing: counts as the formulas of suppression want them


def counts_of(
    rows: Mapping[Cell, int], items: Sequence[tuple[int, str]], places: Iterable[int], groups: Iterable[str]
) -> Counts:
    """Counts by stratum, zeros and "not stated" (None) included, from counts by cell."""
    strata: dict[str, dict[Any, int]] = {
        MUNICIPALITY: {place: rows.get((MUNICIPALITY, place, None, None, None), 0) for place in [*places, None]},
        GROUP: {group: rows.get((GROUP, None, group, None, None), 0) for group in [*groups, None]},
    }
    mentions = {
        (dimension, key, item): count
        for dimension, keys in strata.items()
        for key in keys
        for item in items
        if (count := rows.get(cell_of(dimension, key, item), 0))
    }
    return Counts(
        respondents=rows.get((ALL, None, None, None, None), 0),
        totals={item: rows.get(cell_of(ALL, None, item), 0) for item in items},
        strata=strata,
        mentions=mentions,
    )


def cell_of(dimension: str, key: Any, item: tuple[int, str] | None) -> Cell:
    place, group = (key, None) if dimension == MUNICIPALITY else (None, key)
    return (dimension, place, group, *(item or (None, None)))


def release_as_shown(release: Release) -> tuple[Counts, Hidden]:
    """A release read back: its counts, and what of them was hidden."""
    rows: dict[Cell, int] = {}
    hidden: set[Cell] = set()
    for *cell, count, is_hidden in ReleasedResult.objects.filter(release=release).values_list(
        *COLUMNS, "count", "is_hidden"
    ):
        rows[tuple(cell)] = count
        if is_hidden:
            hidden.add(tuple(cell))
    items = [(cell[3], cell[4]) for cell in rows if cell[0] == ALL and cell[3] is not None]
    places = [cell[1] for cell in rows if cell[0] == MUNICIPALITY and cell[1] is not None and cell[3] is None]
    groups = [cell[2] for cell in rows if cell[0] == GROUP and cell[2] is not None and cell[3] is None]
    counts = counts_of(rows, items, places, groups)  # type: ignore[arg-type]
    keys = {(dimension, key) for dimension, strata in counts.strata.items() for key in strata}
    return counts, Hidden(
        everything=(ALL, None, None, None, None) in hidden,
        totals=frozenset(item for item in counts.totals if cell_of(ALL, None, item) in hidden),
        respondents=frozenset(key for key in keys if cell_of(*key, None) in hidden),
        mentions=frozenset((*key, item) for key in keys for item in counts.totals if cell_of(*key, item) in hidden),
    )


def live_counts(consultation: Consultation) -> Counts:
    """The summary as it is, by stratum."""
    rows = {
        tuple(cell): count
        for *cell, count in Representativeness.objects.filter(consultation=consultation).values_list(*COLUMNS, "count")
    }
    topics = Topic.objects.filter(consultation=consultation)
    items = [(topic.pk, scale) for topic in topics for scale in Scale.values if scale in topic.scales]
    places = with_former(list(Municipality.objects.valid_on(timezone.localdate())), rows)
    return counts_of(rows, items, [place.pk for place in places], groups_of(consultation, rows))

"""Counting: what changed is added to the summary, and the summary is frozen when a phase closes.

Whoever writes answers writes, in the same transaction and by set-based SQL, the change they make to the counts
(`tally_respondents`, `tally_mentions`: a few `Tally` rows, however many respondents). The worker folds those rows into
`Representativeness`. One answer more thus costs the same after ten as after a million; `recount` starts from nothing
and proves it right.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, transaction

from axes.formulas.suppression import Counts, Hidden, hide, is_too_close
from axes.models import Consultation, Phase, Release, ReleasedResult
from axes.queries.counting import FRESH_CELLS, STRATA
from axes.queries.results import ALL, cell_of, live_counts, release_as_shown
from refamp.audit.actions import record
from refamp.jobs.actions import enqueue_job
from refamp.jobs.models import Job, Upload

FOLD = "axes.fold"
# First key of the advisory locks taken here; the second is the consultation. Folds and recounts of one consultation
# queue up behind each other, those of two do not meet, and nobody who writes answers waits for either.
LOCK_CLASS = 0x52455052

# Cells are compared with nulls made plain, because only plain equality can be hashed.
SAME_CELL = """
    t.consultation_id = %(consultation)s AND t.dimension = s.dimension
    AND coalesce(t.municipality_id, 0) = coalesce(s.municipality_id, 0)
    AND coalesce(t."group", '') = coalesce(s."group", '')
    AND coalesce(t.topic_id, 0) = coalesce(s.topic_id, 0) AND coalesce(t.scale, '') = coalesce(s.scale, '')
"""


def tally_respondents(
    *,
    consultation: Consultation,
    sign: int,
    actor: Any = None,
    respondents: Iterable[int] | None = None,
    upload: Upload | None = None,
) -> Job | None:
    """Note that respondents came (`sign` +1) or were withdrawn (-1), with all their mentions, and ring for the fold.

    Say which by their keys or by the upload that brought them; those already withdrawn are left out. Call it in the
    transaction that makes the change: after the rows were written, or before they are marked withdrawn.
    """
    given = list(respondents) if respondents is not None else None
    where, which = ("upload_id = %(upload)s", None) if upload is not None else ("id = ANY(%(ids)s)", given)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH who AS MATERIALIZED (
                SELECT id, municipality_id, "group" FROM axes_respondent
                WHERE consultation_id = %(consultation)s AND withdrawn_at IS NULL AND {where}
            )
            INSERT INTO axes_tally (consultation_id, municipality_id, "group", topic_id, scale, change)
            SELECT %(consultation)s, municipality_id, "group", NULL, NULL, %(sign)s * count(*) FROM who GROUP BY 2, 3
            UNION ALL
            SELECT %(consultation)s, who.municipality_id, who."group", m.topic_id, m.scale, %(sign)s * count(*)
            FROM axes_mention m JOIN who ON who.id = m.respondent_id GROUP BY 2, 3, 4, 5
            """,  # noqa: S608 - the two conditions above, no input
            {
                "consultation": consultation.pk,
                "sign": checked(sign),
                "ids": which,
                "upload": upload.pk if upload is not None else None,
            },
        )
        return ask_for_fold(actor=actor, consultation=consultation) if cursor.rowcount else None


def tally_mentions(*, consultation: Consultation, sign: int, mentions: Iterable[int], actor: Any = None) -> Job | None:
    """Note that mentions (given by their keys) were added to, or taken from, respondents who had answered before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO axes_tally (consultation_id, municipality_id, "group", topic_id, scale, change)
            SELECT r.consultation_id, r.municipality_id, r."group", m.topic_id, m.scale, %(sign)s * count(*)
            FROM axes_mention m JOIN axes_respondent r ON r.id = m.respondent_id
            WHERE m.id = ANY(%(ids)s) AND r.consultation_id = %(consultation)s AND r.withdrawn_at IS NULL
            GROUP BY 1, 2, 3, 4, 5
            """,
            {"consultation": consultation.pk, "sign": checked(sign), "ids": list(mentions)},
        )
        return ask_for_fold(actor=actor, consultation=consultation) if cursor.rowcount else None


def checked(sign: int) -> int:
    if sign not in {1, -1}:
        raise ValueError("sign is +1 (came) or -1 (withdrawn)")
    return sign


def ask_for_fold(*, actor: Any, consultation: Consultation) -> Job:
    """Queue the fold of a consultation; while one waits, no second is queued."""
    return enqueue_job(
        actor=actor, kind=FOLD, payload={"consultation": consultation.pk}, key=f"{FOLD}:{consultation.pk}"
    )


def lock_counts(consultation: Consultation) -> None:
    """Wait until nobody else folds or recounts this consultation; held until the transaction ends.

    The consultation first: new counts point at it, and whoever closes it holds it and then folds. In the other order
    the two would wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM axes_consultation WHERE id = %s FOR KEY SHARE", [consultation.pk])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, consultation.pk])


MERGE = f"""
    MERGE INTO axes_representativeness t USING s ON {SAME_CELL}
    WHEN MATCHED AND s.change <> 0 THEN UPDATE SET count = t.count + s.change, computed_at = now()
    WHEN NOT MATCHED AND s.change <> 0 THEN
        INSERT (consultation_id, dimension, municipality_id, "group", topic_id, scale, count, computed_at)
        VALUES (%(consultation)s, s.dimension, s.municipality_id, s."group", s.topic_id, s.scale, s.change, now())
"""  # noqa: S608 - constants of this module


def fold_tallies(*, consultation: Consultation) -> int:
    """Add the changes that wait to the summary and delete them. Twice, or two at once, is right.

    Returns how many counts of the summary changed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock_counts(consultation)
        cursor.execute(
            f"""
            WITH taken AS (
                DELETE FROM axes_tally WHERE consultation_id = %(consultation)s
                RETURNING municipality_id, "group", topic_id, scale, change
            ),
            cells AS (
                SELECT municipality_id, "group", topic_id, scale, sum(change) AS change FROM taken GROUP BY 1, 2, 3, 4
            ),
            s AS ({STRATA})
            {MERGE}
            """,  # noqa: S608 - constants of this module
            {"consultation": consultation.pk},
        )
        return cursor.rowcount


def recount(*, consultation: Consultation) -> int:
    """Count everything anew from the answers, in one statement; the changes that wait are in it and are dropped.

    Returns how many counts of the summary were wrong. One statement, so one snapshot: an answer that commits meanwhile
    is in neither the counts nor the dropped changes, and its own change stays to be folded.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock_counts(consultation)
        cursor.execute(
            f"""
            WITH dropped AS (DELETE FROM axes_tally WHERE consultation_id = %(consultation)s),
            cells AS MATERIALIZED ({FRESH_CELLS}),
            s AS (
                SELECT dimension, municipality_id, "group", topic_id, scale, sum(change)::bigint AS change FROM (
                    {STRATA}
                    UNION ALL
                    SELECT dimension, municipality_id, "group", topic_id, scale, -count
                    FROM axes_representativeness WHERE consultation_id = %(consultation)s
                ) both_sides
                GROUP BY 1, 2, 3, 4, 5
                HAVING sum(change) <> 0
            )
            {MERGE}
            """,  # noqa: S608 - constants of this module
            {"consultation": consultation.pk},
        )
        return cursor.rowcount


@transaction.atomic
def freeze_results(*, phase: Phase, actor: Any = None) -> Release:
    """Keep the results as they stand now, in the transaction that closes the phase.

    What everybody but the coordination unit will see of them is decided here, once, knowing all that was shown before.
    The caller holds the phase locked, so that no answer is still on its way.
    """
    consultation = phase.consultation
    fold_tallies(consultation=consultation)
    counts = live_counts(consultation)
    minimum = consultation.minimum_cell
    earlier = [
        release_as_shown(release)
        for release in Release.objects.filter(consultation=consultation, is_withheld=False).order_by("id")
    ]
    withheld = is_too_close(counts, earlier, minimum)
    hidden = hide(counts, minimum, earlier)
    release = Release.objects.create(
        consultation=consultation,
        phase=phase,
        minimum_cell=minimum,
        respondents=counts.respondents,
        is_withheld=withheld,
    )
    ReleasedResult.objects.bulk_create(released_results(release, counts, hidden), batch_size=2000)
    record(
        actor=actor,
        action="results.frozen",
        obj=consultation,
        after={"phase": phase.name, "is_withheld": withheld, "minimum_cell": minimum},
    )
    return release


def released_results(release: Release, counts: Counts, hidden: Hidden) -> Iterator[ReleasedResult]:
    """Every count of a release, zeros and "not stated" included."""

    def row(dimension: str, key: Any, item: Any, count: int, *, is_hidden: bool) -> ReleasedResult:
        _dimension, place, group, topic, scale = cell_of(dimension, key, item)
        return ReleasedResult(
            release=release,
            dimension=dimension,
            municipality_id=place,
            group=group,
            topic_id=topic,
            scale=scale,
            count=count,
            is_hidden=is_hidden or hidden.everything,
        )

    yield row(ALL, None, None, counts.respondents, is_hidden=False)
    for item, total in counts.totals.items():
        yield row(ALL, None, item, total, is_hidden=item in hidden.totals)
    for dimension, strata in counts.strata.items():
        for key, people in strata.items():
            yield row(dimension, key, None, people, is_hidden=(dimension, key) in hidden.respondents)
            for item in counts.totals:
                named = counts.named(dimension, key, item)
                yield row(dimension, key, item, named, is_hidden=(dimension, key, item) in hidden.mentions)

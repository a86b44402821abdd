"""Counting the answers anew, and comparing that with the summary that the worker keeps."""

from dataclasses import dataclass

from django.db import connection

from axes.models import Consultation

# One row per stratum and topic, from `cells` (municipality, group, topic, scale, change). Respondents have no topic.
STRATA = """
    SELECT CASE WHEN GROUPING(municipality_id) = 0 THEN 'municipality'
                WHEN GROUPING("group") = 0 THEN 'group' ELSE 'all' END AS dimension,
           municipality_id, "group", topic_id, scale, sum(change)::bigint AS change
    FROM cells
    GROUP BY GROUPING SETS ((topic_id, scale), (topic_id, scale, municipality_id), (topic_id, scale, "group"))
"""
# Everything counted anew from the answers themselves, withdrawn ones left out.
FRESH_CELLS = """
    SELECT r.municipality_id, r."group", m.topic_id, m.scale, count(*) AS change
    FROM axes_mention m JOIN axes_respondent r ON r.id = m.respondent_id
    WHERE r.consultation_id = %(consultation)s AND r.withdrawn_at IS NULL
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT municipality_id, "group", NULL::bigint, NULL::varchar, count(*)
    FROM axes_respondent WHERE consultation_id = %(consultation)s AND withdrawn_at IS NULL
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class WrongCount:
    """A count that is not what the answers say. Municipality and topic by their codes; no topic: respondents."""

    dimension: str
    municipality: str | None
    group: str | None
    topic: str | None
    scale: str | None
    stored: int
    counted: int


def wrong_counts(consultation: Consultation) -> list[WrongCount]:
    """Where the summary with the changes that wait differs from a full recount: nowhere, or there is a mistake.

    One statement, so one snapshot: answers may come in meanwhile.
    """
    by_source = STRATA.replace("SELECT CASE", "SELECT waiting, CASE", 1).replace("(topic_id,", "(waiting, topic_id,")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH cells AS MATERIALIZED (
                SELECT *, 0 AS waiting FROM ({FRESH_CELLS}) fresh
                UNION ALL
                SELECT municipality_id, "group", topic_id, scale, change, 1 FROM axes_tally
                WHERE consultation_id = %(consultation)s
            ),
            strata AS ({by_source}),
            compared AS (
                SELECT dimension, municipality_id, "group", topic_id, scale,
                       coalesce(sum(change) FILTER (WHERE waiting = 1), 0)::bigint AS stored,
                       coalesce(sum(change) FILTER (WHERE waiting = 0), 0)::bigint AS counted
                FROM (
                    SELECT waiting, dimension, municipality_id, "group", topic_id, scale, change FROM strata
                    UNION ALL
                    SELECT 1, dimension, municipality_id, "group", topic_id, scale, count FROM axes_representativeness
                    WHERE consultation_id = %(consultation)s
                ) both_sides
                GROUP BY 1, 2, 3, 4, 5
            )
            SELECT dimension, m.code, "group", t.code, c.scale, stored, counted
            FROM compared c
            LEFT JOIN territory_municipality m ON m.id = c.municipality_id LEFT JOIN axes_topic t ON t.id = c.topic_id
            WHERE stored <> counted
            ORDER BY t."order" NULLS FIRST, t.id, c.scale, dimension, m.code, "group"
            """,  # noqa: S608 - constants of this module
            {"consultation": consultation.pk},
        )
        return [WrongCount(*row) for row in cursor.fetchall()]

"""A made-up consultation of any size, written by COPY-like set-based SQL, and what is measured on it."""

import random

from benches.representativeness import (
    BY_HAND,
    GROUPS,
    PER_RESPONDENT,
    PLACES,
    TOPICS,
)
from django.db import connection, transaction
from django.utils import timezone

from axes.actions.results import fold_tallies, recount, tally_respondents
from axes.choices import Channel, ConsultationState, NodeKind, Scale
from axes.models import Consultation, Framework, Mention, Node, Representativeness, Respondent, Topic
from axes.queries.counting import wrong_counts
from refamp.territory.models import Municipality


class Bench:
    def __init__(self, mentions: int) -> None:
        self.chance = random.Random(mentions)  # noqa: S311 - the same answers every time is the point
        framework, _made = Framework.objects.get_or_create(code="bench", defaults={"title": "Bench"})
        self.consultation = Consultation.objects.create(
            framework=framework, title=f"Bench {mentions}", state=ConsultationState.OPEN
        )
        self.topics = [
            Topic.objects.create(
                consultation=self.consultation,
                code=f"b{n}",
                label=f"Bench {n}",
                node=Node.objects.get_or_create(
                    framework=framework,
                    kind=NodeKind.PRIORITY_AXIS,
                    code=f"b{n}",
                    defaults={"order": n, "wording": f"Bench {n}"},
                )[0],
                scales=Scale.values,
                order=n,
            )
            for n in range(TOPICS)
        ]
        self.places = [place.pk for place in self.some_places()]
        self.fill(mentions // PER_RESPONDENT)
        recount(consultation=self.consultation)
        self.number = 0

    def some_places(self) -> list[Municipality]:
        found = list(Municipality.objects.order_by("code")[:PLACES])
        return found or Municipality.objects.bulk_create(
            Municipality(
                code=f"{7000 + n}", name=f"Bench {n}", short_name=f"B{n}", district="-", nuts3="-",
                lon=0, lat=0, area_km2=1, tile_x=n, tile_y=90,
            )
            for n in range(PLACES)
        )  # fmt: skip

    def fill(self, respondents: int) -> None:
        """Respondents over municipalities and groups, each naming topics five apart, evenly and the same every time."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH who AS (
                    INSERT INTO axes_respondent
                        (public_id, consultation_id, reference, municipality_id, "group", channel, answered_at)
                    SELECT gen_random_uuid(), %(consultation)s, 'b' || n,
                           (%(places)s::bigint[])[1 + n %% %(place_count)s],
                           (%(groups)s::varchar[])[1 + n / 7 %% 4], 'file', now()
                    FROM generate_series(1, %(respondents)s) n
                    RETURNING id
                )
                INSERT INTO axes_mention (respondent_id, topic_id, scale)
                SELECT who.id, (%(topics)s::bigint[])[1 + (who.id + j * 3) %% %(topic_count)s],
                       (ARRAY['metropolitan', 'municipal'])[1 + (who.id / 5 + j) %% 2]
                FROM who, generate_series(1, %(each)s) j
                """,
                {
                    "consultation": self.consultation.pk,
                    "places": self.places,
                    "place_count": len(self.places),
                    "groups": list(GROUPS),
                    "respondents": respondents,
                    "topics": [topic.pk for topic in self.topics],
                    "topic_count": TOPICS,
                    "each": PER_RESPONDENT,
                },
            )
            cursor.execute("VACUUM ANALYZE axes_respondent")
            cursor.execute("VACUUM ANALYZE axes_mention")

    def by_hand(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(BY_HAND, [self.consultation.pk, self.consultation.pk])
            return len(cursor.fetchall())

    def forget(self) -> None:
        """Empty the summary, so that a recount has all of it to write."""
        Representativeness.objects.filter(consultation=self.consultation).delete()

    def recount(self) -> int:
        return recount(consultation=self.consultation)

    def one_more(self) -> None:
        """A respondent with five mentions, written, tallied and folded, from the first statement to the commit."""
        self.number += 1
        with transaction.atomic():
            respondent = Respondent.objects.create(
                consultation=self.consultation,
                reference=f"more-{self.number}-{timezone.now().timestamp()}",
                municipality_id=self.chance.choice(self.places),
                group=self.chance.choice(GROUPS),
                channel=Channel.INTERVIEW,
            )
            named = self.chance.sample(
                [(topic.pk, scale) for topic in self.topics for scale in Scale.values], PER_RESPONDENT
            )
            Mention.objects.bulk_create(
                Mention(respondent=respondent, topic_id=topic, scale=scale) for topic, scale in named
            )
            tally_respondents(consultation=self.consultation, respondents=[respondent.pk], sign=1)
        fold_tallies(consultation=self.consultation)

    def check(self) -> None:
        """A fast figure that is wrong is worth nothing."""
        if wrong_counts(self.consultation):
            raise SystemExit("The summary differs from a recount.")

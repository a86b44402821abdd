"""`bin/test` and `bin/bench`: their own services on a data folder that is thrown away."""

import fcntl
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.browser import provide_browser
from launcher.embedded import OWNER, Embedded
from launcher.environment import Environment
from launcher.install import install
from launcher.place import Lock, Place
from launcher.processes import Supervisor, log_to
from launcher.setup import collect_static, prepare_database, python_environment
from launcher.up import Stop, stop_on_signals
from launcher.words import LaunchError, Steps, tell

PREFIX = "refamp-trial-"
NOTHING_COLLECTED = 5
WORKERS = "2"


def remove_left_overs(folder: Path) -> None:
    """Remove the folders of trials that were killed; a living one holds its lock."""
    for old in folder.glob(f"{PREFIX}*"):
        try:
            fd = os.open(old / "trial.lock", os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(fd)


@contextmanager
def throwaway(*, durable: bool = False) -> Iterator[tuple[Environment, Supervisor]]:
    """Yield an environment with running services of its own, and remove all of it afterwards.

    Servers that DATABASE_URL and REDIS_URL name are used instead; the role there must be allowed to make databases.
    """
    base = Path(tempfile.gettempdir())
    remove_left_overs(base)
    data = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    lock = Lock(data / "trial.lock")
    lock.acquire()
    place = Place(data)
    given = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "SITE_URL", "DEBUG")}
    environment = Environment(place, given | {"REFAMP_DATA": str(data)})
    supervisor = Supervisor()
    try:
        embedded = Embedded(place, durable=durable, create_databases=True)
        embedded.start(supervisor, postgres=environment.own_postgres, redis=environment.own_redis)
        yield environment, supervisor
    finally:
        supervisor.stop()
        run = place.run
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(run, ignore_errors=True)
        lock.release()


def trial_environment(environment: Environment) -> dict[str, str]:
    """Return what tests run with: the owner's address, for they make databases; it may `SET ROLE refamp`."""
    environ = environment.owner() | python_environment(environment.place)
    if environment.own_postgres:
        environ["DATABASE_URL"] = environ["DATABASE_OWNER_URL"] = Embedded(environment.place).database_url(OWNER)
    path = [str(environment.place.root), str(environment.place.root / "bin"), environ.get("PYTHONPATH", "")]
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return environ


def add_browser(environ: dict[str, str], place: Place) -> bool:
    """Say in the environment which browser drives the journeys; return whether there is one."""
    browser = provide_browser(place, environ)
    if browser:
        environ["CHROMIUM"] = browser
    return bool(browser)


def watch(command: list[str], environ: dict[str, str], supervisor: Supervisor, cwd: Path) -> int:
    """Run a command while the services are watched; pass on what it returns."""
    process = subprocess.Popen(command, env=environ, cwd=cwd)
    supervisor.foreign.add(process.pid)
    try:
        while process.poll() is None:
            supervisor.tick()
            time.sleep(0.1)
    except Stop:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    return process.returncode


def names_tests(arguments: list[str], root: Path) -> bool:
    """Tell whether pytest's arguments name files, folders or tests of their own."""
    return any((root / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))


def pytest_runs(arguments: list[str], root: Path, *, browser: bool) -> list[list[str]]:
    """Return the command lines of pytest: all but the journeys on two workers, then the journeys in one process."""
    if names_tests(arguments, root):
        return [arguments]
    runs = [["-n", WORKERS, "--dist", "loadfile", "--ignore=tests/journeys", *arguments]]
    if browser and (root / "tests" / "journeys").is_dir():
        runs.append(["tests/journeys", *arguments])
    return runs


def outcome(codes: list[int]) -> int:
    """Return one exit code for several runs: the first failure; "nothing collected" only when no run had anything."""
    failures = [code for code in codes if code not in (0, NOTHING_COLLECTED)]
    if failures:
        return failures[0]
    return 0 if 0 in codes else NOTHING_COLLECTED


def set_up(level: str, total: int) -> Steps:
    log_to(sys.stderr)
    stop_on_signals()
    steps = Steps(total)
    install(Place.from_environment(dict(os.environ)), level, steps)
    return steps


def test(arguments: list[str]) -> int:
    """Run the tests; arguments go to pytest."""
    steps = set_up("test", 6)
    root = Place.from_environment(dict(os.environ)).root
    try:
        with throwaway() as (environment, supervisor):
            steps.begin("PostgreSQL")
            steps.end()
            collect_static(environment, steps)
            environ = trial_environment(environment)
            browser = add_browser(environ, environment.place)
            if not browser and os.environ.get("REQUIRE_BROWSER"):
                raise LaunchError("No browser was found, and REQUIRE_BROWSER asks for one.")
            if not browser:
                tell("No browser was found: the journeys are skipped. Set CHROMIUM to one, or install Chromium.")
            codes = [
                watch([sys.executable, "-m", "pytest", *run], environ, supervisor, root)
                for run in pytest_runs(arguments, root, browser=browser)
            ]
    except Stop:
        tell("Interrupted.")
        return 130
    return outcome(codes)


def bench_names(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "bin" / "benches").glob("*.py") if not path.stem.startswith("_"))


def bench(arguments: list[str]) -> int:
    """Run one benchmark, a module in `bin/benches/` with `main(argv)`, on a prepared database of its own."""
    root = Place.from_environment(dict(os.environ)).root
    names = bench_names(root)
    if not arguments or arguments[0] not in names:
        raise LaunchError("Usage: bin/bench NAME [--size …]. Benchmarks: {names}", names=", ".join(names))
    steps = set_up("run", 7)
    try:
        # Durable, as in use: a benchmark that leaves out the disk would flatter us.
        with throwaway(durable=True) as (environment, supervisor):
            steps.begin("PostgreSQL")
            steps.end()
            prepare_database(environment, steps, always=True)
            collect_static(environment, steps)
            environ = trial_environment(environment)
            command = [sys.executable, str(root / "bin" / "launch.py"), "measure", *arguments]
            return watch(command, environ, supervisor, root)
    except Stop:
        tell("Interrupted.")
        return 130


def measure(arguments: list[str]) -> int:
    """Run a benchmark's `main` in the environment that `bench` made."""
    module = importlib.import_module(f"benches.{arguments[0]}")
    return int(module.main(arguments[1:]) or 0)

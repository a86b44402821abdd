"""`bin/up`: everything, watched over until Ctrl-C."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Any

import redis

from launcher.embedded import Embedded, hand_over, ordinary_user
from launcher.environment import Environment
from launcher.install import install
from launcher.place import Lock, Place
from launcher.processes import Service, Supervisor, log_to
from launcher.setup import collect_static, prepare_database, python_environment, run_commands
from launcher.words import LaunchError, Steps, tell

PATIENCE = 15.0  # how long a second start waits for a first one that is about to end


class Stop(BaseException):
    """Somebody asked us to stop."""


def stop_on_signals() -> None:
    """Turn the signals that mean "stop" into an exception; they may have been ignored by the shell that started us."""

    def ask(signum: int, frame: FrameType | None) -> None:
        for also in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(also, signal.SIG_IGN)  # stopping is not interrupted; it has limits of its own
        raise Stop

    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, ask)


def take_the_place(place: Place, **facts: object) -> Lock:
    """Become the one who runs services here, or say who does."""
    lock = Lock(place.data / "run.lock")
    deadline = time.monotonic() + PATIENCE
    told = False
    while not lock.acquire():
        holder = lock.holder()
        if holder.get("kind") == "up":
            raise LaunchError(
                "REF-AMP is already running here (process {pid}): {address}",
                pid=holder.get("pid"),
                address=holder.get("address"),
            )
        if not told:
            tell(
                "Another command (process {pid}) is using the data folder {folder}; waiting for it to end.",
                pid=holder.get("pid", "?"),
                folder=place.data,
            )
            told = True
        if time.monotonic() > deadline:
            raise LaunchError("Another command is still using the data folder. End it and try again.")
        time.sleep(0.2)
    lock.describe(pid=os.getpid(), **facts)
    return lock


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Tell whether the web server answers at all; even an error page is an answer."""
    # Our own address, spelled out here: no other scheme can come in.
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500  # noqa: PLR2004
    except OSError:
        return False


def application_services(environment: Environment) -> list[Service]:
    """Return web, worker and scheduler."""
    place = environment.place
    port = environment.port
    host = environment.given.get("BIND") or "127.0.0.1"
    environ = environment.application() | python_environment(place)
    scripts = place.venv / "bin"
    celery = [str(scripts / "python"), "-m", "celery", "-A", "refamp"]
    user = ordinary_user(place.root)

    def service(name: str, log: str, command: list[str], **options: Any) -> Service:
        return Service(
            name=name, command=command, log=place.logs / log, environ=environ, user=user, cwd=place.root, **options
        )

    return [
        service(
            "Web",
            "web.log",
            [
                str(scripts / "python"),
                "-m",
                "gunicorn",
                "refamp.wsgi:application",
                "--bind",
                f"{host}:{port}",
                "--workers",
                environment.given.get("WEB_CONCURRENCY") or "2",
                "--no-control-socket",
                "--threads",
                "4",
                "--timeout",
                "60",
                "--graceful-timeout",
                "15",
                "--max-requests",
                "5000",
                "--max-requests-jitter",
                "500",
                "--worker-tmp-dir",
                "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(place.run),  # noqa: S108
            ],
            ready=lambda: answers(port),
            patience=20,
        ),
        service(
            "Worker",
            "worker.log",
            [
                *celery,
                "worker",
                "--concurrency",
                environment.given.get("WORKER_CONCURRENCY") or "2",
                "--prefetch-multiplier",
                "1",
                "-O",
                "fair",
                "--loglevel",
                "INFO",
                "--without-gossip",
                "--without-mingle",
            ],
            death=signal.SIGQUIT,
            patience=30,
        ),
        service(
            "Scheduler",
            "scheduler.log",
            [*celery, "beat", "--loglevel", "WARNING", "--pidfile=", "--schedule", str(place.data / "scheduler")],
            patience=10,
        ),
    ]


def wants_demo(arguments: list[str], environment: Environment) -> bool:
    """Demonstration data goes into the embedded database, and into others only when asked for."""
    for option in arguments:
        if option not in ("--demo", "--no-demo"):
            raise LaunchError("Unknown option: {option}. bin/up knows --demo and --no-demo.", option=option)
    return "--no-demo" not in arguments and (environment.own_postgres or "--demo" in arguments)


def start(environment: Environment, supervisor: Supervisor, steps: Steps, *, demo: bool) -> None:
    """Bring up everything, in order, and return when the address answers."""
    place = environment.place
    embedded = Embedded(place)
    steps.begin("PostgreSQL" if environment.own_postgres else "PostgreSQL of your own")
    embedded.start(supervisor, postgres=environment.own_postgres, redis=False)
    steps.end()
    steps.begin("Redis" if environment.own_redis else "Redis of your own")
    embedded.start(supervisor, postgres=False, redis=environment.own_redis)
    if not environment.own_redis:
        check_redis(environment.given["REDIS_URL"])
    steps.end()
    prepare_database(environment, steps, always=False)
    collect_static(environment, steps)
    if demo:
        steps.begin("Demonstration data")
        print(file=sys.stderr)
        run_commands(place, ["demo"], environment.application(), show=True)
    hand_over(place, embedded.user)
    steps.begin("Web, worker and scheduler")
    for service in application_services(environment):
        supervisor.start(service)
    steps.end()


def check_redis(url: str) -> None:
    """Ask somebody else's Redis for a PONG, so that a wrong address is told now and not by a silent queue."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise LaunchError("Redis does not answer at REDIS_URL: {error}", error=error) from error


def up(arguments: list[str]) -> int:
    log_to(sys.stderr)
    stop_on_signals()
    place = Place.from_environment(dict(os.environ))
    environment = Environment(place, dict(os.environ))
    demo = wants_demo(arguments, environment)
    port = environment.port
    supervisor = Supervisor()
    try:
        place.create()
        lock = take_the_place(place, kind="up", address=environment.site_url)
        if not port_is_free(environment.given.get("BIND") or "127.0.0.1", port):
            raise LaunchError(
                "Port {port} is taken by another program. Choose another one: PORT={other} bin/up",
                port=port,
                other=port + 1,
            )
        tell("Data folder: {folder}", folder=place.data)
        steps = Steps(10 if demo else 9)
        install(place, "run", steps)
        start(environment, supervisor, steps, demo=demo)
        tell("Logs: {folder}", folder=place.logs)
        tell("REF-AMP is ready: {address}", address=environment.site_url)
        tell("Ctrl-C stops everything.")
        while True:
            supervisor.tick()
            time.sleep(0.1)
    except Stop:
        print(file=sys.stderr)
        tell("Stopping…")
    finally:
        for also in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(also, signal.SIG_IGN)
        supervisor.stop()
    lock.release()
    tell("Stopped. Nothing is left running.")
    return 0

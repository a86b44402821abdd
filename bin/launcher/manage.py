"""`bin/manage`: a management command in the platform's environment, its services started when they are not up."""

import os
import subprocess
import sys
import time

from launcher.embedded import Embedded
from launcher.environment import Environment
from launcher.install import install
from launcher.place import Lock, Place
from launcher.processes import Supervisor, did_not_start, was_not_ready
from launcher.setup import prepare_database, python_environment
from launcher.up import Stop, stop_on_signals
from launcher.words import Steps

# These read no table. They get an address all the same, for the settings ask for one.
WITHOUT_SERVICES = {
    "help",
    "--help",
    "-h",
    "version",
    "--version",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "makemessages",
    "spectacular",
    "startapp",
}
# These change the tables or their rights, and run as their owner.
AS_OWNER = {"migrate", "grant_application_role", "flush", "sqlflush", "pgtrigger", "restore", "lintmigrations"}
# These prepare the database themselves, or look at one that is not prepared.
UNPREPARED = {
    "migrate",
    "makemigrations",
    "showmigrations",
    "sqlmigrate",
    "grant_application_role",
    "dbshell",
    "lintmigrations",
}
SECONDS = 90
GRACE = 3


def keep(arguments: list[str]) -> int:
    """Run the services until nobody uses them any more. Started in the background by the first `bin/manage`."""
    stop_on_signals()
    place = Place.from_environment(dict(os.environ))
    environment = Environment(place, dict(os.environ))
    lock = Lock(place.data / "run.lock")
    deadline = time.monotonic() + GRACE
    while not lock.acquire():  # those who look whether somebody holds it, hold it for an instant
        if time.monotonic() > deadline:
            return 0  # somebody else was quicker
        time.sleep(0.02)
    lock.describe(pid=os.getpid(), kind="manage")
    users = Lock(place.data / "users.lock")
    supervisor = Supervisor()
    try:
        Embedded(place).start(supervisor, postgres=environment.own_postgres, redis=environment.own_redis)
        # Had for oneself alone, it proves that nobody is left; newcomers wait until we are gone.
        while not users.acquire():
            supervisor.tick()
            time.sleep(0.1)
    except Stop:
        pass
    finally:
        supervisor.stop()
        lock.release()
        users.release()
    return 0


def ready(environment: Environment) -> bool:
    embedded = Embedded(environment.place)
    return (not environment.own_postgres or embedded.database_answers()) and (
        not environment.own_redis or embedded.redis_answers()
    )


def find_or_start_services(environment: Environment) -> bool:
    """Wait for the services, starting a keeper if nobody runs them. Return whether they are bin/up's."""
    place = environment.place
    run = Lock(place.data / "run.lock")
    deadline = time.monotonic() + SECONDS
    log_path = place.logs / "keeper.log"
    keeper: subprocess.Popen[bytes] | None = None
    while True:
        if run.acquire():
            run.release()
            if keeper is not None and keeper.poll():
                raise did_not_start("PostgreSQL", log_path)
            if keeper is None or keeper.poll() is not None:
                with log_path.open("wb") as log:
                    keeper = subprocess.Popen(
                        [sys.executable, str(place.root / "bin" / "launch.py"), "keep"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                        env=dict(environment.given),
                    )
        elif ready(environment):
            return bool(run.holder().get("kind") == "up")
        if time.monotonic() > deadline:
            raise was_not_ready("PostgreSQL", SECONDS, log_path)
        time.sleep(0.05)


def manage(arguments: list[str]) -> int:
    place = Place.from_environment(dict(os.environ))
    place.create()
    environment = Environment(place, dict(os.environ))
    steps = Steps(5, quiet=True)
    install(place, "run", steps)
    command = arguments[0] if arguments else "help"
    needs_services = command not in WITHOUT_SERVICES and "--help" not in arguments and "-h" not in arguments
    if needs_services and (environment.own_postgres or environment.own_redis):
        users = Lock(place.data / "users.lock")
        users.acquire(shared=True, wait=True)
        of_up = find_or_start_services(environment)
        users.survive_exec()
        # Under a running bin/up the tables are its affair: it prepared them for the version that it serves.
        if command not in UNPREPARED and environment.own_postgres and not of_up:
            prepare_database(environment, steps, always=False)
    environ = (environment.owner() if command in AS_OWNER else environment.application()) | python_environment(place)
    call = [str(place.python), str(place.root / "manage.py"), *arguments]
    if command == "migrate" and needs_services:  # new tables are for the application too
        code = subprocess.run(call, env=environ, check=False).returncode
        if code:
            return code
        call = [str(place.python), str(place.root / "bin" / "launcher" / "prepare.py"), "grant_application_role"]
    os.execve(call[0], call, environ)
    return 1  # not reached: this process is the command now

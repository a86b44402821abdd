"""Child processes: started as nobody special, watched, started again when they die, and stopped without a rest."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from launcher.words import LaunchError, say, tell

GUARD = Path(__file__).with_name("guard.py")
PR_SET_CHILD_SUBREAPER = 36
TICK = 0.1
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
SETTLED = 3.0  # one that dies again sooner has not come back
STEADY_AFTER = 60.0  # a child that ran this long starts over with the first delay
DEATHS_FORGIVEN = 6
LOG_LIMIT = 20 * 1024 * 1024


def guarded(
    command: list[str], *, user: str, death_signal: int = signal.SIGTERM, parent: int | None = None
) -> list[str]:
    """Return the command line that runs `command` as `user` (see guard.py) and ends it when the parent dies."""
    owner = os.getpid() if parent is None else parent
    return [sys.executable, "-I", "-S", str(GUARD), str(owner), str(int(death_signal)), user, "--", *command]


def delay_after(failures: int) -> float:
    """Return the seconds to wait before the next start: 0.5, 1, 2, … 30."""
    return min(FIRST_DELAY * 2 ** max(0, failures - 1), LONGEST_DELAY)


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def did_not_start(name: str, log: Path) -> LaunchError:
    return LaunchError("{name} did not start. The end of its log ({log}):\n{tail}", name=name, log=log, tail=tail(log))


def was_not_ready(name: str, seconds: float, log: Path) -> LaunchError:
    return LaunchError(
        "{name} was not ready after {seconds} s. Its log: {log}", name=name, seconds=int(seconds), log=log
    )


def descendants(pid: int) -> list[int]:
    """Return every process below `pid`, parents before children."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it ended while we looked
            continue
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


@dataclass
class Service:
    """Something that must be running. `ready` tells whether it answers; `stop` is the signal it stops politely on."""

    name: str
    command: list[str]
    log: Path
    environ: dict[str, str]
    user: str = "-"
    stop: signal.Signals = signal.SIGTERM
    death: signal.Signals = signal.SIGTERM
    patience: float = 20.0
    ready: Callable[[], bool] = lambda: True
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    again_at: float | None = None
    announced: bool = field(default=True)

    def start(self) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                guarded(self.command, user=self.user, death_signal=self.death),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environ,
                cwd=self.cwd,
                start_new_session=True,
            )
        self.started = time.monotonic()
        self.again_at = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, signum: int) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(signum)

    def sweep(self) -> None:
        """End what a dead parent left in its process group: a second copy must not work beside the new one."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def shorten_log(self) -> None:
        """Keep one old log; the log is opened for appending, so it can be cut while it is written to."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)


class Supervisor:
    """Starts services in order, starts again those that die, stops them in reverse order."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self.foreign: set[int] = set()  # children that somebody else waits for
        self.next_look = 0.0
        # Orphans of our children become our children, so that none is forgotten.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(self, service: Service, seconds: float = 60.0) -> None:
        """Start a service and wait until it answers.

        Raises LaunchError when it ends or does not answer in time. PostgreSQL may refuse for some seconds
        after a crash, while the kernel clears away what is left of the old one; so a few deaths are forgiven.
        """
        self.services.append(service)
        service.shorten_log()
        service.start()
        deadline = time.monotonic() + seconds
        while not service.ready():
            if not service.running:
                service.failures += 1
                if service.failures > DEATHS_FORGIVEN:
                    raise did_not_start(service.name, service.log)
                time.sleep(delay_after(service.failures))
                service.start()
            if time.monotonic() > deadline:
                raise was_not_ready(service.name, seconds, service.log)
            self.reap()
            time.sleep(0.05)
        service.failures = 0

    def tick(self) -> None:
        """Look at every service once; start again the ones whose time has come."""
        self.reap()
        now = time.monotonic()
        for service in self.services:
            if service.running:
                if not service.announced and now - service.started > SETTLED and service.ready():
                    service.announced = True
                    tell("{name} is back.", name=service.name)
                if service.failures and now - service.started > STEADY_AFTER:
                    service.failures = 0
            elif service.again_at is None:
                service.sweep()
                service.failures += 1
                service.again_at = now + delay_after(service.failures)
                service.announced = False
                tell(
                    "{name} stopped by itself ({status}); starting it again in {delay} s. Its log: {log}",
                    name=service.name,
                    status=status(service.process),
                    delay=delay_after(service.failures),
                    log=service.log,
                )
            elif now >= service.again_at:
                service.start()
        if now > self.next_look:
            self.next_look = now + 60
            for service in self.services:
                service.shorten_log()

    def reap(self) -> None:
        """Bury adopted orphans; our own children are left to their Popen objects."""
        ours = {service.process.pid for service in self.services if service.process}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid in ours:
                for service in self.services:
                    if service.process and service.process.pid == found.si_pid:
                        service.process.poll()
            elif found.si_pid in self.foreign:
                return
            else:
                os.waitpid(found.si_pid, 0)

    def stop(self) -> None:
        """Stop everything in reverse order; what does not stop in time is ended. Nothing below us survives."""
        for service in reversed(self.services):
            service.signal(service.stop)
            deadline = time.monotonic() + service.patience
            while service.running and time.monotonic() < deadline:
                time.sleep(0.02)
            if service.running:
                service.signal(signal.SIGKILL)
                tell("{name} did not stop in time and was ended.", name=service.name)
            if service.process:
                service.process.wait()
            service.sweep()
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.services = []
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def status(process: subprocess.Popen[bytes] | None) -> str:
    """Say how a process ended: a signal's name, or its exit code."""
    code = process.poll() if process else None
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return say("exit code") + f" {code}"


def log_to(stream: IO[str]) -> None:
    """Line by line, so that progress appears at once even through a pipe."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(line_buffering=True)

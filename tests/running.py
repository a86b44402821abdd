"""A whole platform for the tests that kill parts of it: `bin/up` in a child, on a throwaway data folder."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_APPLICATION_ROLE",
    "REDIS_URL",
    "SECRET_KEY",
    "SITE_URL",
    "PYTHONPATH",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds; fail with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def parent_and_command(pid: str) -> tuple[int, str]:
    try:
        parent = int(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1])
        return parent, Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return 0, ""


@dataclass
class Running:
    """A `bin/up` that runs. A word of its command line names a part: valkey-server, gunicorn, " worker "…"""

    data: Path
    port: int
    process: subprocess.Popen
    environ: dict[str, str]
    log: Path

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def pids(self, word: str) -> list[int]:
        """Return the direct children whose command line has this word."""
        found = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [
            int(pid)
            for pid in found
            for parent, command in [parent_and_command(pid)]
            if parent == self.process.pid and word in command
        ]

    def children(self, pid: int) -> list[int]:
        found = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [int(other) for other in found if parent_and_command(other)[0] == pid]

    def kill(self, word: str) -> int:
        """Kill a part with -9 and return the process id it had."""
        (pid,) = self.pids(word)
        os.kill(pid, signal.SIGKILL)
        return pid

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address + "/healthz", timeout=2):  # noqa: S310
                return True
        except OSError:
            return False

    def manage(self, *arguments: str) -> str:
        """Run a management command beside it and return what it printed."""
        command = [str(ROOT / "bin" / "manage"), *arguments]
        result = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=90)


def environment_for(data: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return kept | {"REFAMP_DATA": str(data), "PORT": str(port), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@contextmanager
def running_platform(folder: Path, *options: str) -> Iterator[Running]:
    """Start `bin/up` on `folder / "data"`, wait for its address, and stop it at the end."""
    data, port, log = folder / "data", free_port(), folder / "up.log"
    environ = environment_for(data, port)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(ROOT / "bin" / "up"), *options], env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    running = Running(data, port, process, environ, log)
    try:
        wait_for(lambda: process.poll() is not None or "ready" in log.read_text(), 180, "bin/up is ready")
        assert process.poll() is None, log.read_text()
        yield running
    finally:
        if process.poll() is None:
            running.stop()


def holder(data: Path) -> dict:
    return json.loads((data / "run.lock").read_text())

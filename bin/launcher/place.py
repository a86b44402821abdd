"""Where things are: the checkout, the data folder, its secrets and its locks."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.words import LaunchError

ROOT = Path(__file__).resolve().parents[2]
# A Unix socket's address has room for 107 bytes, of which PostgreSQL's own file name takes 18.
LONGEST_SOCKET_FOLDER = 88


def data_folder(environ: dict[str, str]) -> Path:
    """Return the data folder that the environment asks for: REFAMP_DATA, else the user's own data folder."""
    if environ.get("REFAMP_DATA"):
        return Path(environ["REFAMP_DATA"]).expanduser().resolve()
    shared = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(shared).expanduser().resolve() / "refamp"


def socket_folder(data: Path, temporary: Path, uid: int) -> Path:
    """Return a folder for sockets: inside the data folder where the path is short enough, else a short one."""
    inside = data / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    return temporary / f"refamp-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


@dataclass(frozen=True)
class Place:
    """One data folder: an installation's database, queue, files, logs and secrets."""

    data: Path
    root: Path = ROOT

    @classmethod
    def from_environment(cls, environ: dict[str, str]) -> "Place":
        return cls(data_folder(environ))

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def run(self) -> Path:
        return socket_folder(self.data, Path(tempfile.gettempdir()), os.getuid())

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def create(self) -> None:
        """Make the folders, for the owner's eyes only."""
        for folder in (self.data, self.run, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A socket folder in a shared temporary folder may have been put there by somebody else.
            if folder == self.run and folder.stat().st_uid != os.getuid() and os.getuid() != 0:
                raise LaunchError("The folder {folder} belongs to somebody else.", folder=folder)

    def secret(self, name: str) -> str:
        """Return the secret of that name, made on first use and kept where only its owner can read it."""
        path = self.data / name
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            value = secrets.token_urlsafe(48)
        # Written aside and linked: a reader sees the whole of it, and of two makers the first one wins.
        with tempfile.NamedTemporaryFile("w", dir=self.data, delete=False, encoding="ascii") as file:
            file.write(value + "\n")
        try:
            os.link(file.name, path)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        finally:
            Path(file.name).unlink()
        return value


class Lock:
    """An advisory lock on a file. The kernel lets go of it when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd: int | None = None

    def acquire(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Take the lock; without `wait`, return whether it could be had at once."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(fd)
            return False
        self.fd = fd
        return True

    def release(self) -> None:
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def survive_exec(self) -> None:
        """Keep the lock for the program that this process is about to become."""
        if self.fd is not None:
            os.set_inheritable(self.fd, True)

    def describe(self, **facts: Any) -> None:
        """Write for others who holds the lock."""
        if self.fd is not None:
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, json.dumps(facts).encode(), 0)

    def holder(self) -> dict[str, Any]:
        """Return what the holder wrote, empty when it has written nothing yet."""
        try:
            facts = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

"""Brings database and static files to what the checked out version needs."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from launcher.environment import Environment
from launcher.install import fingerprint, read_stamp
from launcher.place import Lock, Place
from launcher.words import LaunchError, Steps

OWNER_COMMANDS = ["migrate", "grant_application_role"]
REFERENCE_COMMANDS = ["load_territory", "load_framework", "load_governance"]
ROOMS = ("refamp", "axes", "units", "monitor", "evaluation", "funding")


def version_of(root: Path) -> str:
    """Return a hash of all code and data of the rooms: what the database was last prepared for."""
    files: Iterable[Path] = (
        path
        for room in ROOMS
        for path in sorted((root / room).rglob("*"))
        if path.is_file() and path.suffix in {".py", ".json", ".csv", ".yaml", ".toml", ".geojson", ".sql"}
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run_commands(place: Place, names: list[str], environ: dict[str, str], *, show: bool = False) -> None:
    """Run management commands in one child; `show` lets them speak to the terminal."""
    result = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("prepare.py")), *names],
        cwd=place.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=None if show else subprocess.PIPE,
        stderr=subprocess.STDOUT if not show else None,
        text=True,
        check=False,
    )
    if result.returncode:
        output = (result.stdout or "").strip()[-6000:]
        raise LaunchError("Command failed: {command}\n{output}", command=" ".join(names), output=output)


def prepare_database(environment: Environment, steps: Steps, *, always: bool) -> None:
    """Migrate as the owner, grant, and load territory and referential as the application.

    Without `always` an embedded database that was prepared for exactly this version is left alone.
    """
    steps.begin("Tables and reference data")
    lock = Lock(environment.place.data / "prepare.lock")
    lock.acquire(wait=True)
    try:
        done = prepare_changed(environment, steps, always=always)
    finally:
        lock.release()
    steps.end("done" if done else "unchanged")


def prepare_changed(environment: Environment, steps: Steps, *, always: bool) -> bool:
    """Prepare the database if it is not what this version needs; return whether it had to be."""
    place = environment.place
    stamp = place.data / "prepared"
    version = version_of(place.root)
    if environment.own_postgres and not always and stamp.exists() and stamp.read_text(encoding="ascii") == version:
        return False
    steps.working()
    run_commands(place, OWNER_COMMANDS, environment.owner())
    run_commands(place, REFERENCE_COMMANDS, environment.application())
    if environment.own_postgres:
        stamp.write_text(version, encoding="ascii")
    return True


def collect_static(environment: Environment, steps: Steps) -> None:
    """Collect, compress and fingerprint the static files when one of them changed."""
    steps.begin("Static files")
    lock = Lock(environment.place.venv / "static.lock")
    lock.acquire(wait=True)
    try:
        done = collect_changed(environment, steps)
    finally:
        lock.release()
    steps.end("done" if done else "unchanged")


def collect_changed(environment: Environment, steps: Steps) -> bool:
    """Collect if something changed since the last time; return whether it did."""
    place = environment.place
    files = sorted(path for path in (place.root / "static").rglob("*") if path.is_file())
    packages = read_stamp(place.venv / "installed.json").get("requirements", "")
    wanted = fingerprint(*files, also=packages + "".join(str(path.relative_to(place.root)) for path in files))
    stamp = place.root / ".static" / "collected"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return False
    steps.working()
    environ = environment.application() | {"DEBUG": ""}
    run_commands(place, ["collectstatic"], environ)
    stamp.write_text(wanted, encoding="ascii")
    return True


def python_environment(place: Place) -> dict[str, str]:
    """Return the variables that put `.venv` first, for commands that call other commands."""
    path = os.pathsep.join([str(place.venv / "bin"), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "VIRTUAL_ENV": str(place.venv)}

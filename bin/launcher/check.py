"""`bin/check`: every check that is not a test, all of them even when one fails."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from launcher.environment import Environment
from launcher.place import Place
from launcher.setup import ROOMS, python_environment
from launcher.trial import set_up, throwaway, trial_environment
from launcher.up import Stop
from launcher.words import say, tell

# An installation behind TLS, as docs/production.md has it; only what differs from the throwaway one.
PRODUCTION = {
    "DEBUG": "",
    "SITE_URL": "https://refamp.example",
    "ALLOWED_HOSTS": "refamp.example",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
}
REQUIREMENTS = ("requirements.txt", "tests/requirements.txt")
SOURCES = (
    "requirements.in",
    "tests/requirements.in",
    "package.json",
    ".npmrc",
    "tests/browser/package.json",
    "tests/browser/.npmrc",
)
PACKAGE_LOCKS = ("package-lock.json", "tests/browser/package-lock.json")
ADDRESS = re.compile(r"(https?://|index-url|find-links|registry\s*=)", re.IGNORECASE)


def addresses_in(text: str) -> list[str]:
    """Return the lines that would tie an installation to one package host."""
    return [line.strip() for line in text.splitlines() if ADDRESS.search(line) and not line.lstrip().startswith("#")]


def check_lock_files(root: Path) -> list[str]:
    """Return what is wrong with the lock files: addresses, or packages without a hash."""
    wrong = [
        f"{name}: {line}"
        for name in (*REQUIREMENTS, *SOURCES)
        for line in addresses_in((root / name).read_text(encoding="utf-8"))
    ]
    locks = {name: (root / name).read_text(encoding="utf-8") for name in PACKAGE_LOCKS}
    wrong += [f"{name}: it records addresses" for name, text in locks.items() if '"resolved"' in text]
    for name in REQUIREMENTS:
        blocks = re.split(r"\n(?=\S)", (root / name).read_text(encoding="utf-8"))
        pins = [block for block in blocks if "==" in block.split("\n", 1)[0]]
        wrong += [f"{name}: no hash: {pin.splitlines()[0]}" for pin in pins if "--hash=sha256:" not in pin]
    return wrong


def commands(root: Path) -> list[tuple[str, list[str], dict[str, str]]]:
    """Return name, command line and extra environment of each check."""
    python = [sys.executable]
    rooms = [room for room in ROOMS if (root / room).is_dir()]
    django = [*python, "manage.py"]
    return [
        ("ruff check", [*python, "-m", "ruff", "check", "."], {}),
        ("ruff format", [*python, "-m", "ruff", "format", "--check", "."], {}),
        ("mypy", [*python, "-m", "mypy"], {}),
        ("import-linter", ["lint-imports", "--no-cache"], {}),
        ("djlint", ["djlint", "--lint", "--quiet", "templates"], {}),
        ("missing migrations", [*django, "makemigrations", "--check", "--dry-run"], {}),
        ("migration linter", [*python, "bin/launcher/lint_migrations.py"], {}),
        ("check --deploy", [*django, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        # Ruff's S rules look at everything, and have a reason written beside each SQL text that is put together (S608).
        ("bandit", [*python, "-m", "bandit", "--quiet", "-ll", "--skip", "B608", "-r", *rooms], {}),
    ]


def run_checks(environment: Environment, environ: dict[str, str], only: list[str]) -> list[str]:
    """Run the checks and return the names of those that failed."""
    root = environment.place.root
    failed = []
    wrong = check_lock_files(root)
    for line in wrong:
        tell(line)
    if wrong:
        failed.append("lock files")
    for name, command, extra in commands(root):
        if only and name.split()[0] not in only:
            continue
        since = time.monotonic()
        print(f"\n=== {name}", flush=True)
        code = subprocess.run(command, cwd=root, env=environ | extra, stdin=subprocess.DEVNULL, check=False).returncode
        print(f"=== {name}: {'ok' if code == 0 else f'failed ({code})'} ({time.monotonic() - since:.1f} s)", flush=True)
        if code:
            failed.append(name)
    return failed


def check(arguments: list[str]) -> int:
    """Run all checks, or those whose first word is given."""
    set_up("test", 4)
    place = Place.from_environment(dict(os.environ))
    try:
        with throwaway() as (environment, _supervisor):
            environ = trial_environment(environment) | python_environment(place)
            failed = run_checks(environment, environ, arguments)
    except Stop:
        return 130
    if failed:
        tell("Failed: {names}", names=", ".join(failed))
        return 1
    print(say("All checks passed."))
    return 0

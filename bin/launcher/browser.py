"""Finds a Chromium for the journeys; where the machine has none, fetches one as an npm package."""

import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from launcher.install import fingerprint, npm_command, run
from launcher.place import Lock, Place
from launcher.words import LaunchError, tell

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARCHIVES = ("al2023", "fonts", "swiftshader")  # its libraries, for machines that lack them too
# Python's standard library has no Brotli; node has.
UNPACK = """
const fs = require('fs'), zlib = require('zlib');
const [from, to] = process.argv.slice(1);
fs.createReadStream(from).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(to));
"""
WRAPPER = """#!/bin/sh
export LD_LIBRARY_PATH="{folder}/lib:{folder}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_PATH="{folder}"
exec "{folder}/chromium" "$@"
"""

# The package's own one names folders of the service it was made for.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


def find_browser(environ: Mapping[str, str]) -> str | None:
    """Return the browser to use: CHROMIUM, else the first one on the PATH, else None."""
    if environ.get("CHROMIUM"):
        return environ["CHROMIUM"]
    return next((path for name in NAMES if (path := shutil.which(name, path=environ.get("PATH")))), None)


def starts(browser: Path) -> bool:
    """Tell whether this browser runs on this machine at all."""
    try:
        return subprocess.run([browser, "--version"], capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def unpack(package: Path, folder: Path, node: str, environ: dict[str, str]) -> None:
    """Unpack the binary and its libraries and write a script that starts the one with the others."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    run([node, "-e", UNPACK, str(package / "chromium.br"), str(folder / "chromium")], cwd=folder, environ=environ)
    for name in ARCHIVES:
        archive = folder / f"{name}.tar"
        run([node, "-e", UNPACK, str(package / f"{name}.tar.br"), str(archive)], cwd=folder, environ=environ)
        with tarfile.open(archive) as contents:
            contents.extractall(folder, filter="data")
        archive.unlink()
    (folder / "fonts.conf").write_text(FONTS.format(folder=folder), encoding="utf-8")
    wrapper = folder / "browser"
    wrapper.write_text(WRAPPER.format(folder=folder), encoding="utf-8")
    for path in (folder / "chromium", wrapper):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def fetch_browser(place: Place) -> str | None:
    """Fetch the pinned browser once and return the script that starts it; None when that cannot be done."""
    home = place.root / "tests" / "browser"
    folder = home / "unpacked"
    wrapper, stamp = folder / "browser", folder / "stamp"
    wanted = fingerprint(home / "package-lock.json", Path(__file__))
    lock = Lock(place.venv / "browser.lock")
    lock.acquire(wait=True)
    try:
        if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
            tell("This machine has no Chromium; fetching one for the tests (70 MB).")
            npm, node_folder = npm_command(place)
            node = str(Path(node_folder) / "node") if node_folder else "node"
            environ = os.environ | {
                "PATH": os.pathsep.join(filter(None, [node_folder, os.environ.get("PATH", os.defpath)]))
            }
            run(
                [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=home,
                environ=environ,
            )
            unpack(home / "node_modules" / "@sparticuz" / "chromium" / "bin", folder, node, environ)
            shutil.rmtree(home / "node_modules")
            stamp.write_text(wanted, encoding="ascii")
    except (LaunchError, OSError, tarfile.TarError) as error:
        tell("{error}", error=error)
        return None
    finally:
        lock.release()
    return str(wrapper) if starts(wrapper) else None


def provide_browser(place: Place, environ: Mapping[str, str]) -> str | None:
    """Return a browser for the journeys, fetched if it must be; None when there is none to be had."""
    return find_browser(environ) or fetch_browser(place)

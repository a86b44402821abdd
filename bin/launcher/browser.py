"""Finds a Chromium for the journeys."""

import shutil
from collections.abc import Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser(environ: Mapping[str, str]) -> str | None:
    """Return the browser to use: CHROMIUM, else the first one on the PATH, else None."""
    if environ.get("CHROMIUM"):
        return environ["CHROMIUM"]
    return next((path for name in NAMES if (path := shutil.which(name, path=environ.get("PATH")))), None)

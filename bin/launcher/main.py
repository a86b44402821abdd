"""Chooses the command, and goes on in `.venv` once there is one."""

import os
import sys

from launcher.install import JUST_DONE, STEPS, install
from launcher.place import Place
from launcher.words import LaunchError, Steps

COMMANDS = {
    "up": ("launcher.up", "up"),
    "manage": ("launcher.manage", "manage"),
    "keep": ("launcher.manage", "keep"),
    "test": ("launcher.trial", "test"),
    "check": ("launcher.check", "check"),
    "bench": ("launcher.trial", "bench"),
    "measure": ("launcher.trial", "measure"),
}
LEVEL = {"test": "test", "check": "test"}


def main(argv: list[str]) -> int:
    command, arguments = argv[0], argv[1:]
    place = Place.from_environment(dict(os.environ))
    try:
        if os.path.realpath(sys.prefix) != os.path.realpath(place.venv):
            # What follows imports installed packages; so they come first, and then we start anew among them.
            total = {"up": 10, "test": 6, "bench": 7}.get(command, STEPS)
            install(
                place, LEVEL.get(command, "run"), Steps(total, quiet=command not in ("up", "test", "check", "bench"))
            )
            os.environ[JUST_DONE] = str(place.venv)
            os.execv(place.python, [str(place.python), str(place.root / "bin" / "launch.py"), *argv])
        module, function = COMMANDS[command]
        return int(getattr(__import__(module, fromlist=[function]), function)(arguments))
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130

"""Becomes another program that is not root and does not outlive its parent: `guard.py PARENT SIGNAL AS -- COMMAND…`.

AS is `-` (stay who we are), `namespace` (a user namespace in which we are an ordinary user without any capability
outside it), or the name of a user to become. Runs alone, with `python -I -S`, so that it starts at once.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
ORDINARY_UID = 1000


def enter_user_namespace() -> None:
    """Leave root behind: inside, we are user 1000 and hold no capability over the machine."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{ORDINARY_UID} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{ORDINARY_UID} {gid} 1", encoding="ascii")


def become(name: str) -> None:
    """Become the user of that name, for good."""
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    os.environ["HOME"] = "/nonexistent"


def die_with(parent: int, signum: int) -> None:
    """Ask the kernel for `signum` when the parent dies. After the change of user, which would undo it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def main(argv: list[str]) -> None:
    parent, signum, user = int(argv[0]), int(argv[1]), argv[2]
    command = argv[argv.index("--") + 1 :]
    if user == "namespace":
        enter_user_namespace()
    elif user != "-":
        become(user)
    # A shell that runs us in the background ignores Ctrl-C, and what is ignored stays ignored for children.
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o077)
    if parent:
        die_with(parent, signum)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

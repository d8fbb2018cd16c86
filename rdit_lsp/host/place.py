"""Where the host of this user is: its folder, and the names of what is in it.

Imports next to nothing, as every start of `rdit-lsp` waits for it; so paths are strings here. Knows files;
nothing of what is said on the socket.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

GENERATION = 1
"""Of what forwarders and hosts say to each other. Each has a host of its own: names of files hold it."""

_LONGEST_PATH = 99
"""Bytes of the socket's path: systems take 103 or 107, without a word where it is longer."""


class NoHostError(Exception):
    """There can be no host here, or none answers; the message is the reason, a sentence for the user."""


class Place:
    """The files of a host."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        base = os.path.join(folder, f"host-{GENERATION}")
        self.socket = f"{base}.sock"
        self.lock = f"{base}.lock"
        """Held while a host is started, and while one takes its leave."""
        self.log = f"{base}.log"
        self.process = f"{base}.pid"
        """The process id of the host, and when that process began."""


def is_turned_off(environ: Mapping[str, str]) -> bool:
    """Whether the environment says that there shall be no host."""
    return environ.get("RDIT_HOST", "").lower() in ("off", "0", "no", "false")


def place_for(environ: Mapping[str, str]) -> Place:
    """The place of this user's host, whether or not it exists. Raises NoHostError."""
    if not hasattr(os, "getuid"):
        raise NoHostError("this system has no sockets that are files.")
    place = Place(os.path.abspath(environ.get("RDIT_HOST_DIR") or _usual_folder(environ)))
    if len(os.fsencode(place.socket)) > _LONGEST_PATH:
        raise NoHostError(f"the path of the folder {place.folder} is too long for a socket.")
    return place


def make(place: Place) -> None:
    """Make the folder if it is missing, and check that it is the user's own. Raises NoHostError."""
    try:
        os.makedirs(place.folder, 0o700, exist_ok=True)
        found = os.lstat(place.folder)
        if stat.S_ISLNK(found.st_mode) and found.st_uid == os.getuid():
            found = os.stat(place.folder)
    except OSError as error:
        raise NoHostError(f"{place.folder}: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise NoHostError(f"{place.folder} is not a folder.")
    if found.st_uid != os.getuid():
        raise NoHostError(f"the folder {place.folder} belongs to another user.")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NoHostError(f"other users can write to the folder {place.folder}.")


def _usual_folder(environ: Mapping[str, str]) -> str:
    """Where systems keep sockets of a user's; never in the home folder, which machines may share."""
    uid = os.getuid()
    # A shell of `cron` or `ssh` may not have the variable that the desktop has, and is to find its host.
    for base in (environ.get("XDG_RUNTIME_DIR"), f"/run/user/{uid}"):
        if base and os.path.isabs(base) and os.access(base, os.W_OK):
            return os.path.join(base, "rdit")
    named = environ.get("TMPDIR")
    # Many tools set TMPDIR for what they start; each such program would have a host of its own.
    candidates = (named, "/tmp") if sys.platform == "darwin" else ("/tmp", named)
    tmp = next((each for each in candidates if each and os.access(each, os.W_OK)), "/tmp")
    return os.path.join(tmp, f"rdit-{uid}")

"""`rdit host`: the host in the foreground, as services are run; and what `rdit doctor` says of it."""

from __future__ import annotations

import os

from rdit_lsp.cli.sessions import refuse
from rdit_lsp.host.daemon import serve_in_foreground
from rdit_lsp.host.place import NoHostError, is_turned_off, make, place_for
from rdit_lsp.host.remote import Remote
from rdit_lsp.host.start import Lock


def host() -> int:
    """Serve until a signal ends it; returns the exit code."""
    try:
        place = place_for(os.environ)
        make(place)
        return serve_in_foreground(place)
    except NoHostError as error:
        return refuse(error)


def in_words() -> str:
    """What the host of this user is doing, or why there is none."""
    if is_turned_off(os.environ):
        return "turned off by RDIT_HOST: programs end with their editor"
    try:
        place = place_for(os.environ)
        remote = Remote.reach()
        if remote is None:
            make(place)
            with Lock(place):  # Which shows whether there can be files.
                return f"none runs; an editor starts one in {place.folder}"
        found = remote.ask("ps")
    except NoHostError as error:
        return f"none can be used, so programs end with their editor: {error}"
    if not found:
        return "one has ended at this moment"
    about, count = found["host"], len(found["sessions"])
    documents = "1 document" if count == 1 else f"{count} documents"
    return f"process {about['pid']}, rdit {about['version']}, with {documents} ({place.folder})"

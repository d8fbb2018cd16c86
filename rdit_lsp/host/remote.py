"""The host as the command line has it: ask it, follow it, end it. It is never started here.

Blocks; knows lines of JSON, and the files of the host.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdit_lsp.host.place import NoHostError, make, place_for
from rdit_lsp.host.start import find, introduce, process_of, remove_dead
from rdit_lsp.process.posix import peer_process
from rdit_lsp.process.posix.group_record import clean_up

if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator

_ENDING_TAKES = 20.0
"""Seconds that a host has to end all programs, each of which may take some of its own."""
_CLEANING_TAKES = 5.0
"""Seconds that the guard of a host has after that was killed."""


class Remote:
    """A connection to the host."""

    def __init__(self, connection: _socket.socket, process: tuple[int, int]) -> None:
        """Use `reach`."""
        self.process = process
        """Its id, and when it began."""
        self._connection = connection
        self._read = b""

    @classmethod
    def reach(cls) -> Remote | None:
        """None where there is no host. Raises NoHostError where it cannot be asked."""
        place = place_for(os.environ)
        if not os.path.isdir(place.folder):
            return None
        make(place)
        connection = find(place)
        if connection is None:
            return None
        answer = introduce(connection, place, "control")
        if answer is None:
            return None  # It has ended at this moment.
        pid, since = json.loads(answer)["incarnation"]
        return cls(connection, (pid, since))

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Its answer to a command; nothing in it where it ends instead. Raises NoHostError."""
        try:
            self._connection.settimeout(_ENDING_TAKES)
            request = {"command": command, **arguments}
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            answer = next(self.lines(), {})
        except TimeoutError as error:
            raise NoHostError(f"the host (process {self.process[0]}) does not answer.") from error
        except OSError:
            return {}
        if "error" in answer:
            raise NoHostError(f"the host refuses: {answer['error']}.")
        return answer

    def lines(self) -> Iterator[dict[str, Any]]:
        """What it says, as it comes, until it ends."""
        while True:
            while b"\n" not in self._read:
                data = self._connection.recv(1 << 16)
                if not data:
                    return
                self._read += data
            line, _, self._read = self._read.partition(b"\n")
            yield json.loads(line)

    def wait(self) -> None:
        """Let `lines` take what time it needs."""
        self._connection.settimeout(None)


def end_host() -> bool:
    """End every program, then the host; one that does not answer is killed. Returns whether that was so.

    Afterwards nothing is left, also of hosts that were killed before.
    """
    place = place_for(os.environ)
    try:
        was_killed = not _end_politely()
    except NoHostError:
        was_killed = True
    if was_killed and (process := process_of(place)) is not None:
        peer_process.kill(*process)
        peer_process.wait_for_end(*process, _CLEANING_TAKES)
    if os.path.isdir(place.folder):
        make(place)
        remove_dead(place)
        clean_up(Path(place.folder))
    return was_killed


def _end_politely() -> bool:
    remote = Remote.reach()
    if remote is None:
        return True
    remote.ask("stopAll")
    return peer_process.wait_for_end(*remote.process, _ENDING_TAKES)

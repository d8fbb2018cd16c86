"""ipykernel behind jupyter_client: the peer that most editors use to run Python today."""

from __future__ import annotations

import queue
import subprocess
import time
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

OWN_PID = "__import__('os').getpid()"
LIMIT = 120.0
"""Seconds any one reply may take."""


class Kernel:
    """A started kernel and a connected client."""

    def __init__(self) -> None:
        self._manager = KernelManager()
        self._manager.start_kernel(stderr=subprocess.DEVNULL)  # It warns about TCP.
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=LIMIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    @property
    def pid(self) -> int:
        """Process id of the kernel, asked of itself."""
        contents = [message["content"] for _, message in self.outputs(self.start(OWN_PID))]
        (answer,) = (content["data"]["text/plain"] for content in contents if "data" in content)
        return int(answer)

    def run(self, source: str) -> None:
        """Execute `source` as one cell; returns when its reply and its idle message are there."""
        self.finish(self.start(source))

    def start(self, source: str) -> str:
        """Send an execution without waiting; its message id, for `outputs` or `finish`."""
        return str(self._client.execute(source))

    def finish(self, message_id: str) -> None:
        """Wait for the end of an execution, output dropped."""
        for _ in self.outputs(message_id):
            pass

    def outputs(self, message_id: str) -> Iterator[tuple[float, dict[str, Any]]]:
        """The messages of an execution until it is idle and has replied, with their time of arrival.

        Times are on `time.time`'s clock, in seconds.
        """
        while True:
            message = self._client.get_iopub_msg(timeout=LIMIT)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            yield time.time(), message
        while self._client.get_shell_msg(timeout=LIMIT)["parent_header"]["msg_id"] != message_id:
            pass

    def interrupt(self) -> None:
        """Send the kernel its interrupt."""
        self._manager.interrupt_kernel()

    def drop_messages(self) -> int:
        """Forget what waits on the output channel; how many messages there were."""
        count = 0
        while True:
            try:
                self._client.get_iopub_msg(timeout=0)
            except queue.Empty:
                return count
            count += 1

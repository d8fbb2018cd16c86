"""What an empty namespace depends on beside the text: interpreter, folder, arguments, variables.

Knows how a process is to be started (`Launch`) and the variables of the run that started it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from rdit_lsp.process.replies import Exited

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.program.program import Program
    from rdit_lsp.session.run import Run


class Environment:
    """The surroundings of one document's program."""

    def __init__(self, program: Program, launch: Callable[[], Launch]) -> None:
        """`launch` is asked at each start of an interpreter and may raise WorkerError."""
        self._program = program
        self._launch = launch
        self._run_env: Mapping[str, str] = {}
        """The variables of the run that started the live namespace."""

    def follow(self, launch: Callable[[], Launch]) -> None:
        """Ask `launch` from now on: the document has another name."""
        self._launch = launch

    def begin_with(self, env: Mapping[str, str]) -> None:
        """Use these variables for the empty namespace, as a run of `file` with them would."""
        self._run_env = env

    def launch(self) -> Launch:
        """How a process is started now. Raises WorkerError where none can be."""
        launch = self._launch()
        return replace(launch, env={**launch.env, **self._run_env}) if self._run_env else launch

    def surroundings(self) -> Hashable:
        """What an empty namespace depends on. Raises WorkerError as `launch` does."""
        launch = self.launch()
        # Not the script's own name: renaming it changes nothing that has run.
        drawing = launch.figure_format, launch.figure_dpi, launch.assignments
        return launch.python, launch.argv[1:], launch.cwd, frozenset(launch.env.items()), drawing

    async def set_for(self, run: Run, *, restarted: bool) -> Mapping[str, str | None]:
        """Apply the variables of a run; returns what is to be set again after it.

        Set in a namespace that was not begun with them, they lead to a state that no clean run has.
        """
        worker = self._program.worker
        if not run.request.env or worker is None:
            return {}
        if restarted or run.request.scope in ("stale", "toHere"):
            # The program was started with them, or is a fork of one that was.
            base = {**os.environ, **self._launch().env}
            return {name: base.get(name) for name in run.request.env}
        self._program.leave_path()
        before = await worker.set_environment(run.request.env)
        return {} if isinstance(before, Exited) else before

    async def restore(self, values: Mapping[str, str | None]) -> None:
        """Set the variables again that were set for a run."""
        if self._program.worker is not None:
            await self._program.worker.set_environment(values)
            self._program.leave_path()

"""What an empty namespace depends on beside the text: interpreter, folder, arguments, variables.

Knows how a process is to be started (`Launch`) and the variables of the run that started it.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rdit_lsp.process.replies import Exited
from rdit_lsp.process.spawn import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from rdit_lsp.process.spawn import Launch
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.results import Results
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts

log = logging.getLogger(__name__)


class Environment:
    """The surroundings of one document's program: as the client has them whose text is run."""

    def __init__(self, program: Program, texts: Texts) -> None:
        self._program = program
        self._texts = texts
        self._launches: WeakKeyDictionary[Results, Callable[[], Launch]] = WeakKeyDictionary()
        """How a process is started for a run of each text; may raise WorkerError."""
        self._run_env: Mapping[str, str] = {}
        """The variables of the run that started the live namespace."""

    def follow(self, results: Results, launch: Callable[[], Launch]) -> None:
        """Ask `launch` from now on for the runs of a text."""
        self._launches[results] = launch

    def refresh(self) -> bool:
        """Notice what has changed in the surroundings of each text; returns whether anything has."""
        return any(list(map(self._refresh, self._texts)))

    def refresh_others(self) -> None:
        """As `refresh`, for the texts that are not the active one."""
        for results in self._texts:
            if results is not self._texts.active:
                self._refresh(results)

    def _refresh(self, results: Results) -> bool:
        try:
            surroundings = _surroundings(self._launch(results))
        except WorkerError as error:
            log.info("%s: %s", results.document.uri, error)  # The next run will say so.
            return False
        return results.freshness.begin_at(surroundings)

    def begin_with(self, env: Mapping[str, str]) -> None:
        """Use these variables for the empty namespace, as a run of `file` with them would."""
        self._run_env = env

    def launch(self) -> Launch:
        """How a process is started now. Raises WorkerError where none can be."""
        return self._launch(self._texts.active)

    def surroundings(self) -> Hashable:
        """What an empty namespace depends on. Raises WorkerError as `launch` does."""
        return _surroundings(self.launch())

    async def set_for(self, run: Run, *, restarted: bool) -> Mapping[str, str | None]:
        """Apply the variables of a run; returns what is to be set again after it.

        Set in a namespace that was not begun with them, they lead to a state that no clean run has.
        """
        worker = self._program.worker
        if not run.request.env or worker is None:
            return {}
        if restarted or run.request.scope in ("stale", "toHere"):
            # The program was started with them, or is a fork of one that was.
            launch = self._launches[self._texts.active]()
            base = {**launch.inherited(), **launch.env}
            return {name: base.get(name) for name in run.request.env}
        self._program.leave_path()
        before = await worker.set_environment(run.request.env)
        return {} if isinstance(before, Exited) else before

    async def restore(self, values: Mapping[str, str | None]) -> None:
        """Set the variables again that were set for a run."""
        if self._program.worker is not None:
            await self._program.worker.set_environment(values)
            self._program.leave_path()

    def _launch(self, results: Results) -> Launch:
        launch = self._launches[results]()
        return replace(launch, env={**launch.env, **self._run_env}) if self._run_env else launch


def _surroundings(launch: Launch) -> Hashable:
    # Neither the script's own name, as renaming it changes nothing that has run, nor what is inherited.
    drawing = launch.figure_format, launch.figure_dpi, launch.assignments
    variables = frozenset(launch.env.items())
    return _interpreter(launch.python), launch.argv[1:], launch.cwd, variables, drawing


def _interpreter(command: tuple[str, ...]) -> Hashable:
    """A command that starts Python, and what tells its program from a later release at the same path."""
    try:
        status = os.stat(command[0])
    except OSError:
        return command
    return command, status.st_mtime_ns, status.st_size

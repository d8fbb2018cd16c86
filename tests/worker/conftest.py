"""Real interpreters and real workers: every test here runs once for each `python3.X` at hand.

A worker is driven through `rdit_lsp.process.worker.LocalWorker`, so what is tested is what the server does.
Tests wait for messages and for processes, never for time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

from rdit_lsp.process.fork import Fork
from rdit_lsp.process.replies import Exited, Prepared, Refusal, Rejected
from rdit_lsp.process.spawn import Launch
from rdit_lsp.process.worker import LocalWorker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from rdit_lsp.outputs.display import Display
    from rdit_lsp.outputs.failure import Failure
    from rdit_lsp.process.handle import ProgramHandle
    from rdit_lsp.process.posix.guard import Guard
    from rdit_lsp.process.replies import Cleared, Displayed
    from rdit_lsp.worker.statements import Span

T = TypeVar("T")

_ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0
"""Seconds after which something that must happen counts as never happening."""
_OLDEST = (3, 8)
_NAME = re.compile(r"python3\.(\d+)")
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>.


@dataclass(frozen=True)
class Python:
    """An interpreter to test with."""

    executable: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


@dataclass
class Ran:
    """What came of one statement: the reply, and all that its processes ever wrote."""

    outcome: str = "notRun"
    """As in the reply, or `died`."""
    value: Display | None = None
    failure: Failure | None = None
    code: int | None = None
    """The exit code of `exit`, or how the process ended with `died`."""
    out: bytes = b""
    err: bytes = b""
    events: list[str] = field(default_factory=list)

    @property
    def text(self) -> str | None:
        """The value as plain text."""
        return None if self.value is None else self.value.text

    @property
    def raised(self) -> Failure:
        """The failure, which there must be."""
        assert self.failure is not None, self
        return self.failure

    @property
    def error(self) -> str:
        """The failure as Python prints it."""
        return self.raised.text


@dataclass(frozen=True)
class _NoGuard:
    """Stands for the server's guard: here the tests themselves see to it that nothing is left."""

    folder: Path

    @property
    def sockets(self) -> Path:
        """As `Guard.sockets`."""
        return self.folder

    def watch(self, group: int) -> None:
        """As `Guard.watch`."""

    def forget(self, group: int) -> None:
        """As `Guard.forget`."""


class Program:
    """A worker and the loop that serves it, for tests that are not coroutines."""

    def __init__(self, launch: Launch, folder: Path, answers: Sequence[str | None] = ()) -> None:
        self.launch = launch
        self.latest = self.early = Ran()
        """Owner of what is written before any statement runs."""
        self.questions: list[bool] = []
        """For each line of input asked for, whether it was a password."""
        self.late_answers: list[Callable[[str | None], None]] = []
        """To be called by the test, for the answers given as "wait"."""
        self.rejected: Rejected | Exited | None = None
        self._folder = folder
        self._answers = iter(answers)
        self._loop = asyncio.new_event_loop()
        self._earlier: list[LocalWorker] = []
        self._forks: list[Fork] = []
        self.worker: LocalWorker = self.wait(self._start(launch, folder))

    def wait(self, awaitable: Awaitable[T]) -> T:
        """The result of `awaitable`; a test that would hang fails instead."""
        return self._loop.run_until_complete(asyncio.wait_for(awaitable, _PATIENCE))

    def prepare(self, source: str | bytes, *, whole: bool = True) -> Sequence[Span] | None:
        """The spans of `source`, or None where it is rejected."""
        # The channel carries bytes as well: so a source that is no text can be tried.
        reply = self.wait(self.worker.prepare(cast("str", source), whole=whole))
        self.rejected = None if isinstance(reply, Prepared) else reply
        return reply.spans if isinstance(reply, Prepared) else None

    @property
    def rejection(self) -> Rejected:
        """How the source was rejected that was prepared last."""
        assert isinstance(self.rejected, Rejected), self.rejected
        return self.rejected

    def run(self, source: str | bytes, *, whole: bool = True) -> list[Ran]:
        """Run the statements of `source` up to the first that does not end well."""
        spans = self.prepare(source, whole=whole)
        if spans is None:
            return []
        done = []
        for index in range(len(spans)):
            done.append(self.execute(index, len(spans) - 1))
            if done[-1].outcome != "ok":
                break
        return done

    def execute(self, index: int, until: int | None = None) -> Ran:
        """Run one statement of what is prepared."""
        return self.wait(self.executing(index, until))

    async def executing(self, index: int, until: int | None = None) -> Ran:
        """As `execute`, for tests that do something meanwhile."""
        self.latest = ran = Ran()
        reply = await self.worker.execute(index, index if until is None else until, ran)
        if isinstance(reply, Exited):
            ran.outcome, ran.code = "died", reply.code
            return ran
        ran.outcome, ran.code = reply.outcome, reply.exit_code
        ran.value, ran.failure = reply.value, reply.failure
        return ran

    def set_environment(self, values: Mapping[str, str | None]) -> Mapping[str, str | None]:
        """Set variables of the process; returns what they were."""
        before = self.wait(self.worker.set_environment(values))
        assert not isinstance(before, Exited), before
        return before

    def until(self, is_so: Callable[[], bool]) -> None:
        """Serve the worker until `is_so()`, which output or a message must make true."""

        async def watch() -> None:
            while not is_so():
                await self.news()

        self.wait(watch())

    async def news(self) -> None:
        """Wait until the worker lets us hear anything."""
        self._news = self._loop.create_future()
        await self._news

    def fork(self) -> Fork | Refusal:
        """A fork of the program in its present state, or why there is none."""
        fork = self.wait(self.worker.fork())
        assert not isinstance(fork, Exited), fork
        if isinstance(fork, Fork):
            self._forks.append(fork)
            self.wait(fork.ready())
        return fork

    def restore(self, fork: Fork) -> None:
        """Go on as a fork of `fork`; what ran until now waits for the end of the test."""
        again = self.wait(fork.fork())
        assert isinstance(again, Fork), again
        self._earlier.append(self.worker)
        self.worker = self.wait(self._adopt(again))

    def finish(self) -> int:
        """End the worker as the server does, wait for the last output; returns the exit code."""
        exited = self.worker.exited
        if exited is None:
            exited = self.wait(self.worker.close(leave_children=True))
        self.wait(self.worker.wait_until_quiet())
        assert exited is not None
        return exited.code

    def close(self) -> None:
        """Make sure that nothing is left."""
        for fork in self._forks:
            fork.discard()
            self.wait(fork.ended)
        for worker in (self.worker, *self._earlier):
            if worker.exited is None:
                self.wait(worker.close())
            worker.kill()
            worker.release()
        self._loop.close()

    async def _start(self, launch: Launch, folder: Path) -> LocalWorker:
        worker = LocalWorker(launch, self, self._on_exit, guard=cast("Guard", _NoGuard(folder)))
        await worker.start()
        return worker

    async def _adopt(self, fork: Fork) -> LocalWorker:
        worker = LocalWorker(
            self.launch, self, self._on_exit, guard=cast("Guard", _NoGuard(self._folder))
        )
        await worker.adopt(fork)
        return worker

    # As a listener.

    def on_output(self, owner: Any, stream: str, data: bytes) -> None:
        ran = self.early if owner is None else owner
        if stream == "stdout":
            ran.out += data
        else:
            ran.err += data
        ran.events.append(stream)
        self._tell()

    def on_display(self, owner: Any, shown: Displayed | Cleared) -> None:
        raise AssertionError(shown)

    def on_input(self, owner: Any, answer: Callable[[str | None], None], *, password: bool) -> None:
        self.questions.append(password)
        owner.events.append("input")
        given = next(self._answers, None)
        if given == "wait":
            self.late_answers.append(answer)
        else:
            answer(given)
        self._tell()

    def _on_exit(self, _worker: ProgramHandle, _exited: Exited) -> None:
        self._tell()

    _news: asyncio.Future[None] | None = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


class Starter:
    """Starts programs in a folder of their own, and ends them."""

    def __init__(self, python: Python, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.path = folder / "script.py"
        self._programs: list[Program] = []
        self._numbers = count()

    def __call__(
        self,
        *,
        source: str | bytes | None = None,
        answers: Sequence[str | None] | None = None,
        wrap: Sequence[str] = (),
        options: Sequence[str] = (),
        argv: Sequence[str] = (),
        **launch: Any,
    ) -> Program:
        """A new worker; `source` is written to the file it is to be, `wrap` starts the interpreter."""
        if source is not None:
            self.write(source)
        launch.setdefault("stdin", "empty" if answers is None else "ask")
        order = Launch(
            (*wrap, self.python.executable, *options),
            launch.pop("path", str(self.path)),
            tuple(argv) or (str(self.path),),
            str(self.folder),
            **launch,
        )
        program = Program(order, self.folder, answers or ())
        self._programs.append(program)
        return program

    def write(self, source: str | bytes) -> None:
        """Make `source` the content of the script's file."""
        self.path.write_bytes(source if isinstance(source, bytes) else source.encode())

    def plain(
        self, source: str | bytes | None = None, *options: str
    ) -> subprocess.CompletedProcess[bytes]:
        """What `python FILE` does."""
        if source is not None:
            self.write(source)
        return subprocess.run(
            [self.python.executable, *options, str(self.path)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=dict(os.environ),  # As the worker gets it; C code of ours may have set others.
            timeout=_PATIENCE,
            check=False,
        )

    def close(self) -> None:
        for program in self._programs:
            program.close()


def _interpreters() -> list[Python]:
    """One working interpreter for each minor version."""
    folders = [*Path.home().glob(".pyenv/versions/*/bin")]
    for root, names, _ in os.walk(_ROOT / ".tools", followlinks=True):
        if root.count(os.sep) - str(_ROOT).count(os.sep) > 5:
            names.clear()
        elif root.endswith(os.sep + "bin"):
            folders.append(Path(root))
    folders += [Path(folder) for folder in os.get_exec_path()]
    found: dict[tuple[int, int], Python] = {}
    for folder in folders:
        for file in folder.glob("python3.*"):
            match = _NAME.fullmatch(file.name)
            version = (3, int(match[1])) if match else (0, 0)
            if version >= _OLDEST and version not in found and _works(file, version):
                found[version] = Python(str(file), version)
    if not found:
        found[sys.version_info[:2]] = Python(sys.executable, sys.version_info[:2])
    return [found[version] for version in sorted(found)]


def _works(file: Path, version: tuple[int, int]) -> bool:
    """Whether it is what its name says: a version manager's shims may not be."""
    command = [str(file), "-c", "import sys, ctypes; print(*sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == [str(number).encode() for number in version]


@pytest.fixture(scope="session", params=_interpreters(), ids=str)
def python(request: pytest.FixtureRequest) -> Python:
    """Each interpreter in turn."""
    found: Python = request.param
    return found


@pytest.fixture(scope="session", autouse=True)
def orphans_come_to_us() -> None:
    """Have processes whose parent dies become our children, so that none escapes `start`."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only.
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture(scope="session", autouse=True)
def usual_environment() -> Iterator[None]:
    """Run interpreters as users do: whoever runs the tests may have other settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PYTHON")]:
            patch.delenv(name)
        yield


@pytest.fixture
def start(python: Python, tmp_path: Path) -> Iterator[Starter]:
    """Start workers; after the test no process may be left."""
    # Servers of other tests' may be running, where all tests are run at once.
    others = _children().keys()
    starter = Starter(python, tmp_path)
    yield starter
    starter.close()
    children = {pid: command for pid, command in _children().items() if pid not in others}
    left = {pid: command for pid, command in children.items() if not _ends(pid)}
    for pid in left:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert left == {}
    assert list(tmp_path.glob("worker-*")) == []
    shutil.rmtree(tmp_path, ignore_errors=True)


def _children() -> dict[int, str]:
    children = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) == os.getpid():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                children[int(entry.name)] = command
    return children


def _ends(pid: int) -> bool:
    """Whether process `pid`, a child of ours, is ending, and wait for that."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return True
    ready = select.select([fd], [], [], _PATIENCE)[0]
    os.close(fd)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return bool(ready)

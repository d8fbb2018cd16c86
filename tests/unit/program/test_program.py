"""The program of one document: which process it is, in which state, and what it leaves."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support import instant_loop
from support.fake_program import LAUNCH, FakeFork, FakeHandle, holding
from support.far_end import SECONDS, turn

from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.process.handle import Capabilities
from rdit_lsp.process.replies import Exited, Refusal
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.program.checkpoint import Checkpoint
from rdit_lsp.program.program import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from rdit_lsp.process.spawn import Launch

START, LATER = 100, 200
"""Keys of states."""
CANNOT = Capabilities(Refusal("it was started without checkpoints"), can_inspect_while_busy=False)


class _Document:
    """A program, every process that it has had, and what it has said."""

    def __init__(self) -> None:
        self.handles: list[FakeHandle] = []
        self.exits: list[Exited] = []
        self.prepare: Callable[[FakeHandle], None] = lambda _: None
        """Done to each process before it is started."""
        self.program = Program(self, self._make, self.exits.append, self._is_due)

    def _make(self, launch: Launch, listener: Any, on_exit: Any) -> FakeHandle:
        assert listener is self
        self.handles.append(FakeHandle(launch, listener, on_exit))
        self.prepare(self.handles[-1])
        return self.handles[-1]

    def _is_due(self, *_: object, hot: bool) -> bool:
        return hot

    @property
    def handle(self) -> FakeHandle:
        """The latest process."""
        return self.handles[-1]

    @property
    def zygote(self) -> FakeFork:
        """The fork that is kept of the first process."""
        return self.handles[0].forks[0]

    async def start(self, launch: Launch = LAUNCH, key: int = START) -> None:
        await within(self.program.start(launch, key))

    async def keep(self, key: int = LATER, **options: Any) -> Checkpoint:
        """Come to the state `key`, and keep it."""
        self.program.did_work(1.0)
        self.program.advance(key)
        made = await self.program.keep(7, **options)
        assert isinstance(made, Checkpoint)
        return made


async def within(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, SECONDS)


@pytest.fixture
async def document() -> AsyncIterator[_Document]:
    document = _Document()
    yield document
    await within(document.program.close(leave_children=False, patient=False))
    assert all(handle.exited for handle in document.handles if handle.pid is not None)


# Starting.


async def test_first_start(document: _Document) -> None:
    """There would be no process, or none kept ready for the next start."""
    program = document.program
    assert (None, None, False) == (program.worker, program.live, program.can_start_at_once(LAUNCH))
    await document.start()
    assert (document.handle, START) == (program.worker, program.live)
    assert ["start", "fork"] == document.handle.done
    assert program.can_start_at_once(LAUNCH)
    assert not program.can_start_at_once(replace(LAUNCH, argv=("/a.py", "-x")))


async def test_starting_over(document: _Document) -> None:
    """A reset would take the time of an interpreter's start, or keep the former process."""
    await document.start()
    await document.start(key=LATER)
    first, second = document.handles
    assert ["adopt"] == second.done
    assert second.adopted in document.zygote.forks
    assert (second, LATER) == (document.program.worker, document.program.live)
    await turn()
    assert ["start", "fork", "close", "release"] == first.done
    assert document.program.can_start_at_once(LAUNCH)


def test_starting_over_again() -> None:
    """The second reset would take longer than the first, or the first give its time to the second."""

    async def start() -> list[int]:
        document = _Document()
        counts = []
        for _ in range(2):
            await document.program.start(LAUNCH, START)
            counts.append(len(document.zygote.forks))
        await asyncio.sleep(5.0)
        counts.append(len(document.zygote.forks))
        await document.program.start(LAUNCH, START)
        counts.append(len(document.zygote.forks))
        await document.program.close(leave_children=False, patient=False)
        return counts

    assert [0, 1, 2, 2] == instant_loop.run(start())


async def test_prefork_ends_with_its_program(document: _Document) -> None:
    """After a reset, a process of a state that nothing leads to would stay."""
    await document.start()
    kept = await document.keep()
    document.program.expect_restore(LATER)
    await turn()
    await document.start()
    await turn()
    assert isinstance(kept.fork, FakeFork)
    assert [True] == [fork.is_discarded for fork in kept.fork.forks]


async def test_other_settings(document: _Document) -> None:
    """The program would run with the former settings, or their interpreter be kept for nothing."""
    await document.start()
    await document.start(replace(LAUNCH, argv=("/a.py", "-x")))
    await turn()
    assert ["start", "fork"] == document.handle.done
    assert document.zygote.is_discarded


async def test_start_that_fails(document: _Document) -> None:
    """A run would go to a process that has never come up."""
    document.prepare = lambda handle: setattr(handle, "start_error", WorkerError("it is missing."))
    with pytest.raises(WorkerError, match="missing"):
        await document.start()
    assert (None, None) == (document.program.worker, document.program.live)


async def test_zygote_that_is_gone_meanwhile(document: _Document) -> None:
    """One fork that is refused would fail a start that a new process could do."""
    await document.start()
    document.zygote.refusal = Refusal("it cannot")
    await document.start()
    assert ["start", "fork"] == document.handle.done


async def test_process_that_ends_at_once(document: _Document) -> None:
    """A run would begin in a process that is gone, as an error of rdit's own."""

    def exit_when_forked(handle: FakeHandle) -> None:
        async def fork() -> Exited:
            handle.exit(1)
            return Exited(1)

        handle.fork = fork

    document.prepare = exit_when_forked
    with pytest.raises(WorkerError, match="ended before"):
        await document.start()
    assert (None, None) == (document.program.worker, document.program.live)


# Capabilities decide what is tried.


async def test_program_that_cannot_be_forked(document: _Document) -> None:
    """It would be asked for forks again and again, or nobody would know why there are none."""
    document.prepare = lambda handle: setattr(handle, "capabilities", CANNOT)
    await document.start()
    program = document.program
    assert not program.is_checkpoint_due(hot=True)
    assert not program.can_start_at_once(LAUNCH)
    assert CANNOT.fork_refusal == await program.hold()
    made = await document.keep(name="mine")
    assert (None, "it was started without checkpoints") == (made.fork, made.refusal)
    assert await program.inspect({}, 1.0) is None
    assert ["start"] == document.handle.done


async def test_program_that_can_be_forked(document: _Document) -> None:
    """States would not be kept though they could be."""
    await document.start()
    assert document.program.is_checkpoint_due(hot=True)
    assert not document.program.is_checkpoint_due(hot=False)
    await document.start(replace(LAUNCH, checkpoints=False))
    assert not document.program.is_checkpoint_due(hot=True)


# The state.


async def test_state_follows_what_runs(document: _Document) -> None:
    """A result would be fresh that no clean run gives."""
    await document.start()
    document.program.advance(LATER)
    assert LATER == document.program.live
    document.program.leave_path()
    assert OFF_PATH == document.program.live


async def test_no_process_has_no_state(document: _Document) -> None:
    """The next run would carry on in a process that is gone."""
    await document.start()
    document.handle.exit(1)
    document.program.advance(LATER)
    document.program.leave_path()
    assert document.program.live is None


async def test_work_of_a_run(document: _Document) -> None:
    """A checkpoint would be worth as much as the work since it, or as all that was done before."""
    await document.start()
    document.program.begin_run()
    first = await document.keep(1)
    document.program.begin_run()
    second = await document.keep(2)
    assert (1.0, 2.0) == (first.work, second.work)
    assert first is second.before


# Exits.


async def test_process_that_exits(document: _Document) -> None:
    """Nobody would know that the variables are gone, or its pipes stay open."""
    await document.start()
    document.handle.exit(-11)
    assert [Exited(-11)] == document.exits
    assert (None, None) == (document.program.worker, document.program.live)
    assert "release" == document.handle.done[-1]


async def test_exit_of_a_process_that_was_left(document: _Document) -> None:
    """The end of a former process would count as that of the present one."""
    await document.start()
    document.program.leave()
    assert (None, None) == (document.program.worker, document.program.live)
    await document.start()
    await turn()
    assert document.handles[0].exited
    assert ([], document.handles[1]) == (document.exits, document.program.worker)


async def test_process_that_was_left_for_a_checkpoint(document: _Document) -> None:
    """It would remove temporary files that its forks still need."""
    await document.start()
    document.program.leave(for_good=False)
    await turn()
    assert ["start", "fork", "kill", "close", "release"] == document.handle.done


async def test_process_with_checkpoints_that_is_left_for_good(document: _Document) -> None:
    """A checkpoint made by hand would find its files removed."""
    await document.start()
    await document.keep(name="mine")
    document.program.leave()
    assert "kill" == document.handle.done[-1]


# Checkpoints.


async def test_restore(document: _Document) -> None:
    """The program would be in another state than it says, or the checkpoint used up."""
    await document.start()
    kept = await document.keep(LATER)
    document.program.did_work(5.0)
    document.program.leave_path()
    await document.program.restore(kept)
    former, handle = document.handles
    assert isinstance(kept.fork, FakeFork)
    assert (handle, LATER) == (document.program.worker, document.program.live)
    assert handle.adopted in kept.fork.forks
    assert kept.is_ready
    assert "kill" in former.done
    again = await document.keep(LATER + 1)
    assert (2.0, kept) == (again.work, again.before)


async def test_restore_that_is_refused(document: _Document) -> None:
    """The live program would be lost for a state that cannot be had."""
    await document.start()
    kept = await document.keep()
    assert isinstance(kept.fork, FakeFork)
    kept.fork.refusal = Refusal("it could not be forked")
    with pytest.raises(WorkerError, match="it could not be forked"):
        await document.program.restore(kept)
    assert (document.handles[0], LATER) == (document.program.worker, document.program.live)


async def test_checkpoint_without_a_process(document: _Document) -> None:
    """A refused checkpoint would be an error of rdit's own when it is restored."""
    await document.start()
    document.handle.next_fork = Refusal("it has threads")
    kept = await document.keep(name="mine")
    with pytest.raises(WorkerError, match="no process"):
        await document.program.restore(kept)


async def test_fork_that_ends_when_it_is_adopted(document: _Document) -> None:
    """A run would go to a process that is gone."""
    await document.start()
    kept = await document.keep()
    assert isinstance(kept.fork, FakeFork)

    async def fork() -> FakeFork:
        ended = FakeFork()
        ended.end()
        return ended

    kept.fork.fork = fork
    with pytest.raises(WorkerError, match="has ended"):
        await document.program.restore(kept)
    assert (None, None) == (document.program.worker, document.program.live)


async def test_expected_restore(document: _Document) -> None:
    """The second edit of a statement would take as long as the first."""
    await document.start()
    kept = await document.keep()
    document.program.expect_restore(LATER)
    await turn()
    assert isinstance(kept.fork, FakeFork)
    (made,) = kept.fork.forks
    await document.program.restore(kept)
    assert made is document.handle.adopted
    document.program.expect_restore(LATER + 1)  # There is none.


async def test_held_state(document: _Document) -> None:
    """A run that is taken back would leave a checkpoint behind, or come back to another state."""
    await document.start()
    document.program.did_work(2.0)
    held = await document.program.hold()
    assert isinstance(held, Checkpoint)
    assert (START, 2.0, True) == (held.key, held.work, held.is_ready)
    assert [] == document.program.checkpoints.all()
    document.handle.next_fork = Exited(1)
    assert Exited(1) == await document.program.hold()
    document.program.checkpoints.give_up(held)


async def test_memory_of_all(document: _Document) -> None:
    """What the program holds anyway would count as its checkpoints'."""
    await document.start()
    document.handle.holds = holding(100)
    kept = await document.keep()
    assert isinstance(kept.fork, FakeFork)
    document.program.expect_restore(LATER)
    await turn()
    for fork in (kept.fork, *kept.fork.forks):
        fork.holds = holding(5)
    await within(document.program.checkpoints.measure())
    assert 2 * holding(5).proportional == document.program.checkpoints.held


# Inspection.


QUESTION: Mapping[str, Any] = {"ask": "names"}


async def test_inspection(document: _Document) -> None:
    """Hover would show nothing, or leave a process behind."""
    await document.start()
    document.handle.inspection_fork = fork = FakeFork()
    fork.answer = {"x": "1"}
    assert ({"x": "1"}, None) == await document.program.inspect(QUESTION, 2.0)
    assert QUESTION == fork.questions[0][0]
    assert 0.0 < fork.questions[0][1] <= 2.0
    assert fork.is_discarded
    assert 1.0 == document.handle.patience


async def test_busy_program_with_an_older_state(document: _Document) -> None:
    """In long C code hover would wait, though an older state could answer at once."""
    await document.start()
    kept = await document.keep()
    document.handle.is_busy = True
    assert isinstance(kept.fork, FakeFork)
    answer, source = await document.program.inspect(QUESTION, 2.0) or (None, None)
    assert ({}, kept) == (answer, source)
    assert document.handle.patience is not None
    assert document.handle.patience < 0.1
    assert [True] == [fork.is_discarded for fork in kept.fork.forks]
    assert not kept.fork.questions  # The checkpoint itself stays whole.


async def test_program_that_has_ended_is_inspected_by_its_checkpoint(document: _Document) -> None:
    """After a crash the variables could not be looked at."""
    await document.start()
    kept = await document.keep()
    document.handle.exit(-11)
    assert ({}, kept) == await document.program.inspect(QUESTION, 2.0)


@pytest.mark.parametrize("what", ["no process", "no older state", "dead", "refused", "no answer"])
async def test_nothing_to_inspect(document: _Document, what: str) -> None:
    """A hover would fail, or wait for a process that is gone."""
    if what != "no process":
        await document.start()
    if what in ("dead", "refused"):
        kept = await document.keep()
        assert isinstance(kept.fork, FakeFork)
        if what == "dead":
            kept.fork.end()
        kept.fork.refusal = Refusal("it cannot")
    if what == "no answer":
        document.handle.inspection_fork = FakeFork()
        document.handle.inspection_fork.answer = Exited(-9)
    assert await document.program.inspect(QUESTION, 2.0) is None
    if what == "no answer":
        assert document.handle.inspection_fork is not None
        assert document.handle.inspection_fork.is_discarded


# Closing.


async def test_closing_ends_everything(document: _Document) -> None:
    """A closed document would leave processes behind, or say that its program has crashed."""
    await document.start()
    kept = await document.keep(name="mine")
    fork = kept.fork
    document.program.expect_restore(LATER)
    await turn()
    assert isinstance(fork, FakeFork)
    await within(document.program.close(leave_children=True, patient=True))
    assert ["close leave children patient", "wait until quiet", "release"] == document.handle.done[
        -3:
    ]
    assert [True] * 3 == [f.is_discarded for f in (fork, fork.forks[0], document.zygote)]
    assert ([], None) == (document.exits, document.program.worker)


async def test_closing_waits_for_processes_that_were_left(document: _Document) -> None:
    """A server would end before the processes that it has started."""
    await document.start()
    document.handle.may_close.clear()
    document.program.leave()
    ending = asyncio.ensure_future(document.program.close(leave_children=False, patient=False))
    await turn()
    assert not ending.done()
    document.handle.may_close.set()
    await within(ending)
    assert document.handle.exited


async def test_signals_for_a_program_that_is_closed(document: _Document) -> None:
    """Ctrl-C would not reach a script that runs its `atexit` functions."""
    await document.start()
    assert not document.program.send_signal(signal.SIGINT)
    document.handle.may_close.clear()
    ending = asyncio.ensure_future(document.program.close(leave_children=True, patient=True))
    await turn()
    assert document.program.send_signal(signal.SIGINT)
    assert f"signal {int(signal.SIGINT)}" == document.handle.done[-1]
    document.handle.may_close.set()
    await within(ending)
    assert not document.program.send_signal(signal.SIGINT)

"""Which statement each chunk of output belongs to."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from support.far_end import SECONDS, turn

from rdit_lsp.process.output_pipes import OutputPipes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rdit_lsp.outputs.stream import StreamName


class _Program:
    """The writing ends, and what came out at the other."""

    def __init__(self) -> None:
        self.output: list[tuple[object, str, bytes]] = []
        self.current: list[bytes] = []
        self.pipes = OutputPipes(lambda *chunk: self.output.append(chunk), self.current.append)
        self.writing: dict[str, int] = {}
        self._open: list[int] = []

    def renew(self, *names: StreamName) -> None:
        """New pipes for these streams; the former writing ends stay open, as in a child."""
        reading = {}
        for name in names:
            reading[name], self.writing[name] = os.pipe()
            self._open.append(self.writing[name])
        self.pipes.renew(reading)

    def shut(self, fd: int) -> None:
        self._open.remove(fd)
        os.close(fd)

    def close(self) -> None:
        self.pipes.close()
        for fd in self._open:
            os.close(fd)


@pytest.fixture
async def program() -> AsyncIterator[_Program]:
    program = _Program()
    program.renew("stdout", "stderr")
    yield program
    program.close()


async def test_output_belongs_to_the_present_owner(program: _Program) -> None:
    """Output would stand beside another statement, or in the wrong stream."""
    os.write(program.writing["stdout"], b"early")
    await turn()
    program.pipes.owner = "first"
    os.write(program.writing["stderr"], b"one")
    await turn()
    program.pipes.owner = "second"
    os.write(program.writing["stdout"], b"two")
    await turn()
    assert [
        (None, "stdout", b"early"),
        ("first", "stderr", b"one"),
        ("second", "stdout", b"two"),
    ] == program.output
    assert [b"early", b"one", b"two"] == program.current


async def test_drain_reads_what_is_there_without_a_turn(program: _Program) -> None:
    """What a statement wrote last would go to the next one."""
    program.pipes.owner = "first"
    text = b"x" * 50_000
    os.write(program.writing["stdout"], text)
    assert program.pipes.hold_something
    program.pipes.drain()
    assert not program.pipes.hold_something
    assert [("first", "stdout", text)] == program.output


async def test_child_writes_to_the_statement_that_left_it(program: _Program) -> None:
    """Output of a background process would go to whatever statement runs now."""
    program.pipes.owner = "first"
    former = program.writing["stdout"]
    program.renew("stdout")
    program.pipes.owner = "second"
    os.write(former, b"from the child")
    os.write(program.writing["stdout"], b"from the program")
    os.write(program.writing["stderr"], b"as before")
    await turn()
    assert {
        ("first", "stdout", b"from the child"),
        ("second", "stdout", b"from the program"),
        ("second", "stderr", b"as before"),
    } == set(program.output)
    assert b"from the child" not in program.current


async def test_late_output_is_not_drained(program: _Program) -> None:
    """A child that writes without end would hold up the end of every statement."""
    program.pipes.owner = "first"
    former = program.writing["stdout"]
    program.renew("stdout")
    os.write(former, b"from the child")
    assert not program.pipes.hold_something
    program.pipes.drain()
    assert [] == program.output


async def test_quiet_when_every_end_is_closed(program: _Program) -> None:
    """The last words of a child would be lost, or closing a document would wait for ever."""
    former = program.writing["stdout"]
    program.renew("stdout")
    waiting = asyncio.ensure_future(program.pipes.wait_until_closed(SECONDS))
    for name in ("stdout", "stderr"):
        program.shut(program.writing[name])
    await turn()
    assert not waiting.done()
    os.write(former, b"last words")
    program.shut(former)
    await asyncio.wait_for(waiting, SECONDS)
    assert [b"last words"] == [data for _, _, data in program.output]
    assert set() == program.pipes._late  # Or a server would remember every child there ever was.


async def test_waiting_has_a_limit(program: _Program) -> None:
    """A daemon that a program has left would hold up the end of its session."""
    await asyncio.wait_for(program.pipes.wait_until_closed(0.0), SECONDS)
    assert [] == program.output


async def test_nothing_to_wait_for() -> None:
    """Without capture, closing would fail."""
    await OutputPipes(lambda *_: None, lambda _: None).wait_until_closed(SECONDS)


async def test_closed_pipes_are_read_no_more(program: _Program) -> None:
    """Descriptors of a program that is gone would stay open."""
    program.pipes.close()
    with pytest.raises(BrokenPipeError):
        os.write(program.writing["stdout"], b"too late")
    await turn()
    assert [] == program.output

"""Looking at a program: also while it is busy, and without changing anything in it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import oracle
from support.sessions import ENDLESS, UNTIL_TOLD, texts

if TYPE_CHECKING:
    from support.sessions import Opener

    from rdit_lsp.results.snapshot import Inspection

linux = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

VARIABLES = {"what": "variables"}
LOOP = f"while not print('inside', flush=True):\n    {UNTIL_TOLD}\n    break"
"""A statement that can be looked into as soon as it says that it runs."""


def hover(expression: str) -> dict[str, Any]:
    """The question what an expression stands for."""
    return {"what": "hover", "expression": expression}


def names(found: Inspection | None) -> list[str]:
    """The names of the variables that an answer lists."""
    assert found is not None
    return [each["name"] for each in found.answer["variables"]]


async def test_nothing_has_run(opened: Opener) -> None:
    """Looking at a document would start an interpreter."""
    session = opened("x = 1\n")
    assert await session.inspect(VARIABLES) is None
    assert not session.session.status.has_program


async def test_variables(opened: Opener) -> None:
    """The variables would not be those that the program has."""
    session = opened("x = 1\ny = 'text'\n")
    await session.run()
    found = await session.inspect(VARIABLES)
    assert ["x", "y"] == names(found)
    assert "now" == (found and found.origin)
    assert ("1", "'text'") == (await session.variable("x"), await session.variable("y"))
    assert await session.variable("z") is None


@linux
async def test_looking_changes_nothing(opened: Opener) -> None:
    """A property or a `repr` that is looked at would leave traces in the program."""
    session = opened(
        "looks = []\n"
        "class A:\n    def __repr__(self): looks.append(1); return 'an A'\n"
        "a = A(); None\n"
    )
    await session.run()
    before, changes = session.pid, session.seen.changes
    for _ in range(2):
        assert "an A" == await session.variable("a")
    assert "[]" == await session.variable("looks")
    assert (before, changes) == (session.pid, session.seen.changes)


@linux
async def test_while_a_statement_runs(opened: Opener) -> None:
    """In the middle of a long loop nothing could be looked at, or the loop would be disturbed."""
    session = opened(f"import os, time\nn = 5\n{LOOP}\nn\n")
    run = session.start()
    await session.inside()
    found = await session.inspect(hover("n"))
    assert found is not None
    assert ("while line 3 runs", "5") == (found.origin, found.answer["summary"])
    assert not run.done()
    session.let_go()
    assert ["", "", "inside\n", "5"] == texts(await session.end_of(run))


@linux
async def test_line_that_runs_is_that_of_the_text_now(opened: Opener) -> None:
    """After an edit above it, the line would be one on which nothing runs."""
    session = opened(f"import os, time\n{LOOP}\n")
    run = session.start()
    await session.inside()
    session.insert(1, "# one\n# two\n")
    found = await session.inspect(hover("os"))
    assert "while line 4 runs" == (found and found.origin)
    session.let_go()
    await session.end_of(run)


@linux
async def test_in_the_middle_of_c_code(opened: Opener) -> None:
    """Where no bytecode comes, an older state would be passed off as the present one."""
    with oracle.keeping_every_state():
        session = opened("n = 5\nprint('inside', flush=True), any(iter(int, 1))\n")
        run = session.start()
        await session.inside()
        found = await session.inspect(hover("n"))
    assert found is not None
    assert ("after line 1", "5") == (found.origin, found.answer["summary"])
    assert not run.done()


@linux
async def test_in_the_middle_of_c_code_without_checkpoints(opened: Opener) -> None:
    """Where nothing can be had, a look would never end."""
    session = opened("n = 5\nprint('inside', flush=True), any(iter(int, 1))\n", checkpoints=False)
    run = session.start()
    await session.inside()
    assert await session.inspect(hover("n"), deadline=0.2) is None
    assert not run.done()


UNCOPIED = "import threading\nt = threading.Timer(600, int); t.daemon = True; t.start()\nn = 5\n"
"""A program that cannot be copied."""


async def test_program_that_cannot_be_copied(opened: Opener) -> None:
    """With a thread alive nothing could be looked at; the idle program itself can answer."""
    session = opened(UNCOPIED)
    await session.run()
    found = await session.inspect(hover("n"))
    assert found is not None
    assert ("now", "5") == (found.origin, found.answer["summary"])
    assert "ok" == (await session.run("statement", line=3)).status


async def test_busy_program_that_cannot_be_copied(opened: Opener) -> None:
    """A program that is busy would be asked itself, and answer at its end."""
    session = opened(f"{UNCOPIED}import time\n{ENDLESS}\n", checkpoints=False)
    run = session.start()
    await session.inside()
    assert await session.inspect(hover("n"), deadline=0.2) is None
    session.session.interrupt()
    assert "interrupted" == (await session.end_of(run)).status


async def test_crash_is_no_answer(opened: Opener) -> None:
    """After a crash a look would wait for a process that is gone."""
    session = opened("n = 5\nimport os; os._exit(1)\n", checkpoints=False)
    await session.run()
    assert await session.inspect(hover("n")) is None


@linux
async def test_hang_is_bounded(opened: Opener) -> None:
    """A `repr` that never ends would keep the answer, and the next run."""
    session = opened("class A:\n    def __repr__(self):\n        while True: pass\na = A()\n")
    await session.run()
    found = await session.inspect(hover("a"))
    assert found is not None
    assert "A" == found.answer["type"]
    assert "ok" == (await session.run("stale")).status


@pytest.mark.parametrize("question", [hover("1 +"), hover("n.nothing"), hover("f()"), hover("")])
async def test_expression_that_stands_for_nothing(opened: Opener, question: dict[str, Any]) -> None:
    """Half a word under the cursor would be an error."""
    session = opened("n = 5\ndef f(): return 1\n")
    await session.run()
    found = await session.inspect(question)
    assert found is not None
    assert not found.answer.get("found")


async def test_completion_and_signature(opened: Opener) -> None:
    """The session would answer one kind of question only."""
    session = opened("def call(first, second=2): ...\nvalue = 1\n")
    await session.run()
    found = await session.inspect({"what": "completion", "expression": "", "prefix": "val"})
    assert found is not None
    assert "value" in [item["label"] for item in found.answer["items"]]
    question = {"what": "signature", "expression": "call", "argument": 1, "keyword": None}
    found = await session.inspect(question)
    assert found is not None
    assert "call(first, second=2)" == found.answer["label"]

"""States are gone back to only where the files that the program had used by then are what they were."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import oracle
from support.observers import SilentObserver
from support.sessions import open_session, text_of, texts

from rdit_lsp.document import document as documents
from rdit_lsp.session.planning import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from support.sessions import Opener, Place

    from rdit_lsp.process.posix.guard import Guard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")


@pytest.fixture(autouse=True)
def every_state() -> Iterator[None]:
    """Keep every state, so that there is one to go back to wrongly."""
    with oracle.keeping_every_state():
        yield


CASES = {
    "rows appended": (
        "with open('log', 'w') as f: pass\n"
        "1\n"
        "with open('log', 'a') as f: _ = f.write('{}')\n"
        "print(open('log').read())\n"
    ),
    "rows appended by pathlib": (
        "from pathlib import Path; log = Path('log')\n"
        "_ = log.write_text('')\n"
        "with log.open('a') as f: _ = f.write('{}')\n"
        "print(log.read_text())\n"
    ),
    "a descriptor": (
        "import os; fd = os.open('log', os.O_CREAT | os.O_TRUNC | os.O_WRONLY); os.close(fd)\n"
        "fd = os.open('log', os.O_APPEND | os.O_WRONLY); _ = os.write(fd, b'{}'); os.close(fd)\n"
        "print(open('log').read())\n"
    ),
    "a file removed": (
        "import os; _ = open('log', 'w').write('there')\n"
        "if '{}' == 'first': os.remove('log')\n"
        "print(os.access('log', 0))\n"
    ),
    "a file renamed": (
        "import os; _ = open('a', 'w').write('there')\n"
        "os.rename('a', '{}')\n"
        "print(open('{}').read())\n"
    ),
    "another renamed over it": (
        "import os; _ = open('a', 'w').write('a'), open('b', 'w').write('b')\n"
        "if '{}' == 'first': os.replace('a', 'b')\n"
        "print(open('b').read())\n"
    ),
    "a file truncated": (
        "import os; _ = open('a', 'w').write('abcdefgh')\n"
        "os.truncate('a', len('{}'))\n"
        "print(open('a').read())\n"
    ),
    "a folder listed": (
        "import os, shutil; shutil.rmtree('d', True); os.mkdir('d')\n"
        "_ = open('d/{}', 'w')\n"
        "del _\n"
        "print(os.listdir('d'))\n"
    ),
    "a folder matched": (
        "import glob, shutil, os; shutil.rmtree('d', True); os.mkdir('d')\n"
        "_ = os.mkdir('d/{}')\n"
        "print(glob.glob('d/*'))\n"
    ),
    "a file that is removed if it is there": (
        "import os\n"
        "if os.path.exists('log'): os.remove('log')\n"
        "with open('log', 'a') as f: _ = f.write('{}')\n"
        "print(open('log').read())\n"
    ),
    "csv": (
        "import csv\n"
        "with open('t.csv', 'w') as f: _ = csv.writer(f).writerow(['head'])\n"
        "with open('t.csv', 'a') as f: _ = csv.writer(f).writerow(['{}'])\n"
        "with open('t.csv') as f: print(list(csv.reader(f)))\n"
    ),
    "a counter in JSON": (
        "import json\n"
        "with open('n', 'w') as f: json.dump([], f)\n"
        "with open('n') as f: items = json.load(f)\n"
        "with open('n', 'w') as f: json.dump([*items, '{}'], f)\n"
        "with open('n') as f: print(json.load(f))\n"
    ),
    "a database": (
        "import sqlite3, contextlib\n"
        "with contextlib.closing(sqlite3.connect('db')) as c, c: _ = c.executescript("
        "'drop table if exists t; create table t (x)')\n"
        "with contextlib.closing(sqlite3.connect('db')) as c, c: _ = c.execute("
        "'insert into t values (?)', ['{}'])\n"
        "with contextlib.closing(sqlite3.connect('db')) as c: print(list(c.execute('select * from t')))\n"
    ),
    "a shell": (
        "import os; _ = open('log', 'w').write('')\n"
        "_ = os.system('echo {} >> log')\n"
        "print(open('log').read())\n"
    ),
    "a child": (
        "import subprocess; _ = open('log', 'w').write('')\n"
        "_ = subprocess.run(['sh', '-c', 'echo {} >> log'])\n"
        "print(open('log').read())\n"
    ),
    "a link": (
        "import os; _ = open('log', 'w').write(''); os.path.islink('l') or os.symlink('log', 'l')\n"
        "with open('l', 'a') as f: _ = f.write('{}')\n"
        "print(open('log').read())\n"
    ),
    "a temporary folder": (
        "import os, tempfile; d = tempfile.TemporaryDirectory(dir='.')\n"
        "with open(d.name + '/{}', 'w') as f: pass\n"
        "print(os.listdir(d.name))\n"
    ),
}
"""Scripts that begin by making their files, so that a clean run gives the same whatever there is."""


@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
async def test_edit_of_what_changes_a_file(opened: Opener, script: str) -> None:
    """The rows of the earlier text would still be there, in a result that is shown as current."""
    session = opened(script.replace("{}", "first"))
    await session.run()
    session.replace(script.replace("{}", "second"))
    report = await session.run("stale")
    assert {} == session.stale()
    clean = opened(script.replace("{}", "second"), checkpoints=False)
    assert texts(await clean.run())[-1] == texts(report)[-1]


async def test_says_why(opened: Opener) -> None:
    """Nothing would say why an edit makes everything run again."""
    session = opened(CASES["rows appended"].replace("{}", "row"))
    await session.run()
    assert session.session.status.checkpoints.refusal == (
        3,
        "it has changed log, which it had used before",
    )


async def test_what_was_not_used_before(opened: Opener) -> None:
    """A script that ends with a figure or a table in a file would lose its ways back for it."""
    writes = "with open('out', 'w') as f: _ = f.write('x')\n"
    text = f"data = open('data').read()\nlines = data.split()\n{writes}"
    session = opened(text)
    (session.place.folder / "data").write_text("a b")
    await session.run()
    session.replace(text.replace("'x'", "'y'"))
    report = await session.run("stale")
    assert report.way_back is not None
    assert "checkpoint" == report.way_back.kind
    assert session.session.status.checkpoints.refusal is None


_TRIED = "try: {}\nexcept OSError as error: print(type(error).__name__)"
LINES = [
    *(
        f"with open('{name}', '{mode}') as f: _ = f.write('{name}{mode}')"
        for name in "ab"
        for mode in "wa"
    ),
    *(_TRIED.format(f"print(open('{name}').read())") for name in "ab"),
    *(_TRIED.format(f"os.remove('{name}')") for name in "ab"),
    _TRIED.format("os.rename('a', 'b')"),
    _TRIED.format("os.replace('b', 'a')"),
    _TRIED.format("os.truncate('a', 1)"),
    "if os.path.exists('a'): os.remove('a')",
    "print(sorted({'a', 'b'} & set(os.listdir())))",
    "print(sorted(p.name for p in Path().glob('[ab]')))",
    "print('no file')",
]
"""Statements that end well whatever files there are."""
_FIRST = [LINES[0], "if os.path.exists('b'): os.remove('b')"]
"""With these first, a clean run gives the same whatever there is."""
_START = "import os; from pathlib import Path"
_RUNNER = """
import contextlib, io, json, sys
shown = []
for text in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out: exec(text)
    shown.append(out.getvalue())
print(json.dumps(shown))
"""


def _clean_run(lines: list[str], folder: Path) -> list[str]:
    """What each statement prints in a plain run that begins in a copy of this folder."""
    copy = folder.with_name(f"{folder.name}-copy")
    shutil.copytree(folder, copy)
    command = [sys.executable, "-I", "-S", "-c", _RUNNER, json.dumps([_START, *lines])]
    ran = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, check=True)
    shutil.rmtree(copy)
    shown: list[str] = json.loads(ran.stdout)
    return shown[1:]


async def _update_after_edits(
    texts: list[list[str]], before: Path, place: Place, guard: Guard
) -> None:
    """Run each text in turn; where a clean run gives the same in both folders, so must what is shown.

    The folders are `before`, as it was before the session, and that of the session as it is now. Where they
    differ in what a clean run gives, no result is the right one: a script adds to what is there already.
    """
    session = open_session("", place, SilentObserver(), guard)
    try:
        for lines in texts:
            old = session.document
            text = "\n".join([_START, *lines])
            session.change(documents.replace_text(old, old.version + 1, text))
            await session.execute(Request("stale"))
            clean = _clean_run(lines, before)
            if clean != _clean_run(lines, place.folder):
                continue
            views = [view for view in session.snapshot().views if view.index >= 2]
            fresh = {view.index - 2: text_of(view) for view in views if oracle.is_fresh(view)}
            assert dict(enumerate(clean)) == fresh, text
    finally:
        await session.close()


@settings(
    max_examples=int(os.environ.get("RDIT_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    files=st.dictionaries(st.sampled_from("ab"), st.sampled_from(["", "old"])),
    lines=st.lists(st.sampled_from(LINES), min_size=3, max_size=6),
    edits=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(LINES)), min_size=1, max_size=4),
)
def test_random_scripts(
    place: Place,
    guard: Guard,
    files: Mapping[str, str],
    lines: list[str],
    edits: list[tuple[int, str]],
) -> None:
    """A result that a clean run would not give would be shown as current."""
    before = place.folder / uuid.uuid4().hex
    before.mkdir()
    for name, content in files.items():
        (before / name).write_text(content)
    folder = shutil.copytree(before, before.with_name(f"{before.name}-session"))
    every = [lines]
    for index, line in edits:
        at = index % len(lines)
        every.append([*every[-1][:at], line, *every[-1][at + 1 :]])
    every = [[*_FIRST, *each] for each in every]
    asyncio.run(_update_after_edits(every, before, replace(place, folder=folder), guard))

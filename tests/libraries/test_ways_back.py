"""After an edit, programs with real libraries give what a clean run gives, by whichever way back."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support import oracle
from support.libraries import python_with_libraries
from support.observers import SilentObserver
from support.sessions import Place, open_session

from rdit_lsp.document import document as documents
from rdit_lsp.process.posix.guard import Guard
from rdit_lsp.session.planning import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.planning import Scope
    from rdit_lsp.session.report import Report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="checkpoints are Linux's so far")

_PATIENCE = 120.0
TWO_THREADS = "import os; os.environ['OMP_NUM_THREADS'] = '2'\nimport numpy as np"
"""On a machine with one processor, too."""


@dataclass(frozen=True)
class Case:
    """A script in three parts, and how far back an edit of the last one goes."""

    name: str
    imports: str
    """Statements whose state can be kept."""
    work: str
    """One statement that makes the library do what may not survive a fork."""
    uses: str
    """An expression that makes the library work again; `N` stands for a number that is edited."""
    kept: bool
    """Whether the state after `work` can be kept, too."""
    needs: tuple[str, ...] = ()


CASES = [
    Case(
        "numpy",
        "import numpy as np",
        "a = np.ones((400, 400)) @ np.ones((400, 400))",
        "float((a @ a)[N, 0])",
        True,
        ("numpy",),
    ),
    Case(
        "numpy's random numbers",
        "import numpy as np",
        "np.random.seed(3); g = np.random.default_rng(4)",
        "(np.random.rand(), g.normal(), N)",
        True,
        ("numpy",),
    ),
    Case(
        "pandas",
        "import pandas as pd",
        "d = pd.DataFrame({'a': range(1000), 'b': list('xy') * 500})",
        "int(d.groupby('b').a.sum().iloc[0]) + N",
        True,
        ("pandas",),
    ),
    Case(
        "matplotlib",
        "import matplotlib.pyplot as plt",
        "f = plt.figure(); l = plt.plot([1, 2, 3])",
        "(len(f.axes), N, f.savefig('p.png'), plt.close(f))",
        True,
        ("matplotlib",),
    ),
    Case(
        "scikit-learn, OpenMP",
        f"{TWO_THREADS}\nfrom sklearn.ensemble import HistGradientBoostingRegressor as H",
        "m = H(max_iter=20, random_state=0).fit(np.arange(2000.0).reshape(-1, 2), np.arange(1000.0))",
        "round(float(m.predict(np.array([[N, 3.0]]))[0]), 6)",
        False,
        ("sklearn",),
    ),
    Case(
        "scikit-learn, one thread",
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression",
        "m = LinearRegression().fit(np.arange(200.0).reshape(-1, 2), np.arange(100.0))",
        "round(float(m.predict([[N, 3.0]])[0]), 6)",
        True,
        ("sklearn",),
    ),
    Case(
        "torch",
        "import torch; torch.set_num_threads(2)",
        "t = torch.ones(1000, 1000); s = float((t @ t).sum())",
        "float((t @ t)[N, 0])",
        False,
        ("torch",),
    ),
    Case(
        "torch's random numbers",
        "import torch",
        "g = torch.manual_seed(5)",
        "[round(x, 6) for x in torch.rand(3).tolist()] + [N]",
        True,
        ("torch",),
    ),
    Case(
        "polars",
        "import time",
        "import polars as pl; d = pl.DataFrame({'a': [1, 2]}).lazy().select(pl.col('a').sum()).collect()",
        "d.lazy().select(pl.col('a') * N).collect().item()",
        False,
        ("polars",),
    ),
    Case(
        "pyarrow",
        "import pyarrow as pa, pyarrow.compute as pc",
        "a = pa.array(range(1000)); s = pc.sum(a).as_py()",
        "pc.sum(a).as_py() + N",
        True,
        ("pyarrow",),
    ),
    Case(
        "pyarrow's CSV reader",
        "import io, pyarrow as pa",
        "import pyarrow.csv; t = pyarrow.csv.read_csv(io.BytesIO(b'a,b\\n1,2\\n'))",
        "pyarrow.csv.read_csv(io.BytesIO(b'a\\n5\\n')).num_rows + N",
        False,
        ("pyarrow",),
    ),
    Case(
        "duckdb",
        "import time",
        "import duckdb; c = duckdb.connect(); r = c.sql('select sum(i) from range(100000) t(i)').fetchall()",
        "c.sql('select N').fetchall()",
        False,
        ("duckdb",),
    ),
    Case(
        "sqlite3 in memory",
        "import sqlite3",
        "c = sqlite3.connect(':memory:'); _ = c.execute('create table t as select 7 x')",
        "c.execute('select x + N from t').fetchall()",
        True,
    ),
    Case(
        "sqlite3 in a file",
        "import sqlite3, os",
        "c = sqlite3.connect('t.db'); _ = c.execute('drop table if exists t'); _ = c.execute('create table t as select 7 x'); c.commit()",
        "c.execute('select x + N from t').fetchall()",
        False,
    ),
    Case(
        "concurrent.futures",
        "import concurrent.futures as cf",
        "e = cf.ThreadPoolExecutor(2); r = e.submit(sum, [1, 2]).result()",
        "e.submit(sum, [N, 2]).result(timeout=20)",
        False,
    ),
    Case(
        "concurrent.futures, closed",
        "import concurrent.futures as cf",
        "with cf.ThreadPoolExecutor(2) as e: r = e.submit(sum, [1, 2]).result()",
        "r + N",
        True,
    ),
    Case(
        "asyncio",
        "import asyncio",
        "r = asyncio.run(asyncio.sleep(0, 5))",
        "asyncio.run(asyncio.sleep(0, r + N))",
        True,
    ),
    Case(
        "asyncio, a loop that is open",
        "import asyncio",
        "loop = asyncio.new_event_loop(); r = loop.run_until_complete(asyncio.sleep(0, 5))",
        "loop.run_until_complete(asyncio.sleep(0, r + N))",
        False,
    ),
    Case(
        "a socket",
        "import socket",
        "a, b = socket.socketpair()",
        "(a.send(b'x' * N), len(b.recv(100)))",
        False,
    ),
    Case(
        "a file being read",
        "import os",
        "f = open(os.__file__); first = f.readline()",
        "(first, f.readline(), N)",
        True,
    ),
    Case(
        "a file being written",
        "import time",
        "f = open('log', 'w'); n = f.write('begun ')",
        "(f.write('N'), f.flush(), open('log').read())",
        False,
    ),
    Case(
        "multiprocessing",
        "import multiprocessing as mp",
        "with mp.get_context('fork').Pool(2) as p: r = p.map(abs, [-1, -2])",
        "sum(r) + N",
        False,
    ),
    Case(
        "random",
        "import random",
        "random.seed(1); r = random.Random(2)",
        "(random.random(), r.random(), N)",
        True,
    ),
    Case(
        "tempfile",
        "import tempfile",
        "d = tempfile.TemporaryDirectory(); n = open(d.name + '/x', 'w').write('y')",
        "(open(d.name + '/x').read(), N)",
        True,
    ),
    Case(
        "subprocess",
        "import subprocess",
        "p = subprocess.run(['true'])",
        "(p.returncode, subprocess.run(['sh', '-c', 'exit N']).returncode)",
        False,  # Either may have written a file that the other uses.
    ),
    Case(
        "threading",
        "import threading",
        "t = threading.Thread(target=int); t.start(); t.join()",
        "(t.is_alive(), threading.active_count(), N)",
        True,
    ),
    Case(
        "logging",
        "import logging, sys",
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')",
        "logging.warning('said %s', N)",
        True,
    ),
]


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Of this test's sessions."""
    guard = Guard()
    yield guard
    guard.close()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_edit_gives_what_a_clean_run_gives(case: Case, guard: Guard, tmp_path: Path) -> None:
    """After going back, a library would hang, or answer something else."""
    place = Place(tmp_path, python=python_with_libraries() if case.needs else sys.executable)
    texts = [f"{case.imports}\n{case.work}\n{case.uses.replace('N', n)}\n" for n in "345"]
    file = tmp_path / place.name
    file.write_text(texts[0])
    session = open_session(texts[0], place, SilentObserver(), guard)
    try:
        # How little the work here costs must not matter.
        with oracle.keeping_every_state():
            await _run(session, "file")
            for version, text in enumerate(texts[1:], 2):
                session.change(documents.replace_text(session.document, version, text))
                report = await _run(session, "stale")
                file.write_text(text)
                clean = await oracle.clean_run(text, place, guard)
                assert _last(clean) == _last(report)
                assert "checkpoint" == _way_back(report)
                assert case.kept == _ran_only_the_last(session, report), (
                    report.way_back,
                    session.status.checkpoints.refusal,
                )
    finally:
        await session.close()


async def _run(session: Attachment, scope: Scope) -> Report:
    return await asyncio.wait_for(session.execute(Request(scope)), _PATIENCE)


def _last(report: Report) -> oracle.Essence:
    return oracle.essence(report.views[-1])


def _way_back(report: Report) -> str | None:
    return report.way_back.kind if report.way_back is not None else None


def _ran_only_the_last(session: Attachment, report: Report) -> bool:
    assert report.way_back is not None
    first = report.way_back.line or 1
    placed = session.document.placed
    return next(p.index for p in placed if p.first >= first) == placed[-1].index

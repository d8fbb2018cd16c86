"""A result depends on what its statement imports of the project, and on what it looked for in vain."""

from __future__ import annotations

import os
import py_compile
import time
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import pytest
from support.sessions import UNTIL_TOLD, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.sessions import Opener


class Case(NamedTuple):
    """A text, and two states of the files beside it."""

    text: str
    """Its last statement shows what it is about."""
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    """None for a file that is not there."""
    shows: str
    """What the last statement shows in the end."""


_TRY = "try:\n    from local_config import NAME\nexcept ImportError:\n    NAME = 'none'\n"
_FROM_FILE = (
    "from importlib import util\n"
    "spec = util.spec_from_file_location('part', 'part.py')\n"
    "part = util.module_from_spec(spec)\n"
    "spec.loader.exec_module(part)\n"
    "part.N\n"
)
_OTHER_SUFFIX = (
    "from importlib.machinery import SourceFileLoader\n"
    "import types\n"
    "m = types.ModuleType('m')\n"
    "SourceFileLoader('m', 'plugin.conf').exec_module(m)\n"
    "m.N\n"
)
_SWAPPED = "import a, sys\ndel sys.modules['a']; import b\nb.N\n"
_NEARER = "import sys\nsys.path.insert(0, 'near')\nimport part\npart.N\n"
_NAMESPACE = "import package\nprint(hasattr(package, 'N'))\n"
_IN_FUNCTION = "def load():\n    import part\n    return part.N\nload()\n"

CASES = {
    "an error of syntax that was repaired": Case(
        "import part\npart.N\n", {"part.py": "N = ("}, {"part.py": "N = 2"}, "2"
    ),
    "an exception that was repaired": Case(
        "import part\npart.N\n", {"part.py": "N = int('many')"}, {"part.py": "N = 2"}, "2"
    ),
    "a name that was missing": Case(
        "from part import N\nN\n", {"part.py": "M = 1"}, {"part.py": "N = 2"}, "2"
    ),
    "an import that is broken further in": Case(
        "import outer\nouter.part.N\n",
        {"outer.py": "import part", "part.py": "N = 1 / 0"},
        {"part.py": "N = 2"},
        "2",
    ),
    "a caught error": Case(
        "try:\n    from part import N\nexcept SyntaxError:\n    N = 0\nN\n",
        {"part.py": "N = ("},
        {"part.py": "N = 2"},
        "2",
    ),
    "a module that appears": Case("import part\npart.N\n", {}, {"part.py": "N = 2"}, "2"),
    "a module that appears where it was tried": Case(
        _TRY + "NAME\n", {}, {"local_config.py": "NAME = 'mine'"}, "'mine'"
    ),
    "a module that disappears": Case(
        _TRY + "NAME\n", {"local_config.py": "NAME = 'mine'"}, {"local_config.py": None}, "'none'"
    ),
    "a package that appears": Case(
        _TRY + "NAME\n", {}, {"local_config/__init__.py": "NAME = 'mine'"}, "'mine'"
    ),
    "a specification": Case(
        "import importlib.util\nimportlib.util.find_spec('part') is None\n",
        {},
        {"part.py": ""},
        "False",
    ),
    "a submodule that appears": Case(
        "import package\ntry: import package.inner\nexcept ImportError: pass\nhasattr(package, 'inner')\n",
        {"package/__init__.py": ""},
        {"package/inner.py": ""},
        "True",
    ),
    "a nearer file": Case(
        _NEARER, {"near/other.py": "", "part.py": "N = 1"}, {"near/part.py": "N = 2"}, "2"
    ),
    "a file in the place of a library's": Case(
        "import colorsys\nhasattr(colorsys, 'N')\n", {}, {"colorsys.py": "N = 2"}, "True"
    ),
    "a package in the place of a module": Case(
        "import part\npart.N\n", {"part.py": "N = 1"}, {"part/__init__.py": "N = 2"}, "2"
    ),
    "a namespace that becomes a package": Case(
        _NAMESPACE, {"package/inner.py": ""}, {"package/__init__.py": "N = 2"}, "True\n"
    ),
    "a package that becomes a namespace": Case(
        _NAMESPACE,
        {"package/inner.py": "", "package/__init__.py": "N = 2"},
        {"package/__init__.py": None},
        "False\n",
    ),
    "a file without a module": Case(
        _FROM_FILE, {"part.py": "N = 1"}, {"part.py": "N = 1 + 1"}, "2"
    ),
    "a file that is run": Case(
        "import runpy\nrunpy.run_path('part.py')['N']\n",
        {"part.py": "N = 1"},
        {"part.py": "N = 1 + 1"},
        "2",
    ),
    "another suffix": Case(
        _OTHER_SUFFIX, {"plugin.conf": "N = 1"}, {"plugin.conf": "N = 1 + 1"}, "2"
    ),
    "text that was compiled": Case(
        "exec(compile(open('part.py').read(), 'part.py', 'exec'))\nN\n",
        {"part.py": "N = 1"},
        {"part.py": "N = 1 + 1"},
        "2",
    ),
    "one out of the table, another in": Case(
        _SWAPPED, {"a.py": "N = 1", "b.py": "N = 1"}, {"b.py": "N = 1 + 1"}, "2"
    ),
    "in a function": Case(
        _IN_FUNCTION, {"part.py": "N = 1"}, {"part.py": "N = 1 + 1"}, "2"
    ),
    "loaded again": Case(
        "import importlib, part\nimportlib.reload(part)\npart.N\n",
        {"part.py": "N = 1"},
        {"part.py": "N = 1 + 1"},
        "2",
    ),
    "imported relatively": Case(
        "import package.outer\npackage.outer.N\n",
        {"package/__init__.py": "", "package/outer.py": "from .inner import N", "package/inner.py": "N=1"},
        {"package/inner.py": "N = 1 + 1"},
        "2",
    ),
}  # fmt: skip


def _lay(folder: Path, files: Mapping[str, str | None]) -> None:
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_an_import_depends_on(opened: Opener, tmp_path: Path, case: Case) -> None:
    """The old value, or the old error, would be shown as current, and Update would keep it."""
    _lay(tmp_path, case.before)
    session = opened(case.text)
    await session.run()
    session.session.refresh_dependencies()
    assert {} == session.stale()
    report = await session.run("stale")
    assert report.way_back is not None
    assert "kept" == report.way_back.kind
    _lay(tmp_path, case.after)
    session.session.refresh_dependencies()
    assert session.stale()
    report = await session.run("stale")
    assert case.shows == texts(report)[-1]
    assert {} == session.stale()


async def test_restored(opened: Opener, tmp_path: Path) -> None:
    """A file that was away for a while would make stale for good what it had given."""
    part = tmp_path / "part.py"
    part.write_text("N = 1")
    session = opened("import part\npart.N\n")
    await session.run()
    part.unlink()
    session.session.refresh_dependencies()
    assert "part.py has changed since it was imported" == session.stale()[1]
    part.write_text("N = 1")
    session.session.refresh_dependencies()
    assert {} == session.stale()


async def test_edited_while_it_is_imported(opened: Opener, tmp_path: Path) -> None:
    """The value of the old text would be shown as that of the new one."""
    part = tmp_path / "part.py"
    part.write_text(f"import os, time\nprint('inside', flush=True)\n{UNTIL_TOLD}\nN = 1\n")
    session = opened("import part\npart.N\n")
    run = session.start()
    await session.said("inside\n")
    part.write_text("N = 2\n")
    session.let_go()
    await session.end_of(run)
    assert "part.py has changed since it was imported" == session.stale()[1]
    report = await session.run("stale")
    assert "2" == texts(report)[-1]
    assert {} == session.stale()


async def test_edited_before_its_statement_ends(opened: Opener, tmp_path: Path) -> None:
    """What was read is what counts, not what is there once the statement is over."""
    part = tmp_path / "part.py"
    part.write_text("N = 1\n")
    body = f"    import part; print('inside', flush=True)\n    {UNTIL_TOLD}\n"
    text = f"import os, time\nif True:\n{body}part.N\n"
    session = opened(text)
    run = session.start()
    await session.said("inside\n")
    part.write_text("N = 1 + 1\n")
    session.let_go()
    await session.end_of(run)
    assert "part.py has changed since it was imported" == session.stale()[2]
    report = await session.run("stale")
    assert "2" == texts(report)[-1]


async def test_zip(opened: Opener, tmp_path: Path) -> None:
    """An archive of the project's is read by a loader, too."""

    def pack(content: str) -> None:
        with zipfile.ZipFile(tmp_path / "parts.zip", "w") as archive:
            archive.writestr("part.py", content)

    pack("N = 1\n")
    session = opened("import sys\nsys.path.insert(0, 'parts.zip')\nimport part\npart.N\n")
    await session.run()
    session.session.refresh_dependencies()
    assert {} == session.stale()
    pack("N = 1 + 1\n")
    report = await session.run("stale")
    assert "2" == texts(report)[-1]


async def test_compiled_file_without_source(opened: Opener, tmp_path: Path) -> None:
    """A .pyc in the place of a module is what the loader reads."""

    def make(content: str) -> None:
        (tmp_path / "source").write_text(content)
        py_compile.compile(str(tmp_path / "source"), cfile=str(tmp_path / "part.pyc"))

    make("N = 1\n")
    session = opened("import part\npart.N\n")
    await session.run()
    session.session.refresh_dependencies()
    assert {} == session.stale()
    make("N = 1 + 1\n")
    report = await session.run("stale")
    assert "2" == texts(report)[-1]


@pytest.mark.parametrize("ahead", [1000, 10**8])
async def test_time_in_the_future(opened: Opener, tmp_path: Path, ahead: int) -> None:
    """Another clock's time would make everything stale for good."""
    part = tmp_path / "part.py"
    part.write_text("N = 1\n")
    then = time.time() + ahead
    os.utime(part, (then, then))
    session = opened("import part\npart.N\n")
    for _ in range(2):
        await session.run()
        session.session.refresh_dependencies()
        assert {} == session.stale()


async def test_module_that_the_program_makes(opened: Opener, tmp_path: Path) -> None:
    """What the program wrote itself and took away again would seem to have changed."""
    text = (
        "import os, sys, tempfile\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    with open(folder + '/made.py', 'w') as file: _ = file.write('N = 3')\n"
        "    sys.path.insert(0, folder)\n"
        "    import made\n"
        "made.N\n"
    )
    session = opened(text)
    report = await session.run()
    assert "3" == texts(report)[-1]
    session.session.refresh_dependencies()
    assert {} == session.stale()

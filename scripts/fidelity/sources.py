"""The scripts to compare on, written by others, and the environment they need; fetched when asked.

Source distributions are fetched with `pip download` at the version that is installed beside them,
so that an example meets the library it was written for. Nothing here runs a script.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".tools" / "fidelity"
"""Everything fetched, installed and remembered; safe to delete."""


@dataclass(frozen=True)
class Source:
    """A place that holds scripts: a source distribution, or the interpreter's own tests."""

    name: str
    """Name of the distribution, "cpython" for the tests the interpreter came with, or "traps"."""
    patterns: tuple[str, ...]
    """Globs below the unpacked distribution."""
    sample: int
    """How many of its scripts to take at most."""
    requirement: str = ""
    """What to install, where it is not the newest version of `name`."""
    is_meson: bool = False
    """Built by meson-python, whose metadata step is replaced: see `sdist_backend`."""
    with_folder: bool = True
    """Whether a script needs the files beside it."""


@dataclass(frozen=True)
class Script:
    """One script, and the folder that is copied for each of its runs."""

    source: str
    folder: Path
    """What to copy: the script's own folder, or the script alone when it is a file."""
    name: str
    """File name of the script."""

    @property
    def label(self) -> str:
        """Short unique name for tables."""
        parent = self.path.parent.name
        return f"{self.source}:{parent}/{self.name}"

    @property
    def path(self) -> Path:
        """Where the original lies."""
        return self.folder if self.folder.is_file() else self.folder / self.name

    @property
    def digest(self) -> str:
        """Identity of the script's bytes."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]


SOURCES = (
    Source("networkx", ("examples/**/*.py",), 90),
    Source("sympy", ("examples/*/*.py",), 40, requirement="sympy==1.13.3"),
    Source("lark", ("examples/**/*.py",), 40),
    Source("pyparsing", ("examples/**/*.py",), 50),
    Source("simpy", ("docs/examples/code/*.py",), 10),
    Source("tqdm", ("examples/*.py",), 12),
    Source("colorama", ("demos/*.py",), 10),
    Source("matplotlib", ("galleries/**/*.py",), 60, is_meson=True),
    Source("scikit-learn", ("examples/**/*.py",), 30, is_meson=True),
    Source("cpython", ("test_*.py",), 60, with_folder=False),
    Source("traps", ("*.py",), 1_000, with_folder=False),
)
NOT_INSTALLED = ("cpython", "traps")

LIBRARIES = ("numpy", "scipy", "pandas")
"""Wanted by examples without being a source themselves."""

UNSUITABLE = re.compile(
    r"urlopen|urlretrieve|import requests|fetch_[a-z0-9_]+\(|load_dataset\(|import pygame|"
    r"import tkinter|import gi\b|import wx|QtWidgets|FuncAnimation|input\(|requires\('network'|"
    r"requires_resource|import socketserver"
)
"""Text of a script that needs the network, a window or a person."""


def python() -> Path:
    """The interpreter that runs the scripts: a virtual environment with the libraries."""
    venv = CACHE / "venv"
    if not (venv / "ready").exists():
        _install(venv)
    return venv / "bin" / "python"


def scripts(only: str = "") -> list[Script]:
    """The sampled scripts of all sources, or of the one named `only`, in a stable order."""
    wanted = [source for source in SOURCES if only in ("", source.name)]
    return [script for source in wanted for script in _sample(source)]


def _install(venv: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    sources = [source for source in SOURCES if source.name not in NOT_INSTALLED]
    command = [str(venv / "bin" / "pip"), "install", "--quiet", "--only-binary", ":all:"]
    named = [source.requirement or source.name for source in sources]
    subprocess.run([*command, *named, *LIBRARIES], check=True)
    (venv / "ready").touch()


def _sample(source: Source) -> list[Script]:
    """Suitable scripts, the same ones every time: ordered by a hash of their names."""
    paths = {path for pattern in source.patterns for path in _root(source).glob(pattern)}
    if source.name != "traps":
        paths = set(filter(_suits, paths))
    chosen = sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest())
    return [
        Script(source.name, path.parent if source.with_folder else path, path.name)
        for path in sorted(chosen[: source.sample])
    ]


def _root(source: Source) -> Path:
    if source.name == "cpython":
        return _standard_tests()
    return _traps() if source.name == "traps" else _unpacked(source)


def _suits(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return path.name != "__init__.py" and not UNSUITABLE.search(text)


def _standard_tests() -> Path:
    code = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    stdlib = subprocess.check_output([python(), "-c", code], text=True).strip()
    return Path(stdlib, "test")


def _traps() -> Path:
    """Folder of our own small scripts, written out of `traps.txt` anew."""
    folder = CACHE / "traps"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = (HERE / "traps.txt").read_text(encoding="utf-8")
    for block in text.split("\n##### ")[1:]:
        head, _, body = block.partition("\n")
        name, _, is_escaped = head.partition(" ")
        (folder / name).write_bytes(_unescaped(body) if is_escaped else f"{body}\n".encode())
    return folder


def _unescaped(body: str) -> bytes:
    return body.encode().decode("unicode_escape").encode("latin-1")


def _unpacked(source: Source) -> Path:
    """Folder of the unpacked source distribution, fetched when it is not there yet."""
    release = f"{source.name}=={_installed_version(source.name)}"
    root = CACHE / "sources" / release
    if not root.exists():
        _unpack(_fetch(source, release), root)
    return next(root.iterdir())


def _unpack(archive: Path, root: Path) -> None:
    partial = root.with_name(root.name + ".partial")
    with tarfile.open(archive) as tar:
        tar.extractall(partial, filter="data")
    partial.rename(root)


def _installed_version(name: str) -> str:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.check_output([python(), "-c", code], text=True).strip()


def _fetch(source: Source, release: str) -> Path:
    folder = CACHE / "sdists" / release
    command = [
        str(python()),
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
    ]
    command += ["--no-binary", source.name, release]
    environment = dict(os.environ)
    if source.is_meson:
        command += ["--no-build-isolation"]
        environment["PYTHONPATH"] = str(HERE / "sdist_backend")
    subprocess.run(command, check=True, env=environment)
    return next(folder.iterdir())

"""The wheel, the source distribution and the extension: built, then tried as their users get them.

What is wrong with one of them is raised as `UnfitError`, with a sentence.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rdit_release.tree import EXTENSION, ROOT

if TYPE_CHECKING:
    from pathlib import Path

_DEMO = "examples/demo.py"
_SERVER = "extension/bundled/libs/"
_LIMIT = 600
"""Seconds that one step may take; installing from a slow registry is the longest."""


class UnfitError(Exception):
    """An artifact is not what it should be; the message is a sentence."""


@dataclass(frozen=True)
class Artifacts:
    """What is published."""

    wheel: Path
    sdist: Path
    vsix: Path


def build(folder: Path, version: str, *, afresh: bool) -> Artifacts:
    """Build all three into `folder`; `afresh` installs the extension's development packages anew."""
    wheel, sdist = build_python(folder, version)
    if afresh or not (EXTENSION / "node_modules").is_dir():
        run("npm", "ci", "--no-audit", "--no-fund", cwd=EXTENSION)
    run("npm", "run", "--silent", "package", cwd=EXTENSION)
    vsix = folder / f"rdit-{version}.vsix"
    shutil.copy(EXTENSION / "dist" / "rdit.vsix", vsix)
    return Artifacts(wheel, sdist, vsix)


def build_python(folder: Path, version: str) -> tuple[Path, Path]:
    """The wheel and the source distribution, and that the one follows from the other.

    Built twice, from the tree and from the source distribution: the same bytes must come out. Both by
    the Hatchling of this environment, because a wheel names the version that made it.
    """
    from_tree = folder / "from-tree"
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    run(*build, str(from_tree), "--wheel", cwd=ROOT)
    run(*build, str(folder), cwd=ROOT)
    wheel = folder / f"rdit_lsp-{version}-py3-none-any.whl"
    sdist = folder / f"rdit_lsp-{version}.tar.gz"
    for path in (wheel, sdist, from_tree / wheel.name):
        if not path.exists():
            raise UnfitError(f"{path.name} was not built: does the build read another version?")
    if wheel.read_bytes() != (from_tree / wheel.name).read_bytes():
        raise UnfitError("the source distribution builds another wheel than the tree does.")
    shutil.rmtree(from_tree)
    run(sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist), cwd=ROOT)
    return wheel, sdist


def check_wheel(wheel: Path, version: str, scratch: Path) -> str:
    """Install it in a fresh environment and use its commands; what the demo prints there."""
    venv.create(scratch, with_pip=True)
    programs = scratch / "bin"
    run(str(programs / "pip"), "--quiet", "install", str(wheel), cwd=scratch)
    said = run(str(programs / "rdit"), "--version", cwd=scratch)
    if version not in said.split():
        raise UnfitError(f"the installed rdit says that it is {said.strip()}, not {version}.")
    check_server([str(programs / "rdit-lsp")], version, scratch)
    return run(str(programs / "rdit"), "run", str(ROOT / _DEMO), cwd=scratch)


def check_server(command: list[str], version: str, folder: Path) -> None:
    """Start a language server as an editor does, and end it."""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        hello = {"processId": None, "rootUri": None, "capabilities": {}}
        greeting = _ask(server, 1, "initialize", hello)
        _ask(server, 2, "shutdown", None)
        server.communicate(_framed({"method": "exit"}), timeout=_LIMIT)
    said = greeting["result"]["serverInfo"]["version"]
    if server.returncode != 0 or said != version:
        raise UnfitError(f"{command[-1]} says it is {said} and ends with {server.returncode}.")


def check_vsix(vsix: Path, wheel: Path, version: str, demo: str, scratch: Path) -> None:
    """See that it has the server of the wheel, and that this runs where it lies."""
    with zipfile.ZipFile(vsix) as package, zipfile.ZipFile(wheel) as server:
        said = json.loads(package.read("extension/package.json"))["version"]
        if said != version:
            raise UnfitError(f"{vsix.name} says that it is {said}, not {version}.")
        if missing := _missing(package, server):
            raise UnfitError(
                f"{vsix.name} has not the wheel's server: {', '.join(missing)} differ."
            )
        package.extractall(scratch)
    launch = str(scratch / "extension" / "bundled" / "launch.py")
    check_server([sys.executable, "-I", launch, "lsp"], version, scratch)
    if run(sys.executable, "-I", launch, "run", str(ROOT / _DEMO), cwd=scratch) != demo:
        raise UnfitError(f"the server in {vsix.name} does not run the demo as the wheel does.")


def run(*command: str, cwd: Path, stdin: str = "") -> str:
    """What a command writes to stdout; UnfitError with all it said if it fails."""
    done = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=_LIMIT, check=False
    )
    if done.returncode != 0:
        raise UnfitError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _missing(package: zipfile.ZipFile, server: zipfile.ZipFile) -> list[str]:
    """The files of the wheel's code that the extension has not, or has otherwise."""
    names = [name for name in server.namelist() if name.startswith("rdit_lsp/")]
    there = set(package.namelist())
    return [
        name
        for name in names
        if _SERVER + name not in there or package.read(_SERVER + name) != server.read(name)
    ]


def _ask(server: subprocess.Popen[str], number: int, method: str, params: object) -> Any:
    """A server's reply to a request."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(_framed({"id": number, "method": method, "params": params}))
    server.stdin.flush()
    size = int(server.stdout.readline().removeprefix("Content-Length: "))
    while server.stdout.readline().strip():
        pass  # The other headers, and the empty line after them.
    return json.loads(server.stdout.read(size))


def _framed(message: dict[str, object]) -> str:
    body = json.dumps({"jsonrpc": "2.0", **message})
    return f"Content-Length: {len(body)}\r\n\r\n{body}"

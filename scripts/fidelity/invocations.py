"""Compare `rdit run` with `python` in all the ways a script can be called.

Paths, arguments, standard input and settings. `python scripts/fidelity/invocations.py` prints each
way in which the two differ.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agreement import Verdict, judge_quiet
from runs import Captured, capture
from sources import CACHE, python

SHOW = b"""\
import os, sys
print(sys.argv, sys.path[0], __file__, os.getcwd())
1 / 0
"""
WHERE = b"""\
import sys
print(__name__, __doc__, globals().get("__file__"), sys.argv, sys.path[0])
def f():
    1 / 0
f()
"""
READ = b"""\
import sys
print(input(), repr(sys.stdin.readline()), sys.stdin.read().split())
"""
SETTINGS = b"""\
import sys, warnings
print(sys.flags, sys.warnoptions, sys._xoptions, sys.path[1:3])
print(sys.stdout.encoding, sys.stdout.errors, sys.stdout.write_through, __debug__)
warnings.warn("careful", DeprecationWarning)
assert not sys.argv[1:], "assertions are on"
x = [1, 2]
x[3]
"""
ORDER = b"""\
import os, sys
print("out 1")
print("err 1", file=sys.stderr)
os.system("echo shell")
print("out 2", flush=True)
print("err 2", file=sys.stderr)
"""
LIBRARY = b"name = 'library'\n"


@dataclass(frozen=True)
class Invocation:
    """One way of calling a script."""

    label: str
    arguments: tuple[str, ...]
    """What follows `python` or `rdit run`; `{work}` is the folder of the files."""
    files: dict[str, bytes]
    stdin: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)
    cwd: str = "."
    shell: str = "{command}"
    """What a shell is told to run, where a pipe or a redirection matters."""
    links: dict[str, str] = field(default_factory=dict)
    """Symbolic links: name to target."""


def _settings(label: str, **environment: str) -> Invocation:
    return Invocation(label, ("x.py",), {"x.py": SETTINGS}, environment=environment)


INVOCATIONS = (
    Invocation("arguments", ("x.py", "a", "b c", ""), {"x.py": SHOW}),
    Invocation("options after the file", ("x.py", "--help", "-x", "--", "--quiet"), {"x.py": SHOW}),
    Invocation("file below", ("sub/x.py",), {"sub/x.py": SHOW}),
    Invocation("file above", ("../x.py",), {"x.py": SHOW, "sub/y": b""}, cwd="sub"),
    Invocation("dotted path", ("./sub/../x.py",), {"x.py": SHOW, "sub/y": b""}),
    Invocation("absolute path", ("{work}/sub/x.py",), {"sub/x.py": SHOW}),
    Invocation("symbolic link", ("y.py",), {"sub/x.py": SHOW}, links={"y.py": "sub/x.py"}),
    Invocation("linked folder", ("link/x.py",), {"sub/x.py": SHOW}, links={"link": "sub"}),
    Invocation("no suffix", ("script",), {"script": SHOW}),
    Invocation("space and accents", ("sub é/x y 日.py",), {"sub é/x y 日.py": SHOW}),
    Invocation("leading dash", ("./-x.py",), {"-x.py": SHOW}),
    Invocation("missing file", ("missing.py",), {}),
    Invocation("folder", ("sub",), {"sub/__main__.py": SHOW}),
    Invocation("folder without main", ("sub",), {"sub/x.py": SHOW}),
    Invocation("standard input", ("-",), {}, stdin=WHERE),
    Invocation("standard input, arguments", ("-", "a", "-b"), {}, stdin=WHERE),
    Invocation("standard input, syntax error", ("-",), {}, stdin=b"print(1)\nx = = 2\n"),
    Invocation("standard input, empty", ("-",), {}),
    Invocation("script reads input", ("x.py",), {"x.py": READ}, stdin=b"one\ntwo\nthree four\n"),
    Invocation(
        "script reads a pipe", ("x.py",), {"x.py": READ}, shell="printf '1\\n2\\n3\\n' | {command}"
    ),
    Invocation(
        "child reads input",
        ("x.py",),
        {"x.py": b"import os\nos.system('cat')\nprint('done')\n"},
        stdin=b"for the child\n",
    ),
    Invocation("input closed", ("x.py",), {"x.py": SHOW}, shell="{command} <&-"),
    Invocation("output closed", ("x.py",), {"x.py": SHOW}, shell="{command} >&-"),
    Invocation("errors closed", ("x.py",), {"x.py": SHOW}, shell="{command} 2>&-"),
    Invocation("errors into output", ("x.py",), {"x.py": ORDER}, shell="{command} 2>&1"),
    Invocation(
        "reader leaves",
        ("x.py",),
        {"x.py": b"for i in range(100000):\n    print(i)\n"},
        shell="set -o pipefail; {command} | head -1",
    ),
    Invocation("output full", ("x.py",), {"x.py": b"print(1)\n"}, shell="{command} >/dev/full"),
    Invocation("module beside it", ("sub/x.py",), {"sub/x.py": b"import lib\nprint(lib.name)\n",
                                                  "sub/lib.py": LIBRARY}),
    Invocation("module in the folder one is in", ("sub/x.py",),
               {"sub/x.py": b"import lib\n", "lib.py": LIBRARY}),
    Invocation("shadowed module", ("x.py",),
               {"x.py": b"import json, socket\nprint(json.name)\n", "json.py": LIBRARY,
                "socket.py": b"print('shadow')\n", "signal.py": b"print('shadow')\n"}),
    Invocation("shadowed early module", ("x.py",),
               {"x.py": b"import io\nprint(1)\n", "io.py": LIBRARY, "array.py": LIBRARY,
                "linecache.py": LIBRARY, "traceback.py": LIBRARY, "ctypes.py": LIBRARY,
                "resource.py": LIBRARY, "_socket.py": LIBRARY, "ast.py": LIBRARY}),
    Invocation("shadowed, then an error", ("x.py",),
               {"x.py": b"print(1)\n1 / 0\n", "linecache.py": b"print('shadow')\n",
                "resource.py": b"print('shadow')\n", "traceback.py": b"print('shadow')\n"}),
    Invocation("cache beside it", ("x.py",), {"x.py": b"import lib, os\nprint(os.listdir('.'))\n",
                                              "lib.py": LIBRARY}),
    _settings("no settings"),
    _settings("PYTHONPATH", PYTHONPATH="/nowhere:/usr"),
    _settings("PYTHONWARNINGS", PYTHONWARNINGS="error"),
    _settings("PYTHONWARNINGS ignore", PYTHONWARNINGS="ignore"),
    _settings("PYTHONUNBUFFERED", PYTHONUNBUFFERED="1"),
    _settings("PYTHONIOENCODING", PYTHONIOENCODING="latin-1:replace"),
    _settings("PYTHONSAFEPATH", PYTHONSAFEPATH="1"),
    _settings("PYTHONOPTIMIZE", PYTHONOPTIMIZE="1"),
    _settings("PYTHONNODEBUGRANGES", PYTHONNODEBUGRANGES="1"),
    _settings("PYTHONDEVMODE", PYTHONDEVMODE="1"),
    _settings("PYTHONUTF8", PYTHONUTF8="1"),
    _settings("PYTHONFAULTHANDLER", PYTHONFAULTHANDLER="1"),
    _settings("PYTHONTRACEMALLOC", PYTHONTRACEMALLOC="2"),
    _settings("LC_ALL", LC_ALL="C"),
    _settings("LC_ALL with coercion off", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"),
    _settings("no HOME", HOME=""),
)  # fmt: skip


def main() -> int:
    """Exit code 0 when nothing disagrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rdit", default=str(Path(sys.executable).with_name("rdit")))
    parser.add_argument("--match", default="", help="only labels that contain this")
    options = parser.parse_args()
    chosen = [one for one in INVOCATIONS if options.match in one.label]
    differing = [one.label for one in chosen if _differs(one, options.rdit)]
    print(f"\n{len(chosen) - len(differing)} of {len(chosen)} invocations agree")
    return 1 if differing else 0


def _differs(invocation: Invocation, rdit: str) -> bool:
    """Run both, print what differs."""
    plain = [str(python())]
    # With a time limit it is the worker that runs it, and not Python in rdit's place.
    ours = [rdit, "run", "--quiet", "--timeout", "90", "--python", *plain]
    first, second, seen = (_run(invocation, command) for command in (plain, plain, ours))
    wrong = [verdict for verdict in judge_quiet(first, second, seen) if verdict.agrees is False]
    if wrong:
        print(f"\n{invocation.label}")
        for verdict in wrong:
            _print(verdict)
    return bool(wrong)


def _print(verdict: Verdict) -> None:
    lines = verdict.difference.split("\n")
    print("\n".join([f"  {verdict.check}:", *(f"    {line}" for line in lines)]))


def _run(invocation: Invocation, command: list[str]) -> Captured:
    root = CACHE / "work" / "invocation"
    shutil.rmtree(root, ignore_errors=True)
    work = root / "files"
    _lay_out(invocation, work)
    arguments = [argument.format(work=work) for argument in invocation.arguments]
    quoted = invocation.shell.format(command='"$0" "$@"')
    return capture(
        ["bash", "-c", quoted, *command, *arguments],
        root,
        cwd=work / invocation.cwd,
        timeout=60,
        stdin=invocation.stdin,
        environment=invocation.environment,
    )


def _lay_out(invocation: Invocation, work: Path) -> None:
    work.mkdir(parents=True)
    for name, data in invocation.files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, target in invocation.links.items():
        (work / name).symlink_to(target)


if __name__ == "__main__":
    sys.exit(main())

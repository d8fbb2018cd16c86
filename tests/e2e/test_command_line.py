"""`rdit run` and `rdit doctor`, beside `python FILE`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import protocol_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

RDIT = str(Path(sys.executable).with_name("rdit"))
LIMIT = 60


def rdit(
    *arguments: str, cwd: Path, script: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return ended([RDIT, *arguments], cwd, script, env)


def ended(
    command: Sequence[str], cwd: Path, script: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What a command wrote and how it ended."""
    return subprocess.run(
        command,
        cwd=cwd,
        input=None if script is None else script.encode(),
        stdin=subprocess.DEVNULL if script is None else None,
        capture_output=True,
        timeout=LIMIT,
        check=False,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose documents run on the interpreter of the tests."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.rdit]\npython = {sys.executable!r}\n")
    return tmp_path


SCRIPTS = {
    "output": "print('out')\nimport sys\nprint('err', file=sys.stderr)\n1 + 1\n'shown'\n",
    "empty": "",
    "exit 3": "import sys\nprint('a')\nsys.exit(3)\nprint('b')\n",
    "exit 256": "import sys\nsys.exit(256)\n",
    "exit -1": "raise SystemExit(-1)\n",
    "exit message": "import sys\nsys.exit('the reason')\n",
    "exit None": "import sys\nsys.exit()\n",
    "error": "def f():\n    return 1 / 0\n\nprint('before')\nf()\nprint('after')\n",
    "chained error": "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('v') from e\n",
    "error without str": "class E(Exception):\n    def __str__(self): 1 / 0\nraise E\n",
    "group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])\n",
    "deep recursion": "def f(): f()\nf()\n",
    "syntax error": "print('never')\nx = = 1\n",
    "indentation error": "if 1:\npass\n",
    "return at top level": "print('never')\nreturn\n",
    "late future": "x = 1\nfrom __future__ import annotations\n",
    "warning": "import warnings\nwarnings.warn('careful')\nprint('on')\n",
    "syntax warning": "print('first')\nx = 1\nx is 1\n",
    "excepthook": "import sys\nsys.excepthook = lambda t, v, tb: print('hook', t.__name__)\n1 / 0\n",
    "atexit": "import atexit\natexit.register(print, 'bye')\nprint('hi')\n1 / 0\n",
    "thread": (
        "import threading as t\ndef late():\n    t.main_thread().join()\n    print('late')\n"
        "t.Thread(target=late).start()\nprint('x')\n"
    ),
    "input at end of file": "input('? ')\n",
    "os._exit": "import os\nprint('flushed', flush=True)\nos._exit(5)\n",
    "abort": "import os\nos.abort()\n",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
    "bytes": "import os\nos.write(1, b'\\xff\\x00\\r\\n')\n",
    "surrogates": "print(ascii('\\ud800'))\nprint('\\ud800')\n",
    "main": "import __main__, sys\nprint(__name__, __file__, __doc__, sys.argv, __main__.__file__)\n",
    "path": "import sys, os\nprint(sys.path[0], os.getcwd(), sorted(globals()))\n",
    "child": "import subprocess\nsubprocess.run(['echo', 'child'])\nprint('parent')\n",
    "fork": "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('both')\n",
    "keyboard interrupt": "print('a')\nraise KeyboardInterrupt\n",
    "closed stdout": "import sys\nsys.stdout.close()\n",
    "stdout is None": "import sys\nsys.stdout = None\nprint('nowhere')\n1 / 0\n",
    "async": "import asyncio\nasync def f(): return 7\nprint(asyncio.run(f()))\n",
    "crlf": "print('a')\r\nprint('''x\r\ny''')\r\n",
    "form feed": "print(1)\n\x0cprint(2)\n1 / 0\n",
    "multiprocessing": (
        "import multiprocessing as m\ndef f(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(1) as p: print(p.map(f, [1, 2, 3]))\n"
    ),
    "pickle": "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))))\n",
    "source": "import inspect\ndef f():\n    return 1  # one\nprint(inspect.getsource(f))\n",
    "dataclass": (
        "from __future__ import annotations\nimport dataclasses, typing\n"
        "@dataclasses.dataclass\nclass P:\n    x: int\nprint(P(1), typing.get_type_hints(P))\n"
    ),
    "displayhook": "import sys\nsys.displayhook = print\n5\n",
    "signals": "import signal\nprint([signal.getsignal(s) for s in (2, 13, 15, 17, 23)])\n",
    "descriptors": "import os\nprint(sorted(os.listdir('/proc/self/fd'))[:3])\n",
}


BY_THE_WORKER = ("--quiet", "--timeout", "60")
"""A run without values that is not left to Python."""


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_quiet_is_python(folder: Path, script: str) -> None:
    """`rdit run --quiet` could not stand in for `python` in a script or a check."""
    path = folder / "script.py"
    path.write_bytes(script.encode())
    expected = ended([sys.executable, "script.py", "one", "--two"], folder)
    status = expected.returncode
    for options, code in (
        (("--quiet",), status),
        (BY_THE_WORKER, 128 - status if status < 0 else status),
    ):
        actual = rdit("run", *options, "script.py", "one", "--two", cwd=folder)
        assert (expected.stdout, expected.stderr, code) == (
            actual.stdout,
            actual.stderr,
            actual.returncode,
        )


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_json_is_a_run_report(folder: Path, script: str) -> None:
    """A program that reads the report would find other shapes, or output between them."""
    (folder / "script.py").write_bytes(script.encode())
    expected = ended([sys.executable, "script.py"], folder).returncode
    actual = rdit("run", "--format", "json", "script.py", cwd=folder)
    report = json.loads(actual.stdout)
    protocol_schema.check("RunReport", report)
    code = 128 - expected if expected < 0 else expected
    assert (code, code) == (actual.returncode, report["exitCode"])
    assert "script.py" == report["file"]


def events(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_json_lines(folder: Path, script: str) -> None:
    """A program that reads events would find other shapes than are documented."""
    (folder / "script.py").write_bytes(script.encode())
    found = events(rdit("run", "--format", "jsonl", "script.py", cwd=folder))
    for event in found:
        protocol_schema.check("RunEvent", event)
    assert "start" == found[0]["event"]
    assert "end" == found[-1]["event"]
    assert {"output", "statement"} >= {str(event["event"]) for event in found[1:-1]}


def test_json_and_json_lines_agree(folder: Path) -> None:
    """One format would tell something else than the other."""
    (folder / "script.py").write_text(SCRIPTS["error"])
    report = json.loads(rdit("run", "--format", "json", "script.py", cwd=folder).stdout)
    found = events(rdit("run", "--format", "jsonl", "script.py", cwd=folder))
    results = [event["result"] for event in found if event["event"] == "statement"]

    def essence(results: list[Any]) -> list[tuple[object, ...]]:
        keys = ("nodeIndex", "lineStart", "lineEnd", "status", "output")
        return [tuple(result[key] for key in keys) for result in results]

    assert essence(report["results"]) == essence(results)
    assert (report["status"], report["exitCode"]) == (found[-1]["status"], found[-1]["exitCode"])


def test_values_beside_their_lines(folder: Path) -> None:
    """Without options the values would be missing, or be beside other lines."""
    (folder / "script.py").write_text(
        "x = 1\nx + 1\nprint('p')\nx;\nNone\n(x,\n x)\n'''a\nb'''.upper()\n"
    )
    done = rdit("run", "script.py", cwd=folder)
    expected = "   2 │ 2\np\n   7 │ (1, 1)\n   9 │ 'A\\nB'\n"
    assert (0, expected, "") == (done.returncode, done.stdout.decode(), done.stderr.decode())


def test_script_from_standard_input(folder: Path) -> None:
    """`-` would not read the script, or not run it as Python does."""
    script = "import sys\nprint(sys.argv, __name__)\nprint(sys.stdin.read())\n1 / 0\n"
    expected = ended([sys.executable, "-", "a"], folder, script=script)
    for options in (("--quiet",), BY_THE_WORKER):
        actual = rdit("run", *options, "-", "a", cwd=folder, script=script)
        assert (expected.stdout, expected.stderr, 1) == (
            actual.stdout,
            actual.stderr,
            actual.returncode,
        )


def test_standard_input_of_a_script(folder: Path) -> None:
    """A filter would not get its input."""
    (folder / "filter.py").write_text(
        "import sys\nfor line in sys.stdin: print(line.upper(), end='')\n"
    )
    done = rdit("run", "filter.py", cwd=folder, script="a\nb\n")
    assert b"A\nB\n" == done.stdout


def test_options_after_the_file_are_the_scripts(folder: Path) -> None:
    """A script's own `--quiet` or `--help` would be eaten."""
    (folder / "args.py").write_text("import sys\nprint(sys.argv[1:])\n")
    done = rdit("run", "args.py", "--quiet", "--help", "--", "-x", cwd=folder)
    assert b"['--quiet', '--help', '--', '-x']\n" == done.stdout


def test_environment_and_folder(folder: Path) -> None:
    """`--env` and `--cwd` would have no effect."""
    (folder / "where.py").write_text("import os\nprint(os.environ['A'], os.getcwd())\n")
    (folder / "sub").mkdir()
    options = ("--env", "A=x=y", "--cwd", "sub", "where.py")
    assert f"x=y {folder / 'sub'}\n".encode() == rdit("run", *options, cwd=folder).stdout
    done = rdit("run", "--env", "nonsense", "where.py", cwd=folder)
    assert 2 == done.returncode
    assert b"is not of the form NAME=VALUE" in done.stderr


def test_interpreter(folder: Path) -> None:
    """`--python` would not take the interpreter that was asked for, or not its options."""
    (folder / "which.py").write_text("import sys\nprint(sys.flags.optimize)\n")
    done = rdit("run", "--python", f"{sys.executable} -O", "which.py", cwd=folder)
    assert b"1\n" == done.stdout


def test_process_of_a_quiet_run(folder: Path) -> None:
    """A supervisor would signal or measure another process than the program."""
    (folder / "sub").mkdir()
    (folder / "who.py").write_text("import os\nprint(os.getpid(), os.environ['A'], os.getcwd())\n")
    process = subprocess.Popen(
        [RDIT, "run", "--quiet", "--env", "A=1", "--cwd", "sub", "who.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    out, _ = process.communicate(timeout=LIMIT)
    assert f"{process.pid} 1 {folder / 'sub'}\n" == out.decode()


def test_continue_after_errors(folder: Path) -> None:
    """`--on-error continue` would stop, or forget that there was an error."""
    (folder / "errors.py").write_text("1 / 0\nprint('on')\nundefined\nprint('and on')\n")
    done = rdit("run", "--on-error", "continue", "errors.py", cwd=folder)
    assert (1, b"on\nand on\n") == (done.returncode, done.stdout)
    assert b"ZeroDivisionError" in done.stderr
    assert b"NameError" in done.stderr


def test_time_limit(folder: Path) -> None:
    """`--timeout` would not end a script."""
    (folder / "slow.py").write_text("import time\nprint('begun')\ntime.sleep(600)\n")
    # How long Python takes to start is unknown: longer limits until the script has begun.
    for limit in ("1", "4", "16"):
        done = rdit("run", "--timeout", limit, "--format", "json", "slow.py", cwd=folder)
        report = json.loads(done.stdout)
        if report["results"][-1]["status"] != "notRun":
            break
    assert (124, "timeout") == (done.returncode, report["status"])
    assert ["ok", "ok", "timeout"] == [result["status"] for result in report["results"]]


@pytest.mark.parametrize("layout", ["text", "json", "jsonl", "quiet"])
def test_ctrl_c(folder: Path, layout: str) -> None:
    """Ctrl-C would leave the script running, or exit with another code than Python."""
    ready = folder / "ready"
    os.mkfifo(ready)
    opened = f"open({str(ready)!r}, 'w').close()"
    script = f"import time\nprint('before')\n{opened} or time.sleep(600)\nprint('after')\n"
    (folder / "slow.py").write_text(script)
    options = ["--quiet"] if layout == "quiet" else ["--format", layout]
    process = subprocess.Popen(
        [RDIT, "run", *options, "slow.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    ready.read_text()  # Until the script opens the other end.
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=LIMIT)
    # Without values it is Python's own process that the signal ends.
    assert (-signal.SIGINT if layout == "quiet" else 130) == process.returncode
    assert b"after\n" not in stdout.replace(b"\\n", b"\n")
    text = (stdout if layout.startswith("json") else stderr).decode()
    assert "KeyboardInterrupt" in text
    assert "line 3" in text
    assert "rdit" not in stderr.decode().replace("rdit: ", "").replace(str(folder), "")


def test_output_is_live(folder: Path) -> None:
    """Output would come only when the script has ended."""
    gate = folder / "gate"
    os.mkfifo(gate)
    script = f"print('early')\nprint(open({str(gate)!r}).read())\n"
    (folder / "live.py").write_text(script)
    process = subprocess.Popen(
        [RDIT, "run", "live.py"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"early\n" == process.stdout.readline()
    gate.write_text("late")
    assert b"late\n" == process.stdout.readline()
    process.stdout.close()
    assert 0 == process.wait(LIMIT)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.py"], "cannot read missing.py: No such file or directory"),
        (["folder"], "cannot read folder: "),
        (["--python", "no-such-python", "a.py"], "no-such-python, given with --python, is not"),
        (["--python", "/no/such/python", "a.py"], "/no/such/python, given with --python, does"),
        (["--cwd", "nowhere", "a.py"], "the working directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_run(folder: Path, arguments: list[str], expected: str) -> None:
    """A mistake on the command line would give a traceback of rdit's own."""
    (folder / "folder").mkdir()
    (folder / "a.py").write_text("1\n")
    done = rdit("run", *arguments, cwd=folder)
    assert 2 == done.returncode
    assert b"" == done.stdout
    assert done.stderr.decode().startswith(
        f"rdit: {expected}" if "cannot" in expected else "rdit: "
    )
    assert expected in done.stderr.decode()
    assert 1 == done.stderr.count(b"\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file(folder: Path) -> None:
    """A file that may not be read would give a traceback of rdit's own."""
    path = folder / "secret.py"
    path.write_text("1\n")
    path.chmod(0)
    done = rdit("run", "secret.py", cwd=folder)
    assert (2, b"rdit: cannot read secret.py: Permission denied\n") == (
        done.returncode,
        done.stderr,
    )


def test_coding_cookie(folder: Path) -> None:
    """A file that is not UTF-8 would be misread, or refused."""
    (folder / "latin.py").write_bytes(
        "# coding: latin-1\nprint(ascii('é'), 'é')\n".encode("latin-1")
    )
    expected = ended([sys.executable, "latin.py"], folder)
    actual = rdit("run", *BY_THE_WORKER, "latin.py", cwd=folder)
    assert (expected.stdout, expected.stderr) == (actual.stdout, actual.stderr)


NO_TEXT = [
    b"print('\xff')\n",
    b"x = 1\n# \xff\n",
    b"# coding: ascii\nx = 1\n'\xff'\n",
    b"\xef\xbb\xbfx = 1\n'\xff'\n",
    b"\xef\xbb\xbf# coding: latin-1\n1\n",
    b"\xef\xbb\xbf#!/bin/sh\n# coding: cp1252\n1\n",
    b"\xef\xbb\xbf# coding: utf8\n1\n",
    b"\xef\xbb\xbf# coding: nonsense\n1\n",
    b"# coding: nonsense\n1\n",
    b"x = 1\0\n",
]


@pytest.mark.parametrize("layout", [["--quiet"], []], ids=["quiet", "text"])
@pytest.mark.parametrize("source", NO_TEXT)
def test_source_that_is_no_text(folder: Path, source: bytes, layout: list[str]) -> None:
    """Bytes that Python refuses would be run, or refused with other words."""
    (folder / "odd.py").write_bytes(source)
    expected = ended([sys.executable, "odd.py"], folder)
    actual = rdit("run", *layout, "odd.py", cwd=folder)
    assert (expected.returncode, expected.stderr) == (actual.returncode, actual.stderr)


@pytest.mark.parametrize("source", NO_TEXT)
def test_source_that_is_no_text_is_reported(folder: Path, source: bytes) -> None:
    """A report of it is a rejection like that of any source that does not compile."""
    (folder / "odd.py").write_bytes(source)
    report = json.loads(rdit("run", "--format", "json", "odd.py", cwd=folder).stdout)
    (rejection,) = report["results"]
    assert (rejection["nodeIndex"], rejection["output"][0]["name"]) == (-1, "SyntaxError")


def test_nothing_stays_behind(folder: Path) -> None:
    """A temporary folder would stay in `/tmp` after every run."""
    temporary = folder / "t"
    temporary.mkdir()
    (folder / "a.py").write_text("print('x' * 2_000_000)\n1 / 0\n")
    rdit("run", "a.py", cwd=folder, env={"TMPDIR": str(temporary)})
    assert [] == list(temporary.iterdir())


def test_doctor(folder: Path) -> None:
    """There would be no way to see which interpreter and settings a document gets, and why."""
    (folder / "pyproject.toml").write_text(
        f"[tool.rdit]\npython = {sys.executable!r}\nargs = ['a b']\nenv = {{X = '1'}}\n"
    )
    (folder / "a.py").touch()
    done = rdit("doctor", "a.py", cwd=folder)
    text = done.stdout.decode()
    assert 0 == done.returncode, text
    origin = folder / "pyproject.toml"
    for part in (
        f"{sys.executable}",
        f"set in {origin}",
        f"'a b' ({origin})",
        f"X=1 ({origin})",
        f"Python {sys.version.split()[0]}",
        f"{folder} (the document's folder",
        "fork",
        "pidfd",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("python = '/no/python'", "the interpreter /no/python, set in"),
        ("python = 'false'", "ended with 1 before it could run anything."),
        ("cwd = 'nowhere'", "the working directory"),
        ("runOn = 'never'", "runOn = 'never' in"),
    ],
)
def test_doctor_says_what_is_wrong(folder: Path, settings: str, expected: str) -> None:
    """A broken set-up would look well, or give a traceback."""
    (folder / "pyproject.toml").write_text(f"[tool.rdit]\n{settings}\n")
    done = rdit("doctor", "a.py", cwd=folder)
    last = done.stdout.decode().splitlines()[-1]
    assert (1, b"") == (done.returncode, done.stderr)
    assert last.startswith("This cannot be run: ")
    assert expected in last


def test_what_comes_after_the_last_statement_is_in_the_report(tmp_path: Path) -> None:
    """Output of threads and `atexit` would be lost with the results."""
    script = tmp_path / "late.py"
    script.write_text("import atexit\natexit.register(print, 'bye')\nx = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "rdit_lsp", "run", "--format", "json", str(script)],
        capture_output=True,
        check=True,
    )
    last = json.loads(done.stdout)["results"][-1]
    assert [("stdout", "bye\n")] == [(item["type"], item["text"]) for item in last["output"]]


def test_server_without_an_editor(tmp_path: Path) -> None:
    """Who starts the server by hand, to see what it does, would get a traceback or wait for ever."""
    file = tmp_path / "file"
    file.touch()
    for redirections in (f"< {file}", f"> {file}", "< /dev/null", "<&-"):
        done = subprocess.run(
            ["sh", "-c", f'"$0" -m rdit_lsp lsp {redirections}', sys.executable],
            capture_output=True,
            check=False,
            stdin=subprocess.PIPE if ">" in redirections else None,
        )
        sentence = (
            "rdit: the language server talks to an editor through pipes, and here are none.\n"
        )
        assert (1, sentence) == (done.returncode, done.stderr.decode()), redirections

"""The display protocol: what an object says of itself, and what becomes of one that lies."""

from __future__ import annotations

import base64

import pytest
from support.commandline import Rdit, notes

PNG = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
).decode()


def a_class(body: str) -> str:
    """Source whose value is an object with these methods."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"import base64\nclass A:\n{lines}    def __repr__(self): return 'plain'\n\nA()\n"


@pytest.mark.parametrize(
    ("method", "returned", "mime", "expected"),
    [
        ("_repr_html_", "'<b>x</b>'", "text/html", "<b>x</b>"),
        ("_repr_markdown_", "'**x**'", "text/markdown", "**x**"),
        ("_repr_latex_", "'$x$'", "text/latex", "$x$"),
        ("_repr_svg_", "'<svg xmlns=\"x\"/>'", "image/svg+xml", '<svg xmlns="x"/>'),
        ("_repr_json_", "{'a': [1, None, True]}", "application/json", {"a": [1, None, True]}),
        ("_repr_png_", f"base64.b64decode('{PNG}')", "image/png", PNG),
        ("_repr_png_", f"'{PNG}'", "image/png", PNG),
        ("_repr_jpeg_", "b'\\xff\\xd8\\xff'", "image/jpeg", "/9j/"),
        ("_repr_mimebundle_", "{'text/html': 'x'}", "text/html", "x"),
    ],
)
def test_methods(rdit: Rdit, method: str, returned: str, mime: str, expected: object) -> None:
    """A library's own view of its objects would not be seen."""
    shown = rdit.shown(a_class(f"def {method}(self, **_): return {returned}"))
    assert {"text/plain": "plain", mime: expected} == shown["data"]


def test_metadata_beside_data(plain: Rdit) -> None:
    """A picture for a screen of twice the resolution would be twice as large."""
    body = f"def _repr_png_(self): return base64.b64decode('{PNG}'), {{'width': 7}}"
    shown = plain.shown(a_class(body))
    assert {"width": 7, "height": 1} == shown["metadata"]["image/png"]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("def _repr_html_(self): 1 / 0", "_repr_html_ raised ZeroDivisionError: division by zero"),
        ("def _repr_html_(self): return 5", "_repr_html_ returned int, not text"),
        ("def _repr_png_(self): return b'garbage'", "_repr_png_ returned bytes that are no PNG"),
        ("def _repr_png_(self): return 'x'", "_repr_png_ returned text that is not base64"),
        (
            "def _repr_html_(self): return 'x' * 50_000_000",
            "_repr_html_ gave 50 MB; more than 8 MB are not shown",
        ),
        (
            "def _repr_json_(self): return object()",
            "_repr_json_ gave JSON that holds an instance of object",
        ),
        (
            "def _repr_mimebundle_(self, **_): return 1",
            "_repr_mimebundle_ returned int, not a dict",
        ),
        (
            "def _repr_png_(self):\n"
            "    return b'\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR' + b'\\0\\0\\x80\\0' * 2",
            "_repr_png_ gave a picture of 32,768 × 32,768 pixels; too large",
        ),
        (
            "def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n' + b'\\0' * 100",
            "_repr_png_ returned bytes that only begin as a PNG",
        ),
        ("def _repr_svg_(self): return '<nosvg>'", "_repr_svg_ returned text that is no SVG"),
        ("def _repr_html_(self): raise SystemExit(3)", "_repr_html_ raised SystemExit: 3"),
        ("def _repr_html_(self): raise GeneratorExit", "_repr_html_ raised GeneratorExit"),
        (
            "def _repr_mimebundle_(self, **_): return {'nonsense': 'x'}",
            "_repr_mimebundle_: nonsense is no MIME type",
        ),
    ],
)
def test_bad_method_leaves_repr_and_says_so(rdit: Rdit, body: str, note: str) -> None:
    """A broken library would hide the value, or fill the editor's memory."""
    shown = rdit.shown(a_class(body))
    assert shown["data"] == {"text/plain": "plain"}
    assert notes(shown) == [note]


def test_method_that_hangs_is_ended(plain: Rdit) -> None:
    """One object would block the document, also one that swallows exceptions and prints."""
    body = (
        "def _repr_html_(self):\n    print('begun')\n    while True:\n"
        "        try:\n            while True: pass\n        except Exception: pass"
    )
    stream, shown = plain.outputs(a_class(body))
    assert stream["text"] == "begun\n"
    assert shown["data"] == {"text/plain": "plain"}
    assert notes(shown) == ["_repr_html_ took more than 10 seconds"]


def test_users_own_alarm_is_left_alone(plain: Rdit) -> None:
    """A script that uses SIGALRM would never get it."""
    source = (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print('mine'))\n"
        "signal.alarm(1)\nclass A:\n    def _repr_html_(self): return 'x'\n\nA()\nsignal.pause()\n"
        "signal.getsignal(signal.SIGALRM).__name__\n"
    )
    outputs = plain.outputs(source)
    assert [output["text"] for output in outputs if output["type"] == "stdout"] == ["mine\n"]
    assert outputs[-1]["text"] == "'<lambda>'"


@pytest.mark.parametrize(
    "source",
    [
        "from unittest.mock import MagicMock\nMagicMock()\n",
        "from unittest.mock import Mock\nMock()\n",
        "class A:\n    def __getattr__(self, name): return lambda *a, **k: '<b>x</b>'\nA()\n",
        "class A:\n    def _repr_html_(self): return 'x'\nA\n",
    ],
)
def test_objects_that_answer_to_everything(rdit: Rdit, source: str) -> None:
    """A mock would be shown as rubbish, and record calls that the program did not make."""
    assert ["text/plain"] == list(rdit.shown(source)["data"])


def test_nul_and_surrogates_survive(rdit: Rdit) -> None:
    """The message would be refused by the editor, or cut at the NUL."""
    shown = rdit.shown(a_class("def _repr_html_(self): return 'a\\0b\\ud800c'"))
    assert shown["data"]["text/html"] == "a\0b\\ud800c"


def test_display_without_ipython(rdit: Rdit) -> None:
    """`display` is what people who come from notebooks write."""
    outputs = rdit.outputs("print('before')\nprint(1), display('x', 2), print(3)\n")
    found = [(output["type"], output["text"]) for output in outputs]
    assert found == [
        ("stdout", "before\n"),
        ("stdout", "1\n"),
        ("display", "'x'"),
        ("display", "2"),
        ("stdout", "3\n"),
        ("result", "(None, None, None)"),
    ]


def test_quiet_has_no_display(plain: Rdit) -> None:
    """`--quiet` would not be what `python FILE` does."""
    script = str(plain.write("display(1)\n"))
    done = plain("run", "--python", plain.python, "--quiet", "--timeout", "90", script)
    assert done.returncode == 1
    assert b"NameError: name 'display' is not defined" in done.stderr


def test_no_display_where_it_is_not_called(plain: Rdit) -> None:
    """A script that asks whether it runs in a notebook would be told a lie."""
    source = "try:\n    display\nexcept NameError:\n    print('no notebook')\n"
    assert [output["text"] for output in plain.outputs(source)] == ["no notebook\n"]


def test_updates_in_place(plain: Rdit) -> None:
    """A progress display would be shown a hundred times."""
    source = "handle = display(0, display_id=True)\nfor i in range(100): handle.update(i)\n"
    assert [output["text"] for output in plain.outputs(source)] == ["99"]


def test_displays_are_bounded(plain: Rdit) -> None:
    """A loop would fill the memory of the editor."""
    path = plain.write("for i in range(1000): display(i)\n")
    done = plain("run", "--python", plain.python, "--format", "json", str(path))
    assert done.stdout.count(b'"display"') == 200
    assert b"Displays that are not shown because there are too many: 800" in done.stdout


def test_display_in_threads_children_and_at_exit(plain: Rdit) -> None:
    """A frame torn by another thread, or sent by a child, would end the session."""
    source = (
        "import atexit, os, threading\n"
        "threads = [threading.Thread(target=display, args=(n,)) for n in range(20)]\n"
        "for t in threads: t.start()\n\nfor t in threads: t.join()\n\n"
        "if os.fork() == 0:\n    display('child')\n    os._exit(0)\n\nos.wait()[1]\n"
        "_ = atexit.register(lambda: display('exit'))\n"
    )
    outputs = plain.outputs(source)
    shown = [output["text"] for output in outputs if output["type"] == "display"]
    assert sorted(map(int, shown)) == list(range(20))
    assert "child" in "".join(output["text"] for output in outputs)


def test_method_that_forks(rdit: Rdit) -> None:
    """The child would answer in the program's place, and the program to the next question."""
    body = (
        "def _repr_html_(self):\n    import os\n    if os.fork() == 0: return 'child'\n"
        "    os.wait()\n    return 'parent'"
    )
    first, second = rdit.outputs(a_class(body) + "1 + 1\n")
    assert (first["data"]["text/html"], second["text"]) == ("parent", "2")


def test_class_that_lies_about_itself(rdit: Rdit) -> None:
    """A metaclass can answer anything, or raise, where only the name of a class is asked for."""
    source = (
        "import sys, types\nsys.modules['matplotlib.figure'] = sys.modules['sympy'] = types\n"
        "class Meta(type):\n    __module__ = property(lambda _: 1 / 0)\n"
        "    __mro__ = __name__ = property(lambda _: 1 / 0)\n\n"
        "class A(metaclass=Meta):\n    def __repr__(self): return 'plain'\n\nA()\n"
    )
    assert rdit.shown(source)["data"] == {"text/plain": "plain"}


def test_metadata_that_cannot_be_sent(plain: Rdit) -> None:
    """The representation itself would be thrown away."""
    body = (
        "def _repr_mimebundle_(self, **_): return {'text/html': 'x'}, {'text/html': {1: object()}}"
    )
    shown = plain.shown(a_class(body))
    assert shown["data"]["text/html"] == "x"
    assert "text/html" not in shown["metadata"]


def test_svg_stands_alone(plain: Rdit) -> None:
    """What is fine inside of HTML would not be drawn as a picture."""
    shown = plain.shown(a_class('def _repr_svg_(self): return \'<svg width="2in" height="20"/>\''))
    expected = '<svg xmlns="http://www.w3.org/2000/svg" width="2in" height="20"/>'
    assert shown["data"]["image/svg+xml"] == expected
    assert shown["metadata"]["rdit"]["pixels"] == [192, 20]

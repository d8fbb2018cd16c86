"""An exception reads as `python FILE` prints it, to the byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.conftest import Program, Python, Starter

OWN_WORDS = {
    "null": (3, 11),
    "not utf-8": (3, 11),
    "unclosed at end": (3, 10),
    "triple": (3, 10),
    "wide": (3, 13),
}
"""From which version on `python FILE` and `compile` agree on where it is, or file and string can differ
in no way that helps: older ones count a file's columns in bytes, or one line too many."""
OLDEST = (3, 8)
_REPEATED = re.compile(r"repeated \d+ more times")

FAILING: dict[str, str | bytes] = {
    "plain": "x = 1\n\n1 / 0\n",
    "in functions": "def f(n):\n    return g(n - 1)\n\ndef g(n):\n    return 1 / n\n\n\nprint(f(1))\n",
    "several lines": "x = [\n    1,\n    {}['a'],\n    3,\n]\n",
    "columns": "a = b = None\nprint(a.x.y + b.z(1, 2))\n",
    "wide characters": "s = 'äöü😀'; t = None\nprint(s, t.missing, '😀')\n",
    "tabs and form feed": "def f():\n\treturn 1 / 0\n\x0c\nf()\n",
    "expression": "'a' + 1",
    "chained": (
        "def f():\n    try:\n        {}['k']\n    except KeyError as e:\n"
        "        raise ValueError('v') from e\ntry:\n    f()\nexcept ValueError:\n    int('x')\n"
    ),
    "suppressed": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError from None\n",
    "circular": (
        "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a\n"
    ),
    "no text": "raise ValueError\n",
    "empty text": "raise ValueError('')\n",
    "text of lines": "raise ValueError('one\\ntwo\\n')\n",
    "surrogate": "raise ValueError('\\udc80 é 😀')\n",
    "os error": "open('/nonexistent/é')\n",
    "unicode error": "b'\\xff'.decode()\n",
    "suggestion": "import math\nmath.flor(1)\n",
    "name suggestion": "value = 1\ndef f():\n    print(valeu)\nf()\n",
    "import": "import no_such_module_anywhere\n",
    "assertion": "assert 1 == 2, 'no'\n",
    "own class": "class MyError(Exception):\n    pass\nraise MyError(1, 2)\n",
    "nested class": "def f():\n    class E(Exception): pass\n    raise E('x')\nf()\n",
    "module of class": ("class E(Exception): pass\nE.__module__ = 'some.where'\nraise E('x')\n"),
    "str fails": (
        "class E(Exception):\n    def __str__(self):\n        raise RuntimeError('no')\nraise E\n"
    ),
    "str exits": "class E(Exception):\n    def __str__(self):\n        raise KeyError\nraise E\n",
    "str is none": "class E(Exception):\n    def __str__(self):\n        return None\nraise E\n",
    "repr fails": (
        "class V:\n    def __repr__(self):\n        raise RuntimeError('no')\nraise ValueError(V())\n"
    ),
    "str recurses": (
        "class E(Exception):\n    def __str__(self):\n        return str(self)\nraise E\n"
    ),
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)\n",
    "mutual recursion": "def f():\n    g()\ndef g():\n    f()\nf()\n",
    "recursion in repr": "class V:\n    def __repr__(self):\n        return repr(self)\nprint(V())\n",
    "lambda and comprehension": "f = lambda x: [1 / y for y in x]\nf([1, 0])\n",
    "generator": "def g():\n    yield 1\n    raise ValueError('in g')\nlist(g())\n",
    "method": "class A:\n    def m(self):\n        self.n()\nA().m()\n",
    "decorator": "def d(f):\n    raise TypeError('d')\n\n@d\ndef f():\n    pass\n",
    "class body": "class A:\n    x = 1\n    y = x / 0\n",
    "library": "import json\njson.loads('{')\n",
    "exec": "exec('def f():\\n  1/0\\nf()')\n",
    "compile": "compile('a b', 'other.py', 'exec')\n",
    "syntax error in eval": "eval('1 +')\n",
    "imported syntax error": (
        "open('broken_part.py', 'w').write('x = (\\n')\nimport broken_part\n"
    ),
    "with": "class C:\n    def __enter__(self): return self\n    def __exit__(self, *a): 1 / 0\nwith C():\n    raise ValueError('body')\n",  # noqa: E501
    "future": "from __future__ import annotations\ndef f(x: Missing): ...\nf.y\n",
    "memory": "bytearray(1 << 60)\n",
    "keyboard": "raise KeyboardInterrupt\n",
    "keyboard with text": "def f():\n    raise KeyboardInterrupt('mine')\nf()\n",
    "generator exit": "raise GeneratorExit\n",
    "warning": "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('w')\n",
    "deleted traceback": "e = ValueError('x')\nraise e.with_traceback(None)\n",
    "raised twice": (
        "def f():\n    raise ValueError('x')\n"
        "try:\n    f()\nexcept ValueError as e:\n    kept = e\nraise kept\n"
    ),
    "asyncio": (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    1 / 0\nasyncio.run(f())\n"
    ),
    "last line without end": "x = 1\nx.y",
    "crlf": "x = 1\r\nif x:\r\n    x.y\r\n",
    "cookie": b"# -*- coding: latin-1 -*-\ns = '\xe4'\ns.y\n",
    "byte order mark": b"\xef\xbb\xbfx = 1\nx.y\n",
    "semicolons": "x = 1; x.y; z = 2\n",
    "backslash": "x = 1\nx \\\n  .y\n",
    "frames of no module": "exec('1/0', {'__name__': None})\n",
    "frames in a dict of another kind": (
        "class D(dict):\n    def get(self, *a):\n        exit(3)\nexec('1/0', D())\n"
    ),
    "argument of exit": "import sys\nsys.exit('bye é')\n",
    "exit with an object": "raise SystemExit([1, 2])\n",
}

NEWER: dict[tuple[int, int], dict[str, str | bytes]] = {
    (3, 11): {
        "group": (
            "inner = ExceptionGroup('h', [KeyError(2)])\n"
            "def f():\n    raise ExceptionGroup('g', [ValueError(1), inner])\nf()\n"
        ),
        "notes": "e = ValueError('x')\ne.add_note('note é')\ne.add_note('two\\nlines')\nraise e\n",
        "bad notes": "e = ValueError('x')\ne.__notes__ = 5\nraise e\n",
        "notes of any kind": "e = ValueError('x')\ne.__notes__ = [1, None, 'x']\nraise e\n",
        "except star": (
            "try:\n    raise ExceptionGroup('g', [ValueError(1)])\nexcept* ValueError:\n    1 / 0\n"
        ),
    },
    (3, 12): {"type parameter": "def f[T](x: T) -> T:\n    return x.y\nf(1)\n"},
    (3, 14): {
        "template": "t'{1 / 0}'\n",
        "finally": "def f():\n    try: 1/0\n    finally: 2/0\nf()\n",
    },
}

REJECTED: dict[str, str | bytes] = {
    "unclosed": "x = (1,\ny = 2\n",
    "unclosed at end": "x = (1,\n",
    "quote": "x = 'abc\n",
    "triple": "x = 1\ny = '''abc\n",
    "indent": "x = 1\n  y = 2\n",
    "dedent": "if 1:\n        x\n    y\n",
    "tabs": "if 1:\n        x = 1\n\ty = 2\n",
    "expected block": "if 1:\nx = 1\n",
    "missing comma": "x = [1 2]\n",
    "print": "print 'x'\n",
    "return": "x = 1\nreturn x\n",
    "yield": "yield 1\n",
    "late future": "x = 1\nfrom __future__ import annotations\n",
    "no such future": "from __future__ import braces\n",
    "nonlocal": "nonlocal x\n",
    "duplicate argument": "def f(a, a): pass\n",
    "break": "break\n",
    "continue in function": "def f():\n    continue\n",
    "assign to literal": "1 = x\n",
    "global after use": "def f():\n    x = 1\n    global x\n",
    "star": "*a, *b = c\n",
    "await in function": "def f():\n    await g()\n",
    "wide": "s = 'äöü😀'; x = = 1\n",
    "null": b"x = 1\0\n",
    "unknown cookie": b"# coding: no-such-codec\nx = 1\n",
    "not utf-8": b"x = 1\ns = '\xff'\n",
    "another cookie below a mark": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "unknown cookie below a mark": b"\xef\xbb\xbf#!x\n# coding: no-such-codec\nx = 1\n",
    "invalid character": "x = “a”\n",
    "two errors": "x = (\ny = ]\n",
    "line continuation": "x = 1 \\ y\n",
    "f-string": "f'{a b}'\n",
    "walrus": "x := 1\n",
    "keyword argument": "f(a=1, a=2)\n",
    "del": "del f()\n",
}


def _cases(version: tuple[int, int]) -> dict[str, str | bytes]:
    cases: dict[str, str | bytes] = dict(FAILING)
    for since, more in NEWER.items():
        if version >= since:
            cases.update(more)
    return cases


def test_failures_read_as_under_plain_python(start: Starter, python: Python) -> None:
    """A user compares what rdit shows with what a terminal shows."""
    program = start(source="")
    wrong = {}
    for name, source in _cases(python.version).items():
        expected = start.plain(source).stderr.decode("utf-8", "surrogateescape")
        told = _told(program, source)
        if name == "recursion in repr" and python.version == (3, 12):
            # It alone limits the depth of C calls by a number that nobody can change.
            told, expected = (_REPEATED.split(text)[0] for text in (told, expected))
        if told != expected:
            wrong[name] = (expected, told)
        program.run("import sys; sys.path_importer_cache.clear()")
    assert _first_of(wrong) == ""


def test_rejections_read_as_under_plain_python(start: Starter, python: Python) -> None:
    """`python FILE` runs nothing of a file that does not compile, and says where it is wrong."""
    program = start(source="")
    wrong = {}
    for name, source in REJECTED.items():
        if python.version < OWN_WORDS.get(name, OLDEST):
            continue
        if name == "not utf-8" and python.version == (3, 14):
            continue  # It names the line before.
        expected = start.plain(source).stderr.decode("utf-8", "surrogateescape")
        assert program.run(_as_read(source)) == [], name
        told = program.rejection.failure.text
        if told != expected:
            wrong[name] = (expected, told)
    assert _first_of(wrong) == ""


def test_what_is_not_proper_text_is_rejected(start: Starter) -> None:
    """Here interpreters differ among themselves, in the wrong line and in what they let pass."""
    program = start(source="")
    for source in ("x = 1\0\n", b"x = 1\ns = '\xff'\n", "if 1:"):
        assert program.run(source) == []
        failure = program.rejection.failure
        assert "Error: " in failure.text
        assert failure.frames or isinstance(source, bytes) or "\0" in source


def _as_read(source: str | bytes) -> str | bytes:
    """What a server passes on: text, except where it is none."""
    try:
        return source.decode() if isinstance(source, bytes) else source
    except UnicodeDecodeError:
        return source


def _told(program: Program, source: str | bytes) -> str:
    text = (
        source.decode("utf-8-sig")
        if isinstance(source, bytes) and b"latin" not in source
        else source
    )
    last = program.run(text)[-1]
    assert last.outcome not in ("ok", "died"), (source, last)
    told = last.err.decode("utf-8", "surrogateescape")
    if last.failure is not None and not last.failure.printed:
        told += last.failure.text.encode("utf-8", "backslashreplace").decode()
    return told


def _first_of(wrong: dict[str, tuple[str, str]]) -> str:
    """All names that are wrong, and what the first one is about."""
    for name, (expected, told) in wrong.items():
        return f"{len(wrong)}: {', '.join(wrong)}\n--- {name}: python\n{expected}--- rdit\n{told}"
    return ""

"""Results while the text changes under them: never lost, never misplaced, never wrongly fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.editor import between, insertion, outputs, values

if TYPE_CHECKING:
    from pathlib import Path

    from support.editor import Editor, OpenDocument
    from support.lsp_client import Json


def shown(results: list[Json]) -> dict[int, tuple[str, bool]]:
    """Line to output and whether it is stale."""
    return {r["lineStart"]: (outputs(r), r.get("stale", False)) for r in results}


@pytest.fixture
def numbers(editor: Editor, tmp_path: Path) -> OpenDocument:
    return editor.open(tmp_path / "numbers.py", "x = 1\nx + 1\ny = x * 2\ny\n")


async def test_edit_makes_exactly_what_follows_stale(numbers: OpenDocument) -> None:
    """A result that an edit put in doubt would look current, or one above it would not."""
    await numbers.execute()
    numbers.replace("x = 1\nx + 1\ny = x * 3\ny\n")
    expected = {1: ("", False), 2: ("2", False), 3: ("", True), 4: ("2", True)}
    assert expected == shown(await numbers.results())


async def test_undo_makes_fresh_again(numbers: OpenDocument) -> None:
    """Undoing an edit would not bring the old results back at once."""
    await numbers.execute()
    before = await numbers.results()
    numbers.change(insertion(0, 4, "4"))
    assert {True} == {r.get("stale", False) for r in await numbers.results()}
    numbers.change({"range": between(0, 4, 0, 5), "text": ""})
    assert before == await numbers.results()


async def test_changes_that_overtake_each_other(numbers: OpenDocument) -> None:
    """Two undos in Helix 25.01, which may send the second first, would leave us another text."""
    await numbers.execute()
    before = await numbers.results()
    numbers.change({"range": between(0, 0, 0, 5), "text": ""})
    numbers.change(insertion(0, 0, "x = 123"))
    numbers.change_to(5, insertion(0, 0, "x = 1"))
    numbers.change_to(4, {"range": between(0, 0, 0, 7), "text": ""})
    assert before == await numbers.results()
    report = await numbers.execute(version=5)
    assert "2" == outputs(report["results"][1])


async def test_undo_after_a_run_makes_fresh_again(numbers: OpenDocument) -> None:
    """Going back to an earlier text would forget what it gave."""
    await numbers.execute()
    text = numbers.text
    numbers.replace(text.replace("x = 1", "x = 5"))
    await numbers.execute(scope="stale")
    assert ("10", False) == shown(await numbers.results())[4]
    numbers.replace(text)
    assert ("2", False) == shown(await numbers.results())[4]


async def test_undo_of_a_deletion(numbers: OpenDocument) -> None:
    """Deleting statements and taking that back would lose their results."""
    await numbers.execute()
    text = numbers.text
    before = await numbers.results()
    numbers.replace("")
    assert [] == await numbers.results()
    numbers.replace(text)
    assert before == await numbers.results()


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\nx + 1\n\n\n# comment\ny = x * 2\ny\n",
        "x=1  # one\nx+1\ny = (x *\n     2)\ny\n",
        "\n\nx = 1\nx + 1\ny = x * 2\ny",
        "# %%\nx = (1)\nx + 1\n# %%\ny = x * 2\ny\n",
    ],
)
async def test_comments_and_layout_change_nothing(numbers: OpenDocument, text: str) -> None:
    """Running a formatter would make every result stale."""
    await numbers.execute()
    numbers.replace(text)
    assert [("", False), ("2", False), ("", False), ("2", False)] == [
        *shown(await numbers.results()).values()
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1", "2"),
        ("x", "x;"),
        ("x;", "x"),
        ("'a'", "'b'"),
        ("1", "1.0"),
        ("0.0", "-0.0"),
        ("f'{x}'", "f'{x} '"),
        ("x", "None"),
        ("x, x", "x, (x, x)"),
    ],
)
async def test_what_means_something_else_is_stale(
    editor: Editor, tmp_path: Path, before: str, after: str
) -> None:
    """An edit that changes the value would leave the old one shown as current."""
    document = editor.open(tmp_path / "value.py", f"x = 1\n{before}\n")
    await document.execute()
    document.replace(f"x = 1\n{after}\n")
    assert True is shown(await document.results())[2][1]
    fresh = outputs((await document.execute(scope="stale"))["results"][1])
    assert fresh == outputs((await document.execute())["results"][1])


async def test_results_move_with_their_statements(numbers: OpenDocument) -> None:
    """A line inserted above would leave results beside the wrong code."""
    await numbers.execute()
    numbers.change(insertion(1, 0, "\n# a comment\n\n"))
    assert {1: ("", False), 5: ("2", False), 6: ("", False), 7: ("2", False)} == shown(
        await numbers.results()
    )


async def test_a_broken_line_leaves_the_rest_alone(numbers: OpenDocument) -> None:
    """Typing half a statement would take all results off the screen."""
    await numbers.execute()
    numbers.change(insertion(1, 0, "foo(\n"))
    found = shown(await numbers.results())
    assert ("", False) == found[1]
    assert ("2", True) == found[5]
    numbers.change({"range": between(1, 0, 2, 0), "text": ""})
    assert {False} == {stale for _, stale in shown(await numbers.results()).values()}


async def test_typing_a_statement_key_by_key(editor: Editor, tmp_path: Path) -> None:
    """Some state between two keys would lose or misplace the results around it."""
    document = editor.open(tmp_path / "typed.py", "a = 1\na\n\nb = 2\nb\n")
    await document.execute()
    typed = 'if a:\n    print("""x\n# y""", [\n        1])\nelse:\n    pass'
    line, column = 2, 0
    for character in typed:
        document.change(insertion(line, column, character))
        line, column = (line + 1, 0) if character == "\n" else (line, column + 1)
        found = [outputs(result) for result in await document.results()]
        assert ["", "1"] == found[:2]
        assert "2" == found[-1]
    report = await document.execute(scope="stale")
    assert "x\n# y [1]\n" == outputs(report["results"][2])


async def test_edits_while_running_move_what_runs(editor: Editor, tmp_path: Path) -> None:
    """A result that comes after an edit would appear beside another statement, or nowhere."""
    path = tmp_path / "go"
    text = (
        f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\n'done'\n7\n"
    )
    document = editor.open(tmp_path / "running.py", text)
    number = document.start()
    await document.running(2)
    document.change(insertion(0, 0, "# one\n# two\n"))
    document.change({"range": between(5, 0, 5, 1), "text": "8"})
    path.touch()
    report = await editor.reply(number)
    assert ("ok", "7") == (report["status"], outputs(report["results"][3]))
    found = shown(await document.results())
    assert ("done", False) == found[5]
    assert ("7", True) == found[6]


async def test_statement_deleted_while_it_runs(editor: Editor, tmp_path: Path) -> None:
    """The result of a deleted statement would land on what is at its line now."""
    path = tmp_path / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\n"
    document = editor.open(tmp_path / "deleted.py", f"{wait}'end'\n")
    number = document.start()
    await document.running(2)
    document.change({"range": between(1, 0, 2, 0), "text": ""})
    path.touch()
    report = await editor.reply(number)
    assert ["ok"] * 3 == [result["status"] for result in report["results"]]
    assert {1: ("", False), 2: ("end", True)} == shown(await document.results())


async def test_undo_while_running_keeps_the_result(editor: Editor, tmp_path: Path) -> None:
    """An edit taken back before the run ended would make its result stale for ever."""
    path = tmp_path / "go"
    text = f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\n'end'\n"
    document = editor.open(tmp_path / "undone.py", text)
    number = document.start()
    await document.running(2)
    document.replace(text.replace("'end'", "'END'"))
    document.replace("")
    document.replace(text)
    path.touch()
    await editor.reply(number)
    assert ("end", False) == shown(await document.results())[3]


async def test_a_run_takes_the_text_of_its_request(editor: Editor, tmp_path: Path) -> None:
    """A queued run would run what was typed after it was asked for."""
    document = editor.open(tmp_path / "queued.py", "import time; time.sleep(0.2)\n1\n")
    first = document.start()
    second = document.start(scope="statement", position={"line": 1, "character": 0})
    document.replace("import time; time.sleep(0.2)\n2\n")
    await editor.reply(first)
    report = await editor.reply(second)
    assert ["1"] == [outputs(result) for result in report["results"]]


async def test_only_what_is_stale_says_why(editor: Editor, tmp_path: Path) -> None:
    """A stale result would not say what made it so."""
    document = editor.open(tmp_path / "why.py", "a = 1\nb = 2\na\nb\n")
    await document.execute()
    document.replace("a = 1\nb = 3\na\nb\n")
    reasons = {r["lineStart"]: r.get("staleReason") for r in await document.results()}
    assert {
        1: None,
        2: "edited since it ran",
        3: "line 2 above was edited",
        4: "line 2 above was edited",
    } == reasons
    document.replace("a = 1\nb = 2\na\nb\n")
    document.replace("a = 1\nnew = 0\nb = 2\na\nb\n")
    reasons = {r["lineStart"]: r.get("staleReason") for r in await document.results()}
    why = dict.fromkeys((3, 4, 5), "line 2 above has not been run")
    assert {1: None, 2: None, **why} == reasons


async def test_swapped_statements(editor: Editor, tmp_path: Path) -> None:
    """Two statements that change places would keep each other's results."""
    document = editor.open(tmp_path / "swapped.py", "x = 1\nprint('a', x)\nprint('b', x)\n")
    await document.execute()
    document.replace("x = 1\nprint('b', x)\nprint('a', x)\n")
    found = shown(await document.results())
    assert {2: ("b 1\n", True), 3: ("a 1\n", True)} == {n: found[n] for n in (2, 3)}


SYNC = {
    "form feed": "a = 1\n\x0cb = 2\nb\n",
    "form feed in a string": "a = 'x\x0cy'\na\n",
    "U+2028": "a = 'x\u2028y'\nlen(a)\n",
    "U+0085 and vertical tab": "a = '\x85\x0b\x1c'\nlen(a)\n",
    "CRLF": "a = 1\r\nb = '''x\r\ny'''\r\nlen(b)\r\n",
    "CR": "a = 1\rb = 2\rb\r",
    "emoji": "a = '😀é'; b = '👩‍👩‍👧'\nlen(a), len(b)\n",
    "no newline at the end": "a = 1\na",
    "tabs": "if 1:\n\ta = 1\n\tb = 2\na\n",
    "byte order mark": "\ufeffa = 1\na\n",
}


@pytest.mark.parametrize("text", SYNC.values(), ids=SYNC)
async def test_incremental_sync(editor: Editor, tmp_path: Path, text: str) -> None:
    """The server's text would drift away from the editor's, and everything from its line."""
    document = editor.open(tmp_path / "sync.py", "")
    line = units = 0
    previous = ""
    for character in text:
        document.change(insertion(line, units, character))
        if character == "\n" and previous == "\r":
            pass  # The line was already ended.
        elif character in "\r\n":
            line, units = line + 1, 0
        else:
            units += len(character.encode("utf-16-le")) // 2
        previous = character
    typed = await document.execute()
    whole = editor.open(tmp_path / "whole.py", text)
    opened = await whole.execute()
    assert "ok" == opened["status"]
    assert essence(opened) == essence(typed)
    assert await whole.labels() == await document.labels()


def essence(report: Json) -> list[tuple[object, ...]]:
    return [(r["lineStart"], r["lineEnd"], r["status"], outputs(r)) for r in report["results"]]


async def test_changes_of_one_message_apply_in_order(editor: Editor, tmp_path: Path) -> None:
    """Several changes at once (multiple cursors, a formatter) would be applied to the wrong text."""
    document = editor.open(tmp_path / "several.py", "a\nb\nc\n")
    document.change(
        {"text": "x = 1\ny = 2\n"},
        insertion(2, 0, "x + y\n"),
        {"range": between(0, 4, 1, 5), "text": "10\ny = 20"},
        {"range": between(3, 0, 9, 9), "text": "y\n"},
    )
    report = await document.execute()
    assert ["", "", "30", "20"] == [outputs(result) for result in report["results"]]


async def test_changed_module_of_the_project(editor: Editor, tmp_path: Path) -> None:
    """After editing an imported module the old results would still look current."""
    module = tmp_path / "ours.py"
    module.write_text("N = 1\n")
    document = editor.open(tmp_path / "main.py", "1\nimport ours\nours.N\n")
    report = await document.execute()
    assert "1" == outputs(report["results"][2])
    module.write_text("N = 2 + 0\n")
    report = await document.execute(scope="stale")
    assert "2" == outputs(report["results"][2])
    assert {False} == {stale for _, stale in shown(await document.results()).values()}


IMPORTS = {
    "import": "import slow\nslow.N\n",
    "from": "from slow import N\nN\n",
    "by name": "from importlib import *; slow = import_module('slow')\nslow.N\n",
    "in a package": "import package.inner\npackage.inner.N\n",
    "in a function": "def load():\n    import slow\n    return slow.N\nload()\nload()\n",
    "twice": "import slow; import slow\nslow.N\nimport slow\nslow.N\n",
    "one in the other": "import outer\nouter.slow.N\n",
    "reloaded": "import importlib, slow\nslow = importlib.reload(slow)\nslow.N\n",
}


IMPORTING = {*(text.partition("\n")[0] for text in IMPORTS.values()), "load()"} - {"def load():"}
"""The lines that import the module that takes its time."""


@pytest.mark.parametrize("text", IMPORTS.values(), ids=IMPORTS)
async def test_looked_at_while_it_imports(editor: Editor, tmp_path: Path, text: str) -> None:
    """A question in the middle of an import of the project's would make its results stale for good."""
    go = tmp_path / "go"
    slow = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\nN = 5\n"
    (tmp_path / "slow.py").write_text(slow)
    (tmp_path / "outer.py").write_text("import slow\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "inner.py").write_text(slow)
    document = editor.open(tmp_path / "main.py", "1\n" + text)
    run = document.start()
    first = 1 + next(n for n, line in enumerate(text.splitlines(), 1) if line in IMPORTING)
    await document.running(first)
    await document.hints()
    await document.results()
    await document.hover(1)
    go.touch()
    report = await editor.reply(run)
    assert "5" == outputs(report["results"][-1])
    assert {False} == {stale for _, stale in shown(await document.results()).values()}
    report = await document.execute(scope="stale")
    assert "kept" == report["wayBack"]["kind"]


async def test_lines_put_below_what_runs(editor: Editor, tmp_path: Path) -> None:
    """A statement that is the same before and after an edit would be looked for for ever."""
    flag = tmp_path / "flag"
    text = f"import os\nwhile not os.path.exists({str(flag)!r}): pass\n3 + 4\n"
    document = editor.open(tmp_path / "loop.py", text)
    run = document.start()
    await document.running(2)
    document.replace(text + "x = 5\n")
    document.replace("\n" + text + "\n# more\n")
    flag.touch()
    report = await editor.reply(run)
    assert ["ok", "ok", "ok"] == [result["status"] for result in report["results"]]
    assert {4: ("7", False)} == {n: s for n, s in shown(await document.results()).items() if n == 4}


async def test_script_is_no_module_of_its_own(editor: Editor, tmp_path: Path) -> None:
    """`multiprocessing` has the script under a second name; saving it would make all of it stale."""
    file = tmp_path / "main.py"
    text = "import multiprocessing\n1 + 1\n"
    file.write_text(text)
    document = editor.open(file, text)
    await document.execute()
    file.write_text(text + "\n")
    report = await document.execute(scope="stale")
    assert {"kind": "kept"} == report["wayBack"]


async def test_text_replaced_while_closed(editor: Editor, tmp_path: Path) -> None:
    """A document that is closed and opened again would show as right what is of another text."""
    document = editor.open(tmp_path / "again.py", "1\n")
    await document.execute()
    document.close()
    again = editor.open(tmp_path / "again.py", "2\n", version=7)
    assert ["edited since it ran"] == [each["staleReason"] for each in await again.results()]
    assert "2" == outputs((await again.execute(version=7))["results"][0])


async def test_traceback_moves_with_its_statement(editor: Editor, tmp_path: Path) -> None:
    """An error that is still fresh would speak of lines where other code is now."""
    document = editor.open(tmp_path / "moved.py", "def f():\n    1 / 0\n\nf()\n")
    await document.execute()
    document.change(insertion(0, 0, "# one\n# two\n"))
    (_, result) = await document.results()
    assert not result.get("stale", False)
    (error,) = result["output"]
    assert [6, 4] == [frame["line"] for frame in error["frames"]]
    assert "line 6, in <module>" in error["text"]
    assert "line 4, in f" in error["text"]
    document.change(insertion(3, 0, "    # within f\n"))
    (_, result) = await document.results()
    assert [7, 5] == [frame["line"] for frame in result["output"][0]["frames"]]
    document.replace("def f():\n    1 / 0\n\nf()\n")
    (_, result) = await document.results()
    assert [4, 2] == [frame["line"] for frame in result["output"][0]["frames"]]


async def test_warning_moves_with_its_statement(editor: Editor, tmp_path: Path) -> None:
    """What a function warned of would be marked where other code is now."""
    text = "import warnings\ndef f():\n    warnings.warn('mind')\n\nf()\n"
    document = editor.open(tmp_path / "warned.py", text)
    await document.execute()
    document.replace("# one\n" + text)
    marked = await editor.wait_for(
        "textDocument/publishDiagnostics",
        lambda p: bool(p["diagnostics"]) and p["diagnostics"][0]["range"]["start"]["line"] == 3,
    )
    assert "UserWarning: mind" == marked["diagnostics"][0]["message"]


async def test_an_error_moves_with_its_statement(editor: Editor, tmp_path: Path) -> None:
    """The red line would stay behind when lines are put in above it."""
    document = editor.open(tmp_path / "moves.py", "x = 1\n1 / 0\n")
    await document.execute()
    document.replace("# one\n# two\nx = 1\n1 / 0\n")
    marked = await editor.wait_for(
        "textDocument/publishDiagnostics",
        lambda p: bool(p["diagnostics"]) and p["diagnostics"][0]["range"]["start"]["line"] == 3,
    )
    assert "ZeroDivisionError: division by zero" == marked["diagnostics"][0]["message"]


async def test_display_that_a_later_statement_updates(editor: Editor, tmp_path: Path) -> None:
    """A display would go on showing what a statement made of it that is gone or edited since."""
    text = "h = display('a', display_id=True)\nh.update('b')\n"
    document = editor.open(tmp_path / "updates.py", text)

    async def first() -> tuple[str, str | None]:
        result = (await document.results())[0]
        return outputs(result), result.get("staleReason")

    await document.execute(scope="toHere", position={"line": 0, "character": 0})
    await editor.request("rdit/checkpoint", {"uri": document.uri})
    assert ("'a'", None) == await first()
    report = await document.execute(scope="stale")
    assert "'b'" == outputs(report["results"][0])
    assert ("'b'", None) == await first()
    document.replace(text.splitlines()[0] + "\n")
    assert ("'a'", None) == await first()
    document.replace(text)
    assert ("'b'", None) == await first()
    document.replace(text.replace("'b'", "'c'"))
    assert ("'b'", "line 2 below, which has changed it, is stale") == await first()
    report = await document.execute(scope="stale")
    assert ["'c'", ""] == [outputs(result) for result in report["results"]]
    assert ("'c'", None) == await first()
    if report["wayBack"]["kind"] == "checkpoint":  # Otherwise both have run.
        assert report["results"][0]["reused"]


async def test_unsaved_source_is_what_programs_see(editor: Editor, tmp_path: Path) -> None:
    """Tracebacks and `inspect` would show the lines of the file, which are others."""
    head = "import sys\n'linecache' in sys.modules\nimport inspect\n"
    document = editor.open(tmp_path / "unsaved.py", "# nothing\n" * 9)
    for number in (1, 2, 3):
        document.replace(f"{head}def f(): return {number}  # {number}\ninspect.getsource(f)\n")
        report = await document.execute(scope="stale" if number > 1 else "file")
        found = values(report)
        assert repr(f"def f(): return {number}  # {number}\n") == found[-1]
        assert "False" == found[1]
    document.replace(
        "import traceback\ntry: 1 / 0  # here\nexcept Exception: traceback.print_exc()\n"
    )
    assert "1 / 0  # here" in values(await document.execute())[1]

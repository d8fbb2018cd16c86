"""What an editor without any rdit client shows: hints, diagnostics, hover, actions and lenses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

import pytest
from support.editor import Kind, between, insertion, outputs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor
    from support.lsp_client import Json

EDITORS = {
    "neovim": Kind("neovim"),
    "vscode": Kind("visual_studio_code"),
    "emacs": Kind("emacs", ("utf-32", "utf-8", "utf-16")),
    "helix": Kind("neovim", ("utf-8", "utf-32", "utf-16")),
}
UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
WIDTHS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@pytest.fixture(params=EDITORS)
async def any_editor(
    request: pytest.FixtureRequest, editor_of: Callable[[Kind], Awaitable[Editor]]
) -> Editor:
    """Each real editor's capabilities in turn."""
    return await editor_of(EDITORS[request.param])


def encoding_of(editor: Editor) -> str:
    return editor.server["capabilities"].get("positionEncoding", "utf-16")


def length(text: str, encoding: str) -> int:
    """The length of a text in code units, worked out another way than the server does."""
    return len(text.encode(UNITS[encoding])) // WIDTHS[encoding]


async def test_encodings_are_those_that_were_offered_first(
    editor_of: Callable[[Kind], Awaitable[Editor]],
) -> None:
    """Columns after an emoji would be wrong in every editor whose encoding was not taken."""
    found = [encoding_of(await editor_of(kind)) for kind in EDITORS.values()]
    assert found == ["utf-8", "utf-16", "utf-32", "utf-8"]


async def test_hint_is_at_the_end_of_the_last_line(any_editor: Editor, tmp_path: Path) -> None:
    """A hint would be drawn inside the code, or at another statement."""
    lines = ['s = "é😀"; (s,', ' "😀", 1 +', " 2)  # 😀"]
    document = any_editor.open(tmp_path / "wide.py", "\n".join(lines) + "\n")
    await document.execute()
    encoding = encoding_of(any_editor)
    (hint,) = await document.hints()
    assert {"line": 2, "character": length(lines[2], encoding)} == hint["position"]
    assert hint["label"] == "→ ('é😀', '😀', 3)"


@pytest.mark.parametrize(
    "code",
    [
        "print('a\\nb\\nc')",
        "'a\\nb'.upper()",
        "class R:\n    def __repr__(self): return 'a\\r\\nb\\u2028c\\x0bd\\x0ce\\x1ef\\x85g'\n\nR()",
        "raise ValueError('a\\nb\\rc\\u2029d')",
        "print('\\x1b[31mred\\x1b[0m\\ta\\x00b\\x07')",
        "import os\nos.write(1, b'a\\xff\\nb\\r')",
        "import pydoc\npydoc",
        "print('x' * 10_000)",
    ],
)
async def test_hint_is_one_short_line(editor: Editor, tmp_path: Path, code: str) -> None:
    """A newline in a label breaks Helix's and Emacs' screens; control characters break others."""
    document = editor.open(tmp_path / "label.py", code + "\n")
    await document.execute()
    labels = (await document.labels()).values()
    assert len(labels) >= 1
    for label in labels:
        assert [c for c in label if category(c) in ("Cc", "Zl", "Zp")] == []
        assert len(label) <= 120


async def test_hints_of_a_range_only(editor: Editor, tmp_path: Path) -> None:
    """Helix asks for what it shows; it would get all hints of a long file at each scroll."""
    document = editor.open(tmp_path / "many.py", "".join(f"{n}\n" for n in range(100)))
    await document.execute()
    found = [hint["position"]["line"] for hint in await document.hints(10, 12)]
    assert [line for line in found if line < 12] == [10, 11]


async def test_nothing_is_shown_before_anything_has_run(any_editor: Editor, tmp_path: Path) -> None:
    """Opening a file would run it, or show something."""
    document = any_editor.open(tmp_path / "new.py", "open('made', 'w')\n1 / 0\n")
    assert await document.hints() == []
    assert None is await document.hover(0)
    assert ["new.py"] == [path.name for path in tmp_path.iterdir()]
    assert None is (await document.session())["pid"]


async def test_error_diagnostic(any_editor: Editor, tmp_path: Path) -> None:
    """An exception would not be marked where it was raised, or its callers could not be jumped to."""
    text = 'def f(x):\n    "é😀"; return 1 / x\n\n"é😀"; f(0)\n'
    document = any_editor.open(tmp_path / "fails.py", text)
    await document.execute()
    (diagnostic,) = await document.diagnostics()
    assert diagnostic["message"] == "ZeroDivisionError: division by zero"
    assert (diagnostic["severity"], diagnostic["source"]) == (1, "rdit")
    start = length('"é😀"; ', encoding_of(any_editor))
    assert {"line": 3, "character": start} == diagnostic["range"]["start"]
    assert {"line": 3, "character": start + 4} == diagnostic["range"]["end"]
    (related,) = diagnostic["relatedInformation"]
    assert document.uri == related["location"]["uri"]
    assert related["location"]["range"]["start"]["line"] == 1
    assert related["message"].startswith("in f: ")


async def test_diagnostics_of_another_module(editor: Editor, tmp_path: Path) -> None:
    """The frame inside an imported module would not be a place to jump to."""
    (tmp_path / "lib.py").write_text("def g():\n    raise KeyError('k')\n")
    document = editor.open(tmp_path / "main.py", "import lib\nlib.g()\n")
    await document.execute()
    (diagnostic,) = await document.diagnostics()
    assert diagnostic["range"]["start"]["line"] == 1
    (related,) = diagnostic["relatedInformation"]
    assert (tmp_path / "lib.py").as_uri() == related["location"]["uri"]
    assert related["location"]["range"]["start"]["line"] == 1


async def test_diagnostics_go_when_the_error_does(editor: Editor, tmp_path: Path) -> None:
    """A red line would stay after the code was mended."""
    document = editor.open(tmp_path / "mended.py", "1 / 0\n")
    await document.execute()
    await document.diagnostics()
    since = len(editor.inbox)
    document.replace("1 / 1\n")
    await document.execute()
    assert await document.diagnostics(lambda found: not found, since) == []


async def test_diagnostics_go_when_the_document_is_closed(editor: Editor, tmp_path: Path) -> None:
    """A red line would stay in the list of problems of a file that is not open any more."""
    document = editor.open(tmp_path / "closed.py", "1 / 0\n")
    await document.execute()
    await document.diagnostics()
    since = len(editor.inbox)
    document.close()
    assert await document.diagnostics(lambda found: not found, since) == []


async def test_warnings_are_diagnostics(editor: Editor, tmp_path: Path) -> None:
    """A deprecation would only be seen by those who read stderr."""
    text = "import warnings\n\nwarnings.warn('old 😀', DeprecationWarning)\n"
    document = editor.open(tmp_path / "warns.py", text)
    await document.execute()
    (diagnostic,) = await document.diagnostics()
    assert diagnostic["message"] == "DeprecationWarning: old 😀"
    assert (diagnostic["severity"], diagnostic["range"]["start"]["line"]) == (2, 2)


async def test_syntax_error_diagnostic(editor: Editor, tmp_path: Path) -> None:
    """A file that does not compile would not be marked at the error."""
    document = editor.open(tmp_path / "broken.py", "x = 1\ny = = 2\n")
    await document.execute()
    (diagnostic,) = await document.diagnostics()
    assert diagnostic["range"]["start"]["line"] == 1
    assert diagnostic["message"].startswith("SyntaxError: invalid syntax")


async def test_hover_has_the_whole_output(any_editor: Editor, tmp_path: Path) -> None:
    """Output that does not fit a hint could not be read in a plain editor."""
    document = any_editor.open(
        tmp_path / "hover.py", "for i in range(30):\n    print(i)\n\n'```'\n"
    )
    await document.execute()
    text = await document.hover(1)
    assert text is not None
    assert "".join(f"{i}\n" for i in range(30)) in text
    assert "fresh" in text
    assert text == await document.hover(0)
    assert "```" in (await document.hover(3) or "")
    assert None is await document.hover(2)


async def test_marks_stand_where_the_eye_looks(editor: Editor, tmp_path: Path) -> None:
    """The cross would stand five lines below the squiggle, and every line would repeat why it is stale."""
    loop = "n = 0\nfor t in ['1', 'b', '3']:\n    n += int(t)\n    if n > 9:\n        print('big')\nn\n"
    document = editor.open(tmp_path / "loop.py", loop)
    report = await document.execute(onError="continue")
    failed = report["results"][1]
    assert (2, 5, 3, "error") == tuple(
        failed[k] for k in ("lineStart", "lineEnd", "markLine", "look")
    )
    assert (await document.labels())[2].startswith("✗ ValueError: invalid literal")
    document.change(insertion(0, 0, "# above\n"))
    assert (await document.labels())[3].startswith("✗ ValueError: invalid literal")
    document.change({"range": between(1, 0, 1, 5), "text": "n = 1"})
    labels = await document.labels()
    assert labels[1] == "~ (stale: edited since it ran)"
    assert labels[3].startswith("~ ValueError")
    assert "stale" not in labels[3]
    causes = [result.get("isCause", False) for result in await document.results()]
    assert [True, False, False] == causes


async def test_what_was_just_run_is_not_old(editor: Editor, tmp_path: Path) -> None:
    """Who runs one statement sees the newest value on the screen called stale, or its error not red."""
    document = editor.open(tmp_path / "one.py", "import math\nx = 3\nx * 2\nmath.pi\n")
    for line in (1, 2, 3):
        await document.execute(scope="statement", position={"line": line, "character": 0})
    assert ["notRun", "outOfOrder", "outOfOrder", "error"] == [
        result["look"] for result in await document.results()
    ]
    labels = await document.labels()
    assert "↷ 6 (out of order)" == labels[2]
    assert labels[3].startswith("✗ NameError")
    assert 0 not in labels, "that it has not run is no news"
    document.change({"range": between(2, 0, 2, 5), "text": "x * 3"})
    assert "stale" == (await document.results())[2]["look"]


async def test_hover_says_why_it_is_stale(editor: Editor, tmp_path: Path) -> None:
    """A stale result could not be told from a fresh one, or would not say why it is stale."""
    document = editor.open(tmp_path / "why.py", "x = 1\nx + 1\n")
    await document.execute()
    document.replace("x = 2\nx + 1\n")
    assert "stale: edited since it ran" in (await document.hover(0) or "")
    assert "stale: line 1 above was edited" in (await document.hover(1) or "")
    labels = await document.labels()
    assert {0: "~ (stale: edited since it ran)", 1: "~ 2"} == labels


async def test_actions_carry_every_run(any_editor: Editor, tmp_path: Path) -> None:
    """A command would be out of reach in an editor that knows only LSP."""
    document = any_editor.open(tmp_path / "actions.py", "# %%\n1\n2\n")
    commands = [action["command"] for action in await document.actions(1, 2, only=["source.rdit"])]
    scopes = {c["arguments"][0].get("scope") for c in commands if c["command"] == "rdit/execute"}
    assert {"statement", "stale", "toHere", "file", "fromHere", "range", "cell"} == scopes
    others = {c["command"] for c in commands} - {"rdit/execute"}
    assert {"rdit/reset"} <= others


async def test_actions_can_be_carried_out_as_given(editor: Editor, tmp_path: Path) -> None:
    """An action would be refused, or do something else than its title says."""
    document = editor.open(tmp_path / "actions.py", "# %%\nx = 1\nx\nx + 1\n")
    found = {}
    for action in await document.actions(2, 3, only=["source.rdit"]):
        reply = await execute(editor, action)
        found[action["title"]] = (
            [result["lineStart"] for result in reply["results"]] if "results" in reply else reply
        )
    assert found == {
        "rdit: Run the selected lines": [3, 4],
        "rdit: Run this cell": [2, 3, 4],
        "rdit: Run this statement": [3],
        "rdit: Update: run what is stale": [2, 3, 4],
        "rdit: Run to here": [2, 3],
        "rdit: Run the file": [2, 3, 4],
        "rdit: Run from here on": [3, 4],
        "rdit: Reset: empty namespace": {"status": "ok"},
    }


async def test_actions_are_of_the_kind_that_was_asked_for(editor: Editor, tmp_path: Path) -> None:
    """Running code would be offered as a quick fix, or on "organize imports"."""
    document = editor.open(tmp_path / "actions.py", "1\n")
    assert await document.actions(0, only=["quickfix"]) == []
    assert await document.actions(0, only=["source.organizeImports"]) == []
    assert await document.actions(0, only=["source"]) != []
    assert await document.actions(0, only=["source.rdit"]) != []


async def test_lenses_can_be_carried_out_as_given(editor: Editor, tmp_path: Path) -> None:
    """A click on a lens would do nothing, or run something else."""
    document = editor.open(tmp_path / "lenses.py", "x = 1\n@str\ndef f(): pass\n\nx\n")
    lenses = await document.lenses()
    assert [lens["range"]["start"]["line"] for lens in lenses] == [0, 1, 4]
    replies = [await execute(editor, lens) for lens in lenses]
    assert [[r["lineStart"] for r in reply["results"]] for reply in replies] == [[1], [2], [5]]
    document.replace("# %%\n1\n# %%\n2\n")
    lenses = await document.lenses()
    assert [lens["range"]["start"]["line"] for lens in lenses] == [0, 2]
    assert outputs((await execute(editor, lenses[1]))["results"][0]) == "2"


async def test_plain_editor_is_asked_to_refresh(
    editor_of: Callable[[Kind], Awaitable[Editor]], tmp_path: Path
) -> None:
    """New results would not be drawn until the next key."""
    editor = await editor_of(EDITORS["neovim"])
    document = editor.open(tmp_path / "refresh.py", "1 + 1\n")
    await document.execute()
    await editor.wait_for("workspace/inlayHint/refresh")
    assert await document.labels() == {0: "→ 2"}
    # Neovim 0.12 may draw the old ones again between a refresh and its own request.
    await editor.wait_for("workspace/inlayHint/refresh", since=editor.replied)


async def test_reused_results_say_so(editor: Editor, tmp_path: Path) -> None:
    """A result from an earlier run would look as if it had just run."""
    document = editor.open(tmp_path / "reused.py", "1\n")
    await document.execute()
    document.replace("1\n2\n")
    await document.execute(scope="stale")
    labels = await document.labels()
    assert "reused" in labels[0]
    assert "reused" not in labels[1]
    assert "reused" in (await document.hover(0) or "")


async def test_crash_is_one_sentence(editor: Editor, tmp_path: Path) -> None:
    """A segfault would leave the user without a reason, or take earlier results with it."""
    text = "x = 1\nx\nimport os, signal\nos.kill(\n  os.getpid(), signal.SIGSEGV)\nx\n"
    document = editor.open(tmp_path / "crash.py", text)
    report = await document.execute()
    assert report["status"] == "crashed"
    assert report["results"][3]["exitCode"] == -11
    (diagnostic,) = await document.diagnostics()
    sentence = "Python was killed by signal 11 at lines 4–5."
    assert sentence == diagnostic["message"]
    assert f"✗ {sentence}" == (await document.labels())[4]
    found = {r["lineStart"]: r.get("stale", False) for r in await document.results()}
    assert {n: s for n, s in found.items() if n < 4} == {1: True, 2: True, 3: True}
    document.replace("x = 1\nx\n")
    assert (await document.execute(scope="stale"))["status"] == "ok"


async def execute(editor: Editor, action: Json) -> Json:
    """Carry out an action or a lens as an editor does."""
    command = action["command"]
    assert len(command["arguments"]) == 1
    return await editor.command(command["command"], command["arguments"][0])

"""What makes no sense gets one clear error, and the next request works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.editor import Kind, insertion, outputs
from support.lsp_client import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from support.editor import Editor, OpenDocument
    from support.lsp_client import Json

INVALID_PARAMS = -32602


@pytest.fixture
def document(editor: Editor, tmp_path: Path) -> OpenDocument:
    return editor.open(tmp_path / "good.py", "1\n2\n3\n")


async def refused(editor: Editor, name: str, argument: object) -> str:
    """The message of the error that a command gets, by either door."""
    messages = []
    for plain in (False, True):
        with pytest.raises(RpcError) as error:
            await editor.command(name, argument, plain=plain)
        assert INVALID_PARAMS == error.value.code
        messages.append(error.value.message)
    assert messages[0] == messages[1]
    assert "\n" not in messages[0]
    assert "Traceback" not in messages[0]
    return messages[0]


async def still_works(document: OpenDocument) -> None:
    assert "1" == outputs((await document.execute())["results"][0])


@pytest.mark.parametrize("name", ["execute", "interrupt", "reset", "status", "results"])
async def test_unknown_documents(document: OpenDocument, name: str, tmp_path: Path) -> None:
    """A command for a document that is not open would fail without a reason, or run a file."""
    for uri in ((tmp_path / "never.py").as_uri(), "untitled:Untitled-7", "nonsense", "file:///"):
        message = await refused(document.editor, f"rdit/{name}", {"uri": uri})
        assert message.endswith("is not open in the editor.")
    await still_works(document)


async def test_closed_document(editor: Editor, document: OpenDocument) -> None:
    """A document would live on after it was closed."""
    await document.execute()
    document.close()
    message = await refused(editor, "rdit/execute", {"uri": document.uri})
    assert "good.py is not open in the editor." == message
    assert [] == await document.hints()
    assert None is await document.hover(0)
    assert [] == await document.actions()
    assert [] == await document.lenses()
    document.change({"text": "4\n"})
    (kept,) = [each for each in await editor.status() if each["uri"] == document.uri]
    assert ([], True) == (kept["clients"], "detachedSince" in kept)


async def test_untitled_document(editor: Editor) -> None:
    """A document that has never been saved could not be run."""
    document = editor.open("untitled:Untitled-1", "__name__\nimport os\n1 / 0\n")
    report = await document.execute()
    assert "'__main__'" == outputs(report["results"][0])
    assert "line 3, in <module>" in outputs(report["results"][2])
    (diagnostic,) = await document.diagnostics()
    assert 2 == diagnostic["range"]["start"]["line"]


WRONG: list[tuple[Json, str]] = [
    ({"scope": "everything"}, "scope"),
    ({"scope": 3}, "scope"),
    ({"scope": "statement"}, "needs a position or a lineRange"),
    ({"scope": "range"}, "needs a position or a lineRange"),
    ({"scope": "toHere"}, "needs a position or a lineRange"),
    ({"lineRange": [1, 2]}, "lineRange"),
    ({"lineRange": {"from": 1}}, "lineRange"),
    ({"lineRange": {"from": "1", "to": "2"}}, "lineRange"),
    ({"lineRange": {"from": True, "to": 2}}, "lineRange"),
    ({"lineRange": {"from": 2, "to": 1}}, "backwards"),
    ({"lineRange": {"from": 9, "to": 12}}, "outside the document, which has 4 lines"),
    ({"lineRange": {"from": 0, "to": 1}}, "lines count from 1"),
    ({"lineRange": {"from": -5, "to": -1}}, "lines count from 1"),
    ({"scope": "statement", "position": 3}, "position"),
    ({"scope": "statement", "position": {"line": "0"}}, "position"),
    ({"scope": "statement", "position": {"line": 99, "character": 0}}, "outside the document"),
    ({"scope": "cell", "position": {"line": 99, "character": 0}}, "outside the document"),
    ({"scope": "fromHere", "position": {"line": 3, "character": 0}}, "no statement at line 4"),
    ({"onError": "panic"}, "onError"),
    ({"timeout": 0}, "timeout"),
    ({"timeout": "5"}, "timeout"),
    ({"timeout": True}, "timeout"),
    ({"env": ["A=1"]}, "env"),
    ({"env": {"A": 1}}, "env"),
    ({"env": {"": "x"}}, "env"),
    ({"env": {"A=B": "x"}}, "env"),
    ({"env": {"A": "x\0y"}}, "env"),
    ({"fresh": "yes"}, "fresh"),
    ({"version": "1"}, "version"),
    ({"transactionPolicy": "maybe"}, "transactionPolicy"),
]


@pytest.mark.parametrize(("params", "part"), WRONG, ids=[str(p) for p, _ in WRONG])
async def test_wrong_arguments_of_execute(document: OpenDocument, params: Json, part: str) -> None:
    """A mistake in a client would look like a bug of the server, or hang it."""
    argument = {"uri": document.uri, **params}
    assert part in await refused(document.editor, "rdit/execute", argument)
    await still_works(document)


@pytest.mark.parametrize("name", ["execute", "interrupt", "reset", "results"])
@pytest.mark.parametrize(
    "argument", [None, 3, "x", [], {}, {"uri": None}, {"uri": 3}, {"uri": ["a"]}], ids=str
)
async def test_wrong_arguments(document: OpenDocument, name: str, argument: object) -> None:
    """An argument of another type than an object with a uri would get no clear answer."""
    await refused(document.editor, f"rdit/{name}", argument)
    await still_works(document)


async def test_too_many_arguments(document: OpenDocument) -> None:
    """Unknown arguments would be dropped without a word."""
    uri = {"uri": document.uri}
    params = {"command": "rdit/execute", "arguments": [uri, uri]}
    with pytest.raises(RpcError) as error:
        await document.editor.request("workspace/executeCommand", params)
    assert INVALID_PARAMS == error.value.code
    assert "one object is expected as argument." == error.value.message


async def test_unknown_commands_and_methods(document: OpenDocument) -> None:
    """A newer client than the server would wait for an answer for ever."""
    editor = document.editor
    with pytest.raises(RpcError):
        await editor.request("workspace/executeCommand", {"command": "rdit/nothing"})
    with pytest.raises(RpcError) as error:
        await editor.request("rdit/nothing", {})
    assert -32601 == error.value.code
    editor.notify("rdit/nothing", {"a": 1})
    editor.notify("$/nothing", {"a": 1})
    await still_works(document)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", {}),
        ("textDocument/hover", {"textDocument": {"uri": 3}, "position": None}),
        ("textDocument/inlayHint", {"textDocument": {"uri": "file:///x.py"}}),
        ("textDocument/codeAction", None),
        ("workspace/executeCommand", {}),
        ("workspace/executeCommand", {"command": 3}),
    ],
)
async def test_malformed_lsp_requests(document: OpenDocument, method: str, params: Json) -> None:
    """A request of the wrong shape would never be answered."""
    with pytest.raises(RpcError):
        await document.editor.request(method, params)
    await still_works(document)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didChange", {"textDocument": {"uri": "file:///x.py"}}),
        ("textDocument/didOpen", {}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///never.py"}}),
        ("textDocument/didSave", {"textDocument": {"uri": "file:///never.py"}}),
        ("workspace/didChangeConfiguration", {"settings": 3}),
        ("workspace/didChangeConfiguration", {"settings": None}),
        ("window/workDoneProgress/cancel", {"token": "nobody's"}),
        ("$/cancelRequest", {"id": 99_999}),
        ("$/cancelRequest", {}),
        ("$/setTrace", {"value": "verbose"}),
    ],
)
async def test_malformed_notifications(document: OpenDocument, method: str, params: Json) -> None:
    """A notification that makes no sense would stop the server."""
    document.editor.notify(method, params)
    await still_works(document)


@pytest.mark.parametrize(
    ("line", "character"), [(99, 0), (0, 99), (99, 99), (3, 5), (2**31 - 1, 2**31 - 1)]
)
async def test_positions_outside(document: OpenDocument, line: int, character: int) -> None:
    """A cursor beyond the text would be an error in the editor's log at every move."""
    await document.execute()
    await document.hover(line, character)
    await document.actions(line)
    document.change(insertion(line, character, "\n4\n"))
    assert "ok" == (await document.execute())["status"]


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n\n", "# only\n# comments", "   ", "\x0c", "\ufeff", "'''doc'''"]
)
async def test_nothing_to_run(editor: Editor, tmp_path: Path, text: str) -> None:
    """An empty file would be an error."""
    document = editor.open(tmp_path / "empty.py", text)
    for scope in ("file", "stale"):
        report = await document.execute(scope=scope)
        assert "ok" == report["status"]
        assert (1 if "doc" in text else 0) == len(report["results"])
    assert [] == [s for s in await editor.status() if s["state"] != "idle"]


async def test_50_000_lines(editor_of: Callable[[Kind], Awaitable[Editor]], tmp_path: Path) -> None:
    """A long file would take longer than anybody waits."""
    editor = await editor_of(Kind())
    body = "".join(f"    {n}\n" for n in range(49))
    text = "".join(f"def f{n}():\n{body}" for n in range(1000))
    document = editor.open(tmp_path / "long.py", text + "f999")
    report = await editor.reply(document.start(scope="stale"), limit=60)
    assert ("ok", 1001) == (report["status"], len(report["results"]))
    document.change(insertion(50_000, 4, ".__name__"))
    report = await document.execute(scope="statement", position={"line": 50_000, "character": 0})
    assert "'f999'" == outputs(report["results"][0])
    assert [50_000] == [hint["position"]["line"] for hint in await document.hints(49_990, 50_000)]


async def test_a_directory(editor: Editor, tmp_path: Path) -> None:
    """A uri that is a folder's would crash the server."""
    folder = tmp_path / "folder.py"
    folder.mkdir()
    document = editor.open(folder.as_uri(), "1\n")
    assert "1" == outputs((await document.execute())["results"][0])


async def test_unreadable_file(editor: Editor, tmp_path: Path) -> None:
    """The text is the editor's: that the file cannot be read must not matter."""
    path = tmp_path / "secret.py"
    document = editor.open(path, "1 / 0\n")
    path.chmod(0)
    report = await document.execute()
    assert "ZeroDivisionError" in outputs(report["results"][0])
    assert "1 / 0" in outputs(report["results"][0])


async def test_folder_without_write_permission(editor: Editor, tmp_path: Path) -> None:
    """Running a file in a folder that cannot be written to would fail."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    document = editor.open(folder / "a.py", "1\n")
    folder.chmod(0o555)
    assert "1" == outputs((await document.execute())["results"][0])
    folder.chmod(0o755)


async def test_deleted_working_directory(editor: Editor, tmp_path: Path) -> None:
    """A folder that is gone would give an error that explains nothing, or break the session."""
    folder = tmp_path / "gone"
    folder.mkdir()
    document = editor.open(folder / "a.py", "1\n")
    (folder / "a.py").unlink()
    folder.rmdir()
    with pytest.raises(RpcError) as error:
        await document.execute()
    expected = f"a.py cannot be run: the working directory {folder} does not exist."
    assert expected == error.value.message
    folder.mkdir()
    assert "1" == outputs((await document.execute())["results"][0])


async def test_working_directory_deleted_by_the_program(editor: Editor, tmp_path: Path) -> None:
    """The next run would not find its way back."""
    text = "import os, shutil\nshutil.rmtree(os.getcwd())\n1 / 0\n"
    folder = tmp_path / "gone"
    folder.mkdir()
    document = editor.open(folder / "a.py", text)
    report = await document.execute()
    assert ["ok", "ok", "error"] == [result["status"] for result in report["results"]]
    folder.mkdir()
    document.replace("1\n")
    assert "1" == outputs((await document.execute())["results"][0])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda venv: None, "bin/python does not exist."),
        (lambda venv: (venv / "bin" / "python").symlink_to("/no/where"), "points to /no/where"),
        (lambda venv: (venv / "bin" / "python").write_text("#!/bin/sh\n"), "is not executable."),
        (lambda venv: script(venv, "exit 3"), "ended with 3 before it could run anything."),
        (lambda venv: script(venv, "echo no lib >&2; exit 1"), "before it could run anything: no"),
        (lambda venv: script(venv, "kill -9 $$"), "was killed by signal 9"),
    ],
    ids=["missing", "dangling", "not executable", "exits", "says why", "killed"],
)
async def test_broken_virtual_environment(
    editor: Editor, tmp_path: Path, make: Callable[[Path], object], expected: str
) -> None:
    """A virtual environment that does not work would give an error that explains nothing."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    make(tmp_path / ".venv")
    document = editor.open(tmp_path / "a.py", "1\n")
    with pytest.raises(RpcError) as error:
        await document.execute()
    assert error.value.message.startswith("a.py cannot be run: ")
    assert expected in error.value.message
    assert "\n" not in error.value.message
    with pytest.raises(RpcError):
        await document.execute(scope="statement", position={"line": 0, "character": 0})
    (tmp_path / ".venv").rename(tmp_path / "venv-that-was")
    assert "1" == outputs((await document.execute())["results"][0])


def script(venv: Path, command: str) -> None:
    """Make the interpreter of `venv` a shell script."""
    python = venv / "bin" / "python"
    python.write_text(f"#!/bin/sh\n{command}\n")
    python.chmod(0o755)


async def test_wrong_settings(own: Callable[..., Awaitable[Editor]], tmp_path: Path) -> None:
    """A mistake in a setting would be passed over, or would not be named."""
    editor = await own()
    document = editor.open(tmp_path / "a.py", "1\n")
    for settings, part in (
        ({"python": ""}, "python = '' in the editor's settings is wrong"),
        ({"python": "no-such-python"}, "no-such-python, set in the editor's settings"),
        ({"cwd": 3}, "cwd = 3"),
        ({"args": "a b"}, "args = 'a b'"),
        ({"env": {"A": []}}, "env"),
        ({"cwd": "/no/such/folder"}, "the working directory /no/such/folder does not exist."),
    ):
        editor.notify("workspace/didChangeConfiguration", {"settings": {"rdit": settings}})
        with pytest.raises(RpcError) as error:
            await document.execute()
        assert part in error.value.message
    editor.notify("workspace/didChangeConfiguration", {"settings": {"rdit": {"runOn": "command"}}})
    await still_works(document)
    (tmp_path / "pyproject.toml").write_text("[tool.rdit\n")
    with pytest.raises(RpcError) as error:
        await document.execute()
    assert "pyproject.toml is not valid TOML" in error.value.message


async def test_syntax_error_refuses_the_whole_file(editor: Editor, tmp_path: Path) -> None:
    """Half of a broken file would run, or its error would not be the one Python reports."""
    path = tmp_path / "broken.py"
    text = f"open({str(tmp_path / 'ran')!r}, 'w')\nx = 1\nif x = 1:\n    pass\nx + 1\n"
    document = editor.open(path, text)
    for scope in ("file", "stale"):
        report = await document.execute(scope=scope)
        assert "error" == report["status"]
        (result,) = report["results"]
        assert (-1, 3, 3, "error") == tuple(
            result[key] for key in ("nodeIndex", "lineStart", "lineEnd", "status")
        )
        (error,) = result["output"]
        assert "SyntaxError" == error["name"]
        assert error["text"].startswith(f'  File "{path}", line 3\n    if x = 1:\n')
    assert False is (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "text", ["1\nreturn\n", "1\nfrom __future__ import braces\n", "x = 1\nnonlocal x\n"]
)
async def test_what_only_the_compiler_finds(editor: Editor, tmp_path: Path, text: str) -> None:
    """`python FILE` runs nothing of such a file."""
    document = editor.open(tmp_path / "compiler.py", text)
    report = await document.execute()
    assert [(-1, "error")] == [(r["nodeIndex"], r["status"]) for r in report["results"]]
    assert {2} == {result["lineStart"] for result in report["results"]}


async def test_statements_elsewhere_run_despite_a_syntax_error(
    editor: Editor, tmp_path: Path
) -> None:
    """One broken line would stop work on all others."""
    document = editor.open(tmp_path / "broken.py", "x = 1\ndef f(:\n    pass\nx + 1\n'''open\n")
    for line, expected in ((0, ""), (3, "2")):
        report = await document.execute(scope="statement", position={"line": line, "character": 0})
        assert ("ok", expected) == (report["status"], outputs(report["results"][0]))
    assert (await document.labels())[3] == "↷ 2 (out of order)"
    report = await document.execute(scope="statement", position={"line": 1, "character": 0})
    assert "error" == report["status"]
    assert "SyntaxError" in outputs(report["results"][0])


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "[" * 5000 + "]" * 5000, "-" * 100_000 + "1", "x" * 10**6]
)
async def test_source_that_breaks_parsers(editor: Editor, tmp_path: Path, text: str) -> None:
    """Deeply nested source would crash the server, or the worker without a word."""
    document = editor.open(tmp_path / "deep.py", f"1\n{text}\n")
    report = await document.execute()
    assert "error" == report["status"]
    document.replace("1\n")
    await still_works(document)


async def test_text_that_is_not_unicode(editor: Editor, tmp_path: Path) -> None:
    """Lone surrogates and NUL, which JSON can carry, would break the server."""
    document = editor.open(tmp_path / "odd.py", "1\n")
    document.replace("'\ud800'\n1 + 1\n")
    await document.execute()
    document.replace("1\0\n")
    report = await document.execute()
    assert "error" == report["status"]
    document.replace("1\n")
    await still_works(document)


async def test_messages_in_pieces(document: OpenDocument) -> None:
    """A message that arrives byte by byte would be misread."""
    editor = document.editor
    body = b'{"jsonrpc": "2.0", "id": "a string \\u00e9", "method": "rdit/status", "params": null}'
    editor.expect("a string é")
    for byte in b"Content-Length: %d\r\n\r\n%b" % (len(body), body):
        editor.send_bytes(bytes([byte]))
    assert "ok" == (await editor.reply("a string é"))["status"]


def test_running_as_root_hides_permissions() -> None:
    """The permission tests above say little where everything may be read."""
    if os.geteuid() == 0:
        pytest.skip("root may read every file: unreadable ones were not tried")

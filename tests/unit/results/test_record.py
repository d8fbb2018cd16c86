"""Results that come back from a record: those that are right for another text, and no others."""

from __future__ import annotations

import ast
import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.results import document, end, ran_well, reasons, replace_text, result_at, views

from rdit_lsp.document.project_files import Lookup
from rdit_lsp.document.state_keys import OFF_PATH
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure, Frame
from rdit_lsp.outputs.stream import HELD, Stream, StreamBuffer
from rdit_lsp.results import record_codec
from rdit_lsp.results.line_references import LineReferences
from rdit_lsp.results.record import MOST, Record, bring_back, record_of
from rdit_lsp.results.record_codec import LARGEST, LARGEST_RESULT, RecordError, decode, encode
from rdit_lsp.results.results import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.result import Captured, Result

URI = "file:///d.py"


def recorded(results: Results) -> Record:
    """Their record."""
    record = asyncio.run(record_of(results))
    assert record is not None
    return record


def written(results: Results) -> bytes:
    """The bytes of their record."""
    return encode(URI, recorded(results))


def reopened(results: Results, text: str | None = None) -> Results:
    """The results after the document was closed, and opened again with this text."""
    found = Results(document(results.document.text if text is None else text))
    bring_back(decode(URI, written(results)), found)
    return found


def keep(*captured: Captured, **fields: object) -> Result:
    """A result with these outputs as it is when it was kept and came back."""
    results = ran_well("x")
    kept = result_at(results, 0)
    kept.captured = [*captured]
    for name, value in fields.items():
        setattr(kept, name, value)
    return result_at(reopened(results), 0)


# What is right.

MEANINGS = ("a = 1", "a = 2", "b", "b;", "f(a, b)", "a = (\n    1)", "a = 1  # one", "f(a,b)")
TEXTS = st.lists(st.sampled_from(MEANINGS), max_size=6).map("\n".join)


def history(texts: Sequence[str]) -> str:
    """What a program has done that has run statements with these texts: their output, in these tests."""
    return " then ".join(f"{ast.dump(ast.parse(text))}{text.endswith(';')}" for text in texts)


def run(results: Results, up_to: int) -> None:
    """Run the document from the top, up to a statement."""
    statements = results.document.statements
    for index in range(min(up_to, len(statements))):
        result = end(results, index)
        told = history([statement.text for statement in statements[: index + 1]])
        result.captured = [Display("result", {"text/plain": told})]


@given(st.lists(st.tuples(TEXTS, st.integers(0, 6)), min_size=1, max_size=4), TEXTS)
def test_what_is_right_is_what_a_clean_run_gives(
    versions: list[tuple[str, int]], text: str
) -> None:
    """After an edit while the document was closed, a result would be shown that is of other code."""
    results = Results(document(versions[0][0]))
    for version, up_to in versions:
        replace_text(results, version)
        run(results, up_to)
    if not results:
        return
    found = reopened(results, text)
    texts = [statement.text for statement in found.document.statements]
    for view in views(found):
        if view.status == "ok" and view.stale_reason is None:
            assert history(texts[: view.index + 1]) == view.outputs[0].text
        assert view.restored is (view.status != "notRun")


@given(st.lists(st.tuples(TEXTS, st.integers(0, 6)), min_size=1, max_size=4))
def test_what_was_right_comes_back(versions: list[tuple[str, int]]) -> None:
    """A document would lose results by being closed and opened."""
    results = Results(document(versions[0][0]))
    for version, up_to in versions:
        replace_text(results, version)
        run(results, up_to)
    if not results:
        return
    for before, after in zip(views(results), views(reopened(results)), strict=True):
        if before.status == "ok" and before.stale_reason is None:
            assert (before.outputs, None) == (after.outputs, after.stale_reason)


def test_an_edit_while_it_was_closed_makes_stale_what_is_below() -> None:
    """Results would be shown as right for a text that they are not of."""
    results = ran_well("a = 1\nb = 2\nb")
    assert reasons(reopened(results)) == {}
    edited = reopened(results, "a = 1\nb = 3\nb")
    assert {2: "edited since it ran", 3: "line 2 above was edited"} == reasons(edited)
    assert [True, True, True] == [view.restored for view in views(edited)]


def test_a_comment_while_it_was_closed_changes_nothing() -> None:
    """A formatter would cost all results."""
    results = ran_well("a = 1\nb = 2\nb")
    assert reasons(reopened(results, "# Hello.\na=1\n\nb = 2  # two\nb")) == {}


def test_what_was_said_to_mean_the_same_still_does() -> None:
    """A result that was right when the document was closed would be stale when it is opened."""
    results = ran_well("a = 1\na")
    replace_text(results, "a = 1  # one\na")
    assert reasons(results) == {}
    assert reasons(reopened(results)) == {}
    assert reasons(reopened(results, "a = 1\na")) == {}


def test_a_text_of_before_finds_its_results() -> None:
    """Going back to another branch would show nothing of what it gave."""
    results = ran_well("a = 1\na")
    replace_text(results, "a = 2\na")
    end(results, 0)
    end(results, 1)
    for text in ("a = 1\na", "a = 2\na"):
        assert reasons(reopened(results, text)) == {}


def test_other_surroundings_make_results_stale() -> None:
    """Results of another interpreter would be shown as right."""
    results = Results(document("a = 1\na"))
    results.freshness.begin_at(("python3", "/here"))
    end(results, 0)
    end(results, 1)
    found = reopened(results)
    assert [1, 2] == [*reasons(found)]
    found.freshness.begin_at(("python3", "/here"))
    assert reasons(found) == {}
    found.freshness.begin_at(("python3.13", "/here"))
    assert [1, 2] == [*reasons(found)]


def test_a_module_that_was_edited_meanwhile_makes_results_stale(tmp_path: Path) -> None:
    """What an imported module gave before it was edited would be shown as right."""
    module = tmp_path / "helper.py"
    module.write_text("one")
    results = Results(document("import helper\nhelper.f()"))
    freshness, statement = results.freshness, results.document.statements[0]
    stamp = module.stat()
    read = results.states.note_imports(
        freshness.start,
        statement,
        {str(module): (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)},
        {(str(tmp_path), "helper"): ("helper.py",)},
    )
    result = end(results, 0)
    result.imports = read
    end(results, 1)
    assert reasons(reopened(results)) == {}
    kept = written(results)
    module.write_text("two")
    edited = Results(results.document)
    bring_back(decode(URI, kept), edited)
    assert "helper.py has changed since it was imported" == reasons(edited)[1]
    module.write_text("one")
    assert reasons(reopened(results)) == {}
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "__init__.py").touch()
    assert (
        "helper is now found elsewhere than when it was imported" == reasons(reopened(results))[1]
    )


def test_no_run_takes_a_restored_result_for_fresh() -> None:
    """A run of what is stale would leave it, and the next line find no variables."""
    found = reopened(ran_well("a = 1\na"))
    found.states.run_chain.follow(found.freshness.start, found.document.statements)
    assert [False, False] == [found.is_fresh(placed) for placed in found.document.placed]
    end(found, 0)
    assert [True, False] == [found.is_fresh(placed) for placed in found.document.placed]
    assert [False, True] == [view.restored for view in views(found)]
    assert reasons(found) == {}


def test_a_process_that_is_lost_was_not_theirs() -> None:
    """A crash of the program would be said to be why results of an earlier one are stale."""
    found = reopened(ran_well("a = 1\na"))
    end(found, 0)
    found.states.lose_process()
    assert {1: "the process it ran in is gone"} == reasons(found)


def test_what_did_not_finish_is_not_right() -> None:
    """An interrupted loop would look like a whole one."""
    results = ran_well("a = 1\na")
    end(results, 1, "interrupted")
    assert {2: "it did not finish"} == reasons(reopened(results))


def test_what_runs_is_kept_as_far_as_it_has_come() -> None:
    """The output of a night would be gone with its server."""
    results = Results(document("a = 1\na"))
    end(results, 0)
    running = end(results, 1, "running")
    running.key = OFF_PATH
    running.captured = [Stream("stdout", b"epoch 1\n", b"", 8)]
    view = views(reopened(results))[1]
    assert ("interrupted", "it did not finish") == (view.status, view.stale_reason)
    assert view.note is not None
    assert "epoch 1\n" == view.outputs[0].text()


def test_restored_results_can_be_kept_again() -> None:
    """Opened twice without a run, a document would have lost its results."""
    once = reopened(ran_well("a = 1\na"))
    twice = reopened(once)
    assert reasons(twice) == {}
    assert [True, True] == [view.restored for view in views(twice)]


def test_nothing_is_kept_of_nothing() -> None:
    """A document that never ran would have a file on disk."""
    assert asyncio.run(record_of(Results(document("a = 1")))) is None


# What it looks like.


def test_outputs_come_back_as_they_were() -> None:
    """A picture, a table or the bytes of a stream would be another one."""
    outputs: list[Output] = [
        Stream("stdout", b"caf\xc3\xa9 \xff\x00\r\n", b"more", 14),
        Display(
            "result", {"text/plain": "1", "x/json": {"a": [1, None]}}, {"rdit": {"type": "int"}}
        ),
        Display("display", {"image/png": "aGk="}, {}, "name"),
        Failure(
            "E", "\ud800", "Traceback", (Frame("/d.py", 3, "f", 3, 0, 4, "x"), Frame("<s>", 1, "g"))
        ),
    ]
    found = keep(*outputs)
    assert [*found.outputs()][1:] == outputs[1:]
    stream = found.outputs()[0]
    assert isinstance(stream, Stream)
    assert (b"caf\xc3\xa9 \xff\x00\r\nmore", None) == (b"".join(stream.pieces()), stream.spill)


def test_a_result_comes_back_as_it_was() -> None:
    """Its time, exit code, note or lines would be others, or it would be taken for something else."""
    fields = {
        "seconds": 0.0,
        "exit_code": 0,
        "note": "A note.",
        "assigned": "41",
        "shows_parts": False,
        "off_path": True,
        "caught_interrupt": True,
        "superseded": True,
        "figure_is_closed": True,
        "ran_at": 12.5,
        "index": 7,
        "first": 9,
        "imports": {"/a/é\udc80.py": b"\x00\xff", Lookup("/a", "b"): b""},
        "references": LineReferences("/d.py", {3: (0, "x", 0)}),
    }
    found = keep(**fields)
    assert fields == {name: vars(found)[name] for name in fields}
    assert found.restored
    others = {"text", "status", "key", "captured", "reused", "restored", "revision", "waited"}
    assert {*fields} | others == {*vars(found)}, "a new field is kept, or has a reason not to be"


def test_an_updated_display_comes_back_updated() -> None:
    """A progress bar would be back at its beginning."""
    results = ran_well("a\nb")
    one, two = result_at(results, 0), result_at(results, 1)
    one.captured = [Display("display", {"text/plain": "0 %"}, {}, "bar")]
    results.shared.links.update(one, two, Display("display", {"text/plain": "100 %"}, {}, "bar"))
    shown = views(reopened(results))[0].outputs[0]
    assert "100 %" == shown.text


def test_a_display_of_five_megabytes_comes_back() -> None:
    """A large figure would be lost."""
    picture = "a" * 5_000_000
    found = keep(Display("result", {"image/png": picture}))
    assert [Display("result", {"image/png": picture})] == [*found.outputs()]


def test_a_display_that_is_too_large_says_so() -> None:
    """The disk would fill up, or a figure be missing without a word."""
    data = {"image/png": "a" * (LARGEST_RESULT + 1), "text/plain": "<Figure>"}
    found = keep(Display("result", data, {"rdit": {"type": "Figure"}}))
    shown = found.outputs()[0]
    assert isinstance(shown, Display)
    assert ({"text/plain": "<Figure>"}, "Figure") == (shown.data, shown.about["type"])
    assert "too large" in shown.notes[0]


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_long_stream_is_kept_whole_or_at_its_ends(tmp_path: Path, *, is_gone: bool) -> None:
    """A log of a night would be missing, or its file be named that goes with the server."""
    path = tmp_path / "output.txt"
    buffer = StreamBuffer("stdout", path)
    data = b"begin\n" + b"x" * (4 * HELD) + b"\nend"
    buffer.append(data)
    if is_gone:
        path.unlink()
    shown = keep(buffer).outputs()[0]
    assert isinstance(shown, Stream)
    if is_gone:
        assert shown.text().startswith("begin\n")
        assert shown.text().endswith("\nend")
        assert str(path) not in shown.text()
        assert "left out" in shown.text()
    else:
        assert data.decode() == shown.text()
    buffer.discard()


def test_a_record_has_a_bound() -> None:
    """A document with many figures would fill the disk."""
    results = ran_well("\n".join(f"f({number})" for number in range(12)))
    for index in range(12):
        large = Display("result", {"image/png": "a" * 4_000_000, "text/plain": "it"})
        result_at(results, index).captured = [large]
    assert 0.9 * LARGEST < len(written(results)) < 1.1 * LARGEST
    assert all("it" == view.outputs[0].text for view in views(reopened(results)))


def test_earlier_versions_have_a_bound() -> None:
    """A statement that is edited all day would make the file large, and slow to read."""
    results = Results(document("x"))
    for number in range(MOST + 50):
        replace_text(results, f"x + {number}")
        end(results, 0)
    record = recorded(results)
    assert MOST + 1 == len(record.results)
    assert reasons(reopened(results, "x + 1049")) == {}
    assert reasons(reopened(results, "x + 1000")) == {}


# What is no record.


def bytes_of_a_record() -> bytes:
    return written(ran_well("import a\na\nb"))


@given(st.integers(min_value=0))
def test_a_record_that_is_cut_off_is_none(at: int) -> None:
    """A server that was killed while it wrote would leave half the results, or an exception."""
    whole = bytes_of_a_record()
    with pytest.raises(RecordError):
        decode(URI, whole[: at % len(whole)])


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_record_that_was_changed_is_none(at: int, by: int) -> None:
    """A bad disk would show outputs that no program gave."""
    whole = bytearray(bytes_of_a_record())
    whole[at % len(whole)] ^= by
    try:
        found = decode(URI, bytes(whole))
    except RecordError:
        return
    assert found == decode(URI, bytes_of_a_record()), "only the header's own layout may differ"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"text":"x","meanings":[]}\n{}',
        b'{"text":"x","meanings":[]}\n{"texts":[],"states":[[3,0,0]]}',
        b'{"text":"x","meanings":[]}\n{"texts":["x"],"states":["a"]}\n{"text":"x","status":"odd"}',
        b'{"text":"x","meanings":[]}\n{"texts":[],"states":[]}\n{"text":1,"status":"ok"}',
        b'{"text":"x","meanings":[]}\n{"texts":[],"states":[]}\n{"text":"x","status":"ok","new":1}',
        b'{"text":"x","meanings":[]}\n{"texts":[],"states":[]}\n[]',
        b"[" * 100_000,
    ],
)
def test_something_else_is_no_record(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another program left would end the server."""
    monkeypatch.setattr(record_codec.zlib, "crc32", lambda _: 0)
    header = {"format": "rdit results 1", "uri": URI, "size": len(body), "crc": 0}
    with pytest.raises(RecordError):
        decode(URI, json.dumps(header).encode() + b"\n" + body)


def test_a_record_of_another_version_or_document_is_none() -> None:
    """Another release's files would be misread, or a copied one show another document's results."""
    with pytest.raises(RecordError, match="version"):
        decode(URI, bytes_of_a_record().replace(b"results 1", b"results 2", 1))
    with pytest.raises(RecordError, match=r"is of file:///d\.py"):
        decode("file:///other.py", bytes_of_a_record())


def test_a_record_whose_text_is_not_that_of_its_results_shows_what_fits() -> None:
    """A place that is not there would be an exception at every opening."""
    record = recorded(ran_well("a\nb"))
    found = Results(document("a"))
    bring_back(replace(record, text="a"), found)
    assert ["ok"] == [view.status for view in views(found)]
    empty = Results(document("a"))
    bring_back(Record("a", (), (), ()), empty)
    assert views(empty) == []


def test_ten_thousand_statements_come_back() -> None:
    """A long file would have no results, or hold up the server for each of them anew."""
    found = reopened(ran_well("\n".join(f"x{number} = {number}" for number in range(10_000))))
    assert (10_000, {}) == (len(views(found)), reasons(found))

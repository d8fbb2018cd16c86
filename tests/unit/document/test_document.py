"""Documents: an edit gives what opening the resulting text gives, and leaves the rest alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rdit_lsp.document import document as documents

LINES = st.sampled_from(
    [
        "x = 1", "y", "", "   ", "# c", "# %%", "def f():", "    return 1", "\tx", "@d", "else:",
        "if x:", "    pass", "try:", "except E:", "(", ")", "[1,", "]", "'''", '"""', "a = '''b",
        "c''' + d", "x = \\", "\x0cy = 2", "  # in", "a; b", "class C:", "async def g():", "'",
        "f(", "import os", "with a as b:", "x = '#'", "=", "return", "\u2028", "s = 'é😀'", "}",
    ]
)  # fmt: skip


def essence(document: documents.Document) -> list[tuple[object, ...]]:
    return [
        (p.first, p.last, p.statement.text, p.statement.part, p.statement.is_expr,
         p.statement.is_broken)
        for p in document.placed
    ]  # fmt: skip


def blocks(document: documents.Document) -> list[tuple[object, ...]]:
    return [(first, block.lines, block.height) for first, block in document.placed_blocks()]


@given(
    lines=st.lists(LINES, min_size=1, max_size=14),
    replacements=st.lists(st.lists(LINES, min_size=1, max_size=5), min_size=1, max_size=3),
    data=st.data(),
)
def test_edits_equal_opening_the_text(
    lines: list[str], replacements: list[list[str]], data: st.DataObject
) -> None:
    """After some sequence of keys the server would see other statements than a fresh start does."""
    actual = documents.open_document("file:///d.py", 1, "\n".join(lines))
    for replacement in replacements:
        first = data.draw(st.integers(0, len(lines) - 1))
        last = data.draw(st.integers(first, len(lines) - 1))
        lines = [*lines[:first], *replacement, *lines[last + 1 :]]
        actual = documents.edit(actual, 2, first, last, replacement)
    expected = documents.open_document("file:///d.py", 2, "\n".join(lines))
    assert list(expected.lines) == list(actual.lines)
    assert blocks(expected) == blocks(actual)
    assert expected.lead == actual.lead
    assert list(expected.starts) == list(actual.starts)
    assert list(expected.open_blocks) == list(actual.open_blocks)
    assert essence(expected) == essence(actual)


@given(before=st.lists(LINES, max_size=14), after=st.lists(LINES, max_size=14))
def test_replacing_equals_opening(before: list[str], after: list[str]) -> None:
    """A client that sends whole texts would see something else than one that sends changes."""
    document = documents.open_document("file:///d.py", 1, "\n".join(before))
    actual = documents.replace_text(document, 2, "\n".join(after))
    expected = documents.open_document("file:///d.py", 2, "\n".join(after))
    assert list(expected.lines) == list(actual.lines)
    assert essence(expected) == essence(actual)


def test_untouched_blocks_are_the_same_objects() -> None:
    """An edit would cost the parsing of the whole file, and results would lose their statements."""
    text = "\n".join(f"x{n} = {n}" for n in range(1000))
    document = documents.open_document("file:///d.py", 1, text)
    edited = documents.edit(document, 2, 500, 500, ["y = 1", "z = 2"])
    same = {id(block) for block in document.blocks} & {id(block) for block in edited.blocks}
    assert 997 <= len(same)


@given(lines=st.lists(LINES, min_size=1, max_size=10))
def test_blocks_cover_all_lines(lines: list[str]) -> None:
    """A line would belong to no statement, or to two."""
    document = documents.open_document("file:///d.py", 1, "\n".join(lines))
    assert len(document.lines) == document.lead + sum(block.height for block in document.blocks)


def test_lines_are_pythons() -> None:
    """Columns and line numbers would be off after a form feed or U+2028."""
    assert ["a", "b\x0c", "c\u2028d", "e\x85", ""] == documents.split_lines(
        "\ufeffa\r\nb\x0c\nc\u2028d\re\x85\n"
    )


def test_cells() -> None:
    """A cell would begin or end at another line than its markers."""
    document = documents.open_document("file:///d.py", 1, "a\n# %% one\nb\n#%%\nc\n# In[3]:\nd")
    assert [(1, 1), (2, 3), (2, 3), (4, 5), (6, 7)] == [
        document.cell(line) for line in (1, 2, 3, 5, 7)
    ]


def test_broken_lines_are_blank_for_the_rest() -> None:
    """One broken statement would stop all others from being run."""
    text = "  lost\nx = 1\ndef f(:\n    pass\n\ny = 2\n"
    document = documents.open_document("file:///d.py", 1, text)
    assert "\nx = 1\n\n\n\ny = 2\n" == document.runnable_text

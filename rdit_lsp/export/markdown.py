"""Markdown with code blocks, tables, and pictures in a folder beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdit_lsp.export.model import Exported
from rdit_lsp.export.parts import parts
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.markup import (
    emphasised,
    escaped,
    fenced,
    markdown_table,
    safe_markdown,
    text_of,
)
from rdit_lsp.outputs.pictures import picture_of
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import last_screen, printable
from rdit_lsp.render.summary import as_sentence, caption, caveats, has_poor_text

if TYPE_CHECKING:
    from rdit_lsp.export.parts import Part
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.outputs.pictures import Picture
    from rdit_lsp.results.snapshot import Snapshot, View

_LIMIT = 100_000


def markdown(snapshot: Snapshot, folder: str | None) -> Exported:
    """The document as Markdown; pictures go to `folder`, or into the text where there is none."""
    writer = _Writer(folder)
    texts = [writer.part(part) for part in parts(snapshot)]
    return Exported("\n\n".join(text for text in texts if text) + "\n", writer.beside)


class _Writer:
    def __init__(self, folder: str | None) -> None:
        self.beside: dict[str, bytes] = {}
        self._folder = folder

    def part(self, part: Part) -> str:
        if part.prose is not None:
            return printable(part.prose.strip())
        found = [f"## {escaped(part.title)}"] if part.title else []
        if part.code:
            found.append(_fenced(part.code, "python"))
        for view in part.views:
            found += self._view(view)
        return "\n\n".join(found)

    def _view(self, view: View) -> list[str]:
        found = [self._output(output, view) for output in view.outputs]
        if view.note:
            found.append(emphasised(view.note))
        if found:
            found += [emphasised(as_sentence(caveat)) for caveat in caveats(view)]
        return found

    def _output(self, output: Output, view: View) -> str:
        if isinstance(output, Stream):
            return _fenced(last_screen(output.text(_LIMIT)), "text")
        if isinstance(output, Failure):
            return _fenced(output.text, "pytb")
        assert isinstance(output, Display)
        notes = list(map(emphasised, output.notes))
        return "\n\n".join([self._display(output, view), *notes])

    def _display(self, output: Display, view: View) -> str:
        data = output.data
        if "text/markdown" in data:
            return safe_markdown(str(data["text/markdown"]))
        picture = picture_of(output)
        if picture is not None and picture.for_file is not None:
            return self._picture(output, picture, view)
        html = str(data.get("text/html", ""))
        table = markdown_table(html) if html else None
        if table is not None:
            return f"{table}\n\n{escaped(caption(output))}"
        if "text/latex" in data:
            latex = str(data["text/latex"]).strip()
            return f"$$\n{latex.strip('$').strip()}\n$$"
        text = text_of(html) if has_poor_text(output) else output.text
        return _fenced(text, "text")

    def _picture(self, output: Display, picture: Picture, view: View) -> str:
        where = picture.data_uri
        if self._folder is not None and picture.for_file is not None:
            number = sum(1 for name in self.beside if f"/line-{view.first}-" in name) + 1
            where = f"{self._folder}/line-{view.first}-{number}{picture.suffix}"
            self.beside[where] = picture.for_file
        return f"![{escaped(caption(output))}](<{where}>)"


def _fenced(text: str, language: str) -> str:
    # Readers replace U+0000 (CommonMark 2.3), and would not say by what.
    return fenced(text.replace("\x00", "\N{SYMBOL FOR NULL}"), language)

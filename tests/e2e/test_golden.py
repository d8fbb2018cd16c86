"""Golden files: what happens to a script and the hints it then has, each in one file that reads well.

A file of `tests/golden` is a row of scenes. A line `#: …` begins one and says what is done; then comes the
text as it is from then on, and below each line with hints a comment `#> …` for each of them. What is done:

    #: open                 the text is opened
    #: edit                 it becomes this one
    #: run SCOPE [LINE]     it becomes this one, and this is run; LINE counts without the comments

`pytest tests/e2e/test_golden.py --update` writes the hints as they are now into the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from support.editor import Editor, OpenDocument

FILES = sorted(Path(__file__).parents[1].joinpath("golden").glob("*.py"))
_STEP, _HINT = "#: ", "#> "


class Scene(NamedTuple):
    """Something that is done, and the text from then on."""

    step: str
    lines: list[str]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
async def test_hints(
    file: Path, editor: Editor, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A hint would say something else, or be beside another line, than people have been told."""
    expected = file.read_text(encoding="utf-8")
    title, scenes = _read(expected)
    document = editor.open(tmp_path / "script.py", "\n".join(scenes[0].lines))
    played = title + "".join([await _play(scene, document) for scene in scenes])
    if request.config.getoption("--update", default=False):
        file.write_text(played, encoding="utf-8")
    else:
        assert expected == played


def _read(text: str) -> tuple[str, list[Scene]]:
    """What stands above the first scene, and the scenes without their hints."""
    title, *parts = text.split(f"\n{_STEP}")
    scenes = []
    for part in parts:
        step, *lines = part.rstrip("\n").split("\n")
        scenes.append(Scene(step, [line for line in lines if not line.startswith(_HINT)]))
    return title, scenes


async def _play(scene: Scene, document: OpenDocument) -> str:
    """Do what the scene says; returns it with the hints that are there then."""
    text = "\n".join(scene.lines)
    if text != document.text:
        document.replace(text)
    verb, *words = scene.step.split()
    assert verb in ("open", "edit", "run")
    if verb == "run":
        scope, *line = words
        where = {"position": {"line": int(line[0]) - 1, "character": 0}} if line else {}
        await document.execute(scope=scope, **where)
    hints = await document.hints()
    shown = [f"\n{_STEP}{scene.step}"]
    for number, written in enumerate(scene.lines):
        shown.append(written)
        shown += [f"{_HINT}{h['label']}" for h in hints if h["position"]["line"] == number]
    return "\n".join([*shown, ""])

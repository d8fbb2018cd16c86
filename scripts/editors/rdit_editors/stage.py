"""An editor for the time of a scene, and nothing left of it afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rdit_editors.editor import Editor
from rdit_editors.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

E = TypeVar("E", bound=Editor)


@contextmanager
def on_stage(kind: type[E], folder: Path) -> Iterator[E]:
    """An unopened editor. After the scene it is quit, and all that it started must end with it.

    After a scene that failed it is not quit: the editor may be in any state, and the failure of the
    scene is the one to report.
    """
    processes = Processes()
    editor = kind(folder, processes)
    try:
        yield editor
        editor.quit()
        processes.wait_until_none()
    finally:
        editor.close()
        processes.kill()

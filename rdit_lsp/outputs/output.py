"""An output of a statement: text of a stream, a display, or a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable


Output: TypeAlias = Stream | Display | Failure


def parts_shown(outputs: Iterable[Output]) -> bool | None:
    """Whether parts of figures among `outputs` stand for their figures; None where there are none."""
    parts = [output.about.get("part") for output in outputs if isinstance(output, Display)]
    return next((part for part in parts if isinstance(part, bool)), None)

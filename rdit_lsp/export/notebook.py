"""A notebook with outputs, in the format that nbformat validates (version 4.5).

It is plain JSON and written as such; nbformat checks it where it is installed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rdit_lsp.export.parts import cells, parts
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.stream import Stream

if TYPE_CHECKING:
    from rdit_lsp.export.model import About
    from rdit_lsp.export.parts import Part
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.results.snapshot import Snapshot

_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(snapshot: Snapshot, about: About) -> str:
    """The document as a notebook's JSON."""
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    if about.python is not None:
        language["version"] = about.python
    found = {
        "cells": _cells(snapshot),
        "metadata": {"kernelspec": _PYTHON, "language_info": language},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    _validate(found)
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _validate(found: dict[str, Any]) -> None:
    """Raise nbformat's error for what is no valid notebook: it is a bug of rdit's."""
    try:
        import nbformat
    except ImportError:
        return  # It needs native code, which the VS Code extension cannot bundle.
    nbformat.validate(found)


def _cells(snapshot: Snapshot) -> list[dict[str, Any]]:
    found = []
    count = 0
    for number, part in enumerate(cells(parts(snapshot)), 1):
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
        if part.title:
            cell["metadata"]["title"] = part.title
        if part.prose is not None:
            cell |= {"cell_type": "markdown", "source": _lines(part.prose)}
        else:
            count += bool(part.views)
            run = count if part.views else None
            outputs = _outputs(part, count)
            cell |= {"cell_type": "code", "source": _lines(part.code), "execution_count": run}
            cell["outputs"] = outputs
        found.append(cell)
    return found


def _outputs(part: Part, count: int) -> list[dict[str, Any]]:
    outputs = part.outputs
    last = outputs[-1] if outputs else None
    # A cell has one result, its last value; the values of earlier statements are displays.
    return [_output(output, count if output is last else None) for output in outputs]


def _output(output: Output, count: int | None) -> dict[str, Any]:
    if isinstance(output, Stream):
        text = _lines(output.complete())
        return {"output_type": "stream", "name": output.name, "text": text}
    if isinstance(output, Failure):
        lines = output.text.rstrip("\n").split("\n")
        return {
            "output_type": "error",
            "ename": output.name,
            "evalue": output.value,
            "traceback": lines,
        }
    assert isinstance(output, Display)
    found: dict[str, Any] = {
        "output_type": "display_data",
        "data": {mime: _content(mime, value) for mime, value in output.data.items()},
        "metadata": {mime: value for mime, value in output.metadata.items() if mime in output.data},
    }
    if output.kind == "result" and count is not None:
        found |= {"output_type": "execute_result", "execution_count": count}
    return found


def _content(mime: str, value: Any) -> Any:
    if isinstance(value, str) and not mime.endswith("json") and mime.startswith("text/"):
        return _lines(value)
    if mime.endswith("json") or isinstance(value, str):
        return value
    return json.dumps(value)


def _lines(text: str) -> list[str]:
    """Text as notebooks hold it, a string for each line with its end."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]

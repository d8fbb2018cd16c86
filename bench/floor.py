"""The floor: the least that can run statements in another process, as a yardstick.

A child that reads one JSON line for each statement, executes it, and answers with one JSON line. It
captures nothing, isolates nothing and survives nothing.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

CHILD = """
import json, sys
namespace = {"__name__": "__main__"}
for line in sys.stdin:
    request = json.loads(line)
    reply = {"status": "ok", "value": None}
    try:
        if request["expression"]:
            value = eval(compile(request["source"], "floor", "eval"), namespace)
            reply["value"] = None if value is None else repr(value)
        else:
            exec(compile(request["source"], "floor", "exec"), namespace)
    except BaseException as error:
        reply = {"status": "error", "value": repr(error)}
    sys.stdout.write(json.dumps(reply) + "\\n")
    sys.stdout.flush()
"""


class Floor:
    """A child behind two pipes."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._child:
            self._child.kill()

    def run(self, source: str) -> list[Any]:
        """Execute the module's statements one by one; their values' `repr`, None without one."""
        lines = source.split("\n")
        return [
            self._statement("\n".join(lines[node.lineno - 1 : node.end_lineno]), node)
            for node in ast.parse(source).body
        ]

    def _statement(self, text: str, node: ast.stmt) -> object:
        assert self._child.stdin
        assert self._child.stdout
        request = {"source": text, "expression": isinstance(node, ast.Expr)}
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        reply = json.loads(self._child.stdout.readline())
        if reply["status"] != "ok":
            raise RuntimeError(reply["value"])
        return reply["value"]

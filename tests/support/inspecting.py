"""Inspects the namespace that a source makes, in a process of any interpreter.

The worker's own modules answer, loaded as the worker loads them; nothing is forked here, so a test sees
what an answer does to the process.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

Json = dict[str, Any]

VARIABLES = {"what": "variables"}

_WORKER = Path(__file__).parents[2] / "rdit_lsp" / "worker"
_DRIVER = """
import builtins, json, sys
sys.path.insert(0, sys.argv[1])
import loading
sys.path.pop(0)
sys.meta_path.insert(0, loading._Finder(sys.argv[1]))
from _rdit_worker import protocol
from _rdit_worker.inspection.answers import answer
sys.meta_path.pop(0)
del sys.modules["loading"]
order = json.load(sys.stdin)
namespace = {"__name__": "__main__"}
kept = dict(vars(builtins)), dict(sys.modules), sys.getrecursionlimit()
exec(compile(order["source"], "script.py", "exec"), namespace)
before = kept[0]["sorted"](sys.modules), sys.getrecursionlimit(), dict(namespace)
def ask(question):
    return answer(namespace, question, gentle=order["gentle"])
def deep(question, left):
    return deep(question, left - 1) if left else ask(question)
found = [deep(question, order["depth"]) for question in order["questions"]]
after = kept[0]["sorted"](sys.modules), sys.getrecursionlimit(), dict(namespace)
vars(builtins).update(kept[0])
sys.setrecursionlimit(kept[2])
sys.modules.update(kept[1])
sizes = [len(protocol.encode_reply(each)) for each in found]
if order["gentle"]:
    assert before[:2] == after[:2]
    assert {name: id(value) for name, value in before[2].items()} == {
        name: id(value) for name, value in after[2].items()
    }
sys.__stdout__.write(json.dumps({"answers": found, "sizes": sizes, "called": namespace.get("called")}))
"""


class Inspector:
    """Answers questions about the namespace that a source makes."""

    def __init__(self, python: str) -> None:
        self._python = python
        self.called: object = None
        """The variable `called` of the source, afterwards."""
        self.sizes: list[int] = []
        """Bytes of each answer."""

    def __call__(
        self, source: str, *questions: Json, gentle: bool = False, depth: int = 0
    ) -> list[Json]:
        """The answers, given `depth` calls below the program's own."""
        order = {"source": source, "questions": questions, "gentle": gentle, "depth": depth}
        done = subprocess.run(
            [self._python, "-B", "-c", _DRIVER, str(_WORKER)],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        found = json.loads(done.stdout)
        assert [] == [answer for answer in found["answers"] if "failed" in answer]
        self.called, self.sizes = found["called"], found["sizes"]
        return found["answers"]


def hover(expression: str) -> Json:
    return {"what": "hover", "expression": expression}


def completion(expression: str, prefix: str = "") -> Json:
    return {"what": "completion", "expression": expression, "prefix": prefix}


def signature(expression: str, argument: int = 0, keyword: str | None = None) -> Json:
    return {
        "what": "signature",
        "expression": expression,
        "argument": argument,
        "keyword": keyword,
    }


def evaluation(expression: str, seconds: float = 10) -> Json:
    return {"what": "evaluation", "expression": expression, "seconds": seconds}


def labels(answer: Json) -> list[str]:
    return [item["label"] for item in answer["items"]]

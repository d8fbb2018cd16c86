"""What a worker's messages become, and what is no message of a worker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.far_end import FINISHED, READY

from rdit_lsp.outputs.failure import Failure
from rdit_lsp.process import replies
from rdit_lsp.process.replies import (
    Answer,
    Cleared,
    Displayed,
    Environment,
    Finished,
    Forked,
    InputRequest,
    InspectionFork,
    Prepared,
    Ready,
    Refusal,
    Rejected,
    Waiting,
    decode,
)
from rdit_lsp.worker.protocol import ProtocolError
from rdit_lsp.worker.statements import Span

FAILURE = {"name": "E", "value": "v", "text": "E: v\n", "frames": []}
VALUE = {"text/plain": "1"}


def no_descriptor() -> int:
    """As for a message beside which nothing came."""
    raise ProtocolError("a message without its descriptor")


def content(message: dict[str, Any], *fds: int) -> object:
    left = list(fds)
    received = decode(message, lambda: left.pop(0) if left else no_descriptor())
    assert [] == left
    return received.content


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (READY, Ready(READY["protocol"], "/usr/bin/python", "3.11.0", ("/lib/site-packages",))),
        ({**READY, "python": None}, Ready(READY["protocol"], None, "3.11.0", ("/lib/site-packages",))),
        ({"type": "prepared", "spans": []}, Prepared(())),
        ({"type": "prepared", "spans": [[1, 2, True]]}, Prepared((Span(1, 2, True),))),
        (
            {"type": "rejected", "failure": FAILURE, "first": 3, "last": 4},
            Rejected(Failure("E", "v", "E: v\n", ()), 3, 4),
        ),
        ({"type": "refused", "reason": "it has threads"}, Refusal("it has threads")),
        (
            {"type": "environ", "before": {"A": "1", "B": None}},
            Environment({"A": "1", "B": None}),
        ),
        ({"type": "looked", "answer": {"x": [1]}}, Answer({"x": [1]})),
        ({"type": "waiting", "pid": 7}, Waiting(7)),
        ({"type": "blind"}, InspectionFork(None)),
        ({"type": "input", "number": 2, "password": True}, InputRequest(2, True)),
        ({"type": "display", "clear": "wait"}, Cleared(wait=True)),
        ({"type": "display", "clear": "now", "number": 4}, Cleared(wait=False, number=4)),
    ],
)  # fmt: skip
def test_messages_become_values(message: dict[str, Any], expected: object) -> None:
    """A field would have another name on one of the two sides."""
    assert expected == content(message)


def test_statement_that_ended() -> None:
    """A value, a failure, an exit code or an imported file would be lost."""
    message = {**FINISHED, "outcome": "exit", "code": 3, "seconds": 2}
    message["imported"] = {"/m.py": [1, 2, 3], "/gone.py": None}
    message["lookups"] = [["/folder", "m", ["m.py"]]]
    message["used"], message["changed"] = ["/a", "/b"], ["/b"]
    files = {"/m.py": (1, 2, 3), "/gone.py": None}
    lookups = {("/folder", "m"): ("m.py",)}
    finished = Finished("exit", 2.0, None, None, 3, files, lookups, ("/a", "/b"), ("/b",))
    assert finished == content(message)
    assert finished._replace(found_no_figure=True) == content({**message, "noFigure": True})
    shown = content({**FINISHED, "value": VALUE, "metadata": {"rdit": {"part": 1}}})
    assert isinstance(shown, Finished)
    assert shown.value is not None
    assert ("result", VALUE) == (shown.value.kind, shown.value.data)
    failed = content({**FINISHED, "outcome": "error", "failure": FAILURE})
    assert isinstance(failed, Finished)
    assert Failure("E", "v", "E: v\n", ()) == failed.failure


def test_displays() -> None:
    """A display would be added where it was to replace another, or not be acknowledged."""
    message = {"type": "display", "data": VALUE, "metadata": {}, "id": "a", "number": 1}
    shown = content(message)
    assert isinstance(shown, Displayed)
    assert ("display", VALUE, "a") == (shown.display.kind, shown.display.data, shown.display.id)
    assert (False, 1) == (shown.update, shown.number)
    again = content({**message, "update": True})
    assert isinstance(again, Displayed)
    assert again.update


def test_descriptors_go_to_what_they_are_for() -> None:
    """The socket of a fork would be read as a pipe, or stdout as stderr."""
    assert Forked(5) == content({"type": "forked"}, 5)
    assert InspectionFork(6) == content({"type": "glanced"}, 6)
    given = [7, 8]
    received = decode({**FINISHED, "renewed": [1, 2]}, lambda: given.pop(0))
    assert {"stdout": 7, "stderr": 8} == received.pipes
    assert {} == decode(FINISHED, no_descriptor).pipes


WRONG = [
    {},
    {"type": None},
    {"type": ["forked"]},
    {"type": "nonsense"},
    {"type": "forked"},
    {"type": "glanced"},
    {"type": "prepared"},
    {"type": "prepared", "spans": [[1, 2]]},
    {"type": "prepared", "spans": [["1", 2, True]]},
    {"type": "prepared", "spans": [[1, 2, 1]]},
    {"type": "rejected", "failure": {}, "first": 1, "last": 1},
    {"type": "rejected", "failure": FAILURE, "first": None, "last": 1},
    {"type": "refused", "reason": 3},
    {"type": "environ", "before": {"A": 1}},
    {"type": "environ", "before": []},
    {"type": "looked", "answer": []},
    {"type": "waiting", "pid": "1"},
    {"type": "waiting", "pid": True},
    {"type": "input", "password": False},
    {"type": "display"},
    {"type": "display", "clear": "now", "number": "1"},
    {**READY, "libraries": "/lib"},
    {**READY, "version": None},
    {**FINISHED, "outcome": "well"},
    {**FINISHED, "outcome": []},
    {**FINISHED, "seconds": None},
    {**FINISHED, "seconds": 10**400},
    {**FINISHED, "failure": {**FAILURE, "name": 3}},
    {**FINISHED, "failure": {**FAILURE, "frames": [{}]}},
    {**FINISHED, "code": "1"},
    {**FINISHED, "imported": {"/m.py": [1, 2]}},
    {**FINISHED, "imported": {"/m.py": "then"}},
    {**FINISHED, "lookups": [["/folder", "m"]]},
    {**FINISHED, "lookups": [["/folder", "m", [1]]]},
    {**FINISHED, "used": [1]},
    {**FINISHED, "changed": "/b"},
    {**FINISHED, "renewed": [1]},
    {**FINISHED, "renewed": [3]},
    {key: value for key, value in FINISHED.items() if key != "value"},
]


@pytest.mark.parametrize("message", WRONG, ids=[json.dumps(m)[:60] for m in WRONG])
def test_wrong_shapes(message: dict[str, Any]) -> None:
    """The error would come up later, in what waits for the reply, and look like one of the server's."""
    with pytest.raises(ProtocolError):
        decode(message, no_descriptor)


def test_data_nested_too_deep() -> None:
    """A value that is cleaned by recursion would end the event loop's callback, and its run never."""
    nested: Any = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(ProtocolError):
        decode({**FINISHED, "value": {"application/json": nested}}, no_descriptor)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
KINDS = [*replies._DECODERS, *replies._WITH_DESCRIPTOR]
FIELDS = [
    *["renewed", "spans", "failure", "first", "last", "outcome", "seconds", "value", "metadata"],
    *[
        "code",
        "imported",
        "lookups",
        "used",
        "changed",
        "reason",
        "before",
        "answer",
        "pid",
        "number",
        "password",
        "clear",
        "data",
    ],
    *["id", "update", "protocol", "python", "version", "libraries"],
]


@given(
    kind=st.sampled_from(KINDS) | ANYTHING,
    fields=st.dictionaries(st.sampled_from(FIELDS), ANYTHING),
    base=st.sampled_from([{}, READY, FINISHED]),
)
def test_any_message_is_a_value_or_a_protocol_error(kind: Any, fields: Any, base: Any) -> None:
    """User code could raise any exception in the server by what it writes into its socket."""
    try:
        received = decode({**base, "type": kind, **fields}, lambda: 3)
    except ProtocolError:
        return
    assert isinstance(received.content, replies.Reply | replies.Event)

"""Whether two runs of one script agree: pure functions over what was captured.

Bytes are compared as they are. Only where two plain runs of Python differ from each other are clock
times, addresses and the like levelled first, and a stream that differs even then is not judged.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs import Captured

CHECKS = ("stdout", "stderr", "exit code", "exception", "processes")
JSON_CHECKS = ("json stdout", "json stderr", "json exit code", "json exception")

TIMED = re.compile(rb"\b\d+\.\d+( ?(?:s|ms|min|seconds)\b)")
"""Durations, in which two runs may agree by chance."""
LEVELLED = (
    (re.compile(rb"0x[0-9a-fA-F]+"), b"0x"),
    (re.compile(rb"\d+:\d\d(:\d\d)?"), b"0:00"),
    (re.compile(rb"\d+\.\d+(e[+-]\d+)?"), b"0.0"),
    (re.compile(rb"tmp[a-z0-9_]{8}"), b"tmp"),
    (re.compile(rb"\d+"), b"0"),
    (re.compile(rb"[ \t]+"), b" "),
)
"""What may differ between two runs of one program."""

TRACEBACK = b"Traceback (most recent call last)"
RAISED = re.compile(rb"^([A-Za-z_][\w.]*)(?:: .*)?$")
UNITTEST_FAILED = re.compile(rb"^FAILED \(", re.MULTILINE)
"""Such a script leaves with SystemExit, whatever tracebacks it printed before."""


@dataclass(frozen=True)
class Verdict:
    """One check on one script."""

    check: str
    agrees: bool | None
    """None where plain Python does not agree with itself."""
    difference: str = ""


def judge(first: Captured, second: Captured, quiet: Captured, jsoned: Captured) -> list[Verdict]:
    """Compare `rdit run --quiet` and `--format json` with two plain runs of Python."""
    return [*judge_quiet(first, second, quiet), *_judge_json(first, second, jsoned)]


def judge_quiet(first: Captured, second: Captured, quiet: Captured) -> list[Verdict]:
    """Compare `rdit run --quiet` with two plain runs of Python."""
    left = "" if first.left_behind else "\n".join(quiet.left_behind)
    return [
        _streams("stdout", first.stdout, second.stdout, quiet.stdout),
        _streams("stderr", first.stderr, second.stderr, quiet.stderr),
        _equal("exit code", first.exit_code, second.exit_code, _signalled(quiet.exit_code)),
        _equal("exception", exception(first), exception(second), exception(quiet)),
        Verdict("processes", not left, left),
    ]


def _judge_json(first: Captured, second: Captured, jsoned: Captured) -> list[Verdict]:
    try:
        report = json.loads(jsoned.stdout)
    except ValueError as error:
        seen = f"not JSON ({error}); stderr: {jsoned.stderr[-2000:].decode(errors='replace')}"
        return [Verdict(check, agrees=False, difference=seen) for check in JSON_CHECKS]
    stdout, stderr = _text(report, {"stdout"}), _text(report, {"stderr", "error"})
    out, out_again = _escaped(first.stdout), _escaped(second.stdout)
    err, err_again = _escaped(first.stderr), _escaped(second.stderr)
    raised, again = exception(first), exception(second)
    return [
        _streams("json stdout", out, out_again, stdout, late=True),
        _streams("json stderr", err, err_again, stderr, late=True),
        _equal("json exit code", first.exit_code, second.exit_code, _signalled(report["exitCode"])),
        _equal("json exception", _last_part(raised), _last_part(again), _error_name(report)),
    ]


def exception(run: Captured) -> str | None:
    """Name of the uncaught exception in a run's stderr, as the traceback's last lines give it."""
    if run.exit_code not in (1, -2, 130) or UNITTEST_FAILED.search(run.stderr):
        return None
    text = run.stderr
    if b"Exception Group Traceback (most recent call last)" in text:
        text = text.replace(b"\n  | ", b"\n")
    elif TRACEBACK in text:
        text = text.rpartition(TRACEBACK)[2]
    names = [found[1].decode() for line in text.splitlines() if (found := RAISED.match(line))]
    return names[0] if names else None


def level(data: bytes) -> bytes:
    """The bytes without what two runs of one program may differ in."""
    for pattern, by in LEVELLED:
        data = pattern.sub(by, data)
    return data


def _streams(
    check: str, first: bytes, second: bytes, seen: bytes, *, late: bool = False
) -> Verdict:
    """Compare one stream; with `late`, lines may come in another order.

    Results hold late output with the statement that caused it, not where it happened to arrive.
    """
    if late:
        first, second, seen = (b"\n".join(sorted(s.split(b"\n"))) for s in (first, second, seen))
    first, second, seen = (TIMED.sub(rb"\1", data) for data in (first, second, seen))
    if first != second:
        first, second, seen = level(first), level(second), level(seen)
    if first != second:
        return Verdict(check, None)
    return Verdict(check, first == seen, "" if first == seen else _diff(first, seen))


def _equal(check: str, first: object, second: object, seen: object) -> Verdict:
    if first != second:
        return Verdict(check, None)
    return Verdict(check, first == seen, "" if first == seen else f"python {first}, rdit {seen}")


def _signalled(code: int | None) -> int | None:
    """Exit code as `subprocess` would give it: rdit says 128+N for signal N."""
    return 128 - code if code is not None and 128 < code < 160 else code


def _text(report: dict[str, Any], kinds: set[str]) -> bytes:
    items = (item for result in report["results"] for item in result["output"])
    return "".join(item["text"] for item in items if item["type"] in kinds).encode(
        "utf-8", "replace"
    )


def _escaped(data: bytes) -> bytes:
    """The bytes as JSON text carries them."""
    return data.decode("utf-8", "backslashreplace").encode()


def _error_name(report: dict[str, Any]) -> str | None:
    items = (item for result in report["results"] for item in result["output"])
    names = [item["name"] for item in items if item["type"] == "error"]
    return _last_part(names[-1]) if names else None


def _last_part(name: str | None) -> str | None:
    return name.rpartition(".")[2] if name else None


def _diff(expected: bytes, seen: bytes, *, most: int = 14) -> str:
    """At most `most` lines of a unified diff, `-` being Python's side and `+` rdit's."""
    one, other = (data.decode(errors="backslashreplace").split("\n") for data in (expected, seen))
    lines = list(difflib.unified_diff(one, other, "python", "rdit", lineterm="", n=1))[2:]
    shown = [line[:300] for line in lines[:most]]
    return "\n".join([*shown, f"… {len(lines) - most} more lines"] if len(lines) > most else shown)

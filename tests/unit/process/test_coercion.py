"""The locale variable that Python sets for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rdit_lsp.process import coercion
from rdit_lsp.process.coercion import without_coercion

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("env", "at_start", "expected"),
    [
        ({"LC_CTYPE": "C.UTF-8"}, b"A=1\0", None),
        ({"LC_CTYPE": "C.UTF-8"}, b"A=1\0LC_CTYPE=C.UTF-8\0", "C.UTF-8"),
        ({"LC_CTYPE": "C.UTF-8"}, b"LC_CTYPE=C\0", "C"),
        ({"LC_CTYPE": "de_DE.UTF-8"}, b"", "de_DE.UTF-8"),
        ({"LC_CTYPE": "C.UTF-8"}, None, None),
        ({"LC_CTYPE": "UTF-8", "LANG": "de_DE.UTF-8"}, None, "UTF-8"),
        ({"LANG": "C.UTF-8"}, None, None),
    ],
)
def test_variable_is_as_it_was(
    env: dict[str, str],
    at_start: bytes | None,
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program would start with another encoding, or lose a variable that the user has set."""
    if at_start is not None:
        (tmp_path / "environ").write_bytes(at_start)
    monkeypatch.setattr(coercion, "_BLOCK", tmp_path / "environ")
    assert expected == without_coercion(env).get("LC_CTYPE")

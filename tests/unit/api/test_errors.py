"""The one table of errors."""

from __future__ import annotations

import pytest

from rdit_lsp.api.decode import MessageError
from rdit_lsp.api.errors import ApiError, ErrorKind, as_api_errors
from rdit_lsp.lsp.jsonrpc import CODES
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (MessageError("uri is 5."), ErrorKind.INVALID_PARAMS, "uri is 5."),
        (RequestError("there is none."), ErrorKind.INVALID_PARAMS, "d.py: there is none."),
        (
            WorkerError("python is gone."),
            ErrorKind.REQUEST_FAILED,
            "d.py cannot be run: python is gone.",
        ),
        (
            PermissionError(13, "Permission denied", "/a/b.html"),
            ErrorKind.REQUEST_FAILED,
            "/a/b.html: Permission denied.",
        ),
        (OSError("disk"), ErrorKind.REQUEST_FAILED, "d.py: disk."),
        (
            ModuleNotFoundError("No module named 'pygments'", name="pygments"),
            ErrorKind.REQUEST_FAILED,
            "d.py cannot be exported without pygments: install it.",
        ),
    ],
)
def test_one_sentence(error: Exception, kind: ErrorKind, sentence: str) -> None:
    """The person at the client would see a traceback, and a program could not tell what to do."""
    with pytest.raises(ApiError) as raised, as_api_errors("d.py"):
        raise error
    assert (kind, sentence) == (raised.value.kind, str(raised.value))
    assert raised.value.__cause__ is error


def test_others_pass() -> None:
    """A bug of rdit's own would look like a mistake of the client's, and be in no log."""
    with pytest.raises(KeyError), as_api_errors("d.py"):
        raise KeyError("bug")
    passing = ApiError(ErrorKind.CONTENT_MODIFIED, "d.py is at version 2, not 1.")
    with pytest.raises(ApiError) as raised, as_api_errors("d.py"):
        raise passing
    assert raised.value is passing


def test_every_kind_has_a_code() -> None:
    """The reply would be an internal error."""
    assert set(ErrorKind) == set(CODES)

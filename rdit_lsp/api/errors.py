"""Errors as clients get them: a kind, for programs, and one sentence, for people.

The one table of errors. Knows no wire: each wire maps the kinds to its own codes.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from rdit_lsp.api.decode import MessageError
from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class ErrorKind(Enum):
    """Why a request is not carried out."""

    INVALID_PARAMS = "invalidParams"
    """The request makes no sense, by itself or for the document as it is."""
    UNKNOWN_DOCUMENT = "unknownDocument"
    """The document it names is not open."""
    CONTENT_MODIFIED = "contentModified"
    """It was made for another version of the document."""
    REQUEST_FAILED = "requestFailed"
    """It makes sense, and cannot be carried out here and now."""


class ApiError(Exception):
    """A request that is not carried out; the message is a sentence for the user."""

    def __init__(self, kind: ErrorKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@contextmanager
def as_api_errors(name: str = "") -> Iterator[None]:
    """Raise ApiError for every error of the table; `name` is what a user calls the document."""
    try:
        yield
    except tuple(_TABLE) as error:
        kind, sentence = next(row for cls, row in _TABLE.items() if isinstance(error, cls))
        raise ApiError(kind, sentence(error, name)) from error


_Sentence: TypeAlias = "Callable[[Any, str], str]"

_TABLE: Mapping[type[Exception], tuple[ErrorKind, _Sentence]] = {
    MessageError: (ErrorKind.INVALID_PARAMS, lambda error, _: f"{error}"),
    RequestError: (ErrorKind.INVALID_PARAMS, lambda error, name: f"{name}: {error}"),
    WorkerError: (ErrorKind.REQUEST_FAILED, lambda error, name: f"{name} cannot be run: {error}"),
    OSError: (
        ErrorKind.REQUEST_FAILED,
        lambda error, name: f"{error.filename or name}: {error.strerror or error}.",
    ),
    ImportError: (
        ErrorKind.REQUEST_FAILED,
        lambda error, name: f"{name} cannot be exported without {error.name}: install it.",
    ),
}

"""pygls' protocol as rdit needs it: order kept, plain JSON sent as it is, exactly one reply a request.

Knows JSON-RPC, pygls, and which code each kind of error has; knows nothing of documents or sessions.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

from rdit_lsp.api.errors import ApiError, ErrorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from concurrent.futures import Future

    from cattrs import Converter
    from pygls.protocol.json_rpc import MsgId

log = logging.getLogger(__name__)

CODES: Mapping[ErrorKind, int] = {
    ErrorKind.INVALID_PARAMS: JsonRpcInvalidParams.CODE,
    ErrorKind.UNKNOWN_DOCUMENT: JsonRpcInvalidParams.CODE,
    ErrorKind.CONTENT_MODIFIED: types.LSPErrorCodes.ContentModified.value,
    ErrorKind.REQUEST_FAILED: types.LSPErrorCodes.RequestFailed.value,
}
"""The codes of JSON-RPC and of LSP."""


class Protocol(LanguageServerProtocol):
    """pygls' protocol, without its text documents, and with exactly one reply to every request.

    pygls' own text documents split lines at form feeds and U+2028 too, and cost milliseconds per key.
    """

    _has_gone = False
    commands: Mapping[str, Callable[[Any], Any]] = {}
    """rdit's own, which are commands and plain requests alike."""

    def _handle_request(self, msg_id: MsgId, method_name: str, params: Any) -> None:
        """Begin rdit's own commands at once, so that no message that follows overtakes them.

        pygls leaves coroutines to a later turn of the event loop, and a cancelled request cancels the
        generator that waits for the command, but not the command.
        """
        arguments = [params]
        name = method_name
        if method_name == types.WORKSPACE_EXECUTE_COMMAND:
            name, arguments = params.command, list(params.arguments or ())
        if name not in self.commands:
            super()._handle_request(msg_id, method_name, params)
            return
        reply = _begin(self.commands[name], arguments)
        self._request_futures[msg_id] = reply  # type: ignore[assignment]  # Both kinds are in it.
        reply.add_done_callback(partial(self._send_handler_result, msg_id=msg_id))

    def give_up_requests(self) -> None:
        """End what the client was asked, and will be, with an error: it has gone, and will not answer."""
        self._has_gone = True
        for msg_id in list(self._result_types):
            asked = self._request_futures.pop(msg_id, None)
            if asked is not None and not asked.done():
                asked.set_exception(JsonRpcException("the client has gone"))
        self._result_types.clear()

    def send_request(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """As pygls has it; ends with an error where the client has gone."""
        asked = super().send_request(*args, **kwargs)
        if self._has_gone:
            self.give_up_requests()
        return asked

    def send_plain(self, message: dict[str, Any]) -> None:
        """Send what is plain JSON already; pygls would walk through all of it to convert it."""
        self._send_data({"jsonrpc": self.VERSION, **message})

    def _send_handler_result(self, future: Any, *, msg_id: MsgId) -> None:
        """Reply with what a handler returned; an ApiError is an answer, not an error of the server's."""
        error = None if future.cancelled() else future.exception()
        if not isinstance(error, ApiError):
            super()._send_handler_result(future, msg_id=msg_id)
            return
        self._request_futures.pop(msg_id, None)
        log.debug("request %s was refused: %s", msg_id, error)
        reply = JsonRpcException(str(error), CODES[error.kind])
        self._send_response(msg_id, error=reply.to_response_error())

    def _send_response(
        self, msg_id: MsgId, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        if error is None and isinstance(result, dict):
            self._result_types.pop(msg_id, None)
            self.send_plain({"id": msg_id, "result": result})
        else:
            super()._send_response(msg_id, result, error)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to rdit's own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to rdit's own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Leave the text to rdit's own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Decode a message; a request that cannot be decoded is answered, not only logged."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


@cache
def converter() -> Converter:
    """pygls' converter, which leaves rdit's own messages plain JSON.

    pygls turns them into named tuples, which mangles names such as those of environment variables.
    One for all servers of a process: it writes code for each type that it meets, which takes longer than
    all else that the first messages of a client need.
    """
    found = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCResponseMessage, JsonRPCNotification):
        found.register_structure_hook(kind, _plain)
    return found


def _plain(message: dict[str, Any], cls: type) -> Any:
    return cls(**{"params": None, **message} if "method" in message else message)


def _begin(handler: Callable[..., Any], arguments: list[Any]) -> asyncio.Future[Any]:
    """Call `handler` now; the future of its result, which may be there already."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    try:
        if len(arguments) > 1:
            raise ApiError(ErrorKind.INVALID_PARAMS, "one object is expected as argument.")
        result = handler(arguments[0] if arguments else None)
        if inspect.isawaitable(result):
            return asyncio.ensure_future(result)
        done.set_result(result)
    except Exception as error:  # noqa: BLE001  (the reply carries it, whatever it is)
        done.set_exception(error)
    return done

"""rdit's own commands, each a request by its name and a `workspace/executeCommand` command.

What each does is in `api/commands.py`; errors become replies in `lsp/jsonrpc.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rdit_lsp.api.commands import COMMANDS, answer

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer


def register(server: RditServer) -> None:
    """Register every command."""
    handlers = {name: partial(answer, server.service, name) for name in COMMANDS}
    server.protocol.commands = handlers
    for name, handler in handlers.items():
        server.feature(name)(handler)
        server.command(name)(handler)

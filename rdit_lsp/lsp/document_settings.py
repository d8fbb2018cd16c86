"""The editor's settings for single documents, asked of the client by their uris.

In a window of several folders each has settings of its own. Knows `workspace/configuration`; what the
settings mean is in `settings/configuration.py`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.session.attachment import Attachment

log = logging.getLogger(__name__)

_LIMIT = 2.0
"""Seconds that a client may take to answer; then its settings for all documents count for this one, too."""


async def ask(server: RditServer, uri: str | None = None) -> dict[str, Any] | None:
    """Section `rdit` for a document, or for all; None where the client does not say what it is."""
    item = types.ConfigurationItem(scope_uri=uri, section="rdit")
    asking = server.workspace_configuration_async(types.ConfigurationParams([item]))
    try:
        found = await asyncio.wait_for(asking, _LIMIT)
    except (JsonRpcException, asyncio.TimeoutError) as error:
        log.warning("the client did not answer what its configuration is: %r", error)
        return None
    return set_keys(found[0]) if found and isinstance(found[0], dict) else None


def set_keys(section: dict[str, Any]) -> dict[str, Any]:
    """The keys a client has a value for: editors send null for what the user has not set."""
    return {key: value for key, value in section.items() if value is not None}


def fetch(server: RditServer, attachment: Attachment) -> None:
    """Ask for the settings of a document; the client's next run waits for the answer."""
    if server.profile.has_configuration:
        attachment.configure_by(asyncio.ensure_future(_fetch(server, attachment)))


async def _fetch(server: RditServer, attachment: Attachment) -> None:
    uri = attachment.document.uri
    found = await ask(server, uri)
    if server.documents.find(uri) is attachment and found is not None:
        server.client.document_settings[uri] = found
        attachment.refresh_dependencies()

"""`initialize`, `initialized`, configuration, cancelled progress and `shutdown`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException

from rdit_lsp.api.decode import Options, section_of
from rdit_lsp.lsp.client_profile import client_profile

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer

log = logging.getLogger(__name__)


def initialize(server: RditServer, params: types.InitializeParams) -> None:
    """`initialize`: who the client is; pygls replies."""
    options = Options.decode(params.initialization_options)
    server.profile = client_profile(params, options)
    server.configure(options.settings)
    client = server.client
    client.name = params.client_info.name if params.client_info else client.name
    client.pid = params.process_id or client.pid
    client.is_trusted = options.trusted
    root = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
    path = uris.to_fs_path(root) if root else None
    client.workspace = Path(path) if path else None


async def initialized(server: RditServer, _: types.InitializedParams) -> None:
    """`initialized`: the client can be told things, and asked for its settings, from now on."""
    if server.remark is not None:
        said = types.LogMessageParams(types.MessageType.Warning, server.remark)
        server.window_log_message(said)
    if not server.profile.has_configuration:
        return
    item = types.ConfigurationItem(section="rdit")
    try:
        found = await server.workspace_configuration_async(types.ConfigurationParams([item]))
    except JsonRpcException as error:
        log.warning("the client did not answer what its configuration is: %s", error)
        return
    if found and isinstance(found[0], dict):
        server.configure({**server.client.editor_settings, **_set_keys(found[0])})


def configuration_changed(server: RditServer, params: types.DidChangeConfigurationParams) -> None:
    """`workspace/didChangeConfiguration`: the settings it brings replace all others of the client."""
    section = section_of(params.settings)
    if section is None:
        return
    server.configure(_set_keys(section))
    for session in server.documents:
        session.refresh_dependencies()


def progress_cancelled(server: RditServer, params: types.WorkDoneProgressCancelParams) -> None:
    """`window/workDoneProgress/cancel`: interrupt the run that the progress is of."""
    uri = server.document_of_progress(params.token)
    session = server.documents.find(uri) if uri is not None else None
    if session is not None:
        session.interrupt()


async def shutdown(server: RditServer, _: None) -> None:
    """`shutdown`: take back all that the client shows; where no other can come, end all programs."""
    server.leave()
    if not server.documents.hub.outlives:
        await server.documents.hub.close_all()


def _set_keys(section: dict[str, Any]) -> dict[str, Any]:
    """The keys a client has a value for: editors send null for what the user has not set."""
    return {key: value for key, value in section.items() if value is not None}

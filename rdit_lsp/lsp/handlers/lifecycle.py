"""`initialize`, `initialized`, configuration, cancelled progress and `shutdown`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris

from rdit_lsp.api.decode import Options, section_of
from rdit_lsp.lsp.client_profile import client_profile
from rdit_lsp.lsp.document_settings import ask, fetch, set_keys

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer


def initialize(server: RditServer, params: types.InitializeParams) -> None:
    """`initialize`: who the client is; pygls replies."""
    options = Options.decode(params.initialization_options)
    server.profile = client_profile(params, options)
    server.configure(options.settings)
    client = server.client
    client.name = params.client_info.name if params.client_info else client.name
    client.pid = params.process_id or client.pid
    client.is_trusted = options.trusted
    folders = params.workspace_folders or ()
    roots = [folder.uri for folder in folders] or [params.root_uri or ""]
    paths = [path for root in roots if (path := uris.to_fs_path(root))]
    client.workspaces = tuple(map(Path, paths))


async def initialized(server: RditServer, _: types.InitializedParams) -> None:
    """`initialized`: the client can be told things, and asked for its settings, from now on."""
    if server.remark is not None:
        said = types.LogMessageParams(types.MessageType.Warning, server.remark)
        server.window_log_message(said)
    if not server.profile.has_configuration:
        return
    found = await ask(server)
    if found is not None:
        server.configure({**server.client.editor_settings, **found})


def configuration_changed(server: RditServer, params: types.DidChangeConfigurationParams) -> None:
    """`workspace/didChangeConfiguration`: the settings it brings replace all others of the client."""
    section = section_of(params.settings)
    if section is None:
        return
    server.configure(set_keys(section))
    for session in server.documents:
        fetch(server, session)
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

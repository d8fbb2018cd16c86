"""The client: what it can do, its settings, and its leave."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException

from rdit_lsp.api import decode
from rdit_lsp.lsp.features import hover

if TYPE_CHECKING:
    from rdit_lsp.lsp.language_server import RditServer
    from rdit_lsp.outputs.pictures import Picture, PictureFiles

log = logging.getLogger(__name__)

_SHOW_IMAGES = ("Visual Studio Code", "VSCodium", "Code - OSS", "code-server", "Cursor", "Windsurf")


def add(server: RditServer) -> None:
    """Register these handlers."""

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = decode.Options.decode(params.initialization_options)
        server.wants_results = options.result_notifications
        server.wants_input = options.input
        server.has_clipboard = options.clipboard
        server.images = images_of(params.client_info, options, server.pictures)
        server.sessions.editor_settings = options.settings
        root = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
        path = uris.to_fs_path(root) if root else None
        server.sessions.workspace = Path(path) if path else None

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return
        item = types.ConfigurationItem(section="rdit")
        try:
            found = await server.workspace_configuration_async(types.ConfigurationParams([item]))
        except JsonRpcException as error:
            log.warning("the client did not tell its configuration: %s", error)
            return
        if found and isinstance(found[0], dict):
            merged = {**server.sessions.editor_settings, **_set_keys(found[0])}
            server.sessions.editor_settings = merged

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def changed(params: types.DidChangeConfigurationParams) -> None:
        section = decode.section_of(params.settings)
        if section is not None:
            server.sessions.editor_settings = _set_keys(section)
            for session in server.sessions:
                session.refresh_dependencies()

    @server.feature(types.SHUTDOWN)
    async def shutdown(_: None) -> None:
        for uri in list(server.publishers):
            server.forget_document(uri)
        await server.sessions.close_all()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancelled(params: types.WorkDoneProgressCancelParams) -> None:
        uri = server.uri_of_progress(params.token)
        session = server.sessions.find(uri) if uri is not None else None
        if session is not None:
            session.interrupt()


def images_of(
    client: types.ClientInfo | None, options: decode.Options, files: PictureFiles
) -> hover.Images | None:
    """How hovers show pictures; where nobody says, those of VS Code and its kin do."""
    is_vscode = client is not None and client.name.startswith(_SHOW_IMAGES)
    if not (is_vscode if options.images is None else options.images):
        return None
    if not is_vscode:
        return hover.Images()

    def file(picture: Picture) -> str | None:
        path = files.keep(picture)
        return path.as_uri() if path is not None else None

    return hover.Images(file, has_sizes=True)


def _set_keys(section: dict[str, Any]) -> dict[str, Any]:
    """The keys a client has a value for: editors send null for what the user has not set."""
    return {key: value for key, value in section.items() if value is not None}

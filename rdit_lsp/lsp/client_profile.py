"""The profile of an LSP client: from its name, capabilities and options in `initialize`; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.capabilities import ServerCapabilitiesBuilder

from rdit_lsp.api.profile import ClientProfile, image_support

if TYPE_CHECKING:
    from lsprotocol import types

    from rdit_lsp.api.decode import Options


def client_profile(params: types.InitializeParams, options: Options) -> ClientProfile:
    """What the client wants and can do."""
    capabilities = params.capabilities
    window, workspace = capabilities.window, capabilities.workspace
    show = window.show_document if window is not None else None
    return ClientProfile(
        encoding=_encoding(capabilities),
        wants_results=options.result_notifications,
        can_answer=options.input,
        can_open_files=bool(show is not None and show.support),
        can_refresh_hints=_can_refresh_hints(workspace),
        can_show_progress=bool(window is not None and window.work_done_progress),
        has_clipboard=options.clipboard,
        has_configuration=bool(workspace is not None and workspace.configuration),
        has_other_server=options.other_server,
        images=image_support(
            params.client_info.name if params.client_info else None, options.images
        ),
        takes_label_offsets=_takes_label_offsets(capabilities),
    )


def _can_refresh_hints(workspace: types.WorkspaceClientCapabilities | None) -> bool:
    """Whether it has hints, and does not say that it cannot refresh them.

    Helix answers the request with an error then, lsp-mode with a window of warnings. Emacs' eglot says
    nothing of it, and `rdit.el` has it refresh.
    """
    hints = workspace.inlay_hint if workspace is not None else None
    return hints is not None and hints.refresh_support is not False


def _encoding(capabilities: types.ClientCapabilities) -> str:
    """What pygls will choose, by the same rule."""
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(capabilities)
    return str(getattr(chosen, "value", chosen))


def _takes_label_offsets(capabilities: types.ClientCapabilities) -> bool:
    document = capabilities.text_document
    help_ = document.signature_help if document is not None else None
    information = help_.signature_information if help_ is not None else None
    parameters = information.parameter_information if information is not None else None
    return bool(parameters is not None and parameters.label_offset_support)

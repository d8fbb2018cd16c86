"""Signature help: how the live function at the cursor is called; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from rdit_lsp.document.positions import to_units

if TYPE_CHECKING:
    from rdit_lsp.api.inspection import Signature


def signature_help(
    signature: Signature, *, offsets: bool, beside: bool = False
) -> types.SignatureHelp | None:
    """The signature; None where it adds nothing to what another server shows (`beside`).

    `offsets`: the client takes parameters as parts of the label.
    """
    if beside and signature.is_static:
        return None
    label = signature.label
    # Always UTF-16, whatever the encoding of positions (LSP 3.17, `ParameterInformation`).
    parameters = [
        types.ParameterInformation(
            (to_units(label, begin, "utf-16"), to_units(label, end, "utf-16"))
            if offsets
            else label[begin:end]
        )
        for begin, end in signature.parameters
    ]
    doc = signature.doc
    shown = types.SignatureInformation(
        label,
        types.MarkupContent(types.MarkupKind.PlainText, doc) if doc else None,
        parameters,
    )
    # An index past the last parameter is the only way to say that it is none of them.
    active = signature.active if signature.active is not None else len(parameters)
    return types.SignatureHelp([shown], 0, active)

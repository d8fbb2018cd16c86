"""Signatures of live functions."""

from __future__ import annotations

from rdit_lsp.api.inspection import Signature
from rdit_lsp.lsp.features.signature_help import signature_help

KNOWN = Signature("f(a='😀', b)", [(2, 7), (9, 10)], 1, "It does.", is_static=True)


def test_parameters() -> None:
    """The wrong parameter would be marked in a label with characters beyond the first plane."""
    found = signature_help(KNOWN, offsets=True)
    assert found is not None
    (signature,) = found.signatures
    assert signature.parameters is not None
    assert [p.label for p in signature.parameters] == [(2, 8), (10, 11)]
    assert found.active_parameter == 1


def test_no_parameter_is_active() -> None:
    """Editors would mark the first."""
    unknown = Signature(KNOWN.label, KNOWN.parameters, None, "", is_static=False)
    found = signature_help(unknown, offsets=False)
    assert found is not None
    (signature,) = found.signatures
    assert signature.parameters is not None
    assert [p.label for p in signature.parameters] == ["a='😀'", "b"]
    assert signature.documentation is None
    assert found.active_parameter == 2


def test_beside_another_server() -> None:
    """What that one shows would be there twice."""
    assert signature_help(KNOWN, offsets=True, beside=True) is None

"""The version, in the one place that both the package and the build read."""

VERSION = "0.1.0"
"""As in `pip show rdit-lsp`. Reading it from the installed metadata takes longer than starting Python."""

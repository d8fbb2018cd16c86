"""The version, in the one place that both the package and the build read."""

VERSION = "0.1.0"
"""As in `pip show rdit-lsp`. Reading it from the installed metadata takes longer than starting Python."""


def is_older(version: str, other: str) -> bool:
    """Whether a version was released before another; what is no number in them does not count."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]

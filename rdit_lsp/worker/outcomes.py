"""How a source is rejected, and how a statement ends. Data only."""

if False:
    from typing import Any, Literal

    from .failures import Failure

    Outcome = Literal["ok", "error", "interrupted", "exit"]


class Rejected(Exception):  # noqa: N818  (an answer, not an error)
    """The source does not compile; holds the failure to report for the whole file."""

    def __init__(self, failure: "Failure", first: int, last: int) -> None:
        super().__init__()
        self.failure = failure
        self.first = first
        self.last = last


class Finished:
    """How one statement ended."""

    def __init__(
        self,
        outcome: "Outcome",
        value: "Any" = None,
        failure: "Failure | None" = None,
        code: "int | None" = None,
        metadata: "dict[str, Any] | None" = None,
    ) -> None:
        self.outcome = outcome
        self.value = value
        """What to show of an expression's value (a display), or None."""
        self.metadata = metadata
        """Metadata of the value's representations, and what is known of the value itself."""
        self.failure = failure
        self.code = code
        """The exit code, 0 to 255, with `exit`."""

"""The entry points of the two commands, `rdit` and `rdit-lsp`, and of `python -m rdit_lsp`.

They import as little as they can before they know what is wanted: a script of one line should not wait
for a language server's libraries.
"""

from __future__ import annotations

import gc
import os
import sys


def rdit() -> None:
    """Run the command line."""
    # What is imported stays: looking through it for garbage would only cost time.
    gc.disable()
    from rdit_lsp.cli.arguments import main

    try:
        main()
    except SystemExit as ended:
        _leave(ended)


def _leave(ended: SystemExit) -> None:
    """Exit without taking the interpreter apart, which takes as long as starting it did."""
    if not isinstance(ended.code, int | None):
        raise ended
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(ended.code or 0)


def rdit_lsp() -> None:
    """Run the language server on standard input and output: the same as `rdit lsp`."""
    if len(sys.argv) > 1:
        sys.argv[1:1] = ["lsp"]
        rdit()
        return
    # Without arguments there is nothing for the command line's library to do.
    gc.disable()
    from rdit_lsp.lsp.server import serve_stdio

    serve_stdio()


if __name__ == "__main__":
    rdit()

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
    _prepare()
    # What is imported stays: looking through it for garbage would only cost time.
    gc.disable()
    from rdit_lsp.cli.arguments import main
    from rdit_lsp.cli.standard_output import OutputError, exit_code, flush

    code: object = 0
    try:
        try:
            main()
        except SystemExit as ended:
            code = ended.code
            if not isinstance(code, int | None):
                raise
        flush()
    except OutputError as failure:
        code = exit_code(failure)
    except OSError as error:  # `print` raises it where the streams have no buffer.
        code = exit_code(OutputError(error))
    # Without taking the interpreter apart, which takes as long as starting it did.
    os._exit(code if isinstance(code, int) else 0)


def rdit_lsp() -> None:
    """Run the language server on standard input and output: the same as `rdit lsp`."""
    if len(sys.argv) > 1:
        _prepare()
        from rdit_lsp.cli.arguments import lsp

        lsp(prog_name="rdit-lsp")
    _prepare()
    # Without arguments there is nothing for the command line's library to do.
    gc.disable()
    from rdit_lsp.host.forward import main

    main()


def _prepare() -> None:
    """Make the surroundings those of a program that was started properly."""
    _open_closed_streams()
    _search_own_libraries_first()
    _leave_warnings_to_the_program()


def _open_closed_streams() -> None:
    """Open the null device where a standard stream is closed.

    The next descriptor that is opened would have its number, and get what was meant for the stream. It is
    closed for the program that is started, as it was for this one.
    """
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest number that is free, which is `fd`.
            mode = "r" if fd == 0 else "w"
            setattr(sys, name, open(fd, mode, encoding="utf-8"))  # noqa: SIM115  (for good)


def _search_own_libraries_first() -> None:
    """Have modules of the user's that are named like a dependency found after the dependency.

    PYTHONPATH and the present folder are for the user's program, which finds them in its environment.
    They go to the end, not away: rdit itself may be there.
    """
    theirs = {os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p}
    is_safe = getattr(sys.flags, "safe_path", False) or sys.flags.isolated
    if not is_safe and sys.path:
        theirs.add(os.path.abspath(sys.path[0]))  # The folder of the command, or the present one.
    sys.path.sort(key=lambda path: os.path.abspath(path) in theirs)


def _leave_warnings_to_the_program() -> None:
    """Ignore warnings about rdit's own code where variables ask for the program's."""
    if any(os.environ.get(name) for name in ("PYTHONWARNINGS", "PYTHONWARNDEFAULTENCODING")):
        import warnings  # Few ask, and the others should not wait for it.

        warnings.simplefilter("ignore")


if __name__ == "__main__":
    rdit()

"""Starts the server that is packaged with the extension.

The packages beside this file are put on this process's own ``sys.path``. PYTHONPATH would do that
too, but the server hands its environment on to the user's interpreter, which must not see them.
"""

import runpy
import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - the user chooses the interpreter.
    sys.exit("rdit's server needs Python 3.10 or newer; this is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parent / "libs"))
runpy.run_module("rdit_lsp", run_name="__main__", alter_sys=True)

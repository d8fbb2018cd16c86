"""Start the worker: the file given to the user's interpreter, as `python THIS_FILE CHANNEL_FD`.

It must not know what the worker does. It runs in the very `__main__` module that user code will get,
so it leaves nothing behind there, and its syntax is kept old enough for an interpreter that is too
old to say so.

It ends by an exception: `driver` says how the worker goes on then, without this frame below the program.
"""

import sys

if False:
    from typing import Any  # noqa: F401  (for a type in a comment)


def _loading(folder):
    # type: (str) -> Any
    """The module `loading` of `folder`, to which nothing but the worker has a reference."""
    from _frozen_importlib_external import SourceFileLoader

    module = type(sys)("_rdit_loading")
    SourceFileLoader("_rdit_loading", folder + "/loading.py").exec_module(module)
    return module


if sys.version_info < (3, 8):
    sys.exit("rdit needs Python 3.8 or newer; %s is %s" % (sys.executable, sys.version.split()[0]))
_folder = __file__.rpartition("/")[0]
_loading(_folder).load(_folder)(int(sys.argv[1]))

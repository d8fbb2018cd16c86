"""The half of rdit that runs inside the user's interpreter: standard library only, Python 3.8 on.

Loaded by path under a private name (see bootstrap.py). The server imports two modules of
this folder, `protocol` and `statements`, and nothing else of it.

While it starts, this folder is on `sys.path`, where an import of the standard library's would find what is
directly in it: so nothing here has the name of a module there, such as `inspect`.

Every import costs start-up and is visible to user code in `sys.modules`, so modules import little, late,
and the C modules behind the standard library's where those do. Types cost nothing at run time: what only
type checkers need is imported under `if False`, which the compiler leaves out, and annotations are
strings. Functions that user code finds in the place of a library's have them in comments: `inspect` and
`help` would show others.
"""

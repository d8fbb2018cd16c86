"""Leaves the worker's own memory out of what `tracemalloc` reports to the program.

Knows that module's functions in C. There is no way to have memory not traced, so what is read is filtered;
the sum that `get_traced_memory` returns is left as it is.
"""

if False:
    from types import ModuleType
    from typing import Any

_WORKER = __file__.rpartition("/")[0] + "/"


def filter_traces(module: "ModuleType") -> None:
    """Have `take_snapshot` of the module `tracemalloc` see only what the program has allocated."""
    read: "Any" = vars(module)["_get_traces"]

    def _get_traces():
        # type: () -> list[Any]
        return [trace for trace in read() if not trace[2][0][0].startswith(_WORKER)]

    vars(module)["_get_traces"] = _get_traces

"""rdit's commands by name: how each is decoded, and the method of the service that carries it out.

The one table of commands. Requests of every wire are answered by `answer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rdit_lsp.api.decode import (
    CheckpointParams,
    DocumentParams,
    EvaluateParams,
    ExecuteParams,
    ExportParams,
    ImportParams,
    PlaceParams,
    RestoreParams,
    ResultsParams,
    StatusParams,
    TableParams,
)
from rdit_lsp.api.errors import as_api_errors
from rdit_lsp.api.service import Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from rdit_lsp.outputs.display import Json

P = TypeVar("P")


@dataclass(frozen=True)
class Command(Generic[P]):
    """How a command is carried out."""

    decode: Callable[[object], P]
    """JSON to the request; raises MessageError."""
    method: Callable[[Service, P], Json | Awaitable[Json]]


COMMANDS: Mapping[str, Command[Any]] = {
    "rdit/execute": Command(ExecuteParams.decode, Service.execute),
    "rdit/interrupt": Command(DocumentParams.decode, Service.interrupt),
    "rdit/reset": Command(DocumentParams.decode, Service.reset),
    "rdit/stop": Command(DocumentParams.decode, Service.stop),
    "rdit/status": Command(StatusParams.decode, Service.status),
    "rdit/results": Command(ResultsParams.decode, Service.results),
    "rdit/checkpoint": Command(CheckpointParams.decode, Service.checkpoint),
    "rdit/restore": Command(RestoreParams.decode, Service.restore),
    "rdit/checkpoints": Command(DocumentParams.decode, Service.checkpoints),
    "rdit/variables": Command(DocumentParams.decode, Service.variables),
    "rdit/table": Command(TableParams.decode, Service.table),
    "rdit/evaluate": Command(EvaluateParams.decode, Service.evaluate),
    "rdit/openOutput": Command(PlaceParams.decode, Service.open_output),
    "rdit/openPicture": Command(PlaceParams.decode, Service.open_picture),
    "rdit/copyResult": Command(PlaceParams.decode, Service.copy_result),
    "rdit/export": Command(ExportParams.decode, Service.export),
    "rdit/import": Command(ImportParams.decode, Service.import_notebook),
}


def answer(service: Service, name: str, raw: object) -> Json | Awaitable[Json]:
    """Carry out the command called `name`, with the JSON `raw` as its argument.

    A run is queued before this returns, so requests are carried out in the order of the calls. Raises
    ApiError, here or when the answer is awaited.
    """
    command = COMMANDS[name]
    with as_api_errors():
        params = command.decode(raw)
    return command.method(service, params)

"""rdit's commands, one method each, for clients of every kind.

A method takes a decoded request, calls the session, and returns JSON in the shapes of `docs/protocol.md`,
or raises ApiError. Knows sessions and the client's profile; knows no wire, and no library of one.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rdit_lsp.api import encode
from rdit_lsp.api.errors import ApiError, ErrorKind, as_api_errors
from rdit_lsp.api.inspection import VARIABLES, ask, evaluated, table_from, variables_from
from rdit_lsp.document.uris import is_file, name_of, path_of
from rdit_lsp.export.model import About
from rdit_lsp.outputs.pictures import pictures_of
from rdit_lsp.render import output_text
from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

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
    from rdit_lsp.api.profile import ClientProfile
    from rdit_lsp.outputs.display import Json
    from rdit_lsp.outputs.pictures import PictureFiles
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.attachment import Attachment
    from rdit_lsp.session.documents import Documents
    from rdit_lsp.session.report import Report


class Client(Protocol):
    """The client whose requests a service carries out."""

    @property
    def profile(self) -> ClientProfile:
        """What it wants and can do."""

    def show_file(self, path: Path, *, external: bool = False) -> None:
        """Open a file for the person at the client; `external`: with the system's program for it.

        A client that cannot do so ignores it: the path is in the reply.
        """


class Service:
    """The commands of one client on the documents that it has open."""

    def __init__(
        self, documents: Documents, client: Client, folder: Path, pictures: PictureFiles
    ) -> None:
        """`folder` is the server's own, for files that are shown to people."""
        self._documents = documents
        self._client = client
        self._folder = folder
        self._pictures = pictures
        self._has_left = False

    def leave(self) -> None:
        """The client is going: replies that it does not get are no reason to stop the runs."""
        self._has_left = True

    # Running.

    def execute(self, params: ExecuteParams) -> asyncio.Future[Json]:
        """Queue a run; the reply comes when it is over. Cancelling the reply interrupts the run."""
        session, name = self._trusted(params.uri), name_of(params.uri)
        version = session.document.version
        if params.version not in (None, version):
            sentence = f"{name} is at version {version}, not {params.version}."
            raise ApiError(ErrorKind.CONTENT_MODIFIED, sentence)
        with as_api_errors(name):
            report = session.execute(params.request)
        reply = asyncio.ensure_future(_reply_of_run(name, report))
        # A task that is cancelled before its first step never awaits the run, so never cancels it.
        reply.add_done_callback(partial(self._interrupt_if_cancelled, report))
        return reply

    def interrupt(self, params: DocumentParams) -> Json:
        """Interrupt what a document runs."""
        return {"interrupted": self._session(params.uri).interrupt()}

    def reset(self, params: DocumentParams) -> Awaitable[Json]:
        """Queue a new start with an empty namespace, and no results; the reply comes when it is made."""
        return _reply_of_reset(self._trusted(params.uri).reset())

    async def stop(self, params: DocumentParams) -> Json:
        """End a document's program."""
        return {"stopped": await self._trusted(params.uri).stop()}

    # Results and state.

    def status(self, params: StatusParams) -> Json:
        """What one session, or every one, does and holds."""
        uri, hub = params.uri, self._documents.hub
        sessions = [self._session(uri)] if uri is not None else list(hub)
        return {
            "status": "ok",
            "version": VERSION,
            "host": None if hub.host is None else encode.host_info(hub.host),
            "sessions": [encode.session_status(session.status) for session in sessions],
        }

    async def results(self, params: ResultsParams) -> Json:
        """The results of a document, with complete output."""
        views = self._session(params.uri).snapshot().views
        if params.lines is not None:
            first, last = params.lines
            views = [view for view in views if view.first <= last and view.last >= first]
        # In a thread: whole outputs are read back from disk.
        found = await asyncio.to_thread(_complete, views)
        if params.picture_files:
            for result, view in zip(found, views, strict=True):
                result["output"] = self._pictures.instead(result["output"], view.outputs)
        return {"results": found}

    async def variables(self, params: DocumentParams) -> Json:
        """The names that the program holds, and what they stand for."""
        session = self._session(params.uri)
        document = session.document
        found = await ask(session, VARIABLES)
        if found is not None:
            # In a thread: finding names in a long text would hold up the event loop.
            return await asyncio.to_thread(variables_from, found, document)
        if not session.status.has_program:
            return {"variables": [], "origin": "before anything has run"}
        raise _failed(f"The variables of {name_of(document.uri)} cannot be had at the moment.")

    async def table(self, params: TableParams) -> Json:
        """Rows of a variable that is a table, an array or a list."""
        rows = {"first": params.first, "count": params.count}
        question = {"what": "table", "expression": params.name, **rows}
        found = await ask(self._session(params.uri), question)
        table = table_from(found) if found is not None else None
        if table is None:
            raise _failed(f"The rows of {params.name} cannot be had at the moment.")
        return table

    async def evaluate(self, params: EvaluateParams) -> Json:
        """What an expression is in a document's program, which does not notice."""
        session, name = self._session(params.uri), name_of(params.uri)
        found = await evaluated(session, params.expression)
        if found is not None:
            return found
        if not session.status.has_program:
            raise _failed(f"{name} has not run: there is nothing to evaluate an expression in.")
        sentence = "it takes too long, or the program cannot be forked at the moment"
        raise _failed(f"{name}: the expression cannot be evaluated: {sentence}.")

    # Checkpoints.

    async def checkpoint(self, params: CheckpointParams) -> Json:
        """Keep the state that a document's program is in."""
        with as_api_errors(name_of(params.uri)):
            taken = await self._session(params.uri).checkpoint(params.name)
        return encode.checkpoint_result(taken)

    async def restore(self, params: RestoreParams) -> Json:
        """Restore the state of a checkpoint."""
        with as_api_errors(name_of(params.uri)):
            way_back = await self._trusted(params.uri).restore(params.checkpoint)
        return {"status": "restored", "wayBack": encode.way_back_result(way_back)}

    async def checkpoints(self, params: DocumentParams) -> Json:
        """All checkpoints of a document."""
        found = await self._session(params.uri).checkpoints()
        return {"checkpoints": [encode.checkpoint_result(each) for each in found]}

    # Results as files and as text.

    async def open_output(self, params: PlaceParams) -> Json:
        """Write the whole output of the statements at a line into a file."""
        views = self._views(params)
        path = self._folder / f"{name_of(params.uri)}-line-{views[0].first}.txt"
        with as_api_errors(name_of(params.uri)):
            await asyncio.to_thread(output_text.write, views, path)
        if params.show:
            self._client.show_file(path)
        return {"path": str(path)}

    def open_picture(self, params: PlaceParams) -> Json:
        """Write the pictures of the statements at a line into files."""
        views = self._views(params)
        pictures = pictures_of(o for view in views for o in view.outputs)
        stem = f"{name_of(params.uri)}-line-{views[0].first}"
        stems = [stem] + [f"{stem}-{number}" for number in range(2, len(pictures) + 1)]
        named = map(self._pictures.name, pictures, stems)
        paths = [path for path in named if path is not None]
        if not paths:
            name = name_of(params.uri)
            raise _failed(f"{name}: there is no picture to open at line {params.line}.")
        for path in paths if params.show else ():
            self._client.show_file(path, external=True)
        return {"paths": list(map(str, paths))}

    def copy_result(self, params: PlaceParams) -> Json:
        """The text of a result, for the clipboard; shown as a file where the client has none."""
        views = self._views(params)
        text = output_text.to_copy(views, self._pictures.keep)
        if self._client.profile.has_clipboard:
            return {"text": text}
        path = self._folder / f"{name_of(params.uri)}-line-{views[0].first}-result.txt"
        with as_api_errors(name_of(params.uri)):
            path.write_text(text, "utf-8", "backslashreplace")
        self._client.show_file(path)
        return {"text": text, "path": str(path)}

    async def export(self, params: ExportParams) -> Json:
        """Write a document with the results it has, without running it."""
        from rdit_lsp.export import (
            files,  # Here: exports are rare, and every start would import them.
        )

        session, name = self._session(params.uri), name_of(params.uri)
        # A document without a file goes where the server's own files are.
        file = path_of(params.uri) if is_file(params.uri) else str(self._folder / name)
        about = About(name, session.status.version)
        with as_api_errors(name):
            target = files.target_of(file, params.to, params.output)
            await asyncio.to_thread(files.save, session.snapshot(), params.to, about, target)
        assert target is not None
        if params.show:
            self._client.show_file(target, external=params.to == "html")
        return {"path": str(target)}

    async def import_notebook(self, params: ImportParams) -> Json:
        """Write a notebook as a script."""
        # Here: imports are rare, and every start would import them.
        from rdit_lsp.export.notebook_import.conversion import convert
        from rdit_lsp.export.notebook_import.reading import NotebookError

        with as_api_errors(name_of(params.uri)):
            try:
                converted = await asyncio.to_thread(convert, Path(path_of(params.uri)))
            except NotebookError as error:
                raise _failed(str(error)) from error
            target = converted.save(Path(params.output) if params.output is not None else None)
        if params.show:
            self._client.show_file(target)
        return {"path": str(target), "losses": list(converted.losses)}

    def _session(self, uri: str) -> Attachment:
        session = self._documents.find(uri)
        if session is None:
            sentence = f"{name_of(uri)} is not open in the editor."
            raise ApiError(ErrorKind.UNKNOWN_DOCUMENT, sentence)
        return session

    def _trusted(self, uri: str) -> Attachment:
        """What the client has of a document, if code may be run for it."""
        session = self._session(uri)
        if not session.client.is_trusted:
            raise _failed(f"{name_of(uri)} is in a workspace that is not trusted: nothing is run.")
        return session

    def _interrupt_if_cancelled(
        self, report: asyncio.Future[Report], reply: asyncio.Future[Json]
    ) -> None:
        if reply.cancelled() and not self._has_left:
            report.cancel()

    def _views(self, params: PlaceParams) -> Sequence[View]:
        """What has run at a line."""
        line = params.line
        views = self._session(params.uri).snapshot(line, line).at(line)
        if not views:
            sentence = f"{name_of(params.uri)}: nothing has run at line {line}."
            raise ApiError(ErrorKind.INVALID_PARAMS, sentence)
        return views


async def _reply_of_reset(done: asyncio.Future[None]) -> Json:
    await done
    return {"status": "ok"}


async def _reply_of_run(name: str, report: asyncio.Future[Report]) -> Json:
    with as_api_errors(name):
        # Shielded: whether the run goes when its reply is cancelled is for `_interrupt_if_cancelled`.
        return encode.execute_result(await asyncio.shield(report))


def _complete(views: Sequence[View]) -> list[Json]:
    return list(map(partial(encode.statement_result, complete=True), views))


def _failed(sentence: str) -> ApiError:
    return ApiError(ErrorKind.REQUEST_FAILED, sentence)

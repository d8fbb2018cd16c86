"""What user code displays by a call: `display(…)`, updates in place, `clear_output`, figures.

Knows how a display is sent from inside user code, and the signatures of IPython's functions for it.
Where IPython is installed and imported, its functions call this, unless the program runs an IPython
shell. Elsewhere `display` is a builtin of sources that call it.

Only the process and, because of signals, the thread that runs statements may step out of the door:
another thread sends without that, and a forked child prints, as IPython's `display` does without a shell.
"""

import sys
from _thread import get_ident

from ..channel import Disconnected
from . import display, matplotlib_backend, matplotlib_figures

if False:
    from types import ModuleType
    from typing import Any, Callable, Iterator, Protocol

    from ..door import Door
    from ..import_hooks import ImportHooks
    from ..protocol import Message
    from .mime_bundle import Bundle

    class Send(Protocol):
        """Sends a message to the server."""

        def __call__(self, message: Message, *, wait: bool) -> None:
            """Send it; with `wait` return when the server has taken it."""


_modules = sys.modules
_WINDOWS = (None, "", "browser", "vscode", "plotly_mimetype+notebook")
"""Renderers that plotly chooses by itself: a window, or one that needs a notebook's libraries."""


class Publisher:
    """Sends what one program displays."""

    def __init__(self, door: "Door", send: "Send", folder: str) -> None:
        """`send(message, wait=…)` flushes the program's streams and sends.

        With `wait`, which only the main thread may pass, it returns when the server has received the
        message: what is written after it is then shown after it.
        """
        self._door = door
        self._send = send
        self._folder = folder
        self._thread = get_ident()
        self._statement = 0
        self._ids = 0
        self._figures: "set[str]" = set()
        """Keys of the figures that the running statement has shown."""
        self._found_no_figure = False
        """The running statement has called matplotlib's `show` while no figure was open."""

    def register(self, hooks: "ImportHooks") -> None:
        """Have libraries display through this publisher once they are imported."""
        hooks.after("matplotlib", matplotlib_backend.make_default)
        hooks.after("IPython.core.display_functions", self._take_over)
        hooks.after("IPython.core.display", self._take_over)
        hooks.after("plotly.io._renderers", self._render_plotly)
        hooks.provide(matplotlib_backend.BACKEND, self._fill_backend)

    def prepare(self, source: "str | bytes") -> None:
        """Set up what `source` needs: `display` is a builtin where it is called by that name."""
        import builtins

        matplotlib_figures.set_source(source)
        calls = "display(" in source if isinstance(source, str) else b"display(" in source
        if calls and not hasattr(builtins, "display"):
            vars(builtins)["display"] = self._builtin()

    def end_statement(self) -> "Message":
        """Begin anew with figures: one that is shown again later is a new display.

        Returns what the server is to know of those of the statement that ends.
        """
        self._statement += 1
        self._figures.clear()
        found_none, self._found_no_figure = self._found_no_figure, False
        return {"noFigure": True} if found_none else {}

    def show(self, bundle: "Bundle", key: object = None, *, update: bool = False) -> None:
        """Send a display, with a `key` by which it can be updated."""
        data, metadata = bundle
        message: "Message" = {"type": "display", "data": data, "metadata": metadata}
        if key is not None:
            message["id"] = str.__str__(str(key))[:1000]
            message["update"] = bool(update)
        self._send_out(message, data["text/plain"])

    def clear(self, wait: bool = False) -> None:
        """Remove the output of the running statement; `wait`: only once more output follows."""
        self._send_out({"type": "display", "clear": "wait" if wait else "now"}, None)

    def new_id(self) -> str:
        """A key that no other display of this process has."""
        self._ids += 1
        return "rdit-%d-%d" % (self._door.process, self._ids)

    def _send_out(self, message: "Message", text: "str | None") -> None:
        if self._door.is_here:
            try:
                self._send(message, wait=get_ident() == self._thread)
                return
            except Disconnected:
                pass  # The document is closed, and the program still runs its exit functions.
        if text:
            print(text)

    def _bundles(
        self, values: "tuple[Any, ...]", raw: object, metadata: "Any"
    ) -> "Iterator[Bundle]":
        for value in values:
            yield self._from_data(value, metadata) if raw else display.bundle(value, self._folder)

    def _from_data(self, data: "Any", metadata: "Any") -> "Bundle":
        try:
            return display.from_data(data, metadata, self._folder)
        except Exception as error:
            raise TypeError("a display %s" % error) from None

    def _display(self, values: "tuple[Any, ...]", options: "dict[str, Any]") -> "Any":
        """`IPython.display.display`. Returns the key where there is one."""
        key, update = options.pop("display_id", None), bool(options.pop("update", False))
        transient = options.pop("transient", None) or {}
        key = transient.get("display_id", key)
        if key is True:
            key = self.new_id()
        if update and key is None:
            raise TypeError("display_id required for update")
        if options.pop("clear", False):
            self.clear(wait=True)
        raw, metadata = options.pop("raw", False), options.pop("metadata", None)
        for bundle in self._bundles(values, raw, metadata):
            self.show(bundle, key, update=update)
        return key

    def _builtin(self) -> "Callable[..., Any]":
        def display(*objs, **options):
            # type: (*Any, **Any) -> Handle | None
            """Show each value as the last line of a notebook's cell would."""
            key = self._display(objs, options)
            return Handle(key) if key is not None else None

        class Handle:
            """A display that can be replaced in place."""

            def __init__(self, display_id):
                # type: (Any) -> None
                self.display_id = display_id

            def __repr__(self):
                # type: () -> str
                return "<display %s>" % self.display_id

            def display(self, value, **options):
                # type: (Any, **Any) -> None
                """Show it once more."""
                display(value, display_id=self.display_id, **options)

            def update(self, value, **options):
                # type: (Any, **Any) -> None
                """Show `value` in its place."""
                display(value, display_id=self.display_id, update=True, **options)

        display.__module__ = Handle.__module__ = "builtins"
        return display

    def _take_over(self, module: "ModuleType") -> None:
        """Have IPython's functions in `module` display here, where there is no IPython shell."""
        originals = dict(module.__dict__)

        def has_shell() -> bool:
            shell = _modules.get("IPython.core.interactiveshell")
            return shell is not None and shell.InteractiveShell.initialized()

        def display(*objs, **options):
            # type: (*Any, **Any) -> Any
            if has_shell():
                return originals["display"](*objs, **options)
            key = self._display(objs, options)
            return module.DisplayHandle(key) if key is not None else None

        def publish_display_data(data, metadata=None, *arguments, transient=None, **options):
            # type: (Any, Any, *Any, Any, **Any) -> Any
            if has_shell():
                kept = {"transient": transient, **options}
                return originals["publish_display_data"](data, metadata, *arguments, **kept)
            transient = transient or {}
            update = options.get("update", False)
            return self.show(
                self._from_data(data, metadata), transient.get("display_id"), update=update
            )

        def clear_output(wait=False):
            # type: (bool) -> Any
            if has_shell():
                return originals["clear_output"](wait)
            return self.clear(wait)

        for function in (display, publish_display_data, clear_output):
            _put_in_place(module, function)

    def _fill_backend(self, module: "ModuleType") -> None:
        def publish(figure: "Any", number: int) -> None:
            key = "rdit-%d-figure-%d-%d" % (self._door.process, self._statement, number)
            is_shown = key in self._figures
            self._figures.add(key)
            self.show(display.window(figure, self._folder), key, update=is_shown)

        def show_all(count: int) -> None:
            self._found_no_figure = count == 0

        matplotlib_backend.fill_backend(module, publish, show_all)

    def _render_plotly(self, module: "Any") -> None:
        """Have plotly's `show` display here, not in a browser, unless the user chose a renderer."""
        renderers = module.renderers
        if _modules["os"].environ.get("PLOTLY_RENDERER") or renderers.default not in _WINDOWS:
            return
        publisher = self

        class Renderer(module.ExternalRenderer):
            """Displays beside the statement."""

            def render(self, fig_dict):
                # type: (Any) -> None
                from plotly.graph_objects import Figure

                publisher.show(
                    display.bundle(Figure(fig_dict, skip_invalid=True), publisher._folder)
                )

        renderers["rdit"] = Renderer()
        renderers.default = "rdit"


def _put_in_place(module: "ModuleType", function: "Any") -> None:
    """Replace the function of that name that `module` defines by `function`."""
    name = function.__name__
    original = module.__dict__.get(name)
    if original is None or original.__module__ != module.__name__ or hasattr(original, "_is_rdit"):
        return
    function.__doc__ = original.__doc__
    function.__module__, function.__qualname__ = original.__module__, name
    function._is_rdit = True
    setattr(module, name, function)
    for importer in map(_modules.get, ("IPython.display", "IPython.core.display")):
        if importer is not None and importer.__dict__.get(name) is original:
            setattr(importer, name, function)

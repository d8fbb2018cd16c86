"""What user code displays on its own: `display(…)`, updates in place, `clear_output`, figures.

Knows how a display is sent from inside user code, and the signatures of IPython's functions for it.
Where IPython is installed and imported, its own functions come here, unless the program runs an
IPython shell of its own. Elsewhere `display` is a builtin of sources that call it.

Only the process and, for signals, the thread that runs statements may talk through the door: another
thread sends without it, and a forked child prints, as IPython's `display` does without a shell.
"""

import sys
from _thread import get_ident

from ..channel import Disconnected
from . import display, matplotlib_backend, matplotlib_figures

_modules = sys.modules
_WINDOWS = (None, "", "browser", "vscode", "plotly_mimetype+notebook")
"""What plotly chooses by itself outside of notebooks: a window, or what needs a notebook's libraries."""


class Publisher:
    """Sends what one program displays."""

    def __init__(self, door, send, folder):
        """`send(message, wait=…)` flushes the program's streams and sends.

        With `wait`, which only the main thread may ask for, it comes back when the server has taken
        the message: what is written after it is then shown after it.
        """
        self._door = door
        self._send = send
        self._folder = folder
        self._thread = get_ident()
        self._statement = 0
        self._ids = 0
        self._figures = set()
        """Keys of the figures that the running statement has shown."""

    def serve(self, hooks):
        """Have libraries display by way of this, whenever they are imported."""
        hooks.after("matplotlib", matplotlib_backend.offer)
        hooks.after("IPython.core.display_functions", self._take_over)
        hooks.after("IPython.core.display", self._take_over)
        hooks.after("plotly.io._renderers", self._render_plotly)
        hooks.provide(matplotlib_backend.BACKEND, self._fill_backend)

    def look_at(self, source):
        """Get ready for `source`: `display` is a builtin where it is called by that name."""
        import builtins

        matplotlib_figures.look_at(source)
        called = "display(" if isinstance(source, str) else b"display("
        if called in source and not hasattr(builtins, "display"):
            builtins.display = self._builtin()

    def end_statement(self):
        """A statement has ended: a figure that is shown again later is a new display."""
        self._statement += 1
        self._figures.clear()

    def show(self, bundle, key=None, *, update=False):
        """Send a display, with a `key` by which it can be updated."""
        data, metadata = bundle
        message = {"type": "display", "data": data, "metadata": metadata}
        if key is not None:
            message["id"] = str.__str__(str(key))[:1000]
            message["update"] = bool(update)
        self._send_out(message, data["text/plain"])

    def clear(self, wait=False):
        """Take back what the running statement has put out; `wait`: when something follows."""
        self._send_out({"type": "display", "clear": "wait" if wait else "now"}, None)

    def new_id(self):
        """A key that no other display of this process has."""
        self._ids += 1
        return "rdit-%d-%d" % (self._door.process, self._ids)

    def _send_out(self, message, text):
        if self._door.is_here:
            try:
                self._send(message, wait=get_ident() == self._thread)
                return
            except Disconnected:
                pass  # The document is closed, and the program still runs its last lines.
        if text:
            print(text)

    def _shown(self, values, raw, metadata):
        for value in values:
            yield self._given(value, metadata) if raw else display.bundle(value, self._folder)

    def _given(self, data, metadata):
        try:
            return display.given(data, metadata, self._folder)
        except Exception as error:
            raise TypeError("a display %s" % error) from None

    def _display(self, values, options):
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
        for bundle in self._shown(values, raw, metadata):
            self.show(bundle, key, update=update)
        return key

    def _builtin(self):
        def display(*objs, **options):
            """Show each value as the last line of a notebook's cell would."""
            key = self._display(objs, options)
            return Handle(key) if key is not None else None

        class Handle:
            """A display that can be replaced in place."""

            def __init__(self, display_id):
                self.display_id = display_id

            def __repr__(self):
                return "<display %s>" % self.display_id

            def display(self, value, **options):
                """Show it once more."""
                display(value, display_id=self.display_id, **options)

            def update(self, value, **options):
                """Show `value` in its place."""
                display(value, display_id=self.display_id, update=True, **options)

        display.__module__ = Handle.__module__ = "builtins"
        return display

    def _take_over(self, module):
        """Have IPython's functions in `module` display here, where there is no IPython shell."""
        originals = dict(module.__dict__)

        def has_shell():
            shell = _modules.get("IPython.core.interactiveshell")
            return shell is not None and shell.InteractiveShell.initialized()

        def display(*objs, **options):
            if has_shell():
                return originals["display"](*objs, **options)
            key = self._display(objs, options)
            return module.DisplayHandle(key) if key is not None else None

        def publish_display_data(data, metadata=None, *arguments, transient=None, **options):
            if has_shell():
                kept = {"transient": transient, **options}
                return originals["publish_display_data"](data, metadata, *arguments, **kept)
            transient = transient or {}
            update = options.get("update", False)
            return self.show(
                self._given(data, metadata), transient.get("display_id"), update=update
            )

        def clear_output(wait=False):
            if has_shell():
                return originals["clear_output"](wait)
            return self.clear(wait)

        for function in (display, publish_display_data, clear_output):
            _put_in_place(module, function)

    def _fill_backend(self, module):
        def publish(figure, number):
            key = "rdit-%d-figure-%d-%d" % (self._door.process, self._statement, number)
            is_shown = key in self._figures
            self._figures.add(key)
            self.show(display.window(figure, self._folder), key, update=is_shown)

        matplotlib_backend.fill_backend(module, publish)

    def _render_plotly(self, module):
        """Have plotly's `show` display here and open no browser, unless a renderer was chosen."""
        renderers = module.renderers
        if _modules["os"].environ.get("PLOTLY_RENDERER") or renderers.default not in _WINDOWS:
            return
        publisher = self

        class Renderer(module.ExternalRenderer):
            """Displays beside the statement."""

            def render(self, fig_dict):
                from plotly.graph_objects import Figure

                publisher.show(
                    display.bundle(Figure(fig_dict, skip_invalid=True), publisher._folder)
                )

        renderers["rdit"] = Renderer()
        renderers.default = "rdit"


def _put_in_place(module, function):
    """Have `function` stand for the one of its name that `module` has defined."""
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

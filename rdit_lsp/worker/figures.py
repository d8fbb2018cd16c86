"""matplotlib without configuration: a backend of ours that displays what would have been a window.

Knows matplotlib, and imports it only once user code has. It is offered where the user has chosen no
backend: `MPLBACKEND`, a matplotlibrc and `matplotlib.use` all win. The environment and `sys.path` stay
as they are, so a child process of the program's does what it always did.
"""

import sys

_modules = sys.modules

BACKEND = "matplotlib_rdit"
"""The name under which matplotlib imports the backend's module."""

PIXELS = 8_000_000
"""A larger figure is drawn at a lower resolution."""

SIDE = 16_000
"""Agg cannot draw more pixels a side than 2 ** 16."""


def is_figure(kind):
    """Whether values of the class `kind` are matplotlib figures."""
    return "matplotlib.figure" in _modules and any(
        base.__name__ == "Figure" and base.__module__ == "matplotlib.figure"
        for base in kind.__mro__
    )


def is_empty(figure):
    """Whether nothing is in the figure yet, as after `plt.figure()` in a line of its own."""
    names = ("axes", "subfigs", "artists", "images", "lines", "patches", "texts", "legends")
    return not any(getattr(figure, name, None) for name in names)


def is_plotly(kind):
    """Whether values of the class `kind` are plotly's figures."""
    return "plotly.basedatatypes" in _modules and any(
        base.__name__ == "BaseFigure" and base.__module__ == "plotly.basedatatypes"
        for base in kind.__mro__
    )


def plotly_text(figure):
    """A plotly figure in a line: its `repr` is all of its data."""
    traces = [str(trace.type) for trace in figure.data[:100]]
    found = ["%d × %s" % (traces.count(name), name) for name in dict.fromkeys(traces)]
    title = figure.layout.title.text
    return "Figure(%s)" % ", ".join(found + ([repr(str(title))] if title else []))


def draw(figure):
    """A figure as PNG, and a sentence where it is not at its full size, or None."""
    import io

    import matplotlib

    width, height = (float(inches) * figure.dpi for inches in figure.get_size_inches())
    scale = min(1.0, (PIXELS / max(width * height, 1)) ** 0.5, SIDE / max(width, height, 1))
    file = io.BytesIO()
    # Settings for files the user saves are not meant for this one.
    with matplotlib.rc_context({"savefig.bbox": None, "savefig.transparent": False}):
        figure.canvas.print_figure(
            file,
            format="png",
            dpi=figure.dpi * scale,
            facecolor=figure.get_facecolor(),
            edgecolor=figure.get_edgecolor(),
        )
    note = None
    if scale < 1.0:
        note = "the figure has {:,.0f} × {:,.0f} pixels; it is shown smaller".format(width, height)
    return file.getvalue(), note


def offer(matplotlib):
    """Make our backend the one that matplotlib, just imported, would otherwise look for itself."""
    settings = matplotlib.rcParams
    # Past RcParams' own `[]`, which would choose a backend now and load it.
    chosen = dict.__getitem__(settings, "backend")
    if not _modules["os"].environ.get("MPLBACKEND") and not isinstance(chosen, str):
        settings["backend"] = "module://" + BACKEND


def fill_backend(module, publish):
    """Make `module` a backend; `publish(figure, key)` shows a figure, again in place by the same key."""
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class FigureManager(FigureManagerBase):
        def show(self):
            """`Figure.show`: as a window would, without waiting."""
            publish(self.canvas.figure, id(self))

        @classmethod
        def pyplot_show(cls, *, block=None):
            show(block=block)

    class FigureCanvas(FigureCanvasAgg):
        manager_class = FigureManager

    def show(*_, block=None, **__):
        """Display every open figure; a `show` that waits comes back when its windows are closed."""
        import matplotlib

        for manager in Gcf.get_all_fig_managers():
            manager.show()
        if block or (block is None and not matplotlib.is_interactive()):
            Gcf.destroy_all()

    def new_figure_manager(num, *args, **kwargs):
        figure = kwargs.pop("FigureClass", Figure)(*args, **kwargs)
        return new_figure_manager_given_figure(num, figure)

    def new_figure_manager_given_figure(num, figure):
        return FigureManager(FigureCanvas(figure), num)

    def draw_if_interactive():
        """Nothing is drawn before it is shown."""

    for each in (FigureManager, FigureCanvas, show, new_figure_manager):
        each.__module__ = BACKEND
        setattr(module, each.__name__, each)
    module.new_figure_manager_given_figure = new_figure_manager_given_figure
    module.draw_if_interactive = draw_if_interactive

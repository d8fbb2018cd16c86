"""matplotlib without configuration: a backend that displays what would have been a window.

Knows matplotlib, and imports it only once user code has. It is the default where the user has chosen no
backend: `MPLBACKEND`, a matplotlibrc and `matplotlib.use` all win. The environment and `sys.path` stay
as they are, so child processes of the program behave as under plain Python.
"""

import sys

if False:
    from typing import Any, Callable

_modules = sys.modules

BACKEND = "matplotlib_rdit"
"""The name under which matplotlib imports the backend's module."""


def make_default(matplotlib: "Any") -> None:
    """Choose this backend for matplotlib, just imported, which would otherwise look for one itself."""
    settings = matplotlib.rcParams
    # Past RcParams' own `[]`, which would choose a backend now and load it.
    chosen = dict.__getitem__(settings, "backend")
    if not _modules["os"].environ.get("MPLBACKEND") and not isinstance(chosen, str):
        settings["backend"] = "module://" + BACKEND


def fill_backend(
    module: "Any", publish: "Callable[[Any, int], None]", show_all: "Callable[[int], None]"
) -> None:
    """Make `module` a backend; `publish(figure, number)` displays a figure, in place when called again.

    `show_all(count)` is called before `show` displays that many figures.
    """
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class FigureManager(FigureManagerBase):
        def show(self):
            # type: () -> None
            """`Figure.show`: display it as a window would, without waiting."""
            publish(self.canvas.figure, id(self))

        @classmethod
        def pyplot_show(cls, *, block=None):
            # type: (bool | None) -> None
            show(block=block)

    class FigureCanvas(FigureCanvasAgg):
        manager_class = FigureManager

    def show(*_, block=None, **__):
        # type: (*Any, bool | None, **Any) -> None
        """Display every open figure; a `show` that waits for its windows closes them."""
        import matplotlib

        managers = Gcf.get_all_fig_managers()
        show_all(len(managers))
        for manager in managers:
            manager.show()
        if block or (block is None and not matplotlib.is_interactive()):
            Gcf.destroy_all()

    def new_figure_manager(num, *args, **kwargs):
        # type: (Any, *Any, **Any) -> FigureManager
        figure = kwargs.pop("FigureClass", Figure)(*args, **kwargs)
        return new_figure_manager_given_figure(num, figure)

    def new_figure_manager_given_figure(num, figure):
        # type: (Any, Any) -> FigureManager
        return FigureManager(FigureCanvas(figure), num)

    def draw_if_interactive():
        # type: () -> None
        """Do nothing: figures are drawn when they are shown."""

    for each in (FigureManager, FigureCanvas, show, new_figure_manager):
        each.__module__ = BACKEND
        setattr(module, each.__name__, each)
    module.new_figure_manager_given_figure = new_figure_manager_given_figure
    module.draw_if_interactive = draw_if_interactive

"""matplotlib without configuration: a backend of ours that displays what would have been a window.

Knows matplotlib, and imports it only once user code has. It is offered where the user has chosen no
backend: `MPLBACKEND`, a matplotlibrc and `matplotlib.use` all win. The environment and `sys.path` stay
as they are, so a child process of the program's does what it always did.
"""

import sys

_modules = sys.modules

BACKEND = "matplotlib_rdit"
"""The name under which matplotlib imports the backend's module."""


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

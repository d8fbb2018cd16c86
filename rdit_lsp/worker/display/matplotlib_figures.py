"""Figures of matplotlib as pictures, and the figure that a value is a part of.

Knows matplotlib's classes, and imports them only once user code has. What it draws is a matter of the
user's settings (`draw_as`) and of the source (`look_at`); nothing here knows who asks.
"""

import sys

from ..statements import SHOWS_FIGURES
from ..type_names import has_base
from .mime_bundle import Refused
from .timelimit import TooLong

_modules = sys.modules

PIXELS = 8_000_000
"""A larger figure is drawn at a lower resolution."""

SIDE = 16_000
"""Agg cannot draw more pixels a side than 2 ** 16."""

CHARACTERS = 8 << 20
"""An SVG with more is given up while it is being written: a million points make gigabytes."""

_SVG_SECONDS = 5.0
_USUAL = 100.0
"""matplotlib's own resolution, to which settings of others' pictures are relative."""

_DEPTH = 3
_LOOKED_AT = 20
"""Items of each container that are looked at for a figure."""


class Style:
    """How figures are to be drawn."""

    is_svg = False
    dpi = None
    """Dots per inch, None for each figure's own."""
    source = b""
    """The program's text, as bytes or not."""
    are_parts_shown = None
    """The program never shows a figure itself, so what belongs to one stands for it; None: not decided."""

    @property
    def scale(self):
        """How many pixels a picture of someone else's has for each it is shown at."""
        return (self.dpi or _USUAL) / _USUAL


style = Style()


def draw_as(format, dpi):  # noqa: A002  (the message's own names)
    """Draw figures in this format, `png` or `svg`, and at this resolution."""
    style.is_svg = format == "svg"
    style.dpi = dpi


def look_at(source):
    """Decide by the program's text, once that matters, whether a part of a figure stands for the figure.

    Where it calls `show` or `savefig`, it says itself when a figure is finished: each of the statements
    that build it up would show it half done, and take the time to draw it.
    """
    style.source = source
    style.are_parts_shown = None


class Drawn:
    """A figure as a picture."""

    def __init__(self, mime, content, size, note=None):
        self.mime = mime
        self.content = content
        self.size = size
        """Width and height in pixels at which it is meant to be shown."""
        self.note = note
        """A sentence where it is not all that it should be."""


def draw(figure, run):
    """The figure as a picture; `run(call, seconds)` runs what may take long, and may raise TooLong."""
    note = None
    if style.is_svg:
        try:
            return run(lambda: _svg(figure), _SVG_SECONDS)
        except Refused as refused:
            note = "the figure %s; it is shown as PNG" % refused
        except TooLong:
            note = "the figure takes too long as SVG; it is shown as PNG"
    drawn = run(lambda: _png(figure))
    drawn.note = drawn.note or note
    return drawn


def is_figure(kind):
    """Whether values of the class `kind` are matplotlib figures."""
    return "matplotlib.figure" in _modules and has_base(kind, "matplotlib.figure", "Figure")


def is_empty(figure):
    """Whether nothing is in the figure yet, as after `plt.figure()` in a line of its own."""
    names = ("axes", "subfigs", "artists", "images", "lines", "patches", "texts", "legends")
    return not any(getattr(figure, name, None) for name in names)


def title(figure):
    """What the figure calls itself: its own title, or that of its only Axes."""
    own = getattr(figure, "_suptitle", None)
    if own is None and len(figure.axes) == 1:
        own = figure.axes[0].title
    return own.get_text() if own is not None else ""


def may_be_part():
    """Whether any value could be a part of a figure."""
    return "matplotlib.figure" in _modules


def are_parts_shown():
    """Whether a value that is a part of a figure stands for the figure."""
    if not may_be_part():
        return False
    if style.are_parts_shown is None:
        import re

        source = style.source
        source = source.encode("utf-8", "replace") if isinstance(source, str) else source
        style.are_parts_shown = re.search(SHOWS_FIGURES.encode(), source) is None
    return style.are_parts_shown


def figures_of(value):
    """The figures that `value` is a part of, or that what it holds is a part of.

    That is what plotting functions return: an Axes, a list of lines, an array of Axes, bars and counts.
    """
    found = {}
    _search(value, found, _DEPTH)
    return list(found.values())


slow = set()
"""Numbers of figures that took too long to be drawn for a mere part of theirs."""

_numbers = iter(range(1, 1 << 62))
_numbered = []
"""Holds one WeakKeyDictionary once it is needed: figures to their numbers."""


def number_of(figure):
    """A number that tells the figure from others of this program."""
    if not _numbered:
        from weakref import WeakKeyDictionary

        _numbered.append(WeakKeyDictionary())
    if figure not in _numbered[0]:
        _numbered[0][figure] = next(_numbers)
    return _numbered[0][figure]


def _png(figure):
    import io

    width, height = _own_size(figure)
    sharper = (style.dpi or figure.dpi) / figure.dpi
    fits = min((PIXELS / max(width * height, 1)) ** 0.5, SIDE / max(width, height, 1))
    scale = min(sharper, fits)
    file = io.BytesIO()
    _print(figure, file, "png", figure.dpi * scale)
    note = None
    if fits < 1.0 and fits < sharper:
        note = "the figure has {:,.0f} × {:,.0f} pixels; it is shown smaller".format(width, height)
        width, height = width * scale, height * scale
    return Drawn("image/png", file.getvalue(), (round(width), round(height)), note)


def _svg(figure):
    file = _bounded_text()
    _print(figure, file, "svg", style.dpi or figure.dpi)
    width, height = _own_size(figure)
    return Drawn("image/svg+xml", file.getvalue(), (round(width), round(height)))


def _own_size(figure):
    return tuple(float(inches) * figure.dpi for inches in figure.get_size_inches())


def _print(figure, file, format, dpi):  # noqa: A002  (matplotlib's own name)
    import matplotlib

    settings = {
        # Settings for files the user saves are not meant for this one.
        "savefig.bbox": None,
        "savefig.transparent": False,
        # The same figure is to be the same text, whenever it is drawn.
        "svg.hashsalt": matplotlib.rcParams.get("svg.hashsalt") or "rdit",
    }
    options = {"metadata": {"Date": None}} if format == "svg" else {}
    with matplotlib.rc_context(settings):
        figure.canvas.print_figure(
            file,
            format=format,
            dpi=dpi,
            facecolor=figure.get_facecolor(),
            edgecolor=figure.get_edgecolor(),
            **options,
        )


def _bounded_text():
    import io

    class Bounded(io.StringIO):
        def write(self, text):
            if self.tell() + len(text) > CHARACTERS:
                raise Refused("is more than %d MB as SVG" % (CHARACTERS >> 20))
            return super().write(text)

    return Bounded()


def _search(value, found, depth):
    kind = type(value)
    if has_base(kind, "matplotlib.artist", "Artist"):
        _add(value, found)
    elif has_base(kind, "matplotlib.colorbar", "Colorbar"):
        _add(value.ax, found)
    elif has_base(kind, "seaborn.axisgrid", "Grid"):
        _add(value.figure, found)
    elif depth:
        for item in _items(kind, value):
            _search(item, found, depth - 1)


def _add(artist, found):
    """Add the figure of `artist`, past those that are parts of another."""
    figure = artist
    for _ in range(10):
        if figure is None:
            return
        if is_figure(type(figure)):
            found[id(figure)] = figure
            return
        figure = figure.figure


def _items(kind, value):
    """The first items of a container that plotting functions return."""
    from itertools import islice

    for base, items in ((list, list.__iter__), (tuple, tuple.__iter__), (dict, dict.values)):
        if issubclass(kind, base):
            return islice(items(value), _LOOKED_AT)
    if has_base(kind, "numpy", "ndarray") and value.dtype.hasobject:
        return islice(value.flat, _LOOKED_AT)
    if has_base(kind, "pandas", "Series") and value.dtype.hasobject:
        return islice(iter(value), _LOOKED_AT)
    return ()

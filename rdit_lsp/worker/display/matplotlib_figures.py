"""Figures of matplotlib as pictures, and the figure that a value is a part of.

Knows matplotlib's classes, and imports them only once user code has. What it draws depends on the user's
settings (`draw_as`) and on the source (`set_source`); it knows nothing of displays.
"""

import sys

from ..statements import SHOWS_FIGURES
from ..type_names import has_base
from .mime_bundle import Refused
from .timelimit import TooLong

if False:
    import io
    from typing import Any, Callable, Iterable, Protocol, Sequence

    class Run(Protocol):
        """Runs what may take long."""

        def __call__(self, call: "Callable[[], Picture]", seconds: float = ...) -> "Picture":
            """The picture that `call()` makes in that time. Raises TooLong."""


_modules = sys.modules

PIXELS = 8_000_000
"""A larger figure is drawn at a lower resolution."""

SIDE = 16_000
"""Agg cannot draw more pixels a side than 2 ** 16."""

CHARACTERS = 8 << 20
"""Writing an SVG stops at more: a million points make gigabytes."""

_SVG_SECONDS = 5.0
_USUAL = 100.0
"""matplotlib's own resolution; the scale of other libraries' pictures is relative to it."""

_DEPTH = 3
_SEARCHED = 20
"""Items of each container that are searched for a figure."""


class Style:
    """How figures are to be drawn."""

    is_svg = False
    dpi: "float | None" = None
    """Dots per inch, None for each figure's own."""
    source: "str | bytes" = b""
    """The program's text."""
    are_parts_shown: "bool | None" = None
    """A part stands for its figure, as the program never shows one itself. None: not decided yet."""

    @property
    def scale(self) -> float:
        """Pixels of another library's picture for each pixel at which it is displayed."""
        return (self.dpi or _USUAL) / _USUAL


style = Style()


def draw_as(format: str, dpi: "float | None") -> None:  # noqa: A002  (the message's own names)
    """Draw figures in this format, `png` or `svg`, and at this resolution."""
    style.is_svg = format == "svg"
    style.dpi = dpi


def set_source(source: "str | bytes") -> None:
    """Set the program's text, which decides, once that matters, whether a part stands for its figure.

    Where it calls `show` or `savefig`, that is when a figure is finished: each of the statements that
    build it up would show it half done, and take the time to draw it.
    """
    style.source = source
    style.are_parts_shown = None


class Picture:
    """A drawn figure or chart."""

    def __init__(
        self,
        mime: str,
        content: "str | bytes",
        size: "Sequence[int] | None",
        note: "str | None" = None,
    ) -> None:
        self.mime = mime
        self.content = content
        self.size = size
        """Width and height in pixels at which to display it, None where not known."""
        self.note = note
        """A sentence that says what differs from the figure, if anything does."""


def draw(figure: "Any", run: "Run") -> "Picture":
    """The figure as a picture; `run(call, seconds)` calls what may take long, and may raise TooLong."""
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


def is_figure(kind: "type[Any]") -> bool:
    """Whether values of the class `kind` are matplotlib figures."""
    return "matplotlib.figure" in _modules and has_base(kind, "matplotlib.figure", "Figure")


def is_empty(figure: "Any") -> bool:
    """Whether nothing is in the figure yet, as after `plt.figure()` in a line of its own."""
    names = ("axes", "subfigs", "artists", "images", "lines", "patches", "texts", "legends")
    return not any(getattr(figure, name, None) for name in names)


def title(figure: "Any") -> str:
    """The title of the figure, or that of its only Axes; empty without one."""
    own = getattr(figure, "_suptitle", None)
    if own is None and len(figure.axes) == 1:
        own = figure.axes[0].title
    return own.get_text() if own is not None else ""


def may_be_part() -> bool:
    """Whether any value could be a part of a figure."""
    return "matplotlib.figure" in _modules


def are_parts_shown() -> bool:
    """Whether a value that is a part of a figure stands for the figure."""
    if not may_be_part():
        return False
    if style.are_parts_shown is None:
        import re

        source = style.source
        data = source.encode("utf-8", "replace") if isinstance(source, str) else source
        style.are_parts_shown = re.search(SHOWS_FIGURES.encode(), data) is None
    return style.are_parts_shown


def figures_of(value: "Any") -> "list[Any]":
    """The figures that `value` or its items are parts of.

    Plotting functions return such values: an Axes, a list of lines, an array of Axes, bars and counts.
    """
    found: "dict[int, Any]" = {}
    _search(value, found, _DEPTH)
    return list(found.values())


slow: "set[int]" = set()
"""Numbers of figures that took too long to be drawn for each of their parts."""

_numbers = iter(range(1, 1 << 62))
_numbered: "list[Any]" = []
"""Holds one WeakKeyDictionary once it is needed: figures to their numbers."""


def number_of(figure: "Any") -> int:
    """A number that no other figure of this program has."""
    if not _numbered:
        from weakref import WeakKeyDictionary

        _numbered.append(WeakKeyDictionary())
    if figure not in _numbered[0]:
        _numbered[0][figure] = next(_numbers)
    return _numbered[0][figure]


def _png(figure: "Any") -> "Picture":
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
    return Picture("image/png", file.getvalue(), (round(width), round(height)), note)


def _svg(figure: "Any") -> "Picture":
    file = _bounded_text()
    _print(figure, file, "svg", style.dpi or figure.dpi)
    width, height = _own_size(figure)
    return Picture("image/svg+xml", file.getvalue(), (round(width), round(height)))


def _own_size(figure: "Any") -> "tuple[float, float]":
    return tuple(float(inches) * figure.dpi for inches in figure.get_size_inches())


def _print(figure: "Any", file: "io.BytesIO | io.StringIO", format: str, dpi: float) -> None:  # noqa: A002  (matplotlib's own name)
    import matplotlib

    settings = {
        # Settings for files that the user saves do not apply here.
        "savefig.bbox": None,
        "savefig.transparent": False,
        # The same figure must be the same text each time it is drawn.
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


def _bounded_text() -> "io.StringIO":
    import io

    class Bounded(io.StringIO):
        def write(self, text: str) -> int:
            if self.tell() + len(text) > CHARACTERS:
                raise Refused("is more than %d MB as SVG" % (CHARACTERS >> 20))
            return super().write(text)

    return Bounded()


def _search(value: "Any", found: "dict[int, Any]", depth: int) -> None:
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


def _add(artist: "Any", found: "dict[int, Any]") -> None:
    """Add the figure of `artist`, past those that are parts of another."""
    figure = artist
    for _ in range(10):
        if figure is None:
            return
        if is_figure(type(figure)):
            found[id(figure)] = figure
            return
        figure = figure.figure


def _items(kind: "type[Any]", value: "Any") -> "Iterable[Any]":
    """The first items of a container that plotting functions return."""
    from itertools import islice

    for base, items in ((list, list.__iter__), (tuple, tuple.__iter__), (dict, dict.values)):
        if issubclass(kind, base):
            return islice(items(value), _SEARCHED)
    if has_base(kind, "numpy", "ndarray") and value.dtype.hasobject:
        return islice(value.flat, _SEARCHED)
    if has_base(kind, "pandas", "Series") and value.dtype.hasobject:
        return islice(iter(value), _SEARCHED)
    return ()

"""Charts of plotly and altair: a line that says what they are, and a picture where one can be had.

Such charts are drawn by scripts in a browser, which no client of ours runs. Where kaleido (for plotly) or
vl-convert (for altair) is installed beside them, there is a picture. A process of its own draws it: they
leave threads behind, which make the program unable to fork, and cannot be ended where they are.
"""

import sys
from time import monotonic

from ..type_names import has_base
from .matplotlib_figures import Drawn, style
from .mime_bundle import MAGIC, Refused, exact, png_pixels
from .timelimit import Limit

_modules = sys.modules

SECONDS = 20.0
"""Time for the picture of one chart: kaleido starts a browser for each."""

ALL_SECONDS = 60.0
"""Time for the pictures of all charts of one program."""

_MOST = 100
"""Traces, layers and channels that are told."""
_PLOTLY = """\
import sys; del sys.path[0]
import json, plotly.io
form, scale = sys.argv[1], float(sys.argv[2])
figure = json.load(sys.stdin.buffer)
picture = plotly.io.to_image(figure, format=form, scale=scale, validate=False)
sys.stdout.buffer.write(picture)
"""
_ALTAIR = """\
import sys; del sys.path[0]
import json, vl_convert
form, scale = sys.argv[1], float(sys.argv[2])
spec, version = json.load(sys.stdin.buffer)
if form == "svg":
    picture = vl_convert.vegalite_to_svg(spec, version, allowed_base_urls=[]).encode()
else:
    picture = vl_convert.vegalite_to_png(spec, version, scale=scale, allowed_base_urls=[])
sys.stdout.buffer.write(picture)
"""

_GROUPS = ("layer", "hconcat", "vconcat", "concat")


class Pencil:
    """Draws charts, and remembers what it cost."""

    def __init__(self):
        self._took = 0.0

    def draw(self, chart):
        """The chart as a picture. Raises Refused with the reason why there is none."""
        if self._took > ALL_SECONDS:
            raise Refused("is not drawn: charts have taken %d seconds already" % self._took)
        order = _plotly_order if is_plotly(type(chart)) else _altair_order
        begin = monotonic()
        try:
            with Limit(SECONDS) as limit:
                content = limit.run(lambda: _drawn_by(*order(chart)))
        finally:
            self._took += monotonic() - begin
        if style.is_svg:
            return Drawn("image/svg+xml", content.decode("utf-8", "replace"), None)
        if not content.startswith(MAGIC["image/png"]):
            raise Refused("was drawn, but what came is no PNG")
        sides = [round(side / style.scale) for side in png_pixels(content)]
        return Drawn("image/png", content, sides)


pencil = Pencil()


def is_chart(kind):
    """Whether values of the class `kind` are charts of plotly or altair."""
    return is_plotly(kind) or is_altair(kind)


def is_plotly(kind):
    """Whether values of the class `kind` are plotly's figures."""
    return "plotly.basedatatypes" in _modules and has_base(
        kind, "plotly.basedatatypes", "BaseFigure"
    )


def is_altair(kind):
    """Whether values of the class `kind` are altair's charts."""
    return "altair" in _modules and has_base(kind, "altair.vegalite", "TopLevelMixin")


def in_a_line(chart):
    """A chart in a line: its `repr` is all of its data, or none of it."""
    return _plotly_line(chart) if is_plotly(type(chart)) else _altair_line(chart)


def title(chart):
    """What the chart calls itself."""
    found = chart.layout.title.text if is_plotly(type(chart)) else _attribute(chart, "title")
    if not isinstance(found, str):
        found = _attribute(found, "text")
    return exact(found) if isinstance(found, str) else ""


def _plotly_line(figure):
    traces = [str(trace.type) for trace in figure.data[:_MOST]]
    found = ["%d × %s" % (traces.count(name), name) for name in dict.fromkeys(traces)]
    return _line("Figure", found, figure)


def _altair_line(chart):
    return _line(type(chart).__name__, [_marks(chart), *_channels(chart)], chart)


def _line(name, parts, chart):
    called = title(chart)
    parts = [part for part in parts if part] + ([repr(called)] if called else [])
    return "%s(%s)" % (name, ", ".join(parts))


def _marks(chart):
    """The marks that a chart is drawn with, its parts' in brackets where it has some."""
    mark = _attribute(chart, "mark")
    if mark is not None:
        kind = mark if isinstance(mark, str) else _attribute(mark, "type")
        return exact(kind) if isinstance(kind, str) else ""
    spec = _attribute(chart, "spec")
    if spec is not None:
        return _marks(spec)
    for group in _GROUPS:
        parts = _attribute(chart, group)
        if isinstance(parts, list):
            return "[%s]" % ", ".join(map(_marks, parts[:_MOST]))
    return ""


def _channels(chart):
    encoding = _attribute(chart, "encoding")
    for name, channel in list(getattr(encoding, "_kwds", {}).items())[:_MOST]:
        shorthand = _attribute(channel, "shorthand") or _attribute(channel, "field")
        if isinstance(shorthand, str):
            yield "%s=%s" % (name, shorthand)


def _attribute(holder, name):
    """What altair holds under `name`; it has an object of its own for what is not there."""
    found = getattr(holder, name, None)
    return None if type(found).__name__ == "UndefinedType" else found


def _plotly_order(figure):
    _need("kaleido", "kaleido")
    return _PLOTLY, figure.to_json()


def _altair_order(chart):
    import json

    _need("vl_convert", "vl-convert-python")
    spec = chart.to_dict()
    if any("://" in address for address in _addresses(spec)):
        # No display should ask the network for anything.
        raise Refused("is not drawn: its data is on the network")
    version = "_".join(_modules["altair"].SCHEMA_VERSION.split(".")[:2])
    return _ALTAIR, json.dumps([spec, version])


def _need(module, package):
    from importlib.util import find_spec

    if _modules.get(module) is None and find_spec(module) is None:
        raise Refused("needs %s to be a picture here" % package)


def _drawn_by(program, order):
    """What a process of its own makes of `order`. Raises Refused with what it says where it fails."""
    import os
    from signal import SIGKILL
    from subprocess import PIPE, Popen

    form = "svg" if style.is_svg else "png"
    child = Popen(
        [sys.executable, "-c", program, form, repr(style.scale)],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        content, said = child.communicate(order.encode("utf-8", "replace"))
    except BaseException:
        os.killpg(child.pid, SIGKILL)
        child.communicate()
        raise
    if child.returncode:
        lines = said.decode("utf-8", "replace").splitlines()
        # What a traceback ends with is not indented; the frames of another language after it are.
        reasons = [line for line in lines if line.strip() and not line[0].isspace()]
        raise Refused("cannot be drawn: %s" % (reasons or ["no reason was given"])[-1][:300])
    return content


def _addresses(spec, depth=20):
    """The addresses of data in a Vega-Lite specification."""
    if depth and isinstance(spec, dict):
        for name, part in spec.items():
            if name == "url" and isinstance(part, str):
                yield part
            elif name != "datasets":
                yield from _addresses(part, depth - 1)
    elif depth and isinstance(spec, list):
        for part in spec:
            yield from _addresses(part, depth - 1)

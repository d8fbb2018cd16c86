"""Charts of plotly and altair: a line that describes them, and a picture where one can be made.

Such charts are drawn by scripts in a browser, which no client of rdit runs. Where kaleido (for plotly) or
vl-convert (for altair) is installed beside them, there is a picture. A process of its own draws it: both
leave threads behind, after which the program cannot be forked, and a call of theirs cannot be ended.
"""

import sys
from time import monotonic

from ..type_names import has_base
from .matplotlib_figures import Picture, style
from .mime_bundle import MAGIC, Refused, exact, png_pixels
from .timelimit import Limit

if False:
    from typing import Any, Iterator

_modules = sys.modules

SECONDS = 20.0
"""Time for the picture of one chart: kaleido starts a browser for each."""

ALL_SECONDS = 60.0
"""Time for the pictures of all charts of one program."""

_MOST = 100
"""Traces, layers and channels that are named."""
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

_DRAWN_BY = {True: ("kaleido", "kaleido"), False: ("vl_convert", "vl-convert-python")}
"""Whether a chart is plotly's, to the module that draws it and the package that has it."""

_GROUPS = ("layer", "hconcat", "vconcat", "concat")


class ChartRenderer:
    """Draws charts, and adds up the time that takes."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def draw(self, chart: "Any") -> "Picture":
        """The chart as a picture. Raises Refused with the reason why there is none."""
        if self._seconds > ALL_SECONDS:
            raise Refused("is not drawn: charts have taken %d seconds already" % self._seconds)
        job = _plotly_job if is_plotly(type(chart)) else _altair_job
        begin = monotonic()
        try:
            with Limit(SECONDS) as limit:
                content = limit.run(lambda: _draw_in_process(*job(chart)))
        finally:
            self._seconds += monotonic() - begin
        if style.is_svg:
            return Picture("image/svg+xml", content.decode("utf-8", "replace"), None)
        if not content.startswith(MAGIC["image/png"]):
            raise Refused("was drawn, but what came is no PNG")
        sides = [round(side / style.scale) for side in png_pixels(content)]
        return Picture("image/png", content, sides)


renderer = ChartRenderer()


def is_chart(kind: "type[Any]") -> bool:
    """Whether values of the class `kind` are charts of plotly or altair."""
    return is_plotly(kind) or is_altair(kind)


def is_plotly(kind: "type[Any]") -> bool:
    """Whether values of the class `kind` are plotly's figures."""
    return "plotly.basedatatypes" in _modules and has_base(
        kind, "plotly.basedatatypes", "BaseFigure"
    )


def is_altair(kind: "type[Any]") -> bool:
    """Whether values of the class `kind` are altair's charts."""
    return "altair" in _modules and has_base(kind, "altair.vegalite", "TopLevelMixin")


def in_a_line(chart: "Any") -> str:
    """A chart in a line: its `repr` holds all of its data, or nothing of it."""
    return _plotly_line(chart) if is_plotly(type(chart)) else _altair_line(chart)


def about(chart: "Any") -> "dict[str, str]":
    """What a client may draw the chart with: a file of scripts, and the package that is missing."""
    is_from_plotly = is_plotly(type(chart))
    found = {}
    script = _script_of_plotly() if is_from_plotly else None
    if script is not None:
        found["script"] = script
    module, package = _DRAWN_BY[is_from_plotly]
    if not _is_there(module):
        found["needs"] = package
    return found


def title(chart: "Any") -> str:
    """The title of the chart, empty without one."""
    found = chart.layout.title.text if is_plotly(type(chart)) else _attribute(chart, "title")
    if not isinstance(found, str):
        found = _attribute(found, "text")
    return exact(found) if isinstance(found, str) else ""


def _plotly_line(figure: "Any") -> str:
    traces = [str(trace.type) for trace in figure.data[:_MOST]]
    found = ["%d × %s" % (traces.count(name), name) for name in dict.fromkeys(traces)]
    return _line("Figure", found, figure)


def _altair_line(chart: "Any") -> str:
    return _line(type(chart).__name__, [_marks(chart), *_channels(chart)], chart)


def _line(name: str, parts: "list[str]", chart: "Any") -> str:
    called = title(chart)
    parts = [part for part in parts if part] + ([repr(called)] if called else [])
    return "%s(%s)" % (name, ", ".join(parts))


def _marks(chart: "Any") -> str:
    """The marks that a chart is drawn with; those of its parts, if it has some, in brackets."""
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


def _channels(chart: "Any") -> "Iterator[str]":
    encoding = _attribute(chart, "encoding")
    for name, channel in list(getattr(encoding, "_kwds", {}).items())[:_MOST]:
        shorthand = _attribute(channel, "shorthand") or _attribute(channel, "field")
        if isinstance(shorthand, str):
            yield "%s=%s" % (name, shorthand)


def _attribute(holder: "Any", name: str) -> "Any":
    """Attribute `name` of an object of altair's, whose own object for "undefined" becomes None."""
    found = getattr(holder, name, None)
    return None if type(found).__name__ == "UndefinedType" else found


def _plotly_job(figure: "Any") -> "tuple[str, str]":
    _require(is_for_plotly=True)
    return _PLOTLY, figure.to_json()


def _altair_job(chart: "Any") -> "tuple[str, str]":
    import json

    _require(is_for_plotly=False)
    spec = chart.to_dict()
    if any("://" in address for address in _addresses(spec)):
        # No display requests anything from the network.
        raise Refused("is not drawn: its data is on the network")
    version = "_".join(_modules["altair"].SCHEMA_VERSION.split(".")[:2])
    return _ALTAIR, json.dumps([spec, version])


def _require(*, is_for_plotly: bool) -> None:
    module, package = _DRAWN_BY[is_for_plotly]
    if not _is_there(module):
        raise Refused("needs %s to be a picture here" % package)


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    return _modules.get(module) is not None or find_spec(module) is not None


def _script_of_plotly() -> "str | None":
    """The file of plotly's own library for browsers, which comes with the package."""
    import os

    package = getattr(_modules.get("plotly"), "__file__", None)
    if type(package) is not str:
        return None
    script = os.path.join(os.path.dirname(package), "package_data", "plotly.min.js")
    return script if os.path.isfile(script) else None


def _draw_in_process(program: str, job: str) -> bytes:
    """The output of a new process that runs `program` with `job`. Raises Refused with its error message."""
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
        content, said = child.communicate(job.encode("utf-8", "replace"))
    except BaseException:
        os.killpg(child.pid, SIGKILL)
        child.communicate()
        raise
    if child.returncode:
        lines = said.decode("utf-8", "replace").splitlines()
        # The last line of a traceback is not indented; the frames of another language after it are.
        reasons = [line for line in lines if line.strip() and not line[0].isspace()]
        raise Refused("cannot be drawn: %s" % (reasons or ["no reason was given"])[-1][:300])
    return content


def _addresses(spec: object, depth: int = 20) -> "Iterator[str]":
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

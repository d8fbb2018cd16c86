"""How a value becomes something to show: data by MIME type, and metadata.

Knows values and the display methods of the ecosystem (`_repr_html_` and its like, as IPython has
them), nothing of statements or messages. Everything here calls user code, so it is called through the
door. A display method that fails, hangs or gives too much costs nothing but its own representation:
`repr` remains, and `metadata["rdit"]["notes"]` says in words what is missing.

Methods are looked up on the type, past `__getattr__`: a mock answers to every name, and has none.
"""

from posix import O_CREAT, O_EXCL, O_WRONLY, getpid, write
from posix import _exit as end_process
from posix import close as close_fd
from posix import open as open_fd

from ..type_names import bases, name_of
from . import charts, formulas
from . import matplotlib_figures as figures
from .mime_bundle import LARGEST, Refused, checked, exact, pixels_of, plain
from .timelimit import Limit, TooLong

SHOWN = 200_000
"""Characters of a text that are sent; of longer ones the start and the end."""

LONGEST = 8 << 20
"""Characters or bytes of one rich representation; a longer one is left out."""

SECONDS = 10.0
"""Time for all display methods of one value together."""

PART_SECONDS = 3.0
"""Time to draw the figure that a value is a part of."""

_METHODS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_latex_", "text/latex"),
    ("_repr_json_", "application/json"),
)
_PLAIN = {
    bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, range, type,
}  # fmt: skip
_HOLDERS = {list, tuple, dict}
"""Of these, the ones that may hold what belongs to a figure."""

_MOST = 32
"""Representations of one value."""
_TITLE = 200
"""Characters of what a figure calls itself."""

_COLUMNS = 50
"""Columns of a table whose types are told."""


def markdown(text, folder):
    """The display of a top-level string: it is Markdown."""
    text = bounded(text, folder)
    return {"text/markdown": text, "text/plain": text}, {}


def bundle(value, folder):
    """The display of `value`: data by MIME type, and metadata."""
    process = getpid()
    try:
        return _bundle(value, folder)
    finally:
        if getpid() != process:
            end_process(0)  # Forked by a display method: under plain Python nothing would follow.


def _bundle(value, folder):
    kind = type(value)
    if kind in _PLAIN and not (kind in _HOLDERS and figures.may_be_part()):
        return {"text/plain": bounded(repr(value), folder)}, {}
    found = _Found(folder)
    with Limit(SECONDS) as limit:
        found.collect(value, limit)
        found.describe(value, limit)
    if "text/plain" not in found.data:
        found.data["text/plain"] = bounded(repr(value), folder)
    return found.data, found.all_metadata()


def window(figure, folder):
    """The display of a matplotlib figure in place of its window: also of one with nothing in it."""
    found = _Found(folder)
    with Limit(SECONDS) as limit:
        found.draw(figure, limit)
        found.describe(figure, limit)
    found.data["text/plain"] = bounded(repr(figure), folder)
    return found.data, found.all_metadata()


def given(data, metadata, folder):
    """The display of representations that user code made itself."""
    found = _Found(folder)
    found.add_all(data, metadata, "the data")
    found.data.setdefault("text/plain", "")
    return found.data, found.all_metadata()


def bounded(text, folder):
    """`text`, or its start and end when it is long; the whole is then in a file in `folder`."""
    # A subclass of str could be anything, and only str itself can be sent.
    text = str.__str__(text)
    left_out = len(text) - SHOWN
    if left_out <= 0:
        return text
    where = _keep(text, folder)
    where = f", all of it is in {where}" if where else ""
    half = SHOWN // 2
    return f"{text[:half]}\n… {left_out:,} characters left out{where} …\n{text[-half:]}"


class _Found:
    """What the methods of one value have given so far."""

    def __init__(self, folder):
        self.data = {}
        self._folder = folder
        self._metadata = {}
        self._about = {}
        self._notes = []
        self._figure = None
        self._size = 0

    def all_metadata(self):
        """Metadata by MIME type, and under `rdit` what is known of the value itself."""
        if self._notes:
            self._about["notes"] = self._notes
        if self._about:
            self._metadata["rdit"] = self._about
        return self._metadata

    def collect(self, value, limit):
        """Ask `value` for all its representations."""
        kind = type(value)
        if figures.is_figure(kind) and not figures.is_empty(value):
            self.draw(value, limit)
        method = _method(value, "_repr_mimebundle_")
        if method is not None:
            self._ask("_repr_mimebundle_", None, lambda: method(include=None, exclude=None), limit)
        for name, mime in _METHODS:
            if mime in self.data or (mime == "image/jpeg" and "image/png" in self.data):
                continue
            method = _method(value, name)
            if method is not None:
                self._ask(name, mime, method, limit)
        if charts.is_chart(kind) and not self._has_picture():
            self._attempt("the chart", lambda: self._describe_chart(value, limit))
            self._draw("the chart", lambda: charts.pencil.draw(value), charts.SECONDS)
        elif figures.may_be_part() and not self.data and not figures.is_figure(kind):
            self._draw_whole(value, limit)

    def describe(self, value, limit):
        """Note type, title, shape and element type, for a summary in one line."""
        for look in (self._describe_picture, self._describe_size):
            try:
                look(value, limit)
            except (TooLong, Exception):
                pass  # Not worth a word: a summary will do without.
        if self.data or "shape" in self._about:
            self._about.setdefault("type", name_of(type(value)))

    def _describe_picture(self, value, limit):
        kind = type(value)
        if self._figure is not None:
            self._about["figure"] = figures.number_of(self._figure)
            self._call(limit.run(lambda: figures.title(self._figure)))
        elif formulas.is_formula(kind):
            pretty = limit.run(lambda: formulas.written(value))
            if pretty is not None:
                self._about["pretty"] = pretty

    def _describe_chart(self, value, limit):
        """Before it is drawn: that may take all the time there is."""
        self.data["text/plain"] = limit.run(lambda: charts.in_a_line(value))
        self._call(limit.run(lambda: charts.title(value)))

    def _describe_size(self, value, limit):
        kind = type(value)
        if _on_type(kind, "shape") is None:
            return
        shape = _shape(limit.run(lambda: value.shape))
        if shape is None:
            return
        self._about["shape"] = shape
        if _on_type(kind, "dtype") is not None:
            dtype = limit.run(lambda: str(value.dtype))
            if type(dtype) is str and len(dtype) <= 40:
                self._about["dtype"] = dtype
        if _on_type(kind, "dtypes") is not None:
            dtypes = limit.run(lambda: _first(value.dtypes))
            if dtypes:
                self._about["dtypes"] = dtypes

    def draw(self, figure, limit):
        """Draw a matplotlib figure."""
        self._figure = figure
        self._draw("the figure", lambda: figures.draw(figure, limit.run))

    def _draw_whole(self, value, limit):
        """Draw the figure that `value` is a part of, if it is one."""
        try:
            found = limit.run(lambda: figures.figures_of(value))
            number = figures.number_of(found[0]) if found else None
        except (TooLong, Exception):
            return  # A release of matplotlib that we do not know: the value is told as it is.
        if number is None:
            return
        if not figures.are_parts_shown():
            self._about["part"] = False
            return
        if number in figures.slow:
            self._notes.append(
                "the figure takes long to draw; it is not drawn for each of its parts"
            )
            return

        def run(call, seconds=PART_SECONDS):
            try:
                return limit.run(call, min(seconds, PART_SECONDS))
            except TooLong:
                figures.slow.add(number)
                raise

        self._figure = found[0]
        self._draw("the figure", lambda: figures.draw(found[0], run), PART_SECONDS)
        if self._has_picture():
            self._about.update(type="Figure", part=True)
        if len(found) > 1:
            self._notes.append("the first of %d figures is shown" % len(found))

    def add_all(self, data, metadata, source):
        """Take a bundle as `_repr_mimebundle_` returns it."""
        if type(data) is tuple and len(data) == 2:
            data, metadata = data
        if not isinstance(data, dict):
            raise Refused("returned %s, not a dict" % type(data).__name__)
        for mime, content in list(data.items())[:_MOST]:
            if not isinstance(mime, str):
                self._notes.append("%s returned a MIME type that is no text" % source)
                continue
            try:
                self._add(exact(mime), content, metadata)
            except Refused as refused:
                self._notes.append("%s: %s %s" % (source, mime, refused))

    def _has_picture(self):
        return any(mime.startswith("image/") for mime in self.data)

    def _call(self, title):
        """Note what the value calls itself."""
        title = " ".join(exact(title).split())[:_TITLE]
        if title:
            self._about["title"] = title

    def _ask(self, name, mime, call, limit):
        def add():
            content = limit.run(call)
            if content is None:
                return
            if mime is None:
                self.add_all(content, None, name)
            else:
                self._add_one(mime, content)

        self._attempt(name, add)

    def _draw(self, name, draw, seconds=SECONDS):
        def add():
            drawn = draw()
            size = {"width": drawn.size[0], "height": drawn.size[1]} if drawn.size else None
            self._add(drawn.mime, drawn.content, {drawn.mime: size})
            if drawn.size:
                self._about["pixels"] = list(drawn.size)  # Of a sharper picture, not all it has.
            if drawn.note:
                self._notes.append(drawn.note)

        self._attempt(name, add, seconds)

    def _attempt(self, name, add, seconds=SECONDS):
        """`add()`, or a note of why that is not to be had."""
        try:
            add()
        except Refused as refused:
            self._notes.append("%s %s" % (name, refused))
        except TooLong:
            self._notes.append("%s took more than %d seconds" % (name, seconds))
        except KeyboardInterrupt:
            raise
        except (
            BaseException
        ) as error:  # An exit, too: a plain run never asks for the representation.
            self._notes.append("%s raised %s" % (name, _in_words(error)))

    def _add_one(self, mime, content):
        metadata = None
        if type(content) is tuple and len(content) == 2:
            content, metadata = content
        self._add(mime, content, {mime: metadata} if metadata else None)

    def _add(self, mime, content, metadata):
        if content is None:
            return
        if "/" not in mime:
            raise Refused("is no MIME type")
        content, size = checked(mime, content)
        if mime == "text/plain":
            content = bounded(content, self._folder)
            size = min(size, len(content))
        if size + self._size > LONGEST:
            raise Refused(
                "gave %.0f MB; more than %d MB are not shown" % (size / 1e6, LONGEST >> 20)
            )
        about = _about(mime, metadata)
        if mime.startswith("image/"):
            about = self._picture(mime, content, about)
        self._size += size
        self.data[mime] = content
        if about:
            self._metadata[mime] = about

    def _picture(self, mime, content, about):
        pixels = pixels_of(mime, content)
        if pixels is None:
            return about
        if mime != "image/svg+xml" and pixels[0] * pixels[1] > LARGEST:
            raise Refused("gave a picture of {:,} × {:,} pixels; too large".format(*pixels))
        self._about["pixels"] = list(pixels)
        return {"width": pixels[0], "height": pixels[1], **about}


def _about(mime, metadata):
    """What `metadata` says of the representation, where that can be sent."""
    try:
        about = plain(metadata.get(mime)) if isinstance(metadata, dict) else None
    except Refused:
        return {}
    return about if isinstance(about, dict) else {}


def _on_type(kind, name):
    """Attribute `name` of the class `kind`, whatever metaclasses and `__getattr__` would say."""
    for base in bases(kind):
        namespace = base.__dict__
        if name in namespace:
            return namespace[name]
    return None


def _method(value, name):
    """The display method `name` of `value`, bound; None where its type has none."""
    kind = type(value)
    found = _on_type(kind, name)
    if found is None:
        return None
    bind = _on_type(type(found), "__get__")
    bound = bind(found, value, kind) if bind is not None else found
    return bound if callable(bound) else None


def _first(dtypes):
    """The names of the types of the first columns."""
    from itertools import islice

    return [exact(str(each))[:40] for each in islice(dtypes, _COLUMNS)]


def _shape(shape):
    """A shape as a list of numbers; None where it is not known."""
    if not isinstance(shape, tuple) or len(shape) > 8:
        return None
    return [int(size.__index__()) for size in shape]


def _in_words(error):
    try:
        said = exact(str(error))
        return " ".join((type(error).__name__ + (": " + said if said else "")).split())[:500]
    except Exception:
        return type(error).__name__


_numbers = iter(range(1, 1 << 62))


def _keep(text, folder):
    """The name of a new file that holds `text`, or "" when it cannot be kept."""
    # The process is in the name because a forked child counts on from the same number.
    name = f"{folder}/value-{getpid()}-{next(_numbers)}.txt"
    try:
        fd = open_fd(name, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try:
            for start in range(0, len(text), 1 << 20):
                # In pieces: a text this long may not fit into memory twice.
                part = memoryview(
                    text[start : start + (1 << 20)].encode("utf-8", "backslashreplace")
                )
                while part:
                    part = part[write(fd, part) :]
        finally:
            close_fd(fd)
    except (OSError, MemoryError):
        return ""  # A full disk, or no descriptor left; what is shown says what is missing.
    return name

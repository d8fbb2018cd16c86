"""How a value becomes something to show: data by MIME type, and metadata.

Knows values and the display methods of the ecosystem (`_repr_html_` and its like, as IPython has
them), nothing of statements or messages. Everything here calls user code, so it is called through the
door. A display method that fails, hangs or gives too much costs nothing but its own representation:
`repr` remains, and `metadata["rdit"]["notes"]` says in words what is missing.

Methods are looked up on the type, past `__getattr__`: a mock answers to every name, and has none.
"""

from posix import O_CREAT, O_EXCL, O_WRONLY, getpid, write
from posix import close as close_fd
from posix import open as open_fd

from . import figures
from .representation import LARGEST, Refused, checked, exact, pixels_of, plain
from .timelimit import Limit, TooLong

SHOWN = 200_000
"""Characters of a text that are sent; of longer ones the start and the end."""

LONGEST = 8 << 20
"""Characters or bytes of one rich representation; a longer one is left out."""

SECONDS = 10.0
"""Time for all display methods of one value together."""

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
_MOST = 32
"""Representations of one value."""
_COLUMNS = 50
"""Columns of a table whose types are told."""


def markdown(text, folder):
    """The display of a top-level string: it is Markdown."""
    text = bounded(text, folder)
    return {"text/markdown": text, "text/plain": text}, {}


def bundle(value, folder):
    """The display of `value`: data by MIME type, and metadata."""
    if type(value) in _PLAIN:
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

    def describe(self, value, limit):
        """Note type, shape and element type, for a summary in one line."""
        kind = type(value)
        shape = dtype = dtypes = None
        try:
            if _on_type(kind, "shape") is not None:
                shape = _shape(limit.run(lambda: value.shape))
            if shape is not None and _on_type(kind, "dtype") is not None:
                dtype = limit.run(lambda: str(value.dtype))
            if shape is not None and _on_type(kind, "dtypes") is not None:
                dtypes = limit.run(lambda: _first(value.dtypes))
            if figures.is_plotly(kind):
                self.data["text/plain"] = limit.run(lambda: figures.plotly_text(value))
        except (TooLong, Exception):
            pass  # Not worth a word: a summary will do without.
        if self.data or shape is not None:
            self._about["type"] = exact(kind.__name__)
        if shape is not None:
            self._about["shape"] = shape
        if type(dtype) is str and len(dtype) <= 40:
            self._about["dtype"] = dtype
        if dtypes:
            self._about["dtypes"] = dtypes

    def draw(self, figure, limit):
        """Draw a matplotlib figure."""
        self._ask("the figure", "image/png", lambda: self._drawn(figure), limit)

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

    def _ask(self, name, mime, call, limit):
        try:
            content = limit.run(call)
            if content is None:
                return
            if mime is None:
                self.add_all(content, None, name)
            else:
                self._add_one(mime, content)
        except Refused as refused:
            self._notes.append("%s %s" % (name, refused))
        except TooLong:
            self._notes.append("%s took more than %d seconds" % (name, SECONDS))
        except Exception as error:
            self._notes.append("%s raised %s" % (name, _in_words(error)))

    def _add_one(self, mime, content):
        metadata = None
        if type(content) is tuple and len(content) == 2:
            content, metadata = content
        self._add(mime, content, {mime: metadata} if metadata else None)

    def _add(self, mime, content, metadata):
        if content is None:
            return
        content, size = checked(mime, content)
        if mime == "text/plain":
            content = bounded(content, self._folder)
            size = min(size, len(content))
        if size + self._size > LONGEST:
            raise Refused(
                "gave %.0f MB; more than %d MB are not shown" % (size / 1e6, LONGEST >> 20)
            )
        about = plain(metadata.get(mime)) if isinstance(metadata, dict) else None
        about = about if isinstance(about, dict) else {}
        if mime.startswith("image/") and mime != "image/svg+xml":
            about = self._picture(mime, content, about)
        self._size += size
        self.data[mime] = content
        if about:
            self._metadata[mime] = about

    def _picture(self, mime, content, about):
        pixels = pixels_of(mime, content)
        if pixels is None:
            return about
        if pixels[0] * pixels[1] > LARGEST:
            raise Refused("gave a picture of {:,} × {:,} pixels; too large".format(*pixels))
        self._about["pixels"] = list(pixels)
        return {"width": pixels[0], "height": pixels[1], **about}

    def _drawn(self, figure):
        png, note = figures.draw(figure)
        if note:
            self._notes.append(note)
        return png


def _on_type(kind, name):
    """Attribute `name` of the class `kind`, whatever metaclasses and `__getattr__` would say."""
    for base in kind.__mro__:
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
        return (type(error).__name__ + ": " + exact(str(error)))[:500]
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

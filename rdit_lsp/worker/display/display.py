"""Turns a value into a display: data by MIME type, and metadata.

Knows values and IPython's display methods (`_repr_html_` and its like), nothing of statements or
messages. Everything here calls user code, so it is called through the door. A display method that fails,
hangs or returns too much costs nothing but its own representation: `repr` remains, and
`metadata["rdit"]["notes"]` says in words what is missing.

Methods are looked up on the type, past `__getattr__`: a mock has every attribute, and no display method.
"""

from posix import O_CREAT, O_EXCL, O_WRONLY, getpid, write
from posix import _exit as end_process
from posix import close as close_fd
from posix import open as open_fd

from ..type_names import bases, name_of
from . import attributes, charts, formulas
from . import matplotlib_figures as figures
from .mime_bundle import LARGEST, Refused, checked, exact, pixels_of, plain
from .timelimit import Limit, TooLong

if False:
    from typing import Any, Callable, Iterable

    from .matplotlib_figures import Picture
    from .mime_bundle import Bundle

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
    ("_repr_javascript_", "application/javascript"),
    ("_repr_pdf_", "application/pdf"),
)
_ATOMS = {bool, int, float, complex, str, bytes, bytearray, range, type}
_PLAIN = {*_ATOMS, list, tuple, dict, set, frozenset}
_HOLDERS = {list, tuple, dict}
"""Those of these types whose items may be parts of a figure."""

_SHOWN_KINDS = ("text/", "image/", "application/json")
"""How the MIME types begin that clients show."""

_MOST = 32
"""Representations of one value."""
_TITLE = 200
"""Characters of a title."""

_COLUMNS = 50
"""Columns of a table whose types are listed."""


def markdown(text: str, folder: str) -> "Bundle":
    """The display of a top-level string: it is Markdown."""
    text = bounded(text, folder)
    return {"text/markdown": text, "text/plain": text}, {}


def bundle(value: "Any", folder: str) -> "Bundle":
    """The display of `value`: data by MIME type, and metadata."""
    process = getpid()
    try:
        return _bundle(value, folder)
    finally:
        if getpid() != process:
            end_process(
                0
            )  # Forked by a display method, which under plain Python would not be called.


def _bundle(value: "Any", folder: str) -> "Bundle":
    kind = type(value)
    if kind in _ATOMS:
        return {"text/plain": bounded(repr(value), folder)}, {}
    found = _Display(folder)
    if kind not in _PLAIN or (kind in _HOLDERS and figures.may_be_part()):
        with Limit(SECONDS) as limit:
            found.collect(value, limit)
            found.describe(value, limit)
    if "text/plain" not in found.data:
        found.add_text(value)
        found.describe_attributes(value)
    return found.data, found.all_metadata()


def window(figure: "Any", folder: str) -> "Bundle":
    """The display of a matplotlib figure in place of its window: also of one with nothing in it."""
    found = _Display(folder)
    with Limit(SECONDS) as limit:
        found.draw(figure, limit)
        found.describe(figure, limit)
    found.add_text(figure)
    return found.data, found.all_metadata()


def from_data(data: "Any", metadata: "Any", folder: str) -> "Bundle":
    """The display of a bundle that user code made itself. Raises Refused."""
    found = _Display(folder)
    found.add_all(data, metadata, "the data")
    found.data.setdefault("text/plain", "")
    return found.data, found.all_metadata()


def bounded(text: str, folder: str) -> str:
    """`text`, or its start and end when it is long; the whole is then in a file in `folder`."""
    # A subclass of str may override anything, and only str itself can be sent.
    text = str.__str__(text)
    left_out = len(text) - SHOWN
    if left_out <= 0:
        return text
    where = _write_to_file(text, folder)
    where = f", all of it is in {where}" if where else ""
    half = SHOWN // 2
    return f"{text[:half]}\n… {left_out:,} characters left out{where} …\n{text[-half:]}"


class _Display:
    """The display of one value, made representation by representation."""

    def __init__(self, folder: str) -> None:
        self.data: "dict[str, Any]" = {}
        self._folder = folder
        self._metadata: "dict[str, Any]" = {}
        self._about: "dict[str, Any]" = {}
        """What is known of the value itself."""
        self._notes: "list[str]" = []
        self._figure: "Any" = None
        self._size = 0

    def all_metadata(self) -> "dict[str, Any]":
        """Metadata by MIME type, and under `rdit` what is known of the value itself."""
        others = [mime for mime in self.data if mime != "text/plain"]
        if others and not any(mime.startswith(_SHOWN_KINDS) for mime in others):
            self._notes.append("kept for notebooks, not shown: " + ", ".join(others))
        if self._notes:
            self._about["notes"] = self._notes
        if self._about:
            self._metadata["rdit"] = self._about
        return self._metadata

    def collect(self, value: "Any", limit: "Limit") -> None:
        """Add all representations that `value` has."""
        kind = type(value)
        if figures.is_figure(kind) and not figures.is_empty(value):
            self.draw(value, limit)
        bundle = _method(value, "_repr_mimebundle_")
        if bundle is not None:
            self._add_from_method(
                "_repr_mimebundle_", None, lambda: bundle(include=None, exclude=None), limit
            )
        for name, mime in _METHODS:
            if mime in self.data or (mime == "image/jpeg" and "image/png" in self.data):
                continue
            method = _method(value, name)
            if method is not None:
                self._add_from_method(name, mime, method, limit)
        if charts.is_chart(kind) and not self._has_picture():
            self._attempt("the chart", lambda: self._describe_chart(value, limit))
            self._draw("the chart", lambda: charts.renderer.draw(value), charts.SECONDS)
        elif figures.may_be_part() and not self.data and not figures.is_figure(kind):
            self._draw_whole(value, limit)

    def add_text(self, value: "Any") -> None:
        """Add what `repr` returns or, in angle brackets, why it does not."""
        with Limit(SECONDS) as limit:
            try:
                self.data["text/plain"] = bounded(limit.run(lambda: repr(value)), self._folder)
                return
            except TooLong:
                failed = "took more than %d seconds" % SECONDS
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                failed = "raised " + _error_line(error)
        if self.data:
            self._notes.append("repr " + failed)
        self.data["text/plain"] = f"<{name_of(type(value))} object whose repr {failed}>"

    def describe(self, value: "Any", limit: "Limit") -> None:
        """Note type, title, shape and element type, for a summary in one line."""
        for describe in (self._describe_picture, self._describe_size):
            try:
                describe(value, limit)
            except (TooLong, Exception):
                pass  # Not worth a note: the summary does without it.
        if self.data or "shape" in self._about:
            self._about.setdefault("type", name_of(type(value)))

    def describe_attributes(self, value: "Any") -> None:
        """Note the attributes of an object whose `repr` is no more than an address."""
        if _on_type(type(value), "__repr__") is object.__repr__:
            text = attributes.in_a_line(value)
            if text:
                self._about["attributes"] = text

    def _describe_picture(self, value: "Any", limit: "Limit") -> None:
        kind = type(value)
        if self._figure is not None:
            self._about["figure"] = figures.number_of(self._figure)
            self._set_title(limit.run(lambda: figures.title(self._figure)))
        elif formulas.is_formula(kind):
            text = limit.run(lambda: formulas.pretty(value))
            if text is not None:
                self._about["pretty"] = text

    def _describe_chart(self, value: "Any", limit: "Limit") -> None:
        """Call before it is drawn, which may take all the time that is left."""
        self.data["text/plain"] = limit.run(lambda: charts.in_a_line(value))
        self._set_title(limit.run(lambda: charts.title(value)))
        self._about.update(charts.about(value))

    def _describe_size(self, value: "Any", limit: "Limit") -> None:
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
            dtypes = limit.run(lambda: _dtype_names(value.dtypes))
            if dtypes:
                self._about["dtypes"] = dtypes

    def draw(self, figure: "Any", limit: "Limit") -> None:
        """Draw a matplotlib figure."""
        self._figure = figure
        self._draw("the figure", lambda: figures.draw(figure, limit.run))

    def _draw_whole(self, value: "Any", limit: "Limit") -> None:
        """Draw the figure that `value` is a part of, if it is one."""
        try:
            found = limit.run(lambda: figures.figures_of(value))
            number = figures.number_of(found[0]) if found else None
        except (TooLong, Exception):
            return  # An unknown release of matplotlib: the value is displayed as any other.
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

        def run(call: "Callable[[], Picture]", seconds: float = PART_SECONDS) -> "Picture":
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

    def add_all(self, data: "Any", metadata: "Any", source: str) -> None:
        """Add a bundle as `_repr_mimebundle_` returns it."""
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

    def _has_picture(self) -> bool:
        return any(mime.startswith("image/") for mime in self.data)

    def _set_title(self, title: str) -> None:
        """Add the title of the value to what is known of it."""
        title = " ".join(exact(title).split())[:_TITLE]
        if title:
            self._about["title"] = title

    def _add_from_method(
        self, name: str, mime: "str | None", call: "Callable[[], Any]", limit: "Limit"
    ) -> None:
        def add() -> None:
            content = limit.run(call)
            if content is None:
                return
            if mime is None:
                self.add_all(content, None, name)
            else:
                self._add_one(mime, content)

        self._attempt(name, add)

    def _draw(self, name: str, draw: "Callable[[], Picture]", seconds: float = SECONDS) -> None:
        def add() -> None:
            drawn = draw()
            size = {"width": drawn.size[0], "height": drawn.size[1]} if drawn.size else None
            self._add(drawn.mime, drawn.content, {drawn.mime: size})
            if drawn.size:
                self._about["pixels"] = list(drawn.size)  # Of a sharper picture, not all it has.
            if drawn.note:
                self._notes.append(drawn.note)

        self._attempt(name, add, seconds)

    def _attempt(self, name: str, add: "Callable[[], None]", seconds: float = SECONDS) -> None:
        """Call `add`; where that fails, add a note that says why."""
        try:
            add()
        except Refused as refused:
            self._notes.append("%s %s" % (name, refused))
        except TooLong:
            self._notes.append("%s took more than %d seconds" % (name, seconds))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # Also SystemExit: under plain Python the representation would not be made.
            self._notes.append("%s raised %s" % (name, _error_line(error)))

    def _add_one(self, mime: str, content: "Any") -> None:
        metadata = None
        if type(content) is tuple and len(content) == 2:
            content, metadata = content
        self._add(mime, content, {mime: metadata} if metadata else None)

    def _add(self, mime: str, content: "Any", metadata: "Any") -> None:
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

    def _picture(self, mime: str, content: str, about: "dict[str, Any]") -> "dict[str, Any]":
        pixels = pixels_of(mime, content)
        if pixels is None:
            return about
        if mime != "image/svg+xml" and pixels[0] * pixels[1] > LARGEST:
            raise Refused("gave a picture of {:,} × {:,} pixels; too large".format(*pixels))
        self._about["pixels"] = list(pixels)
        return {"width": pixels[0], "height": pixels[1], **about}


def _about(mime: str, metadata: "Any") -> "dict[str, Any]":
    """The part of `metadata` for one MIME type, where that can be sent."""
    try:
        about = plain(metadata.get(mime)) if isinstance(metadata, dict) else None
    except Refused:
        return {}
    return about if isinstance(about, dict) else {}


def _on_type(kind: "type[Any]", name: str) -> "Any":
    """Attribute `name` of the class `kind`, past metaclasses and `__getattr__`."""
    for base in bases(kind):
        namespace = base.__dict__
        if name in namespace:
            return namespace[name]
    return None


def _method(value: "Any", name: str) -> "Callable[..., Any] | None":
    """The display method `name` of `value`, bound; None where its type has none."""
    kind = type(value)
    found = _on_type(kind, name)
    if found is None:
        return None
    bind = _on_type(type(found), "__get__")
    bound = bind(found, value, kind) if bind is not None else found
    return bound if callable(bound) else None


def _dtype_names(dtypes: "Iterable[Any]") -> "list[str]":
    """The names of the element types of the first columns."""
    from itertools import islice

    return [exact(str(each))[:40] for each in islice(dtypes, _COLUMNS)]


def _shape(shape: "Any") -> "list[int] | None":
    """A shape as a list of numbers; None where it is not known."""
    if not isinstance(shape, tuple) or len(shape) > 8:
        return None
    return [int(size.__index__()) for size in shape]


def _error_line(error: "BaseException") -> str:
    name = name_of(type(error))
    try:
        with Limit(1.0) as limit:
            said = exact(limit.run(lambda: str(error)))
    except (TooLong, Exception):
        said = ""
    return " ".join((name + (": " + said if said else "")).split())[:500]


_numbers = iter(range(1, 1 << 62))


def _write_to_file(text: str, folder: str) -> str:
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
        return ""  # A full disk, or no descriptor left; the display says that text was left out.
    return name

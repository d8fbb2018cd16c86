"""Checks what display methods of user code return, which may be anything.

Pure: takes a MIME type and the content returned for it; returns content that can be sent, or raises
`Refused`.
"""

if False:
    from typing import Any, Dict, Tuple

    Bundle = Tuple[Dict[str, Any], Dict[str, Any]]
    """Data by MIME type, and metadata."""

LARGEST = 50_000_000
"""Pixels of a picture, which a client has to decompress, however small the file is."""

_ITEMS = 1_000_000
"""Values in the JSON of one representation."""

_DEPTH = 100
MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
"""The first bytes of each kind of picture."""


_SVG = r"<(?:\w{1,20}:)?svg(?=[\s/>])"
_SIDE = r"""(?<![\w-])(width|height)\s*=\s*(["'])\s*(\d{1,6}(?:\.\d+)?)\s*([a-z]*)\s*\2"""
_SVG_HEAD = 100_000
"""Characters in which the root of an SVG has to begin, and as many for its attributes."""

_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}


class Refused(Exception):  # noqa: N818  (its name says what happened)
    """A representation cannot be sent; the message says why."""


def exact(text: str) -> str:
    """`text` as a `str` proper; a subclass may override any method."""
    return str.__str__(text)


def checked(mime: str, content: "Any") -> "tuple[Any, int]":
    """The content as it is sent, and its size. Raises Refused."""
    if mime.startswith("image/") and mime != "image/svg+xml":
        return _base64(mime, content)
    has_json = mime.startswith("application/") or mime.endswith("json")
    if has_json and not isinstance(content, (str, bytes, bytearray, memoryview)):
        budget = [_ITEMS]
        return plain(content, budget), _ITEMS - budget[0]
    if isinstance(content, str):
        content = _svg(exact(content)) if mime == "image/svg+xml" else exact(content)
        return content, len(content)
    if mime.startswith("text/") or mime == "image/svg+xml" or mime.endswith("json"):
        raise Refused("returned %s, not text" % type(content).__name__)
    return _base64(mime, content)


def _base64(mime: str, content: "Any") -> "tuple[str, int]":
    """Binary content as base64 text; it may be that already."""
    import binascii

    if isinstance(content, str):
        try:
            raw = binascii.a2b_base64(content)
        except (ValueError, binascii.Error):
            raise Refused("returned text that is not base64") from None
    elif isinstance(content, (bytes, bytearray, memoryview)):
        raw = bytes(content)
    else:
        raise Refused("returned %s, not bytes" % type(content).__name__)
    if not raw.startswith(MAGIC.get(mime, b"")):
        raise Refused("returned bytes that are no %s" % mime.rpartition("/")[2].upper())
    if mime == "image/png" and (raw[12:16] != b"IHDR" or 0 in png_pixels(raw)):
        raise Refused("returned bytes that only begin as a PNG")
    return binascii.b2a_base64(raw, newline=False).decode("ascii"), len(raw)


def _svg(text: str) -> str:
    """SVG that can stand alone as a picture: inside HTML it needs no namespace, alone it does."""
    begin, end = _svg_attributes(text)
    if end < 0:
        raise Refused("returned text that is no SVG")
    if "xmlns" in text[begin:end]:
        return text
    return text[:begin] + ' xmlns="http://www.w3.org/2000/svg"' + text[begin:]


def _svg_attributes(text: str) -> "tuple[int, int]":
    """Where the attributes of the root begin and end; -1 twice where there is no root."""
    import re  # It takes long to import, and most values need none.

    root = re.search(_SVG, text[:_SVG_HEAD])
    return (root.end(), text.find(">", root.end(), root.end() + _SVG_HEAD)) if root else (-1, -1)


def pixels_of(mime: str, content: str) -> "tuple[int, int] | None":
    """Width and height from the picture's header; None where it has none."""
    import binascii

    if mime == "image/svg+xml":
        return _svg_pixels(content)
    if mime == "image/png":
        return png_pixels(binascii.a2b_base64(content[:32]))
    if mime == "image/gif":
        head = binascii.a2b_base64(content[:16])
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if mime == "image/jpeg":
        return _jpeg_pixels(binascii.a2b_base64(content))
    return None


def png_pixels(raw: bytes) -> "tuple[int, int]":
    """Width and height in the header of a PNG (ISO 15948, 11.2.2)."""
    return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")


def _svg_pixels(text: str) -> "tuple[int, int] | None":
    """Width and height of an SVG in CSS pixels; None where it has none, or in other units."""
    import re

    begin, end = _svg_attributes(text)
    attributes = re.findall(_SIDE, text[begin:end])
    found = {name: (float(number), unit) for name, _, number, unit in attributes}
    sides = [found.get(name, (0.0, "")) for name in ("width", "height")]
    width, height = (round(number * _UNITS.get(unit, 0.0)) for number, unit in sides)
    return (width, height) if width and height else None


def _jpeg_pixels(raw: bytes) -> "tuple[int, int] | None":
    """Width and height in the first frame header (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 < len(raw) and raw[at] == 0xFF:
        marker, size = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = raw[at + 5 : at + 7], raw[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        at += 2 + size
    return None


def plain(value: "Any", budget: "list[int] | None" = None, depth: int = 0) -> "Any":
    """`value` in JSON's own types. Raises Refused for what has no such form."""
    budget = [_ITEMS] if budget is None else budget
    budget[0] -= 1
    if budget[0] < 0 or depth > _DEPTH:
        raise Refused("gave JSON that is too large or too deep")
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, str):
        budget[0] -= len(value) // 8
        return exact(value)
    if isinstance(value, dict):
        return {exact(str(k)): plain(v, budget, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, budget, depth + 1) for item in value]
    if isinstance(value, int):
        return int(value)
    if hasattr(type(value), "__index__"):
        return value.__index__()
    if hasattr(type(value), "__float__"):
        return float(value)
    raise Refused("gave JSON that holds an instance of %s" % type(value).__name__)
